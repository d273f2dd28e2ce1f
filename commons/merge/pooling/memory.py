"""What a merge notes of its claims beside the pool: leaves, what can be linked by, who refers to whom.

A merge that starts from the last pool needs what the last one noted, so the notes may lie in a file beside
the store (`last` says when they are believed); else they are a temporary file of SQLite's and gone with the
merge. Every merge writes and reads the same tables: there is no second way. Decides nothing.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from commons.format.merkle import LEAF_BYTES
from commons.intake.gate import Intake
from commons.merge.fuse import Context
from commons.merge.pooling.receipts import MemberTally
from commons.merge.pooling.stretch import Made

NAME = "noted"  # under which the file is attached to the pool's connection
AT_ONCE = 20_000  # leaves that are read at one go

SMALLEST_BLOCK = 64  # numbers of claims

_TABLES = """
CREATE TABLE noted.fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE noted.taken_from (
  member TEXT PRIMARY KEY, release TEXT, mark TEXT, base INTEGER, block INTEGER, lapsed INTEGER
) WITHOUT ROWID;
CREATE TABLE noted.proof (release TEXT PRIMARY KEY, sum TEXT) WITHOUT ROWID;
CREATE TABLE noted.tally (member TEXT, json TEXT, later TEXT);
CREATE TABLE noted.said (address TEXT PRIMARY KEY, type TEXT, json TEXT) WITHOUT ROWID;
CREATE TABLE noted.claim_leaf (number INTEGER PRIMARY KEY, leaf BLOB);
CREATE TABLE noted.thing_leaf (number INTEGER PRIMARY KEY, entity BLOB, fused BLOB);
CREATE TABLE noted.listed (number INTEGER, target TEXT);
CREATE TABLE noted.far (number INTEGER, type TEXT, field TEXT, target TEXT);
CREATE TABLE noted.part (leaves BLOB PRIMARY KEY, root BLOB) WITHOUT ROWID;
CREATE TABLE noted.nowhere (type TEXT, field TEXT, number INTEGER);
"""
_BY_NUMBER = ("claim_leaf", "thing_leaf", "listed", "far", "nowhere")


@dataclass(frozen=True, slots=True)
class Notes:
    """Where notes stay. `features`: what claims can be recognised by (`shelf`)."""

    database: Path
    features: Path


@dataclass(frozen=True, slots=True)
class TakenFrom:
    """One member's release as a merge took it up.

    `mark`: of the form that was merged. `base`, `block`: its claims have the numbers after `base`, `block` of
    them at most. `lapsed`: it had run out. `later`: the first date in it that had not come, "" for none.
    """

    release: str
    mark: str
    base: int
    block: int
    lapsed: bool
    later: str = ""


def mark_of(intake: Intake) -> str:
    """Tells apart the forms in which one release may be merged: full, or pruned of this or that."""
    if intake.form == "full":
        return intake.form
    return f"{intake.form} {sha256(intake.path.read_bytes()).hexdigest()}"


def block_of(records: int) -> int:
    """How many numbers a release with so many records gets: some to spare, so that the numbers of the
    releases after it seldom change when it grows."""
    return max(SMALLEST_BLOCK, 1 << records.bit_length())


class Noted:
    """The notes of one merge. `connection`: of its pool, with a file attached as `noted`."""

    def __init__(self, connection: sqlite3.Connection, *, empty: bool) -> None:
        self._connection = connection
        if empty:
            for statement in _TABLES.split(";")[:-1]:
                connection.execute(statement)

    def release(self, member: str, taken: TakenFrom) -> None:
        """Whose records come next."""
        row = (member, taken.release, taken.mark, taken.base, taken.block, taken.lapsed)
        self._connection.execute("INSERT INTO noted.taken_from VALUES (?, ?, ?, ?, ?, ?)", row)

    def taken_from(self) -> dict[str, TakenFrom]:
        """Member → what was taken up of it."""
        sql = """SELECT t.*, coalesce(y.later, '') FROM noted.taken_from t LEFT JOIN
                 (SELECT member, min(later) AS later FROM noted.tally WHERE later <> '' GROUP BY member) y
                 ON y.member = t.member"""
        return {
            member: TakenFrom(release, mark, base, block, bool(lapsed), later)
            for member, release, mark, base, block, lapsed, later in self._connection.execute(sql)
        }

    def proofs(self) -> dict[str, str]:
        """Release → the SHA-256 of the file that it was proven from."""
        return dict(self._connection.execute("SELECT release, sum FROM noted.proof").fetchall())

    def note_proofs(self, sums: Mapping[str, str]) -> None:
        """Note them for the next merge, and no older ones."""
        self._connection.execute("DELETE FROM noted.proof")
        self._connection.executemany("INSERT INTO noted.proof VALUES (?, ?)", sorted(sums.items()))

    def take(self, made: Made) -> None:
        """What a stretch is noted by."""
        run, many = self._connection.execute, self._connection.executemany
        run("INSERT INTO noted.tally VALUES (?, ?, ?)", (made.member, json.dumps(made.tally), made.later))
        many("INSERT INTO noted.said VALUES (?, ?, ?)", ((a, t, j) for t, a, j in made.said))
        many("INSERT INTO noted.listed VALUES (?, ?)", made.listed)
        many("INSERT INTO noted.far VALUES (?, ?, ?, ?)", made.far)
        claims = [number for number, *_rest in made.rows["claim"]]
        many("INSERT INTO noted.claim_leaf VALUES (?, ?)", zip(claims, cut(made.claim_leaves), strict=True))
        things = array("q", made.numbers)
        leaves = zip(things, cut(made.entity_leaves), cut(made.fused_leaves), strict=True)
        many("INSERT INTO noted.thing_leaf VALUES (?, ?, ?)", leaves)

    def change(self, gone: Iterable[int], come: Mapping[int, tuple[bytes, bytes]]) -> None:
        """Leaves of things that are no more, and of those that are made anew."""
        many = self._connection.executemany
        many("DELETE FROM noted.thing_leaf WHERE number = ?", ((n,) for n in gone))
        rows = ((number, *leaves) for number, leaves in sorted(come.items()))
        many("INSERT INTO noted.thing_leaf VALUES (?, ?, ?)", rows)

    def forget(self, members: Sequence[str]) -> None:
        """Everything of these members, whose claims stand in `temp.leaving` (number, address)."""
        run = self._connection.execute
        for table in _BY_NUMBER:
            run(f"DELETE FROM noted.{table} WHERE number IN (SELECT number FROM temp.leaving)")
        run("DELETE FROM noted.said WHERE address IN (SELECT address FROM temp.leaving)")
        for member in members:
            run("DELETE FROM noted.tally WHERE member = ?", (member,))
            run("DELETE FROM noted.taken_from WHERE member = ?", (member,))

    def said(self) -> Iterator[tuple[str, str, str]]:
        """(type, address, JSON) of what is about things and no thing, in order of addresses."""
        yield from self._connection.execute("SELECT type, address, json FROM noted.said ORDER BY address")

    def count(self, tallies: Mapping[str, MemberTally]) -> None:
        """Let every tally count what became of its release's rows."""
        for member, text in self._connection.execute("SELECT member, json FROM noted.tally ORDER BY rowid"):
            tallies[member].add(json.loads(text))

    def claim_leaves(self) -> Iterator[bytes]:
        """Leaves of all claims in order, joined, some at a time."""
        sql = "SELECT leaf FROM noted.claim_leaf ORDER BY number"
        for rows in _some(self._connection.execute(sql)):
            yield b"".join([leaf for (leaf,) in rows])

    def thing_leaves(self) -> Iterator[tuple[bytes, bytes]]:
        """Leaves of all entities and of their values in order, joined, some at a time."""
        sql = "SELECT entity, fused FROM noted.thing_leaf ORDER BY number"
        for rows in _some(self._connection.execute(sql)):
            yield b"".join([entity for entity, _fused in rows]), b"".join([fused for _entity, fused in rows])

    def parts(self) -> dict[bytes, bytes]:
        """Parts of the last root's tree."""
        return dict(self._connection.execute("SELECT leaves, root FROM noted.part").fetchall())

    def note_parts(self, parts: Mapping[bytes, bytes]) -> None:
        """Note them for the next one, and no older ones."""
        self._connection.execute("DELETE FROM noted.part")
        self._connection.executemany("INSERT INTO noted.part VALUES (?, ?)", sorted(parts.items()))

    def settled(self, dangling: Iterable[tuple[str, str, str, int]]) -> list[tuple[str, str, str]]:
        """Note which references lead nowhere; gives them without the numbers."""
        found = list(dangling)
        self._connection.execute("DELETE FROM noted.nowhere")
        rows = ((type_name, field, number) for type_name, field, _address, number in found)
        self._connection.executemany("INSERT INTO noted.nowhere VALUES (?, ?, ?)", rows)
        return [row[:3] for row in found]

    def close(self, context: Context) -> None:
        """Note what entities were made with."""
        self.note(
            {
                "as_of": context.as_of,
                "subjects": json.dumps(sorted(context.subjects)),
                "vouched": json.dumps(dict(context.vouched)),
                "former": json.dumps(dict(context.former)),
            }
        )

    def facts(self) -> dict[str, str]:
        """What the merge noted of itself."""
        return dict(self._connection.execute("SELECT name, value FROM noted.fact").fetchall())

    def note(self, facts: Mapping[str, str]) -> None:
        """Note it."""
        rows = sorted(facts.items())
        self._connection.executemany("INSERT OR REPLACE INTO noted.fact VALUES (?, ?)", rows)


def cut(leaves: bytes) -> list[bytearray]:
    """Leaf by leaf, as arrays: to bind `bytes` costs Python's sqlite3 a search for an adapter each time."""
    joined = bytearray(leaves)
    return [joined[at : at + LEAF_BYTES] for at in range(0, len(joined), LEAF_BYTES)]


def _some(cursor: sqlite3.Cursor) -> Iterator[list[tuple[bytes, ...]]]:
    while rows := cursor.fetchmany(AT_ONCE):
        yield rows
