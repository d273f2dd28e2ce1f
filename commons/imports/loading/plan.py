"""What an import would do to a catalogue: every row accounted for, nothing written. Reads the catalogue only.

Order of the decisions: which record each row is (identity), what it says, how that differs from what the
catalogue holds (weave), what is gone from the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from commons.addresses import Address, tombstone
from commons.catalogue.record import StoredRecord
from commons.catalogue.sources import SourceRow
from commons.catalogue.store import Catalogue
from commons.findings import Finding
from commons.imports.loading.by_name import Reference, resolve
from commons.imports.loading.recognise import Recogniser
from commons.imports.loading.report import ImportReport, Outcome, RecordChange, SameRecord, SkippedRow
from commons.imports.loading.weave import DRAFT, saying, weave
from commons.imports.mapping.apply import rows_to_records
from commons.imports.mapping.identity import KEY_SEPARATOR, content_mark
from commons.imports.mapping.made import Made, Reader, RowResult
from commons.imports.mapping.rules import REASON_COLUMN, is_by_name
from commons.imports.mapping.unite import unite
from commons.imports.mapping.values import told
from commons.imports.reading.table import Row, Table
from commons.model import Fields, Value
from commons.schema.spec import Field

Progress = Callable[[int, int], None]
_TAKEN = ("remove", "withdraw", "forget")  # acts of a person after which no import brings a record back


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
    who: Recogniser
    skipped: list[SkippedRow] = field(default_factory=list)
    refused: list[Finding] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    said: dict[tuple[str, str], _Said] = field(default_factory=dict)
    of_row: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    blanked: int = 0

    # what is said

    def hear(self, result: RowResult, mark: str, own_id: str) -> None:
        """Note what the row says about each of its records."""
        ids = {(m.plan.name, m.number): self.who.id_of(m, mark, own_id) for m in result.records}
        for made in result.records:
            fields = dict(made.fields)
            for name, target in made.refers.items():
                fields[name] = ids.get((target, made.number)) or ids[target, 0]
            for name, (target, key) in made.refers_by_key.items():
                fields[name] = self.who.id_by_key(target, key)
            if made.extra:
                fields["extra"] = dict(made.extra)
            address = (made.plan.type, ids[made.plan.name, made.number])
            self.of_row.setdefault(result.row.number, []).append(address)
            at = f"{mark}{KEY_SEPARATOR}{made.number}" if made.entry is not None else mark
            key = self.who.key_of(made.plan, made.key if made.plan.key and not made.own else at)
            fresh = _Said(made, address[1], key, result.row.number, fields, dict(made.drafts))
            earlier = self.said.setdefault(address, fresh)
            if earlier is not fresh:
                self._agree(earlier, fresh)

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

    def refer_by_name(self, lang: str) -> None:
        """Names in fields that refer to a record become that record, made where the mapping says so."""
        told = {address: said.fields for address, said in self.said.items()}
        known, schema = self.known, self.reader.schema
        done = resolve(
            self._by_name(), self.catalogue, told, known, schema, lang=lang, barred=self._taken_away
        )
        for (owner, name), record_id in done.ids.items():
            self.said[owner].fields[name] = record_id
            self.said[owner].drafts.pop(name, None)
        for owner, name in sorted(done.doubtful | done.waiting):
            said = self.said[owner]
            if name in said.fields:  # a word that could be an id, but is none
                said.drafts[name] = str(said.fields.pop(name))
                if (owner, name) in done.waiting:
                    self.findings.append(
                        Finding(
                            "reference-malformed",
                            type=owner[0],
                            field=name,
                            row=said.row,
                            value=said.drafts[name][:200],
                        )
                    )
        for owner, name in done.nowhere:
            said = self.said[owner]
            text = said.drafts.pop(name, None) or str(said.fields.pop(name, ""))
            at_home = said.fields.get("extra")
            column = " + ".join(said.made.plan.fields[name].columns) or name
            said.fields["extra"] = {**(at_home if isinstance(at_home, dict) else {}), column: text}
        for address, new in done.fresh.items():
            self.said[address] = _Said(new.made, new.id, new.key, new.row, dict(new.made.fields), {})
            self.of_row.setdefault(new.row, []).append(address)
        names: dict[tuple[str, str], list[str]] = {}
        for owner, name in {*done.ids, *done.doubtful, *done.nowhere}:
            names.setdefault(owner, []).append(name)
        rows = ((row, address) for row, addresses in self.of_row.items() for address in addresses)
        settled = {(a[0], name, row) for row, a in rows for name in names.get(a, ())}
        self.findings = [
            f
            for f in self.findings
            if f.code != "reference-malformed" or (f.type, f.field, f.row) not in settled
        ]
        self.findings += done.findings

    def _taken_away(self, type_name: str, wanted: str, key: str) -> bool:
        """Whether a person's removal or withdrawal stands against making the record."""
        if self.catalogue.get(type_name, wanted) is not None:
            return False
        acted = (key, type_name) in self.known and self._last_act(type_name, wanted) in _TAKEN
        return acted or self._withdrawn(type_name, wanted)

    def _by_name(self) -> Iterable[Reference]:
        for address, said in self.said.items():
            fields = self.reader.schema.types[address[0]].fields
            for name, rule in said.made.plan.fields.items():
                text = said.drafts.get(name) or said.fields.get(name)
                if isinstance(text, str) and is_by_name(fields.get(name), rule):
                    yield Reference(address, fields[name], rule, said.row, text)

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
        if held is None and stands in _TAKEN:
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
    known = catalogue.sources.rows(source)
    who = Recogniser(catalogue, table, reader, known)
    work = _Work(catalogue, table, reader, wishes, known, who, who.skipped, who.refused)
    results = list(_heard(rows_to_records(table, reader), len(table.rows), progress))
    for result in results:
        work.blanked += result.blanked
        work.findings += result.findings
        if result.skipped:
            work.skipped.append(SkippedRow(result.row.number, result.skipped))
        if result.refused:
            work.refused.append(result.refused)
    marks = who.marks(results)
    ids = who.ids(results, marks)
    for result in results:
        if result.row.number in marks:
            work.hear(result, marks[result.row.number], ids[result.row.number])
    work.refer_by_name(reader.lang)
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
    errors = [finding for finding in work.findings if finding.level == "error"]
    for finding in [*work.refused, *errors]:
        if finding.row is not None:
            why.setdefault(finding.row, []).append(finding.sentence)
    for result in results:
        if result.row.number in why:
            own = [i for t, i in work.of_row.get(result.row.number, ()) if t == work.reader.mapping.main.type]
            yield result.row, own[0] if own else "", " · ".join(dict.fromkeys(why[result.row.number]))


def _overwritten(said: _Said, record: str, spec: Field, held: StoredRecord | None) -> Finding:
    value = "—" if held is None else told(spec, str(held.fields.get(spec.name, "—"))[:200])
    where = said.made.plan.type
    return Finding("edit-overwritten", type=where, record=record, field=spec.name, row=said.row, value=value)


def _fields_of(said: Fields | None) -> dict[str, Value]:
    return {n: v for n, v in (said or {}).items() if not n.startswith(DRAFT)}


def _still(said: Fields, held: Fields) -> bool:
    """Whether the catalogue holds just what the sheet said last."""
    return all(held.get(name) == value for name, value in said.items() if not name.startswith(DRAFT))
