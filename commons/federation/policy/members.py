"""The entries under `members:` of federation.yaml: whose releases, from where, and since when.

Reads and checks; decides nothing. What a member's keys mean is said in `rules`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from commons.addresses import MEMBER_ID, Address, NotAnAddress
from commons.federation.policy import links
from commons.federation.policy.reading import AtPlace, Section, Spot, WrongValue
from commons.federation.policy.rules import Added, MaxAge, Member, Pause, Source, Succession
from commons.messages import N_

MOST_OF_A_NAME = 200
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
MEMBER_WORDS = N_("a member id: 26 characters from a-z and 2-7")
_LINK_WORDS = N_("an address as in https://…/comedor.entrega or git+https://…, without name and password")
_AGE = re.compile(r"([1-9][0-9]{0,3}) (days|months|years)")


@dataclass(eq=False)
class TwiceAMember(AtPlace):
    """One member id stands twice in the list."""

    member: str
    template: ClassVar[str] = N_("{place}: the member {member} is already in the list.")
    hint_template: ClassVar[str] = N_("Keep one of the two entries; it may have several sources.")


def members_of(top: Section) -> tuple[Member, ...]:
    found: dict[str, Member] = {}
    for section in top.sections("members"):
        member = _member(section)
        if member.id in found:
            raise TwiceAMember(section.file, section.line, member.id)
        _refuse_contradiction(section, member, found)
        found[member.id] = member
    return tuple(found.values())


def _refuse_contradiction(section: Section, member: Member, before: Mapping[str, Member]) -> None:
    """One place, one successor; and nobody follows itself, also not through others."""
    if member.succeeds is None:
        return
    nearest = {m.succeeds.member: m.id for m in before.values() if m.succeeds is not None}
    if member.succeeds.member in nearest:
        raise section.wrong("succeeds", N_("a member whom nobody else in the list succeeds"))
    heir = member.id
    while heir in nearest:
        heir = nearest[heir]
    if heir == member.succeeds.member:
        raise section.wrong("succeeds", N_("an earlier member, not one that follows this one"))


def _member(section: Section) -> Member:
    member_id = section.needed_text("id", pattern=_exactly(MEMBER_ID), needed=MEMBER_WORDS)
    member = Member(
        id=member_id,
        name=section.needed_text("name"),
        sources=tuple(_source(item, section) for item in section.items("sources")),
        added=_added(section),
        subject_of=section.texts(
            "subject_of", _own_organization(member_id), N_("a list of addresses of its own organizations")
        ),
        max_age=_max_age(section),
        pause=_pause(section),
        allow_private_hosts=section.boolean("allow_private_hosts", False),
        succeeds=_succeeds(section, member_id),
        on_behalf_of=_on_behalf_of(section),
    )
    section.done()
    return member


def _exactly(pattern: re.Pattern[str]) -> re.Pattern[str]:
    return re.compile(pattern.pattern.removesuffix(r"\Z"))


class _own_organization:  # noqa: N801  (read as a question: allowed = _own_organization(member))
    def __init__(self, member_id: str) -> None:
        self.member_id = member_id

    def __call__(self, text: str) -> bool:
        try:
            address = Address.parse(text)
        except NotAnAddress:
            return False
        return address.member == self.member_id and address.type == "organization"


def _source(item: Spot, section: Section) -> Source:
    text = str(item.value) if isinstance(item.value, str | int) else ""
    if text == "inbox":
        return Source("inbox", text)
    if links.scheme_of(text):
        try:
            link = links.parse(text)
        except links.NotALink as error:
            raise WrongValue(section.file, item.line, section.name("sources"), _LINK_WORDS) from error
        return Source(link.kind, text, link)
    if not text or "\x00" in text:
        raise WrongValue(
            section.file,
            item.line,
            section.name("sources"),
            N_("a list of files, folders, https addresses or the word inbox"),
        )
    return Source("path", text)


def _added(section: Section) -> Added:
    inner = section.section("added")
    if inner is None:
        return Added()
    when = inner.text("when", pattern=DATE, needed=N_("a date as in 2026-11-21")) or ""
    added = Added(by=inner.text("by") or "", when=when, how=inner.text("how") or "")
    inner.done()
    return added


def _succeeds(section: Section, member_id: str) -> Succession | None:
    """An old member's id, or a section that also says whose word it is."""
    spot = section.spot("succeeds")
    if spot is None:
        return None
    if isinstance(spot.value, dict):
        inner = Section.of(spot, section.file, section.name("succeeds"))
        when = inner.text("when", pattern=DATE, needed=N_("a date as in 2026-11-21")) or ""
        old = inner.needed_text("member", pattern=_exactly(MEMBER_ID), needed=MEMBER_WORDS)
        found = Succession(old, inner.text("by") or "", when, inner.text("how") or "")
        inner.done()
    else:
        old = section.needed_text("succeeds", pattern=_exactly(MEMBER_ID), needed=MEMBER_WORDS)
        found = Succession(old)
    if old == member_id:
        raise section.wrong("succeeds", N_("an earlier member, not one that follows this one"))
    return found


def _on_behalf_of(section: Section) -> str:
    text = section.text("on_behalf_of") or ""
    if len(text) > MOST_OF_A_NAME:
        raise section.wrong("on_behalf_of", N_("a name of at most 200 characters"))
    return text


def _max_age(section: Section) -> MaxAge:
    text = section.text("max_age", pattern=_AGE, needed=N_("a time as in 24 months"))
    if text is None:
        return MaxAge()
    count, unit = text.split(" ")
    return MaxAge(int(count), unit)


def _pause(section: Section) -> Pause | None:
    inner = section.section("pause")
    if inner is None:
        return None
    at = [item.value for item in inner.items("at")]
    numbers = [n for n in at if isinstance(n, int) and not isinstance(n, bool) and n >= 0]
    if len(at) != 2 or len(numbers) != 2:
        raise inner.wrong("at", N_("the epoch and number of a release, as in [0, 10]"))
    pause = Pause((numbers[0], numbers[1]), inner.text("reason") or "")
    inner.done()
    return pause
