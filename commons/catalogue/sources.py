"""Remembered sources: which file or link was imported how, and which of its rows became which record.

Reads no source; `commons.imports` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from commons.catalogue.file import CatalogueFile
from commons.model import Fields, Value


@dataclass(frozen=True, slots=True)
class Source:
    """One remembered source. `settings`: mapping, sheet and whatever else its import needs, as plain data."""

    name: str
    location: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    last_run_at: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of a source (by its key) and the record it became. `fields`: what it said last, so that a later
    import tells a change in the sheet from a change made by hand here."""

    key: str
    type: str
    id: str
    fields: Fields | None = None


class Sources:
    """All writes join the open act, or are a transaction of their own."""

    def __init__(self, file: CatalogueFile) -> None:
        self._file = file

    def __iter__(self) -> Iterator[Source]:
        for row in list(self._file.rows("SELECT * FROM source ORDER BY name")):
            yield Source(
                row["name"], row["location"], json.loads(row["settings"]), row["last_run_at"], row["digest"]
            )

    def get(self, name: str) -> Source | None:
        """The source of this name."""
        return next((source for source in self if source.name == name), None)

    def put(self, source: Source) -> None:
        """Remember a source, or what is new about it."""
        with self._file.writing():
            self._file.execute(
                "INSERT OR REPLACE INTO source (name, location, settings, last_run_at, digest)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    source.name,
                    source.location,
                    json.dumps(dict(source.settings), ensure_ascii=False),
                    source.last_run_at,
                    source.digest,
                ),
            )

    def remove(self, name: str) -> None:
        """Forget a source; its records stay."""
        with self._file.writing():
            self._file.execute("DELETE FROM source WHERE name = ?", (name,))
            self._file.execute("DELETE FROM source_row WHERE source = ?", (name,))

    def rows(self, source: str) -> dict[tuple[str, str], SourceRow]:
        """(key, type) → row, for every row of the source that ever became a record."""
        return {
            (r["key"], r["type"]): SourceRow(
                r["key"], r["type"], r["id"], None if r["fields"] is None else json.loads(r["fields"])
            )
            for r in self._file.rows("SELECT * FROM source_row WHERE source = ?", (source,))
        }

    def link(self, source: str, row: SourceRow) -> None:
        """Remember which record a row became, and what it said."""
        fields = (
            None if row.fields is None else json.dumps(dict(row.fields), ensure_ascii=False, sort_keys=True)
        )
        with self._file.writing():
            self._file.execute(
                "INSERT OR REPLACE INTO source_row (source, key, type, id, fields) VALUES (?, ?, ?, ?, ?)",
                (source, row.key, row.type, row.id, fields),
            )

    def unlink(self, source: str, key: str, type_name: str) -> None:
        """Forget a row."""
        with self._file.writing():
            self._file.execute(
                "DELETE FROM source_row WHERE source = ? AND key = ? AND type = ?", (source, key, type_name)
            )

    def of_record(self, type_name: str, record_id: str) -> list[tuple[str, str]]:
        """(source, key) of the rows that are this record."""
        return [
            (r["source"], r["key"])
            for r in self._file.rows(
                "SELECT source, key FROM source_row WHERE type = ? AND id = ? ORDER BY source, key",
                (type_name, record_id),
            )
        ]
