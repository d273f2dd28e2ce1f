"""One root for all leaves in their order, with a digest a power of two in memory."""

from __future__ import annotations

import hashlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from commons.format.merkle import Tree, root_of

leaves = st.lists(st.binary(min_size=32, max_size=32), max_size=70)


def level_by_level(level: list[bytes]) -> bytes:
    """The tree as the design words it: pairs are joined, an odd node is promoted."""
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [hashlib.sha256(b"\x01" + b"".join(p)).digest() if len(p) == 2 else p[0] for p in pairs]
    return level[0]


@given(leaves)
def test_streaming_gives_the_tree_built_level_by_level(leaves: list[bytes]) -> None:
    """The quick way and the plain way are one tree."""
    assert root_of(leaves) == level_by_level(leaves)


@given(leaves.filter(bool), st.data())
def test_any_changed_leaf_changes_the_root(leaves: list[bytes], data: Any) -> None:
    """So does leaving the last one out."""
    at = data.draw(st.integers(0, len(leaves) - 1))
    changed = [*leaves[:at], bytes(b ^ 1 for b in leaves[at]), *leaves[at + 1 :]]
    assert root_of(changed) != root_of(leaves) != root_of(leaves[:-1])


def test_a_tree_keeps_few_digests() -> None:
    """A hundred thousand leaves need seventeen digests at most, and the root can be asked for on the way."""
    tree = Tree()
    for n in range(100_000):
        tree.add(hashlib.sha256(b"%d" % n).digest())
        if n == 2:
            early = tree.root()
    assert len(tree._whole) <= 17 and tree.count == 100_000
    assert early == root_of([hashlib.sha256(b"%d" % n).digest() for n in range(3)])


def test_the_vectors_hold(vectors: dict[str, Any]) -> None:
    """Each list of leaves has the root that stands beside it."""
    for vector in vectors["merkle"]:
        found = [bytes.fromhex(leaf) for leaf in vector["leaves"]]
        assert root_of(found).hex() == vector["root"] == level_by_level(found).hex()
