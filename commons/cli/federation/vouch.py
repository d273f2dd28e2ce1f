"""`commons vouch`: give our word for another member, or for a record of another's. Parses, asks, writes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import click

from commons.addresses import MEMBER_ID, Address, NotAnAddress, tombstone
from commons.catalogue.ids import instant
from commons.catalogue.store import Catalogue
from commons.cli.federation.membership import in_files
from commons.cli.judging.in_pool import address_of, pool_at
from commons.cli.terminal.output import (
    ask,
    ask_yes,
    catalogue_option,
    interactive,
    json_option,
    now,
    opened,
    own_command,
    say,
    show_json,
    tell,
    yes_option,
)
from commons.errors import InputError
from commons.federation.policy.file import end_of
from commons.format import words
from commons.format.identity import identity_digest
from commons.merge.claims import fields_of
from commons.messages import N_, in_language
from commons.messages import translate as _
from commons.pool.opening import open_pool
from commons.pool.read import Pool
from commons.schema import vocabularies
from commons.schema.spec import load_schema

_KINDS = {"": "knows", "organization": "speaks_for"}  # by type of what is vouched for; "" is a member


@dataclass(eq=False)
class NobodyToVouchFor(InputError):
    """What was given is neither a release, nor an id, nor an address."""

    text: str
    template: ClassVar[str] = N_(
        "«{text}» is neither a release, nor a member id, nor the address of a record."
    )
    hint_template: ClassVar[str] = N_(
        "Name a release of theirs (.entrega), or copy the id or address from their page."
    )


@dataclass(eq=False)
class Oneself(InputError):
    """A word for oneself, which counts nowhere."""

    template: ClassVar[str] = N_("That is your own catalogue; a word for oneself counts nowhere.")
    hint_template: ClassVar[str] = N_("Ask a neighbouring organisation to vouch for you.")


@dataclass(eq=False)
class RecordNotHere(InputError):
    """The record of an address is not in the pool that was named, or none was."""

    address: str
    template: ClassVar[str] = N_("What {address} says is not known here, so nobody could tell if it changed.")
    hint_template: ClassVar[str] = N_("Name a pool that has the record: --pool FOLDER/pool.db")


@dataclass(eq=False)
class NotAKind(InputError):
    """What is vouched for is not one of the kinds."""

    text: str
    known: str
    template: ClassVar[str] = N_("«{text}» is not something that one vouches for.")
    hint_template: ClassVar[str] = N_("Write one of: {known}.")


@dataclass(eq=False)
class NotADay(InputError):
    """The end of a vouch cannot be read, or is past."""

    text: str
    template: ClassVar[str] = N_("«{text}» is not a day in the future.")
    hint_template: ClassVar[str] = N_("Write it as in 2028-11-21.")


@click.command(
    help=N_(
        "Give your word for another member, or for a record of theirs. It travels with your next release.\n\n"
        "WHOM is a release of theirs, their member id, or a record by address, code, link or title (then name"
        " a --pool that has it: the vouch lapses when the record's name, identifiers or contacts change)."
        " Compare the eight words of their key first, by telephone or in person. To take it back: commons"
        " remove vouch/ID"
    ),
    short_help=N_("Give your word for another member."),
)
@click.argument("whom")
@click.option("--kind", help=N_("What you vouch for; by default that you know them."))
@click.option("--note", help=N_("Since when and how you know them; no names of persons."))
@click.option("--until", help=N_("The last day on which it counts, as in 2028-11-21."))
@click.option("--pool", type=click.Path(path_type=Path), help=N_("The pool that has the record."))
@yes_option
@catalogue_option
@json_option
def vouch(
    whom: str,
    kind: str | None,
    note: str | None,
    until: str | None,
    pool: Path | None,
    yes: bool,
    catalogue: Path | None,
    as_json: bool,
) -> None:
    at = now()
    about, title, digest = _about(whom.strip(), pool)
    fields: dict[str, object] = {
        "about": about,
        "kind": _kind(kind, _KINDS.get(_type_of(about), "verified")),
        "about_title": title,
        "digest": digest,
        "note": note,
        "vouched_at": instant(at),
        "expires_at": _end(until, at),
    }
    with opened(catalogue) as open_catalogue:
        if about.partition("/")[0] == open_catalogue.member_id:
            raise Oneself
        if not yes and interactive():
            if not ask_yes(_("Did you compare this with them, by telephone or in person?")):
                tell(_("Nothing was changed. Compare first; your word is what others will go by."))
                return
            fields["note"] = note or ask(_("Since when and how do you know them? (nothing: not said)"))
        id = _save(open_catalogue, about, fields, at)
    if as_json:
        show_json({"id": id, **{k: v for k, v in fields.items() if v}})
        return
    text = _("Saved: vouch/{id}. It travels with your next release: {command}")
    say(text.format(id=id, command=own_command(open_catalogue.path, "release")))


def _save(catalogue: Catalogue, about: str, fields: Mapping[str, object], at: datetime) -> str:
    """One vouch for each: a second one replaces the first."""
    id = next((r.id for r in catalogue.records("vouch") if r.fields.get("about") == about), None)
    id = id or (about if MEMBER_ID.match(about) else tombstone(about)[:26])
    with catalogue.act("edit", note=str(fields.get("about_title") or about), at=at) as act:
        act.put("vouch", id, {name: value for name, value in fields.items() if value})
    return id


def _about(text: str, pool: Path | None) -> tuple[str, str | None, str | None]:
    """(member id or address, the record's title, its digest). Raises NobodyToVouchFor, RecordNotHere."""
    if MEMBER_ID.match(text):
        tell(_("Member id: {id}").format(id=text))
        return text, None, None
    if pool is None or Path(text).exists():
        try:
            raise RecordNotHere(str(Address.parse(text)))
        except NotAnAddress:
            return _of_release(text), None, None
    address, fields = _record(text, pool)
    title = fields.get("title")
    tell(_("The record: {title} ({address})").format(title=title, address=address))
    return address, title if isinstance(title, str) else None, identity_digest(fields)


def _of_release(text: str) -> str:
    path = Path(text)
    if not text or not (path.exists() or path.is_symlink()):
        raise NobodyToVouchFor(text)
    found = in_files(path)
    tell(_("Member id: {id}").format(id=found.member))
    if found.newest is not None:
        spoken = words.spoken(found.newest.keylog.current)
        tell(_("Words of the key: {words}").format(words=spoken))
    return found.member


def _record(text: str, pool: Path) -> tuple[str, Mapping[str, object]]:
    """The address of a record in a pool, and what its claim says.

    Raises RecordNotHere, NotInPool, SeveralInPool, and what `open_pool` raises.
    """
    with closing(open_pool(pool_at(pool))) as connection:
        address = address_of(Pool(connection), text)
        row = connection.execute("SELECT json FROM claim WHERE address = ?", (address,)).fetchone()
    if row is None:
        raise RecordNotHere(address)
    return address, fields_of(row[0])


def _type_of(about: str) -> str:
    return "" if MEMBER_ID.match(about) else Address.parse(about).type


def _kind(text: str | None, default: str) -> str:
    """Raises NotAKind."""
    if text is None:
        return default
    kinds = load_schema().vocabularies["vouch_kinds"]
    found = vocabularies.match(kinds.name, text)
    if found is None:
        known = ", ".join(in_language(term.title) for term in kinds.terms.values())
        raise NotAKind(text, known)
    return found


def _end(text: str | None, at: datetime) -> str | None:
    """Raises NotADay."""
    if text is None:
        return None
    try:
        end = end_of(text.strip())
    except ValueError as error:
        raise NotADay(text) from error
    if end <= at:
        raise NotADay(text)
    return instant(end)
