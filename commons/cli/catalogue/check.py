"""`commons check`: what in the catalogue waits for a person. Parses, calls, prints; mends nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from commons.catalogue import checks
from commons.catalogue.store import Catalogue
from commons.cli.terminal.naming import the_record, the_type
from commons.cli.terminal.output import (
    FINDINGS,
    catalogue_option,
    findings_json,
    json_option,
    now,
    opened,
    say,
    show_findings,
    show_json,
)
from commons.cli.terminal.values import place
from commons.findings import Finding
from commons.messages import N_, ngettext
from commons.messages import translate as _
from commons.release import build

# What `checks` says with more detail.
_SAID_ALREADY = ("draft-stays", "record-incomplete")


@click.command(
    help=N_(
        "Look through the catalogue: what waits to be corrected, completed or confirmed, and what a release "
        "would hold back.\n\n"
        "RECORD looks at one record only. Nothing is changed."
    ),
    short_help=N_("Look for what should be corrected or confirmed."),
)
@click.argument("record", required=False)
@click.option("--type", "type_name", help=N_("Only this type of record."))
@click.option("--all", "everything", is_flag=True, help=N_("List every finding, however many are alike."))
@catalogue_option
@json_option
@click.pass_context
def check(
    ctx: click.Context,
    record: str | None,
    type_name: str | None,
    everything: bool,
    catalogue: Path | None,
    as_json: bool,
) -> None:
    """See the help."""
    with opened(catalogue) as the_catalogue:
        found = _look(the_catalogue)
        n = sum(the_catalogue.count(t.name) for t in the_catalogue.schema.types.values() if not t.small)
        if record is not None:
            stored = the_record(the_catalogue, record)
            found = [f for f in found if (f.type, f.record) == (stored.type, stored.id)]
            n = 1
    if type_name is not None:
        wanted = the_type(type_name).name
        found = [f for f in found if f.type == wanted]
    if as_json:
        show_json({"records": n, "findings": findings_json(found)})
    else:
        show_findings(found, limit=len(found) + 1 if everything else 5, catalogue=the_catalogue.path)
        _say_counts(found, n)
    if any(f.level != "note" for f in found):
        ctx.exit(FINDINGS)


def _look(catalogue: Catalogue) -> list[Finding]:
    at = now()
    found = [Finding("file-damaged", value=text) for text in catalogue.damage()]
    found += checks.check(catalogue.records(), catalogue.schema, place(catalogue), as_of=at)
    held = build.preview(catalogue, at=at).waiting
    return _each_once([*found, *(f for f in held if f.code not in _SAID_ALREADY)])


def _each_once(findings: Iterable[Finding]) -> list[Finding]:
    seen = {(f.code, f.type, f.record, f.field, f.value): f for f in findings}
    return list(seen.values())


def _say_counts(found: list[Finding], n: int) -> None:
    looked = ngettext("{n} record looked at.", "{n} records looked at.", n).format(n=n)
    waiting = sum(f.level != "note" for f in found)
    notes = len(found) - waiting
    if not found:
        say(f"{looked} {_('Nothing to correct.')}")
        return
    parts = [
        ngettext("{n} thing to correct", "{n} things to correct", waiting).format(n=waiting),
        ngettext("{n} note", "{n} notes", notes).format(n=notes),
    ]
    say(f"{looked} {', '.join(parts)}.")
