"""federation.yaml: whose releases, under which rules, whose judgements. Reads and checks; decides nothing.

All keys of the format are known here. One whose rule this version does not follow is refused unless it
stands at its default, so that nobody believes in a rule that does nothing. What is read stands in `rules`,
whose names can be had from here too; the entries under `members:` are read by `members`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from commons.addresses import MEMBER_ID, Address, NotAnAddress
from commons.errors import InputError
from commons.federation.policy.members import DATE, TwiceAMember, members_of
from commons.federation.policy.reading import Section, read_yaml, spots
from commons.federation.policy.rules import (
    LICENCES,
    Added,
    Admit,
    Hold,
    Invite,
    MaxAge,
    Member,
    Pause,
    Policy,
    Source,
    Words,
    digest_of,
)
from commons.format.instants import moment
from commons.messages import LANGUAGES, N_
from commons.schema import vocabularies
from commons.schema.spec import load_schema

__all__ = [
    "ABOUT",
    "FILE_NAME",
    "LICENCES",
    "MAX_BYTES",
    "PAGE_ADDRESS",
    "Added",
    "Admit",
    "Hold",
    "Invite",
    "MaxAge",
    "Member",
    "NoPolicy",
    "Pause",
    "Policy",
    "Source",
    "TwiceAMember",
    "Words",
    "digest_of",
    "end_of",
    "from_json",
    "load",
    "parse",
]

FILE_NAME = "federation.yaml"
ABOUT = ("who", "pays", "contact", "decisions")
MAX_BYTES = 4 * 1024 * 1024
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
PAGE_ADDRESS = re.compile(r"https?://[^\s<>\"]{3,500}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@dataclass(eq=False)
class NoPolicy(InputError):
    """There is no federation.yaml where one was looked for."""

    path: str
    template: ClassVar[str] = N_("There is no readable federation.yaml at {path}.")
    hint_template: ClassVar[str] = N_(
        "Name its folder with -f FOLDER, or make one:"
        " commons federation new FOLDER --name NAME --territory NAME"
    )


def load(path: Path) -> Policy:
    """The policy of a federation.yaml, or of the folder that holds one. Raises InputError."""
    path = path / FILE_NAME if path.is_dir() else path
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise NoPolicy(str(path)) from error
    if len(data) > MAX_BYTES:
        raise NoPolicy(str(path))
    return parse(text, path.name)


def parse(text: str, file: str = FILE_NAME) -> Policy:
    """The policy of the text of a federation.yaml. Raises InputError naming key and line."""
    return _policy(Section.of(read_yaml(text, file), file))


def from_json(data: object, file: str = "commons.lock") -> Policy:
    """The policy as a lock keeps it. Raises InputError."""
    return _policy(Section.of(spots(data), file, "policy"))


def _policy(top: Section) -> Policy:
    name = _words(top, "name")
    if not name:
        raise top.wrong("name", N_("written: it is needed"))
    top.asked.add("members")
    if "members" not in top.pairs:
        raise top.wrong("members", N_("a list"))
    keep, site = _publish(top)
    members = members_of(top)
    judges, quorum = _judges(top, members)
    policy = Policy(
        name=name,
        about=_about(top),
        languages=top.texts("languages", LANGUAGES.__contains__, N_("a list of es, en")) or LANGUAGES,
        territory=top.text("territory", pattern=_NAME, needed=N_("the name of a territory, as in cdmx")),
        licences=top.texts("licences") or LICENCES,
        members=members,
        admit=_admit(top, members),
        subject_vouches=_vouches(top),
        judges=judges,
        quorum=quorum,
        link=_link(top),
        holds=tuple(_hold(section) for section in top.sections("holds")),
        keep=keep,
        site=site,
        invite=_invite(top),
    )
    _only_defaults(top)
    top.done()
    return policy


def _words(section: Section, key: str) -> Words:
    """A text in one or both languages; a bare text is shown in either."""
    spot = section.spot(key)
    if spot is None:
        return {}
    if not isinstance(spot.value, dict):
        return {"es": section.needed_text(key)}
    inner = Section.of(spot, section.file, section.name(key))
    found = {code: inner.text(code) or "" for code in LANGUAGES}
    inner.done()
    return {code: text for code, text in found.items() if text}


def _about(top: Section) -> Words:
    inner = top.section("about")
    if inner is None:
        return {}
    found = {key: inner.text(key) or "" for key in ABOUT}
    inner.done()
    return {key: text for key, text in found.items() if text}


def _vouches(top: Section) -> int:
    inner = top.section("subject")
    if inner is None:
        return 2
    vouches = inner.integer("vouches", 2, least=1)
    inner.done()
    return vouches


def _judges(top: Section, members: tuple[Member, ...]) -> tuple[tuple[str, ...], int]:
    """Whose judgement counts alone, by id or by the name in the list; and how many it takes otherwise."""
    inner = top.section("judges")
    if inner is None:
        return (), 2
    named = _named(inner, members)
    quorum = inner.integer("quorum", 2, least=1)
    inner.done()
    return named, quorum


def _named(section: Section, members: tuple[Member, ...]) -> tuple[str, ...]:
    """The ids of the members under `from:`, which names them by id or by the name in the list."""
    known = {m.name: m.id for m in members} | {m.id: m.id for m in members}
    wanted = N_("a list of members of this federation, by id or name")
    return tuple(dict.fromkeys(known[text] for text in section.texts("from", known.__contains__, wanted)))


def _admit(top: Section, members: tuple[Member, ...]) -> Admit:
    inner = top.section("admit")
    if inner is None:
        return Admit()
    admit = Admit(
        vouches=inner.integer("vouches", 0),
        among=_named(inner, members),
        never=inner.texts("never", lambda text: bool(MEMBER_ID.match(text)), N_("a list of member ids")),
        steps=inner.integer("steps", 1, least=1),
    )
    inner.done()
    return admit


def _invite(top: Section) -> Invite:
    inner = top.section("invite")
    if inner is None:
        return Invite()
    portal = inner.text("portal", pattern=PAGE_ADDRESS, needed=N_("the address of a page: https://…")) or ""
    cadence = inner.text("cadence") or ""
    known = vocabularies.match("cadences", cadence) if cadence else ""
    if known is None:
        raise inner.wrong("cadence", N_("how often, as in monthly"))
    invite = Invite(portal, inner.text("send_to") or "", known)
    inner.done()
    return invite


def _publish(top: Section) -> tuple[int, str]:
    inner = top.section("publish")
    if inner is None:
        return 5, "topics"
    keep = inner.integer("keep", 5, least=1)
    site = inner.text("site", pattern=re.compile("topics|map"), needed=N_("topics or map")) or "topics"
    if site == "map":
        raise inner.not_yet("site")
    inner.done()
    return keep, site


def _link(top: Section) -> dict[str, tuple[int, int]]:
    """How many points it takes to link records of a type, and to ask; 0: as the schema's tables say."""
    inner = top.section("link")
    found: dict[str, tuple[int, int]] = {}
    for name in load_schema().types if inner is not None else ():
        own = inner.section(name) if inner is not None else None
        if own is None:
            continue
        link, ask = own.integer("link", 0, least=1), own.integer("ask", 0, least=1)
        if link and ask and ask > link:
            raise own.wrong("ask", N_("no more than what it takes to link"))
        own.done()
        if link or ask:
            found[name] = (link, ask)
    if inner is not None:
        inner.done()
    return found


