"""The least that any merge does: `python bench/floor.py FOLDER`. Verifies nothing, links nothing.

ATTACH and INSERT … SELECT of each catalogue, and the same search index as ours.
"""
# ruff: noqa: T201

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from commons.pool.contract import SEARCH_TABLE
from commons.pool.search import index_text
from commons.pool.words import word_list
from commons.pool.write import FULL_TEXT_BYTES
from commons.schema import territory
from commons.schema.spec import load_schema

TABLES = ("organization", "place", "service")


def texts(merged: sqlite3.Connection) -> Iterator[tuple[int, str, str, str]]:
    """(rowid, exact, folded, stem) of every row, in order."""
    places = {d.code: d.name for d in territory.load("cdmx").districts.values()}
    words = word_list(load_schema(), places)
    number = 0
    for table in TABLES:
        searched = [f.name for f in load_schema().types[table].fields.values() if f.search]
        lists = {f.name for f in load_schema().types[table].fields.values() if f.type == "array"}
        for row in merged.execute(f"SELECT {', '.join(searched)} FROM {table}"):
            number += 1
            fields = {
                n: json.loads(v) if n in lists else v
                for n, v in zip(searched, row, strict=True)
                if v is not None
            }
            yield number, *index_text(words.texts(words.searched(table, fields), fields), "es")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "floor.db").unlink(missing_ok=True)
    merged = sqlite3.connect(folder / "floor.db", isolation_level=None)
    merged.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;")
    merged.execute(SEARCH_TABLE)
    merged.execute(f"INSERT INTO search(search, rank) VALUES('hashsize', {FULL_TEXT_BYTES})")
    for n, path in enumerate(sorted((folder / "catalogues").iterdir())):
        merged.execute("ATTACH ? AS source", (str(path),))
        merged.execute("BEGIN")
        for table in TABLES:
            verb = f"INSERT INTO {table}" if n else f"CREATE TABLE {table} AS"
            merged.execute(f"{verb} SELECT ? AS catalogue, * FROM source.{table}", (path.stem,))
        merged.execute("COMMIT")
        merged.execute("DETACH source")
    merged.execute("BEGIN")
    merged.executemany("INSERT INTO search(rowid, exact, folded, stem) VALUES (?, ?, ?, ?)", texts(merged))
    merged.execute("INSERT INTO search(search) VALUES('optimize')")
    merged.execute("COMMIT")
    print(merged.execute("SELECT count(*) FROM search_docsize").fetchone()[0])
