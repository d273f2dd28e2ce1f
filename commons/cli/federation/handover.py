"""`commons federation handover, takeover`: pass a federation on, and go on with it elsewhere."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from commons.cli.federation.options import file_of, file_option
from commons.cli.terminal.output import json_option, now, say, show_json, tell
from commons.commands import word
from commons.federation.policy import file as policies
from commons.messages import N_, in_language, translate
from commons.messages import translate as _
from commons.review import handover as handing
from commons.review.handover import FolderInUse, Packed


@click.command(
    help=N_(
        "Pack the federation into one file, for whoever goes on with it: its rules, the lock, the releases"
        " that it uses, join requests, what is still to be decided.\n\n"
        "There is no key in it, nothing that was withdrawn or is held back, and not publish.yaml. Whoever"
        " unpacks it gets the same root with: commons merge --locked"
    ),
    short_help=N_("Pack the federation for whoever goes on with it."),
)
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@file_option
@json_option
def handover(out: Path, path: Path, as_json: bool) -> None:
    if out.exists():
        raise FolderInUse(str(out))
    held = policies.load(path).holds  # before anything is written
    packed = handing.pack(file_of(path).parent, out, at=now())
    if as_json:
        show_json(dataclasses.asdict(packed))
        return
    say(_("Packed: {path}").format(path=out))
    _show(packed)
    tell(_("Whoever goes on with it: commons federation takeover {path} FOLDER").format(path=word(out.name)))
    if any(hold.reason for hold in held):
        tell(
            _("The reasons of your holds go along in clear, in its federation.yaml: give it to nobody else.")
        )
    tell(_("Your publish.yaml stays here: it may hold the passwords of a server."))


@click.command(
    help=N_(
        "Unpack a federation that somebody handed over, into a new folder. Every release is proven again.\n\n"
        "Compare the root with whoever gave it to you, then see that you get the same with:"
        " commons merge --locked"
    ),
    short_help=N_("Go on with a federation that was handed over."),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
def takeover(file: Path, folder: Path, as_json: bool) -> None:
    packed = handing.unpack(file, folder)
    if as_json:
        show_json(dataclasses.asdict(packed))
        return
    say(_("The federation is here: {path}").format(path=folder))
    _show(packed)
    tell(_("Next: commons merge --locked -f {path}").format(path=word(folder)))
    tell(
        _("Sources that are folders are looked for beside the new federation.yaml: look whether they exist.")
    )


def _show(packed: Packed) -> None:
    say(in_language(packed.name))
    for n, one, many in (
        (packed.members, N_("{n} member"), N_("{n} members")),
        (packed.releases, N_("{n} release"), N_("{n} releases")),
        (packed.requests, N_("{n} release of who asks to join"), N_("{n} releases of who asks to join")),
        (packed.mappings, N_("{n} mapping"), N_("{n} mappings")),
        (
            packed.waiting,
            N_("{n} release that waits for a person"),
            N_("{n} releases that wait for a person"),
        ),
    ):
        if n:
            say("  " + translate(one if n == 1 else many).format(n=n))
    if packed.root:
        say("  " + _("root {root}").format(root=packed.root))
