"""Opens a pool.db for reading, or says why not. Never writes, leaves no file beside it."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from commons.errors import InputError
from commons.messages import N_
from commons.pool.contract import APPLICATION_ID, CONTRACT

_MAGIC = b"SQLite format 3\x00"


@dataclass(eq=False)
class NoPool(InputError):
    """There is no such file."""

    path: str
    template: ClassVar[str] = N_("There is no pool at {path}.")
    hint_template: ClassVar[str] = N_("Make one with commons merge, then give its pool.db here.")


@dataclass(eq=False)
class NotAPool(InputError):
    """The file is something else."""

    path: str
    template: ClassVar[str] = N_("{path} is not a pool.")
    hint_template: ClassVar[str] = N_(
        "A pool is the file pool.db that commons merge writes. A catalogue or a release cannot be served."
    )


@dataclass(eq=False)
class OtherContract(InputError):
    """The pool was made by another version of the program."""

    path: str
    found: str
    known: str
    template: ClassVar[str] = N_(
        "{path} was made by another version (pool {found}; this program reads {known})."
    )
    hint_template: ClassVar[str] = N_("Merge again with this program, or use the program that made it.")


def open_pool(path: Path) -> sqlite3.Connection:
    """A reading connection to a pool of this program's contract.

    Raises NoPool, NotAPool, OtherContract.
    """
    if not path.is_file():
        raise NoPool(str(path))
    with path.open("rb") as file:
        head = file.read(72)
    if head[:16] != _MAGIC or int.from_bytes(head[68:72], "big") != APPLICATION_ID:
        raise NotAPool(str(path))
    # as_uri quotes "?" and "#", so that no name of a file can add a parameter
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)
    try:
        found = connection.execute("SELECT value FROM meta WHERE key = 'contract'").fetchone()
    except sqlite3.DatabaseError as error:
        connection.close()
        raise NotAPool(str(path)) from error
    if found is None or found[0] != CONTRACT:
        connection.close()
        raise OtherContract(str(path), str(found[0]) if found else "?", CONTRACT)
    return connection


def read_meta(path: Path) -> dict[str, Any]:
    """The pool's `meta`; federation and counts parsed, the lock as text. Raises what `open_pool` raises."""
    connection = open_pool(path)
    try:
        rows = dict(connection.execute("SELECT key, value FROM meta"))
    finally:
        connection.close()
    return {k: json.loads(v) if k in ("federation", "counts") else v for k, v in rows.items()}
