"""The proof inside a pool: its releases, rebuilt from `release`, `leaf` and `claim`. Decides nothing.

What comes out is the pruned form of each release, which proves itself against what its member signed, so that
whoever merges it needs to believe nobody. Where a row was altered and the signed one can be found again (a
digest says which one it was), the signed one is used: then a merge can name the field that differs. Where it
cannot be found, that is said here, and nothing can be merged again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from commons.addresses import tombstone
from commons.format import canonical, strict_json
from commons.format.container import PrunedFiles
from commons.format.errors import FormatError
from commons.format.foreign import Refused
from commons.format.limits import LIMITS
from commons.format.manifest import Manifest
from commons.format.merkle import Tree
from commons.format.pruned import Shown
from commons.pool.contract import Column, entity_types, fused_columns, quoted
from commons.pool.differences import Difference
from commons.schema.spec import load_schema

TAKEN = "taken"
_LEAVES = "SELECT member, type, id, place, digest, status FROM leaf ORDER BY member, type, id"
_CLAIMS = "SELECT member, type, id, address, json, held FROM claim ORDER BY number"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One release, as far as the pool shows it.

    `form`: full or pruned: what was merged. `left_out`: how many records the pool holds only the
    digest of, by the status that it gives for it; `held`: how many it shows in part. `altered`: what cannot
    be led back to what was signed; then `files` does not prove itself.
    """

    files: PrunedFiles
    form: str
    left_out: Mapping[str, int]
    held: int
    altered: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class _Leaf:
    type: str
    id: str
    place: int
    digest: bytes
    status: str
    data: bytes | None = None  # the claim's text
    held: tuple[str, ...] = ()  # fields that it lacks: then the digest is of more than the text


def releases(connection: sqlite3.Connection) -> Iterator[Rebuilt]:
    """Every release that the pool was merged of, in order of members' ids.

    Raises:
        Refused: E_PROOF, the tables do not fit together (detail: the member). What SQLite raises.
    """
    leaves = _Stream(connection.execute(_LEAVES))
    claims = _Stream(connection.execute(_CLAIMS))
    sql = "SELECT member, form, manifest, signature, keylog FROM release ORDER BY member"
    for member, form, *parts in connection.execute(sql):
        said = {(r[1], r[2]): r for r in claims.of(member)}
        found = [_leaf(row, said) for row in leaves.of(member)]
        yield _rebuilt(connection, member, form, (parts[0], parts[1], parts[2]), found)
    for stream in (leaves, claims):
        stream.end()


