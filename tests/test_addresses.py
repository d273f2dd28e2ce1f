"""Names of records, as they stand in links."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from commons.addresses import RECORD_ID, slug

LATIN = st.text(st.characters(max_codepoint=255), max_size=70)


@given(LATIN)
@example("Straße ¼ ª ß")
@example("\0")
def test_a_latin_title_has_the_slug_that_any_script_gives(title: str) -> None:
    """The quick way and the slow one agree: a dash from another script ends no word that had not ended."""
    assert slug(title) == slug(f"{title}\N{EM DASH}")


@given(st.text(max_size=70))
def test_a_slug_is_empty_or_an_id(title: str) -> None:
    """Whatever it was made of."""
    assert slug(title) == "" or RECORD_ID.match(slug(title))
