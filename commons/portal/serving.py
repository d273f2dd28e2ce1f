"""Serves a pool, or a published folder, as a portal. Does not publish; stops when its task is cancelled.

A published folder's `current` may be swapped at any time: each request looks where it leads, a new version is
opened beside the old one, and a request that has begun ends on the version it began with.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from commons.errors import CommonsError, InputError
from commons.messages import N_
from commons.pool.opening import NoPool, read_meta
from commons.portal.settings import DATABASE, HEAP_MIB, SETTINGS, inspection, metadata

CURRENT = "current"
INSPECT = "inspect-data.json"
_log = logging.getLogger("commons.portal")
_App = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]


@dataclass(eq=False)
class PortTaken(InputError):
    """Something else listens there, or nobody may."""

    host: str
    port: int
    template: ClassVar[str] = N_("Nothing can be served at {host}, port {port}: it is taken or not allowed.")
    hint_template: ClassVar[str] = N_("Choose another one with --port, or 0 for any that is free.")


def pool_of(target: Path) -> Path:
    """The pool.db to serve: the file itself, or what a published folder shows now. Raises NoPool."""
    if target.is_file():
        return target
    for folder in (target / CURRENT, target):
        for name in (f"{DATABASE}.db", "pool.db"):
            if (folder / name).is_file():
                return (folder / name).resolve()
    raise NoPool(str(target))


def datasette_for(pool: Path, *, heap_mib: int | None = HEAP_MIB, base_url: str = "/") -> Any:
    """A hardened Datasette over one pool, which it serves as `/data`.

    Raises what `read_meta` raises. `heap_mib` bounds SQLite's memory in this whole process, for good; None
    leaves it alone.
    """
    from datasette.app import Datasette
    from datasette.database import Database

    meta = read_meta(pool)
    beside = pool.parent / INSPECT
    known = json.loads(beside.read_bytes()) if beside.is_file() else inspection(pool)
    datasette = Datasette(
        files=[],
        inspect_data=known,
        metadata=metadata(meta.get("federation") or {}, heap_mib=heap_mib),
        settings={**SETTINGS, "base_url": base_url},
    )
    datasette.remove_database("_memory")  # it comes with an empty list of files
    # Datasette puts the path into a URI as it is; its size and digest come from the inspection.
    database = Database(datasette, path=quote(str(pool)), is_mutable=False)
    datasette.add_database(database, name=DATABASE)
    return datasette


class Following:
    """An ASGI app that serves what a published folder's `current` leads to."""

    def __init__(self, target: Path, *, heap_mib: int | None = HEAP_MIB) -> None:
        self._target, self._heap_mib = target, heap_mib
        self._pool = pool_of(target)
        self._datasette, self._app = self._open(self._pool)
        self._swapping: asyncio.Task[None] | None = None

    def _open(self, pool: Path) -> tuple[Any, _App]:
        datasette = datasette_for(pool, heap_mib=self._heap_mib)
        return datasette, datasette.app()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        self._look()
        await self._app(scope, receive, send)

    def _look(self) -> None:
        """Begin to open a new version; readers get the old one until the new one has answered once."""
        try:
            pool = pool_of(self._target)
        except (NoPool, OSError):
            return
        if pool != self._pool and (self._swapping is None or self._swapping.done()):
            self._swapping = asyncio.create_task(self._swap(pool))

    async def _swap(self, pool: Path) -> None:
        try:
            datasette, app = await asyncio.to_thread(self._open, pool)
            await _warm(datasette)
        except (CommonsError, OSError):
            _log.exception("the new version cannot be served: %s", pool)
            return
        self._datasette, self._app, self._pool = datasette, app, pool

    async def _live(self, receive: Any, send: Any) -> None:
        """The server's beginning and end: what every page needs is read before the first reader comes."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await _warm(self._datasette)
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _warm(datasette: Any) -> None:
    await datasette.client.get("/es/")


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(128)  # from now on the address answers; whoever comes before the server waits
    except (OSError, OverflowError) as error:
        bound.close()
        raise PortTaken(host, port) from error
    return bound


def run(target: Path, bound: socket.socket, *, heap_mib: int | None = HEAP_MIB) -> None:
    """Serve until interrupted. The log names no visitor."""
    import uvicorn

    config = uvicorn.Config(
        Following(target, heap_mib=heap_mib),
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=True,
        lifespan="on",
        limit_concurrency=200,
        timeout_keep_alive=10,
        h11_max_incomplete_event_size=16 * 1024,
    )
    uvicorn.Server(config).run(sockets=[bound])
