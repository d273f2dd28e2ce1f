"""Files that are no tables, too large, or made to hurt: refused in plain words, in little memory."""

import io
import zipfile

import openpyxl
import pytest

from commons.errors import CommonsError
from commons.imports.reading.read import NoSuchFile, SeveralTables, WrongKind, read_bytes, read_file
from commons.imports.reading.sheets import NotASheet
from commons.imports.reading.table import FileTooLarge, NoSuchSheet, NoTable, TableRefused
from commons.messages import speaking


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def workbook(cell: str) -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"] = "nombre"
    book.active[cell] = "x"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", NoTable),
        (b"   \n\n", NoTable),
        (b"solo,encabezados\n", NoTable),
        (b"%PDF-1.7 ...", WrongKind),
        (b"<!doctype html><html><table><tr><td>1</td></tr></table></html>", WrongKind),
        (b"<?xml version='1.0'?><a/>", WrongKind),
        (b'{"a": [1, 2', TableRefused),
        (b"[[[[" * 50_000, TableRefused),
        (b"PK\x03\x04 not a zip", NotASheet),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 not a workbook", NotASheet),
        (bytes(range(256)) * 40, TableRefused),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(data: bytes, error: type[CommonsError]) -> None:
    """One sentence and a next step, in both languages."""
    with pytest.raises(error) as caught:
        read_bytes(data, "archivo.xls")
    for lang in ("es", "en"):
        with speaking(lang):
            assert "archivo.xls" in str(caught.value) and caught.value.hint


def test_a_zip_bomb_is_refused_before_it_unfolds() -> None:
    """Packed zeros: a small file that would fill the memory."""
    bomb = zipped({"[Content_Types].xml": b"<x/>", "xl/worksheets/sheet1.xml": b"0" * (260 * 1024 * 1024)})
    assert len(bomb) < 1_000_000
    with pytest.raises(FileTooLarge):
        read_bytes(bomb, "bomba.xlsx")


def test_one_cell_in_the_last_corner_does_not_fill_the_memory() -> None:
    """A sheet is set out as a rectangle; its size is looked at first."""
    with pytest.raises(FileTooLarge):
        read_bytes(workbook("XFD1048576"), "esquina.xlsx")


def test_the_wrong_sheet_names_the_right_ones() -> None:
    """The sentence lists what there is."""
    with pytest.raises(NoSuchSheet, match="Hoja9") as caught:
        read_bytes(workbook("A2"), "x.xlsx", sheet="Hoja9")
    assert "Sheet" in caught.value.hint


def test_a_zip_with_one_table_is_read_and_with_two_is_asked_about() -> None:
    """`--sheet` chooses among several."""
    one, two = b"a,b\n1,2\n", b"c,d\n3,4\n"
    assert read_bytes(zipped({"uno.csv": one}), "x.zip").columns == ("a", "b")
    both = zipped({"uno.csv": one, "dos.csv": two})
    with pytest.raises(SeveralTables):
        read_bytes(both, "x.zip")
    assert read_bytes(both, "x.zip", sheet="dos.csv").columns == ("c", "d")


def test_a_file_that_is_not_there_is_said(tmp_path: object) -> None:
    """No traceback for a wrong name."""
    from pathlib import Path

    with pytest.raises(NoSuchFile):
        read_file(Path(str(tmp_path)) / "no.csv")
