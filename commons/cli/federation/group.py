"""`commons federation`: whose releases are merged, and what is held back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import ClassVar

import click

from commons.cli.federation import accompany, fetching, holding, membership, pausing, succession
from commons.cli.federation.discover import discover
from commons.cli.federation.handover import handover, takeover
from commons.cli.federation.invite import invite
from commons.cli.federation.member_states import Standing, standings
from commons.cli.federation.options import answer, federation_command, file_of, file_option
from commons.cli.federation.receipt import gone_in_words, names_in
from commons.cli.terminal.clock import day_of, zone_of
from commons.cli.terminal.known_as import told_apart
from commons.cli.terminal.output import (
    json_option,
    now,
    say,
    show_json,
    show_table,
    tell,
)
from commons.errors import InputError
from commons.federation import lock as locks
from commons.federation import states
from commons.federation.policy import edit
from commons.federation.policy import file as policies
from commons.federation.policy.file import Policy
from commons.federation.sources import inbox, looked
from commons.federation.store import requests
from commons.federation.store.folder import Store
from commons.federation.trust import Seen
from commons.format import container
from commons.format.words import spoken
from commons.messages import N_, in_language, ngettext
from commons.messages import translate as _
from commons.said import release_words
from commons.schema import territory as territories


@dataclass(eq=False)
class FederationExists(InputError):
    """The folder has a federation.yaml already."""

    path: str
    template: ClassVar[str] = N_("{path} is there already.")
    hint_template: ClassVar[str] = N_("Open it in an editor, or choose another folder.")


@click.group(
    help=N_("Whose releases a federation merges, and what it holds back."),
    short_help=N_("Members, sources and holds of a federation."),
)
def federation() -> None:
    pass


federation.add_command(fetching.fetch)
federation.add_command(membership.add)
federation.add_command(membership.list_requests)
federation.add_command(membership.decline)
federation.add_command(discover)
federation.add_command(invite)
federation.add_command(handover)
federation.add_command(takeover)
federation.add_command(pausing.pause)
federation.add_command(pausing.resume)
federation.add_command(succession.succeed)
federation.add_command(accompany.accompany)
federation.add_command(holding.hold)


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
    place = inbox.make(folder)
    say(_("The federation is ready: {path}").format(path=path))
    invitation = federation_command(path, "federation", "invite")
    tell(_("Next: invite those whose releases you want, with: {command}").format(command=invitation))
    text = _("Put what they send you into {path}, and have it sorted with: {command}")
    tell(text.format(path=place, command=federation_command(path, "inbox")))


@federation.command(
    help=N_("Show the members, what is known of each, and what is held back."),
    short_help=N_("Show members and holds."),
)
@file_option
@json_option
def show(path: Path, as_json: bool) -> None:
    policy = policies.load(path)
    store = Store.beside(path)
    newest = _newest(policy, store)
    lock_path = file_of(path).with_name(locks.FILE_NAME)
    lock = locks.read(lock_path) if lock_path.exists() else None
    standing = standings([m.id for m in policy.members], lock, store, looked.read(store.root).looks)
    if as_json:
        show_json(_as_json(policy, newest, standing))
        return
    say(in_language(policy.name))
    called = told_apart({m.id: m.name for m in policy.members})
    rows = [
        [
            called[m.id],
            _standing(policy, m, standing[m.id], lock),
            _state(newest.get(m.id), zone_of(policy)),
            ", ".join(s.shown for s in m.sources),
        ]
        for m in policy.members
    ]
    if rows:
        show_table([_("Member"), _("State"), _("Newest release"), _("Sources")], rows)
    else:
        say(_("It has no members yet."))
    _show_others(policy, lock, store, file_of(path))
    _show_new_keys(policy, lock, store)
    moment = now()
    for hold in policy.holds:
        held = holding.held_words(hold.address, hold.field)
        until = holding.last_day(hold.until, zone_of(policy))
        text = (
            _("Held until {until}: {held} ({reason})")
            if hold.until > moment
            else _("Lapsed on {until}: {held} ({reason})")
        )
        say(text.format(until=until, held=held, reason=hold.reason))


def _standing(policy: Policy, member: policies.Member, known: Standing, lock: locks.Lock | None) -> str:
    """How it stands; before it, what federation.yaml says since the last merge."""
    heir = policy.member(policy.successors.get(member.id, ""))
    if heir is not None:
        return _("{name} continues it").format(name=heir.name)
    words = [known.word, known.used(now())]
    if member.pause is not None and known.state != states.PAUSED:
        words.insert(0, _("on pause from the next merge on"))
    locked = lock.members.get(member.id) if lock is not None else None
    if locked is not None and locked.withheld and known.state == states.PAUSED:
        words.append(gone_in_words(len(locked.withheld)))
    return " · ".join(word for word in words if word)


def _show_new_keys(policy: Policy, lock: locks.Lock | None, store: Store) -> None:
    """The words of those whose key has changed: whoever accepted them heard others."""
    for member in policy.members:
        locked = lock.members.get(member.id) if lock is not None else None
        used = store.look_up(locked.release) if locked is not None and locked.release else None
        if used is not None and used.version[0]:
            text = _("The key of {name} was changed; its words are now: {words}")
            say(text.format(name=member.name, words=spoken(used.keylog.current)))


def _show_others(policy: Policy, lock: locks.Lock | None, store: Store, path: Path) -> None:
    """Whom vouches took up, and how many ask to join."""
    names = {m.id: m.name for m in policy.members}
    pool = path.parent / "pool.db"
    known = told_apart({**(names_in(pool) if pool.is_file() else {}), **names})
    for id, member in sorted(lock.members.items()) if lock is not None else ():
        if member.admitted and id not in names:
            by = ", ".join(known.get(speaker, speaker) for speaker in member.admitted)
            said = _("{name} is admitted by the vouches of {members}.")
            say(said.format(name=known.get(id, id), members=by))
    others = requests.by_member(store).keys() - names.keys()
    heard = len(others & requests.noted(store).heard.keys())
    requested = federation_command(path, "federation", "requests")
    if heard:
        said = ngettext(
            "{n} stands in a pool that is a source here, and did not ask.",
            "{n} stand in pools that are sources here, and did not ask.",
            heard,
        ).format(n=heard)
        say(said + " " + _("See: {command}").format(command=requested))
    asking = len(others) - heard
    if asking:
        said = ngettext("{n} asks to join.", "{n} ask to join.", asking).format(n=asking)
        say(said + " " + _("See: {command}").format(command=requested))


def _newest(policy: Policy, store: Store) -> dict[str, Seen]:
    members = {m.id for m in policy.members}
    found: dict[str, Seen] = {}
    for seen in store.seen():
        member = seen.manifest.member
        if member in members and (member not in found or seen.version > found[member].version):
            found[member] = seen
    return found


def _state(seen: Seen | None, zone: tzinfo) -> str:
    if seen is None:
        return _("nothing yet")
    return f"{release_words(*seen.version)} · {day_of(seen.manifest.issued_at, zone)}"


def _as_json(policy: Policy, newest: dict[str, Seen], standing: dict[str, Standing]) -> dict[str, object]:
    members = []
    for member in policy.members:
        seen = newest.get(member.id)
        known = (
            {"release": seen.digest, "epoch": seen.version[0], "number": seen.version[1]} if seen else None
        )
        members.append(
            {
                **member.to_json(),
                "sources": [s.where for s in member.sources],
                "newest": known,
                "standing": standing[member.id].to_json(),
            }
        )
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
