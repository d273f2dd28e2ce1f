"""Texts are looked through for what must not leave, as people really write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.release.scan import Private, Scanner, answer_keys, email_key, phone_key

NOBODY = Scanner(Private())


def keys_in(text: str, scanner: Scanner = NOBODY) -> list[str]:
    return [found.key for found in scanner.scan(text)]


@pytest.mark.parametrize(
    "text",
    [
        "llama al 55 8765 4321",
        "(55) 8765-4321 ext. 3",
        "5587654321",
        "55-87-65-43-21",
        "55.8765.4321",
        "044 55 8765 4321",
        "01 55 8765 4321",
        "+52 1 55 8765 4321",
        "+52 (55) 8765 4321",
        "https://wa.me/5215587654321",
        "https://api.whatsapp.com/send?phone=525587654321",
        "tel:+525587654321",
        "abierto el 19/09/2017 de 10:00 a 18:00, tel 5587654321",
    ],
)
def test_a_telephone_is_found_however_it_is_written(text: str) -> None:
    """Ten figures, old and new prefixes, links of chat programs; beside dates and hours too."""
    assert keys_in(text) == ["5587654321"]


@pytest.mark.parametrize("text", ["8765-4321", "87 65 43 21", "Tel. 87654321", "cel: 8765 4321"])
def test_the_eight_figures_of_before_2019_are_found(text: str) -> None:
    """As they stand in every list of the earthquake."""
    assert keys_in(text) == ["87654321"]


@pytest.mark.parametrize(
    "text",
    [
        "del 19/09/2017 al 20/09/2017",
        "2017-2018",
        "2017-09-19 10:00",
        "19.4326077, -99.1332080",
        "https://facebook.com/events/1234567890",
        "C.P. 09570 y 09580",
        "de 10:00-14:00 y 16:00-18:00",
        "$1,200,000 MXN para 2024, 2025 y 2026",
        "CLABE 012180001234567891",
        "folio 123456",
        "RFC CLP010203AB1",
        "a las 8 @ la plaza",
    ],
)
def test_dates_positions_prices_and_hours_are_not_telephones(text: str) -> None:
    """Else nobody would read the list."""
    assert keys_in(text) == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("escribe a Ana.Perez@Example.ORG.", "ana.perez@example.org"),
        ("ana(arroba)example.org", "ana@example.org"),
        ("ana arroba example.org", "ana@example.org"),
        ("ana [at] example.org", "ana@example.org"),
    ],
)
def test_an_address_is_found_however_it_is_hidden(text: str, key: str) -> None:
    """Written out, or disguised against machines."""
    assert keys_in(text) == [key]


def test_numbers_of_persons_are_found() -> None:
    """CURP and a person's RFC; an organisation's RFC has twelve characters and may leave."""
    assert keys_in("CURP PEXA850101HDFRRN09") == ["PEXA850101HDFRRN09"]
    assert keys_in("RFC: pexa850101ab1") == ["PEXA850101AB1"]


def test_a_persons_name_is_found_whole_or_in_part() -> None:
    """Case, accents and a missing surname do not hide it; one given name alone does not count."""
    private = Private()
    private.add_name("Marina Ejemplo López")
    private.add_name("Lupita")
    scanner = Scanner(private)
    assert keys_in("Pregunta por MARINA EJEMPLO.", scanner) == ["marina ejemplo"]
    assert keys_in("con la señora ejemplo lopez", scanner) == ["ejemplo lopez"]
    assert keys_in("o con Lupita", scanner) == ["lupita"]
    assert keys_in("un paseo por la Marina", scanner) == []


def test_two_given_names_alone_are_let_through() -> None:
    """They are half of the city's streets; with a surname they are somebody."""
    private = Private()
    private.add_name("José María Inventado", lambda word: word in ("jose", "maria"))
    assert keys_in("Calle José María 12", Scanner(private)) == []
    assert keys_in("con María Inventado", Scanner(private)) == ["maria inventado"]


def test_what_is_the_organisations_may_leave() -> None:
    """Its channels, what was answered, and what leaves by consent with the same record."""
    scanner = Scanner(Private(), Private(), frozenset({"5587654321"}), frozenset({"hola@example.org"}))
    assert keys_in("55 8765 4321, 8765-4321, hola@example.org", scanner) == []
    answered = Scanner(Private(), ours=frozenset(answer_keys("55 1111 2222") | answer_keys("a@b.mx")))
    assert keys_in("5511112222 a@b.mx 5533334444", answered) == ["5533334444"]
    assert NOBODY.scan("Marina: 55 8765 4321", agreed=["+525587654321"]) == []


@given(st.text(max_size=80))
def test_any_text_can_be_looked_through(text: str) -> None:
    """And what is found has a key under which an answer silences it."""
    for found in NOBODY.scan(text):
        assert found.key and Scanner(Private(), ours=frozenset({found.key})).scan(text).count(found) == 0


def test_two_ways_of_writing_have_one_key() -> None:
    """Answers given for one hold for the other."""
    assert phone_key("+52 1 55 8765 4321") == phone_key("044 (55) 87654321")
    assert email_key("Ana (arroba) example.org") == email_key("ana@EXAMPLE.org")


@pytest.mark.parametrize("text", ["(Antonio55 5550 0328)\n\n200.0", "llamar 55 5550 0328 200 piezas"])
def test_a_telephone_is_found_though_another_number_stands_behind_it(text: str) -> None:
    """A quantity in the next line, or a name glued to the number, hides nothing."""
    assert [found.key for found in Scanner(Private()).scan(text)] == ["5555500328"]
