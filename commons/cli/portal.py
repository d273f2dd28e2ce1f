"""`commons serve` and `commons publish`: the public's pages, from a pool. Parses, calls, prints."""

from __future__ import annotations

from pathlib import Path

import click

from commons.messages import N_
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
    from commons.portal import serving

    read_meta(serving.pool_of(pool))  # say what is wrong before anything listens
    bound = serving.listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{bound.getsockname()[1]}/"
    click.echo(_("The portal is open at {address}").format(address=address))
    click.echo(_("Ctrl+C closes it."))
    serving.run(pool, bound)
