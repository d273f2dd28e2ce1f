"""The file with which a reader objects: what it says, and that nothing else is taken for it."""

from __future__ import annotations

import json

import pytest

from commons.format.proposal import MAX_BYTES, NotAProposal, Proposal, parse

A, B, C = (f"{letter * 26}/place/uno" for letter in "abc")
SAID = Proposal(B, (A, C), ("Uno",), "Saberes", "5f" * 32)


def test_a_proposal_is_read_as_it_was_written() -> None:
    """Pairs come with the lesser address first."""
    assert parse(SAID.to_bytes(), "x.json") == SAID
    assert SAID.pairs == [(A, B), (B, C)]


@pytest.mark.parametrize(
    "change",
    [
        {"format": "otra/1"},
        {"says": "same"},
        {"record": "../../etc"},
        {"record": None},
        {"others": []},
        {"others": [B]},
        {"others": [7]},
        {"others": [A] * 101},
    ],
)
def test_anything_else_is_refused(change: dict[str, object]) -> None:
    """A stranger wrote it."""
    said = {**json.loads(SAID.to_bytes()), **change}
    with pytest.raises(NotAProposal):
        parse(json.dumps(said).encode(), "x.json")


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b" " * (MAX_BYTES + 1), b"[" * 50_000])
def test_bytes_that_say_nothing_are_refused(data: bytes) -> None:
    """Also what is too long or nested without end."""
    with pytest.raises(NotAProposal):
        parse(data, "x.json")
