"""One SQLite file, opened, guarded and closed again as one plain file. Knows nothing of records.

Laws: what was committed survives a kill (WAL, synchronous=FULL); a file that only was read is not changed
by a byte; when the last one closes it, no `-wal` stays behind; SQLite's own errors never pass this door.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from commons import reasons
from commons.catalogue.errors import (
    CatalogueInUse,
    CatalogueMissing,
    CatalogueNotWritable,
    DamagedCatalogue,
    NotACatalogue,
)

APPLICATION_ID = 0x434F4D4E  # "COMN"
BUSY_TIMEOUT_MS = 10_000
_HEADER = b"SQLite format 3\x00"

Cell = str | int | bytes | None


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """SQLite's errors inside the block come out as sentences about `path`."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        _raise(error, path)


def _raise(error: sqlite3.DatabaseError, path: Path) -> NoReturn:
    """Our own error for SQLite's; its own where it is a mistake of the program."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise CatalogueInUse(path) from error
    refusal = reasons.of_sqlite(error)
    if refusal is not None:
        raise CatalogueNotWritable(path, reasons.within(refusal)) from error
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT):
        raise DamagedCatalogue(path) from error
    if primary is None and "UTF-8" in str(error):
        raise DamagedCatalogue(path) from error
    raise error


def look(path: Path) -> None:
    """Refuse what is not a catalogue before SQLite touches it.

    Raises CatalogueMissing, NotACatalogue, DamagedCatalogue (shorter than its own header says).
    """
    if not path.exists():
        raise CatalogueMissing(path)
    if not path.is_file():
        raise NotACatalogue(path)
    try:
        with path.open("rb") as file:
            header = file.read(100)
        size = path.stat().st_size
    except OSError as error:
        raise CatalogueNotWritable(path, reasons.within(error)) from error
    if len(header) < 100 or not header.startswith(_HEADER):
        raise NotACatalogue(path)
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise NotACatalogue(path)
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    in_wal = Path(f"{path}-wal").exists() or header[18] == 2
    if not in_wal and pages and size < pages * (65536 if page == 1 else page):
        raise DamagedCatalogue(path)


class CatalogueFile:
    """A guarded connection. `execute` for one answer, `rows` for many, `writing` for changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with guarded(path):
            self.connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000)
            self.connection.row_factory = sqlite3.Row
            self.execute("PRAGMA trusted_schema=OFF")
            self.execute("PRAGMA synchronous=FULL")
        self._wal = False
        self._readers = 0

    def execute(self, sql: str, parameters: Sequence[Cell] = ()) -> sqlite3.Row | None:
        """Run one statement; its first row, if any."""
        try:
            row: sqlite3.Row | None = self.connection.execute(sql, parameters).fetchone()
        except sqlite3.DatabaseError as error:
            _raise(error, self.path)
        return row

    def rows(self, sql: str, parameters: Sequence[Cell] = ()) -> Iterator[sqlite3.Row]:
        """All rows, one at a time."""
        with guarded(self.path):
            yield from self.connection.execute(sql, parameters)

    def scalar(self, sql: str, parameters: Sequence[Cell] = ()) -> Cell:
        """The first cell of the first row, or None."""
        row = self.execute(sql, parameters)
        value: Cell = row[0] if row is not None else None
        return value

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction, taken for writing at once; inside another one it joins that one.

        Raises RuntimeError where somebody still reads records one by one: what is written then would be lost
        with the end of the reading.
        """
        if self._readers:
            raise RuntimeError("records are still being read; take them all first")
        if self.connection.in_transaction:
            yield
            return
        self._use_wal()
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.rollback()
            raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What is read inside the block is one state of the file, whoever writes meanwhile."""
        if self.connection.in_transaction and not self._readers:
            yield  # inside an act, which sees its own writes
            return
        if not self._readers:
            self.execute("BEGIN")
        self._readers += 1
        try:
            yield
        finally:
            self._readers -= 1
            if not self._readers and self.connection.in_transaction:
                self.connection.rollback()

    def _use_wal(self) -> None:
        # Only before the first write, so that looking at a catalogue leaves its bytes alone (cloud folders).
        # Where it is refused (another reader, an odd disk), the rollback journal is as safe, only slower.
        if not self._wal:
            try:
                self.connection.execute("PRAGMA journal_mode=WAL").fetchone()
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                    with guarded(self.path):
                        raise
            self._wal = True

    def close(self) -> None:
        """Leave one plain file, unless somebody else still has it open; then the last one does."""
        connection = self.connection
        try:
            if connection.in_transaction:
                connection.rollback()
            if Path(f"{self.path}-wal").exists():
                connection.execute("PRAGMA busy_timeout=0")
                connection.execute("PRAGMA journal_mode=DELETE").fetchone()
        except sqlite3.Error:
            pass  # in use elsewhere, or a disk that takes no more: everything committed stays in the -wal
        finally:
            connection.close()
