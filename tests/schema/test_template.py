"""Sheets to fill in: known again by the importer, kind to whoever fills them."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from commons.cli.main import cli
from commons.imports.guessing.guess import propose
from commons.imports.reading.read import read_bytes
from commons.schema import template, territory, typed
from tests.schema.values import SCHEMA

CDMX = territory.load("cdmx")
SHEETS = [t for t in SCHEMA.types.values() if t.name not in ("withdrawal", "catalogue", "judgement")]


@pytest.mark.parametrize("lang", ["es", "en"])
def test_every_example_in_the_help_can_be_typed(lang: str) -> None:
    """Who copies the example from the help is understood, without a remark."""
    for rtype in SCHEMA.types.values():
        for field in rtype.fields.values():
            if field.example:
                reading = typed.read(field, field.example[lang], lang=lang, territory=CDMX)
                assert reading.value is not None, (rtype.name, field.name)
                assert reading.finding is None, (rtype.name, field.name)


@pytest.mark.parametrize("lang", ["es", "en"])
def test_every_type_has_a_sheet_with_no_two_headings_alike(lang: str) -> None:
    """The first column is the record's id, the others are named as a form names them."""
    for rtype in SHEETS:
        [named] = csv.reader(io.StringIO(template.csv_bytes(rtype, lang=lang).decode("utf-8-sig")))
        assert named == template.headings(rtype, lang)
        assert named[0] == "Id" and len(set(named)) == len(named)


@pytest.mark.parametrize("lang", ["es", "en"])
def test_the_importer_knows_every_heading_again(lang: str) -> None:
    """A template filled with its own examples needs no hand at its mapping, not even who may see a record."""
    for rtype in SHEETS:
        fields = template.fields_of(rtype)
        out = io.StringIO()
        rows = [[f"a-{n}", *(f.example.get(lang, "Texto") for f in fields)] for n in range(3)]
        csv.writer(out).writerows([template.headings(rtype, lang), *rows])
        proposal = propose(read_bytes(out.getvalue().encode(), "a.csv"), rtype, SCHEMA, lang=lang)
        targets = [guess.target for guess in proposal.guesses]
        assert targets[0] in ("id", "key"), rtype.name  # a sheet of few columns is not known as our own
        assert [t.removesuffix("_e6") for t in targets[1:]] == [f.name.removesuffix("_e6") for f in fields]


def test_workbook_and_csv_are_one_template() -> None:
    """The same headings in the same order."""
    need = SCHEMA.types["need"]
    book = openpyxl.load_workbook(io.BytesIO(template.xlsx_bytes(need, lang="en", territory=CDMX)))
    assert [cell.value for cell in book.worksheets[0][1]] == template.headings(need, "en")


def test_the_workbook_helps_and_offers_lists() -> None:
    """Help on every heading, lists for terms, districts and yes or no, and nothing is forced."""
    data = template.xlsx_bytes(SCHEMA.types["place"], lang="es", territory=CDMX)
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet, instructions, lists = book.worksheets
    assert all(cell.comment for cell in sheet[1])
    assert (sheet.title, instructions.title, lists.sheet_state) == ("Lugares", "Instrucciones", "hidden")
    offered = [[c.value for c in column if c.value] for column in lists.columns]
    assert sorted(d.name for d in CDMX.districts.values()) in offered
    assert ["sí", "no"] in offered and any("Albergue" in choices for choices in offered)
    assert all(not rule.showErrorMessage for rule in sheet.data_validations.dataValidation)
    assert sheet.column_dimensions["B"].number_format == "@"


def test_a_filled_sheet_is_read_as_it_was_filled() -> None:
    """The importer reads the first sheet; ids, zeros and plus signs survive."""
    book = openpyxl.load_workbook(io.BytesIO(template.xlsx_bytes(SCHEMA.types["place"], lang="es")))
    sheet = book.worksheets[0]
    names = [cell.value for cell in sheet[1]]
    for name, text in {
        "Id": "local",
        "Nombre": "Local",
        "Código postal": "09570",
        "Teléfonos": "+525555550134",
    }.items():
        sheet.cell(2, names.index(name) + 1, text)
    out = io.BytesIO()
    book.save(out)
    table = read_bytes(out.getvalue(), "lugares.xlsx")
    cells = dict(zip(table.columns, table.rows[0].cells, strict=True))
    assert (cells["Id"], cells["Código postal"], cells["Teléfonos"]) == ("local", "09570", "+525555550134")


def test_the_command_writes_a_sheet_and_never_over_another(tmp_path: Path) -> None:
    """A type by its Spanish name; an existing file is somebody's work."""
    out = tmp_path / "servicios.csv"
    runner = CliRunner()
    first = runner.invoke(cli, ["--lang", "es", "template", "servicio", "--out", str(out)])
    assert first.exit_code == 0, first.output
    assert out.read_text("utf-8-sig").startswith("Id,Nombre,")
    out.write_text("mi trabajo", encoding="utf-8")
    second = runner.invoke(cli, ["--lang", "es", "template", "servicio", "--out", str(out)])
    assert second.exit_code == 2 and "ya existe" in second.output
    assert out.read_text("utf-8") == "mi trabajo"


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["withdrawal"], "withdrawal"),
        (["castillo"], "castillo"),
        (["place", "--territory", "narnia"], "narnia"),
        (["place", "--out", "/no/such/folder/x.xlsx"], "/no/such/folder/x.xlsx"),
    ],
)
def test_what_cannot_be_made_is_said_in_a_sentence(arguments: list[str], said: str) -> None:
    """No traceback, no file, the next step beside it."""
    result = CliRunner().invoke(cli, ["--lang", "es", "template", *arguments])
    assert result.exit_code in (2, 3)
    assert said in result.output and "→" in result.output
    assert "Traceback" not in result.output
