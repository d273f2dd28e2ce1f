"""Claims in order of what they can be recognised by, noted so that the next merge need not sort all of them.

Column by column, since a federation has more claims than anything else. Knows rows of `shelf.TABLE` and what
of them goes and comes; decides nothing.
"""

from __future__ import annotations

import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, overload

AT_ONCE = 10_000  # claims that are read at one go
DIGEST_BYTES = 16
Row = tuple[bytes, int, int, int]  # digest, number, where its features begin, their size
Packed: TypeAlias = "bytes | bytearray | array[int]"


class Digests(Sequence[bytes]):
    """Many digests in one piece; a list of them takes five times as much."""

    __slots__ = ("_data",)

    def __init__(self, digests: Iterable[bytes] = ()) -> None:
        self._data = bytearray(b"".join(digests))

    def extend(self, digests: Iterable[bytes]) -> None:
        """Put more behind them."""
        self._data += b"".join(digests)

    def __len__(self) -> int:
        return len(self._data) // DIGEST_BYTES

    @overload
    def __getitem__(self, at: int) -> bytes: ...

    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...

    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        places = range(len(self))[at]
        if isinstance(places, int):
            return bytes(self._data[places * DIGEST_BYTES : (places + 1) * DIGEST_BYTES])
        return [bytes(self._data[n * DIGEST_BYTES : (n + 1) * DIGEST_BYTES]) for n in places]

    def __iter__(self) -> Iterator[bytes]:
        return (bytes(self._data[at : at + DIGEST_BYTES]) for at in range(0, len(self._data), DIGEST_BYTES))


class Columns(NamedTuple):
    """Some claims: their digests, their numbers, where their features begin, and the sizes of these."""

    digests: Sequence[bytes]
    numbers: Sequence[int]
    firsts: Sequence[int]
    sizes: Sequence[int]


@dataclass(slots=True)
class _Whole:
    """The columns of a type, packed."""

    digests: bytes | bytearray
    numbers: array[int]
    firsts: array[int]
    sizes: array[int]

    @classmethod
    def of(cls, digests: bytes = b"", *others: bytes) -> _Whole:
        packed = (array("q"), array("Q"), array("I"))
        for column, data in zip(packed, others, strict=False):
            column.frombytes(data)
        return cls(digests or bytearray(), *packed)

    def add(self, digests: Sequence[bytes], *others: Sequence[int]) -> None:
        self.digests += b"".join(digests)
        for column, values in zip((self.numbers, self.firsts, self.sizes), others, strict=True):
            column.extend(values)

    def cut(self, first: int, end: int) -> Columns:
        some = self.digests[first * DIGEST_BYTES : end * DIGEST_BYTES]
        digests = [bytes(some[at : at + DIGEST_BYTES]) for at in range(0, len(some), DIGEST_BYTES)]
        return Columns(digests, self.numbers[first:end], self.firsts[first:end], self.sizes[first:end])

    def row(self, at: int) -> tuple[bytes, int]:
        return bytes(self.digests[at * DIGEST_BYTES : (at + 1) * DIGEST_BYTES]), self.numbers[at]

    def changed(self, gone: Set[int], come: Iterable[Row]) -> _Whole:
        """Without the claims that go and with those that come."""
        left = self
        if gone:
            places = [at for at, number in enumerate(self.numbers) if number in gone]
            left = self._spliced(places, [p + 1 for p in places], _Whole.of())
        new, at = sorted(come), range(len(left.numbers))
        if not new:
            return left
        places = [bisect_left(at, row[:2], key=left.row) for row in new]
        coming = _Whole.of()
        coming.add(*zip(*new, strict=True))
        return left._spliced(places, places, coming)

    def _spliced(self, ends: Sequence[int], begins: Sequence[int], coming: _Whole) -> _Whole:
        """Up to the first of `ends`, a row that comes, then from the first of `begins` to the next end …"""
        runs = list(zip([0, *begins], [*ends, len(self.numbers)], strict=True))

        def joined(column: Packed, new: Packed, width: int) -> bytes:
            old, more, parts = memoryview(bytes(column)), bytes(new), list[bytes | memoryview]()
            for n, (first, end) in enumerate(runs):
                parts += [old[first * width : end * width], more[n * width : (n + 1) * width]]
            return b"".join(parts)

        pairs = (
            (self.numbers, coming.numbers), (self.firsts, coming.firsts), (self.sizes, coming.sizes),
        )  # fmt: skip
        digests = joined(self.digests, coming.digests, DIGEST_BYTES)
        return _Whole.of(digests, *(joined(old, new, old.itemsize) for old, new in pairs))


class InOrder:
    """What of the rows stands in order among a merge's notes, and what has changed since.

    Args:
        table: of the rows.
        stays: what is in order is noted for the next merge.
        empty: nothing was noted before.
    """

    def __init__(self, connection: sqlite3.Connection, table: str, *, stays: bool, empty: bool) -> None:
        self._connection, self._table, self._stays, self._empty = connection, table, stays, empty
        self._gone = set[int]()
        self._come: dict[str, list[Row]] = {}
        if empty:
            columns = "type TEXT PRIMARY KEY, digests BLOB, numbers BLOB, firsts BLOB, sizes BLOB"
            connection.execute(f"CREATE TABLE noted.in_order ({columns})")

    def go(self, numbers: Collection[int]) -> None:
        """These claims are among the rows no more."""
        self._gone.update(numbers)

    def come(self, rows: Iterable[tuple[str, bytes, int, int, int]]) -> None:
        """These (type, then as `Row`) are new among the rows."""
        if not self._empty:
            for type_name, digest, number, first, size in rows:
                self._come.setdefault(type_name, []).append((digest, number, first, size))

    def forget(self) -> None:
        """The rows are others now; they have to be read."""
        self._connection.execute("DELETE FROM noted.in_order")

    def of(self, type_name: str) -> Iterator[Columns]:
        """The claims of one type, some at a time; to be taken to the end, and once."""
        noted = self._noted(type_name)
        if noted is None:
            whole = _Whole.of()
            sql = f"SELECT digest, number, first, size FROM {self._table} WHERE type = ?"
            cursor = self._connection.execute(f"{sql} ORDER BY digest, number", (type_name,))
            while rows := cursor.fetchmany(AT_ONCE):
                columns = Columns(*zip(*rows, strict=True))
                if self._stays:
                    whole.add(*columns)
                yield columns
        else:
            come = self._come.get(type_name, ())
            whole = noted.changed(self._gone, come) if self._gone or come else noted
            for at in range(0, len(whole.numbers), AT_ONCE):
                yield whole.cut(at, at + AT_ONCE)
        if self._stays and whole is not noted:
            row = (type_name, whole.digests, whole.numbers, whole.firsts, whole.sizes)
            self._connection.execute("INSERT OR REPLACE INTO noted.in_order VALUES (?, ?, ?, ?, ?)", row)

    def _noted(self, type_name: str) -> _Whole | None:
        if self._empty:
            return None
        sql = "SELECT digests, numbers, firsts, sizes FROM noted.in_order WHERE type = ?"
        row = self._connection.execute(sql, (type_name,)).fetchone()
        return None if row is None else _Whole.of(*row)
