"""`commons federation succeed`: who takes whose place.

That is the federation's word, with a name to it: nobody does it by saying so in a catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import click

from commons.addresses import MEMBER_ID
from commons.cli.federation.options import answer, file_of, file_option, say_next
from commons.cli.terminal.output import (
    confirm,
    interactive,
    json_option,
    now,
    say,
    show_json,
    tell,
    yes_option,
)
from commons.errors import InputError
from commons.federation.policy import entry
from commons.federation.policy import file as policies
from commons.federation.policy.called import member_called
from commons.federation.policy.rules import Member, Policy
from commons.federation.store.folder import Store
from commons.format.words import spoken
from commons.intake.gate import Gate
from commons.merge.claims import fields_of
from commons.merge.releases.inputs import take_in
from commons.merge.run import POOL
from commons.messages import N_
from commons.messages import translate as _
from commons.pool.opening import NoPool, NotAPool, OtherContract, open_pool

LEAST_VOUCHES = 2


@dataclass(eq=False)
class HasSuccessor(InputError):
    """Somebody else took that place already."""

    old: str
    name: str
    template: ClassVar[str] = N_("{name} already continues {old}.")
    hint_template: ClassVar[str] = N_("If that was wrong, take «succeeds» out of its entry first.")


@dataclass(eq=False)
class ContinuesItself(InputError):
    """One member was named twice."""

    name: str
    template: ClassVar[str] = N_("{name} was named twice; nobody continues itself.")
    hint_template: ClassVar[str] = N_(
        "Name two: first the one whose key and sheet are lost, then the new one. commons federation show "
        "lists the members."
    )


@dataclass(eq=False)
class OtherWayRound(InputError):
    """The one named as lost continues the one named as new, by its own word or the federation's."""

    old: str
    new: str
    template: ClassVar[str] = N_("It is the other way round: {old} continues {new}.")
    hint_template: ClassVar[str] = N_("Name the lost one first: commons federation succeed {new:sh} {old:sh}")


@dataclass(eq=False)
class NotEnoughVouches(InputError):
    """Neither the maintainer's word nor that of enough members."""

    name: str
    n: int
    needed: int
    template: ClassVar[str] = N_("{n} members vouch for {name}; {needed} would be enough.")
    hint_template: ClassVar[str] = N_(
        "Find out for yourself and say so with --by and --how, or wait for more. The earlier catalogue's own "
        "word does not count here: whoever has its key, also a thief, can give it."
    )


@click.command(
    help=N_(
        "Note that one member continues another, whose key and recovery sheet are both lost.\n\n"
        "NEW is a member already (federation add); OLD is its name or id. Say with --by and --how how you "
        "made sure; with --vouched the word of the members who vouch for NEW is enough. Old addresses lead "
        "to the new records, the old key counts for nothing any more, and the portal says «continues»."
    ),
    short_help=N_("Note that one member continues another."),
)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--by", help=N_("Who says so."))
@click.option("--how", help=N_("How you made sure that it is the same organisation."))
@click.option("--vouched", is_flag=True, help=N_("Go by the members who vouch for the new key."))
@file_option
@yes_option
@json_option
def succeed(
    old: str, new: str, by: str | None, how: str | None, vouched: bool, path: Path, yes: bool, as_json: bool
) -> None:
    policy = policies.load(path)
    heir = member_called(policy, new)
    earlier = old.strip() if MEMBER_ID.match(old.strip()) else member_called(policy, old).id
    store = Store.beside(path)
    _refuse_taken(policy, earlier, heir, store)
    if vouched:
        names = _vouching(policy, path, heir, earlier)
        by, how = _listed(names), _("They vouch for the new key.")
    by = answer(by, "--by", _("Who says so?"))
    how = answer(how, "--how", _("How did you make sure that it is the same organisation?"))
    if not as_json:
        _show_both(policy, path, earlier, heir)
    if interactive() and not confirm(_("Let the old addresses lead to the new records?"), yes=yes):
        tell(_("Nothing was changed."))
        return
    said = {"member": earlier, "by": by, "when": now().date().isoformat(), "how": how}
    entry.set_key(path, heir.id, "succeeds", said)
    if as_json:
        show_json({"new": heir.id, **said})
        return
    say(
        _("{name} continues {old} from the next merge on.").format(name=heir.name, old=_name(policy, earlier))
    )
    say_next(path)


def _refuse_taken(policy: Policy, earlier: str, heir: Member, store: Store) -> None:
    """Raises ContinuesItself, OtherWayRound, HasSuccessor."""
    if earlier == heir.id:
        raise ContinuesItself(heir.name)
    if policy.successors.get(heir.id) == earlier or _says_it_continues(earlier, store) == heir.id:
        raise OtherWayRound(_name(policy, earlier), heir.name)
    for member in policy.members:
        if member.succeeds is not None and member.succeeds.member == earlier and member.id != heir.id:
            raise HasSuccessor(_name(policy, earlier), member.name)


def _says_it_continues(member: str, store: Store) -> str:
    """The id of the earlier catalogue that its newest release names; empty where it names none."""
    newest = max(store.seen(member), key=lambda s: s.version, default=None)
    if newest is None:
        return ""
    with Gate(store.intake, at_once=1) as gate:
        intake = take_in(newest.digest, store, gate)
        said = next((row for row in intake.rows() if row.type == "catalogue" and row.code is None), None)
    return str(fields_of(said.data).get("succeeds") or "") if said is not None else ""


def _name(policy: Policy, member: str) -> str:
    known = policy.member(member)
    return known.name if known is not None else member


def _show_both(policy: Policy, path: Path, earlier: str, heir: Member) -> None:
    """What a person should see before: whose words the new key has."""
    newest = max(Store.beside(path).seen(heir.id), key=lambda s: s.version, default=None)
    say(_("Earlier: {name} ({id})").format(name=_name(policy, earlier), id=earlier))
    say(_("From now on: {name} ({id})").format(name=heir.name, id=heir.id))
    if newest is not None:
        say(_("Words of the key: {words}").format(words=spoken(newest.keylog.current)))
    if earlier in _speakers(file_of(path).parent / POOL, heir.id):
        say(_("The earlier catalogue vouches for the new one: who has its key can do that, also a thief."))


def _vouching(policy: Policy, path: Path, heir: Member, earlier: str) -> list[str]:
    """The names of those who vouch for the new key in the last pool. Raises NotEnoughVouches."""
    found = sorted(
        member.name
        for speaker in _speakers(file_of(path).parent / POOL, heir.id)
        if speaker not in (heir.id, earlier) and (member := policy.member(speaker)) is not None
    )
    needed = max(LEAST_VOUCHES, policy.admit.vouches)
    if len(found) < needed:
        raise NotEnoughVouches(heir.name, len(found), needed)
    return found


def _listed(names: list[str]) -> str:
    *others, last = names
    return _("{names} and {last}").format(names=", ".join(others), last=last) if others else last


def _speakers(pool: Path, member: str) -> Iterator[str]:
    sql = "SELECT DISTINCT member FROM vouch WHERE about = ? AND counts = 1 ORDER BY member"
    try:
        with closing(open_pool(pool)) as read:
            yield from (row[0] for row in read.execute(sql, (member,)))
    except (NoPool, NotAPool, OtherContract):
        return
