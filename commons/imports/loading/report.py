"""What an import did or would do, as values. Prints nothing; sentences are made by whoever shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from commons.findings import Finding
from commons.imports.mapping.rules import Consent
from commons.imports.reading.table import Row
from commons.model import Fields

Outcome = Literal["new", "changed", "unchanged"]


@dataclass(frozen=True)
class RecordChange:
    """One record as the import leaves it. `before` is None for a new one."""

    type: str
    id: str
    outcome: Outcome
    fields: Fields
    drafts: Mapping[str, str]
    row: int
    key: str
    said: Fields  # what the row said, to be remembered
    consents: tuple[tuple[str, Consent], ...] = ()  # (field, consent) that the mapping tells of
    before: Fields | None = None


@dataclass(frozen=True, slots=True)
class SameRecord:
    """A new row that says word for word what a vanished one said: probably the same with another id."""

    type: str
    row: int
    new_id: str
    old_id: str
    old_key: str


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that made no record, for a reason that is no fault."""

    row: int
    code: str


@dataclass(frozen=True)
class ImportReport:
    """Law: `rows_read == rows_imported + rows_unchanged + len(skipped) + len(refused)`."""

    file: str
    source: str
    type: str
    rows_read: int
    rows_imported: int
    rows_unchanged: int
    skipped: tuple[SkippedRow, ...]
    refused: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    changes: tuple[RecordChange, ...]
    removed: tuple[tuple[str, str], ...] = ()  # (type, id): gone from the file, to be removed with --complete
    gone: tuple[tuple[str, str], ...] = ()  # the same, kept
    same: tuple[SameRecord, ...] = ()
    blanked: int = 0
    done: bool = False  # False: a look ahead, nothing was written
    step: int | None = None  # of the history, to undo it
    seen: int = -1  # the newest step when this was planned
    faulty: tuple[tuple[Row, str, str], ...] = field(default=())  # (row, record id or "", reasons)

    def records(self, outcome: Outcome) -> Counter[str]:
        """How many records per type are new, changed or unchanged."""
        return Counter(change.type for change in self.changes if change.outcome == outcome)

    @property
    def waiting(self) -> int:
        """Cells that did not fit and are kept as drafts."""
        return sum(len(change.drafts) for change in self.changes)

    def to_json(self) -> dict[str, object]:
        """The figures and every finding; no record's contents."""
        return {
            "file": self.file,
            "source": self.source,
            "type": self.type,
            "done": self.done,
            "rows": {
                "read": self.rows_read,
                "imported": self.rows_imported,
                "unchanged": self.rows_unchanged,
                "skipped": dict(sorted(Counter(s.code for s in self.skipped).items())),
                "refused": len(self.refused),
            },
            "records": {o: dict(sorted(self.records(o).items())) for o in ("new", "changed", "unchanged")},
            "drafts": self.waiting,
            "blanked": self.blanked,
            "removed": [f"{t}/{i}" for t, i in self.removed],
            "gone": [f"{t}/{i}" for t, i in self.gone],
            "same": [{"row": s.row, "new": s.new_id, "old": s.old_id, "type": s.type} for s in self.same],
            "refused": [f.to_json() for f in self.refused],
            "findings": [f.to_json() for f in self.findings],
        }
