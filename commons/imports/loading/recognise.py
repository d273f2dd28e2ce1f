"""Which record each row is: by its id, its key, what was remembered, or its content. Writes nothing.

Rows that say twice the same are skipped; two that claim one key and differ are not both believed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from commons.addresses import RECORD_ID
from commons.catalogue.sources import SourceRow
from commons.catalogue.store import Catalogue
from commons.findings import Finding
from commons.imports.loading.report import SkippedRow
from commons.imports.mapping.identity import KEY_SEPARATOR, fingerprint, hanging_id, keyless_id, record_id
from commons.imports.mapping.made import Made, Reader, RowResult
from commons.imports.mapping.rules import ID_COLUMN, OWN_COLUMNS, RecordPlan
from commons.imports.reading.table import Row, Table


@dataclass
class Recogniser:
    """Gives rows their records. What it cannot take stands in `skipped` and `refused` afterwards."""

    catalogue: Catalogue
    table: Table
    reader: Reader
    known: dict[tuple[str, str], SourceRow]
    skipped: list[SkippedRow] = field(default_factory=list)
    refused: list[Finding] = field(default_factory=list)

    def key_of(self, plan: RecordPlan, mark: str) -> str:
        """What a row is remembered by: its mark, and for records that hang on it the record's name too."""
        return mark if plan is self.reader.mapping.main else f"{plan.name}{KEY_SEPARATOR}{mark}"

    def secret_for(self, plan: RecordPlan) -> bytes | None:
        """The key of ids that must tell nothing; None where the key may be read in the id."""
        personal = self.reader.mapping.key_of_person and plan is self.reader.mapping.main
        rtype = self.reader.schema.types[plan.type]
        return self.catalogue.secret if personal or rtype.secret_ids else None

    def marks(self, results: list[RowResult]) -> dict[int, str]:
        """What names each row: its key, or its fingerprint; doubles are skipped or refused."""
        own = [at for at, name in enumerate(self.table.columns) if name not in OWN_COLUMNS]
        columns = [self.table.columns[at] for at in own]
        marks: dict[int, str] = {}
        seen: dict[str, Row] = {}
        for result in results:
            if not result.records:
                continue
            row = result.row
            main = next((m for m in result.records if m.own), result.records[0])
            own_id = self._told_id(row)
            if own_id and not RECORD_ID.match(own_id):
                self.refused.append(
                    Finding("row-id-malformed", type=main.plan.type, row=row.number, value=own_id)
                )
                continue
            by_content = fingerprint(columns, [row.cells[at] for at in own])
            mark = main.key if main.plan.key else f"id:{own_id}" if own_id else by_content
            first = seen.setdefault(mark, row)
            if first is row:
                marks[row.number] = mark
            elif [row.cells[at] for at in own] == [first.cells[at] for at in own]:
                self.skipped.append(SkippedRow(row.number, "row-repeated"))
            else:
                shown = "…" if self.reader.mapping.key_of_person else mark
                self.refused.append(_repeated(main.plan, shown, row, first))
        return marks

    def _told_id(self, row: Row) -> str:
        """The record's own id, where the mapping names a column of ids."""
        column = self.reader.mapping.id
        return row.cells[self.table.columns.index(column)] if column in self.table.columns else ""

    def ids(self, results: list[RowResult], marks: dict[int, str]) -> dict[int, str]:
        """The id of each row's own record: remembered, told by an error file, or made from the key."""
        ids: dict[int, str] = {}
        open_rows: list[tuple[RowResult, Made]] = []
        told = self.table.columns.index(ID_COLUMN) if ID_COLUMN in self.table.columns else None
        for result in results:
            if result.row.number not in marks:
                continue
            made = next((m for m in result.records if m.own), result.records[0])
            mark = marks[result.row.number]
            remembered = self.known.get((self.key_of(made.plan, mark), made.plan.type))
            named = result.row.cells[told] if told is not None else ""
            if named and self.catalogue.get(made.plan.type, named) is not None:
                ids[result.row.number] = named
            elif self._told_id(result.row):
                ids[result.row.number] = self._told_id(result.row)
            elif remembered is not None:
                ids[result.row.number] = remembered.id
            elif made.plan.key:
                ids[result.row.number] = record_id(mark, made.plan.type, secret=self.secret_for(made.plan))
            else:
                open_rows.append((result, made))
        ids |= self._rows_changed_since(open_rows, set(ids.values()))
        for result, made in open_rows:
            title = str(made.fields.get("title") or made.drafts.get("title") or "")
            mark = marks[result.row.number]
            fresh = keyless_id(title, mark, made.plan.type, secret=self.secret_for(made.plan))
            ids.setdefault(result.row.number, fresh)
        return ids

    def _rows_changed_since(self, rows: list[tuple[RowResult, Made]], taken: set[str]) -> dict[int, str]:
        """Rows without a key that were corrected since: one title, the only one on both sides."""
        vanished = [
            r for r in self.known.values() if r.id not in taken and r.type == self.reader.mapping.main.type
        ]
        old: dict[str, list[str]] = {}
        for row in vanished:
            title = str((row.fields or {}).get("title") or "")
            old.setdefault(title, []).append(row.id)
        titles = Counter(str(made.fields.get("title") or "") for _, made in rows)
        found = {}
        for result, made in rows:
            title = str(made.fields.get("title") or "")
            ids = set(old.get(title, ()))
            if title and titles[title] == 1 and len(ids) == 1:
                found[result.row.number] = ids.pop()
        return found

    def id_of(self, made: Made, mark: str, own_id: str) -> str:
        if made.own:
            return own_id
        if made.plan.key:
            return self.id_by_key(made.plan.name, made.key)
        plans = [p for p in self.reader.mapping.records if p.type == made.plan.type]
        if len(plans) == 1 and made.entry is None:
            return own_id
        number = f"-{made.number}" if made.entry is not None else ""
        return hanging_id(own_id, f"{made.plan.name}{number}")

    def id_by_key(self, plan_name: str, key: str) -> str:
        """The id of the record that the plan makes of the row with this key, in this file or another time."""
        plan = next(p for p in self.reader.mapping.records if p.name == plan_name)
        remembered = self.known.get((self.key_of(plan, key), plan.type))
        return remembered.id if remembered else record_id(key, plan.type, secret=self.secret_for(plan))


def _repeated(plan: RecordPlan, mark: str, row: Row, first: Row) -> Finding:
    said, column = mark.replace("\x1f", " "), " + ".join(plan.key)
    details: dict[str, str | int] = {"first": first.number}
    return Finding(
        "row-key-repeated", type=plan.type, row=row.number, column=column, value=said, details=details
    )
