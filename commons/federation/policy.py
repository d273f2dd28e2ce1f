"""federation.yaml: whose releases, under which rules, whose judgements. Reads and checks; decides nothing.

All keys of the format are known here. One whose rule this version does not follow is refused unless it
stands at its default, so that nobody believes in a rule that does nothing. The policy's digest covers what
goes into the lock: not the sources (where a maintainer finds releases changes nothing in the pool) and not
the holds (their addresses and reasons stay at home; the lock has its own, hashed list of them).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Literal

from commons.addresses import MEMBER_ID, Address, NotAnAddress, tombstone
from commons.errors import InputError
from commons.federation.reading import AtPlace, Section, Spot, WrongValue, read_yaml, spots
from commons.format import strict_json
from commons.messages import LANGUAGES, N_
from commons.schema.spec import load_schema

FILE_NAME = "federation.yaml"
LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "ODbL-1.0")
ABOUT = ("who", "pays", "contact", "decisions")
MAX_BYTES = 4 * 1024 * 1024
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_AGE = re.compile(r"([1-9][0-9]{0,3}) (days|months|years)")
_MEMBER = N_("a member id: 26 characters from a-z and 2-7")

Words = Mapping[str, str]  # bilingual text: {es: …, en: …}


@dataclass(eq=False)
class NoPolicy(InputError):
    """There is no federation.yaml where one was looked for."""

    path: str
    template: ClassVar[str] = N_("There is no readable federation.yaml at {path}.")
    hint_template: ClassVar[str] = N_(
        "Name its folder with -f FOLDER, or make one:"
        " commons federation new FOLDER --name NAME --territory NAME"
    )


@dataclass(eq=False)
class TwiceAMember(AtPlace):
    """One member id stands twice in the list."""

    member: str
    template: ClassVar[str] = N_("{place}: the member {member} is already in the list.")
    hint_template: ClassVar[str] = N_("Keep one of the two entries; it may have several sources.")


@dataclass(frozen=True, slots=True)
class Source:
    """Where to look for a member's releases: the inbox, or a file or folder (relative to federation.yaml)."""

    kind: Literal["inbox", "path"]
    where: str


@dataclass(frozen=True, slots=True)
class Added:
    """Who took the member in, when, and how they made sure."""

    by: str = ""
    when: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class MaxAge:
    """For how long a last good release is still used."""

    count: int = 24
    unit: str = "months"

    def ends_at(self, issued_at: datetime) -> datetime:
        """When a release of `issued_at` is too old; a month is 30.5 days, a year 366."""
        hours = {"days": 24, "months": 732, "years": 8784}[self.unit] * self.count
        try:
            return issued_at + timedelta(hours=hours)
        except OverflowError:  # beyond the year 9999: always
            return datetime.max.replace(tzinfo=UTC)

    def __str__(self) -> str:
        return f"{self.count} {self.unit}"


@dataclass(frozen=True, slots=True)
class Pause:
    """Use the release `at` = (epoch, number); later ones and their withdrawals are ignored."""

    at: tuple[int, int]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One accepted catalogue. `sources` and the pause's reason stay out of the lock."""

    id: str
    name: str
    sources: tuple[Source, ...] = ()
    added: Added = Added()
    subject_of: tuple[str, ...] = ()
    max_age: MaxAge = MaxAge()
    pause: Pause | None = None

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "name": self.name,
            "added": {
                "by": self.added.by or None,
                "when": self.added.when or None,
                "how": self.added.how or None,
            },
            "subject_of": sorted(self.subject_of),
            "max_age": str(self.max_age),
            "pause": {"at": list(self.pause.at)} if self.pause else None,
        }


@dataclass(frozen=True, slots=True)
class Hold:
    """An address, or one field of it, that is not shown until a moment."""

    address: str
    field: str | None
    reason: str
    by: str
    until: datetime

    @property
    def hash(self) -> str:
        """What stands for the address in the lock."""
        return tombstone(self.address)


