"""`commons federation fetch`, and how `merge` asks the net: options, progress, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from commons.cli.federation.member_states import standings
from commons.cli.federation.options import federation_command, file_of, file_option
from commons.cli.terminal.output import (
    FINDINGS,
    findings_json,
    json_option,
    now,
    progress,
    say,
    show_findings,
    show_json,
    show_table,
)
from commons.federation import lock as locks
from commons.federation.policy import file as policies
from commons.federation.policy.called import member_called
from commons.federation.sources.fetching import Net
from commons.federation.sources.look import fetch as fetch_sources
from commons.federation.sources.wire import Patience, Wire
from commons.federation.store.folder import Store
from commons.findings import KINDS
from commons.messages import N_
from commons.messages import translate as _

deadline_option = click.option(
    "--deadline",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    default=int(Patience().deadline_s),
    show_default=True,
    help=N_("How long one member's source on the net may take."),
)
offline_option = click.option(
    "--offline", is_flag=True, help=N_("Ask nothing on the net; use what was fetched before.")
)


def net(*, offline: bool, deadline: float) -> Net | None:
    """The net as this run asks it."""
    return None if offline else Net(Wire(Patience(deadline_s=deadline)), now())


@contextmanager
def fetching_progress() -> Iterator[Callable[[int, int], None]]:
    """Within the block, `told(done, all)` moves a line on stderr."""
    with progress(_("Looking at members' sources")) as advance:
        yield lambda done, all: advance(1)


@click.command(
    help=N_(
        "Look at the members' sources now and keep what is new, without merging.\n\n"
        "Name members to look only at theirs."
    ),
    short_help=N_("Fetch what is new from the members' sources."),
)
@click.argument("members", nargs=-1, metavar="[MEMBER]...")
@deadline_option
@file_option
@json_option
def fetch(members: tuple[str, ...], deadline: float, path: Path, as_json: bool) -> None:
    policy = policies.load(path)
    folder, store = file_of(path).parent, Store.beside(path)
    only = {member_called(policy, name).id for name in members} or None
    with store.writing(), fetching_progress() as told:
        found = fetch_sources(
            policy, folder, store, net=net(offline=False, deadline=deadline), only=only, progress=told
        )
    lock = locks.read(folder) if (folder / locks.FILE_NAME).exists() else None
    names = {m.id: m.name for m in policy.members}
    standing = standings(names, lock, store, found.looks)
    shown = [m for m in policy.members if only is None or m.id in only]
    if as_json:
        show_json(
            {
                "members": {
                    m.id: {**standing[m.id].to_json(), "arrived": found.arrived.get(m.id, [])} for m in shown
                },
                "findings": findings_json(found.findings),
            }
        )
    else:
        rows = [
            [m.name, standing[m.id].word, standing[m.id].used(now()), str(len(found.arrived.get(m.id, [])))]
            for m in shown
        ]
        show_table([_("Member"), _("State"), _("In use"), _("New")], rows)
        say()
        show_findings([replace(f, member=names.get(f.member or "", f.member)) for f in found.findings])
        if found.arrived:
            say(_("Next: {command}").format(command=federation_command(path, "merge")))
    if any(KINDS[f.code].level != "note" for f in found.findings):
        raise SystemExit(FINDINGS)
