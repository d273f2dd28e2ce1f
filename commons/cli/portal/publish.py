"""`commons serve` and `commons publish`: the public's pages, from a pool. Parses, calls, prints."""

from __future__ import annotations

from pathlib import Path

import click

from commons.cli.terminal.output import json_option, now, say, show_json, tell
from commons.commands import command
from commons.messages import N_, ngettext
from commons.messages import translate as _

HOST = "127.0.0.1"
PORT = 8001


@click.command(help=N_("Show a pool as a portal, on this computer."))
@click.argument("pool", type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True)
@click.option("--host", default=HOST, show_default=True)
def serve(pool: Path, port: int, host: str) -> None:
    """POOL is a pool.db, or a folder that commons publish has written."""
    from commons.pool.opening import read_meta
    from commons.portal import following, serving

    read_meta(serving.pool_of(pool))  # say what is wrong before anything listens
    bound = serving.listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{bound.getsockname()[1]}/"
    click.echo(_("The portal is open at {address}").format(address=address))
    click.echo(_("Ctrl+C closes it."))
    following.run(pool, bound)


@click.group(help=N_("Put a portal out where people can reach it."))
def publish() -> None:
    """One subcommand per kind of target."""


@publish.command(help=N_("Publish into a folder: whole versions, one of them shown, the last ones kept."))
@click.option(
    "--pool",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("The pool.db to publish; its lock is in it."),
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help=N_("Where versions are kept."),
)
@click.option(
    "--keep",
    type=click.IntRange(1, 1000),
    help=N_("How many versions are kept; else as federation.yaml says."),
)
@click.option(
    "--federation",
    "-f",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help=N_("The folder of federation.yaml; the pool's own if not given."),
)
@click.option("--rollback", is_flag=True, help=N_("Go back to the version before the one that is shown."))
@json_option
def folder(
    pool: Path | None, out: Path, keep: int | None, federation: Path | None, *, rollback: bool, as_json: bool
) -> None:
    """Nothing that was withdrawn or held since the pool was made is put out."""
    from commons.federation.policy import file as policies
    from commons.merge.editions import Editor
    from commons.pool.opening import read_meta
    from commons.publish import folder as target

    home = federation or (pool.parent if pool is not None else Path())
    editor = Editor(home, now())
    kept = keep or policies.load(home).keep
    if rollback:
        done = target.roll_back(out, editor, keep=kept)
        asked = done.wanted
    else:
        pool = pool or home / "pool.db"
        meta = read_meta(pool)
        done, asked = target.publish(out, meta["lock"].encode(), editor, keep=kept), meta["root"]
    if as_json:
        show_json(
            {"version": done.shown.version, "root": done.shown.root, "new": done.is_new, "kept": done.kept}
        )
        return
    say(_("Shown now: {path}").format(path=out / "current"))
    say(_("root {root}").format(root=done.shown.root))
    if asked != done.shown.root:
        say(_("Since that pool was made something was withdrawn, held or ran out; it is not put out."))
    if editor.rules_changed():
        tell(
            _("federation.yaml was changed after the last merge. What it says now counts with the next one.")
        )
        tell(_("Next: {command}").format(command=command("merge", "-f", home)))
    if not done.is_new:
        say(_("This version was shown already."))
    say(ngettext("{n} version is kept.", "{n} versions are kept.", done.kept).format(n=done.kept))
