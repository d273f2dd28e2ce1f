"""Whether two names can be of one thing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.link.names import CONTRADICT, EQUAL, SIMILAR, WITHIN, agreement


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("Fundación Niños de la Calle, I.A.P.", "fundacion ninos de la calle", EQUAL),
        ("Escuela Primaria Benito Juárez", "Primaria Benito Juarez", WITHIN),
        ("Comedor Comunitario", "Comdor Comunitario", EQUAL),
        ("Sta. María del Sol", "Santa María del Sol", EQUAL),
        ("Clínica Dr. Sol", "Clínica Doctor Sol", EQUAL),
        ("Taxqueña I", "Taxqueña II", CONTRADICT),
        ("Primera Sección", "2a Sección", CONTRADICT),
        ("Casa Norte", "Casa Sur", CONTRADICT),
        ("Casa Norte", "Casa", WITHIN),
        ("Centro Comunitario Las Flores", "Centro Comunitario El Sol", CONTRADICT),
        ("Red Barrial de Mujeres Tejedoras Unidas", "Red Barrial de Mujeres Tejedoras Hermanas", SIMILAR),
    ],
)
def test_names_agree_as_a_reader_would_say(a: str, b: str, expected: int) -> None:
    """Numbers and compass points part; legal forms, accents and one wrong letter do not."""
    assert agreement((a,), (b,)) == expected


def test_a_thing_without_a_name_contradicts_nothing() -> None:
    """Absent evidence scores as similar."""
    assert agreement((), ("Casa",)) == SIMILAR


TEXTS = st.text("abcdeé ñ12iv.", max_size=20)


@given(TEXTS, TEXTS)
def test_it_does_not_matter_which_name_comes_first(a: str, b: str) -> None:
    """Symmetric, so that order cannot decide what is joined."""
    assert agreement((a,), (b,)) == agreement((b,), (a,))
