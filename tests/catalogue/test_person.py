"""A person is found however they are written, and nobody else."""

from __future__ import annotations

import pytest

from commons.catalogue.person import Person, TooLittle

ANA = Person.of(["Ana Pérez", "55 1234 5678", "ana.perez@example.org"])


@pytest.mark.parametrize(
    "text, left",
    [
        ("Ana Pérez", ""),
        ("ANA  PEREZ", ""),
        ("ana-perez", ""),
        ("Pregunta por Ana Pérez, martes", "Pregunta por …, martes"),
        ("tel. (55) 1234-5678", "tel. (…"),
        ("+52 55 1234 5678", ""),
        ("5512345678", ""),
        ("escribe a Ana.Perez@example.org", "escribe a …"),
        ("Ana Pérez / 5512345678", ""),
        ("Mariana Pérezgil", "Mariana Pérezgil"),
        ("155123456789", "155123456789"),
        ("Xana Pérez", "Xana Pérez"),
        ("banana.perez@example.org", "banana.perez@example.org"),
        ("", ""),
    ],
)
def test_the_person_goes_and_the_rest_stays(text: str, left: str) -> None:
    """Accents, capitals and marks aside; never within a longer word, number or address."""
    assert ANA.without(text) == left


def test_what_is_nothing_without_the_person_goes_whole() -> None:
    """A telephone of a list is gone with its number; a column of local values keeps the others."""
    value = {"phones": [{"number": "+525512345678", "description": "casa"}, {"number": "+525500000000"}]}
    assert ANA.erased(value) == {"phones": [{"number": "+525500000000"}]}
    assert ANA.erased({"Responsable": "Ana Perez", "Color": "azul"}) == {"Color": "azul"}
    assert ANA.erased(["Ana Pérez"]) is None and ANA.erased(5) == 5


@pytest.mark.parametrize("text", ["", "a", "de", "55", "12345", "Ana"])
def test_what_fits_nearly_everybody_is_refused(text: str) -> None:
    with pytest.raises(TooLittle):
        Person.of([text])
