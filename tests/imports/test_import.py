"""What an import does to a catalogue: every row accounted for, nothing doubled, nothing lost, one step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commons.catalogue.store import Catalogue
from commons.imports.loading.load import MappingDoesNotFit, NotComplete
from commons.imports.loading.report import ImportReport

Importer = Callable[..., ImportReport]
MAPPING = """
type: place
key: folio
fields:
  title: nombre
  kind: {value: Albergue}
  capacity: cupo
  neighbourhood: colonia
"""
HEAD = "folio,nombre,cupo,colonia,nota\n"
SHEET = HEAD + "A1,Casa Uno,40,Roma,ojo\nA2,Casa Dos,,Centro,\nb-3,Casa Tres,20,Condesa,\n"


def balanced(report: ImportReport) -> bool:
    accounted = report.rows_imported + report.rows_unchanged + len(report.skipped) + len(report.refused)
    return report.rows_read == accounted


def state(catalogue: Catalogue) -> list[tuple[object, ...]]:
    return [(r.type, r.id, dict(r.fields), dict(r.drafts)) for r in catalogue.records()]


def test_a_sheet_becomes_records_with_its_other_columns_at_home(
    bring: Importer, catalogue: Catalogue
) -> None:
    """Columns that feed no field are kept; the key makes the id; nothing is confirmed by itself."""
    report = bring(SHEET, MAPPING)
    assert (report.rows_read, report.rows_imported, report.records("new")) == (4, 3, {"place": 3})
    assert balanced(report)
    one = next(r for r in catalogue.records("place") if r.title == "Casa Uno")
    assert one.fields["extra"] == {"folio": "A1", "nota": "ojo"} and one.fields["kind"] == "shelter"
    assert "confirmed_at" not in one.fields
    assert {r.id for r in catalogue.records("place")} >= {"b-3"} and one.id.startswith("a1-")


def test_the_same_file_twice_changes_nothing(bring: Importer, catalogue: Catalogue) -> None:
    """No record is touched, no step is left in the history."""
    bring(SHEET, MAPPING)
    before = state(catalogue)
    again = bring(SHEET, MAPPING)
    assert (again.rows_imported, again.rows_unchanged, again.step) == (0, 3, None)
    assert state(catalogue) == before and balanced(again)


def test_next_months_file_adds_and_updates_and_removes_nothing(bring: Importer, catalogue: Catalogue) -> None:
    """What is gone stays until --complete says that the file is everything."""
    bring(SHEET, MAPPING)
    later = HEAD + "A1,Casa Uno,55,Roma,ojo\nA9,Casa Nueve,5,Roma,\nb-3,Casa Tres,20,Condesa,\n"
    report = bring(later, MAPPING, name="noviembre.csv")
    assert (report.records("new"), report.records("changed")) == ({"place": 1}, {"place": 1})
    assert len(report.gone) == 1 and catalogue.count("place") == 4
    complete = bring(later, MAPPING, name="noviembre.csv", complete=True)
    assert len(complete.removed) == 1 and catalogue.count("place") == 3


def test_an_import_is_one_step_that_can_be_undone_and_done_again(
    bring: Importer, catalogue: Catalogue, at: datetime
) -> None:
    """Undo leaves the catalogue as it was; importing again brings everything back."""
    before = state(catalogue)
    bring(SHEET, MAPPING)
    wanted = [r.id for r in catalogue.records("place")]
    catalogue.undo(at=at)
    assert state(catalogue) == before
    assert bring(SHEET, MAPPING).rows_imported == 3
    assert [r.id for r in catalogue.records("place")] == wanted


def test_what_was_corrected_here_stays_until_the_sheet_changes_it(
    bring: Importer, catalogue: Catalogue, at: datetime
) -> None:
    """The sheet that repeats itself overwrites no work; a sheet that changed wins, and the report says so."""
    bring(SHEET, MAPPING)
    with catalogue.act("edit", at=at) as act:
        fields = dict(catalogue.get("place", "b-3").fields)  # type: ignore[union-attr]
        act.put("place", "b-3", {**fields, "capacity": 99, "confirmed_at": "2026-11-20T00:00:00Z"})
    assert bring(SHEET, MAPPING).rows_unchanged == 3
    report = bring(SHEET.replace("Casa Tres,20", "Casa Tres,30"), MAPPING)
    assert [f.value for f in report.findings if f.code == "edit-overwritten"] == ["99"]
    kept = catalogue.get("place", "b-3")
    assert kept is not None and kept.fields["capacity"] == 30 and "confirmed_at" not in kept.fields


def test_a_record_removed_here_is_not_brought_back_by_the_same_sheet(
    bring: Importer, catalogue: Catalogue, at: datetime
) -> None:
    """A person's removal counts more than a list; the row is left out by name."""
    bring(SHEET, MAPPING)
    with catalogue.act("remove", at=at) as act:
        act.remove("place", "b-3")
    report = bring(SHEET, MAPPING)
    assert catalogue.get("place", "b-3") is None
    assert ("row-removed-here" in {s.code for s in report.skipped}) and balanced(report)


