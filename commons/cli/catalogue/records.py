"""`commons add, edit, show, list, remove, confirm`: records of a catalogue. Parses, calls, prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import click

from commons.addresses import RECORD_ID
from commons.catalogue.act import Act
from commons.catalogue.ids import instant
from commons.catalogue.record import StoredRecord
from commons.catalogue.store import Catalogue
from commons.cli.terminal.naming import NothingNamed, assignments, refuse_part, the_record, the_type
from commons.cli.terminal.output import (
    FINDINGS,
    catalogue_option,
    findings_json,
    interactive,
    json_option,
    now,
    opened,
    own_command,
    say,
    show_findings,
    show_json,
    tell,
    yes_option,
)
from commons.cli.terminal.output import (
    confirm as ask_first,
)
from commons.cli.terminal.values import Editing, described, prompts, record_json
from commons.errors import InputError
from commons.findings import Finding
from commons.messages import N_, in_language, ngettext, translate
from commons.messages import translate as _
from commons.schema.spec import RecordType


@dataclass(eq=False)
class NothingToWrite(InputError):
    """No value was given and nobody is there to be asked."""

    example: str
    template: ClassVar[str] = N_("Nothing was given to write.")
    hint_template: ClassVar[str] = N_("Write field=value, for example: {example}")


confirm_option = click.option(
    "--confirm", "reviewed", is_flag=True, help=N_("I checked it today: it is still true.")
)
private_option = click.option(
    "--private/--public", default=None, help=N_("Only here, or in the next release.")
)
all_option = click.option("--more", is_flag=True, help=N_("Ask for every field, not only the main ones."))


@click.command(
    help=N_(
        "Write a new record.\n\n"
        "TYPE is servicio, lugar, organización … (commons list --types). Values are written as field=value, "
        "with the field's name or label; without any, it asks. What does not fit is kept as a draft."
    ),
    short_help=N_("Write a new record."),
)
@click.argument("type_name", metavar="TYPE")
@click.argument("values", nargs=-1, metavar="[FIELD=VALUE]...")
@click.option("--id", "record_id", help=N_("The record's own id; made from the title if not given."))
@private_option
@confirm_option
@all_option
@catalogue_option
@json_option
def add(
    type_name: str,
    values: tuple[str, ...],
    record_id: str | None,
    private: bool | None,
    reviewed: bool,
    more: bool,
    catalogue: Path | None,
    as_json: bool,
) -> None:
    """See the help."""
    rtype = the_type(type_name)
    with opened(catalogue) as opened_catalogue:
        editing = Editing(opened_catalogue, rtype, {}, {})
        if "audience" in rtype.fields:
            editing.fields["audience"] = rtype.audience
        _take(editing, values, private=private, more=more, example=f"commons add {type_name} {_title(rtype)}")
        _save(editing, "add", record_id, reviewed=reviewed, given=bool(values), as_json=as_json)


@click.command(
    help=N_(
        "Change a record.\n\n"
        "RECORD is type/id, an id or the title. Values are written as field=value, «field=-» empties one; "
        "without any, it asks. Every change can be undone."
    ),
    short_help=N_("Change a record."),
)
@click.argument("record")
@click.argument("values", nargs=-1, metavar="[FIELD=VALUE]...")
@private_option
@confirm_option
@all_option
@catalogue_option
@json_option
def edit(
    record: str,
    values: tuple[str, ...],
    private: bool | None,
    reviewed: bool,
    more: bool,
    catalogue: Path | None,
    as_json: bool,
) -> None:
    """See the help."""
    with opened(catalogue) as opened_catalogue:
        stored = the_record(opened_catalogue, record)
        rtype = opened_catalogue.schema.types[stored.type]
        editing = Editing(opened_catalogue, rtype, dict(stored.fields), dict(stored.drafts))
        if values or not (reviewed or private is not None):
            example = f"commons edit {stored.id} {_title(rtype)}"
            _take(editing, values, private=private, more=more, example=example)
        else:
            _set_audience(editing, private)
        _save(editing, "edit", stored.id, reviewed=reviewed, given=bool(values), as_json=as_json)


def _title(rtype: RecordType) -> str:
    """How a record's name is written on the line, with the field's name as the reader knows it."""
    first = rtype.fields.get("title") or next(iter(rtype.fields.values()))
    return f'"{in_language(first.title)}=…"'


def _take(
    editing: Editing, values: tuple[str, ...], *, private: bool | None, more: bool, example: str
) -> None:
    """Values from the line, or from a person."""
    for text in values:
        for field, value in assignments(editing.rtype, text):
            editing.write(field, value)
    _set_audience(editing, private)
    if values:
        return
    if not interactive():
        raise NothingToWrite(example)
    prompts(editing, everything=more)


def _set_audience(editing: Editing, private: bool | None) -> None:
    if private is not None:
        editing.fields["audience"] = "private" if private else "public"


def _save(
    editing: Editing, kind: str, record_id: str | None, *, reviewed: bool, given: bool, as_json: bool
) -> None:
    at = now()
    if reviewed and "confirmed_at" in editing.rtype.fields:
        editing.fields["confirmed_at"] = instant(at)
    with editing.catalogue.act(kind, note=str(editing.fields.get("title", "")), at=at) as act:
        if kind == "add" and record_id is not None:
            _refuse_taken(editing, record_id)
        outcome = act.put(editing.rtype.name, record_id, editing.fields, drafts=editing.drafts)
        stored_id = act.last_id
    stored = editing.catalogue.get(editing.rtype.name, stored_id)
    assert stored is not None
    nameless = _is_nameless(editing.rtype, stored)
    if nameless:
        editing.findings.append(Finding("required", type=stored.type, record=stored.id, field="title"))
    if as_json:
        show_json({"outcome": outcome, **record_json(stored), "findings": findings_json(editing.findings)})
    else:
        _say_saved(editing, stored, outcome, told=not given and not nameless)
    if stored.drafts or nameless:
        click.get_current_context().exit(FINDINGS)


def _is_nameless(rtype: RecordType, stored: StoredRecord) -> bool:
    """Whether a record lacks the name without which nobody can be shown it."""
    title = rtype.fields.get("title")
    return (
        title is not None
        and title.required
        and not rtype.composed
        and not stored.fields.get("title")
        and "title" not in stored.drafts
    )


@dataclass(eq=False)
class IdTaken(InputError):
    """A new record was given an id that another has."""

    type: str
    id: str
    template: ClassVar[str] = N_("There is already a record {type}/{id}.")
    hint_template: ClassVar[str] = N_("Change it with: commons edit {type}/{id}")


@dataclass(eq=False)
class NotAnId(InputError):
    """An id has letters that an address cannot have."""

    id: str
    template: ClassVar[str] = N_(
        "«{id}» cannot be an id: only small letters without accents, figures and hyphens."
    )
    hint_template: ClassVar[str] = N_("Leave --id out and it is made from the title.")


def _refuse_taken(editing: Editing, record_id: str) -> None:
    if not RECORD_ID.match(record_id):
        raise NotAnId(record_id)
    if editing.catalogue.get(editing.rtype.name, record_id) is not None:
        raise IdTaken(editing.rtype.name, record_id)


def _say_saved(editing: Editing, stored: StoredRecord, outcome: str, *, told: bool) -> None:
    words = {
        "new": N_("Saved: {record}"),
        "changed": N_("Changed: {record}"),
        "unchanged": N_("Nothing new in {record}"),
    }
    say(translate(words[outcome]).format(record=described(stored)))
    if stored.private:
        say(_("It stays here: only you can see it."))
    if not told:  # whoever was asked field by field has read them
        show_findings(editing.findings, saved=True)
    waiting = [in_language(f.title) for name, f in editing.rtype.fields.items() if name in stored.drafts]
    if waiting:
        say(_("Waiting as a draft: {fields}").format(fields=", ".join(waiting)))
    if not stored.private and editing.catalogue.consents.lacking(stored.type, stored.id):
        grant = own_command(editing.catalogue.path, "consent", "grant", f"{stored.type}/{stored.id}")
        say(_("Personal data stays here until the person agrees: {command}").format(command=grant))


@click.command(
    help=N_(
        "Take records out of the catalogue.\n\n"
        "They are missing from the next release and can come back (commons undo). To take something back "
        "for good, everywhere: commons withdraw."
    ),
    short_help=N_("Take records out; they can come back."),
)
@click.argument("records", nargs=-1, required=True)
@yes_option
@catalogue_option
@json_option
def remove(records: tuple[str, ...], yes: bool, catalogue: Path | None, as_json: bool) -> None:
    """See the help."""
    with opened(catalogue) as opened_catalogue:
        chosen = [the_record(opened_catalogue, text) for text in records]
        for record, text in zip(chosen, records, strict=True):
            if yes:
                refuse_part(record, text)
            tell(described(record))
        n = len(chosen)
        question = ngettext("Take out this record?", "Take out these {n} records?", n).format(n=n)
        if not ask_first(question, yes=yes):
            tell(_("Nothing was changed."))
            return
        with opened_catalogue.act("remove", note=_titles(chosen), at=now()) as act:
            for record in chosen:
                act.remove(record.type, record.id)
        if as_json:
            show_json({"removed": [f"{r.type}/{r.id}" for r in chosen], "step": act.step})
            return
        done = ngettext(
            "Taken out: {n} record. It comes back with: commons undo",
            "Taken out: {n} records. They come back with: commons undo",
            n,
        )
        say(done.format(n=n))


def _titles(records: list[StoredRecord]) -> str:
    return ", ".join(r.title for r in records[:3]) + (" …" if len(records) > 3 else "")


@click.command(
    help=N_(
        "Say that records are still true: «I checked it today».\n\n"
        "Only this moves the date that readers see as confirmed; saving and importing do not."
    ),
    short_help=N_("Say that records are still true."),
)
@click.argument("records", nargs=-1)
@click.option("--all", "everything", is_flag=True, help=N_("All records; with --type all of one type."))
@click.option("--type", "type_name", help=N_("Only this type of record."))
@yes_option
@catalogue_option
@json_option
def confirm(
    records: tuple[str, ...],
    everything: bool,
    type_name: str | None,
    yes: bool,
    catalogue: Path | None,
    as_json: bool,
) -> None:
    """See the help."""
    if not records and not everything:
        raise NothingNamed
    at = now()
    with opened(catalogue) as opened_catalogue:
        wanted = the_type(type_name).name if type_name else None
        chosen = (
            [
                r
                for r in opened_catalogue.records(wanted)
                if "confirmed_at" in opened_catalogue.schema.types[r.type].fields
            ]
            if everything
            else [the_record(opened_catalogue, text) for text in records]
        )
        n = len(chosen)
        question = ngettext("Did you check {n} record today?", "Did you check {n} records today?", n).format(
            n=n
        )
        if everything and not ask_first(question, yes=yes):
            tell(_("Nothing was changed."))
            return
        with opened_catalogue.act("confirm", note=_titles(chosen), at=at) as act:
            for record in chosen:
                _confirm_one(act, opened_catalogue, record, instant(at))
        if as_json:
            show_json({"confirmed": [f"{r.type}/{r.id}" for r in chosen], "at": instant(at)})
            return
        say(ngettext("Confirmed: {n} record.", "Confirmed: {n} records.", n).format(n=n))


@dataclass(eq=False)
class NotConfirmable(InputError):
    """A type of record has no date of confirmation."""

    type: str
    template: ClassVar[str] = N_("A record of type {type} is not confirmed.")
    hint_template: ClassVar[str] = N_(
        "What needs no confirmation stays as it is; commons check says what does."
    )


def _confirm_one(act: Act, catalogue: Catalogue, record: StoredRecord, at: str) -> None:
    if "confirmed_at" not in catalogue.schema.types[record.type].fields:
        raise NotConfirmable(in_language(catalogue.schema.types[record.type].title))
    fields: Mapping[str, object] = {**record.fields, "confirmed_at": at}
    act.put(record.type, record.id, fields, drafts=record.drafts)
