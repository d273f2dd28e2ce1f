"""What an import would do to a catalogue: every row accounted for, nothing written. Reads the catalogue only.

Order of the decisions: which record each row is (identity), what it says, how that differs from what the
catalogue holds (weave), what is gone from the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from commons.addresses import RECORD_ID, Address, tombstone
from commons.catalogue.record import StoredRecord
from commons.catalogue.sources import SourceRow
from commons.catalogue.store import Catalogue
from commons.findings import Finding
from commons.imports.apply import rows_to_records
from commons.imports.identity import (
    KEY_SEPARATOR,
    content_mark,
    fingerprint,
    hanging_id,
    keyless_id,
    record_id,
)
from commons.imports.made import Made, Reader, RowResult
from commons.imports.mapping import ID_COLUMN, OWN_COLUMNS, REASON_COLUMN, RecordPlan
from commons.imports.report import ImportReport, Outcome, RecordChange, SameRecord, SkippedRow
from commons.imports.table import Row, Table
from commons.imports.unite import unite
from commons.imports.values import told
from commons.imports.weave import DRAFT, saying, weave
from commons.model import Fields, Value
from commons.schema.spec import Field

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Wishes:
    """What the person asked for besides the mapping."""

    complete: bool = False  # remove what is gone from the file
    join_same: bool = False  # a new key with the old content is the old record


@dataclass
class _Said:
    """What the file says about one record, from all the rows that speak of it."""

    made: Made
    id: str
    key: str
    row: int
    fields: dict[str, Value]
    drafts: dict[str, str]


@dataclass
class _Work:
    """The planning of one import, in one go."""

    catalogue: Catalogue
    table: Table
    reader: Reader
    wishes: Wishes
    known: dict[tuple[str, str], SourceRow]
    skipped: list[SkippedRow] = field(default_factory=list)
    refused: list[Finding] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    said: dict[tuple[str, str], _Said] = field(default_factory=dict)
    of_row: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    blanked: int = 0

    # identity

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
            told = self._told_id(row)
            if told and not RECORD_ID.match(told):
                self.refused.append(
                    Finding("row-id-malformed", type=main.plan.type, row=row.number, value=told)
                )
                continue
            by_content = fingerprint(columns, [row.cells[at] for at in own])
            mark = main.key if main.plan.key else f"id:{told}" if told else by_content
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
            remembered = self.known.get((_key(made.plan, mark, self), made.plan.type))
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

    # what is said

    def hear(self, result: RowResult, mark: str, own_id: str) -> None:
        """Note what the row says about each of its records."""
        ids = {(m.plan.name, m.number): self._id_of(m, mark, own_id) for m in result.records}
        for made in result.records:
            fields = dict(made.fields)
            for name, target in made.refers.items():
                fields[name] = ids.get((target, made.number)) or ids[target, 0]
            for name, (target, key) in made.refers_by_key.items():
                fields[name] = self._id_by_key(target, key)
            if made.extra:
                fields["extra"] = dict(made.extra)
            address = (made.plan.type, ids[made.plan.name, made.number])
            self.of_row.setdefault(result.row.number, []).append(address)
            at = f"{mark}{KEY_SEPARATOR}{made.number}" if made.entry is not None else mark
            key = _key(made.plan, made.key if made.plan.key and not made.own else at, self)
            fresh = _Said(made, address[1], key, result.row.number, fields, dict(made.drafts))
            earlier = self.said.setdefault(address, fresh)
            if earlier is not fresh:
                self._agree(earlier, fresh)

    def _id_of(self, made: Made, mark: str, own_id: str) -> str:
        if made.own:
            return own_id
        if made.plan.key:
            return self._id_by_key(made.plan.name, made.key)
        plans = [p for p in self.reader.mapping.records if p.type == made.plan.type]
        if len(plans) == 1 and made.entry is None:
            return own_id
        number = f"-{made.number}" if made.entry is not None else ""
        return hanging_id(own_id, f"{made.plan.name}{number}")

    def _id_by_key(self, plan_name: str, key: str) -> str:
        """The id of the record that the plan makes of the row with this key, in this file or another time."""
        plan = next(p for p in self.reader.mapping.records if p.name == plan_name)
        remembered = self.known.get((_key(plan, key, self), plan.type))
        return remembered.id if remembered else record_id(key, plan.type, secret=self.secret_for(plan))

    def _agree(self, first: _Said, other: _Said) -> None:
        """A record that several rows speak of: what the first leaves open is filled, rivals are said."""
        rtype = self.reader.schema.types[first.made.plan.type]
        for name, value in unite(first.fields, other.fields, rtype):
            self.findings.append(
                Finding(
                    "rows-disagree",
                    type=rtype.name,
                    record=first.id,
                    field=name,
                    row=other.row,
                    value=told(self._spec(first.made.plan.type, name), str(value)[:200]),
                    details={"first": first.row},
                )
            )
        for name, text in other.drafts.items():
            first.drafts.setdefault(name, text)

    # what changes

    def changes(self) -> list[RecordChange]:
        """Every record of the file against the catalogue."""
        joined = self._joined() if self.wishes.join_same else {}
        changes = []
        for (type_name, fresh_id), said in self.said.items():
            wanted = joined.get((type_name, fresh_id), fresh_id)
            change = self._change(type_name, wanted, said)
            if change is None:
                self._drop(type_name, fresh_id)
            else:
                changes.append(change)
        return changes

    def _change(self, type_name: str, wanted: str, said: _Said) -> RecordChange | None:
        """None where a person's removal or withdrawal stands against it."""
        held = self.catalogue.get(type_name, wanted)
        last = self.known.get((said.key, type_name))
        remembered = last.fields if last is not None and last.id == wanted else None
        stands = (
            None
            if held is not None and remembered is not None and _still(remembered, held.fields)
            else (self._last_act(type_name, wanted) if last is not None else None)
        )
        if held is None and stands in ("remove", "withdraw", "forget"):
            return None
        if held is None and self._withdrawn(type_name, wanted):
            return None
        if stands in ("undo", "restore"):
            remembered = None  # what was imported was taken back: the sheet speaks afresh
        fields = self._with_start(type_name, said.fields) if held is None else said.fields
        now = saying(fields, said.drafts)
        woven = weave(
            now, remembered, None if held is None else held.fields, {} if held is None else held.drafts
        )
        self.findings += [
            _overwritten(said, wanted, self._spec(type_name, name), held) for name in woven.overwritten
        ]
        outcome: Outcome = "new" if held is None else "changed" if woven.changed else "unchanged"
        return RecordChange(
            type=type_name,
            id=wanted,
            outcome=outcome,
            fields=woven.fields,
            drafts=woven.drafts,
            row=said.row,
            key=said.key,
            said=saying(said.fields, said.drafts),
            consents=tuple(said.made.consents),
            before=None if held is None else held.fields,
        )

    def _with_start(self, type_name: str, fields: dict[str, Value]) -> dict[str, Value]:
        audience = self.reader.schema.types[type_name].audience
        return {"audience": audience, **fields} if audience != "public" else fields

    def _last_act(self, type_name: str, wanted: str) -> str | None:
        return next((step.kind for step in self.catalogue.history(type_name, wanted)), None)

    def _spec(self, type_name: str, name: str) -> Field:
        return self.reader.schema.types[type_name].fields[name]

    def _withdrawn(self, type_name: str, wanted: str) -> bool:
        stone = tombstone(str(Address(self.catalogue.member_id, type_name, wanted)))
        found = self.catalogue.get("withdrawal", stone)
        return found is not None and found.fields.get("kind") == "record"

    def _drop(self, type_name: str, record: str) -> None:
        for row, addresses in self.of_row.items():
            if (type_name, record) in addresses:
                addresses.remove((type_name, record))
                if not addresses:
                    self.skipped.append(SkippedRow(row, "row-removed-here"))

    # what is gone

    def gone(self) -> list[SourceRow]:
        """Records of this source that the file no longer speaks of, as far as the catalogue has them."""
        found = {}
        for row in self.known.values():
            if (row.type, row.id) not in self.said and self.catalogue.get(row.type, row.id) is not None:
                found[row.type, row.id] = row
        return list(found.values())

    def same(self) -> list[SameRecord]:
        """New records that say what a vanished one said."""
        vanished: dict[tuple[str, str | None], list[SourceRow]] = {}
        for row in self.gone():
            vanished.setdefault((row.type, content_mark(_fields_of(row.fields))), []).append(row)
        found = []
        for (type_name, fresh_id), said in self.said.items() if vanished else ():
            mark = content_mark(said.fields)
            twins = vanished.get((type_name, mark), []) if mark else []
            if len(twins) == 1 and self.catalogue.get(type_name, fresh_id) is None:
                found.append(SameRecord(type_name, said.row, fresh_id, twins[0].id, twins[0].key))
        once = Counter((s.type, s.old_id) for s in found)
        return [s for s in found if once[s.type, s.old_id] == 1]

    def _joined(self) -> dict[tuple[str, str], str]:
        return {(s.type, s.new_id): s.old_id for s in self.same()}


