"""Who asks to join, as a maintainer looks at it: name, words of the key, what they carry, who vouches.

Reads the join requests through the gate and decides nothing. The name is what a stranger says of itself: only
the words of the key, compared by telephone or in person, say who it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from commons.federation.store import requests
from commons.federation.store.folder import NotInStore, Store
from commons.federation.trust import Seen, choose
from commons.format.words import fingerprint_words
from commons.intake.gate import Gate, Intake
from commons.merge.claims import fields_of
from commons.merge.releases.inputs import take_in


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """One stranger and its newest release. `code`: why that could not be taken up, if so."""

    member: str
    name: str
    words: tuple[str, ...]
    epoch: int
    number: int
    issued_at: str
    licence: str
    counts: Mapping[str, int]
    releases: int
    code: str | None = None
    heard_in: str = ""  # the pool in which it stands, where it never asked
    kept_by: str = ""  # where the catalogue is kept for `name` by others


def join_requests(store: Store, gate: Gate) -> list[JoinRequest]:
    """Everybody who asked, in order of their names; `gate` keeps what it finds beside the requests."""
    place = requests.requests_of(store)
    found = [_request(releases, place, gate) for releases in requests.by_member(store).values()]
    heard = requests.noted(store).heard
    found = [replace(request, heard_in=heard.get(request.member, "")) for request in found]
    return sorted(found, key=lambda r: (bool(r.heard_in), r.name.casefold(), r.member))


def _request(releases: Sequence[Seen], place: Store, gate: Gate) -> JoinRequest:
    newest = newest_of(releases)
    try:
        intake = take_in(newest.digest, place, gate)
    except NotInStore:
        intake = None
    said = newest.manifest
    profile = profile_in(intake) if intake else {}
    small = ("catalogue", "vouch", "judgement", "relation", "withdrawal")
    return JoinRequest(
        member=said.member,
        name=called_in(profile) or said.member,
        words=tuple(fingerprint_words(newest.keylog.current)),
        epoch=said.epoch,
        number=said.number,
        issued_at=said.issued_at,
        licence=said.licence,
        counts={name: n for name, n in sorted(said.counts.items()) if name not in small},
        releases=len(releases),
        code=intake.code if intake else "E_CONTAINER",
        kept_by=profile.get("title", "") if profile.get("on_behalf_of") else "",
    )


def newest_of(releases: Iterable[Seen]) -> Seen:
    """The release by which a member is looked at; of two copies always the same one."""
    every = sorted(releases, key=lambda s: (s.version, s.digest))
    chosen = choose(every, member=every[0].manifest.member).candidates
    return chosen[0] if chosen else every[-1]


def profile_in(intake: Intake) -> Mapping[str, str]:
    """What the catalogue in a release says of itself, its texts by field; empty where it was not taken up."""
    for row in intake.rows():
        if row.type == "catalogue" and row.code is None:
            return {name: value for name, value in fields_of(row.data).items() if isinstance(value, str)}
        if row.type > "catalogue":
            break
    return {}


def called_in(profile: Mapping[str, str]) -> str:
    """What a catalogue is called: as those for whom it is kept, else as it calls itself."""
    return profile.get("on_behalf_of") or profile.get("title", "")


def name_in(intake: Intake) -> str | None:
    """What the catalogue in a release is called."""
    return called_in(profile_in(intake)) or None
