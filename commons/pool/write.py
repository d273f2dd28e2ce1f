"""Writes a pool.db: rows in, one file out, whole or not at all. Decides nothing about what stands in it.

Rows come in the order of the contract (claims by address, entities by number), so that the same content is
laid out the same way everywhere; `canonical` also makes the same bytes on every SQLite that was tried. The
guarantee is the root, the bytes are a courtesy: a later SQLite may lay pages out differently.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from commons.addresses import Address, short_code
from commons.pool import gaps
from commons.pool.contract import (
    APPLICATION_ID,
    CONTRACT,
    PAGE_BYTES,
    entity_types,
    fused_columns,
    indexes_sql,
    quoted,
    tables_sql,
)
from commons.pool.rows import Cell, Entity, EntityRows, Filled, Row, Shaper, columns_of
from commons.pool.search import VERSION as SEARCH_VERSION
from commons.schema.spec import Schema, load_schema

_STATEMENTS = 1_000  # kept, one for each set of columns
_BATCH = 2_000  # rows gathered before they are handed to SQLite
FULL_TEXT_BYTES = 64 * 1024 * 1024  # FTS5 gathers so many bytes before it writes a segment; part of the bytes
_CACHE_KIB = 64 * 1024
_OF_EACH = frozenset({"journal_mode", "synchronous", "secure_delete"})  # settings of each attached file
_VERSION_AT = 96  # of the file: the version of the SQLite that wrote it, 4 bytes
_NO_VERSION = (3_040_000).to_bytes(4, "big")

# An address becomes the number of its entity, or −1 where there is none (until `settle_references`).
_REFERENCE = (
    "(SELECT CASE WHEN said.it IS NULL THEN NULL ELSE "
    "ifnull((SELECT entity FROM alias WHERE address = said.it), -1) END FROM (SELECT ? AS it) AS said)"
)

_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


class Writer:
    """A pool being written. `path` holds an unfinished file until `finish` has returned.

    `sums`: the SHA-256 of the finished file and of the one beside it; "" of what was not tidied.

    Args:
        beside: a database that is attached under `beside.name`, with its file.
        standing: the last pool stands in the file and is changed; else the file is begun.
        tidy: what is deleted shall be in no byte of the file, also where this file is the next one's ground.
    """

    def __init__(
        self,
        path: Path,
        schema: Schema | None = None,
        *,
        canonical: bool = False,
        beside: Beside | None = None,
        standing: bool = False,
        tidy: bool = False,
    ) -> None:
        self.path = path
        self.schema = schema or load_schema()
        self.shaper = Shaper(self.schema)
        self._canonical, self._standing, self._tidy, self._beside = canonical, standing, tidy, beside
        self._waiting: dict[str, list[Row]] = {}
        self._statements: dict[str, str] = {}
        self._columns: dict[str, list[str]] = {}
        self._is_settled = False
        self.sums = ("", "")
        self._filling: dict[tuple[str, tuple[str, ...], bool], str] = {}
        self.connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
        settings = {
            "page_size": PAGE_BYTES, "encoding": "'UTF-8'", "auto_vacuum": 0, "journal_mode": "OFF",
            "synchronous": "OFF", "locking_mode": "EXCLUSIVE", "cache_size": -_CACHE_KIB,
            "temp_store": "FILE", "secure_delete": int(canonical or tidy), "application_id": APPLICATION_ID,
        }  # fmt: skip
        if beside is not None:  # before the settings, which then are its own, too
            self.connection.execute(f"ATTACH ? AS {quoted(beside.name)}", (beside.file,))
        for name, value in settings.items():
            self.connection.execute(f"PRAGMA {name} = {value}")
            if beside is not None and name in _OF_EACH:
                self.connection.execute(f"PRAGMA {quoted(beside.name)}.{name} = {value}")
        if not standing:
            self.connection.executescript(tables_sql(self.schema))
            self.connection.execute(f"INSERT INTO search(search, rank) VALUES('hashsize', {FULL_TEXT_BYTES})")
        self.connection.execute("BEGIN")
        self._prepare()

    def _prepare(self) -> None:
        """One INSERT per table; rows of record types are filled column by column."""
        tables = [
            row[0] for row in self.connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        for table in tables:
            if table == "search" or not table.startswith(("search_", "sqlite_")):
                columns = self.connection.execute(f"PRAGMA table_info({quoted(table)})").fetchall()
                self._columns[table] = [name for _n, name, *_rest in columns]
                self._statements[table] = (
                    f"INSERT INTO {quoted(table)} VALUES ({', '.join('?' * len(columns))})"
                )
        self._statements["search"] = "INSERT INTO search(rowid, exact, folded, stem) VALUES (?, ?, ?, ?)"
        self._references = {
            t.name: {c.name for c in fused_columns(t) if c.kind == "reference"}
            for t in entity_types(self.schema)
        }

    def fill(self, table: str, rows: Iterable[Filled]) -> None:
        """Insert rows of a record type's table, in their order.

        Rows with the same columns go together: to bind one empty column costs Python more than to write ten.
        """
        for columns, run in groupby(rows, key=columns_of):
            self.fill_alike(table, columns, [row.cells for row in run])

    def fill_alike(
        self, table: str, columns: tuple[str, ...], rows: Iterable[Row], *, numbered: bool = False
    ) -> None:
        """Insert rows of a record type's table that have the same columns.

        Args:
            numbered: references are numbers already; else addresses, led to their entities.
        """
        self._is_settled &= table not in self._references
        key = (table, columns, numbered)
        statement = self._filling.get(key)
        if statement is None:
            if len(self._filling) >= _STATEMENTS:
                self._filling.clear()
            statement = self._filling[key] = self._filling_statement(table, columns, numbered=numbered)
        self.connection.executemany(statement, rows)

    def _filling_statement(self, table: str, columns: Sequence[str], *, numbered: bool) -> str:
        references = () if numbered else self._references.get(table, ())
        values = ", ".join(_REFERENCE if name in references else "?" for name in columns)
        return f"INSERT INTO {quoted(table)} ({', '.join(map(quoted, columns))}) VALUES ({values})"

    def referring_by(self, column: str) -> list[str]:
        """The record types whose tables have this column, a reference."""
        return [table for table, names in self._references.items() if column in names]

    def remove(self, things: Iterable[tuple[int, str]], topics: Iterable[Row], search: Iterable[Row]) -> None:
        """Take out entities (number, type) with the very topics and words that were put in for them."""
        run = self.connection.executemany
        for number, type_name in things:
            self.connection.execute("DELETE FROM entity WHERE id = ?", (number,))
            self.connection.execute(f"DELETE FROM {quoted(type_name)} WHERE entity = ?", (number,))
        run("DELETE FROM entity_topic WHERE entity = ? AND topic = ?", topics)
        run("INSERT INTO search(search, rowid, exact, folded, stem) VALUES ('delete', ?, ?, ?, ?)", search)

    def lead(self, references: Iterable[tuple[int, str, str, str]]) -> None:
        """Find the targets of references (number, type, column, address). All aliases must be in."""
        self._is_settled = False
        for number, type_name, column, target in references:
            table, name = quoted(type_name), quoted(column)
            self.connection.execute(
                f"UPDATE {table} SET {name} = ifnull((SELECT entity FROM alias WHERE address = ?), -1) "
                "WHERE entity = ?",
                (target, number),
            )

    def unlead(self, numbers: Iterable[int], *, but: Collection[str] = ()) -> None:
        """Let no reference lead to these numbers, which no entity has.

        Args:
            but: members whose references stay as they are.
        """
        numbers = list(numbers)
        if not numbers:
            return
        self._is_settled = False
        self.connection.execute("CREATE TEMP TABLE nobody (number INTEGER PRIMARY KEY)")
        self.connection.executemany("INSERT INTO nobody VALUES (?)", ((n,) for n in numbers))
        for table, names in self._references.items():
            for name in sorted(names):
                self.connection.execute(
                    f"UPDATE {quoted(table)} SET {quoted(name)} = -1 WHERE {quoted(name)} IN "
                    "(SELECT number FROM nobody) "
                    "AND substr(address, 1, 26) NOT IN (SELECT value FROM json_each(?))",
                    (json.dumps(sorted(but)),),
                )
        self.connection.execute("DROP TABLE temp.nobody")

    def many(self, table: str, rows: Iterable[Row], *, lacking: Collection[int] = ()) -> None:
        """Insert rows of all columns of `table`, in the contract's order.

        Args:
            lacking: columns that the rows leave out, since all of them are empty there: by their places.
        """
        statement = self._statements[table]
        if lacking:
            columns = tuple(name for n, name in enumerate(self._columns[table]) if n not in lacking)
            statement = self._filling_statement(table, columns, numbered=True)
        self.connection.executemany(statement, rows)

    def add(self, table: str, row: Row) -> None:
        """Insert a row soon; `flush` makes sure."""
        waiting = self._waiting.setdefault(table, [])
        waiting.append(row)
        if len(waiting) >= _BATCH:
            self.many(table, waiting)
            waiting.clear()

    def flush(self) -> None:
        """Insert whatever waits."""
        for table, waiting in self._waiting.items():
            if waiting:
                self.many(table, waiting)
                waiting.clear()

    def entity(self, rows: EntityRows) -> None:
        """Insert an entity. All aliases must be in, or its references stay empty."""
        self.add("entity", rows.entity)
        self.fill(str(rows.entity[2]), [rows.fused])
        for topic in rows.topics:
            self.add("entity_topic", topic)
        self.add("search", rows.search)

    def lay_down(self) -> None:
        """Everything into the file, and no page of it kept at hand: others need the memory meanwhile."""
        self.flush()
        self.connection.execute("COMMIT")  # which the words do that the index has gathered wait for
        self.connection.execute("BEGIN")
        self.connection.execute("PRAGMA shrink_memory")

    def settle_references(self) -> list[tuple[str, str, str, int]]:
        """Empty every reference that leads nowhere; (type, field, entity's address and number) of each, in
        order."""
        self.flush()
        found: list[tuple[str, str, str, int]] = []
        if self._is_settled:
            return found
        for rtype in entity_types(self.schema):
            for column in fused_columns(rtype):
                if column.kind == "reference":
                    table, name = quoted(rtype.name), quoted(column.name)
                    rows = self.connection.execute(
                        f"SELECT address, entity FROM {table} WHERE {name} = -1 ORDER BY entity"
                    )
                    dangling = [(rtype.name, column.field, *row) for row in rows]
                    if dangling:
                        self.connection.execute(f"UPDATE {table} SET {name} = NULL WHERE {name} = -1")
                        found += dangling
        self._is_settled = True
        return found

    def meta(self, values: Mapping[str, object]) -> None:
        """Insert `meta`; what is not text is kept as JSON."""
        own = {"contract": CONTRACT, "schema": self.schema.version, "search": SEARCH_VERSION}
        rows = {**own, **values}
        self.many("meta", [(k, v if isinstance(v, str) else _json(v)) for k, v in sorted(rows.items())])

    def finish(self) -> None:
        """Fill in what follows from the rows, build the indexes, close the file and flush it to the disk."""
        self.settle_references()
        self._districts_of_places()
        self.connection.execute("INSERT INTO search(search) VALUES('optimize')")
        self.connection.execute("COMMIT")
        if not self._standing:
            self.connection.executescript(indexes_sql(self.schema))
        if self._canonical:
            self._lay_out_anew()
        self.connection.close()
        if self._canonical:
            _forget_writer(self.path)
        if self._canonical or self._tidy:
            self.sums = (gaps.clear(self.path), "")
        if self._tidy and self._beside is not None and self._beside.file:
            self.sums = (self.sums[0], gaps.clear(Path(self._beside.file)))
        with self.path.open("rb") as file:
            os.fsync(file.fileno())

    def _districts_of_places(self) -> None:
        """What has no district of its own stands where its place stands."""
        names = {t.name for t in entity_types(self.schema)}
        for rtype in entity_types(self.schema):
            columns = {c.name for c in fused_columns(rtype)}
            if "place" in columns and "place" in names:
                table = quoted(rtype.name)
                self.connection.execute(
                    f"UPDATE entity SET district = p.district FROM {table} t "
                    f"JOIN place p ON p.entity = t.place WHERE entity.id = t.entity "
                    f"AND entity.district IS NULL AND p.district IS NOT NULL"
                )

    def _lay_out_anew(self) -> None:
        """Copy the file page by page in one order, without what deleted rows left behind."""
        fresh = self.path.with_name(f"{self.path.name}.vacuum")
        try:
            self.connection.execute("VACUUM INTO ?", (str(fresh),))
            self.connection.close()
            fresh.replace(self.path)
        finally:
            fresh.unlink(missing_ok=True)

    def abandon(self) -> None:
        """Close without finishing."""
        with contextlib.suppress(sqlite3.Error):
            self.connection.close()


def _forget_writer(path: Path) -> None:
    """Overwrite the version of the SQLite that wrote the file."""
    with path.open("r+b") as file:
        file.seek(_VERSION_AT)
        file.write(_NO_VERSION)


@dataclass(frozen=True, slots=True)
class Beside:
    """A database that is written in the same transactions. `file`: its path; "": a temporary one."""

    name: str
    file: str = ""


@contextmanager
def writing(
    path: Path,
    schema: Schema | None = None,
    *,
    canonical: bool = False,
    beside: Beside | None = None,
    begin: Callable[[Path], None] | None = None,
    tidy: bool = False,
) -> Iterator[Writer]:
    """A writer whose file stands at `path` when the block ends, and nothing new if it fails.

    Args:
        begin: puts the last pool where the new one is written, so that it is changed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    writer: Writer | None = None
    try:
        if begin is not None:
            begin(fresh)
        writer = Writer(
            fresh, schema, canonical=canonical, beside=beside, standing=begin is not None, tidy=tidy
        )
        yield writer
        writer.finish()
        fresh.replace(path)
    finally:
        if writer is not None:
            writer.abandon()
        for leftover in (fresh, fresh.with_name(f"{fresh.name}-journal")):
            leftover.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Content:
    """A whole pool in memory, for small ones. Claims and aliases follow from `claims`, in any order.

    `claims`: (address, entity's address or None, canonical JSON, held fields). `rows`: table → rows as dicts,
    for every other table of the contract.
    """

    entities: Sequence[Entity]
    claims: Sequence[tuple[str, str | None, str, Sequence[str]]] = ()
    meta: Mapping[str, object] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Mapping[str, Cell]]] = field(default_factory=dict)


