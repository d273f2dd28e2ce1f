"""JSON with indents is written by a quicker hand than the standard library's, and to the same bytes."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from commons.folding import folded
from commons.format import strict_json

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=20,
)


@given(PLAIN)
def test_pretty_json_is_the_standard_librarys(value: object) -> None:
    """Signed files have one form; which code writes it does not show."""
    said = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False)
    assert strict_json.pretty(value) == f"{said}\n".encode()


@given(st.text(), st.text())
def test_folding_two_texts_is_folding_both_together(left: str, right: str) -> None:
    """Letters are folded one by one and remembered; what stands beside them changes nothing."""
    assert folded(left + right) == folded(left) + folded(right)