def plan(
    catalogue: Catalogue,
    table: Table,
    reader: Reader,
    *,
    source: str,
    wishes: Wishes,
    progress: Progress | None = None,
) -> ImportReport:
    """Everything the import would do. The catalogue is read, not changed."""
    work = _Work(catalogue, table, reader, wishes, catalogue.sources.rows(source))
    results = list(_heard(rows_to_records(table, reader), len(table.rows), progress))
    for result in results:
        work.blanked += result.blanked
        work.findings += result.findings
        if result.skipped:
            work.skipped.append(SkippedRow(result.row.number, result.skipped))
        if result.refused:
            work.refused.append(result.refused)
    marks = work.marks(results)
    ids = work.ids(results, marks)
    for result in results:
        if result.row.number in marks:
            work.hear(result, marks[result.row.number], ids[result.row.number])
    same = work.same()
    gone = [] if REASON_COLUMN in table.columns else work.gone()
    changes = work.changes()
    if wishes.join_same:
        joined = {(s.type, s.old_id) for s in same}
        gone = [row for row in gone if (row.type, row.id) not in joined]
    return _report(work, source, changes, [(g.type, g.id) for g in gone], same, results)


def _heard(results: Iterable[RowResult], total: int, progress: Progress | None) -> Iterable[RowResult]:
    for at, result in enumerate(results, start=1):
        if progress is not None and at % 1000 == 0:
            progress(at, total)
        yield result


