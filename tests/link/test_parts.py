"""A part of a house, or a body beside it, is not the house: what a list of organisations is full of."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from commons.link import whole

A, B = ("a" * 26, "b" * 26)
HOUSE = {"street_address": "2717 Alder Avenue", "postal_code": "09570", "city": "Vado Hondo"}
SITE = {"url": "https://www.ribera-azul.mx"}
PHONE = {"phones": [{"number": "+525555550134"}]}


def outcome(type: str, left: tuple[str, dict[str, Any]], right: tuple[str, dict[str, Any]]) -> str:
    """`linked`, `asked` or `nothing`."""
    (one, these), (other, those) = left, right
    decision = whole.run(
        ((f"{A}/{type}/x", {"title": one, **these}), (f"{B}/{type}/x", {"title": other, **those}))
    )
    return "linked" if decision.clusters else "asked" if decision.candidates else "nothing"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Cedar Gate Apartments (Ribera Human Care)", "Ribera Human Care"),
        ("Paratransit Line-Ribera Transport Authority", "Ribera Transport Authority (RTA)"),
        ("Ribera Pension Administration - Medicine", "Ribera Pension Administration"),
        ("Taller de Cerámica - Casa Ollin", "Casa Ollin"),
        ("Friends of the Ribera Library", "Ribera Library"),
    ],
)
def test_a_part_with_its_owners_web_site_is_asked_about(left: str, right: str) -> None:
    """A piece of the name that the other has nothing of: the owner in brackets, a programme after a dash."""
    assert outcome("organization", (left, SITE), (right, SITE)) == "asked"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Vado Hondo Food Bank at Tepozan Middle School", "Tepozan Middle School"),
        ("Comedor Solidario en la Parroquia Tonantzin", "Parroquia Tonantzin"),
        ("Ribera Hospice Foundation", "Ribera Hospice"),
        ("Fundación Quetzalli", "Hospital Quetzalli"),
        ("Centro de Salud Mental Ambulatorio", "Oficina de Salud Juvenil"),
    ],
)
def test_whoever_is_in_a_house_is_not_the_house(left: str, right: str) -> None:
    """Only the address agrees: a food bank at a school, a foundation in its hospice."""
    assert outcome("place", (left, HOUSE), (right, HOUSE)) != "linked"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Lifeline Tonalli in Vado Hondo", "Lifeline Tonalli"),
        ("Tonalli Store - Vado Hondo", "Tonalli Store"),
        ("Salud Tonalli Cuicani (Grupo Ollin)", "Salud Tonalli Cuicani"),
        ("Lions Club's Tonalli Eye Clinic", "Tonalli Lions Eye Clinic"),
    ],
)
def test_where_or_whose_it_is_keeps_nothing_apart(left: str, right: str) -> None:
    """The town after a dash, what is in brackets behind the whole name."""
    assert outcome("place", (left, HOUSE), (right, HOUSE)) == "linked"


def test_a_phone_in_common_outweighs_a_piece_of_the_name() -> None:
    """Two lists that reach it in the same way mean the same."""
    left = ("Servicios - Casa Ollin Tonalli", {**HOUSE, **PHONE})
    assert outcome("place", left, ("Casa Ollin Tonalli", {**HOUSE, **PHONE})) == "linked"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Comedor comunitario La Paz", "Ludoteca La Paz"),
        ("Farmacia Tonalli", "Clínica Tonalli"),
        ("Estética Tonalli", "Papelería Tonalli"),
        ("Taller de costura Tonalli", "Huerto Tonalli"),
        ("Parroquia Santa Tonalli", "Biblioteca Sta. Tonalli"),
        ("Tonalli Food Bank", "Tonalli Library"),
    ],
)
@pytest.mark.parametrize("type", ["place", "organization", "service"])
def test_what_does_other_things_in_one_house_is_asked_about(type: str, left: str, right: str) -> None:
    """One address and one telephone: a neighbour who looks for a meal is not sent to the toy library."""
    both = {**HOUSE, **PHONE}
    assert outcome(type, (left, both), (right, both)) == "asked"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Comedor comunitario La Paz", "Comedor La Paz"),
        ("Biblioteca y ludoteca Tonalli", "Ludoteca Tonalli"),
        ("Centro de Salud Tonalli", "Clínica Tonalli"),
        ("Comedor Tonalli", "Tonalli"),
    ],
)
def test_what_says_one_thing_that_is_done_is_one_place(left: str, right: str) -> None:
    """One name may say more than the other, or the same in another word."""
    both = {**HOUSE, **PHONE}
    assert outcome("place", (left, both), (right, both)) == "linked"


def test_other_doors_of_one_house_are_other_places() -> None:
    """Suites, flats, floors; where they are the same or unknown it is one place."""

    def at(line: str) -> dict[str, Any]:
        return {**HOUSE, "street_address": line}

    name = "Consejo Tonalli"
    assert outcome("place", (name, at("1111 Alder Suite C")), (name, at("1111 Alder, Suite 200"))) == "asked"
    assert outcome("place", (name, at("Alder 12 int. 3")), (name, at("Alder 12, interior 3"))) == "linked"
    assert outcome("place", (name, at("Alder 12 int. 3")), (name, at("Alder 12"))) == "linked"


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("Alder 12-A", "Alder 12-B", "asked"),
        ("Alder 12-A", "Alder 12 bis", "asked"),
        ("Alder 12-A", "Alder 12a", "linked"),
        ("Alder 12-A", "Alder 12", "linked"),
    ],
)
def test_another_letter_behind_the_number_is_another_house(left: str, right: str, expected: str) -> None:
    """Who leaves it out says nothing against it."""
    name, where = "Consejo Tonalli", {"district": "09007"}
    at = [{**where, "street_address": line} for line in (left, right)]
    assert outcome("place", (name, at[0]), (name, at[1])) == expected


def test_a_contact_of_many_with_another_web_site_is_no_anchor() -> None:
    """A ministry's telephone stands beside every programme; whose it is says the web site."""
    many = [
        (f"{B}/service/s{n}", {"title": f"Padrón {word} {month}", **PHONE})
        for n, (word, month) in enumerate(
            product(("Maíz", "Leche", "Avena", "Nopal"), ("enero", "mayo", "julio", "abril", "junio"))
        )
    ]
    one = (
        f"{A}/service/x",
        {"title": "Vivienda Tonalli Urgente", **PHONE, "url": "https://ministerio.example"},
    )
    two = (
        f"{B}/service/x",
        {"title": "Vivienda Tonalli Urgente", **PHONE, "url": "https://asociacion.example"},
    )
    decision = whole.run((one, two, *many))
    assert not any(one[0] in cluster for cluster in decision.clusters)


def test_a_house_alone_is_no_question() -> None:
    """Where names have no word in common, and no telephone is shared, nobody needs to look."""
    assert outcome("place", ("Casa Ollin", HOUSE), ("Taller Quetzalli", HOUSE)) == "nothing"


def test_in_one_list_facilities_of_one_house_are_not_asked_about() -> None:
    """A court and a sheriff at one address share half of a name, and their list knows both."""
    decision = whole.run(
        [
            (f"{A}/place/x", {"title": "Juzgado Municipal de Ribera Azul", **HOUSE}),
            (f"{A}/place/y", {"title": "Centro de Mando Unificado Ribera Azul", **HOUSE}),
        ]
    )
    assert decision.candidates == ()
