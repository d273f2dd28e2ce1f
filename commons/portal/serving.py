"""Serves a pool, or a published folder, as a portal. Does not publish; stops when its task is cancelled.

A published folder's `current` may be swapped at any time: each request looks where it leads, so that a new
version is served from the next request on, and a request that has begun ends on the version it began with.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from commons.errors import InputError
from commons.messages import N_
from commons.pool.opening import NoPool, read_meta
from commons.portal.settings import DATABASE, HEAP_MIB, SETTINGS, inspection, metadata

CURRENT = "current"
INSPECT = "inspect-data.json"
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
    datasette.add_database(Database(datasette, path=str(pool), is_mutable=False), name=DATABASE)
    return datasette


class Following:
    """An ASGI app that serves what a published folder's `current` leads to at the moment."""

    def __init__(self, target: Path, make: Callable[[Path], _App]) -> None:
        self._target = target
        self._make = make
        self._pool = pool_of(target)
        self._app = make(self._pool)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            try:
                pool = pool_of(self._target)
                if pool != self._pool:
                    self._app, self._pool = self._make(pool), pool
            except (NoPool, OSError):  # between two versions nothing changes for the reader
                logging.getLogger("commons.portal").warning("nothing new to serve at %s", self._target)
        await self._app(scope, receive, send)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 is any free one. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        bound.close()
        raise PortTaken(host, port) from error
    return bound


def run(target: Path, bound: socket.socket, *, heap_mib: int | None = HEAP_MIB) -> None:
    """Serve until interrupted. The log names no visitor."""
    import uvicorn

    def make(pool: Path) -> _App:
        app: _App = datasette_for(pool, heap_mib=heap_mib).app()
        return app

    config = uvicorn.Config(
        Following(target, make),
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=True,
        lifespan="off",
        limit_concurrency=200,
        timeout_keep_alive=10,
        h11_max_incomplete_event_size=16 * 1024,
    )
    uvicorn.Server(config).run(sockets=[bound])