class _Stream:
    """Rows of one table, member by member; all in one pass."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._groups = groupby(rows, key=lambda row: row[0])
        self._next = next(self._groups, None)

    def of(self, member: str) -> Iterator[Sequence[Any]]:
        if self._next is not None and self._next[0] < member:
            raise Refused("E_PROOF", str(self._next[0])[:40])
        if self._next is not None and self._next[0] == member:
            yield from self._next[1]
            self._next = next(self._groups, None)

    def end(self) -> None:
        if self._next is not None:
            raise Refused("E_PROOF", str(self._next[0])[:40])


def _leaf(row: Sequence[Any], claims: Mapping[tuple[str, str], Sequence[Any]]) -> _Leaf:
    _member, type_name, id, place, digest, status = row
    claim = claims.get((type_name, id)) if status == TAKEN else None
    if claim is None:
        return _Leaf(type_name, id, place, digest, status)
    return _Leaf(type_name, id, place, digest, status, claim[4].encode(), _names(claim[5]))


def _names(held: str | None) -> tuple[str, ...]:
    """The fields of a claim that are held. Raises Refused."""
    try:
        names = json.loads(held) if held else []
    except (ValueError, RecursionError) as error:
        raise Refused("E_PROOF", "held") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refused("E_PROOF", "held")
    return tuple(names)


def _rebuilt(
    connection: sqlite3.Connection,
    member: str,
    form: str,
    parts: tuple[bytes, bytes, bytes],
    leaves: list[_Leaf],
) -> Rebuilt:
    leaves.sort(key=lambda leaf: leaf.place)
    altered = [n for n, leaf in enumerate(leaves) if leaf.data and not leaf.held and _is_altered(leaf)]
    differences: list[Difference] = []
    if altered:
        differences = list(_led_back(connection, member, parts[0], leaves, altered))
    elif _root(leaf.digest for leaf in leaves) != _signed_root(parts[0]):
        differences = [Difference("leaf", member=member, kind="altered")]
    lines = [_line(member, leaf) for leaf in leaves]
    if sum(map(len, lines)) + len(lines) > LIMITS.records_bytes:
        raise Refused("E_TOOBIG", member)
    left_out: dict[str, int] = {}
    for leaf in leaves:
        if leaf.status != TAKEN:
            left_out[leaf.status] = left_out.get(leaf.status, 0) + 1
    records = b"".join(line + b"\n" for line in lines)
    held = sum(bool(leaf.held) for leaf in leaves)
    return Rebuilt(PrunedFiles(*parts, records), form, left_out, held, tuple(differences))


def _is_altered(leaf: _Leaf) -> bool:
    return canonical.leaf(leaf.data or b"") != leaf.digest


def _led_back(
    connection: sqlite3.Connection, member: str, manifest: bytes, leaves: list[_Leaf], altered: Sequence[int]
) -> Iterator[Difference]:
    """Put what was signed in the place of altered claims and leaves; yields where it cannot be found."""
    signed = _signed_root(manifest)
    if _root(leaf.digest for leaf in leaves) != signed:
        told = list(leaves)
        for n in altered:
            told[n] = replace(leaves[n], digest=canonical.leaf(leaves[n].data or b""))
        if _root(leaf.digest for leaf in told) == signed:
            leaves[:] = told  # the digests were altered, the claims were not
            return
        yield Difference("leaf", member=member, kind="altered")
    for n in altered:
        leaf = leaves[n]
        data = _mended(connection, f"{member}/{leaf.type}/{leaf.id}", leaf)
        if data is None:
            yield Difference("claim", member=member, type=leaf.type, id=leaf.id, kind="altered")
        leaves[n] = replace(leaf, data=data)


def _mended(connection: sqlite3.Connection, address: str, leaf: _Leaf) -> bytes | None:
    """The signed record, where one value that the pool shows elsewhere is all that it lacks."""
    try:
        kind, id, fields = strict_json.read(leaf.data or b"")
        for name, value in _shown(connection, address, leaf.type):
            data = canonical.canonical_bytes(kind, id, {**fields, name: value})
            if canonical.leaf(data) == leaf.digest:
                return data
    except (strict_json.NotStrict, FormatError, TypeError, ValueError):
        return None
    return None


def _shown(connection: sqlite3.Connection, address: str, type_name: str) -> Iterator[tuple[str, Any]]:
    """(field, value) of all that the pool shows of a claim's entity, and None for each field."""
    rtype = next((t for t in entity_types(load_schema()) if t.name == type_name), None)
    found = connection.execute("SELECT entity FROM alias WHERE address = ?", (address,)).fetchone()
    if rtype is None or found is None:
        return
    columns = fused_columns(rtype)
    names = ", ".join(quoted(c.name) for c in columns)
    sql = f"SELECT {names} FROM {quoted(type_name)} WHERE entity = ?"
    row = connection.execute(sql, (found[0],)).fetchone()
    for column, value in zip(columns, row or (), strict=False):
        yield column.field, _field_value(connection, column, value)
        if value is not None:
            yield column.field, None
    sql = "SELECT field, value FROM disagreement WHERE entity = ? AND address = ?"
    for name, text in connection.execute(sql, (found[0], address)):
        yield name, json.loads(text)


def _field_value(connection: sqlite3.Connection, column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.kind == "json":
        return json.loads(value)
    if column.kind == "boolean":
        return bool(value)
    if column.kind == "degrees":
        return round(value * 1_000_000)
    if column.kind == "reference":
        row = connection.execute("SELECT address FROM entity WHERE id = ?", (value,)).fetchone()
        return row[0] if row else None
    return value


def _line(member: str, leaf: _Leaf) -> bytes:
    """A line of the pruned form."""
    if leaf.data is not None:
        return Shown(leaf.type, leaf.id, leaf.data, leaf.digest, leaf.held).line
    # what was withdrawn or hidden stands in the pool under its tombstone already
    stone = leaf.id if leaf.type == "" else tombstone(f"{member}/{leaf.type}/{leaf.id}")
    return strict_json.compact([stone, leaf.digest.hex()]).encode()


def _root(digests: Iterable[bytes]) -> str:
    tree = Tree()
    for digest in digests:
        tree.add(digest)
    return tree.root().hex()


def _signed_root(manifest: bytes) -> str:
    """What was signed; of a manifest that cannot be read, nothing: `prove` says so later."""
    try:
        return Manifest.parse(manifest).content_root
    except FormatError:
        return ""
