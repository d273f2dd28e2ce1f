"""Territories: districts by any of their names, and files that cannot be used are refused."""

from pathlib import Path

import pytest

from commons.schema import territory
from commons.schema.territory import NoTerritory, WrongTerritory

CDMX = territory.load("cdmx")
FILE = b"""name: lago
title: {es: Junto al lago, en: By the lake}
time_zone: America/Mexico_City
districts:
  - {code: "15058", name: La Orilla, neighbourhoods: [Centro, Las Garzas]}
"""


def test_the_city_has_its_sixteen_districts() -> None:
    """INEGI's codes 09002 to 09017, each with a tile of its own and neighbours that agree."""
    assert sorted(CDMX.districts) == [f"09{n:03}" for n in range(2, 18)]
    assert len({d.tile for d in CDMX.districts.values()}) == 16
    assert all(CDMX.holds(*d.centre_e6) for d in CDMX.districts.values())  # type: ignore[call-arg]
    assert CDMX.district_of_postal_code("09570") == "09007"
    assert CDMX.district_of_postal_code("62000") is None


@pytest.mark.parametrize(
    "text, code",
    [("Alvaro Obreg", "09010"), ("Cuahutemoc", "09015"), ("Cuaujimalpa", "09004"), ("GAM", "09005"),
     ("Deleg. Benito juares", "09014"), ("Tlapán", "09012"), ("9002", "09002"), ("09002", "09002"),
     ("IZTAPALAPA ", "09007"), ("Magdalena Contreras", "09008"), ("Gustavo A. Madero", "09005"),
     ("Cuernavaca", None), ("Cuatla", None), ("Ixtapaluca", None), ("Condesa", None), ("Guadalupe", None),
     ("Cuautitlán Izcalli", None), ("Centro", None), ("2", None), ("", None)],
)  # fmt: skip
def test_districts_are_found_as_people_write_them(text: str, code: str | None) -> None:
    """Spellings of real sheets; towns elsewhere are not taken for districts."""
    found = CDMX.find_district(text)
    assert (found.id if found else None) == code


def test_a_federation_may_bring_its_own_file(tmp_path: Path) -> None:
    """A path is as good as a name."""
    path = tmp_path / "lago.yaml"
    path.write_bytes(FILE)
    lake = territory.load(path)
    assert lake.district_name("15058") == "La Orilla"
    assert lake.districts["15058"].neighbourhoods == ("Centro", "Las Garzas")
    assert lake.holds(0, 0)
    assert territory.content(path) == FILE


def test_without_a_territory_there_is_a_clock_all_the_same() -> None:
    """The plain one: no districts, Greenwich."""
    none = territory.load("none")
    assert not none.districts and str(none.zone) == "UTC"
    assert none.district_name("09007") == "09007"


@pytest.mark.parametrize(
    "old, new",
    [(b"name: lago", b"nombre: lago"), (b"en: By", b"fr: Au"), (b"America/Mexico_City", b"Luna/Mar"),
     (b'"15058"', b'"a b"'), (b"name: La", b"nombre: La"), (b"districts:", b"districts: ["), (b"o", b"\xff"),
     (b"name: La Orilla", b'name: La Orilla, neighbours: ["1"]'), (FILE, b"[]")],
)  # fmt: skip
def test_a_territory_that_cannot_be_used_is_refused(tmp_path: Path, old: bytes, new: bytes) -> None:
    """The sentence names the file."""
    path = tmp_path / "lago.yaml"
    path.write_bytes(FILE.replace(old, new))
    with pytest.raises(WrongTerritory, match=r"lago\.yaml"):
        territory.load(path)


@pytest.mark.parametrize("name", ["narnia", "/", "."])
def test_an_unknown_territory_names_those_there_are(name: str) -> None:
    """The next step stands beside the refusal."""
    with pytest.raises(NoTerritory) as refusal:
        territory.load(name)
    assert "cdmx" in refusal.value.hint
