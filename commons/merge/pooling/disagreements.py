"""Where members differ, as each of them reads it in its receipt: what I say, what others say, how old it is.

Decides nothing and shows nothing that the pool's `disagreement` does not have; long texts are cut, since a
receipt says where to look and not everything that is there.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from commons.folding import read_alike

KEPT = 50  # differences of one receipt, one by one; all are counted
LONGEST = 200  # characters of a text
NEAR_E6 = 600  # millionths of a degree: some sixty metres
POSITION = "position"  # stands for both coordinates: one without the other says nothing
_NORTH, _EAST = "latitude_e6", "longitude_e6"

Voice = dict[str, Any]
Row = tuple[int, str, str, str, str, int, str | None]  # as `disagreement`, in its order
_READ = "SELECT entity, field, address, member, value, shown, confirmed_at FROM disagreement"
_IN_ORDER = "ORDER BY entity, field, address"


class Watch:
    """Whose differences are not what they were in the last pool, out of which they go and into which they
    come while it is made the next. To be begun before anything changes.

    Args:
        receipts: member → its last receipt; None: everything is new.
    """

    def __init__(self, connection: sqlite3.Connection, receipts: Mapping[str, str] | None) -> None:
        self._connection, self._receipts = connection, receipts
        if receipts is None:
            return
        connection.execute("CREATE TEMP TABLE differing (member TEXT PRIMARY KEY) WITHOUT ROWID")
        for event, row in (("INSERT", "new"), ("DELETE", "old")):
            connection.execute(
                f"CREATE TEMP TRIGGER differing_{row} AFTER {event} ON main.disagreement "
                f"BEGIN INSERT OR IGNORE INTO differing VALUES ({row}.member); END"
            )

    def by_member(self) -> tuple[dict[str, list[Voice]], dict[str, str]]:
        """Member → its differences, where they may be others than in its last receipt; and member → its last
        receipt, as JSON, where they are the same."""
        if self._receipts is None:
            return by_member(self._connection.execute(f"{_READ} {_IN_ORDER}")), {}
        changed = {row[0] for row in self._connection.execute("SELECT member FROM temp.differing")}
        concerned = "SELECT entity FROM disagreement WHERE member IN (SELECT member FROM temp.differing)"
        rows = self._connection.execute(f"{_READ} WHERE entity IN ({concerned}) {_IN_ORDER}")
        found = {m: told for m, told in by_member(rows).items() if m in changed}
        return found, {m: last for m, last in self._receipts.items() if m not in changed}

    @property
    def receipts(self) -> Mapping[str, str]:
        """The last receipts, which stand in the pool."""
        return self._receipts or {}


def by_member(rows: Iterable[Row]) -> dict[str, list[Voice]]:
    """Member → its differences: first those in which another's word is shown instead of its own."""
    losing: dict[str, list[Voice]] = {}
    winning: dict[str, list[Voice]] = {}
    for _entity, group in groupby(rows, key=itemgetter(0)):
        for field, voices in _fields(group):
            for one in voices:
                where = (winning if one["shown"] else losing).setdefault(one["member"], [])
                if len(where) < KEPT:
                    where.append(_of(field, one, voices))
    return {m: [*losing.get(m, ()), *winning.get(m, ())][:KEPT] for m in sorted({*losing, *winning})}


def _fields(rows: Iterable[Row]) -> Iterator[tuple[str, list[Voice]]]:
    """An entity's differences by field; a position as one, and none where a reader would see none."""
    found = {field: [_voice(row) for row in group] for field, group in groupby(rows, key=itemgetter(1))}
    east = {v["address"]: v["value"] for v in found.pop(_EAST, [])}
    for field, voices in found.items():
        if field == _NORTH:
            points = [
                {**v, "value": [v["value"], east[v["address"]]]} for v in voices if v["address"] in east
            ]
            if len(points) > 1 and not _near([p["value"] for p in points]):
                yield POSITION, points
        elif not read_alike([v["value"] for v in voices]):
            yield field, voices


def _near(points: list[list[int]]) -> bool:
    """Whether all are within some steps of each other."""
    return all(max(axis) - min(axis) <= NEAR_E6 for axis in zip(*points, strict=True))


def _voice(row: Row) -> Voice:
    _entity, _field, address, member, value, shown, confirmed_at = row
    return {
        "address": address,
        "member": member,
        "value": _short(json.loads(value)),
        "shown": bool(shown),
        "confirmed_at": confirmed_at,
    }


def _of(field: str, one: Voice, voices: list[Voice]) -> Voice:
    own = {name: one[name] for name in ("address", "value", "shown", "confirmed_at")}
    others = [
        {name: v[name] for name in ("address", "member", "value", "shown", "confirmed_at")}
        for v in voices
        if v["address"] != one["address"]
    ]
    return {"field": field, **own, "others": others}


def _short(value: Any) -> Any:
    """A text of at most `LONGEST` characters; lists and numbers as they are."""
    if isinstance(value, str) and len(value) > LONGEST:
        return value[: LONGEST - 1] + "…"
    return value
