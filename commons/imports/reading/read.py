"""A file of any of the usual kinds to a Table, or a refusal in plain words. Does not guess what columns mean.

The kind is told by the contents, never by the name: sheets saved as web pages or CSV called .xls are common.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from commons.imports.reading import sheets
from commons.imports.reading.delimited import read_delimited
from commons.imports.reading.encoding import decode
from commons.imports.reading.headings import to_table
from commons.imports.reading.structured import read_json
from commons.imports.reading.table import (
    MAX_FILE_BYTES,
    FileTooLarge,
    NoSuchSheet,
    NoTable,
    Raw,
    Table,
    TableRefused,
)
from commons.messages import N_

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".geojson", ".ndjson", ".jsonl", ".tab")
_NOT_TABLES = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"SQLite format 3\0", "SQLite"),
    (b"{\\rtf", "RTF"),
    (b"\x1f\x8b", "GZIP"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7-Zip"),
)


@dataclass(eq=False)
class NoSuchFile(TableRefused):
    """The path leads to nothing that can be read."""

    template = N_("{file} is not there or cannot be read.")
    hint_template = N_("Check the name and the folder.")


@dataclass(eq=False)
class WrongKind(TableRefused):
    """A document, picture or archive that holds no table."""

    kind: str
    template = N_("{file} is a file of kind {kind}, not a table.")


@dataclass(eq=False)
class SeveralTables(TableRefused):
    """A ZIP with more than one table: which one is meant must be said."""

    tables: str
    template = N_("{file} holds several tables: {tables}.")
    hint_template = N_("Say which one with --sheet, or unpack it first.")


def read_file(path: Path, *, sheet: str | None = None) -> Table:
    """The table in the file at `path`. Raises TableRefused."""
    try:
        if not path.is_file():
            raise NoSuchFile(str(path))
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise NoSuchFile(str(path)) from error
    return read_bytes(data, path.name, sheet=sheet)


def read_bytes(data: bytes, name: str, *, sheet: str | None = None) -> Table:
    """The table in `data`; `name` is for messages. Raises TableRefused."""
    if len(data) > MAX_FILE_BYTES:
        raise FileTooLarge(name, f"{MAX_FILE_BYTES // 1024 // 1024} MiB")
    if not data.strip():
        raise NoTable(name)
    for mark, kind in _NOT_TABLES:
        if data.startswith(mark):
            raise WrongKind(name, kind)
    if data.startswith(_ZIP):
        inner = _table_in_zip(data, name, sheet)
        if inner is not None:
            return replace(read_bytes(inner[1], inner[0]), name=name, sheet=inner[0])
        return to_table(sheets.read_sheet(data, name, sheet), name)
    if data.startswith(_OLE):
        return to_table(sheets.read_sheet(data, name, sheet), name)
    raw = _read_text(data, name)
    if sheet is not None:
        raise NoSuchSheet(name, sheet, "—")
    return to_table(raw, name)


def _read_text(data: bytes, name: str) -> Raw:
    text, encoding, findings = decode(data)
    start = text[:2000].lstrip("\ufeff \t\r\n")
    if start[:1] == "<":
        raise WrongKind(name, "HTML" if "<htm" in start.lower() or "<table" in start.lower() else "XML")
    if _mostly_binary(text):
        raise TableRefused(name)
    if start[:1] in "{[" and (start[:1] == "{" or '"' in start or start[1:2].strip() in ("", "{", "]")):
        raw = read_json(text.lstrip("\ufeff"), name)
    else:
        raw = read_delimited(text.lstrip("\ufeff"), name)
    raw.encoding = encoding
    raw.findings[:0] = findings
    return raw


def _mostly_binary(text: str) -> bool:
    sample = text[:4000]
    odd = sum(
        1
        for c in sample
        # unusual blanks and marks of direction come with texts copied from web pages
        if not c.isprintable() and c not in "\r\n\t\f" and unicodedata.category(c) not in ("Zs", "Cf")
    )
    return odd > len(sample) * 0.1 and odd > 2


def _table_in_zip(data: bytes, name: str, sheet: str | None) -> tuple[str, bytes] | None:
    """The one text table inside a plain ZIP (or the one called `sheet`); None for XLSX and ODS."""
    files = sheets.unpack(data, name)
    if "[Content_Types].xml" in files or "content.xml" in files or "mimetype" in files:
        return None
    tables = {
        path: content
        for path, content in files.items()
        if PurePosixPath(path).suffix.lower() in _TEXT_SUFFIXES and not path.startswith("__MACOSX")
    }
    if sheet is not None:
        if sheet not in tables:
            raise NoSuchSheet(name, sheet, ", ".join(tables) or "—")
        return sheet, tables[sheet]
    if len(tables) > 1:
        raise SeveralTables(name, ", ".join(sorted(tables)[:20]))
    if not tables:
        raise WrongKind(name, "ZIP")
    return next(iter(tables.items()))