def _report(
    work: _Work,
    source: str,
    changes: list[RecordChange],
    gone: list[tuple[str, str]],
    same: list[SameRecord],
    results: list[RowResult],
) -> ImportReport:
    table, joins = work.table, {(s.type, s.new_id): s.old_id for s in same} if work.wishes.join_same else {}
    outcome = {(c.type, c.id): c.outcome for c in changes}
    imported = unchanged = 0
    for addresses in work.of_row.values():
        if not addresses:
            continue
        outcomes = {outcome[a[0], joins.get(a, a[1])] for a in addresses}
        imported += outcomes != {"unchanged"}
        unchanged += outcomes == {"unchanged"}
    unreadable = [Finding("row-unreadable", row=a.number, value=" ".join(a.cells)[:200])
                  for a in table.aside if a.code == "row-unreadable"]  # fmt: skip
    aside = [SkippedRow(a.number, a.code) for a in table.aside if a.code != "row-unreadable"]
    complete = work.wishes.complete and REASON_COLUMN not in table.columns
    return ImportReport(
        file=table.name,
        source=source,
        type=work.reader.mapping.main.type,
        rows_read=table.rows_in_file,
        rows_imported=imported,
        rows_unchanged=unchanged,
        skipped=tuple(sorted([*aside, *work.skipped], key=lambda s: s.row)),
        refused=(*unreadable, *work.refused),
        findings=(*(f for f in table.findings if f.code != "row-unreadable"), *work.findings),
        changes=tuple(changes),
        removed=tuple(gone) if complete else (),
        gone=() if complete else tuple(gone),
        same=tuple(same),
        blanked=work.blanked,
        faulty=tuple(_faulty(work, results)),
    )


def _faulty(work: _Work, results: list[RowResult]) -> Iterable[tuple[Row, str, str]]:
    """Rows that a person should correct: refused ones, and ones with a cell that waits as a draft."""
    why: dict[int, list[str]] = {}
    for finding in [*work.refused, *work.findings]:
        if finding.row is not None and (finding in work.refused or finding.level == "error"):
            why.setdefault(finding.row, []).append(finding.sentence)
    for result in results:
        if result.row.number in why:
            own = [i for t, i in work.of_row.get(result.row.number, ()) if t == work.reader.mapping.main.type]
            yield result.row, own[0] if own else "", " · ".join(dict.fromkeys(why[result.row.number]))


def _repeated(plan: RecordPlan, mark: str, row: Row, first: Row) -> Finding:
    said, column = mark.replace("\x1f", " "), " + ".join(plan.key)
    details: dict[str, str | int] = {"first": first.number}
    return Finding(
        "row-key-repeated", type=plan.type, row=row.number, column=column, value=said, details=details
    )


def _overwritten(said: _Said, record: str, spec: Field, held: StoredRecord | None) -> Finding:
    value = "—" if held is None else told(spec, str(held.fields.get(spec.name, "—"))[:200])
    where = said.made.plan.type
    return Finding("edit-overwritten", type=where, record=record, field=spec.name, row=said.row, value=value)


def _key(plan: RecordPlan, mark: str, work: _Work) -> str:
    """What a row is remembered by: its mark, and for records that hang on it the record's name too."""
    return mark if plan is work.reader.mapping.main else f"{plan.name}\x1f{mark}"


def _fields_of(said: Fields | None) -> dict[str, Value]:
    return {n: v for n, v in (said or {}).items() if not n.startswith(DRAFT)}


def _still(said: Fields, held: Fields) -> bool:
    """Whether the catalogue holds just what the sheet said last."""
    return all(held.get(name) == value for name, value in said.items() if not name.startswith(DRAFT))
