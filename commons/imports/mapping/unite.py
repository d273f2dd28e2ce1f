"""Two rows that speak of one record: what they say together, and where they disagree. Pure.

A row is not wrong for saying less: what the first leaves open the second fills, and lists that may be united
(languages, topics, telephones) are. Of two single values the first stands, and the other is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from commons.model import Value
from commons.schema.spec import RecordType


def unite(said: dict[str, Value], other: Mapping[str, Value], rtype: RecordType) -> list[tuple[str, Value]]:
    """Take what `other` says into `said`. Returns the fields on which they disagree, with `other`'s value."""
    rivals: list[tuple[str, Value]] = []
    for name, value in other.items():
        there = said.get(name)
        spec = rtype.fields.get(name)
        if name not in said:
            said[name] = value
        elif (
            spec is not None and spec.fuse == "union" and isinstance(there, list) and isinstance(value, list)
        ):
            more = [entry for entry in value if not among(entry, there)]
            said[name] = [*there, *more][: spec.max_items or None]
        elif there != value and name != "extra":
            rivals.append((name, value))
    return rivals


def among(entry: Value, entries: list[Any]) -> bool:
    """Whether the list says it already; of telephones the number and extension, whatever it is called."""
    if isinstance(entry, dict) and "number" in entry:
        mark = (entry["number"], entry.get("extension"))
        return any(isinstance(e, dict) and (e.get("number"), e.get("extension")) == mark for e in entries)
    return entry in entries
