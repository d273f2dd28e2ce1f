"""Names of organisations and places in a sheet become links: to the record so called, or to a new one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from commons.catalogue.store import Catalogue
from commons.imports.loading.report import ImportReport
from commons.imports.mapping.file import MappingRefused, parse_mapping
from commons.schema.spec import load_schema

Importer = Callable[..., ImportReport]
SHEET = "Servicio,Organización\nComida,Red Ejemplo\nRopa,RED  EJEMPLO\nAsesoría,Casa Sol\n"


def put(catalogue: Catalogue, at: datetime, record_id: str, title: str, **fields: object) -> None:
    with catalogue.act("edit", at=at) as act:
        act.put("organization", record_id, {"title": title, **fields})


def owners(catalogue: Catalogue) -> dict[str, str]:
    services = catalogue.records("service")
    return {str(r.fields["title"]): str(r.fields.get("organization", "")) for r in services}


def test_names_become_records_once_and_next_month_they_are_the_same(
    catalogue: Catalogue, bring: Importer, at: datetime
) -> None:
    """One record per name, however it is written; the same file changes nothing; undo takes all back."""
    dry = bring(SHEET, type="service", dry=True)
    assert dry.records("new") == {"service": 3, "organization": 2}
    assert {f.details["n"] for f in dry.findings if f.code == "made-by-name"} == {2}
    bring(SHEET, type="service")
    found = owners(catalogue)
    assert found["Comida"] == found["Ropa"] != found["Asesoría"]
    assert catalogue.get("organization", found["Comida"]).fields["title"] == "Red Ejemplo"  # type: ignore[union-attr]
    again = bring(SHEET, type="service")
    assert again.step is None and not again.gone and again.rows_unchanged == 3
    catalogue.undo(at=at)
    assert not list(catalogue.records("organization"))


def test_a_record_of_that_name_is_meant_and_is_not_touched(
    catalogue: Catalogue, bring: Importer, at: datetime
) -> None:
    """By its title or another of its names, accents and case aside."""
    put(catalogue, at, "red", "Réd ejemplo", url="https://red.example")
    put(catalogue, at, "sol", "Asociación del Sol", alternate_names=["Casa Sol"])
    before = [r.fields for r in catalogue.records("organization")]
    report = bring(SHEET, type="service")
    assert owners(catalogue) == {"Comida": "red", "Ropa": "red", "Asesoría": "sol"}
    assert [r.fields for r in catalogue.records("organization")] == before
    assert "found-by-name" in {f.code for f in report.findings}


def test_nobody_is_chosen_where_two_have_the_name(
    catalogue: Catalogue, bring: Importer, at: datetime
) -> None:
    """The text waits as a draft, one finding says why, and no third one is made."""
    put(catalogue, at, "red-1", "Red Ejemplo")
    put(catalogue, at, "red-2", "Red ejemplo")
    report = bring(SHEET, type="service")
    told = [f for f in report.findings if f.type == "service" and f.field == "organization"]
    assert [(f.code, f.row) for f in told] == [("name-of-several", 2), ("name-of-several", 3)]
    assert catalogue.count("organization") == 3 and report.waiting == 2


def test_without_make_a_name_finds_but_makes_nothing(
    catalogue: Catalogue, bring: Importer, at: datetime
) -> None:
    """A plain column, as in our own sheets: the record so called, else a draft."""
    put(catalogue, at, "sol", "Casa Sol")
    mapping = "type: service\nfields:\n  title: Servicio\n  organization: Organización\n"
    report = bring(SHEET, mapping)
    assert owners(catalogue)["Asesoría"] == "sol" and catalogue.count("organization") == 1
    assert [f.row for f in report.findings if f.code == "reference-malformed"] == [2, 3]


def test_what_was_made_keeps_its_name_and_what_was_removed_stays_away(
    catalogue: Catalogue, bring: Importer, at: datetime
) -> None:
    """Renamed here, it is still the one that the sheet means; removed here, it does not come back."""
    bring(SHEET, type="service")
    made = owners(catalogue)
    with catalogue.act("edit", at=at) as act:
        act.put("organization", made["Comida"], {"title": "Red de Ejemplos, A. C."})
    with catalogue.act("remove", at=at) as act:
        act.remove("organization", made["Asesoría"])
    bring(SHEET + "Baile,red ejemplo\n", type="service")
    assert owners(catalogue)["Baile"] == made["Comida"]
    assert [r.fields["title"] for r in catalogue.records("organization")] == ["Red de Ejemplos, A. C."]


@pytest.mark.parametrize(
    "cells", [("77", "78", "79"), ("Ana Ruiz", "Luz Díaz", "Eva Soto"), ("a@b.example",) * 3]
)
def test_keys_and_persons_make_no_public_records(bring: Importer, cells: tuple[str, ...]) -> None:
    """What may be a person's name, a key or an e-mail under «Organización» makes nothing."""
    text = "Servicio,Organización\n" + "".join(f"S{n},{cell}\n" for n, cell in enumerate(cells))
    assert set(bring(text, type="service", dry=True).records("new")) == {"service"}


