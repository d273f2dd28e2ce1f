"""The last pool as the ground of the next: what a change touches goes, what it does not touch stands.

Makes no row and decides no value: `stretch` and `regroup` make what comes, by the same functions that make a
whole pool. What goes is made again as it was, since the index of words gives nothing back. Laws:
- An entity stands only if its claims, who names it, and every entity that it refers to are what they were.
- To make anew what did not change costs time and changes nothing; where it is easier, that is done.
- What goes is in no byte of the file afterwards (`pool.write`, `tidy`).

Numbers: a member that stands has the numbers of the last pool (`standing` sees to that), so they mean the
same in both. Those of members that changed mean nothing here but in `temp.leaving`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from commons.federation.lock import Lock
from commons.merge import succession
from commons.merge.fuse import Context
from commons.merge.linking.rounds import Keys
from commons.merge.pooling import beside, regroup
from commons.merge.pooling.memory import Noted
from commons.merge.pooling.regroup import Groups, Last, Regrouped, Step
from commons.merge.workers import done
from commons.pool.contract import quoted
from commons.pool.write import Writer

Members = tuple[int, ...]  # numbers of the claims of one entity, ascending


class NotOnGround(Exception):
    """It cannot be told from the last pool what changed, so everything is made anew; `renew` catches it.

    `why`: a code of `standing.WHY`.
    """

    def __init__(self, why: str = "") -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Ground:
    """The last pool, to start from.

    `standing`: members whose claims are what they were. `begin`: puts the pool, proven to be the one that
    was written, where the new one is made, and its notes beside; raises NotOnGround.
    """

    standing: Set[str]
    begin: Callable[[Path], None]


@dataclass(slots=True)
class _Moving:
    """Claims in question: where they belonged and where they belong. Closed under both."""

    claims: set[int] = field(default_factory=set)
    then: dict[int, int] = field(default_factory=dict)  # claims that stand → the entity that they stood in
    now: dict[int, int] = field(default_factory=dict)


class Stand:
    """One merge's way from the last pool: `clear` first, `steps` when linking has decided."""

    def __init__(
        self, lock: Lock, writer: Writer, noted: Noted, keys: Keys, places: Mapping[str, str],
        standing: Set[str],
    ) -> None:  # fmt: skip
        self._lock, self._writer, self._noted, self._keys = lock, writer, noted, keys
        self._places, self._standing = places, standing
        self._run, self._many = writer.connection.execute, writer.connection.executemany
        self._stood = self._last_groups()  # of entities with several claims
        self._named = {c: n for n, members in self._stood.items() for c in members}
        self._address = dict[int, str]()  # of the claims that leave, by the number they had
        self._was = dict[str, tuple[int, str]]()  # of those that were things: entity, its address
        self._absent: set[int] = set()  # claims that stay, and whose entity went
        self._gone: set[int] = set()  # entities that went
        self._subjects: Set[str] = frozenset()
        self.last = self._last()

    def _last(self) -> Last:
        """What the entities of the last pool were made with."""
        facts = self._noted.facts()
        address = "SELECT address FROM claim WHERE number = ?"
        names = {n: self._run(address, (n,)).fetchone()[0] for n in self._stood}
        renamed = {self._run(address, (c,)).fetchone()[0]: names[n] for c, n in self._named.items() if c != n}
        self._vouched: dict[str, int] = json.loads(facts["vouched"])
        lapsed = frozenset(m for m, taken in self._noted.taken_from().items() if taken.lapsed)
        subjects = frozenset[str](json.loads(facts["subjects"]))
        self._subjects = subjects
        former: dict[str, str] = json.loads(facts["former"])
        context = Context(facts["as_of"], subjects, self._vouched, renamed, lapsed, former)
        languages = dict(self._run("SELECT id, language FROM member").fetchall())
        return Last(context, languages)

    def _last_groups(self) -> dict[int, Members]:
        sql = "SELECT entity, number FROM claim INDEXED BY claim_entity WHERE entity <> number"
        found: dict[int, list[int]] = {}
        for entity, number in self._run(sql):
            found.setdefault(entity, [entity]).append(number)
        return {entity: tuple(sorted(members)) for entity, members in found.items()}

    # before anything comes

    def clear(self) -> None:
        """Take out all claims of members that changed, and the entities that any of them was part of.

        Afterwards every claim that stays leads to itself, as while every claim is an entity of its own; only
        the entities of those that stand are what they were.
        """
        members = self._leaving()
        sql = """SELECT l.number, l.address, c.entity, n.address FROM temp.leaving l
                 JOIN claim c ON c.number = l.number LEFT JOIN claim n ON n.number = c.entity"""
        entities: dict[int, Members] = {}
        for number, address, entity, name in self._run(sql):
            self._address[number] = address
            if entity is not None:
                entities[entity] = self._stood.get(entity, (entity,))
                self._was[address] = (entity, name)
        self._take_out(entities)
        self._forget(members)
        succession.step_back(self._writer.connection, self._lock)
        beside.clear(self._writer)
        self._part()

    def _leaving(self) -> list[str]:
        """Note the claims that leave; gives their members."""
        self._run("CREATE TEMP TABLE leaving (number INTEGER PRIMARY KEY, address TEXT UNIQUE)")
        members = []
        for member, taken in self._noted.taken_from().items():
            if member not in self._standing:
                members.append(member)
                self._run(
                    "INSERT INTO temp.leaving SELECT number, address FROM claim "
                    "WHERE number > ? AND number <= ?",
                    (taken.base, taken.base + taken.block),
                )
        return members

    def _take_out(self, entities: Mapping[int, Members]) -> None:
        steps = {entity: Step(alone=False, left=members) for entity, members in entities.items()}
        setting = regroup.Setting(self.last.context, self.last.languages, self._places, self.last)
        tasks = regroup.tasks(self._writer.connection, steps)
        for data in done(tasks, regroup.worker, setting, children=0):
            made = Regrouped.from_bytes(data)
            regroup.put(self._writer, made)
            self._noted.change((number for number, _type in made.gone), {})
        self._gone.update(entities)
        for entity, members in entities.items():
            self._stood.pop(entity, None)
            self._absent.update(c for c in members if c not in self._address)

    def _forget(self, members: Sequence[str]) -> None:
        """The rows of the claims that leave, and what was noted of them."""
        run = self._run
        run("DELETE FROM alias WHERE address IN (SELECT address FROM temp.leaving)")
        run("DELETE FROM claim WHERE number IN (SELECT number FROM temp.leaving)")
        for member in members:
            run("DELETE FROM leaf WHERE member = ?", (member,))
            run("DELETE FROM release WHERE member = ?", (member,))
        self._keys.forget()
        self._noted.forget(members)

    def _part(self) -> None:
        """Let every claim lead to itself."""
        apart = [n for n in self._named if n not in self._address]
        sql = "UPDATE alias SET entity = ? WHERE address = (SELECT address FROM claim WHERE number = ?)"
        self._many(sql, ((n, n) for n in apart))
        self._many("UPDATE claim SET entity = ? WHERE number = ?", ((n, n) for n in self._absent))

    # when it is known what belongs together

    def look_at(self, subjects: Set[str]) -> None:
        """Whoever speaks for itself must be the same among the members that stand. Raises NotOnGround."""
        if any(a.partition("/")[0] in self._standing for a in subjects ^ self._subjects):
            raise NotOnGround("many")

    def steps(self, groups: Groups, referring: Iterable[int], context: Context) -> dict[int, Step]:
        """What there is to do.

        Args:
            referring: as `regroup.referring` finds them, of all claims that another entity's name stands for.
        """
        self._groups = {n: tuple(members) for n, members in groups.items() if members}
        self._belongs = {c: n for n, members in self._groups.items() for c in members}
        moving = _Moving()
        self._add(moving, self._regrouped())
        self._add(moving, self._vouched_otherwise(context.vouched))
        moved, numbers = self._moved(moving)
        self._add(moving, self._referring_to(moved, numbers))
        self._add(moving, self._standing_at({*moving.then.values(), *moving.now.values(), *self._gone}))
        fresh = {n for n in referring if not self._stands(n)} - moving.claims
        self._restore_nowhere({*moving.then.values(), *self._gone})
        return self._in_order(moving, fresh)

    def _stands(self, claim: int) -> bool:
        """Whether a claim is of a member that stands."""
        row = self._run("SELECT member FROM claim WHERE number = ?", (claim,)).fetchone()
        return row is not None and row[0] in self._standing

    def _add(self, moving: _Moving, claims: Iterable[int]) -> None:
        """Add claims, all that stood together with any of them, and all that belong together now."""
        waiting = [c for c in claims if c not in moving.claims]
        while waiting:
            claim = waiting.pop()
            if claim in moving.claims:
                continue
            moving.claims.add(claim)
            moving.now[claim] = now = self._belongs.get(claim, claim)
            waiting += self._groups.get(now, ())
            if self._stands(claim) and claim not in self._absent:
                moving.then[claim] = then = self._named.get(claim, claim)
                waiting += self._stood.get(then, ())

    def _regrouped(self) -> Iterator[int]:
        """Claims that are part of another entity than in the last pool."""
        for number, members in self._groups.items():
            if self._stood.get(number) != members:
                yield from members
        for number, members in self._stood.items():
            if self._groups.get(number) != members:
                yield from members
        yield from self._absent

    def _vouched_otherwise(self, vouched: Mapping[str, int]) -> Iterator[int]:
        """Claims that are part of an entity in which another member's word may weigh more than before."""
        members = {m for m in {*vouched, *self._vouched} if vouched.get(m, 0) != self._vouched.get(m, 0)}
        for stood in self._stood.values() if members else ():
            for claim in stood:
                row = self._run("SELECT member FROM claim WHERE number = ?", (claim,)).fetchone()
                if row[0] in members:
                    yield from stood
                    break

    def _moved(self, moving: _Moving) -> tuple[set[str], set[int]]:
        """Addresses that lead elsewhere than in the last pool, and the numbers that they led to."""
        moved, numbers = set[str](), set[int]()
        for address, was in self._was.items():
            if was != self._today(address):
                moved.add(address)
                numbers.add(was[0])
        for address in self._come():
            if address not in self._was:
                moved.add(address)
        for claim in moving.claims:
            if self._stands(claim):
                address = self._address_of(claim)
                was = self._then(claim)
                if was != self._today(address):
                    moved.add(address)
                    numbers.add(was[0])
        moved.update(list(succession.formerly(moved, self._lock.policy.successors)))
        return moved, numbers

    def _come(self) -> Iterator[str]:
        """Addresses of things of the members that changed."""
        for member, taken in self._noted.taken_from().items():
            if member not in self._standing:
                sql = "SELECT address FROM claim WHERE number > ? AND number <= ? AND entity IS NOT NULL"
                yield from (row[0] for row in self._run(sql, (taken.base, taken.base + taken.block)))

    def _today(self, address: str) -> tuple[int, str] | None:
        """The entity that an address leads to now, and its address."""
        sql = (
            "SELECT a.entity, c.address FROM alias a JOIN claim c ON c.number = a.entity WHERE a.address = ?"
        )
        found: tuple[int, str] | None = self._run(sql, (address,)).fetchone()
        return found

    def _then(self, claim: int) -> tuple[int, str]:
        """The same of a claim that stands, in the last pool."""
        entity = self._named.get(claim, claim)
        return entity, self._address.get(entity) or self._address_of(entity)

    def _address_of(self, claim: int) -> str:
        address: str = self._run("SELECT address FROM claim WHERE number = ?", (claim,)).fetchone()[0]
        return address

    def _referring_to(self, addresses: Set[str], numbers: Set[int]) -> set[int]:
        """Claims that stand and name one of `addresses`, which led to `numbers` in the last pool."""
        connection = self._writer.connection
        found = set(regroup.referring(connection, self._writer.schema, numbers, addresses))
        self._run("CREATE TEMP TABLE moved_target (address TEXT PRIMARY KEY) WITHOUT ROWID")
        self._many("INSERT INTO temp.moved_target VALUES (?)", ((a,) for a in addresses))
        sql = "SELECT f.number FROM noted.far f JOIN temp.moved_target m ON m.address = f.target"
        found.update(row[0] for row in self._run(sql))
        self._run("DROP TABLE temp.moved_target")
        found.update(self._beside(addresses))
        return {n for n in found if self._stands(n)}

    def _beside(self, addresses: Set[str]) -> Iterator[int]:
        """Claims of an entity of several that name a record of their own release, perhaps not as the entity
        does: no column leads there."""
        by_member: dict[str, list[str]] = {}
        for address in addresses:
            if (member := address.partition("/")[0]) in self._standing:
                by_member.setdefault(member, []).append(f'"{address}"')
        for claim in self._named if by_member else ():
            row = self._run("SELECT member, json FROM claim WHERE number = ?", (claim,)).fetchone()
            if row is not None and any(named in row[1] for named in by_member.get(row[0], ())):
                yield claim

    def _standing_at(self, numbers: Iterable[int]) -> set[int]:
        """Entities that stand at one of these places, whose district they have if they say none."""
        self._run("CREATE TEMP TABLE moved_place (number INTEGER PRIMARY KEY)")
        self._many("INSERT OR IGNORE INTO temp.moved_place VALUES (?)", ((n,) for n in numbers))
        found: set[int] = set()
        for table in self._writer.referring_by("place"):
            sql = f"SELECT t.entity FROM {quoted(table)} t JOIN temp.moved_place m ON m.number = t.place"
            found.update(row[0] for row in self._run(sql))
        self._run("DROP TABLE temp.moved_place")
        return {n for n in found if self._stands(n)}

    def _restore_nowhere(self, gone: Set[int]) -> None:
        """Let references that stand and led nowhere say so again: they are all counted at the end."""
        sql = "SELECT type, field, number FROM noted.nowhere"
        for type_name, name, number in self._run(sql).fetchall():
            if number not in gone:
                self._run(f"UPDATE {quoted(type_name)} SET {quoted(name)} = -1 WHERE entity = ?", (number,))

    def _in_order(self, moving: _Moving, fresh: Iterable[int]) -> dict[int, Step]:
        left = {n: self._stood.get(n, (n,)) for n in moving.then.values()}
        coming = {n: self._groups.get(n, (n,)) for n in moving.now.values()}
        coming |= {n: (n,) for n in fresh}
        alone = {c for c in moving.claims if c not in moving.then and c not in self._absent} | set(fresh)
        parted = ((n, n) for n in moving.then if moving.now[n] == n)
        self._many("UPDATE claim SET entity = ? WHERE number = ?", parted)
        numbers = sorted({*left, *coming, *alone})
        return {n: Step(n in alone, left.get(n, ()), coming.get(n, ())) for n in numbers}
