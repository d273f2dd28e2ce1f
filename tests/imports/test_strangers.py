"""Lists as strangers publish them, read by the program's own proposal: nothing private shown, little lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from commons.imports.guessing.guess import propose
from commons.imports.guessing.proposal import HOME
from commons.imports.guessing.proposal_text import mapping_text
from commons.imports.loading.report import ImportReport
from commons.imports.reading.read import read_bytes
from commons.schema import territory
from commons.schema.spec import load_schema

SCHEMA = load_schema()
CDMX = [d.name for d in territory.load("cdmx").districts.values()]
Importer = Callable[..., ImportReport]


def guessed(text: str, type_name: str = "place") -> dict[str, str]:
    table = read_bytes(text.encode(), "x.csv")
    proposal = propose(table, SCHEMA.types[type_name], SCHEMA, districts=CDMX)
    return {guess.column: guess.target for guess in proposal.guesses}


def written(text: str, type_name: str = "place") -> str:
    table = read_bytes(text.encode(), "x.csv")
    rtype = SCHEMA.types[type_name]
    return mapping_text(propose(table, rtype, SCHEMA, districts=CDMX), table, rtype)


def test_an_address_that_may_be_a_persons_never_becomes_the_public_name(bring: Importer) -> None:
    """Cryptic headings leave no column of names: a text stands in, never the e-mail beside it."""
    text = (
        "fna,tip,ema\nCasa Azul,x,ana@example.org\nCasa Roja,x,luz@example.org\nCasa Sol,x,eva@example.org\n"
    )
    report = bring(text, type="place", dry=True)
    assert [c.fields["title"] for c in report.changes] == ["Casa Azul", "Casa Roja", "Casa Sol"]
    assert "extra" not in report.changes[0].fields or "fna" not in str(report.changes[0].fields["extra"])
    assert "title" not in written("ema\nana@example.org\nluz@example.org\n")


@pytest.mark.parametrize(
    ("type_name", "heading", "cells"),
    [
        ("place", "Comedor", ("Los Peques", "Copa del Sol", "Alegría")),
        ("place", "BIBLIOTECA", ("SOR JUANA", "DOS RÍOS", "LUZ DEL SUR")),
        ("event", "Curso", ("Huertos", "Costura", "Primeros auxilios")),
        ("opportunity", "Oportunidad", ("Leer cuentos", "Sembrar", "Traducir")),
    ],
)
def test_a_heading_that_names_the_things_stands_over_their_names(
    type_name: str, heading: str, cells: tuple[str, ...]
) -> None:
    """«Comedor» over a list of kitchens; the organisation beside an opportunity is not its name."""
    text = f"{heading},Institución\n" + "".join(f"{cell},Red Ejemplo\n" for cell in cells)
    assert guessed(text, type_name)[heading] == "title"


def test_a_municipality_outside_the_territory_is_a_town_and_no_row_is_at_fault(bring: Importer) -> None:
    """Whoever lists places elsewhere gets no «unknown district» for every row; ciphers stay at home."""
    text = "Nombre,Municipio,Distrito\n" + "".join(
        f"Casa {n},{town},{n}\n" for n, town in enumerate(("Soacha", "Medellín", "Cali", "Acapulco"), 1)
    )
    report = bring(text, type="place", dry=True)
    assert report.changes[0].fields["city"] == "Soacha" and not report.changes[0].drafts
    assert guessed("Nombre,Alcaldía\nCasa A,Tlalpan\nCasa B,Iztapalapa\n")["Alcaldía"] == "district"


def test_estado_is_a_region_or_a_status_by_what_stands_in_it() -> None:
    """ACTIVA is no federal state; and words that this list of statuses lacks stay at home."""
    states = "Nombre,Estado\nA,Jalisco\nB,Puebla\nC,Oaxaca\n"
    ours = "Nombre,Estado\nA,ACTIVA\nB,ACTIVA\nC,INACTIVA\n"
    theirs = "Nombre,Estado\nA,pasado\nB,próximo\nC,pasado\n"
    assert guessed(states)["Estado"] == "region"
    assert guessed(ours)["Estado"] == "status"
    assert guessed(theirs, "event")["Estado"] == HOME


def test_words_that_only_sound_alike_are_not_taken_for_each_other() -> None:
    """«Modalidad» is no «localidad», «Actualizado» no «actualizado por», «Calidad» no quarter."""
    text = "Nombre,Modalidad,Actualizado,Calidad\n" + "Casa,Presencial,21/09/2017,5\n" * 3
    found = guessed(text, "opportunity")
    assert (found["Modalidad"], found["Actualizado"], found["Calidad"]) == ("attendance", "modified_at", HOME)


def test_codes_ranks_and_ascending_numbers_are_neither_names_nor_numbers_of_houses() -> None:
    """Keys of schools under «centro», posts under «Title», a sheet's own numbering with gaps."""
    rows = "".join(
        f"{n},09DPR{n:04}X,Escuela {n},Program Director,Calle {n}\n" for n in (13, 14, 39, 76, 81, 797)
    )
    found = guessed("num,centro,nombre_edi,Title,domicilio\n" + rows)
    assert found["nombre_edi"] == "title" and found["centro"] == HOME and found["Title"] == HOME
    assert found["num"] != "house_number" and found["domicilio"] == "street_address"


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        (("24-mar-25", "3 de febrero de 2025"), ("2025-03-24", "2025-02-03")),
        (("2023/11/02", "2022/01/30"), ("2023-11-02", "2022-01-30")),
        (("4/29/17", "5/6/17"), ("2017-04-29", "2017-05-06")),
        (("15/01/2025", "1 de julio de 2025"), ("2025-01-15", "2025-07-01")),
    ],
)
def test_dates_are_read_as_people_write_them(
    bring: Importer, cells: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    """Months by name, the year in front or short: the proposal allows what the column holds."""
    text = "Título,Fecha inicio\n" + "".join(f"Tarea {n},{cell}\n" for n, cell in enumerate(cells))
    report = bring(text, type="opportunity", dry=True)
    assert tuple(c.fields.get("starts_on") for c in report.changes) == kept


def test_an_hour_that_contradicts_itself_is_not_read(bring: Importer) -> None:
    """«20:00 AM» was eight in the morning, before the beginning."""
    text = "Title,Start,End\nA,4/29/17 09:00 AM,4/29/17 20:00 AM\nB,5/30/17 09:00 AM,5/30/17 08:00 PM\n"
    first, second = bring(text, type="event", dry=True).changes
    assert "ends_at" not in first.fields and "ends_at" in first.drafts
    assert str(second.fields["ends_at"]).startswith("2017-05-31T01:00")


def test_headings_in_two_rows_are_joined_without_merged_cells_too(bring: Importer) -> None:
    """«Domicilio» over «Calle» and «Colonia»: the second row is no record."""
    text = (
        "No.;Nombre;Domicilio;;;Contacto;;Capacidad\n;;Calle;Colonia;C.P.;Responsable;Teléfono(s);\n"
        "1;La Paz;Hidalgo 12;Centro;06000;Eva Ruiz;55 5512 3456;120\n"
        "2;El Sol;Norte 5;Vallejo;7870;Luz Díaz;55 5512 3457;80\n"
        "3;La Luz;Sur 8;Doctores;6720;;;60\n"
    )
    report = bring(text, type="place", dry=True)
    assert [c.fields["title"] for c in report.changes] == ["La Paz", "El Sol", "La Luz"]
    fields = report.changes[1].fields
    assert (fields["street_address"], fields["neighbourhood"]) == ("Norte 5", "Vallejo")
    assert (fields["postal_code"], fields["contact_phone"]) == ("07870", "+525555123457")


def test_a_first_record_with_gaps_is_no_second_row_of_headings(bring: Importer) -> None:
    """Where every column has its heading, or a value stands in the row, it is a record."""
    report = bring("Nombre,Calle,\nLa Paz,Hidalgo,ver\nEl Sol,Norte,ver\nLa Luz,Sur,no\n", type="place")
    assert report.rows_imported == 3


def test_what_says_nothing_is_empty_in_every_field(bring: Importer) -> None:
    """NA, as R writes it, is no address and hides no kind of column."""
    text = "name,addr.street,phone,Notas\nCasa,NA,NA,NA\nSol,Norte 5,55 5512 3456,NA\nLuz,NA,NA,sin dato\n"
    first, second, _ = bring(text, type="place", dry=True).changes
    assert "NA" not in str(first.fields) and not first.drafts
    assert second.fields["contact_phone"] == "+525555123456"


@pytest.mark.parametrize(
    ("cell", "latitude", "longitude"),
    [
        ("6,2442; -75,5812", 6244200, -75581200),
        ("(19.3712, -99.1589)", 19371200, -99158900),
        ("19°23'35.5\"N 99°09'12.1\"W", 19393194, -99153361),
    ],
)
def test_positions_in_one_cell_are_read_in_every_usual_form(
    bring: Importer, cell: str, latitude: int, longitude: int
) -> None:
    """Comma for point, brackets, degrees with minutes and seconds."""
    quoted = '"' + cell.replace('"', '""') + '"'
    report = bring(
        "Nombre,Maps\n" + "".join(f"Casa {n},{quoted}\n" for n in range(3)), type="place", dry=True
    )
    fields = report.changes[0].fields
    assert (fields["latitude_e6"], fields["longitude_e6"]) == (latitude, longitude)


def test_a_telephone_with_words_or_an_extension_is_kept_for_its_person(bring: Importer) -> None:
    """«CEL. …» was seen as something else, an extension made it a draft; the whole stays at home."""
    text = "Nombre,Teléfono\nA,CEL. 983 131 90 08\nB,55 5512 3456 ext. 12\nC,OFIC. 83 4 11 73\n"
    made = bring(text, type="place", dry=True).changes
    assert [c.fields.get("contact_phone") for c in made[:2]] == ["+529831319008", "+525555123456"]
    assert "ext. 12" in str(made[1].fields["extra"]) and "phones" not in str([c.fields for c in made])


def test_postal_codes_of_four_figures_are_not_lengthened_where_five_are_unknown() -> None:
    """1642 is Argentine; among codes of five figures it has lost its zero."""
    foreign = written("Nombre,CP\nA,1642\nB,B1832\nC,C1439\n")
    assert "digits" not in foreign and "postal_code" in foreign
    assert "digits: 5" in written("Nombre,CP\nA,9290\nB,29000\nC,64060\n")


def test_official_keys_and_countries_get_the_form_that_the_schema_wants(bring: Importer) -> None:
    """«CLUNI» says the scheme; «España» has a code."""
    text = "Razón social,CLUNI,País\nCasa,ABC0102031234A,México\nSol,ABD0102031234A,España\n"
    first, second = bring(text, type="organization", dry=True).changes
    assert first.fields["identifiers"] == ["MX-CLUNI:ABC0102031234A"]
    assert (first.fields["country"], second.fields["country"]) == ("MX", "ES")


def test_prices_in_words_go_where_words_may_stand() -> None:
    """«Cooperación voluntaria» under «Costo» was left out altogether."""
    words = "Curso,Costo\nA,$350\nB,Gratuito\nC,Cooperación voluntaria\n"
    assert guessed(words, "event")["Costo"] == "fees_description"
    assert guessed("Curso,Costo\nA,$350\nB,$20\nC,0\n", "event")["Costo"] == "price"


def test_several_ways_to_reach_somebody_in_a_cell_are_no_persons_name() -> None:
    """«Web: … | Tel: …» under «Contacto» stays at home, and maps are no web page."""
    rows = "Casa,Web: https://a.example | Tel: 55 5512 3456,https://maps.app.goo.gl/x\n" * 3
    found = guessed("Nombre,Contacto,Ubicación\n" + rows)
    assert found["Contacto"] == HOME and found["Ubicación"] == HOME


def test_a_file_without_headings_loses_no_first_row(bring: Importer) -> None:
    """A web address or a position among the first cells is no heading."""
    rows = "".join(f"Escuela {n};Maule;-;Varios;-;-72.40{n};-35.33{n};www.example.org\n" for n in range(5))
    assert bring(rows, type="place", dry=True).rows_imported == 5
