"""A record as the bytes on which every digest hangs. Knows neither schema nor database.

The JSON array `[type, id, {fields}]`: keys sorted, no spaces, UTF-8 in NFC, integers only (|n| <= 2^53-1);
null, "", [] and {} are left out at every level. One record has exactly one such form, on every machine.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from commons.addresses import RECORD_ID, TYPE_NAME
from commons.format import characters, strict_json
from commons.format.errors import NameRefused, NotCanonical, NumberRefused, TooBig, ValueRefused
from commons.format.limits import LIMITS
from commons.messages import N_
from commons.model import Value

_KEY = re.compile(r"[a-z0-9_]{1,63}\Z")
_unusual = characters.unusual


@lru_cache(maxsize=4096)
def _is_key(name: object) -> bool:
    return type(name) is str and _KEY.match(name) is not None


@lru_cache(maxsize=256)
def _is_type(name: object) -> bool:
    return type(name) is str and TYPE_NAME.match(name) is not None


def _is_empty(value: object) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _cleaned_number(value: int, where: str) -> int:
    if not -LIMITS.number <= value <= LIMITS.number:
        raise NumberRefused(where, str(value) if abs(value) < 10**30 else "…")
    return value


def _cleaned(value: object, where: str, depth: int) -> Any:
    """`value` without what is empty in it; an empty one comes back as None, "", [] or {}."""
    if isinstance(value, str):
        if _unusual(value) is not None:
            characters.check(value, where)
        return value
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return _cleaned_number(value, where)
    if depth >= LIMITS.record_depth:
        raise TooBig(where, depth + 1, LIMITS.record_depth)
    if isinstance(value, list | tuple):
        items = (_cleaned(item, where, depth + 1) for item in value)
        return [item for item in items if not _is_empty(item)]
    if isinstance(value, Mapping):
        return _cleaned_fields(value, where, depth + 1)
    if isinstance(value, float):
        raise NumberRefused(where, str(value))
    raise ValueRefused(where, type(value).__name__)


def _cleaned_fields(fields: Mapping[str, object], where: str, depth: int) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key, value in fields.items():
        if not _is_key(key):
            raise NameRefused(where, str(key))
        if type(value) is str:  # by far the most frequent: kept out of the general path
            if value:
                if _unusual(value) is not None:
                    characters.check(value, f"{where}.{key}")
                found[key] = value
            continue
        cleaned = _cleaned(value, f"{where}.{key}", depth)
        if not _is_empty(cleaned):
            found[key] = cleaned
    return found


def canonical_bytes(type: str, id: str, fields: Mapping[str, object]) -> bytes:
    """The one form of a record.

    Raises:
        NameRefused: type, id or a key is not written as names are.
        CharacterRefused, NotNormalized: a text is not allowed or not in NFC.
        NumberRefused: a float, or an integer beyond 2^53-1.
        ValueRefused: a value is not text, integer, boolean, list or object.
        TooBig: nested too deeply, or too long.
    """
    if not _is_type(type):
        raise NameRefused("record", str(type))
    if RECORD_ID.match(id) is None:
        raise NameRefused(type, id)
    cleaned = _cleaned_fields(fields, f"{type}/{id}", 1)
    data = strict_json.compact([type, id, cleaned]).encode()
    if len(data) > LIMITS.record_bytes:
        raise TooBig(f"{type}/{id}", len(data), LIMITS.record_bytes)
    return data


def parse(data: bytes) -> tuple[str, str, dict[str, Value]]:
    """Type, id and fields of canonical bytes.

    Raises:
        NotCanonical: the bytes are not exactly what `canonical_bytes` would write.
        and whatever `canonical_bytes` raises for their content.
    """
    if len(data) > LIMITS.record_bytes:
        raise TooBig("record", len(data), LIMITS.record_bytes)
    try:
        value = strict_json.read(data)
    except strict_json.NotStrict as error:
        raise NotCanonical("record", str(error)) from error
    if not (isinstance(value, list) and len(value) == 3 and isinstance(value[2], dict)):
        raise NotCanonical("record", N_("it is not [type, id, {fields}]"))
    if not (isinstance(value[0], str) and isinstance(value[1], str)):
        raise NotCanonical("record", N_("it is not [type, id, {fields}]"))
    if canonical_bytes(value[0], value[1], value[2]) != data:
        raise NotCanonical(f"{value[0]}/{value[1]}", N_("the same content is written otherwise"))
    return value[0], value[1], value[2]


def leaf(data: bytes) -> bytes:
    """The 32 bytes that stand for a canonical record in a tree."""
    return hashlib.sha256(b"\x00" + data).digest()
