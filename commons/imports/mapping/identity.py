"""Which record a row is: ids from keys, fingerprints of rows without one. Pure; the secret is handed in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from commons.addresses import base32, slug
from commons.catalogue.ids import private_id

_LONGEST = 63
_HASH = 8
KEY_SEPARATOR = "\x1f"


def record_id(key: str, type_name: str, *, secret: bytes | None) -> str:
    """The id of a record whose key is `key`; with `secret` it tells nothing about the key.

    A key that is already a proper id stays as it is; where letters had to be changed or left out, a hash
    keeps two keys apart that would look the same.
    """
    if secret is not None:
        return private_id(secret, type_name, key)
    words = slug(key.replace(KEY_SEPARATOR, " "), longest=_LONGEST)
    if words == key:
        return words
    ending = base32(hashlib.sha256(key.encode()).digest())[:_HASH]
    head = slug(words, longest=_LONGEST - _HASH - 1) or type_name.replace("_", "-")
    return f"{head}-{ending}"


def fingerprint(columns: Sequence[str], cells: Sequence[str]) -> str:
    """What names a row that has no key: all its cells, by column, so that moved columns change nothing."""
    filled = sorted((column, cell) for column, cell in zip(columns, cells, strict=True) if cell)
    return base32(hashlib.sha256(json.dumps(filled, ensure_ascii=False).encode()).digest())[:26]


def keyless_id(title: str, mark: str, type_name: str, *, secret: bytes | None) -> str:
    """The id of a row's record without a key column: its title and a few characters of its fingerprint."""
    if secret is not None:
        return private_id(secret, type_name, mark)
    head = slug(title, longest=_LONGEST - _HASH - 1) or type_name.replace("_", "-")
    return f"{head}-{mark[:_HASH]}"


def hanging_id(own_id: str, name: str) -> str:
    """The id of a record that hangs on another of its own type or comes in numbers: two never meet."""
    ending = slug(name, longest=20)
    if len(own_id) + 1 + len(ending) > _LONGEST:
        mark = base32(hashlib.sha256(own_id.encode()).digest())[:_HASH]
        own_id = f"{own_id[: _LONGEST - len(ending) - _HASH - 2].rstrip('-')}-{mark}"
    return f"{own_id}-{ending}"


def content_mark(fields: Mapping[str, object]) -> str | None:
    """Equal for records that say the same, apart from what may hold an id; None where they say too little."""
    aside = ("extra", "identifiers", "source", "created_at", "modified_at", "confirmed_at", "expires_at")
    content = {name: value for name, value in fields.items() if name not in aside and value is not None}
    return json.dumps(content, ensure_ascii=False, sort_keys=True) if len(content) >= 2 else None
