"""The root of a pool: one digest over everything that a lock determines. Pure.

Leaves are canonical JSON arrays, sorted by their bytes:

    ["claim", address, digest, [held fields]]           every accepted claim
    ["entity", name, [claim addresses]]                 what was found to be one thing
    ["fused", name, {fields}]                           its values, as integers
    ["hold", hash, field or "", until]
    ["judgement", address]                              those in force
    ["succession", old member, new member]              whose old addresses lead to whose records
    ["withdrawal", hash, member, kind, epoch, number]

The tree is that of a release (SHA-256; 0x00 before a leaf, 0x01 before two nodes). Kinds come in this order
and addresses within them ascend, so a pool of any size is hashed as it is written.
"""

from __future__ import annotations

import hashlib
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence

from commons.format import strict_json
from commons.format.merkle import LEAF_BYTES, Tree


def leaf(value: Sequence[object]) -> bytes:
    """The leaf of a JSON array."""
    return hashlib.sha256(b"\x00" + strict_json.compact(value).encode()).digest()


def claim_leaf(address: str, digest: bytes, held: Sequence[str]) -> bytes:
    """As `leaf`; addresses, digests and field names need no escaping."""
    names = ",".join([f'"{name}"' for name in held])
    text = f'["claim","{address}","{digest.hex()}",[{names}]]'
    return hashlib.sha256(b"\x00" + text.encode()).digest()


def entity_leaf(name: str, claims: Sequence[str]) -> bytes:
    """As `leaf`; `claims` are sorted."""
    addresses = '","'.join(claims)
    return hashlib.sha256(f'\x00["entity","{name}",["{addresses}"]]'.encode()).digest()


class Root:
    """Grows with a pool: claims first, then entities with their fused values, then the rest."""

    def __init__(self) -> None:
        self._tree = Tree()
        self._fused = bytearray()

    def claims(self, leaves: bytes) -> None:
        """Leaves of some claims, joined."""
        self._tree.add_all(leaves)

    def entities(self, entity_leaves: bytes, fused_leaves: bytes) -> None:
        """Leaves of some entities, joined; the fused ones wait until all entities are in."""
        self._tree.add_all(entity_leaves)
        self._fused += fused_leaves

    def finish(self, rest: Iterable[Sequence[object]]) -> str:
        """The root in hex. `rest`: judgements, holds, withdrawals … as JSON arrays, in any order."""
        add = self._tree.add
        self._tree.add_all(bytes(self._fused))
        for value in sorted(rest, key=strict_json.compact):
            add(leaf(value))
        return self._tree.root().hex()


class Leaves:
    """The leaves of entities in order, aside on the disk until linking has decided what they are."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (`close` ends it)
        self._stretches: list[int] = []  # how many entities each has

    def close(self) -> None:
        """Let go of the disk."""
        self._file.close()

    def put(self, numbers: bytes, entity_leaves: bytes, fused_leaves: bytes) -> None:
        """The next ones. `numbers`: of the entities, ascending, 8 bytes each."""
        self._stretches.append(len(numbers) // 8)
        self._file.write(numbers + entity_leaves + fused_leaves)

    def with_changes(self, anew: Mapping[int, tuple[bytes, bytes] | None]) -> Iterator[tuple[bytes, bytes]]:
        """All of them, joined by stretches; `anew`: number → its leaves now, None where it is no entity."""
        changed = sorted(anew)
        self._file.seek(0)
        for size in self._stretches:
            numbers = array("q", self._file.read(8 * size))
            entities, fused = self._file.read(LEAF_BYTES * size), self._file.read(LEAF_BYTES * size)
            first, end = (bisect_left(changed, n) for n in (numbers[0], numbers[-1] + 1)) if size else (0, 0)
            if first < end:
                entities, fused = _changed(numbers, entities, fused, anew)
            yield entities, fused


def _changed(
    numbers: Sequence[int], entities: bytes, fused: bytes, anew: Mapping[int, tuple[bytes, bytes] | None]
) -> tuple[bytes, bytes]:
    found = []
    for n, number in enumerate(numbers):
        part = slice(n * LEAF_BYTES, (n + 1) * LEAF_BYTES)
        now = anew.get(number, (entities[part], fused[part]))
        if now is not None:
            found.append(now)
    return b"".join([e for e, _f in found]), b"".join([f for _e, f in found])
