"""Features of a merge's claims on the disk, and scored linking over them. Decides nothing: `link` does.

What a million records can be recognised by does not fit into a merge's memory. It is written once, read by
children where there is work for them, and gone with the merge.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from io import FileIO
from itertools import chain, compress, count
from operator import ne
from pathlib import Path
from typing import Any

from commons.link import engine, features
from commons.link.components import Claims, Component, components
from commons.link.engine import Judged, Shared, Spread
from commons.link.judgements import NO_VERDICTS, Concerning, Verdicts
from commons.link.model import Related
from commons.link.scored import Found
from commons.link.tables import Table, load_tables
from commons.merge.linking.in_order import DIGEST_BYTES, Digests, InOrder
from commons.merge.linking.link_state import LinkState, Nodes
from commons.merge.workers import children_for, done

TABLE = "link_features"
COLUMNS = "type TEXT, digest BLOB, number INTEGER PRIMARY KEY, first INTEGER, size INTEGER"
_ASKED = 500  # claims at a time


def row_of(number: int, type: str, fields: Mapping[str, Any]) -> tuple[str, bytes, int, bytes] | None:
    """What a claim can be recognised by: (type, digest, number, packed); None where nothing is compared."""
    found = features.of(type, fields)
    if found is None or not found.comparable:
        return None
    data = features.packed(found)
    return type, blake2b(data, digest_size=DIGEST_BYTES).digest(), number, data


class FileShelf:
    """Packed features by node, out of a file that other processes may read, too.

    Read, not mapped: every page of a map would stay in the memory of each process that looked at it.
    """

    def __init__(self, path: Path, first: array[int], sizes: array[int]) -> None:
        self._path, self._first, self._sizes = path, first, sizes
        self._file: FileIO | None = None

    def __len__(self) -> int:
        return len(self._first)

    def __getitem__(self, node: int) -> bytes:
        if self._file is None:
            self._file = FileIO(self._path)
        if sys.platform != "win32":  # children of a fork have one place in the file together
            return os.pread(self._file.fileno(), self._sizes[node], self._first[node])
        self._file.seek(self._first[node])
        return self._file.read(self._sizes[node])

    def __getstate__(self) -> tuple[Path, array[int], array[int]]:
        return self._path, self._first, self._sizes

    def __setstate__(self, state: tuple[Path, array[int], array[int]]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


@dataclass
class _Nodes:
    """The nodes of one type: where their features lie, and the numbers of their claims."""

    first: array[int] = field(default_factory=lambda: array("Q"))
    sizes: array[int] = field(default_factory=lambda: array("I"))
    claims: array[int] = field(default_factory=lambda: array("q"))
    starts: array[int] = field(default_factory=lambda: array("Q"))  # node → place of its first claim
    digests: Digests = field(default_factory=Digests)

    def of(self, node: int) -> Sequence[int]:
        end = self.starts[node + 1] if node + 1 < len(self.starts) else len(self.claims)
        return self.claims[self.starts[node] : end]

    def several(self) -> Iterator[int]:
        ends = chain(self.starts[1:], (len(self.claims),))
        return (n for n, (start, end) in enumerate(zip(self.starts, ends, strict=True)) if end - start > 1)

    def place_of(self, digest: bytes, number: int) -> tuple[int, int] | None:
        """Where a claim stands among all, and its node; None where it was left out."""
        node = bisect_left(self.digests, digest)
        claims = self.of(node) if node < len(self.digests) and self.digests[node] == digest else ()
        at = bisect_left(claims, number)
        return (self.starts[node] + at, node) if at < len(claims) and claims[at] == number else None


class Aside:
    """Takes features claim by claim; then links by them. `close` removes what need not stay on the disk.

    Args:
        kept: the file that stays with the merge's notes; None: a temporary one.
        empty: nothing was noted before, and the file is begun anew.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        state: Path | None = None,
        kept: Path | None = None,
        *,
        empty: bool = True,
    ) -> None:
        self._connection, self._state, self._kept = connection, state, kept
        if kept is None:
            # Not deleted by closing: children open it by its name, which some systems allow only then.
            handle, name = tempfile.mkstemp(prefix="commons-link-")
            self._file, self.path = os.fdopen(handle, "r+b"), Path(name)
        else:
            self._file, self.path = kept.open("w+b" if empty else "r+b"), kept
        self._size = self._file.seek(0, os.SEEK_END)
        self._in_order = InOrder(connection, TABLE, stays=kept is not None, empty=empty)
        if empty:
            connection.execute(f"CREATE TABLE noted.{TABLE} ({COLUMNS})")

    def close(self) -> None:
        self._file.close()
        if self._kept is None:
            self.path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Everything of the claims in `temp.leaving`: what they were recognised by is overwritten."""
        where = f"FROM noted.{TABLE} WHERE number IN (SELECT number FROM temp.leaving)"
        rows = self._connection.execute(f"SELECT number, first, size {where}").fetchall()
        for _number, first, size in rows:
            self._file.seek(first)
            self._file.write(bytes(size))
        self._connection.execute(f"DELETE {where}")
        self._in_order.go([row[0] for row in rows])
        self._move_up()
        self._file.seek(0, os.SEEK_END)

    def _move_up(self) -> None:
        """Leave no gaps where half of the file is gaps: whoever changes every night would fill the disk."""
        (kept,) = self._connection.execute(f"SELECT coalesce(sum(size), 0) FROM noted.{TABLE}").fetchone()
        if 2 * kept >= self._size:
            return
        rows = self._connection.execute(f"SELECT number, first, size FROM noted.{TABLE} ORDER BY first")
        moved, self._size = [], 0
        for number, first, size in rows:
            self._file.seek(first)
            data = self._file.read(size)
            self._file.seek(self._size)
            self._file.write(data)
            moved.append((self._size, number))
            self._size += size
        self._connection.executemany(f"UPDATE noted.{TABLE} SET first = ? WHERE number = ?", moved)
        self._in_order.forget()
        self._file.truncate(self._size)

    def take(self, rows: Iterable[Sequence[Any]]) -> None:
        """Rows of `row_of`."""
        placed = []
        for type_name, digest, number, data in rows:
            self._file.write(data)
            placed.append((type_name, digest, number, self._size, len(data)))
            self._size += len(data)
        self._connection.executemany(f"INSERT INTO noted.{TABLE} VALUES (?, ?, ?, ?, ?)", placed)
        self._in_order.come(placed)

    def linked(
        self,
        thresholds: Mapping[str, tuple[int, int]],
        verdicts: Verdicts,
        clusters: Iterable[tuple[str, ...]],
        following: Collection[str],
    ) -> tuple[Found, list[Related]]:
        """What came of all types, and proposed relations.

        Args:
            clusters: what exact linking joined.
            following: claims that nothing is linked through.
        """
        self._file.flush()
        without = {n for a in following if (n := self._number(a)) is not None}
        cluster = {address: c for c in clusters for address in c}
        joined = self._joined(cluster)
        found: list[Found] = []
        related: list[Related] = []
        with LinkState(self._state) if self._state is not None else nullcontext() as state:
            for name, table in sorted(load_tables().types.items()):
                nodes = self._nodes(name, without)
                if len(nodes.first):
                    own = table_of(table, thresholds.get(name))
                    in_one = _in_one(nodes, joined.get(name, ()))
                    told, kin = _Type(self, name, own, nodes, state).linked(verdicts, cluster, in_one)
                    found.append(told)
                    related += kin
                elif state is not None:
                    state.without(name)
        return Found.of(found), related

    def _nodes(self, type_name: str, without: Set[int]) -> _Nodes:
        found, last = _Nodes(), b""
        for columns in self._in_order.of(type_name):
            digests, numbers, firsts, sizes = columns
            if not without.isdisjoint(numbers):
                shown = [number not in without for number in numbers]
                digests, numbers = list(compress(digests, shown)), list(compress(numbers, shown))
                firsts, sizes = list(compress(firsts, shown)), list(compress(sizes, shown))
            if digests:
                begins = list(map(ne, digests, chain((last,), digests)))
                found.starts.extend(compress(count(len(found.claims)), begins))
                found.claims.extend(numbers)
                found.first.extend(compress(firsts, begins))
                found.sizes.extend(compress(sizes, begins))
                found.digests.extend(compress(digests, begins))
                last = digests[-1]
        return found

    def _joined(self, cluster: Mapping[str, tuple[str, ...]]) -> dict[str, list[_Joined]]:
        """The claims that exact linking has in a cluster, by type: digest, number, cluster."""
        found: dict[str, list[_Joined]] = {}
        sql = f"SELECT f.type, f.digest, f.number FROM alias a JOIN {TABLE} f ON f.number = a.entity "
        for address, claims in cluster.items():  # while every claim is an entity of its own
            row = self._connection.execute(f"{sql} WHERE a.address = ?", (address,)).fetchone()
            if row is not None:
                found.setdefault(row[0], []).append((row[1], row[2], claims))
        return found

    def addresses(self, several: Sequence[Sequence[int]]) -> list[list[str]]:
        """The addresses of claims by number, each time in order."""
        wanted = [number for numbers in several for number in numbers]
        found: dict[int, str] = {}
        for at in range(0, len(wanted), _ASKED):
            part = wanted[at : at + _ASKED]
            sql = f"SELECT number, address FROM claim WHERE number IN ({','.join('?' * len(part))})"
            found.update(self._connection.execute(sql, part))
        return [sorted([found[number] for number in numbers]) for numbers in several]

    def _number(self, address: str) -> int | None:
        """While every claim is an entity of its own, its number is its alias's."""
        row = self._connection.execute("SELECT entity FROM alias WHERE address = ?", (address,)).fetchone()
        return None if row is None else row[0]


