"""The released catalogue.db: built anew from the rows that leave, never copied; same rows, same bytes.

A copy of the working file would carry deleted telephone numbers in its free pages. Decides nothing about what
leaves.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from commons.errors import CommonsError
from commons.messages import N_
from commons.model import Value
from commons.schema import columns, ddl
from commons.schema.spec import Schema

Rows = Iterable[tuple[str, str, Mapping[str, Value]]]  # type, id, fields; in order of (type, id)
# Which SQLite wrote the file stands there; the only bytes in which two versions were seen to differ.
_LIBRARY_VERSION = slice(96, 100)
_FIXED_VERSION = (3_040_000).to_bytes(4)


@dataclass(eq=False)
class RowRefused(CommonsError):
    """A record passed our checks and not the published tables': a fault of this program."""

    type: str
    id: str
    why: str
    template: ClassVar[str] = N_("{type}/{id} does not fit the published table: {why}.")
    hint_template: ClassVar[str] = N_("Set the record to «only here», share the rest, and tell us about it.")


def build(schema: Schema, rows: Rows) -> bytes:
    """The bytes of a SQLite file that holds exactly `rows` in the published tables.

    Raises:
        RowRefused.
    """
    with tempfile.TemporaryDirectory(prefix="commons-") as folder:
        return _written(schema, rows, Path(folder) / "catalogue.db")


def _written(schema: Schema, rows: Rows, path: Path) -> bytes:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for pragma in ("page_size=4096", "encoding='UTF-8'", "auto_vacuum=0", "secure_delete=1"):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(ddl.published_sql(schema))
        connection.execute("BEGIN")
        statements: dict[str, str] = {}
        for type_name, record_id, fields in rows:
            rtype = schema.types[type_name]
            if type_name not in statements:
                statements[type_name] = _insert(type_name, columns.names(rtype, published=True))
            try:
                connection.execute(
                    statements[type_name], (record_id, *columns.to_columns(rtype, fields, published=True))
                )
            except sqlite3.IntegrityError as error:
                raise RowRefused(type_name, record_id, str(error)) from error
        connection.execute("COMMIT")
        connection.execute("VACUUM INTO ?", (str(path),))
    data = bytearray(path.read_bytes())
    data[_LIBRARY_VERSION] = _FIXED_VERSION
    return bytes(data)


def _insert(type_name: str, names: Iterable[str]) -> str:
    quoted = ", ".join(map(ddl.quoted, ("id", *names)))
    places = ", ".join("?" for _ in quoted.split(", "))
    return f"INSERT INTO {ddl.quoted(type_name)} ({quoted}) VALUES ({places})"
