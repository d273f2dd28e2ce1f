"""The tables that a release may have, by schema version: the checked-in DDL and how each column is read.

The published DDL is compared as text with what a file says; nothing of a member's schema is ever interpreted.
How a column becomes a value of a canonical record is read from our own DDL too, so that a release of an older
draft keeps its meaning. Opens no database.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from commons import assets
from commons.intake.limits import RULES

_TABLE = re.compile(r'^CREATE TABLE "([a-z_]+)" \(\n(.*?)\n\) STRICT, WITHOUT ROWID;$', re.M | re.S)
_COLUMN = re.compile(r'^  "([a-z0-9_]+)" (TEXT|INTEGER)( NOT NULL)?(.*?),?$', re.M)
_VERSION = re.compile(r"[0-9]{1,4}(-draft\.[0-9]{1,4})?\Z")

TEXT, INTEGER, BOOLEAN, JSON = "text", "integer", "boolean", "json"


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what its values are: text, integer, boolean (0/1) or json (a list as text)."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Table:
    """One record type: its DDL exactly as published; columns without `id`, in order of their names."""

    name: str
    ddl: str
    columns: tuple[Column, ...]

    @property
    def select(self) -> str:
        """Every row in the order of its key, read from the table itself and from no index."""
        names = ", ".join(['"id"', *(f'"{c.name}"' for c in self.columns)])
        return f'SELECT {names} FROM "{self.name}" NOT INDEXED'

    @property
    def count(self) -> str:
        """How many rows have a value in each column, in the order of `columns`."""
        counts = ", ".join(f'count("{c.name}")' for c in self.columns)
        return f'SELECT {counts} FROM "{self.name}" NOT INDEXED'


@cache
def tables(version: str) -> dict[str, Table] | None:
    """The tables of a schema version, in order of their names; None where this program does not know it."""
    if not _VERSION.match(version):
        return None
    folder = assets.folder("schemas")
    draft = folder / "v1" / "drafts" / version / "published.sql"
    path = draft if "draft" in version else folder / f"v{version}" / "published.sql"
    return _parse(path) if path.is_file() else None


def _parse(path: Path) -> dict[str, Table]:
    text = path.read_text(encoding="utf-8")
    found = {}
    for match in _TABLE.finditer(text):
        columns = [Column(c[1], _kind(c[2], c[4])) for c in _COLUMN.finditer(match[2]) if c[1] != "id"]
        ordered = tuple(sorted(columns, key=lambda c: c.name))
        found[match[1]] = Table(match[1], match[0].removesuffix(";"), ordered)
    return dict(sorted(found.items()))


def _kind(sql_type: str, check: str) -> str:
    if sql_type == "INTEGER":
        return BOOLEAN if "IN (0, 1)" in check else INTEGER
    return JSON if "GLOB '[[]*]'" in check else TEXT


@cache
def rules() -> str:
    """Names the rules by which rows are judged: 16 characters that change with the schema or this room."""
    schema = (assets.folder("schemas") / "v1" / "schema.json").read_bytes()
    return hashlib.sha256(f"{RULES}\n".encode() + schema).hexdigest()[:16]
