"""The bytes of a member's catalogue.db → verified rows, or one code. Runs in the child; opens no file.

Hostile until proven. The order matters: nothing is asked of SQLite before the bytes look right, no table is
read before the schema is ours word for word, no row before `integrity_check` (not `quick_check`, which passes
forged keys). That looks at every row, so whether they are far too many is asked first. SQLite works on a
copy in memory: no path, no sidecar, no time between checking and using.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from typing import Any

from commons.findings import Finding
from commons.format import canonical, foreign
from commons.format.foreign import Refused
from commons.format.merkle import Tree
from commons.intake import frames, rows
from commons.intake.limits import COLUMNS, EXPRESSION_DEPTH, FINDINGS_KEPT, SQL_BYTES, VALUE_BYTES
from commons.intake.tables import Table, tables
from commons.schema.spec import load_schema

_MANY = 500  # rows
_LARGE_BYTES = 1024 * 1024  # what is smaller holds fewer rows than would take long
_SPARE = 1_000  # rows beyond those signed: up to there `integrity_check` may say what is wrong


class Unreadable(Exception):
    """This machine lacks time or memory for it. Says nothing about the release."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the signed manifest says of the catalogue, for the child to compare."""

    release: str
    member: str
    form: str  # full | pruned
    schema: str
    epoch: int
    number: int
    content_root: str
    counts: dict[str, int]


@dataclass(slots=True)
class Tally:
    """What is counted on the way, for the summary."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    findings: list[dict[str, object]] = field(default_factory=list)
    withdrawals: list[list[object]] = field(default_factory=list)
    hidden: list[list[object]] = field(default_factory=list)

    def refuse(self, finding: Finding) -> str:
        self.refused[finding.code] += 1
        if len(self.findings) < FINDINGS_KEPT:
            self.findings.append(finding.to_json())
        return finding.code


def examine(job: Job, data: bytes, emit: Callable[[bytes], None], *, seconds: float) -> dict[str, Any]:
    """Emit the rows of the catalogue in order of (type, id); give the summary.

    Rows that were emitted count only if this returns.

    Raises:
        Refused: the catalogue is not what a release may be.
        Unreadable: it took more than `seconds`, or more memory than there is.
    """
    deadline = time.monotonic() + seconds
    foreign.check_header(data, len(data))
    expected = tables(job.schema)
    if expected is None:
        raise Refused("E_SCHEMAVERSION", job.schema)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        foreign.bound(
            connection,
            value_bytes=VALUE_BYTES,
            sql_bytes=SQL_BYTES,
            columns=COLUMNS,
            depth=EXPRESSION_DEPTH,
        )
        connection.execute("PRAGMA query_only=ON")
        connection.set_progress_handler(lambda: time.monotonic() > deadline, foreign.TICK)
        connection.deserialize(data)
        check_schema(connection, expected)
        if len(data) > _LARGE_BYTES:
            _refuse_far_more_rows(connection, job, expected)
        foreign.check_integrity(connection)
        return _read_all(connection, job, expected, emit, deadline)
    except sqlite3.Error as error:
        raise _reason(error, connection, expected) from error
    except UnicodeDecodeError as error:  # the module's attempt to tell SQLite's own error
        raise Refused("E_SQLITE", "schema") from error
    except MemoryError as error:
        raise Unreadable("memory") from error
    finally:
        connection.close()


def check_schema(connection: sqlite3.Connection, expected: dict[str, Table]) -> None:
    """Every object of the schema is one of ours, word for word, and none is missing."""
    found = {}
    for kind, name, table, page, sql in connection.execute(
        "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema LIMIT 300"
    ):
        mine = expected.get(name) if isinstance(name, str) else None
        if kind != "table" or mine is None or table != name or sql != mine.ddl or name in found:
            raise Refused("E_SCHEMA", str(name)[:80])
        found[name] = page
    if found.keys() != expected.keys():
        raise Refused("E_SCHEMA", min(expected.keys() - found.keys()))
    foreign.check_root_pages(list(found.values()))


def _refuse_far_more_rows(connection: sqlite3.Connection, job: Job, expected: dict[str, Table]) -> None:
    """Ask each table for a row far beyond those signed, without looking at any. Raises Refused (E_ROOT).

    It steps over as many rows as were signed and hardly more, so a tree that leads into itself takes no
    longer than an honest one; `count(*)` walks all pages in one step, which nothing interrupts. What cannot
    be walked is left to `integrity_check`.
    """
    for table in expected.values():
        with suppress(sqlite3.Error):
            sql = f'SELECT 1 FROM "{table.name}" NOT INDEXED LIMIT 1 OFFSET ?'
            if connection.execute(sql, (job.counts.get(table.name, 0) + _SPARE,)).fetchone():
                raise Refused("E_ROOT", table.name)


@cache
def columns_of(version: str) -> frozenset[tuple[str, str]]:
    """(table, column) of all that may be read."""
    known = tables(version) or {}
    return frozenset((t.name, c) for t in known.values() for c in ("id", *(x.name for x in t.columns)))


def _only_reading(version: str) -> Callable[..., int]:
    """An authorizer: SELECT from our tables' columns, nothing else."""
    allowed, expected = columns_of(version), tables(version) or {}

    def decide(action: int, first: str | None, second: str | None, *_: object) -> int:
        if action == sqlite3.SQLITE_SELECT:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and (first, second) in allowed:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and second == "" and first in expected:  # count(*) names no column
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION and second == "count":
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    return decide


