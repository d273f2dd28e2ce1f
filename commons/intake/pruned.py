"""The records of a pruned release → the same rows as of the full one, without those that may not be shown.

Each record is judged by the very function that reads the full form, so that act gives one result from both.
What is hidden is only listed: its digest and its address's hash say neither type nor id. A record that lacks
held fields is handed on as its line, since its digest is not that of what it shows: `merge.claims` knows it.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from itertools import groupby, islice
from typing import Any

from commons.findings import Finding
from commons.format import pruned, strict_json
from commons.format.container import PrunedFiles
from commons.format.errors import FormatError
from commons.format.foreign import Refused
from commons.format.pruned import Shown
from commons.intake import frames, rows
from commons.intake.catalogue import Job, Tally, Unreadable, note_withdrawals, summary_of
from commons.intake.tables import JSON, Table, tables
from commons.model import Value
from commons.schema.spec import load_schema

_LENGTH = struct.Struct("<I")
_MISSED = frozenset({"required", "half-position", "currency-missing"})  # for want of what is held


def pack(files: PrunedFiles) -> bytes:
    """What the child needs to examine a pruned release."""
    return _LENGTH.pack(len(files.manifest)) + files.manifest + files.records


def examine(job: Job, data: bytes, emit: Callable[[bytes], None], *, seconds: float) -> dict[str, Any]:
    """As `catalogue.examine`, for the bytes that `pack` made. Raises Refused, Unreadable."""
    deadline = time.monotonic() + seconds
    (length,) = _LENGTH.unpack_from(data)
    files = PrunedFiles(data[4 : 4 + length], b"", b"", data[4 + length :])
    expected = tables(job.schema)
    if expected is None:
        raise Refused("E_SCHEMAVERSION", job.schema)
    tally = Tally()
    try:
        for name, records in groupby(pruned.shown(files), key=lambda shown: shown.type):
            table = expected.get(name)
            if table is None:
                raise Refused("E_PRUNED", name[:80])
            for batch in _batches(records, table):
                _emit(job, table, *batch, tally, emit)
                if time.monotonic() > deadline:
                    raise Unreadable("time")
    except FormatError as error:
        raise Refused(error.code) from error
    tally.hidden = [[h.place, h.hash, h.leaf.hex(), h.origin] for h in pruned.hidden(files)]
    return summary_of(tally)


def _batches(records: Iterator[Shown], table: Table) -> Iterator[tuple[list[Shown], list[Finding | None]]]:
    read = rows.reader(table, load_schema().types.get(table.name))
    while batch := list(islice(records, frames.BATCH)):
        findings = []
        for shown in batch:
            fields = strict_json.read(shown.data)[2]
            try:
                _id, data, finding = read(_row(table, shown.id, fields))
            except rows.Forged as error:
                raise Refused("E_PRUNED", str(error)[:80]) from error
            if data != shown.data:  # a field that the published table does not have
                raise Refused("E_PRUNED", shown.id)
            if shown.held and finding is not None and finding.code in _MISSED:
                finding = None  # whoever pruned had the whole record; if not, the root tells
            findings.append(finding)
        yield batch, findings


def _row(table: Table, id: str, fields: dict[str, Value]) -> tuple[Any, ...]:
    """The columns that the full form would hold."""
    values: list[Any] = [id]
    for column in table.columns:
        value = fields.get(column.name)
        if isinstance(value, bool):
            value = int(value)
        elif value is not None and column.kind == JSON:
            value = strict_json.compact(value)
        values.append(value)
    return tuple(values)


def _emit(
    job: Job,
    table: Table,
    batch: list[Shown],
    findings: list[Finding | None],
    tally: Tally,
    emit: Callable[[bytes], None],
) -> None:
    ids, data = [shown.id for shown in batch], [shown.line for shown in batch]
    tally.counts[table.name] += len(ids)
    if table.name == "withdrawal":
        note_withdrawals(job, ids, data, findings, tally)
    codes = [tally.refuse(f) if f else "" for f in findings] if any(findings) else []
    frames.write_rows(emit, table.name, ids, data, [shown.leaf for shown in batch], codes)
