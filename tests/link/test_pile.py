"""Piles: what was put in comes out, part by part, wherever it waited."""

from __future__ import annotations

import pytest

from commons.link import pile
from commons.link.pile import PARTS, Pile


@pytest.mark.parametrize("at_hand", [0, 50, 1 << 20])
def test_a_pile_gives_back_every_part_once(monkeypatch: pytest.MonkeyPatch, at_hand: int) -> None:
    """In memory, on the disk, or some of both; in the order in which they were added."""
    monkeypatch.setattr(pile, "AT_HAND", at_hand)
    several = Pile()
    for n in range(20):
        several.add({n % 3: bytes([n]) * n, PARTS - 1: b"x"})
    expected = [b"".join(bytes([n]) * n for n in range(20) if n % 3 == part) for part in range(3)]
    assert list(several.take()) == [*expected, b"x" * 20]
