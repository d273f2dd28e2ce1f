"""Which records are compared: those that share a key which not too many have."""

from __future__ import annotations

import pytest

from commons.link import block


@pytest.mark.parametrize(
    ("records", "most"),
    [(0, 20), (131_071, 20), (131_072, 40), (300_000, 80), (1_000_000, 160), (10**8, 160)],
)
def test_among_more_records_more_may_share_a_key(records: int, most: int) -> None:
    """In steps, so that a record more seldom changes what is compared; not beyond what can be weighed."""
    assert block.most_of(records) == most


def test_a_key_that_one_or_too_many_have_is_none() -> None:
    """Records in order, whatever the order of the keys."""
    keys, records = [5, 9, 5, 7, 9, 9, 9], [3, 1, 2, 1, 4, 2, 3]
    assert list(block.blocks(keys, records, 3)) == [(5, [2, 3])]
    assert dict(block.blocks(keys, records, 4)) == {5: [2, 3], 9: [1, 2, 3, 4]}
