"""A tree of digests whose root stands for all leaves in their order. Keeps no leaf; proves no inclusion.

Node = SHA-256(0x01 ‖ left ‖ right); an odd node is promoted unchanged; no leaves: SHA-256 of nothing. Leaves
come in the order of (type, UTF-8 of id); that order is the caller's promise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


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
        self.count += 1
        carry, n = leaf, self.count
        while not n & 1:  # as adding one to a binary number carries
            carry = hashlib.sha256(b"\x01" + self._whole.pop() + carry).digest()
            n >>= 1
        self._whole.append(carry)

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
