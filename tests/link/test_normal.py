"""How names, streets and contacts are read before they are compared."""

from __future__ import annotations

import pytest

from commons.link import features
from commons.link.normal import name_of, names_of, phone_of, postal_of, street_of


@pytest.mark.parametrize(
    ("text", "words", "marks"),
    [
        ("Fundación Ollin, I.A.P.", "ollin", ""),
        ("TAXQUEÑA II", "taxquena", "2"),
        ("1ra Victoria Sección Bosques", "victoria seccion bosques", "1"),
        ("Pedregal de Sta. Úrsula (Ampl)", "pedregal santa ursula", "ampliacion"),
        ("Los Olivos (U Hab)", "olivos", ""),
        ("Pueblo Nuevo", "pueblo nuevo", ""),
        ("Unity Care Northwest", "unity care", "nw"),
        ("A B C Center", "abc center", ""),
        ("Deportivo 18 de Marzo", "deportivo marzo", "18"),
    ],
)
def test_a_name_is_its_words_and_what_tells_it_apart(text: str, words: str, marks: str) -> None:
    """Forms, small words and abbreviations do not count; numbers and points of the compass do."""
    read = name_of(text)
    assert (" ".join(read.words), " ".join(read.marks)) == (words, marks)


def test_a_name_may_say_what_it_was() -> None:
    """Former names and initials in brackets are names, qualifiers are not."""
    said = [
        " ".join(n.words) for n in names_of(["Oír Bien (antes Instituto Tonal)", "Red Ollin t/a Casa Ollin"])
    ]
    assert said == ["oir bien", "instituto tonal", "red ollin", "casa ollin"]
    assert [n.words for n in names_of(["Centro de Apoyo Nahui (CAN)"])][1] == ("can",)
    assert len(names_of(["San Ángel (AMPL)"])) == 1


@pytest.mark.parametrize(
    ("text", "way", "number"),
    [
        ("Calle 10 no. 25", "10", "25"),
        ("30 East 61st Street", "61", "30"),
        ("1110 W. 79 St", "79", "1110"),
        ("Av. Insurgentes Sur 4439, piso 2", "insurgentes", "4439"),
        ("Calle Juárez s/n entre Palma y Olivo", "juarez", ""),
        ("5 de Mayo 20", "mayo", "20"),
        ("435 s. la cienega blv.", "cienega", "435"),
        ("1a. Cerrada de Palma 12", "1", "12"),
        ("Hidalgo 12-101", "hidalgo", "12"),
    ],
)
def test_a_street_is_read_in_either_order(text: str, way: str, number: str) -> None:
    """English numbers stand first, Spanish ones last; what kind of way it is does not count."""
    read = street_of(text)
    assert read is not None
    assert way in read.words
    assert read.number == number


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("Hidalgo 12-A", "a"),
        ("Hidalgo No. 12 B, Centro", "b"),
        ("Hidalgo 12c", "c"),
        ("Hidalgo 12 bis", "bis"),
        ("12 E 79 St", ""),
        ("Hidalgo 12 int. A", ""),
    ],
)
def test_a_letter_behind_the_house_number_stands_apart(text: str, letter: str) -> None:
    """However it is written; a point of the compass or a flat is none."""
    read = street_of(text)
    assert read is not None
    assert (read.number, read.letter) == ("12", letter)


def test_contacts_are_their_last_figures_and_own_domains() -> None:
    """Country codes, punctuation and hosts of many do not count."""
    assert phone_of("+52 55 5555 0134") == phone_of("(55) 5555-0134") == "5555550134"
    assert postal_of("98225-1234") == "98225"
    fields = {"title": "x", "url": "https://www.casa.org.mx/quienes", "email": "hola@mail.casa.org.mx"}
    found = features.of("organization", fields)
    assert found is not None
    assert found.sites == ("casa.org.mx",)


def test_features_survive_their_journey() -> None:
    """As JSON beside a release, and packed in a scratch file; equal features are equal bytes."""
    fields = {
        "title": "Casa Ñandú (antes Casa Roja)", "street_address": "Calle Palma 3",
        "phones": [{"number": "+525555550134"}],
        "latitude_e6": 19_300_000, "longitude_e6": -99_100_000, "identifiers": ["MX-CLUNI:ABC0102"],
        "organization": f"{'a' * 26}/organization/x", "url": "https://facebook.com/casa",
    }  # fmt: skip
    found = features.of("place", fields)
    assert found is not None
    assert features.from_json(features.to_json(found)) == found
    assert features.unpacked(features.packed(found)) == found
    with pytest.raises(ValueError, match="features"):
        features.from_json("[1]")
