"""Opens a pool.db that a stranger made: nothing in it is run, believed or waited for. Runs in a child.

The order matters: no SQL before the bytes look right, no table before every object of the schema is this
program's own word for word (no view, no trigger, no other table), no row before `integrity_check`. A pool can
be larger than memory, so that it is read where it lies, as immutable: journals beside it are not looked at.
What the rows say is doubted by whoever reads them (`proof`, `differences`).
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from commons.format import foreign
from commons.format.foreign import Refused
from commons.pool.contract import APPLICATION_ID, CONTRACT, indexes_sql, tables_sql

VALUE_BYTES = 64 * 1024 * 1024  # of one value: the lock of a large federation is the longest
COLUMNS = 200
SQL_BYTES = 256 * 1024
_DEPTH = 40  # of an expression
_SCHEMA_S = 1.5  # of this process's time, to read some dozens of definitions
_MOST_OBJECTS = 1_000
_FUNCTIONS = frozenset({"count", "match"})
_WORDS = "temp.search_words"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the contract: its columns in order, and those of its key."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


def open_strangers(path: Path, *, seconds: float) -> sqlite3.Connection:
    """A connection that can do nothing but read the contract's tables.

    Args:
        seconds: of this process's time, for everything that is asked of it.
    Raises:
        Refused: E_NOTSQLITE, E_NOTAPOOL, E_CONTRACT (detail: its version), E_WALMODE, E_SIZE, E_ENCODING,
            E_SCHEMA (detail: the object), E_INTEGRITY, E_UTF8, E_SQLITE, E_HERE.
    """
    _check_bytes(path)
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        foreign.bound(connection, value_bytes=VALUE_BYTES, sql_bytes=SQL_BYTES, columns=COLUMNS, depth=_DEPTH)
        _give_until(connection, _SCHEMA_S)
        _check_schema(connection)
        _give_until(connection, seconds)
        connection.execute(f"CREATE VIRTUAL TABLE {_WORDS} USING fts5vocab(main, search, instance)")
        connection.execute("PRAGMA query_only=ON")
        foreign.check_integrity(connection)
        connection.execute(f"SELECT term FROM {_WORDS} LIMIT 1").fetchall()  # opens the index
        connection.set_authorizer(_only_reading)
    except BaseException as error:
        connection.close()
        if isinstance(error, (sqlite3.Error, MemoryError, UnicodeDecodeError)):
            raise reason(error) from error
        raise
    return connection


def reason(error: Exception) -> Refused:
    """Which code an error of SQLite stands for."""
    if lack := foreign.is_lack(error):
        return Refused("E_HERE", lack)
    if foreign.is_too_big(error):
        return Refused("E_TOOBIG")
    if isinstance(error, UnicodeDecodeError) or "decode" in str(error):
        return Refused("E_UTF8")
    return Refused("E_SQLITE", getattr(error, "sqlite_errorname", "") or "")


def _check_bytes(path: Path) -> None:
    with path.open("rb") as file:
        header = file.read(foreign.HEADER_BYTES)
        size = file.seek(0, 2)
    foreign.check_magic(header)
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise Refused("E_NOTAPOOL")
    foreign.check_header(header, size)


def _give_until(connection: sqlite3.Connection, seconds: float) -> None:
    until = time.process_time() + seconds
    connection.set_progress_handler(lambda: time.process_time() > until, foreign.TICK)


_Objects = dict[tuple[str, str, str], str | None]  # type, name, table → SQL


@cache
def _expected() -> _Objects:
    """Every object of a pool's schema, as SQLite keeps what the contract says."""
    own = sqlite3.connect(":memory:")
    try:
        own.executescript(tables_sql() + indexes_sql())
        rows = own.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    finally:
        own.close()
    return {(kind, name, table): sql for kind, name, table, sql in rows}


def _check_schema(connection: sqlite3.Connection) -> None:
    sql = f"SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema LIMIT {_MOST_OBJECTS}"
    rows = connection.execute(sql).fetchall()
    found: _Objects = {(kind, name, table): text for kind, name, table, _page, text in rows}
    pages = [page for kind, name, _table, page, _text in rows if (kind, name) != ("table", "search")]
    expected, meta = _expected(), ("table", "meta", "meta")
    if found.get(meta) != expected[meta] or len(found) != len(rows):
        raise Refused("E_SCHEMA", "meta")
    contract = connection.execute("SELECT value FROM meta WHERE key = 'contract'").fetchone()
    if contract is None or contract[0] != CONTRACT:
        raise Refused("E_CONTRACT", str(contract[0])[:40] if contract else "?")
    for key in found.keys() ^ expected.keys():
        raise Refused("E_SCHEMA", str(key[1])[:80])
    for key, text in found.items():
        if text != expected[key]:
            raise Refused("E_SCHEMA", str(key[1])[:80])
    foreign.check_root_pages(pages)


@cache
def tables() -> dict[str, Table]:
    """The contract's tables by name, with those that the search index keeps its words in."""
    own = sqlite3.connect(":memory:")
    try:
        own.executescript(tables_sql())
        names = [row[0] for row in own.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        found = {}
        for name in names:
            columns = own.execute(f'PRAGMA table_info("{name}")').fetchall()
            key = tuple(c[1] for c in sorted(columns, key=lambda c: int(c[5])) if c[5])
            found[name] = Table(name, tuple(c[1] for c in columns), key)
    finally:
        own.close()
    return found


@cache
def _columns() -> frozenset[tuple[str, str]]:
    words = {("search_words", c) for c in ("term", "doc", "col", "offset")}
    own = {(t.name, c) for t in tables().values() for c in (*t.columns, "ROWID")}
    hidden = {("search", "search"), ("search", "rank")}  # how the list of words asks for the index
    return frozenset(own | words | hidden)


def _only_reading(action: int, first: str | None, second: str | None, *_: object) -> int:
    """An authorizer: SELECT from the contract's tables, nothing else."""
    if action == sqlite3.SQLITE_SELECT:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ and ((first, second) in _columns() or second == ""):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and second in _FUNCTIONS:
        return sqlite3.SQLITE_OK
    # The search index reads its own tables, and looks whether they have changed since.
    if action == sqlite3.SQLITE_PRAGMA and first == "data_version":
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
