"""Files that real people published: read completely or refused in plain words, every row accounted for.

The files are no part of the project; without their folder (COMMONS_REAL_DATA) these tests are skipped.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commons.catalogue.store import Catalogue
from commons.imports.guessing.guess import propose
from commons.imports.loading.load import run
from commons.imports.loading.prepare import Given, prepare
from commons.imports.reading.read import read_file
from commons.imports.reading.table import TableRefused
from commons.schema import territory
from commons.schema.spec import load_schema

pytestmark = pytest.mark.real
ROOT = Path(__file__).resolve().parents[2]
DATA = (ROOT / os.environ.get("COMMONS_REAL_DATA", "../shared/data")).resolve()
MESSY = sorted(p for p in (DATA / "messy-tables").rglob("*") if p.is_file() and p.name != "README.md")
OLD = sorted(p for p in (DATA / "hsds-1-samples").rglob("*.*") if p.is_file() and p.name != "README.md")
ABSENT = [DATA / "messy-tables" / "absent.csv"]
MAPPINGS = ROOT / "tests" / "real" / "cdmx-19s"
# without rows below the headings, or without headings at all
WITHOUT_ROWS = {"merged-cells.xls", "merged-cells.xlsx", "small.csv", "utf8bom.csv", "services.csv",
                "taxonomy.csv", "services_taxonomy.csv"}  # fmt: skip
CELLS = {
    "spanish_chars.csv": (114, "Legislación"),
    "table-with-accents.csv": (638, "81,20416129"),
    "mixedGLB.csv": (133, "-43"),
    "excel_pasting.csv": (13, "Clay, ceramic and glass products"),
    "doublequote.csv": (5, "Administración Nacional de Educación Pública"),
    "cast-int-to-string-issue-1251.xlsx": (2, "001"),
    "table-with-two-sheets.ods": (2, "中国人"),
    "encoding-issue-274.csv": (507, "Asia New Zealand Foundation"),
    "null.csv": (10, "null"),
    "simple.zip": (6, "Galway"),
}


def need(folder: str) -> None:
    if not (DATA / folder).is_dir():
        pytest.skip(f"the real files of {folder} are not on this computer (COMMONS_REAL_DATA)")


@pytest.mark.parametrize("path", MESSY + OLD or ABSENT, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_every_file_is_read_completely_or_refused_in_a_sentence(path: Path) -> None:
    """No traceback, no garbled letter; each row is a record or set aside; what holds no rows is refused."""
    need(path.relative_to(DATA).parts[0])
    try:
        table = read_file(path)
    except TableRefused as error:
        assert path.name in WITHOUT_ROWS and str(error) and error.hint
        return
    assert table.rows and all(len(row.cells) == len(table.columns) for row in table.rows)
    assert not any("�" in cell or "Ã" in cell for row in table.rows for cell in row.cells)
    if path.name in CELLS:
        rows, cell = CELLS[path.name]
        assert len(table.rows) == rows and any(cell in row.cells for row in table.rows)


@pytest.mark.parametrize("path", OLD or ABSENT, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_old_tables_get_a_proposal_without_fail(path: Path) -> None:
    """Also files that nobody had in mind can be proposed for."""
    need(path.relative_to(DATA).parts[0])
    schema = load_schema()
    try:
        table = read_file(path)
    except TableRefused:
        return
    for name in ("organization", "place", "service"):
        assert len(propose(table, schema.types[name], schema).guesses) == len(table.columns)


def test_the_shifted_columns_of_the_needs_are_made_visible() -> None:
    """Persons' names under «Ciudad», handles under «Delegación/municipio», shifted by two."""
    need("cdmx-19s")
    table = read_file(DATA / "cdmx-19s" / "ofrezco_necesito" / "necesito.geojson")
    schema, districts = load_schema(), [d.name for d in territory.load("cdmx").districts.values()]
    proposal = propose(table, schema.types["need"], schema, districts=districts)
    told = {f.column for f in proposal.findings if f.code == "column-contradicts"}
    assert {"Ciudad", "Delegación/municipio", "Colonia", "Latitude"} <= told
    assert [f.details["by"] for f in proposal.findings if f.code == "columns-shifted"] == [-2]
    public = {g.column for g in proposal.guesses if g.target not in ("extra", "contact_name")}
    assert not public & {"Ciudad", "Delegación/municipio"}


@pytest.mark.parametrize(
    ("file", "mapping", "rows", "held"),
    [
        ("gob.mx/albergues_oficial", "albergues-oficial", 81, {"position-outside": 1}),
        ("gob.mx/acopio_oficial", "acopio-oficial", 2, {}),
        ("gob.mx/albergues_crowd", "albergues-ciudadanos", 37, {}),
        ("horizontal/buildings", "edificios", 435, {}),
        ("ofrezco_necesito/necesito", "necesito", 278, {"position-zero": 8}),
    ],
)
def test_every_row_of_the_earthquakes_sheets_is_accounted_for(
    file: str, mapping: str, rows: int, held: dict[str, int], catalogue: Catalogue, at: datetime
) -> None:
    """Rows in = rows accounted for; impossible positions wait; needs have an end; twice is once."""
    need("cdmx-19s")
    path = DATA / "cdmx-19s" / f"{file}.geojson"
    text = (MAPPINGS / f"{mapping}.yaml").read_text(encoding="utf-8")
    given = Given(path.read_bytes(), path.name, mapping=text, mapping_name=mapping)
    report = run(catalogue, prepare(catalogue, given, lang="es").request, at=at)
    accounted = report.rows_imported + report.rows_unchanged + len(report.skipped) + len(report.refused)
    assert report.rows_read == rows == accounted
    codes = [f.code for f in report.findings]
    assert all(codes.count(code) == n for code, n in held.items())
    assert all("expires_at" in r.fields for r in catalogue.records("need"))
    assert run(catalogue, prepare(catalogue, given, lang="es").request, at=datetime.now(UTC)).step is None


def test_no_person_of_the_needs_stands_in_a_field_that_may_leave(catalogue: Catalogue, at: datetime) -> None:
    """Names, telephones and e-mails are in the contact's fields or at home."""
    need("cdmx-19s")
    path = DATA / "cdmx-19s" / "ofrezco_necesito" / "necesito.geojson"
    text = (MAPPINGS / "necesito.yaml").read_text(encoding="utf-8")
    given = Given(path.read_bytes(), path.name, mapping=text, mapping_name="necesito")
    run(catalogue, prepare(catalogue, given, lang="es").request, at=at)
    rtype = catalogue.schema.types["need"]
    for record in catalogue.records("need"):
        for name, value in record.fields.items():
            if rtype.fields[name].release == "always" and name != "description":
                assert "Persona 0" not in str(value) and "usuario0" not in str(value), (record.id, name)
