"""Imports into a catalogue: one undoable step, or nothing at all. Reads no file and asks no question.

Imported is not confirmed: `confirmed_at` comes from the sheet or stays empty.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from commons.catalogue.act import Act
from commons.catalogue.sources import Source, SourceRow
from commons.catalogue.store import Catalogue
from commons.errors import InputError
from commons.imports.loading.plan import Progress, Wishes, plan
from commons.imports.loading.report import ImportReport, RecordChange
from commons.imports.mapping.dates import as_iso
from commons.imports.mapping.made import Reader
from commons.imports.mapping.rules import OWN_COLUMNS, REASON_COLUMN, Consent, Mapping
from commons.imports.reading.table import Table
from commons.messages import N_
from commons.model import Value


@dataclass(eq=False)
class MappingDoesNotFit(InputError):
    """The mapping speaks of columns that the file does not have."""

    file: str
    columns: str
    template: ClassVar[str] = N_("The mapping needs columns that {file} does not have: {columns}.")
    hint_template: ClassVar[str] = N_(
        "Correct the names in the mapping, or import without --mapping for a new one."
    )


@dataclass(eq=False)
class NotComplete(InputError):
    """An error file holds some rows only, so nothing can be concluded from what is missing in it."""

    file: str
    template: ClassVar[str] = N_("{file} is a file of corrections, so --complete cannot be used with it.")
    hint_template: ClassVar[str] = N_("Import it without --complete.")


@dataclass(frozen=True)
class Request:
    """One import: what, how, remembered as what."""

    table: Table
    reader: Reader
    source: str
    location: str = ""
    settings: MappingOf[str, Value] | None = None
    digest: str | None = None
    wishes: Wishes = field(default_factory=Wishes)


def look_ahead(catalogue: Catalogue, request: Request, progress: Progress | None = None) -> ImportReport:
    """What the import would do; nothing is written. Raises MappingDoesNotFit, NotComplete."""
    check_columns(request.table, request.reader.mapping)
    if request.wishes.complete and REASON_COLUMN in request.table.columns:
        raise NotComplete(request.table.name)
    report = plan(
        catalogue,
        request.table,
        request.reader,
        source=request.source,
        wishes=request.wishes,
        progress=progress,
    )
    return replace(report, seen=newest_step(catalogue))


def newest_step(catalogue: Catalogue) -> int:
    """The number of the catalogue's newest step; 0 in an empty history."""
    return next((step.n for step in catalogue.history()), 0)


def run(
    catalogue: Catalogue,
    request: Request,
    *,
    at: datetime,
    planned: ImportReport | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import the table as one step of the history. `planned`: what `look_ahead` told, if it still holds.

    Raises MappingDoesNotFit, NotComplete.
    """
    with catalogue.act("import", note=request.table.name, at=at) as act:
        # within the act nobody else writes, so what is planned now is what happens
        still = planned is not None and planned.seen == newest_step(catalogue)
        report = planned if planned is not None and still else look_ahead(catalogue, request, progress)
        for change in report.changes:
            if change.outcome != "unchanged":
                act.put(change.type, change.id, change.fields, drafts=change.drafts)
            _note_consents(catalogue, act, change, request.reader.zone)
        for type_name, record_id in report.removed:
            act.remove(type_name, record_id)
        _remember(catalogue, request, report, at)
    return replace(report, done=True, step=act.step)


def check_columns(table: Table, mapping: Mapping) -> None:
    """Raises MappingDoesNotFit where a rule reads a column that is not there."""
    missing = sorted(mapping.columns_used() - set(table.columns))
    # columns of which an export leaves out the empty ones (JSON without the key) are no reason to stop
    needed = {column for plan in mapping.records for column in plan.key}
    if len(missing) * 2 > len(mapping.columns_used()) or needed & set(missing):
        raise MappingDoesNotFit(table.name, ", ".join(f"«{c}»" for c in missing))


def source_for(catalogue: Catalogue, table: Table, type_name: str, wanted: str | None, stem: str) -> str:
    """The name under which the file is remembered: as asked, as a file of the same columns was, or a new one.

    Next month's file has another name and the same columns; its rows must meet their records again.
    """
    if wanted:
        return wanted
    signature = columns_of(table)
    for source in catalogue.sources:
        if source.settings.get("type") == type_name and source.settings.get("columns") == signature:
            return source.name
    taken = {source.name for source in catalogue.sources}
    return next(n for n in (stem, *(f"{stem}-{i}" for i in range(2, len(taken) + 3))) if n not in taken)


def columns_of(table: Table) -> list[Value]:
    """The columns that tell a source by, without those of an error file."""
    return [*sorted(name for name in table.columns if name not in OWN_COLUMNS)]


def _note_consents(catalogue: Catalogue, act: Act, change: RecordChange, zone: ZoneInfo) -> None:
    by_consent: dict[Consent, list[str]] = {}
    for name, consent in change.consents:
        value = change.fields.get(name)
        if value is not None and not catalogue.consents.covers(change.type, change.id, name, value):
            by_consent.setdefault(consent, []).append(name)
    for chosen, names in by_consent.items():
        catalogue.consents.grant(
            act,
            whose=str(change.fields.get("contact_name") or change.fields.get("title") or change.id),
            asked_by=chosen.asked_by,
            purpose=chosen.purpose,
            items=[(change.type, change.id, name) for name in names],
            at=as_iso(date.fromisoformat(chosen.when), days=0, with_time=True, zone=zone),
        )


def _remember(catalogue: Catalogue, request: Request, report: ImportReport, at: datetime) -> None:
    """Which row became which record and what it said; and the source itself."""
    known = catalogue.sources.rows(request.source)
    joined = {(s.type, s.old_id): s.old_key for s in report.same} if request.wishes.join_same else {}
    by_id = {(row.type, row.id): row.key for row in known.values()}
    for change in report.changes:
        earlier = known.get((change.key, change.type))
        fresh = SourceRow(change.key, change.type, change.id, change.said)
        if earlier != fresh:
            catalogue.sources.link(request.source, fresh)
        old_key = joined.get((change.type, change.id)) or by_id.get((change.type, change.id))
        if old_key is not None and old_key != change.key:
            catalogue.sources.unlink(request.source, old_key, change.type)
    removed = set(report.removed)
    for (key, type_name), row in known.items():
        if (row.type, row.id) in removed:
            catalogue.sources.unlink(request.source, key, type_name)
    settings: dict[str, Value] = {"type": report.type, "columns": columns_of(request.table)}
    if REASON_COLUMN in request.table.columns:
        return  # a file of corrections is no source of its own
    catalogue.sources.put(
        Source(
            request.source,
            request.location,
            {**settings, **(request.settings or {})},
            at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            request.digest,
        )
    )
