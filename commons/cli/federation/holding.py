"""`commons federation hold`: hide an address or one of its fields until a day, tonight if need be.

Parses, calls, prints. What a hold does to a merge is decided by `commons.merge.claims`.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import ClassVar

import click

from commons.addresses import Address, NotAnAddress, short_code, slug
from commons.cli.federation.options import answer, file_of, file_option
from commons.cli.judging.in_pool import NotInPool, SeveralInPool, address_in, address_of
from commons.cli.terminal.clock import zone_of
from commons.cli.terminal.naming import UnknownField, the_field
from commons.cli.terminal.output import ask_yes, interactive, now, say, tell
from commons.errors import InputError
from commons.federation.policy import edit
from commons.federation.policy import file as policies
from commons.federation.policy.file import Hold, Policy
from commons.merge.run import POOL
from commons.messages import N_, in_language, language
from commons.messages import translate as _
from commons.pool.opening import NoPool, NotAPool, OtherContract, open_pool
from commons.pool.read import Pool
from commons.review.explain import claims_with
from commons.schema import dates
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


@dataclass(eq=False)
class NobodySays(InputError):
    """The address is of no record that is known here, so a slip in it would hold nothing."""

    address: str
    template: ClassVar[str] = N_("The last pool has no record {address}; nothing is held.")
    hint_template: ClassVar[str] = N_(
        "Look at it letter by letter, or copy the link of its page. To hold it from the day on which it "
        "comes: --later"
    )


@dataclass(eq=False)
class NotHeld(InputError):
    """Nothing of that record is held, so nothing can be lifted."""

    record: str
    template: ClassVar[str] = N_("Nothing of «{record}» is held.")
    hint_template: ClassVar[str] = N_(
        "commons federation show lists what is held; take the address from there."
    )


@click.command(
    help=N_(
        "Hold back a record, or one field of it, until a day. Takes effect with the next merge, or tonight "
        "with --now.\n\n"
        "RECORD is its address, its code, the link of its page on the portal, or its whole title. "
        "The reason stays in federation.yaml and goes to the member; it is not published. Held again, the "
        "new day and reason take the place of the old ones; --lift ends a hold before its day."
    ),
    short_help=N_("Hold back a record or one of its fields."),
)
@click.argument("record")
@click.option("--field", help=N_("Only this field, as in phones."))
@click.option("--reason", help=N_("Why; told to the member."))
@click.option("--until", help=N_('The last day, as in 2027-01-31, 31/01/2027 or "in 7 days".'))
@click.option("--by", help=N_("Who decides it."))
@click.option(
    "--later", is_flag=True, help=N_("Also an address that nobody says yet: it is held when it comes.")
)
@click.option("--lift", is_flag=True, help=N_("End the hold, with --field that of this field alone."))
@click.option("--now", "tonight", is_flag=True, help=N_("Merge at once."))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help=N_("Merge at once and publish into this folder, too."),
)
@file_option
def hold(
    record: str,
    field: str | None,
    reason: str | None,
    until: str | None,
    by: str | None,
    later: bool,
    lift: bool,
    tonight: bool,
    out: Path | None,
    path: Path,
) -> None:
    """See the help."""
    policy, moment = policies.load(path), now()
    if lift:
        found = _to_lift(policy, path, record, field)
        _refuse_unfit(out)
        _lift(policy, path, found, moment)
        _take_effect(path, out, moment, tonight=tonight)
        return
    parsed, beside = _meant(policy, path, record, later=later)
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
    before = [h for h in policy.holds if (h.address, h.field) == (str(parsed), field)]
    _refuse_unfit(out)
    _write(path, before, entry)
    held = held_words(str(parsed), field)
    day = last_day(policies.end_of(ends), zone)
    say(_("Held until {until}, that day included: {held}").format(held=held, until=day))
    for old in before:
        if old.until > moment:
            text = _("It takes the place of the hold until {until} ({reason}).")
            tell(text.format(until=last_day(old.until, zone), reason=old.reason))
    for other in _not_held(policy, beside, field, moment):
        tell(_("It is shown together with {address}, which is not held.").format(address=other))
    _take_effect(path, out, moment, tonight=tonight)


def _write(path: Path, before: Collection[Hold], entry: edit.Entry) -> None:
    """The entry at the end of the list, in place of those `before` of the same thing. Raises InputError.

    Where those cannot be taken out they stay before it: the newest word about a thing counts, and nothing
    that must be hidden waits for the way in which a list is written.
    """
    file = file_of(path)

    def changed(text: str) -> str:
        try:
            left = edit.without_entries(text, "holds", _any_of(before), file.name)
        except edit.CannotRemove:
            left = text
        return edit.with_entry(left, "holds", entry, file.name)

    edit.rewrite(file, changed)


def _any_of(holds: Collection[Hold]) -> Callable[[Mapping[str, object]], bool]:
    """Whether an entry of the file is one of these holds."""
    known = {(hold.address, hold.field) for hold in holds}
    return lambda entry: (entry.get("address"), entry.get("field") or None) in known


def _refuse_unfit(out: Path | None) -> None:
    """A place where nothing can be published is told before half of an order is done."""
    if out is not None:
        from commons.publish import folder as target

        target.refuse_unfit(out)


def _to_lift(policy: Policy, path: Path, record: str, field: str | None) -> list[Hold]:
    """The holds of a record, or of one field of it. Raises NotHeld."""
    found = [h for h in policy.holds if _is_meant(h.address, record)]
    if not found:
        try:
            parsed, _beside = _meant(policy, path, record, later=True)
        except InputError as error:
            found = _of_that_name(policy.holds, record)
            if not found:
                raise NotHeld(record) from error
        else:
            found = [h for h in policy.holds if h.address == str(parsed)]
    if field is not None and found:
        type_name = Address.parse(found[0].address).type
        named = _released_field(load_schema().types.get(type_name), type_name, field)
        found = [h for h in found if h.field == named]
    if not found:
        raise NotHeld(record)
    return found


def _lift(policy: Policy, path: Path, found: Collection[Hold], moment: datetime) -> None:
    """End these holds."""
    edit.remove_entries(path, "holds", _any_of(found))
    for hold in found:
        if hold.until > moment:
            day = last_day(hold.until, zone_of(policy))
            text = _("Lifted: {held}, which was held until {until}.")
            say(text.format(held=held_words(hold.address, hold.field), until=day))
        else:
            say(_("Taken out, since it had lapsed: {held}").format(held=held_words(hold.address, hold.field)))


def _is_meant(address: str, text: str) -> bool:
    """Whether a held address is what a person named: a held record is in no pool that could tell."""
    if text.strip() in (address, short_code(address)):
        return True
    try:
        return str(address_in(text)) == address
    except NotAnAddress:
        return f"/{short_code(address)}" in text


def _of_that_name(holds: Collection[Hold], text: str) -> list[Hold]:
    """Those whose address is made of the name: no pool can tell the title of what it does not show.

    Raises SeveralInPool.
    """
    named = slug(text)
    found = [hold for hold in holds if named and Address.parse(hold.address).id == named]
    addresses = dict.fromkeys(hold.address for hold in found)
    if len(addresses) > 1:
        raise SeveralInPool(text, ", ".join(addresses))
    return found


def held_words(address: str, field: str | None) -> str:
    """An address, and of one field its label."""
    if not field:
        return address
    rtype = load_schema().types.get(Address.parse(address).type)
    known = rtype.fields.get(field) if rtype else None
    return f"{address} · {in_language(known.title) if known else field}"


def _meant(policy: Policy, path: Path, text: str, *, later: bool) -> tuple[Address, list[str]]:
    """The address that is meant, and those of the claims that are shown together with it.

    Raises NobodySays, NotInPool, SeveralInPool, NotAnAddress.
    """
    try:
        with closing(open_pool(file_of(path).parent / POOL)) as connection:
            pool = Pool(connection)
            found = address_of(pool, text)
            whole = claims_with(pool, found)
    except NotInPool as error:
        try:
            parsed = address_in(text)
        except NotAnAddress:
            raise error from None
    except (NoPool, NotAPool, OtherContract):
        parsed = address_in(text)
    else:
        meant = Address.parse(found)
        if found not in whole:  # an address of one that was succeeded: its successor says it now
            meant = Address(policy.successors.get(meant.member, meant.member), meant.type, meant.id)
        return meant, [a for a in whole if a != str(meant)]
    if not any(hold.address == str(parsed) for hold in policy.holds):
        _refuse_unsaid(policy, parsed, later=later)
    return parsed, []


def _not_held(policy: Policy, addresses: Iterable[str], field: str | None, moment: datetime) -> Iterator[str]:
    """Those of which neither the whole nor this field is held already."""
    held = {(hold.address, hold.field or "") for hold in policy.holds if hold.until > moment}
    for address in addresses:
        if not {(address, ""), (address, field or "")} & held:
            yield address


def _refuse_unsaid(policy: Policy, address: Address, *, later: bool) -> None:
    """Raises NobodySays, unless a person means what is not there yet."""
    if not later and interactive():
        text = _("No record {address} is in the last pool; look at it letter by letter.")
        tell(text.format(address=address))
        later = ask_yes(_("Hold it all the same, from the day on which it comes?"))
    if not later:
        raise NobodySays(str(address))
    if policy.member(address.member) is None:
        tell(_("No member has the id {id} yet.").format(id=address.member))


def _take_effect(path: Path, out: Path | None, moment: datetime, *, tonight: bool) -> None:
    """Merge, and publish where a place is named; or say when it counts."""
    if not tonight and out is None:
        tell(_("It takes effect with the next commons merge and publish; tonight: --out FOLDER"))
        return
    folder = file_of(path).parent
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
