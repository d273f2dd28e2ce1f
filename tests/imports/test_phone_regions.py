"""Telephones of another country: said, known from the territory, proposed where it is plain."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.imports.guessing.guess import propose
from commons.imports.guessing.phone_regions import with_phones
from commons.imports.loading.prepare import Given, prepare
from commons.imports.loading.report import ImportReport
from commons.imports.mapping.file import MappingRefused, parse_mapping
from commons.imports.reading.read import read_bytes
from commons.schema import territory
from commons.schema.spec import load_schema

SCHEMA = load_schema()
Importer = Callable[..., ImportReport]
# numbers of San Francisco, Los Angeles and New York: the first is one in Mexico, too
AMERICAN = ("4155550134", "(310) 555-0177", "212-555-0155", "310 555 0111")
BRITISH = ("0117 496 0123", "020 7946 0958", "0161 496 0345")
BOTH = ("4156212929", "8315551234", "6123456789", "4156212930")


def region_of(text: str, home: str = "cdmx") -> str:
    table = read_bytes(text.encode(), "x.csv")
    place = territory.load(home)
    return with_phones(propose(table, SCHEMA.types["place"], SCHEMA), table, place).phone_region


def sheet(numbers: tuple[str, ...], heading: str = "", cells: str = "") -> str:
    rows = "".join(f"Casa {n},{number},{cells}\n" for n, number in enumerate(numbers))
    return f"Nombre,Teléfono,{heading or 'Zona'}\n{rows}"


def test_a_mapping_says_whose_numbers_they_are(bring: Importer) -> None:
    """For the whole file, or for one field; without a word they are the territory's."""
    text = "Nombre,Tel\nCasa,2125550155\n"
    plain = (
        "type: place\n{top}fields:\n  title: Nombre\n  phones: {{column: Tel, owner: organisation{own}}}\n"
    )
    for top, own in (("phone_region: US\n", ""), ("", ", phone_region: us")):
        report = bring(text, plain.format(top=top, own=own), dry=True)
        assert report.changes[0].fields["phones"] == [{"number": "+12125550155"}]
    at_home = bring(text, plain.format(top="", own=""), dry=True)
    assert at_home.changes[0].fields["phones"] == [{"number": "+522125550155"}]


@pytest.mark.parametrize("code", ["USA", "XX", "", "estados unidos"])
def test_a_country_that_is_none_is_refused_with_its_line(code: str) -> None:
    """One sentence with the line and two examples."""
    text = f'type: place\nphone_region: "{code}"\nfields: {{title: Nombre}}\n'
    with pytest.raises(MappingRefused, match=r"line 2|línea 2"):
        parse_mapping(text, SCHEMA, file="m.yaml")


@pytest.mark.parametrize(
    ("heading", "cell"),
    [("Estado", "CA"), ("Dirección", "12 Oak St San Francisco CA 94103"), ("País", "Estados Unidos")],
)
def test_numbers_that_only_another_country_has_are_proposed_with_what_agrees(heading: str, cell: str) -> None:
    """State, address and country column each bear out what most numbers say."""
    assert region_of(sheet(AMERICAN, heading, cell)) == "US"


def test_numbers_valid_in_both_countries_stay_at_home_unless_the_list_names_the_other() -> None:
    """A state column is no proof where the numbers are Mexican just as well; a country in every row is."""
    assert region_of(sheet(BOTH, "Estado", "CA")) == ""
    assert region_of(sheet(BOTH, "País", "México")) == ""
    assert region_of(sheet(BOTH, "País", "USA")) == "US"
    assert region_of(sheet(BOTH, "Dirección", "12 Oak St San Francisco CA 94103")) == "US"


def test_numbers_alone_move_nothing_but_a_word_is_said(bring: Importer) -> None:
    """Nothing else speaks for a country: the report asks, the reading stays."""
    report = bring(sheet(AMERICAN), type="place", dry=True)
    assert "phones-not-from-here" in {f.code for f in report.findings}
    assert region_of(sheet(AMERICAN)) == ""


