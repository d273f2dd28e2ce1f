"""Links become tables, cells become harmless, and two records never get one id."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.addresses import RECORD_ID
from commons.imports.loading.error_file import guarded
from commons.imports.mapping.cells import Cells
from commons.imports.mapping.identity import hanging_id, record_id
from commons.imports.reading.fetch import export_link

SHEET = "https://docs.google.com/spreadsheets/d/"
ONE = SHEET + "1AbcDefGhiJklMnoPqrStu"


@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        (ONE + "/edit#gid=42", ONE + "/export?format=csv&gid=42"),
        (ONE + "/edit?usp=sharing", ONE + "/export?format=csv&gid=0"),
        (SHEET + "e/2PACX-1vabcdefghijklmnop/pubhtml?gid=7",
         SHEET + "e/2PACX-1vabcdefghijklmnop/pub?output=csv&gid=7"),
        ("https://example.org/lista.csv", "https://example.org/lista.csv"),
    ],
)  # fmt: skip
def test_a_shared_sheets_link_leads_to_its_table(link: str, wanted: str) -> None:
    """The page of a sheet is for people; its CSV export is asked for instead."""
    assert export_link(link) == wanted


@pytest.mark.parametrize(
    ("cell", "written"),
    [("=1+1", "'=1+1"), ("@comedor", "'@comedor"), ("-50 camas", "'-50 camas"), ("-50", "-50"),
     ("+52 55 5555 0101", "+52 55 5555 0101"), ("texto", "texto")],
)  # fmt: skip
def test_cells_are_no_formulas_for_a_spreadsheet_and_come_back_as_they_were(cell: str, written: str) -> None:
    """The guard is put before text that would be a formula, and taken off by the importer."""
    assert guarded(cell) == written
    assert Cells(("a",), (written,), frozenset())["a"] == cell


@given(
    st.text(min_size=1, max_size=120).filter(str.strip), st.text(min_size=1, max_size=120).filter(str.strip)
)
def test_different_keys_make_different_ids_and_every_id_is_well_formed(one: str, other: str) -> None:
    """A key that was altered to become an id carries a hash; a secret one carries nothing else."""
    first, second = record_id(one, "place", secret=None), record_id(other, "place", secret=None)
    assert RECORD_ID.match(first) and RECORD_ID.match(record_id(one, "place", secret=b"x" * 32))
    assert (first == second) == (one == other)
    assert RECORD_ID.match(hanging_id(first, "needed-12")) and hanging_id(first, "a") != hanging_id(
        first, "b"
    )
