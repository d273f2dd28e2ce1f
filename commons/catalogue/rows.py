"""Records as rows of the working tables, and back. Keeps no history and decides nothing.

A record's **state** is its fields and its drafts, or None where it is not there. `consent` is stored the same
way, though it is no record of the schema: so its changes can be undone like everything else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from commons.catalogue.errors import UnknownType
from commons.catalogue.file import CatalogueFile
from commons.catalogue.record import AUTOMATIC
from commons.model import Fields, Value, without_empty
from commons.schema import columns
from commons.schema.ddl import quoted
from commons.schema.spec import RecordType, Schema

CONSENT = "consent"
_CONSENT_COLUMNS = ("whose", "asked_by", "purpose", "granted_at", "revoked_at", "covers")


@dataclass(frozen=True, slots=True)
class State:
    """What a record holds: values that fit, and texts that do not fit yet, by field."""

    fields: Fields = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)


class Rows:
    """Reads and writes states; every write is one record."""

    def __init__(self, file: CatalogueFile, schema: Schema) -> None:
        self._file = file
        self._schema = schema

    def type(self, name: str) -> RecordType:
        """Raises UnknownType."""
        rtype = self._schema.types.get(name)
        if rtype is None:
            raise UnknownType(name)
        return rtype

    def types(self) -> Iterator[RecordType]:
        """The types of the schema, in its order."""
        yield from self._schema.types.values()

    def without_stamps(self, rtype: RecordType) -> Iterator[str]:
        """Ids of records that lack what the program keeps by itself."""
        lacking = " OR ".join(f"{name} IS NULL" for name in AUTOMATIC if name in rtype.fields)
        if lacking:
            for row in self._file.rows(f"SELECT id FROM {quoted(rtype.name)} WHERE {lacking}"):
                yield row["id"]

    def read(self, type_name: str, record_id: str) -> State | None:
        """One record's state."""
        if type_name == CONSENT:
            row = self._file.execute("SELECT * FROM consent WHERE id = ?", (record_id,))
            return None if row is None else State(_consent_fields(dict(row)))
        rtype = self.type(type_name)
        row = self._file.execute(f"{_select(rtype)} WHERE id = ?", (record_id,))
        if row is None:
            return None
        drafts = {
            r["field"]: r["text"]
            for r in self._file.rows(
                "SELECT field, text FROM draft WHERE type = ? AND id = ? ORDER BY field",
                (type_name, record_id),
            )
        }
        return State(columns.from_columns(rtype, tuple(row)[1:]), drafts)

    def all(self, type_name: str) -> Iterator[tuple[str, State]]:
        """Every record of a type, by id."""
        rtype = self.type(type_name)
        drafts: dict[str, dict[str, str]] = {}
        for row in self._file.rows(
            "SELECT id, field, text FROM draft WHERE type = ? ORDER BY id, field", (type_name,)
        ):
            drafts.setdefault(row["id"], {})[row["field"]] = row["text"]
        for row in self._file.rows(f"{_select(rtype)} ORDER BY id"):
            yield row["id"], State(columns.from_columns(rtype, tuple(row)[1:]), drafts.get(row["id"], {}))

    def write(self, type_name: str, record_id: str, state: State | None, *, over: State | None) -> None:
        """Make the record exactly `state`, in place of `over`."""
        if type_name == CONSENT:
            self._write_consent(record_id, state)
            return
        rtype = self.type(type_name)
        if over is not None and over.drafts:
            self._file.execute("DELETE FROM draft WHERE type = ? AND id = ?", (type_name, record_id))
        if state is None:
            self._file.execute(f'DELETE FROM "{type_name}" WHERE id = ?', (record_id,))
            return
        cells = (record_id, *columns.to_columns(rtype, state.fields))
        places = ", ".join("?" * len(cells))
        self._file.execute(
            f"INSERT OR REPLACE INTO {quoted(type_name)} ({_names(rtype)}) VALUES ({places})", cells
        )
        for name, text in state.drafts.items():
            self._file.execute("INSERT INTO draft VALUES (?, ?, ?, ?)", (type_name, record_id, name, text))

    def _write_consent(self, record_id: str, state: State | None) -> None:
        if state is None:
            self._file.execute("DELETE FROM consent WHERE id = ?", (record_id,))
            return
        cells = [state.fields.get(name) for name in _CONSENT_COLUMNS[:-1]]
        covers = json.dumps(state.fields.get("covers", []), ensure_ascii=False)
        self._file.execute(
            "INSERT OR REPLACE INTO consent (id, whose, asked_by, purpose, granted_at, revoked_at, covers)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (record_id, *(str(c) if c is not None else None for c in cells), covers),
        )


@cache
def _names(rtype: RecordType) -> str:
    return ", ".join(quoted(name) for name in ("id", *columns.names(rtype)))


def _select(rtype: RecordType) -> str:
    return f"SELECT {_names(rtype)} FROM {quoted(rtype.name)}"


def _consent_fields(row: dict[str, object]) -> Fields:
    fields: dict[str, Value] = {n: str(row[n]) for n in _CONSENT_COLUMNS[:-1] if row[n] is not None}
    return without_empty({**fields, "covers": json.loads(str(row["covers"] or "[]"))})
