"""XLSX, XLS and ODS as rows of texts. Never unpacks more than the limits; runs no macro or formula.

The library that reads them sets out a sheet as a full rectangle, so the size of that rectangle is checked
first: one cell in the last column of the last row is a few hundred bytes on disk and gigabytes in memory.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from python_calamine import CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from commons.findings import Finding
from commons.format.foreign import UNPACKING
from commons.imports.reading.table import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_UNPACKED_BYTES,
    FileTooLarge,
    NoSuchSheet,
    NoTable,
    Raw,
    Row,
    TableRefused,
    many_cells,
    many_columns,
    many_rows,
)
from commons.messages import N_

_CHUNK = 1 << 20
_CELL_REF = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
_ODS_REPEAT = re.compile(rb'number-(columns|rows)-repeated="(\d+)"([^>]*)>')
# A sheet that explains rather than lists, as in our own templates.
_IN_ERROR = re.compile(rb'<c r="([A-Z]{1,3}\d{1,7})"[^>]{0,80}\bt="e"')
_EXPLAINS = re.compile(r"\b(instruc|ayuda|l[eé]eme|readme|help|notas?|listas?|cat[aá]logos?)", re.IGNORECASE)


@dataclass(eq=False)
class NotASheet(TableRefused):
    """The bytes are not a workbook that can be opened (damaged, with a password, another format)."""

    template = N_("{file} is not a spreadsheet that can be opened; it may be damaged or have a password.")
    hint_template = N_("Open it in a spreadsheet program, take the password off and save it as XLSX or CSV.")


def sheet_names(data: bytes, name: str) -> list[str]:
    """Names of the visible sheets, in order. Raises TableRefused."""
    return _visible(_open(data, name)[0])


def read_sheet(data: bytes, name: str, sheet: str | None) -> Raw:
    """The rows of one sheet: the asked one, else the first with rows that is not an explanation."""
    workbook, in_error = _open(data, name)
    visible = _visible(workbook)
    if sheet is not None:
        if sheet not in workbook.sheet_names:
            raise NoSuchSheet(name, sheet, ", ".join(visible))
        return _with_errors(_rows_of(workbook, sheet, name), in_error)
    candidates = sorted(visible, key=lambda s: (bool(_EXPLAINS.search(s)), visible.index(s)))
    read = {s: _rows_of(workbook, s, name) for s in candidates[:20]}
    filled = [s for s in candidates if s in read and read[s].rows]
    if not filled:
        raise NoTable(name)
    raw = read[filled[0]]
    others = [s for s in visible if s != filled[0] and (s not in read or read[s].rows)]
    if others:
        raw.findings.append(
            Finding(
                "sheets-left", details={"sheet": filled[0], "sheets": ", ".join(others), "n": len(others)}
            )
        )
    return _with_errors(raw, in_error)


def _with_errors(raw: Raw, in_error: list[str]) -> Raw:
    """Says which cells hold #REF! and the like: the reader hands them on as empty."""
    if in_error:
        cells = ", ".join(in_error[:10]) + (" …" if len(in_error) > 10 else "")
        raw.findings.append(Finding("cells-in-error", value=cells, details={"n": len(in_error)}))
    return raw


def _open(data: bytes, name: str) -> tuple[CalamineWorkbook, list[str]]:
    """The workbook, and its cells that hold an error instead of a value."""
    in_error = _looked_through(data, name) if data[:4] == b"PK\x03\x04" else []
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data)), in_error
    except BaseException as error:
        raise _as_refusal(error, name) from error


def _as_refusal(error: BaseException, name: str) -> BaseException:
    # A panic of the Rust reader is no subclass of Exception; Ctrl-C must still get through.
    return error if isinstance(error, (KeyboardInterrupt, SystemExit, MemoryError)) else NotASheet(name)


def _visible(workbook: CalamineWorkbook) -> list[str]:
    seen = [m.name for m in workbook.sheets_metadata if m.visible == SheetVisibleEnum.Visible]
    return seen or list(workbook.sheet_names)


def unpack(data: bytes, name: str) -> dict[str, bytes]:
    """The files in a ZIP, never more than MAX_UNPACKED_BYTES whatever its index says. Raises TableRefused."""
    files: dict[str, bytes] = {}
    left = MAX_UNPACKED_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > 10_000:
                raise FileTooLarge(name, "10 000 × ZIP")
            if sum(info.file_size for info in archive.infolist()) > left:  # the honest bombs, at once
                raise FileTooLarge(name, f"{MAX_UNPACKED_BYTES // 1024 // 1024} MiB")
            for info in archive.infolist():
                parts = []
                with archive.open(info) as member:
                    while chunk := member.read(_CHUNK):
                        left -= len(chunk)
                        if left < 0:
                            raise FileTooLarge(name, f"{MAX_UNPACKED_BYTES // 1024 // 1024} MiB")
                        parts.append(chunk)
                files[info.filename] = b"".join(parts)
    except UNPACKING as error:
        raise NotASheet(name) from error
    return files


