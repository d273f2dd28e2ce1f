"""Lives of catalogues in memory: laptops, copies, a thief, and federations that look at what they share.

Key logs, locks, planning and admission are the program's. Signatures and the gate are left out: a release is
here what `trust.prove` and intake make of a good one, so that a thousand of them cost seconds.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path

from commons.addresses import tombstone
from commons.federation.lock import Lock, Tombstone
from commons.federation.policy.file import Policy
from commons.federation.store.folder import NotInStore
from commons.federation.trust import Seen
from commons.format import canonical
from commons.format.keylog import KeyLog
from commons.format.manifest import FileEntry, Manifest, release_digest
from commons.format.merkle import root_of
from commons.intake import frames
from commons.intake.gate import Intake
from commons.merge.act import Release
from commons.merge.claims import Admission
from commons.merge.plan import plan
from commons.model import Record
from commons.schema.spec import load_schema
from tests.hostile.making import ISSUED, VALID, Member, profile, withdrawal

RECORD, EARLIER = "record", "earlier"
Version = tuple[int, int]
Shown = dict[str, str]  # address → the claim as it may be shown


@dataclass(frozen=True)
class Shared:
    """One release: what proving and intake say of it. `stones`: the withdrawals in it, by hash."""

    seen: Seen
    intake: Intake
    stolen: bool

    def __repr__(self) -> str:
        return f"{self.digest[:6]} {self.member[:4]} {self.version}{' stolen' if self.stolen else ''}"

    @property
    def stones(self) -> tuple[Tombstone, ...]:
        return self.intake.withdrawals

    @property
    def member(self) -> str:
        return self.seen.manifest.member

    @property
    def version(self) -> Version:
        return self.seen.version

    @property
    def digest(self) -> str:
        return self.seen.digest

    def release(self) -> Release:
        """As `act` wants it."""
        return Release(self.seen.manifest.to_bytes(), b"", self.seen.keylog.to_bytes(), self.intake)


@dataclass
class Laptop:
    """One copy of a catalogue. `stones`: hash → kind, and which release said it first; None: none yet."""

    name: str
    log: KeyLog
    records: dict[str, Record] = field(default_factory=dict)
    stones: dict[str, tuple[str, Version | None]] = field(default_factory=dict)
    heads: tuple[str, ...] = ()
    number: int = 0
    stolen: bool = False

    def address(self, id: str) -> str:
        return f"{self.log.member_id}/place/{id}"

    def put(self, record: Record) -> None:
        """Edit; an address that was withdrawn for good is not used again."""
        if self.stones.get(tombstone(self.address(record.id)), ("", None))[0] != RECORD:
            self.records[record.id] = record

    def withdraw(self, id: str, kind: str = RECORD, said: Version | None = None) -> None:
        """`said`: what a thief pretends; an honest word gets the number of the release that says it."""
        stone = tombstone(self.address(id))
        if self.stones.get(stone, ("", None))[0] == RECORD:
            return
        if kind == RECORD:
            self.records.pop(id, None)
        self.stones[stone] = (kind, said)

    def share(self, folder: Path) -> Shared:
        """The next release of this copy."""
        self.number += 1
        version = (self.log.epoch, self.number)
        self.stones = {h: (k, v or version) for h, (k, v) in self.stones.items()}
        words = [withdrawal(h, k, *v) for h, (k, v) in self.stones.items() if v is not None]
        made = release_of(
            folder, self.name, self.log, [*self.records.values(), *words], number=self.number,
            previous=self.heads, stolen=self.stolen,
        )  # fmt: skip
        self.heads = (made.digest,)
        return made

    def join(self, other: Laptop) -> None:
        """Both copies' records and words in this one; the next release names both heads."""
        self.records = {**other.records, **self.records}
        for stone, (kind, said) in other.stones.items():
            mine = self.stones.get(stone)
            if mine is None or (kind == RECORD and mine[0] != RECORD):
                self.stones[stone] = (kind, said)
        self.records = {
            id: r
            for id, r in self.records.items()
            if self.stones.get(tombstone(self.address(id)), ("", None))[0] != RECORD
        }
        self.heads = tuple(sorted({*self.heads, *other.heads}))
        self.number = max(self.number, other.number)