def write_pool(
    path: Path, content: Content, schema: Schema | None = None, *, canonical: bool = False
) -> None:
    """Write a pool of which everything is known; numbers of entities are given anew, by address."""
    entities = sorted(content.entities, key=lambda e: e.address)
    numbers = {e.address: n for n, e in enumerate(entities, start=1)}
    with writing(path, schema, canonical=canonical) as writer:
        aliases = {e.address: numbers[e.address] for e in entities}
        for n, (text, of, data, held) in enumerate(sorted(content.claims, key=lambda c: c[0]), start=1):
            address, entity = Address.parse(text), numbers.get(of) if of else None
            held_json = _json(list(held)) if held else None
            writer.add("claim", (n, text, entity, *address, writer.schema.version, data, held_json))
            if entity is not None:
                aliases[text] = entity
        writer.many("alias", [(a, n, short_code(a)) for a, n in sorted(aliases.items())])
        for number, entity_ in enumerate(entities, start=1):
            writer.entity(writer.shaper.rows(_numbered(entity_, number)))
        for table, rows in content.rows.items():
            for row in rows:
                names = ", ".join(quoted(name) for name in row)
                marks = ", ".join("?" * len(row))
                sql = f"INSERT INTO {quoted(table)} ({names}) VALUES ({marks})"
                writer.connection.execute(sql, tuple(row.values()))
        writer.meta(content.meta)


def _numbered(entity: Entity, number: int) -> Entity:
    return Entity(
        number, entity.address, entity.type, entity.fields, entity.claims, entity.subject, entity.language,
        entity.modified_at,
    )  # fmt: skip
