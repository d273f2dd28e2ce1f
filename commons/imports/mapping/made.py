"""What a row makes: records not yet in any catalogue, or the reason why there are none. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from commons.findings import Finding
from commons.imports.mapping.entries import Entry
from commons.imports.mapping.rules import Consent, Mapping, RecordPlan
from commons.imports.reading.table import Row
from commons.model import Value
from commons.schema.spec import Schema
from commons.schema.territory import Territory


@dataclass
class Made:
    """One record that a row makes.

    `refers` names, by field, another record of the same row; `refers_by_key` one of another row: (plan, key).
    `read` holds the columns whose contents are in the record; what no record of the row has read stays home.
    """

    plan: RecordPlan
    key: str
    fields: dict[str, Value] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    refers: dict[str, str] = field(default_factory=dict)
    refers_by_key: dict[str, tuple[str, str]] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    entry: Entry | None = None  # of a list in the row that this record was made of
    consents: list[tuple[str, Consent]] = field(default_factory=list)
    own: bool = False  # the row's own record, not one that hangs on it

    @property
    def number(self) -> int:
        """Of its entry; 0 for a record of the whole row."""
        return self.entry.number if self.entry is not None else 0


@dataclass
class RowResult:
    """What became of one row: records, or the code of why there are none."""

    row: Row
    records: list[Made] = field(default_factory=list)
    skipped: str | None = None
    refused: Finding | None = None
    findings: list[Finding] = field(default_factory=list)
    blanked: int = 0


@dataclass(frozen=True)
class Reader:
    """What reading a cell needs besides the rule."""

    schema: Schema
    mapping: Mapping
    lang: str
    zone: ZoneInfo
    territory: Territory | None = None
