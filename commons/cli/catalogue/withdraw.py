"""`commons withdraw`: take back what was shared, one record or all of it. Parses, asks, calls, prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import click

from commons.catalogue.act import PROFILE, PROFILE_ID, Kind
from commons.catalogue.errors import NoSuchRecord
from commons.catalogue.store import Catalogue
from commons.cli.terminal.naming import NothingNamed, refuse_part, the_record, the_type
from commons.cli.terminal.output import (
    ask,
    catalogue_option,
    confirm,
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
from commons.folding import folded
from commons.messages import N_, ngettext
from commons.messages import translate as _
from commons.release.outgoing import Key

_UNLISTED = ("catalogue", "withdrawal")
_LEAVING = "leaving"


@dataclass(eq=False)
class NotOurs(InputError):
    """The address belongs to another member."""

    address: str
    template: ClassVar[str] = N_("«{address}» is another organisation's record; only they can withdraw it.")
    hint_template: ClassVar[str] = N_("Ask them, or the federation that shows it.")


@dataclass(eq=False)
class NameNotTyped(InputError):
    """Everything was to be withdrawn, and the catalogue's name was not typed."""

    name: str
    template: ClassVar[str] = N_("Nothing was withdrawn: to withdraw everything, type the catalogue's name.")
    hint_template: ClassVar[str] = N_('Where nobody can type it: --all --name "{name}"')


@dataclass(eq=False)
class AllOrSome(InputError):
    """Records were named together with --all, or with --earlier where it makes no sense."""

    template: ClassVar[str] = N_("With --all no record is named, and --earlier has no meaning.")
    hint_template: ClassVar[str] = N_("Choose one: commons withdraw RECORD…, or commons withdraw --all")


@click.command(
    help=N_(
        "Withdraw records that were shared.\n\n"
        "With your next release everybody who follows you takes them down. This is final: the address never "
        "comes back. (To take a record out of your list only, use commons remove.) RECORD is type/id, as in "
        "service/dental-clinic. With --all your organisation leaves: everything that it shared is withdrawn. "
        "Until the release, commons undo takes it back."
    ),
    short_help=N_("Take back what was shared, for good."),
)
@click.argument("records", metavar="RECORD…", nargs=-1)
@catalogue_option
@click.option("--all", "everything", is_flag=True, help=N_("Withdraw everything and leave the federations."))
@click.option("--name", metavar="NAME", help=N_("With --all: the catalogue's name, to be sure."))
@click.option(
    "--earlier",
    is_flag=True,
    help=N_("The record stays; only what it said in earlier releases is taken down everywhere."),
)
@yes_option
@json_option
def withdraw(
    records: tuple[str, ...],
    catalogue: Path | None,
    everything: bool,
    name: str | None,
    earlier: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """See the help."""
    if everything:
        if records or earlier:
            raise AllOrSome
        _leave(catalogue, name, as_json=as_json)
        return
    if not records:
        raise NothingNamed
    kind: Kind = "earlier" if earlier else "record"
    with opened(catalogue) as own:
        found = _withdrawable(own, records, exactly=yes)
        for type_name, record_id in found:
            stored = own.get(type_name, record_id)
            tell(f"  {type_name}/{record_id}  {stored.title if stored else ''}".rstrip())
        question = _("Take down what these records said before?") if earlier else _("Withdraw them for good?")
        if not confirm(question, yes=yes):
            tell(_("Nothing was withdrawn."))
            return
        with own.act("withdraw", at=now()) as act:
            for key in found:
                act.withdraw(*key, kind)
    if as_json:
        show_json({"withdrawn": [f"{t}/{i}" for t, i in found], "kind": kind})
        return
    say(_earlier_words(len(found)) if earlier else _withdrawn_words(len(found)))
    say(_("Next: {command}").format(command=own_command(own.path, "release")))


def _withdrawn_words(n: int) -> str:
    return ngettext(
        "{n} record is withdrawn with your next release.",
        "{n} records are withdrawn with your next release.",
        n,
    ).format(n=n)


def _earlier_words(n: int) -> str:
    return ngettext(
        "The record stays; what it said before is taken down with your next release.",
        "The {n} records stay; what they said before is taken down with your next release.",
        n,
    ).format(n=n)


def _withdrawable(catalogue: Catalogue, texts: Sequence[str], *, exactly: bool) -> list[Key]:
    """Type and id of the records that `texts` name, each once; also of some that are no longer here.

    Args:
        exactly: nobody will look at what was found, so part of a title is not enough.
    Raises NotOurs, NoSuchRecord, OnlyPart, and what `naming.the_record` raises.
    """
    found: list[Key] = []
    for text in texts:
        parts = text.strip().split("/")
        if len(parts) == 3 and parts[0] != catalogue.member_id:
            raise NotOurs(text)
        if len(parts) in (2, 3):
            found.append((the_type(parts[-2]).name, parts[-1]))
        else:
            record = the_record(catalogue, text)
            if exactly:
                refuse_part(record, text)
            found.append((record.type, record.id))
    for key in found:
        if key[0] in _UNLISTED:
            raise NoSuchRecord(*key)
    return list(dict.fromkeys(found))


def _leave(given: Path | None, name: str | None, *, as_json: bool) -> None:
    """Everything that was ever shared goes, and the next release says that its member leaves.

    Raises NameNotTyped.
    """
    at = now()
    with opened(given) as own:
        found = everything_shared(own)
        title = own.profile.title
        n = len(found)
        told = ngettext(
            "{n} record of «{name}» would be withdrawn for good, and no federation shows it any more.",
            "{n} records of «{name}» would be withdrawn for good, and no federation shows them any more.",
            n,
        )
        tell(told.format(n=n, name=title))
        typed = (
            name
            if name is not None
            else ask(_("Type the catalogue's name to go on"))
            if interactive()
            else ""
        )
        if folded(typed).split() != folded(title).split():
            raise NameNotTyped(title)
        backup = own.backup(at=at)
        with own.act("withdraw", note=title, at=at) as act:
            for key in found:
                act.withdraw(*key)
            profile = own.profile
            act.put(PROFILE, PROFILE_ID, {**profile.fields, "status": _LEAVING}, drafts=profile.drafts)
    if as_json:
        show_json({"withdrawn": [f"{t}/{i}" for t, i in found], "kind": "record", "backup": str(backup)})
        return
    say(_("With your next release your organisation leaves: {n} withdrawn.").format(n=n))
    say(_("A copy of the catalogue as it was: {path}").format(path=backup))
    say(_("Until then it can be taken back: {command}").format(command=own_command(own.path, "undo")))
    say(_("To go on: {command}").format(command=own_command(own.path, "release")))


def everything_shared(catalogue: Catalogue) -> list[Key]:
    """What may have left with some release: what is public now, and what once was here and is gone.

    A record that is "only here" stays where it is.
    """
    now_here = {(r.type, r.id): r.private for r in catalogue.records()}
    last = catalogue.releases.latest
    once = {(c.type, c.id) for step in catalogue.history() for c in catalogue.step(step.n).changes}
    gone = {key for key in once if key not in now_here and key[0] in catalogue.schema.types}
    public = {key for key, private in now_here.items() if not private}
    shared = set(last.leaves) if last else set()
    return sorted(key for key in public | shared | (gone if last else set()) if key[0] not in _UNLISTED)
