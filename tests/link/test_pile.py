"""Piles: what was put in comes out, part by part, wherever it waited."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.link import pile
from commons.link.pile import FEWEST_BITS, MOST_BITS, NODES_OF_A_PART, Pile, bits_for


@pytest.mark.parametrize("at_hand", [0, 50, 1 << 20])
def test_a_pile_gives_back_every_part_once(monkeypatch: pytest.MonkeyPatch, at_hand: int) -> None:
    """In memory, on the disk, or some of both; in the order in which they were added."""
    monkeypatch.setattr(pile, "AT_HAND", at_hand)
    several = Pile()
    for n in range(20):
        several.add({n % 3: bytes([n]) * n, (1 << FEWEST_BITS) - 1: b"x"})
    expected = [b"".join(bytes([n]) * n for n in range(20) if n % 3 == part) for part in range(3)]
    assert list(several.take()) == [*expected, b"x" * 20]


@given(st.integers(0, 3_000_000))
def test_parts_grow_with_what_they_hold(nodes: int) -> None:
    """Few records are not cut into crumbs; of many no part has more than some thousand, up to a million."""
    bits = bits_for(nodes)
    assert FEWEST_BITS <= bits <= MOST_BITS
    assert bits == FEWEST_BITS or nodes >> bits >= NODES_OF_A_PART // 2
    assert nodes > 1_000_000 or nodes >> bits <= NODES_OF_A_PART
