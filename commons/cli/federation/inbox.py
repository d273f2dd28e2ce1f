"""`commons inbox`: sort what came by chat, e-mail or stick. Says of each thing what it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import click

from commons.cli.federation.options import federation_command, file_of, file_option
from commons.cli.terminal.known_as import strangers, told_apart
from commons.cli.terminal.output import (
    FINDINGS,
    json_option,
    now,
    say,
    show_findings,
    show_json,
    show_table,
    tell,
)
from commons.errors import InputError
from commons.federation import lock as locks
from commons.federation.policy import file as policies
from commons.federation.sources import inbox as sorting
from commons.federation.sources import looked
from commons.federation.sources.inbox import JUNK, KNOWN, NEW, REQUEST, Arrival
from commons.federation.store import requests
from commons.federation.store.folder import Store
from commons.federation.trust import former_key
from commons.findings import Finding
from commons.messages import N_, ngettext, translate
from commons.messages import translate as _
from commons.said import release_words

_KINDS = {
    NEW: N_("new release"),
    KNOWN: N_("had it already"),
    REQUEST: N_("join request"),
    JUNK: N_("no release"),
}
_COUNTED = {
    NEW: (N_("{n} new release"), N_("{n} new releases")),
    KNOWN: (N_("{n} that was here already"), N_("{n} that were here already")),
    REQUEST: (N_("{n} of somebody who asks to join"), N_("{n} of some who ask to join")),
    JUNK: (N_("{n} thing that is no release"), N_("{n} things that are no releases")),
}


@dataclass(eq=False)
class NothingThere(InputError):
    """The folder to sort does not exist."""

    path: str
    template: ClassVar[str] = N_("There is nothing at {path}.")
    hint_template: ClassVar[str] = N_("Name the folder in which the files lie: commons inbox FOLDER")


@click.command(
    help=N_(
        "Sort what came by chat, e-mail or stick.\n\n"
        "FOLDER is where the files lie, under whatever names: releases, folders, zips, saved e-mails. Each"
        " release goes to its member by what is in it; those of strangers become join requests; what is no"
        " release is named and left. Without FOLDER: the inbox beside federation.yaml."
    ),
    short_help=N_("Sort what came by chat, e-mail or stick."),
)
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--clear",
    is_flag=True,
    help=N_("Delete the files whose releases are safely in the store; leave the rest."),
)
@file_option
@json_option
def inbox(folder: Path | None, clear: bool, path: Path, as_json: bool) -> None:
    policy = policies.load(path)
    store = Store.beside(file_of(path))
    place = folder or file_of(path).parent / sorting.FOLDER
    if folder is None:
        sorting.make(file_of(path).parent)
    elif not place.exists() and not place.is_symlink():
        raise NothingThere(str(place))
    members = {m.id for m in policy.members} | locks.admitted(file_of(path).parent)
    with store.writing():
        requests.accept(members, store)
        arrivals = list(sorting.sort(place, store, members))
        _remember(arrivals, store)
        gone = sorting.clear(arrivals, store) if clear else []
    names = {m.id: m.name for m in policy.members}
    if any(arrival.kind == REQUEST for arrival in arrivals):
        names |= {id: name for id, name in strangers(store).items() if id not in names}
    former = _under_former_keys(arrivals, store, path)
    if as_json:
        show_json({"arrivals": [_as_json(a, names) for a in arrivals], "cleared": [str(p) for p in gone]})
    else:
        _show(arrivals, told_apart(names), place, path)
        show_findings([replace(f, member=names.get(f.member or "", f.member)) for f in former])
        if clear:
            n = len(gone)
            say(ngettext("{n} file was deleted.", "{n} files were deleted.", n).format(n=n))
    if any(a.kind in (JUNK, REQUEST) for a in arrivals) or former:
        raise SystemExit(FINDINGS)


def _remember(arrivals: Sequence[Arrival], store: Store) -> None:
    """That a newest release came by chat or stick: a folder that still has the one before is no alarm."""
    at = now()
    newest: dict[str, tuple[int, int]] = {}
    for seen in store.seen() if any(a.kind == NEW for a in arrivals) else ():
        newest[seen.manifest.member] = max(seen.version, newest.get(seen.manifest.member, (0, 0)))
    came = {a.member for a in arrivals if a.kind == NEW and a.member and newest.get(a.member) == a.version}
    looked.note(store.root, {member: looked.Look(looked.NEW, at, at, sorting.FOLDER) for member in came})


def _under_former_keys(arrivals: Sequence[Arrival], store: Store, path: Path) -> list[Finding]:
    """Of what came: signed with a key of which the last lock knows that it counts no more. Of what was here
    already only what is void: old releases lie in every inbox."""
    try:
        known = locks.read(file_of(path).parent).members
    except InputError:
        return []
    found = []
    for arrival in arrivals:
        seen = store.look_up(arrival.digest) if arrival.digest else None
        locked = known.get(arrival.member or "")
        if seen is None or arrival.kind not in (NEW, KNOWN):
            continue
        finding = former_key(seen, locked)
        void = locked is not None and any(v.covers(*seen.version) for v in locked.voids)
        if finding is not None and (arrival.kind == NEW or void):
            found.append(finding)
    return found


def _show(arrivals: Sequence[Arrival], names: dict[str, str], place: Path, federation: Path) -> None:
    if not arrivals:
        say(_("{path} is empty.").format(path=place))
        return
    releases = [a for a in arrivals if a.kind != JUNK]
    if releases:
        show_table(
            [_("What came"), _("What it is"), _("Whose"), _("Number")],
            [[a.where, translate(_KINDS[a.kind]), _whose(a, names), _number(a)] for a in releases],
        )
        say()
    show_findings([a.finding for a in arrivals if a.kind == JUNK and a.finding])
    if len(arrivals) > 1:
        say(_("In all: {counts}.").format(counts=_in_all(arrivals)))
    asking = len({a.member for a in arrivals if a.kind == REQUEST})
    if asking:
        say(
            ngettext("{n} asks to join.", "{n} ask to join.", asking).format(n=asking)
            + " "
            + _("Nothing of it is shown. Look at it with: {command}").format(
                command=federation_command(federation, "federation", "requests")
            )
        )
    if any(a.kind == NEW for a in arrivals):
        tell(_("Next: {command}").format(command=federation_command(federation, "merge")))


def _in_all(arrivals: Sequence[Arrival]) -> str:
    """How much of what, most welcome first."""
    often: Counter[str] = Counter(a.kind for a in arrivals)
    said = [
        translate(one if often[kind] == 1 else many).format(n=often[kind])
        for kind, (one, many) in _COUNTED.items()
        if often[kind]
    ]
    return ", ".join(said)


def _whose(arrival: Arrival, names: dict[str, str]) -> str:
    return names.get(arrival.member or "", arrival.member or "")


def _number(arrival: Arrival) -> str:
    return release_words(*arrival.version) if arrival.version else ""


def _as_json(arrival: Arrival, names: dict[str, str]) -> dict[str, object]:
    return {
        "where": arrival.where,
        "kind": arrival.kind,
        "member": arrival.member,
        "name": names.get(arrival.member or ""),
        "epoch": arrival.version[0] if arrival.version else None,
        "number": arrival.version[1] if arrival.version else None,
        "release": arrival.digest,
        "code": arrival.code,
    }
