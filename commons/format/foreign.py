"""SQLite and zip files that others made: what may be asked of them before they are believed. Opens no file.

An SQLite file is asked nothing before its first bytes look right, and then under limits; what its schema may
be and who may read what of it is for the rooms that know (`intake.catalogue`, `pool.stranger`).
"""

from __future__ import annotations

import lzma
import sqlite3
import zipfile
import zlib
from collections.abc import Collection

# What Python's zip reader raises for damaged, encrypted or oddly packed files.
UNPACKING = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError, zlib.error,
    lzma.LZMAError,
)  # fmt: skip
HEADER_BYTES = 100
TICK = 10_000  # virtual machine steps between two looks at the clock
_MAGIC = b"SQLite format 3\0"
_SMALLEST_PAGE = 512
_PRAGMAS = ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0", "temp_store=MEMORY")


class Refused(Exception):
    """A file is not what it should be, for a reason that lies in its bytes."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


def check_magic(header: bytes) -> None:
    """Whether it may be an SQLite file at all. Raises Refused (E_NOTSQLITE)."""
    if len(header) < HEADER_BYTES or not header.startswith(_MAGIC):
        raise Refused("E_NOTSQLITE")


def check_header(header: bytes, size: int) -> None:
    """What a look at the first bytes settles. Source: "The Database Header" of SQLite's file format.

    Args:
        header: the first `HEADER_BYTES`, or more; size: of the whole file.
    Raises:
        Refused: E_NOTSQLITE, E_WALMODE, E_SQLITE, E_SIZE, E_ENCODING.
    """
    check_magic(header)
    page_size = int.from_bytes(header[16:18], "big")
    page_size = 65536 if page_size == 1 else page_size
    if header[18:20] != b"\x01\x01":
        raise Refused("E_WALMODE")
    if page_size < _SMALLEST_PAGE or page_size & (page_size - 1) or header[20]:
        raise Refused("E_SQLITE", "page size")
    if int.from_bytes(header[28:32], "big") * page_size != size or header[24:28] != header[92:96]:
        raise Refused("E_SIZE")
    if int.from_bytes(header[56:60], "big") != 1:
        raise Refused("E_ENCODING")


def bound(
    connection: sqlite3.Connection, *, value_bytes: int, sql_bytes: int, columns: int, depth: int
) -> None:
    """Limits, before the first byte of the file is looked at."""
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    for limit, value in (
        (sqlite3.SQLITE_LIMIT_LENGTH, value_bytes),
        (sqlite3.SQLITE_LIMIT_SQL_LENGTH, sql_bytes),
        (sqlite3.SQLITE_LIMIT_COLUMN, columns),
        (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, depth),
        (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
        (sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 0),
        (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
    ):
        connection.setlimit(limit, value)


def check_root_pages(pages: Collection[object]) -> None:
    """Each table has a page of its own. Raises Refused (E_INTEGRITY)."""
    if len(set(pages)) != len(pages) or not all(isinstance(page, int) and page > 1 for page in pages):
        raise Refused("E_INTEGRITY")


def check_integrity(connection: sqlite3.Connection) -> None:
    """`integrity_check`, since `quick_check` passes forged keys. Raises Refused (E_INTEGRITY)."""
    answer = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if answer is None or answer[0] != "ok":
        raise Refused("E_INTEGRITY", str(answer[0] if answer else "")[:200])


def is_lack(error: Exception) -> str:
    """Of what this machine had too little, "time" or "memory"; "": the error says something else."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_INTERRUPT"):
        return "time"
    return "memory" if isinstance(error, MemoryError) or name.startswith("SQLITE_NOMEM") else ""


def is_too_big(error: Exception) -> bool:
    """Whether a value is longer than the limits allow."""
    return getattr(error, "sqlite_errorname", "") == "SQLITE_TOOBIG" or "too big" in str(error)
