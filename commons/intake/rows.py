"""One row of a member's table → its canonical record, and whether it can be taken up. Pure.

Written for a million rows: a row is turned into canonical JSON as it is read, characters are looked at once a
record, and only what is unusual takes the slow way. Both ways give the same answer (a property test).
What the published DDL already forbids and `integrity_check` has compared is compared again where a forged
page could lie about it: kinds of values, keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring as quote
from typing import Any

from commons.addresses import RECORD_ID
from commons.findings import KINDS, Finding
from commons.format import canonical, characters, strict_json
from commons.format.errors import CharacterRefused, FormatError, NotNormalized
from commons.format.limits import LIMITS
from commons.intake.tables import BOOLEAN, JSON, TEXT, Table
from commons.model import Value
from commons.schema import validate
from commons.schema.spec import Field, RecordType

# Lists as nearly all are: texts without escapes, or flat objects of them, written canonically but for the
# order of keys. What has another form is written again and compared, which takes three times as long.
_PLAIN = r'"[^"\\]+"'
_FLAT = rf'\{{"[a-z0-9_]+":(?:{_PLAIN}|true|false|0|-?[1-9][0-9]{{0,15}})' + (
    rf'(?:,"[a-z0-9_]+":(?:{_PLAIN}|true|false|0|-?[1-9][0-9]{{0,15}}))*\}}'
)
_SIMPLE = re.compile(rf"\[(?:{_PLAIN}(?:,{_PLAIN})*|{_FLAT}(?:,{_FLAT})*)\]")
_EMPTY = ('""', "null", "[]", "{}")  # what a canonical list does not hold, or holds within a text
_record_id = RECORD_ID.match


class Forged(Exception):
    """A row holds what its own table's definition forbids: the file was not made by SQLite alone."""


RowRead = tuple[str, bytes, Finding | None]  # id, canonical bytes, why it is not taken up
_NEVER = bytes(
    [*range(9), *range(11, 32), *range(127, 160)]
)  # control characters of Latin-1, \t and \n apart
_UNIQUE = {"uri", "email", "salt", "text", "markdown"}  # not worth remembering
_MEMORY = 4_096  # values of one column, each known to be good
_LONG = 160


# Name, how its canonical text begins, kind, the values known to be good, the schema's check.
_Column = tuple[str, str, str, dict[str, Any] | None, validate.Check | None]


def _columns(table: Table, rtype: RecordType | None) -> list[_Column]:
    checks = validate.plan(rtype, True)[0] if rtype else {}
    released = rtype.released if rtype else {}
    found: list[_Column] = []
    for n, column in enumerate(table.columns):
        field = released.get(column.name)
        good: dict[str, Any] | None = {} if column.kind == JSON or _repeats(field) else None
        prefix = f',"{column.name}":' if n else f'"{column.name}":'
        found.append((column.name, prefix, column.kind, good, checks.get(column.name)))
    return found


def _repeats(field: Field | None) -> bool:
    """Whether many records of one catalogue are likely to say the same."""
    if field is None or field.type not in ("string", "date", "datetime") or field.format in _UNIQUE:
        return False
    return bool(field.vocabulary or field.format) or field.type != "string" or field.max_length <= _LONG


@lru_cache(maxsize=256)
def reader(table: Table, rtype: RecordType | None) -> Callable[[tuple[Any, ...]], RowRead]:
    """A function that reads rows of `table.select`; made once, so that a child finds it ready.

    Args:
        rtype: the record type as this program knows it; None for a type that only an older draft has.
    Returns:
        a function that raises Forged.
    """
    start = f'["{table.name}","'
    columns = _columns(table, rtype)
    required = validate.plan(rtype, True)[1] if rtype else ()
    judge = _Judge(table.name, required, together=rtype is not None)

    def read(row: tuple[Any, ...]) -> RowRead:
        values = iter(row)
        id = next(values)
        if id.__class__ is not str or _record_id(id) is None:
            raise Forged(table.name)
        parts: list[str] = []
        fields: dict[str, Value] = {}
        texts: list[str] = []
        problem: Finding | None = None
        said: Any
        for value, column in zip(values, columns, strict=True):
            if value is None:  # two thirds of all columns
                continue
            name, prefix, kind, good, check = column
            if kind is TEXT:
                if value.__class__ is not str or not value:
                    raise Forged(name)
                parts.append(prefix + quote(value))
                texts.append(value)
                fields[name] = said = value
                if good is not None and value in good:
                    continue
            elif kind is JSON:
                if value.__class__ is not str:
                    raise Forged(name)
                said = good.get(value) if good is not None else None
                known = said is not None
                if not known:
                    said = _list(value, check is None)
                if said is None:
                    parts.append(prefix + quote(value))  # the leaf of a record that nobody can read
                    problem = problem or judge.finding("R_JSON", id, name)
                    continue
                parts.append(prefix + value)
                texts.extend(_texts(said)) if "\\" in value else texts.append(value)
                fields[name] = said
                if known:
                    continue
            else:
                said, text = _number(name, value, kind)
                parts.append(prefix + text)
                fields[name] = said
            if check is not None:
                found = check(said)
                if found is not None and KINDS[found[0]].level == "error":
                    problem = problem or judge.finding(found[0], id, name, found[1])
                elif good is not None and len(value) < _LONG and len(good) < _MEMORY:
                    good[value] = said
        if parts:
            parts[0] = parts[0].removeprefix(",")
        data = f'{start}{id}",{{{"".join(parts)}}}]'.encode()
        return id, data, judge.record(id, data, texts, fields) or problem

    return read


