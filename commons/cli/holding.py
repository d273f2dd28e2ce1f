"""`commons federation hold`: hide an address or one of its fields until a day, tonight if need be.

Parses, calls, prints. What a hold does to a merge is decided by `commons.merge.claims`.
"""

from __future__ import annotations

import sqlite3
import zoneinfo
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import ClassVar

import click

from commons.addresses import Address
from commons.cli.federation_options import answer, file_of, file_option
from commons.cli.naming import UnknownField, the_field
from commons.cli.output import now, say, tell
from commons.errors import InputError
from commons.federation import edit
from commons.federation import policy as policies
from commons.federation.policy import Policy
from commons.messages import N_, in_language, language
from commons.messages import translate as _
from commons.schema import dates
from commons.schema import territory as territories
from commons.schema.spec import RecordType, load_schema

_DATE_ENDS = timedelta(hours=36)  # a date in federation.yaml lasts until it has ended everywhere


@dataclass(eq=False)
class PastDate(InputError):
    """A hold that would have lapsed already."""

    until: str
    template: ClassVar[str] = N_("«{until}» is not a date in the future.")
    hint_template: ClassVar[str] = N_(
        'Write the last day of the hold, as in --until 2027-01-31, --until 31/01/2027 or --until "in 7 days".'
    )


@dataclass(eq=False)
class UnknownFieldToHold(InputError):
    """The record type has no such field."""

    type: str
    field: str
    template: ClassVar[str] = N_("Records of the type {type} have no field «{field}».")
    hint_template: ClassVar[str] = N_("Leave --field out to hold the whole record.")


@click.command(
    help=N_(
        "Hold back a record, or one field of it, until a day. Takes effect with the next merge, or tonight "
        "with --now.\n\n"
        "The reason stays in federation.yaml and goes to the member; it is not published."
    ),
    short_help=N_("Hold back a record or one of its fields."),
)
@click.argument("address")
@click.option("--field", help=N_("Only this field, as in phones."))
@click.option("--reason", help=N_("Why; told to the member."))
@click.option("--until", help=N_('The last day, as in 2027-01-31, 31/01/2027 or "in 7 days".'))
@click.option("--by", help=N_("Who decides it."))
@click.option("--now", "tonight", is_flag=True, help=N_("Merge at once."))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help=N_("Merge at once and publish into this folder, too."),
)
@file_option
def hold(
    address: str,
    field: str | None,
    reason: str | None,
    until: str | None,
    by: str | None,
    tonight: bool,
    out: Path | None,
    path: Path,
) -> None:
    """See the help."""
    policy, moment = policies.load(path), now()
    parsed = Address.parse(address.strip())
    rtype = load_schema().types.get(parsed.type)
    if field is not None:
        field = _released_field(rtype, parsed.type, field)
    zone = zone_of(policy)
    ends = _future(answer(until, "--until", _("Until which day? (2027-01-31)")), zone, moment)
    entry: edit.Entry = {
        "address": str(parsed),
        **({"field": field} if field else {}),
        "reason": answer(reason, "--reason", _("Why?")),
        "by": answer(by, "--by", _("Who decides it?")),
        "until": ends,
    }
    edit.add_entry(path, "holds", entry)
    held = f"{parsed} · {in_language(rtype.fields[field].title)}" if field and rtype else str(parsed)
    day = last_day(policies.end_of(ends), zone)
    say(_("Held until {until}, that day included: {held}").format(held=held, until=day))
    if policy.member(parsed.member) is None:
        tell(_("No member has the id {id}; look at the address letter by letter.").format(id=parsed.member))
    elif not _is_known(path, str(parsed)):
        tell(_("The last pool has no record of that address; look at it letter by letter."))
    if tonight or out is not None:
        _take_effect(file_of(path).parent, out, moment)
    else:
        tell(_("It takes effect with the next commons merge and publish; tonight: --out FOLDER"))


def _take_effect(folder: Path, out: Path | None, moment: datetime) -> None:
    """Merge, and publish where a place is named."""
    from commons.merge.editions import Editor
    from commons.merge.run import Options, merge
    from commons.publish import folder as target

    merged = merge(folder, Options(as_of=moment))
    assert merged.result is not None
    say(_("Merged; root {root}").format(root=merged.result.root))
    if out is None:
        tell(_("Readers see it after: commons publish folder --out FOLDER"))
        return
    target.publish(out, merged.lock.to_bytes(), Editor(folder, moment), keep=policies.load(folder).keep)
    say(_("Shown now: {path}").format(path=out / "current"))


def _released_field(rtype: RecordType | None, type_name: str, text: str) -> str:
    """The field that `text` names, by name or label. Raises UnknownFieldToHold."""
    try:
        found = the_field(rtype, text).name if rtype else None
    except UnknownField:
        found = None
    if rtype is None or found not in rtype.released:
        raise UnknownFieldToHold(type_name, text)
    return found


def _is_known(path: Path, address: str) -> bool:
    """Whether the last pool has the record; where there is no pool, nothing can be said."""
    pool = file_of(path).parent / "pool.db"
    try:
        with closing(sqlite3.connect(f"{pool.resolve().as_uri()}?mode=ro", uri=True)) as read:
            return read.execute("SELECT 1 FROM claim WHERE address = ?", (address,)).fetchone() is not None
    except sqlite3.Error:
        return True


def zone_of(policy: Policy) -> zoneinfo.ZoneInfo:
    """The clock of the federation's territory."""
    known = policy.territory if policy.territory in territories.known_names() else "none"
    return territories.load(known or "none").zone


def last_day(until: datetime, zone: zoneinfo.ZoneInfo) -> str:
    """The last day of a hold as people there count days; with the hour where it ends within a day."""
    utc = until.astimezone(UTC)
    if utc.time() == time(12):  # written as a date
        return dates.show_date((utc - _DATE_ENDS).date(), language())
    return dates.show_instant(utc, zone, language())


def _future(text: str, zone: zoneinfo.ZoneInfo, moment: datetime) -> str:
    """What federation.yaml keeps: a date, or an instant where an hour was named. Raises PastDate."""
    try:
        found = dates.read_day_ahead(text, moment.astimezone(zone).date()).isoformat()
    except dates.NotADate:
        try:
            found = dates.stamp(dates.read_instant(text, zone))
        except dates.NotADate as error:
            raise PastDate(text) from error
    try:
        if policies.end_of(found) > moment:
            return found
    except ValueError:
        pass
    raise PastDate(text)
