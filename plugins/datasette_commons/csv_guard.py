"""Keeps a cell of a CSV answer from being taken for a formula by a spreadsheet. Touches no other format.

A cell that starts with = + - @ (or TAB, CR, NUL) and is neither a number nor a telephone number gets an
apostrophe in front; our importer takes it off again. JSON is the lossless form.
"""

from __future__ import annotations

import csv
import io
import re

_RISKY = ("=", "+", "-", "@", "\t", "\r", "\0")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)?|[.,]\d+)([eE][+-]?\d+)?\Z")
_TELEPHONE = re.compile(r"\+\d[\d ().-]{4,24}\d\Z")


def guarded(cell: str) -> str:
    """`cell`, with an apostrophe in front where a spreadsheet would run it."""
    if not cell.startswith(_RISKY) or _NUMBER.match(cell) or _TELEPHONE.match(cell):
        return cell
    return "'" + cell


class CsvGuard:
    """Guards a CSV text that arrives in pieces; whole rows leave as soon as they are complete."""

    def __init__(self) -> None:
        self._waiting = ""

    def feed(self, piece: bytes, *, last: bool) -> bytes:
        """The guarded bytes of all rows that are complete; all that is left when `last`."""
        # Datasette writes one row a piece, so this buffer stays one row long.
        self._waiting += piece.decode("utf-8", "replace")
        complete = self._waiting.endswith("\n") and self._waiting.count('"') % 2 == 0
        if not self._waiting or not (complete or last):
            return b""
        text, self._waiting = self._waiting, ""
        out = io.StringIO()
        writer = csv.writer(out)
        for row in csv.reader(io.StringIO(text, newline="")):
            writer.writerow([guarded(cell) for cell in row])
        return out.getvalue().encode()