_Joined = tuple[bytes, int, tuple[str, ...]]


def _in_one(nodes: _Nodes, joined: Iterable[_Joined]) -> list[tuple[int, ...]]:
    """The nodes that exact linking has in one cluster."""
    placed = ((nodes.place_of(digest, number), cluster) for digest, number, cluster in joined)
    found: dict[tuple[str, ...], list[int]] = {}
    for (_place, node), cluster in sorted((p, c) for p, c in placed if p is not None):
        found.setdefault(cluster, []).append(node)
    return [tuple(dict.fromkeys(c)) for c in found.values()]


class _Type:
    """Scored linking of one record type, with what is remembered of it."""

    def __init__(self, aside: Aside, name: str, table: Table, nodes: _Nodes, state: LinkState | None) -> None:
        self._aside, self._name, self._table, self._nodes, self._state = aside, name, table, nodes, state
        self._stamps: Sequence[int] = ()
        self._concerning = Concerning(NO_VERDICTS)
        self._new: list[tuple[bytes, str]] = []
        self._seen = 0

    def linked(
        self, verdicts: Verdicts, cluster: Mapping[str, tuple[str, ...]], in_one: Iterable[tuple[int, ...]]
    ) -> tuple[Found, list[Related]]:
        with closing(FileShelf(self._aside.path, self._nodes.first, self._nodes.sizes)) as shelf:
            return self._linked(shelf, verdicts, cluster, list(in_one))

    def _linked(
        self,
        shelf: FileShelf,
        verdicts: Verdicts,
        cluster: Mapping[str, tuple[str, ...]],
        in_one: list[tuple[int, ...]],
    ) -> tuple[Found, list[Related]]:
        nodes, aside = self._nodes, self._aside
        spread: Spread = partial(spread_over, children_for(len(shelf)))
        if self._state is None:
            rarity = engine.rarity_of(shelf, self._table, spread)
            pairs = engine.compared(Shared(self._table, shelf, rarity), spread)
        else:
            today = Nodes(nodes.digests, Shared(self._table, shelf))
            found = self._state.compared(self._name, today, spread)
            rarity, pairs, self._stamps = found.rarity, found.pairs, found.stamps
        shared = Shared(self._table, shelf, rarity)
        standing = Claims(
            len(shelf),
            lambda several: aside.addresses([nodes.of(node) for node in several]),
            list(nodes.several()),
            in_one,
        )
        self._concerning = Concerning(verdicts)
        memory = self if self._state is not None and self._stamps else None
        hanging = components(pairs.near, pairs.scores, standing, cluster)
        told = engine.grouped(hanging, Judged(shared, verdicts), spread, memory)
        if self._state is not None:
            self._state.keep(self._name, self._new, self._seen)
        return told, list(engine.relatives(shared, pairs, standing))

    def recall(self, component: Component) -> str | None:
        """What came of the same component: the same nodes as rare as then, claims, pairs, words of people."""
        self._seen += 1
        return self._state.outcome(self._name, self._named(component)) if self._state is not None else None

    def keep(self, component: Component, found: str) -> None:
        self._new.append((self._named(component), found))

    def _named(self, component: Component) -> bytes:
        at = {node: n for n, node in enumerate(component.nodes)}
        said = {a for claims in component.claims for a in claims}
        verdicts = self._concerning(said)
        depends = (
            [(self._nodes.digests[n].hex(), self._stamps[n]) for n in component.nodes],
            component.claims,
            [(at[a], at[b]) for a, b in component.near],
            component.clusters,
            sorted(verdicts.apart),
            sorted(verdicts.detached),
            (self._table.link, self._table.candidate),
        )
        return blake2b(json.dumps(depends).encode(), digest_size=DIGEST_BYTES).digest()


def spread_over(children: int, tasks: Iterable[Any], worker: engine.Worker, shared: Any) -> Iterator[bytes]:
    """`engine.Spread` with children beside this process."""
    return done(tasks, worker, shared, children=children)


def table_of(table: Table, own: tuple[int, int] | None) -> Table:
    """A type's table with a federation's own thresholds; 0: the schema's."""
    if own is None:
        return table
    link = own[0] or table.link
    return replace(table, link=link, candidate=min(own[1] or table.candidate, link))
