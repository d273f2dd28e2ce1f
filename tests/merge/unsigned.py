"""Locks and verified rows for the laws of `act`, without signing and examining: what intake would yield."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

from commons.federation.lock import Lock, LockedMember
from commons.federation.policy.file import Member as Accepted
from commons.federation.policy.file import Policy
from commons.format import canonical
from commons.format.manifest import FileEntry, Manifest
from commons.format.merkle import Tree
from commons.intake import frames
from commons.intake.gate import Intake
from commons.link.model import LINKER
from commons.merge.act import Release, Result, act
from commons.merge.plan import vocabularies_digest
from commons.model import Record
from commons.schema.spec import load_schema
from tests.hostile.making import ISSUED, VALID, Member, profile
from tests.merge.world import AS_OF

NAMES = ("a", "b", "c")
MEMBERS = {name: Member(name) for name in NAMES}
IDS = {name: member.id for name, member in MEMBERS.items()}


class Pool:
    """One act on what members say, in a folder; asked by SQL."""

    def __init__(self, folder: str, said: Mapping[str, Sequence[Record]], **options: Any) -> None:
        releases = [taken_in(Path(folder), name, records) for name, records in said.items()]
        releases.sort(key=lambda r: r.intake.member)
        self.lock = lock_of(releases)
        self.result: Result = act(self.lock, releases, Path(folder) / "pool.db", **options)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.result.path)) as pool:
            return pool.execute(sql, values).fetchall()


def lock_of(releases: Sequence[Release]) -> Lock:
    """The lock that names them, under a policy that accepts everybody."""
    locked = {
        r.intake.member: LockedMember("current", r.intake.release, r.said.epoch, r.said.number)
        for r in releases
    }
    accepted = tuple(Accepted(id, name) for name, id in IDS.items() if id in locked)
    policy = Policy({"es": "Prueba"}, accepted, licences=("CC-BY-4.0",))
    return Lock(load_schema().version, LINKER, AS_OF, policy, locked, vocabularies_digest(load_schema()))


def taken_in(
    folder: Path, name: str, records: Sequence[Record], *, number: int = 1, valid_until: str = VALID
) -> Release:
    """A member's records as intake keeps them."""
    rows = sorted([profile(name), *records], key=lambda r: (r.type, r.id))
    path = folder / f"{name}-{number}.rows"
    tree = Tree()
    with path.open("wb") as file:
        for type_name, group in groupby(rows, key=lambda r: r.type):
            listed = list(group)
            data = [canonical.canonical_bytes(r.type, r.id, r.fields) for r in listed]
            leaves = [canonical.leaf(d) for d in data]
            tree.add_all(b"".join(leaves))
            frames.write_rows(file.write, type_name, [r.id for r in listed], data, leaves, [])
        frames.write_summary(file.write, {})
    member = MEMBERS[name]
    counts = dict(Counter(r.type for r in rows))
    entry = FileEntry(1, "0" * 64)
    manifest = Manifest(
        member.id, member.log.head, 0, number, (), load_schema().version, "CC-BY-4.0", "es", ISSUED,
        valid_until, tree.root().hex(), {"catalogue.db": entry, "keylog.jsonl": entry}, counts,
    ).to_bytes()  # fmt: skip
    intake = Intake(
        release=canonical.leaf(manifest).hex(), member=member.id, form="full", code=None, detail="",
        counts=counts, refused={}, findings=(), withdrawals=(), hidden=(), path=path,
    )  # fmt: skip
    return Release(manifest, b"", member.log.to_bytes(), intake)
