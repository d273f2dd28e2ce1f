"""How lists write: abbreviations, legal forms, shifts, levels, phones; what is one thing and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from commons.link import whole

A, B = ("a" * 26, "b" * 26)
Side = dict[str, Any]
AT: Side = {"street_address": "Hidalgo 3", "district": "09007"}


def phone(number: str) -> Side:
    return {"phones": [{"number": number}]}


def is_linked(type: str, left: Side, right: Side) -> bool:
    return bool(whole.run(((f"{A}/{type}/x", left), (f"{B}/{type}/x", right))).clusters)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Esc. Prim. «Benito Tonalli»", "ESCUELA PRIMARIA BENITO TONALLI"),
        ("Jardín de Niños Xóchitl Anáhuac", "J.N. Xochitl Anahuac"),
        ("Secundaria Diurna No. 45 «Tepozán»", "Esc. Sec. Diur. Núm. 45 Tepozán"),
        ("C.S. T-III Dr. Ignacio Tepozán", "Centro de Salud TIII Dr. Ignacio Tepozan"),
        ("Bibl. Púb. Ollin Yoliztli", "Biblioteca Pública Ollin Yoliztli"),
        ("Parroquia Ntra. Sra. del Tepozán", "Parroquia de Nuestra Señora del Tepozán"),
        ("Larkspur Elem. School", "Larkspur Elementary School"),
        ("Casa Gral. Tonalli, Av. Sto. Sol", "Casa General Tonalli, Avenida Santo Sol"),
    ],
)
def test_abbreviations_are_the_words_that_they_stand_for(left: str, right: str) -> None:
    """One house, one name in two spellings."""
    assert is_linked("place", {"title": left, **AT}, {"title": right, **AT})


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Esc. Prim. Tonalli", "Jardín de Niños Tonalli"),
        ("Escuela Primaria Tonalli", "Escuela Secundaria Tonalli"),
        ("Larkspur Elementary School", "Larkspur High School"),
        ("Escuela Tonalli (Turno Matutino)", "Escuela Tonalli (Turno Vespertino)"),
        ("Módulo 3 Tepozán", "Módulo 5 Tepozán"),
        ("Secundaria Técnica 45", "Secundaria Técnica 54"),
        ("Refugio de Mujeres Tonalli", "Refugio de Hombres Tonalli"),
        ("Albergue para Niñas Tonalli", "Albergue para Niños Tonalli"),
        ("Larkspur Women's Shelter", "Larkspur Men's Shelter"),
        ("Casa de Día Tonalli, adultos mayores", "Casa de Día Tonalli, jóvenes"),
    ],
)
def test_another_level_shift_number_or_audience_in_one_house_is_another_thing(left: str, right: str) -> None:
    """Even where both are reached by one telephone, and where the house has the number of one of them."""
    both = {**AT, **phone("+525555550134")}
    assert not is_linked("place", {"title": left, **both}, {"title": right, **both})


def test_a_house_for_women_and_girls_is_one_for_girls() -> None:
    """Only what one name says and the other excludes keeps them apart."""
    left, right = ("Casa Tonalli, mujeres y niñas", "Casa Tonalli, niñas")
    assert is_linked("place", {"title": left, **AT}, {"title": right, **AT})


@pytest.mark.parametrize(
    "number", ["55 5555 0134", "01 55 5555 0134 ext. 12", "(55)55550134 x 3", "5555-0134"]
)
def test_a_telephone_is_the_same_with_and_without_its_area_and_extension(number: str) -> None:
    """However it was typed."""
    one = {"title": "Casa Tonalli", **phone("+525555550134")}
    assert is_linked("organization", one, {"title": "Casa Tonalli", **phone(number)})


@pytest.mark.parametrize(
    ("type", "left", "right"),
    [
        ("service", "Asesoría jurídica gratuita", "Asesoría psicológica gratuita"),
        ("opportunity", "Voluntariado en comunicación", "Voluntariado en logística"),
        ("project", "Cosecha de lluvia Tepozán", "Huertos escolares Tepozán"),
        ("funding", "Convocatoria Ollin 2025", "Convocatoria Ollin 2026"),
    ],
)
def test_what_one_organisation_does_is_told_apart_by_name(type: str, left: str, right: str) -> None:
    """All of it has the organisation's telephone and web site."""
    both = {"url": "https://ollin-tepozan.mx", **phone("+525555550134")}
    assert not is_linked(type, {"title": left, **both}, {"title": right, **both})
    assert is_linked(type, {"title": left, **both}, {"title": left.upper(), **both})


def test_what_is_needed_is_one_need_only_in_one_place() -> None:
    """Half a city needs water on one day."""
    water = {"title": "Agua", "kind": "need", "district": "09014", "observed_at": "2017-09-20T10:00:00Z"}
    assert not is_linked("need", water, water)
    here = {**water, "street_address": "Amores 338"}
    assert is_linked("need", here, here)
    assert not is_linked("need", {**here, "kind": "damage"}, here)


def test_a_common_name_in_one_town_is_asked_about() -> None:
    """Many schools have the name of one hero."""
    others = [
        (
            f"{A}/place/r{n}",
            {"title": "Escuela Tonalli", "street_address": f"Calle {n} de Mayo 5", "city": f"Ollin {n}x"},
        )
        for n in range(10, 30)
    ]
    x = (f"{A}/place/x", {"title": "Escuela Tonalli", "city": "Tepozán"})
    y = (f"{B}/place/y", {"title": "Escuela Tonalli", "city": "Tepozán", "neighbourhood": "Centro"})
    assert not any({x[0], y[0]} <= set(cluster) for cluster in whole.run((x, y, *others)).clusters)
    assert is_linked("place", x[1], y[1])
