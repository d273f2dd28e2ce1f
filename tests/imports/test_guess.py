"""A proposal says what it thinks and why; where headings and contents contradict it believes neither."""

from __future__ import annotations

import pytest

from commons.imports.guessing.fits import needs_of
from commons.imports.guessing.guess import propose
from commons.imports.guessing.proposal import HOME
from commons.imports.guessing.proposal_text import mapping_text
from commons.imports.guessing.sniff import is_person, is_phone, looks
from commons.imports.mapping.file import parse_mapping
from commons.imports.reading.read import read_bytes
from commons.messages import LANGUAGES, speaking
from commons.schema import territory
from commons.schema.spec import load_schema

CDMX = [d.name for d in territory.load("cdmx").districts.values()]
SCHEMA = load_schema()


def guessed(text: str, type_name: str = "place") -> dict[str, str]:
    table = read_bytes(text.encode(), "x.csv")
    proposal = propose(table, SCHEMA.types[type_name], SCHEMA, districts=CDMX)
    return {guess.column: guess.target for guess in proposal.guesses}


@pytest.mark.parametrize(
    ("heading", "cell", "field"),
    [
        ("Nombre del lugar", "Casa Azul", "title"),
        ("TELÉFONO", "55 5555 0101", "phones"),
        ("Telfono", "55 5555 0101", "phones"),
        ("Phone number", "55 5555 0101", "phones"),
        ("Delegacion / Municipio", "Tlalpan", "district"),
        ("alcaldia", "Iztapalapa", "district"),
        ("Cod. Postal", "09570", "postal_code"),
        ("C.P.", "9570.0", "postal_code"),
        ("Correo electronico", "a@example.org", "email"),
        ("latitud (Y)", "19.41", "latitude"),
        ("LONGITUDE", "-99.13", "longitude"),
        ("coordenadas", "19.41, -99.13", "position"),
        ("Colonia", "Roma Norte", "neighbourhood"),
        ("Capacidad", "120", "capacity"),
        ("horarioDeAtencion", "9:00 a 18:00 hrs", "schedules"),
        ("Responsable", "Marina Ejemplo Ruiz", "contact_name"),
        ("sitio web", "https://example.org", "url"),
        ("columna rara", "b@example.org", "email"),
    ],
)
def test_headings_are_understood_in_two_languages_and_with_slips(heading: str, cell: str, field: str) -> None:
    """Accents, case, spelling and camelCase do not matter; contents decide where headings say nothing."""
    assert guessed(f"{heading},otra\n" + f'"{cell}",x\n' * 3)[heading] == field


def test_the_sheets_own_row_numbers_are_no_part_of_an_address() -> None:
    """«No.» may be a house number; where it runs 1, 2, 3 it counts the rows and stays at home."""
    counted = "No.,Dirección\n" + "".join(f"{n},Calle {n}\n" for n in range(1, 9))
    houses = "No.,Dirección\n" + "".join(f"{n},Calle {n}\n" for n in (120, 7, 45, 3, 88))
    assert guessed(counted)["No."] == HOME
    assert guessed(houses)["No."] == "house_number"


def test_the_date_of_a_visit_does_not_say_when_the_record_was_written() -> None:
    """The portal says «here since»; only a heading that means this is taken for it."""
    days = "13/01/2026,x\n" * 4
    assert guessed(f"Fecha de visita,otra\n{days}")["Fecha de visita"] == HOME
    assert guessed(f"Fecha de registro,otra\n{days}")["Fecha de registro"] == "created_at"


