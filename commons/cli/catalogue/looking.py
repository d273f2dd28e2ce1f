"""`commons show, list`: what a catalogue holds. Parses, calls, prints; changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from commons.addresses import Address, short_code
from commons.catalogue.record import StoredRecord
from commons.catalogue.store import Catalogue
from commons.cli.terminal.naming import NothingNamed, maybe_type, the_record, the_type
from commons.cli.terminal.output import (
    MOST_LISTED,
    catalogue_option,
    json_option,
    opened,
    say,
    show_json,
    show_table,
    tell,
)
from commons.cli.terminal.values import lines, local_day, record_json
from commons.messages import N_, in_language, ngettext
from commons.messages import translate as _
from commons.release.outlook import Outlook, outlook
from commons.schema.spec import load_schema


@click.command(
    help=N_("Show a record with everything it says.\n\nRECORD is type/id, an id or the title."),
    short_help=N_("Show a record."),
)
@click.argument("record", required=False)
@click.option(
    "--fields", "fields_of", metavar="TYPE", help=N_("Show which fields a type of record has, instead.")
)
@catalogue_option
@json_option
def show(record: str | None, fields_of: str | None, catalogue: Path | None, as_json: bool) -> None:
    """See the help."""
    if fields_of is not None:
        _show_fields(fields_of, as_json=as_json)
        return
    if record is None:
        raise NothingNamed
    with opened(catalogue) as opened_catalogue:
        stored = the_record(opened_catalogue, record)
        address = Address(opened_catalogue.member_id, stored.type, stored.id)
        if as_json:
            show_json({"address": str(address), **record_json(stored)})
            return
        rtype = opened_catalogue.schema.types[stored.type]
        outlooks = outlook(opened_catalogue, [stored])
        say(f"{stored.title}  [{in_language(rtype.title)}, {_seen_by(stored, outlooks)}]")
        shown = [(label, text) for label, text in lines(opened_catalogue, stored) if text != stored.title]
        width = max((len(label) for label, _text in shown), default=0)
        for label, text in shown:
            first, *rest = text.split("\n")
            say(f"  {label:<{width}}  {first}".rstrip())
            for line in rest:
                say(f"  {'':<{width}}  {line}".rstrip())
        say()
        say(_("Address: {address}").format(address=address))
        if not stored.private:
            say(_("Public code: {code}").format(code=short_code(str(address))))


def _show_fields(type_text: str, *, as_json: bool) -> None:
    rtype = the_type(type_text)
    fields = [f for f in rtype.fields.values() if f.form != "hidden"]
    if as_json:
        show_json(
            [{"name": f.name, "title": dict(f.title), "type": f.type, "release": f.release} for f in fields]
        )
        return
    leaves = {"always": "", "consent": _("with consent"), "never": _("stays here")}
    rows = [(f.name, in_language(f.title), leaves[f.release], in_language(f.example)) for f in fields]
    show_table([_("Field"), _("Label"), _("Leaves"), _("Example")], rows)


def _seen_by(record: StoredRecord, outlooks: Mapping[tuple[str, str], Outlook]) -> str:
    """Who will see a record once the next release is shared, as far as it goes today."""
    if record.private:
        return _("only here")
    known = outlooks.get((record.type, record.id))
    if known is None:
        return _("public")
    if not known.leaves:
        return _("draft") if known.agreed else _("waits for consent")
    n = len(known.waits)
    if not n:
        return _("public")
    return ngettext("public (one field waits)", "public ({n} fields wait)", n).format(n=n)


@click.command(
    "list",
    help=N_(
        "List records, or look for some.\n\n"
        "WORDS may begin with a type (servicios, lugares …); the rest is looked for everywhere in the "
        "records, accents and case aside."
    ),
    short_help=N_("List records, or look for some."),
)
@click.argument("words", nargs=-1)
@click.option(
    "--types", "show_types", is_flag=True, help=N_("Show the types of records and how many there are.")
)
@click.option("--drafts", is_flag=True, help=N_("Only records with something waiting to be corrected."))
@click.option("--private", "only_private", is_flag=True, help=N_("Only records that stay here."))
@click.option(
    "--limit", type=click.IntRange(1, MOST_LISTED), default=50, show_default=True, help=N_("At most so many.")
)
@catalogue_option
@json_option
def list_(
    words: tuple[str, ...],
    show_types: bool,
    drafts: bool,
    only_private: bool,
    limit: int,
    catalogue: Path | None,
    as_json: bool,
) -> None:
    """See the help."""
    with opened(catalogue) as opened_catalogue:
        if show_types:
            _show_types(opened_catalogue, as_json=as_json)
            return
        rtype = maybe_type(words[0]) if words else None
        search = " ".join(words[1:] if rtype else words)
        small = {t.name for t in load_schema().types.values() if t.small}
        found = [
            record
            for record in opened_catalogue.records(rtype.name if rtype else None, search)
            if (rtype is not None or record.type not in small)
            and (not drafts or record.drafts)
            and (not only_private or record.private)
        ]
        if as_json:
            show_json([record_json(record) for record in found])
            return
        _show_list(opened_catalogue, found, limit)


def _show_list(catalogue: Catalogue, found: list[StoredRecord], limit: int) -> None:
    if not found:
        say(_("No records."))
        return
    types = catalogue.schema.types
    outlooks = outlook(catalogue, found[:limit])
    rows = [
        (
            r.title,
            f"{r.type}/{r.id}",
            in_language(types[r.type].title),
            _seen_by(r, outlooks),
            local_day(catalogue, str(r.fields.get("confirmed_at", ""))) or "—",
        )
        for r in found[:limit]
    ]
    show_table([_("Record"), _("Address"), _("Type"), _("Seen by"), _("Confirmed")], rows)
    more = len(found) - limit
    if more > 0:
        tell(
            ngettext("{n} more; see it with --limit", "{n} more; see them with --limit", more).format(n=more)
        )


def _show_types(catalogue: Catalogue, *, as_json: bool) -> None:
    rows = [(t, catalogue.count(t.name)) for t in catalogue.schema.types.values()]
    if as_json:
        show_json([{"type": t.name, "title": dict(t.title), "records": n} for t, n in rows])
        return
    table = [
        (t.name, in_language(t.title), str(n), in_language(t.description))
        for t, n in rows
        if not t.small or n
    ]
    show_table([_("Type"), _("Label"), _("Records"), _("What for")], table)