def _looked_through(data: bytes, name: str) -> list[str]:
    """Refuses what would fill the memory; gives the cells that hold an error."""
    in_error: list[str] = []
    for path, content in unpack(data, name).items():
        if path.startswith("xl/worksheets/") and path.endswith(".xml"):
            _check_extent(name, *_xlsx_extent(content))
            in_error += [found.decode() for found in _IN_ERROR.findall(content)]
        elif path == "content.xml":
            _check_extent(name, *_ods_extent(content))
    return in_error


def _check_extent(name: str, rows: int, columns: int) -> None:
    if rows > MAX_ROWS * 1.05:  # a sheet's last row is 1,048,576; formats reach it, contents do not
        raise FileTooLarge(name, many_rows())
    if rows * columns > MAX_CELLS:
        raise FileTooLarge(name, many_cells())


def _xlsx_extent(content: bytes) -> tuple[int, int]:
    rows = columns = 0
    for letters, digits in _CELL_REF.findall(content):
        number = 0
        for letter in letters:
            number = number * 26 + letter - 64
        columns, rows = max(columns, number), max(rows, int(digits))
    return rows, columns


def _ods_extent(content: bytes) -> tuple[int, int]:
    """An upper bound: repeated cells and rows that are not the usual empty fill to the edge."""
    rows = columns = 1
    for axis, count, rest in _ODS_REPEAT.findall(content):
        n = int(count)
        if b"value" not in rest and n > 900:  # the empty rest of a sheet: trimmed by the reader
            continue
        if axis == b"rows":
            rows += n
        else:
            columns = max(columns, n)
    return max(rows, content.count(b"<table:table-row")), columns


def _rows_of(workbook: CalamineWorkbook, sheet: str, name: str) -> Raw:
    try:
        page = workbook.get_sheet_by_name(sheet)
        if page.height and page.width > MAX_COLUMNS:
            raise FileTooLarge(name, many_columns())
        values = page.to_python(skip_empty_area=False) if page.height else []
    except FileTooLarge:
        raise
    except BaseException as error:
        raise _as_refusal(error, name) from error
    raw = Raw(format="sheet", sheet=sheet)
    grid = [[_text(v) for v in row] for row in values]
    _spread_merged(page, grid, raw)
    raw.rows = [Row(i, tuple(cells)) for i, cells in enumerate(grid, start=1)]
    return raw


def _spread_merged(page: CalamineSheet, grid: list[list[str]], raw: Raw) -> None:
    """Fill merged cells: headings over several columns, and a value that stands beside several rows.

    Only the first cell of a merged block holds its text; a person sees it over the whole block.
    """
    ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]] = page.merged_cell_ranges or []
    filled = 0
    for (top, left), (bottom, right) in ranges:
        if top >= len(grid) or left >= len(grid[top]) or not grid[top][left]:
            continue
        if left == 0 and right >= len(grid[top]) - 1 and right > left:
            continue  # a title over the whole width
        for r in range(top, min(bottom, len(grid) - 1) + 1):
            for c in range(left, min(right, len(grid[r]) - 1) + 1):
                if not grid[r][c]:
                    grid[r][c] = grid[top][left]
                    filled += 1
    if filled:
        raw.findings.append(Finding("cells-merged", details={"n": filled}))
    spans = [(t, b, lt, r) for (t, lt), (b, r) in ranges if t < 15 and (r > lt or b > t)]
    raw.headings_end = _headings_end(spans, grid)


def _headings_end(spans: list[tuple[int, int, int, int]], grid: list[list[str]]) -> int | None:
    """Number of the last heading row where headings are merged over several rows or columns."""
    wide = [s for s in spans if s[3] > s[2] and not (s[2] == 0 and s[3] >= len(grid[s[0]]) - 1)]
    if not wide or not grid:
        return None
    top = min(s[0] for s in wide)
    if any(sum(1 for cell in row if cell) > 1 for row in grid[:top]):
        return None  # full headings above: the merged cells are data
    if any(cell and _NUMBER.match(cell) for cell in grid[top]):
        return None  # merged cells among the data
    last = max(s[1] for s in wide if s[0] == top) + 1  # the row with the headings below the wide one
    for _ in range(3):  # a block that begins inside reaches further down
        last = max([last, *(s[1] for s in spans if s[0] <= last and s[0] >= top)])
    return last + 1 if last + 1 < len(grid) else None


_NUMBER = re.compile(r"-?\d+([.,]\d+)?\Z")


def _text(value: object) -> str:
    """What a person sees in the cell, as far as the file tells: whole numbers without «.0», dates as ISO."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(timespec="seconds")
    if isinstance(value, dt.timedelta):
        return str(value)
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)