@dataclass
class Household:
    """A member: its laptops, the sheet on paper, a backup at every sharing, perhaps a thief."""

    name: str
    laptops: list[Laptop] = field(default_factory=list)
    thief: Laptop | None = None
    forgotten: list[Laptop] = field(default_factory=list)  # copies that know nothing of a recovery
    backups: list[Laptop] = field(default_factory=list)
    theirs: list[Version] = field(default_factory=list)  # what the thief shared
    alone: bool = True  # it never had a second copy
    _person: Member | None = None

    def __post_init__(self) -> None:
        self._person = Member(self.name)
        self.laptops = [Laptop(self.name, self._person.log)]
        self.backups = copy.deepcopy(self.laptops)

    @property
    def id(self) -> str:
        return self.laptops[0].log.member_id

    def share(self, laptop: Laptop, folder: Path) -> Shared:
        made = laptop.share(folder)
        if laptop.stolen:
            self.theirs.append(made.version)
        elif laptop in self.laptops:
            self.backups.append(copy.deepcopy(laptop))
        return made

    def recover(self) -> Version:
        """From the sheet and the newest backup of before: from the thief's first release on it was not us."""
        assert self._person is not None
        epoch = self._person.log.epoch
        void_from = min(
            (v for v in self.theirs if v[0] == epoch), default=(epoch, self.laptops[0].number + 1)
        )
        self._person.recover(void_from)
        good = [b for b in self.backups if (b.log.epoch, b.number) < void_from]
        laptop = copy.deepcopy(good[-1])
        laptop.log = self._person.log
        self.forgotten += self.laptops[1:]
        self.laptops, self.thief = [laptop], None
        self.backups.append(copy.deepcopy(laptop))
        return void_from


def release_of(
    folder: Path,
    name: str,
    log: KeyLog,
    records: Sequence[Record],
    *,
    number: int,
    previous: Sequence[str] = (),
    stolen: bool = False,
) -> Shared:
    """A release as it stands after the gate; its rows lie in `folder`."""
    rows = sorted([profile(name), *records], key=lambda r: (r.type, r.id))
    data = [canonical.canonical_bytes(r.type, r.id, r.fields) for r in rows]
    leaves = [canonical.leaf(d) for d in data]
    counts = dict(Counter(r.type for r in rows))
    entry = FileEntry(1, "0" * 64)
    manifest = Manifest(
        log.member_id, log.head, log.epoch, number, tuple(sorted(previous)), load_schema().version,
        "CC-BY-4.0", "es", ISSUED, VALID, root_of(leaves).hex(),
        {"catalogue.db": entry, "keylog.jsonl": entry}, counts,
    )  # fmt: skip
    digest = release_digest(manifest.to_bytes())
    path = folder / digest
    with path.open("wb") as file:

        def emit(part: bytes) -> None:
            file.write(part)

        for type_name, group in groupby(zip(rows, data, leaves, strict=True), key=lambda g: g[0].type):
            listed = list(group)
            ids, texts, hashes = (
                [r.id for r, _, _ in listed],
                [d for _, d, _ in listed],
                [h for *_, h in listed],
            )
            frames.write_rows(emit, type_name, ids, texts, hashes, [])
        frames.write_summary(emit, {})
    words = [(r.id, r.fields) for r in rows if r.type == "withdrawal"]
    stones = tuple(
        Tombstone(id, str(f["kind"]), int(str(f["epoch"])), int(str(f["number"]))) for id, f in words
    )
    intake = Intake(
        release=digest, member=log.member_id, form="full", code=None, detail="", counts=counts, refused={},
        findings=(), withdrawals=stones, hidden=(), path=path,
    )  # fmt: skip
    return Shared(Seen(digest, manifest, log), intake, stolen)


@dataclass
class Reader:
    """Somebody's federation: what it holds, and its last lock."""

    held: dict[str, Shared] = field(default_factory=dict)
    lock: Lock | None = None
    lost: set[str] = field(default_factory=set)

    def get(self, one: Shared) -> None:
        self.held[one.digest] = one
        self.lost.discard(one.digest)

    def lose(self, digest: str) -> None:
        del self.held[digest]
        self.lost.add(digest)

    def merge(self, policy: Policy, as_of: datetime, order: Iterable[str] = ()) -> Lock:
        """Plan; `order`: in which the releases are looked at."""
        listed = [*order, *(d for d in self.held if d not in order)]

        def take_in(digest: str) -> Intake:
            if digest not in self.held:
                raise NotInStore(digest)
            return self.held[digest].intake

        self.lock = plan(
            policy, self.lock, lambda m: [self.held[d].seen for d in listed if self.held[d].member == m],
            take_in, as_of=as_of, schema=load_schema(), territory=None,
        ).lock  # fmt: skip
        return self.lock

    def shown(self) -> Shown:
        """What the lock lets be shown of every member's places."""
        assert self.lock is not None
        admission, found = Admission(self.lock), Shown()
        for member, locked in self.lock.members.items():
            if locked.release is not None:
                used = self.held[locked.release]
                taken = admission.rows(member, used.version, "CC-BY-4.0", used.intake.rows())
                found |= {t.address: t.json for t in taken if t.code is None and t.type == "place"}
        return found


def alive(held: Mapping[str, Shared], member: str, pause: Version | None) -> list[Shared]:
    """The releases of a member that are its word: not beyond a pause, not void by its longest key log."""
    its = [s for s in held.values() if s.member == member and (pause is None or s.version <= pause)]
    log = max((s.seen.keylog for s in its), key=lambda log: log.epoch, default=None)
    return [s for s in its if log is not None and not log.is_void(*s.version)]
