"""Serves what a pool, or a published folder, shows at this moment. Does not publish, and starts no server.

Law: each request is answered by one version, whole, and by what is shown when it comes. So before anything is
answered one looks where `current` leads (a few calls to the disk); where it leads elsewhere than before,
the new version is opened beside the old one, and whoever comes meanwhile waits for it. A request that has
begun ends on the version it began with; the last one to leave an old version closes it.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from typing import Any

from commons.errors import CommonsError
from commons.pool.opening import NoPool
from commons.portal.serving import datasette_for, pool_of
from commons.portal.settings import DATABASE, HEAP_MIB

PATIENCE_S = 30.0  # a reader waits so long for a new version, then gets the one before
AGAIN_S = 10.0  # a version that could not be opened is tried again
_TRIES = 3  # somebody may publish again while we open
_log = logging.getLogger("commons.portal")
_App = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]
_Place = tuple[Path, int, int, int]


def _place(target: Path) -> _Place:
    """What is shown now: the file, and which one of that name. Raises NoPool, OSError."""
    path = pool_of(target)
    status = path.stat()
    return path, status.st_dev, status.st_ino, status.st_mtime_ns


@dataclass(eq=False, slots=True)
class _Version:
    """One pool, opened, and how many requests are being answered out of it."""

    place: _Place
    datasette: Any
    app: _App
    readers: int = 0
    retired: bool = False

    @classmethod
    def open(cls, place: _Place, heap_mib: int | None) -> _Version:
        datasette = datasette_for(place[0], heap_mib=heap_mib)
        return cls(place, datasette, datasette.app())

    async def warm(self) -> bool:
        """Open the file once for each thread, and read what every page needs; gives whether it can be shown.

        Later there may be another file of that name, or none: publishing lets go of old versions.
        """
        database, n = self.datasette.get_database(DATABASE), self.datasette.setting("num_sql_threads")
        together = threading.Barrier(n)
        await asyncio.gather(*(database.execute_fn(lambda _: together.wait(PATIENCE_S)) for _ in range(n)))
        return bool((await self.datasette.client.get("/es/")).status_code == 200)

    def close(self) -> None:
        """Let go of the file: deleted, it would fill the disk for as long as somebody holds it open."""
        self.datasette.executor.shutdown(wait=True)
        for database in self.datasette.databases.values():
            database.close()


@dataclass(eq=False, slots=True)
class Following:
    """An ASGI app over `target`: a pool.db, or a published folder whose `current` may be swapped at any time.

    Raises what `datasette_for` raises, for what is shown first.
    """

    target: Path
    heap_mib: int | None = HEAP_MIB
    _version: _Version = field(init=False)
    _opening: asyncio.Task[None] | None = field(default=None, init=False)
    _refused: tuple[_Place, float] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._version = _Version.open(_place(self.target), self.heap_mib)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        version = await self._current()
        version.readers += 1
        try:
            await version.app(scope, receive, send)
        finally:
            version.readers -= 1
            await _close_if_left(version)

    async def _current(self) -> _Version:
        """The version that is shown; the one before only where the new one cannot be opened, or not soon."""
        if self._another() is not None:
            if self._opening is None or self._opening.done():
                self._opening = asyncio.create_task(self._swap())
            await asyncio.wait([self._opening], timeout=PATIENCE_S)
        return self._version

    def _another(self) -> _Place | None:
        """What is shown now and is not open yet."""
        try:
            place = _place(self.target)
        except (NoPool, OSError):  # gone, or not there at this moment: what is open still answers
            return None
        if self._refused is not None and self._refused[0] == place and time.monotonic() < self._refused[1]:
            return None
        return place if place != self._version.place else None

    async def _swap(self) -> None:
        for _again in range(_TRIES):
            if (place := self._another()) is None:
                return
            try:
                fresh = await asyncio.to_thread(_Version.open, place, self.heap_mib)
            except (CommonsError, OSError, sqlite3.Error):
                self._refuse(place)
                return
            try:
                good = await fresh.warm()
            except (OSError, sqlite3.Error, threading.BrokenBarrierError):  # its file went meanwhile, say
                good = False
            if self._another() != place:  # its threads may have opened two different files
                await asyncio.to_thread(fresh.close)
            elif not good:
                self._refuse(place)
                await asyncio.to_thread(fresh.close)
            else:
                old, self._version = self._version, fresh
                old.retired = True
                await _close_if_left(old)

    def _refuse(self, place: _Place) -> None:
        _log.error("the new version cannot be served: %s", place[0], exc_info=True)
        self._refused = place, time.monotonic() + AGAIN_S

    async def _live(self, receive: Any, send: Any) -> None:
        """The server's beginning and end: what every page needs is read before the first reader comes."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._version.warm()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _close_if_left(version: _Version) -> None:
    if version.retired and not version.readers:
        with suppress(RuntimeError):  # the loop may be ending
            await asyncio.to_thread(version.close)


def run(target: Path, bound: socket, *, heap_mib: int | None = HEAP_MIB) -> None:
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
