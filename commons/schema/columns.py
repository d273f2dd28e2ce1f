"""A record's values as SQLite columns, and back. Checks nothing but that JSON reads in one way only.

A boolean is 0 or 1, a list or object is JSON text (sorted keys, no spaces), no value is NULL. Written for a
million rows: what to do with each column is settled once per record type.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, NoReturn

from commons.errors import InputError
from commons.messages import N_
from commons.model import Value
from commons.schema.spec import RecordType

Column = str | int | None
_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False
).encode


@dataclass(eq=False)
class ColumnUnreadable(InputError):
    """A column that holds a list does not hold JSON that can be read in one way only."""

    field: str
    template: ClassVar[str] = N_("The column {field} does not hold a list that can be read.")
    hint_template: ClassVar[str] = N_("Somebody changed the file with another program; use the last backup.")


def names(rtype: RecordType, *, published: bool = False) -> tuple[str, ...]:
    """The columns beside `id`, in the order of the DDL."""
    return tuple(rtype.released if published else rtype.fields)


def to_columns(rtype: RecordType, fields: Mapping[str, Any], *, published: bool = False) -> list[Column]:
    """The values in the order of `names`; fields that the type does not have are left out."""
    places, width = _writers(rtype, published)
    row: list[Column] = [None] * width
    for name, value in fields.items():
        place = places.get(name)
        if place is not None and value is not None and value != "":
            at, encode = place
            row[at] = encode(value) if encode else value
    return row


def from_columns(rtype: RecordType, row: Sequence[Column], *, published: bool = False) -> dict[str, Value]:
    """The fields of one row, whose columns are in the order of `names`; no value is not there.

    Raises:
        ColumnUnreadable: a list or object is not JSON, has a key twice or a number that is not whole.
    """
    fields: dict[str, Value] = {}
    for (name, decode), value in zip(_readers(rtype, published), row, strict=True):
        if value is None or value == "":
            continue
        if decode is None:
            fields[name] = value
            continue
        try:
            read = decode(value)
        except (ValueError, TypeError, RecursionError) as error:
            raise ColumnUnreadable(name) from error
        if read is not None and read != [] and read != {}:
            fields[name] = read
    return fields


def _json_or_nothing(value: Any) -> str | None:
    return _encode(value) if value else None


def _boolean(value: Any) -> Value:
    # 0 and 1 only; what else stands there is left for validation to name
    return bool(value) if value in (0, 1) else value


def _no_float(text: str) -> NoReturn:
    raise ValueError(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


_decode = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_no_float, parse_constant=_no_float).decode


@cache
def _writers(
    rtype: RecordType, published: bool
) -> tuple[dict[str, tuple[int, Callable[[Any], Column] | None]], int]:
    """Field → its place in the row and what turns its value into a column; and the width of the row."""
    fields = (rtype.released if published else rtype.fields).values()
    makers: dict[str, Callable[[Any], Column]] = {
        "boolean": int,
        "array": _json_or_nothing,
        "object": _json_or_nothing,
    }
    return {f.name: (at, makers.get(f.type)) for at, f in enumerate(fields)}, len(fields)


@cache
def _readers(rtype: RecordType, published: bool) -> list[tuple[str, Callable[[Any], Value] | None]]:
    fields = (rtype.released if published else rtype.fields).values()
    makers: dict[str, Callable[[Any], Value]] = {
        "boolean": _boolean,
        "array": _decode,
        "object": _decode,
    }
    return [(f.name, makers.get(f.type)) for f in fields]
