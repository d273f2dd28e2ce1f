"""What linking found last time, so that a merge looks again only at what changed. Changes no result.

A file beside the store; lost, damaged or of another linker it only costs time. For each record type it holds
the nodes of the last merge, their atoms and keys, and the near pairs. When nodes come or go, atoms change
their bucket and keys their blocks: every pair that holds one of them is scored again, and no other.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from commons.link import block, features, related
from commons.link.engine import Holders, Kept, Pairs, Shared, Spread, compared, rarity_of
from commons.link.features import Features
from commons.link.model import LINKER
from commons.link.rarity import Rarity, atoms, bucket_of, hashed
from commons.link.score import Scorer
from commons.link.tables import Table

FILE_NAME = "links.db"
MOST_CHANGED = 10  # percent of the nodes; where more changed, everything is looked at again
_FORM = "2"
_SIGN = 1 << 63  # SQLite's whole numbers have a sign; the order stays
_TABLES = """
CREATE TABLE node_{0} (id INTEGER PRIMARY KEY, digest BLOB UNIQUE, features TEXT, stamp INTEGER);
CREATE TABLE atom_{0} (hash INTEGER, node INTEGER, PRIMARY KEY (hash, node)) WITHOUT ROWID;
CREATE TABLE common_{0} (hash INTEGER PRIMARY KEY, records INTEGER);
CREATE TABLE key_{0} (hash INTEGER, node INTEGER, PRIMARY KEY (hash, node)) WITHOUT ROWID;
CREATE TABLE near_{0} (a INTEGER, b INTEGER, is_near INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE INDEX near_{0}_b ON near_{0} (b);
CREATE TABLE outcome_{0} (name BLOB PRIMARY KEY, found TEXT) WITHOUT ROWID;
"""
_KINDS = ("node", "atom", "common", "key", "near", "outcome")
AT_ONCE = 500  # nodes that are compared at one go


@dataclass(frozen=True)
class Nodes:
    """The nodes of one type today, in order of their digests."""

    digests: Sequence[bytes]
    shared: Shared  # table and shelf


@dataclass(frozen=True)
class Compared:
    """What is common, the pairs, and in which merge each node or its rarity was last another."""

    rarity: Rarity
    pairs: Pairs
    stamps: Sequence[int]


class LinkState:
    """The file. Use as a context: what was written stays only if nothing failed."""

    def __init__(self, path: Path) -> None:
        self._path, self._damaged = path, False
        self._connection, self._forms = self._opened()
        self._merge = int(self._forms.get("", "0")) + 1  # the number of this merge, for stamps
        with suppress(sqlite3.DatabaseError):
            self._connection.execute("INSERT OR REPLACE INTO form VALUES ('', ?)", (str(self._merge),))

    def _opened(self) -> tuple[sqlite3.Connection, dict[str, str]]:
        """The file with what it says of its types; a new one where it cannot be read."""
        for _attempt in range(2):
            connection = sqlite3.connect(self._path, isolation_level=None)
            try:
                connection.execute("PRAGMA synchronous = OFF")  # what a crash takes is made again
                connection.execute("PRAGMA secure_delete = ON")  # what was withdrawn leaves no byte behind
                connection.execute("CREATE TABLE IF NOT EXISTS form (type TEXT PRIMARY KEY, name TEXT)")
                connection.execute("BEGIN IMMEDIATE")
                return connection, dict(connection.execute("SELECT type, name FROM form").fetchall())
            except sqlite3.DatabaseError:
                connection.close()
                with suppress(OSError):
                    self._path.unlink(missing_ok=True)
        self._damaged = True
        return sqlite3.connect(":memory:", isolation_level=None), {}

    def __enter__(self) -> LinkState:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(sqlite3.DatabaseError):
            self._connection.execute("COMMIT" if kind is None and not self._damaged else "ROLLBACK")
        self._connection.close()
        if self._damaged:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def compared(self, type_name: str, nodes: Nodes, spread: Spread) -> Compared:
        """As `engine.compared` finds them, by looking at what changed where that is little."""
        table, shelf = nodes.shared.table, nodes.shared.shelf
        form = f"{_FORM} {LINKER} {table.candidate} {block.most_of(len(shelf))}"
        of_type = _OfType(self._connection, type_name, nodes, spread, self._merge)
        try:
            found = None
            if not self._damaged and self._forms.get(type_name) == form:
                found = of_type.after_changes()
            if found is None and not self._damaged:
                found = of_type.anew()
                self._connection.execute("INSERT OR REPLACE INTO form VALUES (?, ?)", (type_name, form))
            if found is not None:
                return found
        except (sqlite3.DatabaseError, ValueError, IndexError, TypeError):
            self._damaged = True  # done without it, and thrown away
        rarity = rarity_of(shelf, table, spread)
        return Compared(rarity, compared(Shared(table, shelf, rarity), spread), ())

    def without(self, type_name: str) -> None:
        """Of this type there is nothing to compare today: what was remembered of it goes."""
        if self._damaged or type_name not in self._forms:
            return
        try:
            for kind in _KINDS:
                self._connection.execute(f"DROP TABLE IF EXISTS {kind}_{type_name}")
            self._connection.execute("DELETE FROM form WHERE type = ?", (type_name,))
        except sqlite3.DatabaseError:
            self._damaged = True

    def outcome(self, type_name: str, name: bytes) -> str | None:
        """What came of a component of this name, as it was kept."""
        if self._damaged:
            return None
        try:
            sql = f"SELECT found FROM outcome_{type_name} WHERE name = ?"
            row = self._connection.execute(sql, (name,)).fetchone()
        except sqlite3.DatabaseError:
            self._damaged = True
            return None
        return None if row is None else str(row[0])

    def forget(self, addresses: frozenset[str]) -> None:
        """Delete the outcomes that name one of these claims."""
        try:
            for type_name in filter(None, self._forms):
                rows = self._connection.execute(
                    f"SELECT name, found FROM outcome_{type_name} WHERE found != ''"
                )
                gone = [(name,) for name, found in rows if not addresses.isdisjoint(_named_in(found))]
                self._connection.executemany(f"DELETE FROM outcome_{type_name} WHERE name = ?", gone)
        except (sqlite3.DatabaseError, ValueError, IndexError, TypeError):
            self._damaged = True

    def keep(self, type_name: str, found: Sequence[tuple[bytes, str]], names: int) -> None:
        """Keep outcomes; `names`: how many components there are today, beyond twice which the old ones go."""
        if self._damaged:
            return
        try:
            sql = f"SELECT count(*) FROM outcome_{type_name}"
            if self._connection.execute(sql).fetchone()[0] > 2 * names + 1_000:
                self._connection.execute(f"DELETE FROM outcome_{type_name}")
            sql = f"INSERT OR REPLACE INTO outcome_{type_name} VALUES (?, ?)"
            self._connection.executemany(sql, found)
        except sqlite3.DatabaseError:
            self._damaged = True


def _named_in(found: str) -> set[str]:
    """The claims that an outcome names: see `scored.Found.to_json`."""
    return {address for kind in json.loads(found) for told in kind for address in told[:2]}


def forget(path: Path, addresses: Collection[str]) -> None:
    """No outcome names these claims any more: they were withdrawn, and an address tells of what it names."""
    if not addresses or not path.is_file():
        return
    state = LinkState(path)
    with state:
        state.forget(frozenset(addresses))


class _OfType:
    """One record type in the file."""

    def __init__(
        self, connection: sqlite3.Connection, type_name: str, nodes: Nodes, spread: Spread, merge: int
    ) -> None:
        self._connection, self._type, self._nodes, self._spread = connection, type_name, nodes, spread
        self._merge = merge
        self._table: Table = nodes.shared.table
        self.most = block.most_of(len(nodes.digests))  # nodes of a key

    def _run(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        return self._connection.execute(sql.replace("@", self._type), values)

    def _many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        self._connection.executemany(sql.replace("@", self._type), rows)

    # everything

    def anew(self) -> Compared:
        """Compare all nodes, and remember it."""
        for kind in _KINDS:
            self._run(f"DROP TABLE IF EXISTS {kind}_@")
        for statement in _TABLES.format(self._type).split(";")[:-1]:
            self._connection.execute(statement)
        shelf = self._nodes.shared.shelf
        self._many(
            "INSERT INTO node_@ VALUES (?, ?, ?, ?)",
            (
                (n, digest, features.to_json(features.unpacked(shelf[n])), self._merge)
                for n, digest in enumerate(self._nodes.digests)
            ),
        )
        kept = Kept(self._keep_atoms, self._keep_keys)
        rarity = rarity_of(shelf, self._table, self._spread, kept)
        pairs = compared(Shared(self._table, shelf, rarity), self._spread, kept=kept)
        rows = [(p >> 32, p & 0xFFFFFFFF, 1) for p in pairs.near]
        rows += [(p >> 32, p & 0xFFFFFFFF, 0) for p in pairs.related]
        self._many("INSERT INTO near_@ VALUES (?, ?, ?)", sorted(rows))
        return Compared(rarity, pairs, [self._merge] * len(self._nodes.digests))

    def _keep_atoms(self, holders: Holders) -> None:
        self._many("INSERT INTO atom_@ VALUES (?, ?)", _in_order(holders))
        common = sorted((h - _SIGN, len(nodes)) for h, nodes in holders.items() if bucket_of(len(nodes)))
        self._many("INSERT INTO common_@ VALUES (?, ?)", common)

    def _keep_keys(self, holders: Holders) -> None:
        self._many("INSERT INTO key_@ VALUES (?, ?)", _in_order(holders))

    # what changed

    def after_changes(self) -> Compared | None:
        """Compare what changed; None where it is too much for that."""
        ids, added, removed = self._matched()
        if (len(added) + len(removed)) * 100 > len(ids) * MOST_CHANGED:
            return None
        before = Rarity({h + _SIGN: bucket_of(n) for h, n in self._run("SELECT hash, records FROM common_@")})
        changing = _Changing(self, before)
        after = changing.apply(added, removed)
        for place, node in added:
            ids[place] = node
        stamp = dict(self._run("SELECT id, stamp FROM node_@").fetchall())
        return Compared(after, self._pairs(ids), array("q", map(stamp.__getitem__, ids)))

    def _matched(self) -> tuple[array[int], list[tuple[int, int]], list[int]]:
        """Today's places → nodes of the file; (place, new number) of what is new; numbers of what is gone."""
        today = self._nodes.digests
        ids = array("q", [-1]) * len(today)
        gone, new, at, highest = list[int](), list[int](), 0, -1
        cursor = self._run("SELECT digest, id FROM node_@ ORDER BY digest")
        while rows := cursor.fetchmany(AT_ONCE):
            digests, nodes = zip(*rows, strict=True)
            highest = max(highest, *nodes)
            if digests == tuple(today[at : at + len(rows)]):  # as almost everywhere, nothing has changed here
                ids[at : at + len(rows)] = array("q", nodes)
                at += len(rows)
                continue
            for digest, node in rows:
                while at < len(today) and today[at] < digest:
                    new.append(at)
                    at += 1
                if at < len(today) and today[at] == digest:
                    ids[at] = node
                    at += 1
                else:
                    gone.append(node)
        new += range(at, len(today))
        return ids, [(p, highest + 1 + n) for n, p in enumerate(new)], gone

    def _pairs(self, ids: Sequence[int]) -> Pairs:
        place = array("q", [-1]) * (max(ids, default=0) + 1)
        for at, node in enumerate(ids):
            place[node] = at
        found: tuple[list[int], list[int]] = ([], [])
        for a, b, is_near in self._run("SELECT a, b, is_near FROM near_@"):
            one, other = sorted((place[a], place[b]))
            found[is_near].append(one << 32 | other)
        return Pairs(array("Q", sorted(found[1])), array("Q", sorted(found[0])))


def _in_order(holders: Holders) -> Iterator[tuple[int, int]]:
    return ((value - _SIGN, node) for value in sorted(holders) for node in holders[value])


class _Changing:
    """Nodes that come and go, and all that this touches."""

    def __init__(self, of: _OfType, before: Rarity) -> None:
        self._of, self._before, self._after = of, before, before
        self._run, self._many = of._run, of._many
        self._known: dict[int, Features] = {}

    def apply(self, added: Sequence[tuple[int, int]], removed: Sequence[int]) -> Rarity:
        """Bring the file up to date; returns what is common now."""
        shelf = self._of._nodes.shared.shelf
        for place, node in added:
            self._known[node] = features.unpacked(shelf[place])
        new, gone = [node for _place, node in added], set(removed)
        changed = self._count(new, removed)
        held = set(self._holding(changed)) - gone - set(new)
        keys = block.Keyer(self._before).of
        old_keys = {node: keys(self._features(node)) for node in (*held, *removed)}
        self._many("DELETE FROM node_@ WHERE id = ?", ((n,) for n in removed))
        digests = self._of._nodes.digests
        self._many(
            "INSERT INTO node_@ VALUES (?, ?, ?, ?)",
            ((n, digests[p], features.to_json(self._known[n]), self._of._merge) for p, n in added),
        )
        self._many("UPDATE node_@ SET stamp = ? WHERE id = ?", ((self._of._merge, n) for n in held))
        touched = self._rekey(old_keys, held | set(new)) - gone
        self._rescore(touched, gone)
        return self._after

    def _features(self, node: int) -> Features:
        found = self._known.get(node)
        if found is None:
            (text,) = self._run("SELECT features FROM node_@ WHERE id = ?", (node,)).fetchone()
            found = self._known[node] = features.from_json(text)
        return found

    def _count(self, new: Sequence[int], removed: Sequence[int]) -> list[int]:
        """Count atoms anew; returns the hashes of those whose bucket is another now."""
        delta: Counter[int] = Counter()
        come: list[tuple[int, int]] = []
        go: list[tuple[int, int]] = []
        for nodes, by, rows in ((new, 1, come), (removed, -1, go)):
            for node in nodes:
                for atom in map(hashed, atoms(self._features(node))):
                    delta[atom] += by
                    rows.append((atom - _SIGN, node))
        counts = {h: self._records(h) for h in delta}
        self._many("DELETE FROM atom_@ WHERE hash = ? AND node = ?", go)
        self._many("INSERT INTO atom_@ VALUES (?, ?)", come)
        buckets = dict(self._before.buckets)
        changed = []
        for atom, by in delta.items():
            now = counts[atom] + by
            if bucket_of(now):
                buckets[atom] = bucket_of(now)
                self._run("INSERT OR REPLACE INTO common_@ VALUES (?, ?)", (atom - _SIGN, now))
            elif buckets.pop(atom, 0):
                self._run("DELETE FROM common_@ WHERE hash = ?", (atom - _SIGN,))
            if bucket_of(now) != bucket_of(counts[atom]):
                changed.append(atom)
        self._after = Rarity(buckets)
        return changed

    def _records(self, atom: int) -> int:
        row = self._run("SELECT records FROM common_@ WHERE hash = ?", (atom - _SIGN,)).fetchone()
        if row is not None:
            return int(row[0])
        return int(self._run("SELECT count(*) FROM atom_@ WHERE hash = ?", (atom - _SIGN,)).fetchone()[0])

    def _holding(self, changed: Iterable[int]) -> Iterator[int]:
        for atom in changed:
            for (node,) in self._run("SELECT node FROM atom_@ WHERE hash = ?", (atom - _SIGN,)):
                yield node

    def _rekey(self, old_keys: dict[int, set[int]], nodes: Collection[int]) -> set[int]:
        """Write the keys of these nodes; returns them, and all of blocks that grew too big or fit again."""
        keys_of = block.Keyer(self._after).of
        new_keys = {node: keys_of(self._features(node)) for node in nodes}
        none: set[int] = set()
        go = [(k, n) for n, keys in old_keys.items() for k in keys - new_keys.get(n, none)]
        come = [(k, n) for n, keys in new_keys.items() for k in keys - old_keys.get(n, none)]
        keys = {k for k, _n in go} | {k for k, _n in come}
        before = {k: self._block(k) for k in keys}
        self._many("DELETE FROM key_@ WHERE hash = ? AND node = ?", ((k - _SIGN, n) for k, n in go))
        self._many("INSERT INTO key_@ VALUES (?, ?)", ((k - _SIGN, n) for k, n in come))
        touched = set(nodes)
        for key, was in before.items():
            now = self._block(key)
            if (len(was) > self._of.most) != (len(now) > self._of.most):
                touched.update(was, now)
        return touched

    def _block(self, key: int) -> list[int]:
        """The nodes of a key, or one more than a block may have."""
        sql = f"SELECT node FROM key_@ WHERE hash = ? LIMIT {self._of.most + 1}"
        return [n for (n,) in self._run(sql, (key - _SIGN,))]

    def _rescore(self, touched: Collection[int], gone: Collection[int]) -> None:
        """Every pair that holds a touched node, anew."""
        for node in (*touched, *gone):
            self._run("DELETE FROM near_@ WHERE a = ?", (node,))
            self._run("DELETE FROM near_@ WHERE b = ?", (node,))
        scorer, keys = Scorer(self._of._table, self._after), block.Keyer(self._after).of
        rows = set()
        for node in touched:
            one = scorer.prepared(self._features(node))
            for other in self._beside(node, keys(self._features(node))):
                pair = scorer.prepared(self._features(other))
                score = scorer.score(one, pair)
                if related.is_near(score, self._of._table.candidate):
                    rows.add((min(node, other), max(node, other), 1))
                elif related.reason(one.features, pair.features, score):
                    rows.add((min(node, other), max(node, other), 0))
        self._many("INSERT INTO near_@ VALUES (?, ?, ?)", sorted(rows))

    def _beside(self, node: int, keys: Iterable[int]) -> list[int]:
        found: Counter[int] = Counter()
        for key in keys:
            nodes = self._block(key)
            if len(nodes) <= self._of.most:
                for other in nodes:
                    found[other] += block.weight(key)
        return [other for other, weight in found.items() if weight >= block.ENOUGH and other != node]
