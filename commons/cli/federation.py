"""`commons federation`: whose releases are merged, and what is held back. Fetches from no network."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import click

from commons.addresses import Address
from commons.cli import membership, pausing
from commons.cli.federation_options import answer, file_of, file_option
from commons.cli.naming import UnknownField, the_field
from commons.cli.output import (
    json_option,
    now,
    say,
    show_json,
    show_table,
    tell,
)
from commons.errors import InputError
from commons.federation import edit
from commons.federation import policy as policies
from commons.federation.policy import Policy
from commons.federation.store import Store
from commons.federation.trust import Seen
from commons.format import container
from commons.messages import N_, in_language
from commons.messages import translate as _
from commons.schema import territory as territories
from commons.schema.spec import RecordType, load_schema


@dataclass(eq=False)
class FederationExists(InputError):
    """The folder has a federation.yaml already."""

    path: str
    template: ClassVar[str] = N_("{path} is there already.")
    hint_template: ClassVar[str] = N_("Open it in an editor, or choose another folder.")


@dataclass(eq=False)
class PastDate(InputError):
    """A hold that would have lapsed already."""

    until: str
    template: ClassVar[str] = N_("«{until}» is not a date in the future.")
    hint_template: ClassVar[str] = N_("Write the last day of the hold, as in --until 2027-01-31.")


@dataclass(eq=False)
class UnknownFieldToHold(InputError):
    """The record type has no such field."""

    type: str
    field: str
    template: ClassVar[str] = N_("Records of the type {type} have no field «{field}».")
    hint_template: ClassVar[str] = N_("Leave --field out to hold the whole record.")


@click.group(
    help=N_("Whose releases a federation merges, and what it holds back."),
    short_help=N_("Members, sources and holds of a federation."),
)
def federation() -> None:
    pass


federation.add_command(membership.add)
federation.add_command(membership.list_requests)
federation.add_command(membership.decline)
federation.add_command(pausing.pause)
federation.add_command(pausing.resume)


@federation.command(
    help=N_("Make a new federation: a folder with its federation.yaml."),
    short_help=N_("Make a new federation."),
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help=N_("How the federation is called."))
@click.option("--english-name", help=N_("Its name in English, if it has one."))
@click.option("--territory", help=N_("Where districts and the clock come from, as in cdmx."))
def new(folder: Path, name: str | None, english_name: str | None, territory: str | None) -> None:
    path = folder / policies.FILE_NAME
    if path.exists():
        raise FederationExists(str(path))
    name = answer(name, "--name", _("How is the federation called?"))
    known = ", ".join(territories.known_names())
    territory = answer(territory, "--territory", _("Which territory? ({known})").format(known=known))
    territories.load(territory)
    names = {"es": name, **({"en": english_name} if english_name else {})}
    text = edit.new_text(names, territory)
    policies.parse(text)
    folder.mkdir(parents=True, exist_ok=True)
    container.write_bytes(path, text.encode())
    say(_("The federation is ready: {path}").format(path=path))
    tell(_("Next: commons federation add RELEASE --federation {path}").format(path=path))


@federation.command(
    help=N_("Show the members, what is known of each, and what is held back."),
    short_help=N_("Show members and holds."),
)
@file_option
@json_option
def show(path: Path, as_json: bool) -> None:
    policy = policies.load(path)
    newest = _newest(policy, Store.beside(path))
    if as_json:
        show_json(_as_json(policy, newest))
        return
    say(in_language(policy.name))
    rows = [
        [m.name, m.id, _state(newest.get(m.id)), ", ".join(s.where for s in m.sources)]
        for m in policy.members
    ]
    if rows:
        show_table([_("Member"), _("Id"), _("Newest release"), _("Sources")], rows)
    else:
        say(_("It has no members yet."))
    moment = now()
    for hold in policy.holds:
        held = f"{hold.address} · {hold.field}" if hold.field else hold.address
        until = hold.until.strftime("%Y-%m-%d %H:%M UTC")
        text = (
            _("Held until {until}: {held} ({reason})")
            if hold.until > moment
            else _("Lapsed on {until}: {held} ({reason})")
        )
        say(text.format(until=until, held=held, reason=hold.reason))


def _newest(policy: Policy, store: Store) -> dict[str, Seen]:
    members = {m.id for m in policy.members}
    found: dict[str, Seen] = {}
    for seen in store.seen():
        member = seen.manifest.member
        if member in members and (member not in found or seen.version > found[member].version):
            found[member] = seen
    return found


def _state(seen: Seen | None) -> str:
    if seen is None:
        return _("nothing yet")
    epoch, number = seen.version
    return f"{epoch}.{number} · {seen.manifest.issued_at[:10]}"


def _as_json(policy: Policy, newest: dict[str, Seen]) -> dict[str, object]:
    members = []
    for member in policy.members:
        seen = newest.get(member.id)
        known = (
            {"release": seen.digest, "epoch": seen.version[0], "number": seen.version[1]} if seen else None
        )
        members.append({**member.to_json(), "sources": [s.where for s in member.sources], "newest": known})
    return {
        **policy.to_json(),
        "digest": policy.digest,
        "members": members,
        "holds": [
            {
                "address": h.address,
                "field": h.field,
                "reason": h.reason,
                "by": h.by,
                "until": h.until.isoformat(),
            }
            for h in policy.holds
        ],
    }


@federation.command(
    help=N_(
        "Hold back a record, or one field of it, until a day. Takes effect with the next merge.\n\n"
        "The reason stays in federation.yaml and goes to the member; it is not published."
    ),
    short_help=N_("Hold back a record or one of its fields."),
)
@click.argument("address")
@click.option("--field", help=N_("Only this field, as in phones."))
@click.option("--reason", help=N_("Why; told to the member."))
@click.option("--until", help=N_("The last day, as in 2027-01-31."))
@click.option("--by", help=N_("Who decides it."))
@file_option
def hold(
    address: str, field: str | None, reason: str | None, until: str | None, by: str | None, path: Path
) -> None:
    policy = policies.load(path)
    parsed = Address.parse(address.strip())
    rtype = load_schema().types.get(parsed.type)
    if field is not None:
        field = _released_field(rtype, parsed.type, field)
    until = answer(until, "--until", _("Until which day? (2027-01-31)"))
    entry: edit.Entry = {
        "address": str(parsed),
        **({"field": field} if field else {}),
        "reason": answer(reason, "--reason", _("Why?")),
        "by": answer(by, "--by", _("Who decides it?")),
        "until": _future(until, now()),
    }
    edit.add_entry(path, "holds", entry)
    say(_("{address} is held until {until}.").format(address=address, until=until))
    if parsed.member not in {m.id for m in policy.members}:
        tell(_("No member has the id {id}; look at the address letter by letter.").format(id=parsed.member))
    elif not _is_known(path, str(parsed)):
        tell(_("The last pool has no record of that address; look at it letter by letter."))
    tell(_("It takes effect with the next commons merge and publish."))


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


def _future(until: str, moment: datetime) -> str:
    """Raises PastDate."""
    try:
        if policies.end_of(until) > moment:
            return until
    except ValueError:
        pass
    raise PastDate(until)
