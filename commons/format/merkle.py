"""A tree of digests whose root stands for all leaves in their order. Keeps no leaf; proves no inclusion.

Node = SHA-256(0x01 ‖ left ‖ right); an odd node is promoted unchanged; no leaves: SHA-256 of nothing. Leaves
come in the order of (type, UTF-8 of id); that order is the caller's promise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

LEAF_BYTES = 32


def node(left: bytes, right: bytes) -> bytes:
    """The digest that stands for two neighbours."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Grows leaf by leaf; holds one digest for each power of two, so a million leaves cost twenty."""

    def __init__(self) -> None:
        self._whole: list[bytes] = []  # roots of complete subtrees, largest first
        self.count = 0

    def add(self, leaf: bytes) -> None:
        """Append one leaf (32 bytes)."""
        self._carry(leaf, 1)

    def add_all(self, leaves: bytes) -> None:
        """Append leaves that are joined; the same as `add` of each, several times as fast for many."""
        sha256 = hashlib.sha256
        at, end = 0, len(leaves)
        while at < end:
            # The largest complete subtree that may come next: as large as the last one that stands alone.
            size = min(self.count & -self.count or end, 1 << ((end - at) // LEAF_BYTES).bit_length() - 1)
            level = [leaves[n : n + LEAF_BYTES] for n in range(at, at + size * LEAF_BYTES, LEAF_BYTES)]
            while len(level) > 1:
                level = [
                    sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=True)
                ]
            self._carry(level[0], size)
            at += size * LEAF_BYTES

    def add_whole(self, subtree: bytes, size: int) -> None:
        """Append a complete subtree: the root over `size` leaves, a power of two that divides the count."""
        assert self.count % size == 0
        self._carry(subtree, size)

    def _carry(self, subtree: bytes, size: int) -> None:
        """Append a complete subtree of `size` leaves, a power of two that divides the count so far."""
        n = self.count // size + 1
        self.count += size
        while not n & 1:  # as adding one to a binary number carries
            subtree = hashlib.sha256(b"\x01" + self._whole.pop() + subtree).digest()
            n >>= 1
        self._whole.append(subtree)

    def root(self) -> bytes:
        """The root so far; more leaves may follow."""
        if not self._whole:
            return hashlib.sha256(b"").digest()
        root = self._whole[-1]
        for left in reversed(self._whole[:-1]):
            root = node(left, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over `leaves`, in their order."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()