@dataclass(frozen=True, slots=True)
class Policy:
    """A federation's rules. `to_json` is what the lock keeps, `digest` its SHA-256 in hex."""

    name: Words
    members: tuple[Member, ...] = ()
    about: Words = field(default_factory=dict)
    languages: tuple[str, ...] = LANGUAGES
    territory: str | None = None
    licences: tuple[str, ...] = LICENCES
    subject_vouches: int = 2
    holds: tuple[Hold, ...] = ()
    keep: int = 5
    site: str = "topics"

    def member(self, member_id: str) -> Member | None:
        return next((m for m in self.members if m.id == member_id), None)

    def to_json(self) -> dict[str, object]:
        """Plain values, independent of the order in which the file lists its members."""
        return {
            "name": dict(self.name),
            "about": dict(self.about),
            "languages": list(self.languages),
            "territory": self.territory,
            "licences": sorted(self.licences),
            "members": [m.to_json() for m in sorted(self.members, key=lambda m: m.id)],
            "admit": {"vouches": 0, "from": []},
            "subject": {"vouches": self.subject_vouches},
            "judges": {"from": [], "quorum": 2},
            "link": {},
            "emergency": None,
            "publish": {"site": self.site},
        }

    @property
    def digest(self) -> str:
        return digest_of(self.to_json())

    @classmethod
    def from_json(cls, data: object, file: str = "commons.lock") -> Policy:
        """The policy as a lock keeps it. Raises InputError."""
        return _policy(Section.of(spots(data), file, "policy"))


def digest_of(policy: object) -> str:
    """SHA-256 of the policy's canonical JSON, in hex."""
    return hashlib.sha256(strict_json.compact(policy).encode()).hexdigest()


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


def _policy(top: Section) -> Policy:
    name = _words(top, "name")
    if not name:
        raise top.wrong("name", N_("written: it is needed"))
    top.asked.add("members")
    if "members" not in top.pairs:
        raise top.wrong("members", N_("a list"))
    keep, site = _publish(top)
    policy = Policy(
        name=name,
        about=_about(top),
        languages=top.texts("languages", LANGUAGES.__contains__, N_("a list of es, en")) or LANGUAGES,
        territory=top.text("territory", pattern=_NAME, needed=N_("the name of a territory, as in cdmx")),
        licences=top.texts("licences") or LICENCES,
        members=_members(top),
        subject_vouches=_vouches(top),
        holds=tuple(_hold(section) for section in top.sections("holds")),
        keep=keep,
        site=site,
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


def _only_defaults(top: Section) -> None:
    """Keys whose rules come later: known, checked for spelling, accepted only at their defaults."""
    admit, judges = top.section("admit"), top.section("judges")
    for inner, default in ((admit, ("vouches", 0)), (judges, ("quorum", 2))):
        if inner is None:
            continue
        if inner.integer(default[0], default[1]) != default[1]:
            raise inner.not_yet(default[0])
        if inner.items("from"):
            raise inner.not_yet("from")
        inner.done()
    link = top.section("link")
    if link is not None and link.pairs:
        raise top.not_yet("link")
    if top.spot("emergency") is not None:
        raise top.not_yet("emergency")


def _members(top: Section) -> tuple[Member, ...]:
    found: dict[str, Member] = {}
    for section in top.sections("members"):
        member = _member(section)
        if member.id in found:
            raise TwiceAMember(section.file, section.line, member.id)
        found[member.id] = member
    return tuple(found.values())


def _member(section: Section) -> Member:
    member_id = section.needed_text("id", pattern=_exactly(MEMBER_ID), needed=_MEMBER)
    for key in ("succeeds", "on_behalf_of"):
        if section.spot(key) is not None:
            raise section.not_yet(key)
    if section.boolean("allow_private_hosts", False):
        raise section.not_yet("allow_private_hosts")
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
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://", text)
    if scheme and scheme[1].lower() in ("https", "http", "git+https"):
        place = Section({"sources": item}, item.line, section.file, section.path)
        raise place.not_yet("sources")
    if not text or scheme or "\x00" in text:
        raise WrongValue(
            section.file, item.line, section.name("sources"), N_("a list of files, folders or the word inbox")
        )
    return Source("path", text)


def _added(section: Section) -> Added:
    inner = section.section("added")
    if inner is None:
        return Added()
    when = inner.text("when", pattern=_DATE, needed=N_("a date as in 2026-11-21")) or ""
    added = Added(by=inner.text("by") or "", when=when, how=inner.text("how") or "")
    inner.done()
    return added


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
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    try:
        return day + timedelta(hours=36)
    except OverflowError as error:
        raise ValueError(text) from error
