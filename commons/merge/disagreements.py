"""Where members differ, as each of them reads it in its receipt: what I say, what others say, how old it is.

Decides nothing and shows nothing that the pool's `disagreement` does not have; long texts are cut, since a
receipt says where to look and not everything that is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
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
SQL = (
    "SELECT entity, field, address, member, value, shown, confirmed_at FROM disagreement "
    "ORDER BY entity, field, address"
)


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
