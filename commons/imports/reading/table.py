"""A table as it was read: headings, rows with their original numbers, and what was set aside. Reads nothing.

The law of this room: every row of a file is either in `rows` or in `aside`, with its number; a cell is
never dropped, cut or changed without a finding that says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from commons.errors import InputError
from commons.findings import Finding
from commons.messages import N_, translate

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_UNPACKED_BYTES = 256 * 1024 * 1024  # of everything inside one .xlsx, .ods or .zip
MAX_ROWS = 1_000_000
MAX_COLUMNS = 2_000
MAX_CELLS = 20_000_000  # rows × columns of a sheet: a lone cell far down and right must not fill the memory


@dataclass(eq=False)
class TableRefused(InputError):
    """The file cannot be read as a table; `file` is its name as given."""

    file: str
    template: ClassVar[str] = N_("{file} cannot be read as a table.")
    hint_template: ClassVar[str] = N_("Open it in a spreadsheet program and save it as XLSX or CSV.")


@dataclass(eq=False)
class FileTooLarge(TableRefused):
    """More bytes, unpacked bytes, rows or columns than the importer takes."""

    limit: str
    template: ClassVar[str] = N_("{file} is too large: more than {limit}.")
    hint_template: ClassVar[str] = N_("Split it into several files and import them one by one.")


def many_rows() -> str:
    """The limit of rows, in words."""
    return translate(N_("{n} rows")).format(n=MAX_ROWS)


def many_columns() -> str:
    """The limit of columns, in words."""
    return translate(N_("{n} columns")).format(n=MAX_COLUMNS)


def many_cells() -> str:
    """The limit of cells of one sheet, in words."""
    return translate(N_("{n} cells")).format(n=MAX_CELLS)


@dataclass(eq=False)
class NoTable(TableRefused):
    """Nothing in the file is a table."""

    template: ClassVar[str] = N_("{file} has no rows.")
    hint_template: ClassVar[str] = N_("A table needs a row of headings and at least one row below it.")


@dataclass(eq=False)
class NoSuchSheet(TableRefused):
    """The asked sheet is not in the workbook."""

    sheet: str
    sheets: str
    template: ClassVar[str] = N_("{file} has no sheet called «{sheet}».")
    hint_template: ClassVar[str] = N_("Its sheets are: {sheets}.")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file. `number` is what a person sees beside it (from 1, the headings' row counted)."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that is not a record (title, headings, total, …) or could not be read; `code` says why."""

    number: int
    code: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """What a file holds. `columns` are distinct and never empty; each row has as many cells as columns."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    aside: tuple[SetAside, ...] = ()
    findings: tuple[Finding, ...] = ()
    format: str = "csv"
    encoding: str | None = None
    sheet: str | None = None

    def column(self, name: str) -> Iterator[str]:
        """The cells of one column, top to bottom."""
        at = self.columns.index(name)
        return (row.cells[at] for row in self.rows)

    @property
    def rows_in_file(self) -> int:
        """Rows read, whatever became of them: `len(rows) + len(aside)`."""
        return len(self.rows) + len(self.aside)


@dataclass
class Raw:
    """Cells before it is known which row holds the headings; what the readers of each format hand on."""

    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    headings_end: int | None = None  # number of the last heading row, where merged cells tell
    format: str = "csv"
    encoding: str | None = None
    sheet: str | None = None
