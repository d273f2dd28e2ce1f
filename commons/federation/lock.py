"""commons.lock: exactly which inputs and rules one merge used. Reads and writes; decides nothing.

The same lock gives the same root on every machine, so everything that can change a pool stands here, and
nothing else does: no reason of a hold, no source, no time of day. One lock has one text (JSON, sorted keys,
one newline at the end). Which releases exist and which one is used is decided by `trust` and by merge's plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from commons.addresses import MEMBER_ID
from commons.errors import InputError
from commons.federation.policy import file as policies
from commons.federation.policy.file import Policy
from commons.federation.policy.reading import Section, spots
from commons.format import container, strict_json
from commons.format.instants import instant, moment
from commons.format.keylog import Void
from commons.messages import N_, translate

FILE_NAME = "commons.lock"
PROTOCOL = 1
MAX_BYTES = 256 * 1024 * 1024

CURRENT, LATE, PAUSED, AWAITED, LEFT = "current", "late", "paused", "awaited", "left"
LEAVING = "leaving"  # still a member, and its own signed word is that it goes
STATES = (CURRENT, LATE, PAUSED, LEAVING, AWAITED, LEFT)

_DIGEST = re.compile(r"[0-9a-f]{64}")
_HASH = re.compile(r"[a-z2-7]{52}")
_STATE = re.compile("|".join(STATES))
_KIND = re.compile("record|earlier")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,40}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,62}")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}")
_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:00Z")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_DIGEST_WORDS = N_("a digest: 64 characters from 0-9 and a-f")
_HASH_WORDS = N_("the hash of an address: 52 characters from a-z and 2-7")


@dataclass(eq=False)
class NoLock(InputError):
    """There is no commons.lock where one was looked for."""

    path: str
    template: ClassVar[str] = N_("There is no readable commons.lock at {path}.")
    hint_template: ClassVar[str] = N_("Make one with: commons merge")


@dataclass(eq=False)
class LockRefused(InputError):
    """The lock is not in its one form, or its parts do not fit together."""

    file: str
    reason: str
    template: ClassVar[str] = N_("{file} cannot be used: {reason}.")
    hint_template: ClassVar[str] = N_("Fetch it again from whoever made it; a lock is never edited by hand.")

    def _details(self) -> dict[str, object]:
        return {**super()._details(), "reason": translate(self.reason)}


@dataclass(frozen=True, slots=True, order=True)
class Tombstone:
    """A withdrawn address, as its hash, and in which release that was first seen.

    `record`: final for the address. `earlier`: every version before (epoch, number) is taken down.
    """

    hash: str
    kind: str
    epoch: int
    number: int


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """Two or more releases with one (epoch, number): two copies of a catalogue, to be joined."""

    epoch: int
    number: int
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class PassedOver:
    """A release newer than the one used that was not taken up, and the finding's code that says why."""

    epoch: int
    number: int
    release: str
    code: str


