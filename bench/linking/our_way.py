"""Our linking over a file of invented records: `python -m bench.linking.our_way FILE [--count]`.

The way a merge does it: features made by children and kept aside on the disk, then all levels of linking.
Prints one line of JSON. With `--count` every compared pair is looked at, in memory, to see how many true
pairs blocking keeps; that run is for the count and not for the time.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import marshal
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from commons.link import whole
from commons.link.judgements import NO_VERDICTS
from commons.merge.linking.rounds import Keys, first_round, keys_of
from commons.merge.workers import children_for, done

NOT_FIELDS = ("address", "place")
AT_ONCE = 2_000  # lines of one task
TABLES = """CREATE TABLE claim (number INTEGER PRIMARY KEY, address TEXT, place INTEGER, json TEXT);
CREATE TABLE alias (address TEXT PRIMARY KEY, entity INTEGER) WITHOUT ROWID;"""


def record(line: str) -> tuple[str, int, dict[str, Any]]:
    """(address, place, fields)."""
    row = json.loads(line)
    return row["address"], row["place"], {k: v for k, v in row.items() if k not in NOT_FIELDS}


def prepare(_shared: None) -> Callable[[tuple[int, list[str]]], bytes]:
    """What makes a stretch of lines ready: rows of claims, and of what they can be linked by."""

    def do(task: tuple[int, list[str]]) -> bytes:
        first, lines = task
        claims, noted = [], []
        for number, line in enumerate(lines, first):
            address, place, fields = record(line)
            claims.append((number, address, place))
            noted += [(table, row) for table, row in keys_of(number, address, "place", fields)]
        return marshal.dumps((claims, noted))

    return do


def stretches(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Lines in tasks, with the number of their first."""
    rest, number = iter(lines), 1
    while part := list(islice(rest, AT_ONCE)):
        yield number, part
        number += len(part)


def timed(file: Path, connection: sqlite3.Connection) -> dict[str, float | None]:
    """All levels of linking, as in a merge; then what came of it, by SQL."""
    connection.executescript(TABLES)
    connection.execute("ATTACH '' AS noted")  # a file that is gone with the connection
    connection.execute("PRAGMA noted.journal_mode = OFF")
    connection.execute("BEGIN")  # as a merge does: one transaction
    keys = Keys(connection)
    children = children_for(file.stat().st_size // 200)
    with file.open(encoding="utf-8") as lines:
        for data in done(stretches(lines), prepare, None, children=children):
            claims, noted = marshal.loads(data)  # noqa: S302  (written by `prepare`)
            connection.executemany("INSERT INTO claim VALUES (?, ?, ?, '')", claims)
            connection.executemany("INSERT INTO alias VALUES (?, ?)", [(a, n) for n, a, _place in claims])
            for table in {table for table, _row in noted}:
                keys.take({table: [row for name, row in noted if name == table]})
    decision, _later = first_round(keys, [], NO_VERDICTS)
    keys.close()
    connection.execute("CREATE TEMP TABLE found (address TEXT, cluster INTEGER)")
    rows = ((address, n) for n, cluster in enumerate(decision.clusters) for address in cluster)
    connection.executemany("INSERT INTO found VALUES (?, ?)", rows)
    joined, right = connection.execute(
        """SELECT sum(n * (n - 1) / 2), sum(same) FROM (
            SELECT cluster, sum(n) AS n, sum(n * (n - 1) / 2) AS same FROM (
                SELECT cluster, place, count(*) AS n FROM found JOIN alias USING (address)
                JOIN claim ON number = entity GROUP BY cluster, place) GROUP BY cluster)"""
    ).fetchone()
    (true,) = connection.execute(
        "SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM claim GROUP BY place)"
    ).fetchone()
    found = {"true": true, "joined": joined or 0, "right": right or 0}
    return {**found, "queue": len(decision.candidates), "compared": None, "kept": None}


def counted(file: Path) -> dict[str, float | None]:
    """How many pairs are compared, and the share of the true ones among them."""
    given, truth = [], {}
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            address, truth[address], fields = record(line)
            given.append((address, fields))
    compared = Counter[bool]()

    def watch(a: str, b: str) -> None:
        compared[truth[a] == truth[b]] += 1

    whole.run(given, watch=watch)
    true = sum(n * (n - 1) // 2 for n in Counter(truth.values()).values())
    return {"true": true, "compared": compared.total(), "kept": compared[True] / max(true, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--count", action="store_true")
    asked = parser.parse_args()
    begun = time.perf_counter()
    if asked.count:
        found = counted(asked.file)
    else:
        with tempfile.TemporaryDirectory(prefix="commons-bench-") as folder:
            connection = sqlite3.connect(Path(folder) / "claims.db", isolation_level=None)
            connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
            found = timed(asked.file, connection)
            connection.close()
    print(json.dumps({"seconds": time.perf_counter() - begun, **found}))


if __name__ == "__main__":
    main()
