"""The tables of a catalogue and how old ones become new ones. Knows no record's meaning.

Two things may age: the structure (history, drafts, consents …; numbered migrations here) and the schema of
the records (columns of the working tables, which follow the schema files). Neither is ever wound back.
"""

from __future__ import annotations

import json
import re
import sqlite3

from commons.catalogue.errors import NewerCatalogue, NotACatalogue
from commons.catalogue.file import APPLICATION_ID, CatalogueFile, guarded
from commons.schema.ddl import quoted, working_sql
from commons.schema.spec import Schema

STRUCTURE = 1  # how many migrations there are; kept as user_version, so that any tool can tell


def schema_order(version: str) -> tuple[int, int, int]:
    """Order of schema versions: `1-draft.2` < `1-draft.10` < `1` < `2-draft.1`."""
    match = re.fullmatch(r"(\d+)(?:-draft\.(\d+))?", version)
    if match is None:
        return (1 << 30, 0, 0)  # a form of version we do not know yet can only come from later
    draft = match.group(2)
    return (int(match.group(1)), 0 if draft else 1, int(draft or 0))


def refuse_newer(file: CatalogueFile, schema: Schema) -> None:
    """Raises NewerCatalogue, NotACatalogue, DamagedCatalogue; reads only."""
    structure = file.scalar("PRAGMA user_version")
    if not isinstance(structure, int) or structure < 1:
        raise NotACatalogue(file.path)
    if structure > STRUCTURE:
        raise NewerCatalogue(file.path, str(structure))
    version = file.scalar("SELECT value FROM meta WHERE key = 'schema'")
    if not isinstance(version, str):
        raise NotACatalogue(file.path)
    if schema_order(version) > schema_order(schema.version):
        raise NewerCatalogue(file.path, version)


def is_current(file: CatalogueFile, schema: Schema) -> bool:
    """Whether nothing needs to be brought up to date. While a schema is a draft its columns may move
    within one version, so the columns are compared too."""
    return bool(
        file.scalar("PRAGMA user_version") == STRUCTURE
        and file.scalar("SELECT value FROM meta WHERE key = 'schema'") == schema.version
        and not any(True for _ in _missing(file.connection, schema))
    )


def is_empty(file: CatalogueFile) -> bool:
    """Whether nothing was ever written."""
    return file.scalar("SELECT 1 FROM step LIMIT 1") is None


def bring_up(file: CatalogueFile, schema: Schema) -> None:
    """Apply what is missing of structure and schema, all of it or nothing."""
    # loaded here only: a catalogue is opened a thousand times for each time that it is brought up
    from sqlite_utils import Database

    from commons.catalogue.migrations import migrations

    with file.writing():
        if is_current(file, schema):
            return  # another program did it while this one waited
        with guarded(file.path):
            file.connection.row_factory = None
            migrations.apply(Database(file.connection))
            file.connection.row_factory = sqlite3.Row
        for statement in list(_missing(file.connection, schema)):
            file.execute(statement)
        _keep_dropped_columns(file, schema)
        file.execute("INSERT OR REPLACE INTO meta VALUES ('schema', ?)", (schema.version,))
        file.execute(f"PRAGMA user_version={STRUCTURE}")
        file.execute(f"PRAGMA application_id={APPLICATION_ID}")


def _wanted(schema: Schema) -> sqlite3.Connection:
    model = sqlite3.connect(":memory:")
    model.executescript(working_sql(schema))
    return model


def _tables(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(
        tuple(row) for row in connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
    )


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    return {row[1]: row[2] for row in connection.execute(f'PRAGMA table_info("{table}")')}


def _missing(connection: sqlite3.Connection, schema: Schema) -> list[str]:
    """Statements that give `connection` the working tables and columns it lacks."""
    model = _wanted(schema)
    try:
        have = _tables(connection)
        statements = []
        for table, sql in _tables(model).items():
            if table not in have:
                statements.append(sql)
                continue
            existing = _columns(connection, table)
            statements += [
                f'ALTER TABLE "{table}" ADD COLUMN "{column}" {kind}'
                for column, kind in _columns(model, table).items()
                if column not in existing
            ]
        return statements
    finally:
        model.close()


def _keep_dropped_columns(file: CatalogueFile, schema: Schema) -> None:
    """Values of columns that the schema no longer has move to `extra`, or to drafts where a type has none:
    nothing a person typed is lost."""
    model = _wanted(schema)
    try:
        for name in schema.types:
            wanted = _columns(model, name)
            for column in [c for c in _columns(file.connection, name) if c not in wanted]:
                _move_values(file, name, column, to_extra="extra" in wanted)
                file.execute(f"ALTER TABLE {quoted(name)} DROP COLUMN {quoted(column)}")
    finally:
        model.close()


def _move_values(file: CatalogueFile, table: str, column: str, *, to_extra: bool) -> None:
    held = f"SELECT * FROM {quoted(table)} WHERE {quoted(column)} IS NOT NULL"
    for row in list(file.rows(held)):
        if to_extra:
            extra = {column: row[column], **json.loads(row["extra"] or "{}")}
            text = json.dumps(extra, ensure_ascii=False)
            file.execute(f"UPDATE {quoted(table)} SET extra = ? WHERE id = ?", (text, row["id"]))
        else:
            file.execute(
                "INSERT OR IGNORE INTO draft VALUES (?, ?, ?, ?)",
                (table, row["id"], column, str(row[column])),
            )