@dataclass(frozen=True, slots=True)
class _Judge:
    """Why a record of one type is not taken up."""

    type: str
    required: tuple[str, ...]
    together: bool

    def finding(self, code: str, id: str, field: str | None = None, value: str = "") -> Finding:
        return Finding(code, type=self.type, record=id, field=field, value=value or None)

    def record(self, id: str, data: bytes, texts: list[str], fields: Mapping[str, Value]) -> Finding | None:
        """What no field can tell alone, characters first: what they spoil is not shown in any sentence."""
        if len(data) > LIMITS.record_bytes:
            return self.finding("R_TOOBIG", id)
        if not _plainly_good("\n".join(texts)):
            for name, value in fields.items():
                for part in _texts(value):
                    if characters.refuse(part) is not None:
                        return self.finding("R_CHAR", id, name)
                    if not characters.is_composed(part):
                        return self.finding("R_NFC", id, name)
        for name in self.required:
            if name not in fields:
                return self.finding("required", id, name)
        if self.together:
            for code, name in validate.together(fields):
                if KINDS[code].level == "error":
                    return self.finding(code, id, name)
        return None


def _plainly_good(text: str) -> bool:
    """Whether all characters are allowed and composed; a False is looked at again, value by value.

    Spanish fits into Latin-1, which C checks in passing; what does not fit is searched for.
    """
    try:
        latin = text.encode("latin-1")
    except UnicodeEncodeError:
        return characters.refuse(text) is None and characters.is_composed(text)
    return len(latin.translate(None, _NEVER)) == len(latin)


def _number(name: str, value: object, kind: str) -> tuple[int | bool, str]:
    if value.__class__ is not int:
        raise Forged(name)
    assert isinstance(value, int)
    if kind is BOOLEAN:
        if value not in (0, 1):
            raise Forged(name)
        return (True, "true") if value else (False, "false")
    if not -LIMITS.number <= value <= LIMITS.number:
        raise Forged(name)
    return value, str(value)


def _list(text: str, strict: bool) -> list[Value] | None:
    """What a column of JSON says; None unless it is exactly what a canonical record would hold."""
    try:
        found = _decode(text)
    except (ValueError, RecursionError):
        return None
    if not strict and _SIMPLE.fullmatch(text):
        return found if _keys_stand_as_they_should(found, text) else None
    if not isinstance(found, list) or not found or strict_json.compact(found) != text:
        return None
    if strict or any(empty in text for empty in _EMPTY):  # else the schema's own check bounds it
        whole = strict_json.compact(["x", "x", {"x": found}])
        try:
            if canonical.canonical_bytes("x", "x", {"x": found}).decode() != whole:
                return None
        except (CharacterRefused, NotNormalized):  # told as such, not as something that cannot be read
            return found
        except (FormatError, RecursionError):
            return None
    return found


def _keys_stand_as_they_should(found: Any, text: str) -> bool:
    """Each once, in order: all that a list of the simple form can still have wrong."""
    if found[0].__class__ is str:
        return True
    count = 0
    for item in found:
        keys = list(item)
        count += len(keys)
        if keys != sorted(keys):
            return False
    return count == text.count('":')


def _no_float(text: str) -> Any:
    raise ValueError(text)


# Double keys need no hook here: what they say is written otherwise when it is written again.
_decode = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float).decode


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
