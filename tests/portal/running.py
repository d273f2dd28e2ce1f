"""Datasettes for tests that leave nothing open; Datasette itself keeps connections until the process ends."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from commons.portal.serving import datasette_for


@contextmanager
def closing_datasette(datasette: Any) -> Iterator[Any]:
    """Close every connection that is opened within the block."""
    opened: list[sqlite3.Connection] = []

    def tracked(connect: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
        def inner(*arguments: Any, **named: Any) -> sqlite3.Connection:
            opened.append(connect(*arguments, **named))
            return opened[-1]

        return inner

    for database in datasette.databases.values():
        database.connect = tracked(database.connect)
    try:
        yield datasette
    finally:
        datasette.executor.shutdown()
        for connection in opened:
            connection.close()


@contextmanager
def open_portal(pool: Path) -> Iterator[Any]:
    """A portal over `pool`. Without a heap limit: SQLite would keep it for the whole process."""
    with closing_datasette(datasette_for(pool, heap_mib=None)) as datasette:
        yield datasette
