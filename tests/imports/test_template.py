"""Our own empty sheets, filled in, come back as they were meant, without a question."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from commons.catalogue.store import Catalogue
from commons.imports.guessing.guess import propose
from commons.imports.loading.report import ImportReport
from commons.imports.reading.read import read_bytes
from commons.messages import LANGUAGES
from commons.schema import typed
from commons.schema.spec import load_schema
from commons.schema.template import fields_of, headings
from commons.schema.territory import load

SCHEMA = load_schema()
Importer = Callable[..., ImportReport]


def sheet(type_name: str, lang: str, *rows: dict[str, str]) -> str:
    rtype = SCHEMA.types[type_name]
    names = ["id", *(f.name for f in fields_of(rtype))]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings(rtype, lang))
    writer.writerows([row.get(name, "") for name in names] for row in rows)
    return out.getvalue()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("type_name", [t.name for t in SCHEMA.public_types])
def test_every_heading_of_every_sheet_is_known_again(type_name: str, lang: str) -> None:
    """In both languages, whatever stands below it."""
    text = sheet(type_name, lang, {"title": "Casa", "id": "casa"})
    rtype = SCHEMA.types[type_name]
    proposal = propose(read_bytes(text.encode(), "x.csv"), rtype, SCHEMA)
    assert proposal.template
    assert [g.target for g in proposal.guesses] == ["id", *(f.name for f in fields_of(rtype))]


def test_the_schemas_own_examples_are_read_from_a_sheet(bring: Importer, catalogue: Catalogue) -> None:
    """What the help of each heading shows as an example is taken as a value, none as a draft."""
    rtype = SCHEMA.types["place"]
    row = {
        f.name: f.example["es"]
        for f in fields_of(rtype)
        if f.example and f.format not in ("address", "reference")
    }
    report = bring(sheet("place", "es", {**row, "id": "casa-la-paz"}), type="place")
    record = catalogue.get("place", "casa-la-paz")
    assert record is not None and record.drafts == {} and not report.refused
    assert record.fields["phones"] and record.fields["contact_phone"]
    territory = load("cdmx")
    assert (
        record.fields["district"]
        == typed.read(rtype.fields["district"], row["district"], territory=territory).value
    )


def test_ids_may_be_left_empty_and_wrong_ones_are_refused(bring: Importer, catalogue: Catalogue) -> None:
    """Rows without an id are known by their content; a second import changes nothing."""
    rows = [{"id": "una", "title": "Una"}, {"title": "Otra"}, {"id": "Mal Id", "title": "Tercera"}]
    text = sheet("place", "es", *rows)
    report = bring(text, type="place")
    assert [f.code for f in report.refused] == ["row-id-malformed"] and report.rows_imported == 2
    assert catalogue.get("place", "una") is not None
    assert bring(text, type="place").step is None
