"""Two pools of one lock, row by row: what a pool by difference must have in common with one made anew.

Numbers are those of the lock, so even row ids are the same; only where things lie in the file may differ.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search%' ORDER BY name"
SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
WORDS = "SELECT DISTINCT term FROM temp.words ORDER BY term"
RANKED = "SELECT rowid, bm25(search) FROM search WHERE search MATCH ? ORDER BY 2, 1"


def differing(one: Path, other: Path) -> list[str]:
    """What is not the same in both, in words; nothing where all of it is."""
    with closing(_opened(one)) as a, closing(_opened(other)) as b:
        found = [] if _all(a, SCHEMA) == _all(b, SCHEMA) else ["schema"]
        for (table,) in _all(a, TABLES):
            sql = f'SELECT * FROM "{table}"'
            mine, theirs = sorted(_all(a, sql), key=repr), sorted(_all(b, sql), key=repr)
            only = [row for row in mine if row not in theirs], [row for row in theirs if row not in mine]
            if mine != theirs:
                found.append(f"{table}: {only}")
        return found + _index(a, b)


def _index(a: sqlite3.Connection, b: sqlite3.Connection) -> list[str]:
    """The search index: whole in itself, and every word finds the same, in the same order."""
    for pool in (a, b):
        pool.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'search', 'instance')")
    found = []
    if _all(a, "SELECT * FROM temp.words") != _all(b, "SELECT * FROM temp.words"):
        found.append("search")
    if _all(a, "SELECT id, sz FROM search_docsize") != _all(b, "SELECT id, sz FROM search_docsize"):
        found.append("search_docsize")
    for (word,) in _all(a, WORDS)[:40]:
        if _all(a, RANKED, f'"{word}"') != _all(b, RANKED, f'"{word}"'):
            found.append(f"search: {word}")
    return found


def _opened(path: Path) -> sqlite3.Connection:
    pool = sqlite3.connect(":memory:")
    with closing(sqlite3.connect(path)) as whole:  # a copy: asking an index whether it is whole writes
        whole.backup(pool)
    assert pool.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    pool.execute("INSERT INTO search(search) VALUES ('integrity-check')")
    return pool


def _all(pool: sqlite3.Connection, sql: str, *values: object) -> list[tuple[object, ...]]:
    return pool.execute(sql, values).fetchall()