@dataclass(frozen=True, slots=True)
class LockedMember:
    """What the merge knows of one member. `release` None: nothing to merge (awaited, or it left).

    `admitted`: whose vouches took it up, if it does not stand in the policy's list. `withheld`: hashes of the
    addresses of records that the release has and that did not come along: whoever delivered it held or
    refused them. No merge of this lock shows them, so that it has one root whoever has which form.
    """

    state: str
    release: str | None = None
    epoch: int = 0
    number: int = 0
    keylog_head: str | None = None
    content_root: str | None = None
    tombstones: tuple[Tombstone, ...] = ()
    voids: tuple[Void, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    admitted: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        return {
            **({"admitted": sorted(self.admitted)} if self.admitted else {}),
            **({"withheld": sorted(self.withheld)} if self.withheld else {}),
            "state": self.state,
            "release": self.release,
            "epoch": self.epoch,
            "number": self.number,
            "keylog_head": self.keylog_head,
            "content_root": self.content_root,
            "tombstones": [
                {"hash": t.hash, "kind": t.kind, "epoch": t.epoch, "number": t.number}
                for t in sorted(self.tombstones)
            ],
            "voids": [
                {"start": list(v.start), "end": v.end}
                for v in sorted(self.voids, key=lambda v: (v.start, v.end))
            ],
            "evidence": [
                {"epoch": e.epoch, "number": e.number, "digests": sorted(e.digests)}
                for e in sorted(self.evidence)
            ],
            "passed_over": [
                {"epoch": p.epoch, "number": p.number, "release": p.release, "code": p.code}
                for p in sorted(self.passed_over)
            ],
        }


@dataclass(frozen=True, slots=True)
class LockedHold:
    """A hold without its reason: the address's hash, the field (None: all of it), when it lapses."""

    hash: str
    field: str | None
    until: datetime

    def to_json(self) -> dict[str, object]:
        return {"hash": self.hash, "field": self.field, "until": instant(self.until)}


@dataclass(frozen=True, slots=True)
class LockedTerritory:
    """The territory by name and digest: the clock and the districts come from it."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Lock:
    """`as_of` is a UTC minute. `members` holds every member of the policy, and those that left."""

    schema: str
    linker: str
    as_of: datetime
    policy: Policy
    members: dict[str, LockedMember]
    vocabularies: str
    territory: LockedTerritory | None = None
    holds: tuple[LockedHold, ...] = ()
    protocol: int = PROTOCOL

    def to_json(self) -> dict[str, object]:
        return {
            "protocol": self.protocol,
            "schema": self.schema,
            "linker": self.linker,
            "as_of": instant(self.as_of),
            "policy": self.policy.to_json(),
            "policy_digest": self.policy.digest,
            "territory": {"name": self.territory.name, "digest": self.territory.digest}
            if self.territory
            else None,
            "vocabularies": self.vocabularies,
            "members": {member: self.members[member].to_json() for member in sorted(self.members)},
            "holds": [h.to_json() for h in sorted(self.holds, key=_hold_key)],
        }

    def to_bytes(self) -> bytes:
        """The one text of this lock."""
        return strict_json.pretty(self.to_json())

    def write(self, path: Path) -> None:
        """Replace the file at `path`, wholly or not at all."""
        container.write_bytes(path, self.to_bytes())


def _hold_key(hold: LockedHold) -> tuple[str, str, str]:
    return hold.hash, hold.field or "", instant(hold.until)


def minute(moment: datetime) -> datetime:
    """`moment` cut to its UTC minute, as a lock's `as_of` is."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def read(path: Path) -> Lock:
    """The lock at `path`. Raises NoLock, LockRefused and what `parse` raises."""
    path = path / FILE_NAME if path.is_dir() else path
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise NoLock(str(path)) from error
    return parse(data, path.name)


def admitted(folder: Path) -> frozenset[str]:
    """Members that the last merge took up by vouches; nobody where there was none that can be read."""
    try:
        return frozenset(id for id, member in read(folder).members.items() if member.admitted)
    except InputError:
        return frozenset()


@lru_cache(maxsize=1)  # one merge asks several times
def parse(data: bytes, file: str = FILE_NAME) -> Lock:
    """The lock that `data` says, which must be exactly what `Lock.to_bytes` writes.

    Raises:
        LockRefused: not strict JSON, not its one form, another protocol, a digest that does not fit.
        UnknownKey, WrongValue: a key nobody knows, a value it cannot have.
    """
    if len(data) > MAX_BYTES:
        raise LockRefused(file, N_("it is too long"))
    try:
        value = strict_json.read(data)
    except strict_json.NotStrict as error:
        raise LockRefused(file, str(error)) from error
    top = Section.of(spots(value), file)
    if top.integer("protocol", 0) != PROTOCOL:
        raise LockRefused(file, N_("it is of another protocol version than this program follows"))
    lock = _lock(top, value)
    if lock.policy.digest != top.text("policy_digest"):
        raise LockRefused(file, N_("its policy does not have the digest it names"))
    top.done()
    if lock.to_bytes() != data:
        raise LockRefused(file, N_("the same content is written otherwise"))
    return lock


def _lock(top: Section, value: dict[str, object]) -> Lock:
    top.section("policy")
    members = top.section("members")
    if members is None:
        raise top.wrong("members", N_("a section of keys and values"))
    return Lock(
        schema=top.needed_text("schema", pattern=_VERSION, needed=N_("a version")),
        linker=top.needed_text("linker", pattern=_VERSION, needed=N_("a version")),
        as_of=_moment(top, "as_of", _MINUTE, N_("a UTC minute as in 2026-11-21T18:30:00Z")),
        policy=policies.from_json(value.get("policy") or {}, top.file),
        members={member: _member(members, member) for member in members.pairs},
        vocabularies=top.needed_text("vocabularies", pattern=_DIGEST, needed=_DIGEST_WORDS),
        territory=_territory(top.section("territory")),
        holds=tuple(_hold(section) for section in top.sections("holds")),
    )


def _moment(section: Section, key: str, pattern: re.Pattern[str], needed: str) -> datetime:
    text = section.needed_text(key, pattern=pattern, needed=needed)
    try:
        return moment(text)
    except ValueError as error:
        raise section.wrong(key, needed) from error


def _territory(section: Section | None) -> LockedTerritory | None:
    if section is None:
        return None
    found = LockedTerritory(
        section.needed_text("name"),
        section.needed_text("digest", pattern=_DIGEST, needed=_DIGEST_WORDS),
    )
    section.done()
    return found


def _hold(section: Section) -> LockedHold:
    found = LockedHold(
        section.needed_text("hash", pattern=_HASH, needed=_HASH_WORDS),
        section.text("field", pattern=_FIELD, needed=N_("the name of a field, as in phones")),
        _moment(section, "until", _INSTANT, N_("a UTC instant as in 2026-11-21T18:30:00Z")),
    )
    section.done()
    return found


def _member(members: Section, member: str) -> LockedMember:
    section = members.section(member)
    if section is None or not MEMBER_ID.match(member):
        raise members.wrong(member, N_("a member id: 26 characters from a-z and 2-7"))
    found = LockedMember(
        state=section.needed_text("state", pattern=_STATE, needed=N_("a state of a member")),
        release=section.text("release", pattern=_DIGEST, needed=_DIGEST_WORDS),
        epoch=section.integer("epoch", 0),
        number=section.integer("number", 0),
        keylog_head=section.text("keylog_head", pattern=_DIGEST, needed=_DIGEST_WORDS),
        content_root=section.text("content_root", pattern=_DIGEST, needed=_DIGEST_WORDS),
        tombstones=tuple(_tombstones(section)),
        voids=tuple(_voids(section)),
        evidence=tuple(_evidence(section)),
        passed_over=tuple(_passed_over(section)),
        withheld=section.texts("withheld", lambda text: bool(_HASH.fullmatch(text)), _HASH_WORDS),
        admitted=section.texts(
            "admitted", lambda text: bool(MEMBER_ID.match(text)), N_("a list of member ids")
        ),
    )
    section.done()
    return found


def _tombstones(section: Section) -> Iterable[Tombstone]:
    for inner in section.sections("tombstones"):
        yield Tombstone(
            inner.needed_text("hash", pattern=_HASH, needed=_HASH_WORDS),
            inner.needed_text("kind", pattern=_KIND, needed=N_("record or earlier")),
            inner.integer("epoch", 0),
            inner.integer("number", 0),
        )
        inner.done()


def _voids(section: Section) -> Iterable[Void]:
    for inner in section.sections("voids"):
        numbers = [item.value for item in inner.items("start")]
        whole = [n for n in numbers if isinstance(n, int) and not isinstance(n, bool) and n >= 0]
        if len(numbers) != 2 or len(whole) != 2:
            raise inner.wrong("start", N_("[epoch, number]"))
        yield Void((whole[0], whole[1]), inner.integer("end", 0))
        inner.done()


def _evidence(section: Section) -> Iterable[Evidence]:
    for inner in section.sections("evidence"):
        digests = inner.texts("digests", lambda text: bool(_DIGEST.fullmatch(text)), _DIGEST_WORDS)
        yield Evidence(inner.integer("epoch", 0), inner.integer("number", 0), digests)
        inner.done()


def _passed_over(section: Section) -> Iterable[PassedOver]:
    for inner in section.sections("passed_over"):
        yield PassedOver(
            inner.integer("epoch", 0),
            inner.integer("number", 0),
            inner.needed_text("release", pattern=_DIGEST, needed=_DIGEST_WORDS),
            inner.needed_text("code", pattern=_CODE, needed=N_("the code of a finding")),
        )
        inner.done()
