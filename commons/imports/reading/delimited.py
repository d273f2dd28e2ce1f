"""CSV and its cousins: finds the delimiter, the quoting and the line ends. Does not look for headings.

Row numbers are those a spreadsheet would show: a quoted line break does not count.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from commons.findings import Finding
from commons.imports.reading.table import MAX_FILE_BYTES, MAX_ROWS, FileTooLarge, Raw, Row, many_rows

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_ROWS = 200
_SEP_LINE = re.compile(r"sep=(.)\r?\n?\Z", re.IGNORECASE)

csv.field_size_limit(MAX_FILE_BYTES)  # a long cell is a finding of the schema, not an error of the reader


def read_delimited(text: str, name: str) -> Raw:
    """All rows of a text file. Raises FileTooLarge.

    A quotation mark that never closes would swallow the rest of the file; then marks are read as letters.
    """
    raw = Raw(format="csv")
    offset = 0
    first_line = text[: text.find("\n") + 1] if "\n" in text else text
    told = _SEP_LINE.match(first_line)
    if told:
        text, offset = text[len(first_line) :], 1
    delimiter = told.group(1) if told else find_delimiter(text)
    if delimiter == "\t":
        raw.format = "tsv"
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if _quotes_close(text, delimiter) else csv.QUOTE_NONE
    if quoting == csv.QUOTE_NONE:
        raw.findings.append(Finding("quotes-open"))
    for number, cells in enumerate(_parse(text, delimiter, quoting), start=1 + offset):
        if number > MAX_ROWS:
            raise FileTooLarge(name, many_rows())
        raw.rows.append(Row(number, tuple(cells)))
    return raw


def find_delimiter(text: str) -> str:
    """The sign that cuts most rows into the same number of cells; a comma where nothing does."""
    sample = text[:200_000]
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        if delimiter not in sample:
            continue
        score = _regularity(sample, delimiter)
        if score > best_score + 1e-9:
            best, best_score = delimiter, score
    return best


def _regularity(sample: str, delimiter: str) -> float:
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if _quotes_close(sample, delimiter) else csv.QUOTE_NONE
    widths: Counter[int] = Counter()
    for row in _parse(sample, delimiter, quoting):
        if any(cell.strip() for cell in row):
            widths[len(row)] += 1
        if widths.total() >= _SAMPLE_ROWS:
            break
    wide = {width: n for width, n in widths.items() if width > 1}
    if not wide:
        return 0.0
    width, n = max(wide.items(), key=lambda item: (item[1], item[0]))
    return n / widths.total() + min(width, 50) / 1000


def _parse(text: str, delimiter: str, quoting: Literal[0, 3]) -> Iterator[list[str]]:
    # after a comma blanks may stand before a quotation mark; after a tab they would eat empty cells
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        skipinitialspace=delimiter != "\t",
        quoting=quoting,
    )


def _quotes_close(text: str, delimiter: str) -> bool:
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=delimiter,
            skipinitialspace=delimiter != "\t",
            strict=True,
        )
        for row in reader:
            if any(cell.count("\n") > 200 for cell in row):
                return False
    except csv.Error as error:
        # `"La Casa" AC` is sloppy but closes; only a mark left open at the end loses rows
        return "unexpected end" not in str(error) and _closes_loosely(text, delimiter)
    return True


def _closes_loosely(text: str, delimiter: str) -> bool:
    """After sloppy quoting strict reading stops: then look for a cell that swallowed many lines."""
    for row in _parse(text, delimiter, csv.QUOTE_MINIMAL):
        if any(cell.count("\n") + cell.count("\r") > 50 for cell in row):
            return False
    return True
