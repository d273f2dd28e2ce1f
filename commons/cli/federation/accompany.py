"""`commons federation accompany`: for whom a member publishes.

That is the federation's word: nobody publishes for others by saying so in a catalogue. But it is never noted
of a catalogue whose own release says otherwise: a keeper is often a member with a catalogue of its own, too,
and the sentence «published by X for Y» would then stand over the wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import click

from commons.cli.federation.options import answer, file_option, say_next
from commons.cli.terminal.output import json_option, say, show_json
from commons.errors import InputError
from commons.federation.policy import entry
from commons.federation.policy import file as policies
from commons.federation.policy.called import member_called, plain
from commons.federation.policy.rules import Member, Policy
from commons.federation.store.folder import NotInStore, Store
from commons.intake.gate import Gate
from commons.merge.releases.inputs import take_in
from commons.messages import N_
from commons.messages import translate as _
from commons.review.requests import newest_of, profile_in


@dataclass(eq=False)
class SpeaksForItself(InputError):
    """The catalogue's own release does not say that it is kept for others."""

    name: str
    whose: str
    template: ClassVar[str] = N_("{name}'s own release says that it speaks for itself, not for {whose}.")
    hint_template: ClassVar[str] = N_(
        "Name the catalogue that is kept for {whose}. If it is no member yet, take it in first: "
        "commons federation add FILE"
    )


@dataclass(eq=False)
class SpeaksForOthers(InputError):
    """The catalogue's own release says that it is kept for somebody else."""

    name: str
    said: str
    whose: str
    template: ClassVar[str] = N_("{name}'s own release says that it is kept for {said}, not for {whose}.")
    hint_template: ClassVar[str] = N_("Ask them; if {said} is right: commons federation accompany {name:sh}")


@click.command(
    help=N_(
        "Note for whom a member publishes, so that the portal says «published by X for Y».\n\n"
        "MEMBER is the catalogue that is kept for others, NAME is who it speaks for: those who hold the "
        "recovery sheet; as its release says, if not given. Once they have taken the catalogue over under "
        "their own name, the sentence falls away by itself."
    ),
    short_help=N_("Note for whom a member publishes."),
)
@click.argument("member")
@click.argument("name", required=False)
@click.option("--end", is_flag=True, help=N_("It publishes for itself again."))
@file_option
@json_option
def accompany(member: str, name: str | None, end: bool, path: Path, as_json: bool) -> None:
    policy = policies.load(path)
    accepted = member_called(policy, member)
    if end:
        entry.set_key(path, accepted.id, "on_behalf_of", None)
        _answer(accepted.id, None, _("{name} publishes for itself.").format(name=accepted.name), as_json)
        return
    profiles = _profiles(policy, Store.beside(path))
    said = profiles.get(accepted.id, {}).get("on_behalf_of", "")
    whose = answer(name or said or None, "NAME", _("For whom does it publish?")).strip()
    accepted = _the_kept_one(policy, accepted, whose, profiles)
    entry.set_key(path, accepted.id, "on_behalf_of", whose)
    keeper = profiles.get(accepted.id, {}).get("title", "") or accepted.name
    _answer(accepted.id, whose, _noted(keeper, whose), as_json)
    if not as_json:
        say_next(path)


def _noted(keeper: str, whose: str) -> str:
    if plain(keeper) == plain(whose):  # nothing of it has arrived that says who keeps it
        return _("Noted: others publish for {whose}.").format(whose=whose)
    return _("{name} publishes for {whose}.").format(name=keeper, whose=whose)


def _answer(member: str, whose: str | None, sentence: str, as_json: bool) -> None:
    if as_json:
        show_json({"member": member, "on_behalf_of": whose})
    else:
        say(sentence)


def _profiles(policy: Policy, store: Store) -> dict[str, Mapping[str, str]]:
    """What each member's newest release says of its catalogue, where one is here."""
    found: dict[str, Mapping[str, str]] = {}
    with Gate(store.intake, at_once=1) as gate:
        for member in policy.members:
            if seen := store.seen(member.id):
                try:
                    found[member.id] = profile_in(take_in(newest_of(seen).digest, store, gate))
                except NotInStore:
                    continue
    return found


def _the_kept_one(
    policy: Policy, named: Member, whose: str, profiles: Mapping[str, Mapping[str, str]]
) -> Member:
    """The member whose catalogue is kept for `whose`; where its keeper was named, the one that it keeps.

    Raises:
        SpeaksForItself, SpeaksForOthers.
    """
    said = profiles.get(named.id)
    if said is None or plain(said.get("on_behalf_of", "")) == plain(whose):
        return named  # nothing speaks against it
    kept = [
        m
        for m in policy.members
        if plain((its := profiles.get(m.id, {})).get("on_behalf_of", "")) == plain(whose)
        and plain(its.get("title", "")) in (plain(said.get("title", "")), plain(named.name))
    ]
    if len(kept) == 1:
        return kept[0]
    if other := said.get("on_behalf_of"):
        raise SpeaksForOthers(named.name, other, whose)
    raise SpeaksForItself(named.name, whose)
