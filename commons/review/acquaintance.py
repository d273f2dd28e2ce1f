"""Who is vouched for by whom, and how many steps away from the federation's own members.

Reads the newest releases of members and of those who asked to join. A vouch is its speaker's word and no
more; this module takes nobody up (`merge.planning.admit` does, by the policy) and recommends nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from commons.federation.policy.file import Policy
from commons.federation.store import requests
from commons.federation.store.folder import NotInStore, Store
from commons.federation.trust import Seen
from commons.format.instants import instant
from commons.format.words import fingerprint_words
from commons.intake.gate import Gate, Intake
from commons.merge.claims import fields_of
from commons.merge.fuse import Vouch
from commons.merge.planning.admit import VOUCH, vouch_of
from commons.merge.releases.inputs import take_in
from commons.review.requests import name_in, newest_of

State = Literal["member", "admitted", "asked", "unheard"]


@dataclass(frozen=True, slots=True)
class Word:
    """One member's vouch for another: who says it, what for, in which words."""

    speaker: str
    name: str
    kind: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """Somebody who is vouched for, or a member. `words`: of its key, where a release of it is here.

    `steps`: 0 for a member of the list, 1 for whom such a member vouches for, and so on.
    """

    member: str
    name: str
    steps: int
    state: State
    words: tuple[str, ...] = ()
    by: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """What a release says of its member: name, key, and its vouches with their notes."""

    name: str
    words: tuple[str, ...]
    vouches: tuple[tuple[Vouch, str], ...]


def discover(
    policy: Policy, store: Store, gate: Gate, *, at: datetime, admitted: Set[str] = frozenset()
) -> list[Acquaintance]:
    """Everybody within reach of the members' vouches, nearest first, then by name.

    Args:
        at: vouches that have run out by then are left out.
        admitted: members that the last lock took up by vouches.
    """
    known = _releases(store, gate)
    listed = {m.id: m.name for m in policy.members}
    steps = dict.fromkeys(listed, 0)
    by: dict[str, list[Word]] = {}
    frontier = sorted(listed)
    while frontier:
        further = set()
        for speaker in frontier:
            for vouch, note in known[speaker].vouches if speaker in known else ():
                if not _counts(vouch, at):
                    continue
                name = listed.get(speaker) or known[speaker].name
                by.setdefault(vouch.about, []).append(Word(speaker, name, vouch.kind, note))
                if vouch.about not in steps:
                    steps[vouch.about] = steps[speaker] + 1
                    further.add(vouch.about)
        frontier = sorted(further)
    found = [
        Acquaintance(
            member=id,
            name=listed.get(id) or (known[id].name if id in known else id),
            steps=steps[id],
            state=_state(id, listed, admitted, known),
            words=known[id].words if id in known else (),
            by=tuple(sorted(by.get(id, ()), key=lambda w: (steps[w.speaker], w.name.casefold(), w.speaker))),
        )
        for id in steps
    ]
    return sorted(found, key=lambda a: (a.steps, a.name.casefold(), a.member))


def _counts(vouch: Vouch, at: datetime) -> bool:
    own = vouch.speaker == vouch.about or "/" in vouch.about
    return not own and (vouch.expires_at is None or vouch.expires_at > instant(at))


def _state(id: str, listed: Mapping[str, str], admitted: Set[str], known: Mapping[str, _Known]) -> State:
    if id in listed:
        return "member"
    if id in admitted:
        return "admitted"
    return "asked" if id in known else "unheard"


def _releases(store: Store, gate: Gate) -> dict[str, _Known]:
    """What the newest release of everybody here says; who cannot be read here says nothing."""
    seen: dict[str, list[Seen]] = {}
    for place in (store, requests.requests_of(store)):
        for release in place.seen():
            seen.setdefault(release.manifest.member, []).append(release)
    found = {}
    for member, releases in seen.items():
        newest = newest_of(releases)
        try:
            intake = take_in(newest.digest, requests.holder(newest.digest, store), gate)
        except NotInStore:
            continue
        words = tuple(fingerprint_words(newest.keylog.current))
        vouches = tuple(_vouches(member, intake)) if newest.manifest.counts.get(VOUCH) else ()
        found[member] = _Known(name_in(intake) or member, words, vouches)
    return found


def _vouches(member: str, intake: Intake) -> Iterator[tuple[Vouch, str]]:
    for row in intake.rows():
        if row.type == VOUCH and row.code is None:
            fields = fields_of(row.data)
            yield vouch_of(member, fields), str(fields.get("note") or "")
