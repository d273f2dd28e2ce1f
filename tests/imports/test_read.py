"""Whatever file people have: every cell comes through, and what was skipped or guessed is said."""

import io
import json

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.imports.reading.encoding import decode
from commons.imports.reading.read import read_bytes
from commons.imports.reading.table import Table, TableRefused

TEXT = "Lugar,Alcaldía,Teléfono\nComedor Ñandú,Cuauhtémoc,55 5555 0134\nLa Cañada,Álvaro Obregón,\n"


def codes(table: Table) -> list[str]:
    return [finding.code for finding in table.findings]


def cells(table: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "cp1252", "mac_roman", "cp850", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_accents_survive_every_encoding_and_line_end(encoding: str, ending: str) -> None:
    """Files from Excel, Macs and old programs read as they were written."""
    table = read_bytes(TEXT.replace("\n", ending).encode(encoding), "lista.csv")
    assert table.columns == ("Lugar", "Alcaldía", "Teléfono")
    assert cells(table) == [
        ("Comedor Ñandú", "Cuauhtémoc", "55 5555 0134"),
        ("La Cañada", "Álvaro Obregón", ""),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_though_others_stand_in_the_cells(delimiter: str) -> None:
    """Commas in addresses and decimal commas do not cut cells."""
    rows = [["nombre", "dirección", "costo"], ["A", "Calle 1, Centro", "1,5"], ["B", "Calle 2; Roma", "2|3"]]
    text = "\n".join(delimiter.join(f'"{c}"' if delimiter in c else c for c in row) for row in rows)
    assert cells(read_bytes(text.encode(), "x.csv")) == [tuple(row) for row in rows[1:]]


def test_lines_of_two_encodings_in_one_file_are_read_and_said() -> None:
    """Two exports pasted together: each line in its own encoding."""
    data = ("nombre,col\n" + "Peña,Cañada\n" * 3).encode() + "Muñoz,Peñón\n".encode("cp1252")
    table = read_bytes(data, "x.csv")
    assert cells(table)[-1] == ("Muñoz", "Peñón") and "encoding-mixed" in codes(table)


@pytest.mark.parametrize(
    ("garbled", "meant"),
    [
        ("CuauhtÃ©moc", "Cuauhtémoc"),
        ("√Ålvaro Obreg√≥n", "Álvaro Obregón"),  # read as Mac Roman
        ("Children‚Äö√Ñ√¥s Home", "Children’s Home"),  # and twice
    ],
)
def test_text_that_was_garbled_before_is_mended_and_said(garbled: str, meant: str) -> None:
    """«CuauhtÃ©moc» becomes Cuauhtémoc; the finding shows what stood there."""
    table = read_bytes(f"alcaldía,n\n{garbled},1\n".encode(), "x.csv")
    assert cells(table) == [(meant, "1")]
    assert [f.value for f in table.findings if f.code == "garbled-mended"] == [garbled]


def test_titles_blank_rows_instructions_totals_and_repeated_headings_are_set_aside() -> None:
    """Rows that are no records are listed with their number and reason; row numbers are the sheet's."""
    text = (
        "Directorio de albergues 2017,,\n,,\nnombre,cupo,colonia\nEjemplo: Casa Azul,10,Roma\n"
        "Uno,5,Centro\nnombre,cupo,colonia\nDos,7,Roma\nTotal,12,\nFuente: recorridos,,\n"
    )
    table = read_bytes(text.encode(), "x.csv")
    assert [(row.number, row.cells[0]) for row in table.rows] == [(5, "Uno"), (7, "Dos")]
    assert [(a.number, a.code) for a in table.aside] == [
        (1, "row-title"), (2, "row-empty"), (3, "row-headings"), (4, "row-instruction"), (6, "row-headings"),
        (8, "row-total"), (9, "row-total"),
    ]  # fmt: skip
    assert table.rows_in_file == 9


def test_a_total_in_one_cell_is_no_record() -> None:
    """People write «TOTAL: 25» under the names; it is not the 26th place."""
    table = read_bytes(b"nombre,cupo\nUno,5\nDos,7\nTOTAL: 2,\n", "x.csv")
    assert [row.cells[0] for row in table.rows] == ["Uno", "Dos"]
    assert [a.code for a in table.aside][-1] == "row-total"


def test_quoted_line_breaks_and_quotation_marks_stay_in_their_cell() -> None:
    """A line break inside quotes is part of the cell and does not count as a row."""
    table = read_bytes(b'a,b\n"uno\ndos","dice ""hola"""\n3,4\n', "x.csv")
    assert cells(table) == [("uno\ndos", 'dice "hola"'), ("3", "4")]
    assert [row.number for row in table.rows] == [2, 3]


def test_a_quotation_mark_left_open_swallows_no_rows() -> None:
    """The rest of the file is not lost in one cell."""
    table = read_bytes(b'nombre,medida\nTubo,5"\n"Placa,10\nTabla,3\n', "x.csv")
    assert len(table.rows) == 3 and "quotes-open" in codes(table)


def test_nul_bytes_ragged_rows_and_repeated_headings_are_visible() -> None:
    """Nothing is dropped in silence: surplus cells get a column, doubles a number."""
    table = read_bytes(b"a,a,b\n1,2,3,cuatro\nx\0y,,\n", "x.csv")
    assert table.columns == ("a", "a (2)", "b", "columna D")
    assert cells(table) == [("1", "2", "3", "cuatro"), ("xy", "", "", "")]
    assert {"row-longer", "column-repeated", "characters-removed"} <= set(codes(table))


def test_a_table_without_headings_keeps_its_first_row() -> None:
    """Numbers over numbers are no headings."""
    table = read_bytes(b"1,19.4,0\n2,19.5,0\n3,19.6,1\n", "x.csv")
    assert len(table.rows) == 3 and table.columns[0] == "columna A" and "headings-missing" in codes(table)


def test_a_workbook_gives_dates_numbers_and_codes_as_a_person_sees_them() -> None:
    """Whole numbers without .0, dates as ISO, 001 stays 001; a sheet of instructions is not the data."""
    from datetime import datetime

    book = openpyxl.Workbook()
    book.active.title = "Instrucciones"
    book.active.append(["Llena la otra hoja"])
    sheet = book.create_sheet("Datos")
    sheet.append(["clave", "cupo", "fecha", "hora"])
    sheet.append(["001", 120, datetime(2017, 9, 21), datetime(2017, 9, 21, 18, 30)])
    out = io.BytesIO()
    book.save(out)
    table = read_bytes(out.getvalue(), "x.xlsx")
    assert cells(table) == [("001", "120", "2017-09-21", "2017-09-21T18:30:00")]
    assert table.sheet == "Datos"


def test_headings_merged_over_two_rows_are_joined() -> None:
    """A wide heading and those below it make one name each."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [["Nombre", "Dirección", None], [None, "Calle", "Colonia"], ["Casa", "Uno 1", "Roma"]]:
        sheet.append(row)
    sheet.merge_cells("A1:A2")
    sheet.merge_cells("B1:C1")
    out = io.BytesIO()
    book.save(out)
    table = read_bytes(out.getvalue(), "x.xlsx")
    assert table.columns == ("Nombre", "Dirección · Calle", "Dirección · Colonia")
    assert cells(table) == [("Casa", "Uno 1", "Roma")]


def test_geojson_gives_position_columns_and_dotted_names() -> None:
    """Geometry becomes degrees; nested properties keep their path; numbers stay as written."""
    feature = '{"type":"Feature","geometry":{"type":"Point","coordinates":[-99.10,19.40]},"properties":%s}'
    whole = '{"type":"FeatureCollection","features":[%s]}' % (
        feature % '{"n":{"a":5.0},"l":["x","y"],"b":true}'
    )
    table = read_bytes(whole.encode(), "x.geojson")
    row = dict(zip(table.columns, table.rows[0].cells, strict=True))
    assert row == {"n.a": "5.0", "l": "x; y", "b": "true", "geometry.latitude": "19.40",
                   "geometry.longitude": "-99.10"}  # fmt: skip


def test_a_broken_line_of_ndjson_is_refused_alone() -> None:
    """The other lines are records; the broken one is listed with its number."""
    table = read_bytes(b'{"a":1}\n{"a":\n{"a":3}\n{"a":4}\n', "x.ndjson")
    assert [row.number for row in table.rows] == [1, 3, 4]
    assert [(a.number, a.code) for a in table.aside] == [(2, "row-unreadable")]


@pytest.mark.parametrize(
    "wrap", [lambda r: r, lambda r: {"records": r}, lambda r: {"meta": {}, "data": {"items": r}}]
)
def test_json_is_found_where_it_hides(wrap: object) -> None:
    """A list, a list under a name, a list below a list of names."""
    data = json.dumps(wrap([{"a": "1"}, {"a": "2", "b": None}])).encode()  # type: ignore[operator]
    assert cells(read_bytes(data, "x.json")) == [("1", ""), ("2", "")]


def test_one_nested_object_is_one_row_and_not_its_inner_lists() -> None:
    """A record with lists of its own is a record; a page of results is its results."""
    record = {"id": "1", "name": "Casa", "links": {"a": None}, "phones": [{"number": "1"}, {"number": "2"}]}
    table = read_bytes(json.dumps(record).encode(), "x.json")
    assert len(table.rows) == 1 and "phones" in table.columns
    page = {"total_items": "2", "page_size": "10", "contents": [record, record]}
    assert len(read_bytes(json.dumps(page).encode(), "x.json").rows) == 2


@given(
    st.lists(
        st.lists(st.text(alphabet="abcñáÉ 1,;'\n", max_size=8), min_size=3, max_size=3),
        min_size=2,
        max_size=8,
    )
)
def test_no_cell_is_lost_between_a_csv_writer_and_the_reader(rows: list[list[str]]) -> None:
    """Whatever cells a spreadsheet writes come back, apart from blanks around them."""
    import csv

    out = io.StringIO()
    csv.writer(out).writerows([["nombre", "calle", "nota"], *rows])
    wanted = [tuple(cell.strip() for cell in row) for row in rows]
    try:
        table = read_bytes(out.getvalue().encode("utf-8-sig"), "x.csv")
    except TableRefused:
        assert not any(any(row) for row in wanted)
        return
    assert cells(table) == [row for row in wanted if any(row)]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_in_a_sentence(data: bytes) -> None:
    """No traceback, whatever the file holds."""
    for start in (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{", b"[{"):
        try:
            read_bytes(start + data, "x.bin")
        except TableRefused as error:
            assert str(error) and error.file == "x.bin"


@given(st.binary(max_size=300))
def test_decoding_never_fails(data: bytes) -> None:
    """Every byte sequence becomes some text, and the encoding has a name."""
    text, name, _findings = decode(data)
    assert isinstance(text, str) and name
