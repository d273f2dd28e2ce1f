"""A federation for tests: real members, real signatures, a real store; merged as the program merges."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commons.federation.lock import Lock
from commons.federation.policy.file import Admit, Hold, Pause, Policy
from commons.federation.policy.file import Member as Accepted
from commons.federation.policy.rules import Succession
from commons.federation.store.folder import Store
from commons.format.container import ReleaseFiles
from commons.intake.gate import Gate
from commons.merge.act import Result, act
from commons.merge.plan import Plan, plan
from commons.merge.releases.inputs import locked_releases, take_in
from commons.model import Record
from commons.schema.spec import load_schema
from tests.hostile.making import Member, release

AS_OF = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)


@dataclass
class Federation:
    """Members by name, what they released, and the last lock."""

    folder: Path
    lock: Lock | None = None
    holds: tuple[Hold, ...] = ()
    pauses: dict[str, Pause] = field(default_factory=dict)
    subject_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    succeeds: dict[str, str] = field(default_factory=dict)  # new member's name → the old one's
    on_behalf_of: dict[str, str] = field(default_factory=dict)
    subject_vouches: int = 2
    admit: Admit = field(default_factory=Admit)
    licences: tuple[str, ...] = ("CC-BY-4.0",)
    members: dict[str, Member] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    @property
    def store(self) -> Store:
        return Store(self.folder / "store")

    def id(self, name: str) -> str:
        return self.members.setdefault(name, Member(name)).id

    @property
    def ids(self) -> list[str]:
        """Of everybody who has released something."""
        return sorted(self.members[name].id for name in self.last)

    def share(
        self, name: str, records: Sequence[Record] = (), *, number: int = 1, **more: Any
    ) -> ReleaseFiles:
        """Release `records` and deliver them."""
        self.id(name)
        previous = more.pop("previous", [self.last[name]] if name in self.last else [])
        files = release(self.members[name], records, number=number, previous=previous, **more)
        self.last[name] = files.digest
        self.store.put(files)
        return files

    @property
    def policy(self) -> Policy:
        accepted = [
            Accepted(
                m.id,
                name,
                subject_of=self.subject_of.get(name, ()),
                pause=self.pauses.get(name),
                succeeds=Succession(self.id(self.succeeds[name])) if name in self.succeeds else None,
                on_behalf_of=self.on_behalf_of.get(name, ""),
            )
            for name, m in self.members.items()
            if name not in self.gone
        ]
        return Policy(
            {"es": "Prueba"}, tuple(accepted), licences=self.licences, holds=self.holds,
            subject_vouches=self.subject_vouches, admit=self.admit,
        )  # fmt: skip

    def plan(self, *, as_of: datetime = AS_OF, allow: Iterable[str] = ()) -> Plan:
        with Gate(self.store.root / "intake", at_once=1) as gate:
            return plan(
                self.policy, self.lock, lambda m: self.store.seen(m), lambda d: take_in(d, self.store, gate),
                as_of=as_of, schema=load_schema(), territory=None, allow_shrink=[self.id(n) for n in allow],
            )  # fmt: skip

    def merge(self, *, as_of: datetime = AS_OF, allow: Iterable[str] = (), canonical: bool = False) -> Result:
        """Plan and act; the lock is kept."""
        self.lock = self.plan(as_of=as_of, allow=allow).lock
        return self.act(canonical=canonical)

    def act(self, *, name: str = "pool.db", canonical: bool = False, children: int | None = 0) -> Result:
        """Apply the last lock."""
        assert self.lock is not None
        with Gate(self.store.root / "intake", at_once=1) as gate:
            releases = locked_releases(self.lock, self.store, gate)
            return act(self.lock, releases, self.folder / name, canonical=canonical, children=children)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What the pool says."""
        with closing(sqlite3.connect(self.folder / "pool.db")) as pool:
            return pool.execute(sql, values).fetchall()

    def titles(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT title FROM entity ORDER BY title")]

    def receipt(self, name: str) -> dict[str, Any]:
        return dict(json.loads(self.rows("SELECT json FROM receipt WHERE member = ?", self.id(name))[0][0]))