def test_a_withdrawn_address_never_comes_back(bring: Importer, catalogue: Catalogue, at: datetime) -> None:
    """The other rows are imported as ever."""
    bring(SHEET, MAPPING)
    with catalogue.act("withdraw", at=at) as act:
        act.withdraw("place", "b-3")
    report = bring(SHEET.replace("Casa", "La Casa"), MAPPING)
    assert catalogue.get("place", "b-3") is None
    assert report.records("changed") == {"place": 2} and balanced(report)


def test_bad_rows_and_cells_stop_no_good_ones(bring: Importer, catalogue: Catalogue) -> None:
    """A row without its key is refused; a cell that does not fit waits as a draft; both are listed."""
    bad = HEAD + "A1,Uno,40 o 50,Roma,\n,Sin clave,3,Roma,\nA1,Otra cosa,3,Roma,\nA4,Cuatro,7,Roma,\n"
    report = bring(bad, MAPPING)
    assert [(f.code, f.row) for f in report.refused] == [("row-key-missing", 3), ("row-key-repeated", 4)]
    assert report.rows_imported == 2 and balanced(report) and report.waiting == 1
    drafts = [r.drafts for r in catalogue.records("place") if r.drafts]
    assert drafts == [{"capacity": "40 o 50"}]
    assert [row.number for row, _id, _why in report.faulty] == [2, 3, 4]


def test_new_ids_with_old_content_are_proposed_and_joined_only_when_said(
    bring: Importer, catalogue: Catalogue
) -> None:
    """A renumbered list is not a new list."""
    bring(SHEET, MAPPING)
    renumbered = SHEET.replace("b-3", "b-300")
    assert [(s.new_id, s.old_id) for s in bring(renumbered, MAPPING, dry=True).same] == [("b-300", "b-3")]
    report = bring(renumbered, MAPPING, join_same=True, complete=True)
    assert catalogue.count("place") == 3 and catalogue.get("place", "b-3") is not None
    assert report.removed == () and bring(renumbered, MAPPING).rows_unchanged == 3


def test_rows_without_a_key_are_known_again_by_content_and_by_title(
    bring: Importer, catalogue: Catalogue
) -> None:
    """A corrected row is the same record; the same row twice is one record."""
    mapping = MAPPING.replace("key: folio\n", "")
    bring(SHEET, mapping)
    ids = {r.id for r in catalogue.records("place")}
    report = bring(SHEET.replace(",20,", ",25,") + "A1,Casa Uno,40,Roma,ojo\n", mapping)
    assert {r.id for r in catalogue.records("place")} == ids
    assert report.records("changed") == {"place": 1}
    assert [s.code for s in report.skipped if s.code != "row-headings"] == ["row-repeated"]


def test_a_persons_key_and_an_offer_get_ids_that_tell_nothing(bring: Importer, catalogue: Catalogue) -> None:
    """No name can be read or guessed from an id; it is the same at every import."""
    sheet = "persona,oficio\nMarina Ejemplo,electricista\nRosa Muestra,médica\n"
    mapping = "type: offer\nkey: persona\nfields: {title: oficio, contact_name: persona}\n"
    bring(sheet, mapping)
    ids = [r.id for r in catalogue.records("offer")]
    assert all("marina" not in i and "rosa" not in i and len(i) == 26 for i in ids)
    assert all(r.private for r in catalogue.records("offer"))
    assert bring(sheet, mapping).rows_unchanged == 2


def test_a_mapping_for_another_file_is_refused_with_the_names(bring: Importer) -> None:
    """Nothing is imported from columns that are not there."""
    with pytest.raises(MappingDoesNotFit, match="folio"):
        bring("clave,lugar\n1,Casa\n", MAPPING)


def test_a_file_of_corrections_is_never_taken_for_everything(bring: Importer) -> None:
    """--complete with an error file would remove all that is right."""
    bring(SHEET, MAPPING)
    with pytest.raises(NotComplete):
        bring("folio,nombre,cupo,colonia,commons:reason\nA1,Uno,4,Roma,x\n", MAPPING, complete=True)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "", "ñandú"]), st.sampled_from(["Casa", "", "Otra"]),
                  st.sampled_from(["4", "muchos", "", "-1"])),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_every_row_is_accounted_for_and_twice_is_once(
    bring: Importer, catalogue: Catalogue, rows: list[tuple[str, str, str]]
) -> None:
    """Law: read = imported + unchanged + left out + refused; and a second import changes nothing."""
    sheet = "folio,nombre,cupo,colonia\nz,Zeta,1,Roma\n" + "".join(f"{a},{b},{c},\n" for a, b, c in rows)
    assert balanced(bring(sheet, MAPPING, source="ley"))
    before = state(catalogue)
    again = bring(sheet, MAPPING, source="ley")
    assert balanced(again) and state(catalogue) == before and again.step is None