def test_shifted_columns_are_seen_and_not_believed() -> None:
    """Persons under «Delegación», telephones under «Código postal»: a finding each, and one for the shift."""
    row = "Persona 0001,55 5555 0101,Roma,Marina Ejemplo,a@example.org,06700\n"
    text = "Delegación,Código Postal,Colonia,Email,Teléfono,Latitud\n" + row * 5
    table = read_bytes(text.encode(), "x.csv")
    proposal = propose(table, SCHEMA.types["place"], SCHEMA, districts=CDMX)
    codes = [(f.code, f.column) for f in proposal.findings]
    assert ("column-contradicts", "Delegación") in codes and ("columns-shifted", None) in codes
    targets = {g.column: g.target for g in proposal.guesses}
    assert targets["Delegación"] != "district" and targets["Colonia"] == HOME


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_guess_is_a_sentence_and_the_proposal_a_mapping(lang: str) -> None:
    """What is written beside the file can be read back, with its reasons as comments."""
    text = 'lugar,"tel: ""casa""",alcaldía,fecha,rara\n' + "Casa,55 5555 0101,Tlalpan,21/09/2017,x y\n" * 4
    table = read_bytes(text.encode(), "x.csv")
    with speaking(lang):
        proposal = propose(table, SCHEMA.types["place"], SCHEMA, districts=CDMX, lang=lang)
        written = mapping_text(proposal, table, SCHEMA.types["place"], lang=lang)
        assert all(guess.sentence and "{" not in guess.sentence for guess in proposal.guesses)
    mapping = parse_mapping(written, SCHEMA, file="x.yaml")
    assert mapping.main.fields["phones"].owner == "person" and mapping.extra == ("rara",)
    assert mapping.main.fields["created_at"].dates == ("iso", "dd/mm/yyyy")


@pytest.mark.parametrize("text", ["55 5555 0134", "(55) 5555-0134 ext. 12", "5.555500306E9", "5555500306.0",
                                  "55 5550 0005, 55 5550 0006", "+52 1 55 5555 0134"])  # fmt: skip
def test_telephones_are_known_as_people_and_spreadsheets_write_them(text: str) -> None:
    """Also as a spreadsheet's floating-point number."""
    assert is_phone(text)


@pytest.mark.parametrize("text", ["2017-09-21", "19.4326077", "S/N", "12", "42997.81"])
def test_dates_positions_and_numbers_are_no_telephones(text: str) -> None:
    """A column of them would otherwise be asked about as personal."""
    assert not is_phone(text)


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("Marina Ejemplo", True),
        ("José Luis de la Cruz", True),
        ("Persona 0174", True),
        ("Parque México", False),
        ("Calle Benito Juárez", False),
        ("Escuela Rosario", False),
    ],
)
def test_persons_are_told_from_places(text: str, person: bool) -> None:
    """Streets and schools named after persons are no persons."""
    assert is_person(text) == person


def test_a_district_named_after_a_person_is_a_district() -> None:
    """Benito Juárez and Miguel Hidalgo are alcaldías first."""
    assert looks(["Benito Juárez", "Miguel Hidalgo", "Cuahutemoc"], districts=CDMX).best == "district"


def test_what_a_field_needs_is_the_schemas_word() -> None:
    """Every date, number, yes-or-no, page and e-mail of every type asks its column for such contents."""
    for rtype in SCHEMA.types.values():
        for spec in rtype.fields.values():
            if spec.type in ("date", "datetime", "boolean", "integer") and not spec.name.endswith("_e6"):
                assert needs_of(spec.name), (rtype.name, spec.name)
            if spec.type == "string" and spec.format in ("uri", "email", "phone", "postal_code"):
                assert needs_of(spec.name), (rtype.name, spec.name)


def test_prose_under_the_heading_of_a_date_or_a_number_stays_at_home() -> None:
    """«ver cartel» under «Fecha de publicación» made a draft of every cell."""
    text = "Título,Fecha de publicación,Cupo,Vacantes\n" + "".join(
        f"Tarea {n},ver cartel,por definir,{n} personas\n" for n in range(4)
    )
    found = guessed(text, "opportunity")
    assert found["Fecha de publicación"] == HOME and found["Vacantes"] == "vacancies"
    assert guessed(text)["Cupo"] == HOME
