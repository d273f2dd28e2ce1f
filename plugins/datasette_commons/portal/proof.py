"""The files by which anybody can check the portal or mirror it: pool, lock, root, releases, testimonies.

The same names as a published version has on any web server. Of a pool that was not published, only the pool
and the testimonies about it: what else lies in its folder is the maintainer's.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, BinaryIO

from datasette import NotFound, Response

from commons.pool import witnesses
from datasette_commons.portal.rendering import CACHE_S
from datasette_commons.portal.site import pool_path, site_of

_CHUNK = 256 * 1024
_PUBLISHED = "root.txt"  # only a published version has it
_FILE = re.compile(
    r"commons\.lock|root\.txt|testimonios\.txt|receipts/[a-z2-7]{26}\.json|releases/[0-9a-f]{64}\.entrega"
)
_TYPES = {".db": "application/vnd.sqlite3", ".json": "application/json; charset=utf-8"}
_TEXT, _BYTES = "text/plain; charset=utf-8", "application/octet-stream"
Send = Callable[[dict[str, Any]], Awaitable[None]]


def routes() -> list[tuple[str, Callable[..., Any]]]:
    """For Datasette's `register_routes`."""
    return [(rf"/data\.db$|/(?P<file>{_FILE.pattern})$", answer)]


async def answer(request: Any, datasette: Any) -> Any:
    """One file, as it lies there."""
    name, pool = request.url_vars.get("file"), pool_path(datasette)
    if name is None:
        return FileAnswer(pool)
    if not (pool.parent / _PUBLISHED).is_file():
        if name != witnesses.PUBLISHED:
            raise NotFound("No such file")
        return await _unpublished(datasette, pool)
    path = pool.parent / name
    if not path.is_file() or path.is_symlink():
        raise NotFound("No such file")
    return FileAnswer(path)


async def _unpublished(datasette: Any, pool: Path) -> Response:
    """The testimonies that lie beside a pool."""
    meta = (await site_of(datasette)).meta
    lock, root = str(meta.get("lock") or ""), str(meta.get("root") or "")
    data = await asyncio.to_thread(witnesses.agreeing, pool, lock.encode(), root)
    if not data:
        raise NotFound("No such file")
    return Response(data, headers={"Cache-Control": f"public, max-age={CACHE_S}"}, content_type=_TEXT)


class FileAnswer:
    """A file as an answer: in pieces, so that a large pool needs no memory."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def asgi_send(self, send: Send) -> None:
        with self._path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            await send({"type": "http.response.start", "status": 200, "headers": self._headers(size)})
            await self._body(file, send)

    def _headers(self, size: int) -> list[tuple[bytes, bytes]]:
        kind = _TYPES.get(self._path.suffix, _TEXT if self._path.suffix in (".txt", ".lock") else _BYTES)
        return [
            (b"content-type", kind.encode()),
            (b"content-length", str(size).encode()),
            (b"cache-control", f"public, max-age={CACHE_S}".encode()),
            (b"access-control-allow-origin", b"*"),
        ]

    async def _body(self, file: BinaryIO, send: Send) -> None:
        while data := await asyncio.to_thread(file.read, _CHUNK):
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