def test_numbers_with_plus_and_the_same_country_agree() -> None:
    """Three numbers of the list carry +34, and the others exist in Spain only."""
    numbers = ("+34 915 55 01 34", "+34 915 55 01 35", "+34 935550136", "915550137", "935550138", "955550139")
    assert region_of(sheet(numbers)) == "ES"


def test_the_proposal_writes_the_country_down_with_its_reason(bring: Importer, catalogue: object) -> None:
    """Who reads the mapping file sees what was taken for what, and the next import reads the same."""
    text = sheet(AMERICAN, "País", "USA")
    prepared = prepare(catalogue, Given(text.encode(), "x.csv", type="place"), lang="en")  # type: ignore[arg-type]
    assert "phone_region: US  # " in prepared.mapping_text
    report = bring(text, prepared.mapping_text, dry=True)
    assert {c.fields["contact_phone"] for c in report.changes} >= {"+14155550134", "+12125550155"}


def test_at_home_in_another_country_the_territory_decides() -> None:
    """A territory of the United States reads its numbers without a word in any mapping."""
    data = b"name: bay\ntitle: {es: B, en: B}\ntime_zone: America/Los_Angeles\ncountry: US\n"
    assert territory.parse(data, "bay.yaml").phone_region == "US"
    with pytest.raises(territory.WrongTerritory, match="phone_region"):
        territory.parse(data + b"phone_region: XX\n", "bay.yaml")


@pytest.mark.parametrize("country", ["us", "EU", "México", "", "Estados Unidos"])
def test_a_country_in_other_letters_costs_no_territory_its_districts(country: str) -> None:
    """Only what is a region of telephones says whose they are; no file is refused for it."""
    data = "name: bay\ntitle: {es: B, en: B}\ntime_zone: America/Los_Angeles\n"
    data += f"country: '{country}'\ndistricts: [{{code: n1, name: Norte}}]\n"
    read = territory.parse(data.encode(), "bay.yaml")
    assert read.phone_region == ("US" if country == "us" else "MX") and list(read.districts) == ["n1"]


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        *(
            ("Estado", name)
            for name in ("Puebla", "Oaxaca", "Jalisco", "Ciudad de México", "Coahuila", "Colima")
        ),
        ("Dirección", "Calle Sol 4, La Paz, CO 06000"),
        ("Dirección", "Av. Luz 2, Cuautla, MO 62000"),
        ("Dirección", "Calle Sol Mz F5 9AB"),
        ("Dirección", "Calle Sol Mz B5 9AB"),
        ("Dirección", "Calle Sol manzana N1 2AA"),
    ],
)
def test_mexican_states_and_addresses_speak_for_no_other_country(heading: str, cell: str) -> None:
    """The end of a word is no state, and a block with its lot no British code."""
    assert region_of(sheet(AMERICAN, heading, f'"{cell}"')) == ""
    assert region_of(sheet(BRITISH, heading, f'"{cell}"')) == ""


@pytest.mark.parametrize(
    ("numbers", "heading", "cell", "region"),
    [("us", "Estado", "ca", "US"), ("us", "Estado", "Oakland, CA", "US"),
     ("us", "Dirección", "1 A St, NY 10001", "US"),
     ("gb", "Dirección", "1 High St, Bristol BS1 4DJ", "GB"), ("gb", "Código postal", "SW1A1AA", "GB")],
)  # fmt: skip
def test_states_and_codes_that_exist_still_speak(numbers: str, heading: str, cell: str, region: str) -> None:
    """Alone in the cell, after a comma, or with the state's own postal code."""
    assert region_of(sheet(AMERICAN if numbers == "us" else BRITISH, heading, f'"{cell}"')) == region


@given(st.lists(st.from_regex(r"(55|33|81)[2-8]\d{7}", fullmatch=True), min_size=3, max_size=20))
def test_a_mexican_list_is_never_moved_abroad(numbers: list[str]) -> None:
    """Law: numbers of Mexico's three big cities stay Mexican whatever the state column says."""
    assert region_of(sheet(tuple(numbers), "Estado", "CA")) == ""
