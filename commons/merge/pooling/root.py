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
from collections.abc import Iterable, Mapping, Sequence

from commons.format import strict_json
from commons.format.merkle import LEAF_BYTES, Tree

PART = 1024  # leaves, a power of two
_PART_BYTES = PART * LEAF_BYTES


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


def _root_of(leaves: bytes) -> bytes:
    tree = Tree()
    tree.add_all(leaves)
    return tree.root()


class Root:
    """Grows with a pool: claims first, then entities with their fused values, then the rest.

    Args:
        known: parts of earlier trees, by the digest of their leaves; what is in it need not be hashed again.
    """

    def __init__(self, known: Mapping[bytes, bytes] | None = None) -> None:
        self._tree = Tree()
        self._fused = bytearray()
        self._waiting = bytearray()
        self._known = known or {}
        self.parts: dict[bytes, bytes] = {}  # of this tree

    def claims(self, leaves: bytes) -> None:
        """Leaves of some claims, joined."""
        self._add(leaves)

    def _add(self, leaves: bytes | bytearray) -> None:
        """Whole parts at a time; the others wait for more."""
        self._waiting += leaves
        whole = len(self._waiting) - len(self._waiting) % _PART_BYTES
        for at in range(0, whole, _PART_BYTES):
            part = bytes(self._waiting[at : at + _PART_BYTES])
            name = hashlib.sha256(part).digest()
            self.parts[name] = self._known.get(name) or _root_of(part)
            self._tree.add_whole(self.parts[name], PART)
        del self._waiting[:whole]

    def entities(self, entity_leaves: bytes, fused_leaves: bytes) -> None:
        """Leaves of some entities, joined; the fused ones wait until all entities are in."""
        self._add(entity_leaves)
        self._fused += fused_leaves

    def finish(self, rest: Iterable[Sequence[object]]) -> str:
        """The root in hex. `rest`: judgements, holds, withdrawals … as JSON arrays, in any order."""
        add = self._tree.add
        self._add(self._fused)
        self._tree.add_all(bytes(self._waiting))
        for value in sorted(rest, key=strict_json.compact):
            add(leaf(value))
        return self._tree.root().hex()