def _read_all(
    connection: sqlite3.Connection,
    job: Job,
    expected: dict[str, Table],
    emit: Callable[[bytes], None],
    deadline: float,
) -> dict[str, Any]:
    connection.set_authorizer(_only_reading(job.schema))
    tree, tally = Tree(), Tally()
    most = sum(job.counts.values())
    for table in expected.values():
        if table.name not in job.counts:
            _must_be_empty(connection, table)
            continue
        for ids, data, findings in _batches(connection, table, job.counts[table.name], deadline):
            leaves = [canonical.leaf(record) for record in data]
            for leaf in leaves:
                tree.add(leaf)
            tally.counts[table.name] += len(ids)
            if tree.count > most:
                raise Refused("E_ROOT")
            if table.name == "withdrawal":
                note_withdrawals(job, ids, data, findings, tally)
            codes = [tally.refuse(f) if f else "" for f in findings] if any(findings) else []
            frames.write_rows(emit, table.name, ids, data, leaves, codes)
    if tree.root().hex() != job.content_root or dict(tally.counts) != job.counts:
        raise Refused("E_ROOT")
    if tally.counts["catalogue"] != 1 or any(f.get("type") == "catalogue" for f in tally.findings):
        raise Refused("E_CATALOGUE")
    return summary_of(tally)


Batch = tuple[list[str], list[bytes], list[Finding | None]]


def _must_be_empty(connection: sqlite3.Connection, table: Table) -> None:
    """A table whose type the manifest does not count holds nothing."""
    if connection.execute(f'SELECT count("id") FROM "{table.name}" NOT INDEXED').fetchone()[0]:
        raise Refused("E_ROOT", table.name)


def _batches(connection: sqlite3.Connection, table: Table, expected: int, deadline: float) -> Iterator[Batch]:
    """Rows of one table, whose keys must ascend: a forged b-tree may hold one twice."""
    if expected > _MANY:  # fewer are read sooner than the question is asked
        table = _without_unused(connection, table)
    read = rows.reader(table, load_schema().types.get(table.name))
    cursor = connection.execute(table.select)
    last = ""
    while batch := list(islice(cursor, frames.BATCH)):
        ids, data, findings = [], [], []
        try:
            for row in batch:
                id, record, finding = read(row)
                if id <= last:
                    raise Refused("E_INTEGRITY", id)
                last = id
                ids.append(id)
                data.append(record)
                findings.append(finding)
        except rows.Forged as error:
            raise Refused("E_INTEGRITY", str(error)) from error
        if time.monotonic() > deadline:
            raise Unreadable("time")
        yield ids, data, findings


def _without_unused(connection: sqlite3.Connection, table: Table) -> Table:
    """The table with the columns that hold anything: most catalogues use a third of them."""
    counts = connection.execute(table.count).fetchone()
    used = tuple(column for column, n in zip(table.columns, counts, strict=True) if n)
    return replace(table, columns=used)


def note_withdrawals(
    job: Job, ids: list[str], data: list[bytes], findings: list[Finding | None], tally: Tally
) -> None:
    """Keep each withdrawal's (hash, kind, epoch, number); a word about the future is none."""
    for n, (id, record) in enumerate(zip(ids, data, strict=True)):
        if findings[n] is not None:
            continue
        said = canonical.parse(record)[2]
        version = (said.get("epoch"), said.get("number"))
        if len(id) != 52 or version > (job.epoch, job.number):
            findings[n] = Finding("R_WITHDRAWAL", type="withdrawal", record=id)
        else:
            tally.withdrawals.append([id, said["kind"], *version])


def summary_of(tally: Tally) -> dict[str, Any]:
    return {
        "counts": dict(tally.counts),
        "refused": dict(tally.refused),
        "findings": tally.findings,
        "withdrawals": tally.withdrawals,
        "hidden": tally.hidden,
    }


def _reason(
    error: sqlite3.Error, connection: sqlite3.Connection, expected: dict[str, Table]
) -> Refused | Unreadable:
    """Which code SQLite's error stands for."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if lack := foreign.is_lack(error):
        return Unreadable(lack)
    if foreign.is_too_big(error):
        return Refused("E_TOOBIG")
    if not name and _holds_broken_text(connection, expected):
        return Refused("E_UTF8")
    return Refused("E_SQLITE", name)


def _holds_broken_text(connection: sqlite3.Connection, expected: dict[str, Table]) -> bool:
    """Whether some value is not UTF-8: the module's own error has no code that says so."""
    connection.text_factory = bytes
    try:
        for table in expected.values():
            for row in connection.execute(table.select):
                for value in row:
                    if isinstance(value, bytes):
                        value.decode()
    except UnicodeDecodeError:
        return True
    except sqlite3.Error:
        return False
    return False