def test_a_service_with_an_address_gets_its_place(catalogue: Catalogue, bring: Importer) -> None:
    """Rows with one name and address speak of one place; before, the address stayed at home."""
    rows = "Comida,Casa Roja,Hidalgo 4,Centro\nRopa,Casa Roja,Hidalgo 4,Centro\nBaile,Parque Sol,Sur 5,Loma\n"
    report = bring("Servicio,Lugar,Domicilio,Colonia\n" + rows, type="service")
    assert report.records("new") == {"service": 3, "place": 2}
    places = {r.id: r.fields for r in catalogue.records("place")}
    service = next(r for r in catalogue.records("service") if r.fields["title"] == "Ropa")
    place = places[str(service.fields["place"])]
    assert (place["title"], place["street_address"]) == ("Casa Roja", "Hidalgo 4")


def test_make_is_refused_where_no_record_can_be_made() -> None:
    """One sentence that names the fields it is for."""
    text = "type: service\nfields:\n  title: {column: A, make: yes}\n"
    with pytest.raises(MappingRefused, match="organization, place, project"):
        parse_mapping(text, load_schema(), file="m.yaml")


MAKE = "type: service\nfields:\n  title: Servicio\n  organization: {column: Organización, make: yes}\n"


def sheet(*cells: str) -> str:
    return "Servicio,Organización\n" + "".join(f"S{n},{cell}\n" for n, cell in enumerate(cells))


def titles(report: ImportReport, type: str = "organization") -> list[object]:
    return [c.fields["title"] for c in report.changes if c.type == type]


@pytest.mark.parametrize(
    "cell",
    [
        "María López Hernández",
        "Ana Ruiz (coordinadora)",
        "Luz Díaz / Red Sur",
        "ana@sol.example",
        "Ana",
        "4471",
    ],
)
def test_one_person_among_organisations_is_not_published(bring: Importer, cell: str) -> None:
    """Every cell is looked at, not the column: the text waits as a draft, and the report says why."""
    report = bring(sheet("Red Ejemplo", "Casa Sol", cell, "Comedor Uno"), MAKE, dry=True)
    assert titles(report) == ["Red Ejemplo", "Casa Sol", "Comedor Uno"]
    waiting = next(c for c in report.changes if c.row == 4)
    assert waiting.drafts["organization"] == cell and "organization" not in waiting.fields
    told = [f for f in report.findings if f.field == "organization"]
    assert [(f.code, f.row) for f in told] == [("name-of-person", 4)]


@pytest.mark.parametrize(
    "cell", ["?", "-", "***", "Sin organización", "sin-grupo", "Ninguna", "No aplica", "n/d"]
)
def test_words_for_nothing_make_nothing(bring: Importer, cell: str) -> None:
    """Nor do they wait: there is nothing to mend."""
    report = bring(sheet("Red Ejemplo", cell), MAKE, dry=True)
    assert titles(report) == ["Red Ejemplo"] and not report.waiting
    assert "organization" not in next(c for c in report.changes if c.row == 3).fields


def test_what_only_private_rows_name_is_private(catalogue: Catalogue, bring: Importer) -> None:
    """One row that may be published is enough; what is private stays so until a person opens it."""
    mapping = MAKE + "  audience: {value: private, only: {column: Sí, not: x}}\n"
    rows = "Servicio,Organización,Sí\nA,Red Ejemplo,\nB,Casa Sol,\nC,Casa Sol,x\nD,Red Ejemplo,\n"
    bring(rows, mapping)
    seen = {str(r.fields["title"]): r.fields.get("audience") for r in catalogue.records("organization")}
    assert seen == {"Red Ejemplo": "private", "Casa Sol": None}
    assert bring(rows, mapping).step is None
    bring(rows.replace("A,Red Ejemplo,", "A,Red Ejemplo,x"), mapping)
    assert [r.fields.get("audience") for r in catalogue.records("organization")].count("private") == 1


def test_nobody_is_its_own_parent(bring: Importer) -> None:
    """A row that names itself has no parent; two of one name are not made each other's."""
    mapping = (
        "type: organization\nid: Id\nfields:\n  title: Nombre\n"
        "  parent_organization: {column: Madre, make: yes}\n"
    )
    report = bring("Id,Nombre,Madre\na,Red Sol,Red Sol\nb,Red Luna,b\nc,Red Mar,Red Sol\n", mapping, dry=True)
    parents = {c.id: c.fields.get("parent_organization") for c in report.changes}
    assert parents == {"a": None, "b": None, "c": "a"}
    two = bring("Id,Nombre,Madre\na,Red Sol,Red Sol\nb,Red Sol,Red Sol\n", mapping, dry=True)
    assert [c.drafts.get("parent_organization") for c in two.changes] == ["Red Sol"] * 2


@pytest.mark.parametrize("source", ["otra", "lista"])
def test_a_name_whose_record_was_withdrawn_waits_as_a_draft(
    catalogue: Catalogue, bring: Importer, at: datetime, source: str
) -> None:
    """No reference to what is not there, nor where it could be an id; the report counts what is made."""
    bring(SHEET, type="service", source="lista")
    with catalogue.act("edit", at=at) as act:
        act.withdraw("organization", owners(catalogue)["Asesoría"])
    text = "Servicio,Organización\nBaile,Casa Sol\nCanto,Casa Luna\nCoro,casa-sol\n"
    report = bring(text, MAKE, source=source)
    found = owners(catalogue)
    assert (found["Baile"], found["Coro"]) == ("", "") != found["Canto"]
    assert [f.details["n"] for f in report.findings if f.code == "made-by-name"] == [1]
    assert [f.row for f in report.findings if f.code == "reference-malformed"] == [2, 4]
    assert titles(report) == ["Casa Luna"]
