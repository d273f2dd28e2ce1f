"""A receipt is left as it is only where it is, to the last letter, what would be written."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from commons.merge.pooling.receipts import Kept, _around, _between, as_json

WORDS = ["", "x", '"', ',"disagreements":1', ',"disagreements":1}', '"differences":', "\\", "ñ"]
words = st.sampled_from(WORDS)
told = st.fixed_dictionaries(
    {"candidates": st.integers(0, 2), "disagreements": st.integers(0, 11), "findings": st.lists(words)},
    optional={"admitted": st.lists(words), "withheld": st.integers(0, 2)},
)
differences = st.lists(st.fixed_dictionaries({"field": words, "others": st.lists(words)}), max_size=2)


@given(told, told, differences)
def test_what_stands_is_what_would_be_written(
    before: dict[str, Any], now: dict[str, Any], found: list[dict[str, Any]]
) -> None:
    """Whatever its texts look like; and to whoever asks it is the same receipt."""
    last, parts = as_json({**before, "differences": found}), _around(now)
    whole = {**now, "differences": found}
    assert as_json(found).join(parts) == as_json(whole)
    between = _between(last, *parts)
    assert (between is not None) == (before == now)
    if between is not None:
        assert Kept(now, between) == whole and dict(Kept(now, between)) == whole