def _only_defaults(top: Section) -> None:
    """Keys whose rules come later: known, checked for spelling, accepted only at their defaults."""
    if top.spot("emergency") is not None:
        raise top.not_yet("emergency")


def _hold(section: Section) -> Hold:
    address = section.needed_text("address")
    try:
        of_type = load_schema().types.get(Address.parse(address).type)
    except NotAnAddress as error:
        raise section.wrong("address", N_("the address of a record: MEMBER/TYPE/ID")) from error
    held = section.text("field", pattern=_FIELD, needed=N_("the name of a field, as in phones"))
    if of_type is None:  # a slip of the pen would hide nothing, and nobody would notice
        raise section.wrong("address", N_("the address of a record: MEMBER/TYPE/ID"))
    if held is not None and held not in of_type.released:
        raise section.wrong("field", N_("the name of a field, as in phones"))
    until = section.needed_text("until")
    try:
        lapses_at = end_of(until)
    except ValueError as error:
        raise section.wrong("until", N_("a date as in 2026-11-21")) from error
    hold = Hold(
        address=address,
        field=held,
        reason=section.needed_text("reason"),
        by=section.needed_text("by"),
        until=lapses_at,
    )
    section.done()
    return hold


def end_of(text: str) -> datetime:
    """The UTC moment at which `until` lapses. A date lasts until that day has ended everywhere on Earth.

    Raises ValueError.
    """
    if _INSTANT.fullmatch(text):
        return moment(text)
    if not DATE.fullmatch(text):
        raise ValueError(text)
    day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    try:
        return day + timedelta(hours=36)
    except OverflowError as error:
        raise ValueError(text) from error
