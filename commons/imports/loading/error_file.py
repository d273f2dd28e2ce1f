"""Rows that need a person, as a CSV that can be corrected and imported again. Decides nothing.

Same columns as the file, and two of ours: why the row is here (ignored on import) and which record it became.
"""

from __future__ import annotations

import csv
import io
import re

from commons.imports.loading.report import ImportReport
from commons.imports.mapping.rules import ID_COLUMN, OWN_COLUMNS, REASON_COLUMN
from commons.imports.reading.table import Table

_RISKY = re.compile(r"[=+\-@\t]")
_HARMLESS = re.compile(r"[-+]?[\d\s().,/:%-]+\Z")  # numbers, dates, telephones


def error_csv(report: ImportReport, table: Table) -> bytes | None:
    """The file's bytes (UTF-8 with a mark, so that Excel shows accents), or None where no row needs it."""
    if not report.faulty:
        return None
    own = [at for at, name in enumerate(table.columns) if name not in OWN_COLUMNS]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*(table.columns[at] for at in own), ID_COLUMN, REASON_COLUMN])
    for row, record_id, reason in report.faulty:
        writer.writerow([*(guarded(row.cells[at]) for at in own), record_id, reason])
    return out.getvalue().encode("utf-8-sig")


def guarded(cell: str) -> str:
    """`cell` so that no spreadsheet takes it for a formula; the importer takes the guard off again."""
    return f"'{cell}" if _RISKY.match(cell) and not _HARMLESS.match(cell) else cell
