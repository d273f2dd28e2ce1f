"""What filters and counts need of a pool, held in memory. Ranks nothing and knows no words of a query.

A pool does not change, so its types, districts, topics and members are read once; counting the hits of a
common word over them then costs milliseconds where SQL would look up every row.

Shapes: a mask is a bytearray of zeros and ones, indexed by entity. Entities have the numbers of claims, so
there are gaps.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

FACETS = ("type", "topic", "district", "member")
# entity ids per value, in ascending order
_VALUES = {
    "type": "SELECT type, id FROM entity ORDER BY id",
    "district": "SELECT district, id FROM entity WHERE district IS NOT NULL ORDER BY id",
    "topic": "SELECT topic, entity FROM entity_topic ORDER BY topic, entity",
    "member": "SELECT DISTINCT member, entity FROM claim WHERE entity IS NOT NULL ORDER BY entity",
}
LATEST = 50  # how many of the newest entities are kept for the first page
DENSE = 32  # a value that at least one in so many entities has is also kept as a mask: counting it is one AND


@dataclass(frozen=True)
class PoolIndex:
    """Entity ids by facet value, and the orders in which a list without a query is shown."""

    size: int
    values: Mapping[str, Mapping[str, array[int]]]
    by_freshness: array[int]  # all entities, the most lately confirmed first
    newest: tuple[int, ...]  # the most lately changed, at most LATEST
    expiry: tuple[tuple[str, int], ...]  # (expires_at, entity), ascending
    dense: Mapping[str, Mapping[str, int]]  # by facet and value: masks, each as one number
    title_words: dict[str, None] = field(default_factory=dict, repr=False)  # filled by `pool.find`
    _expired: dict[str, bytes] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, connection: sqlite3.Connection) -> PoolIndex:
        """Reads four columns of the whole pool once; about 2 s a million entities."""
        size = int(connection.execute("SELECT coalesce(max(id), 0) FROM entity").fetchone()[0])
        values: dict[str, dict[str, array[int]]] = {}
        for facet, sql in _VALUES.items():
            found: dict[str, array[int]] = {}
            for value, entity in connection.execute(sql):
                if value not in found:
                    found[value] = array("I")
                found[value].append(entity)
            values[facet] = found
        dense = {
            facet: {v: _number(_marked(size, ids)) for v, ids in found.items() if len(ids) * DENSE >= size}
            for facet, found in values.items()
        }
        order = "SELECT id FROM entity ORDER BY confirmed_at DESC NULLS LAST, modified_at DESC NULLS LAST, id"
        newest = f"SELECT id FROM entity ORDER BY modified_at DESC NULLS LAST, id LIMIT {LATEST}"
        expiry = "SELECT expires_at, id FROM entity WHERE expires_at IS NOT NULL ORDER BY expires_at, id"
        return cls(
            size=size,
            values=values,
            dense=dense,
            by_freshness=array("I", (row[0] for row in connection.execute(order))),
            newest=tuple(row[0] for row in connection.execute(newest)),
            expiry=tuple((row[0], row[1]) for row in connection.execute(expiry)),
        )

    def all(self) -> bytearray:
        """The mask of every entity."""
        return self.mask(self.by_freshness)

    def mask(self, entities: Iterable[int]) -> bytearray:
        """The mask of these entities."""
        return _marked(self.size, entities)

    def having(self, facet: str, wanted: Iterable[str]) -> bytearray:
        """The mask of the entities that have one of the wanted values."""
        known = self.values[facet]
        return self.mask(entity for value in wanted for entity in known.get(value, ()))

    def current(self, at: str) -> bytes:
        """The mask of what has not expired by the instant `at`; the last one is kept."""
        known = self._expired.get(at)
        if known is None:
            gone = self.mask(entity for expires, entity in self.expiry if expires <= at)
            known = both(self.all(), bytes(1 - bit for bit in gone))
            self._expired.clear()
            self._expired[at] = known
        return known

    def counts(self, facet: str, mask: bytes | bytearray) -> dict[str, int]:
        """How many entities of the mask have each value, values without any left out."""
        number, dense = _number(mask), self.dense[facet]
        counted = {
            value: (number & dense[value]).bit_count() if value in dense else sum(map(mask.__getitem__, ids))
            for value, ids in self.values[facet].items()
        }
        return {value: n for value, n in counted.items() if n}


def both(a: bytes | bytearray, b: bytes | bytearray) -> bytes:
    """The mask of what is in both."""
    return (_number(a) & _number(b)).to_bytes(len(a), "little")


def _number(mask: bytes | bytearray) -> int:
    return int.from_bytes(mask, "little")


def _marked(size: int, entities: Iterable[int]) -> bytearray:
    mask = bytearray(size + 1)
    for entity in entities:
        mask[entity] = 1
    return mask
