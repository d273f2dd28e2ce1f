"""What keeps a portal standing: bounds on connections, requests and answers. Knows no page.

Law: what a visitor sends can make this process neither write, nor open another file, nor take memory
without bound; and no answer tells a path of this machine, sets a cookie or lets another host in.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from datasette_commons.csv_guard import CsvGuard

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

MAX_VALUE_BYTES = 4 * 1024 * 1024
MAX_SQL_BYTES = 20_000
MAX_PATH_BYTES = 1_024
MAX_QUERY_BYTES = 4_096

# They build large values out of small ones, or reach outside. A heap limit alone leaves printf spinning.
REFUSED_FUNCTIONS = frozenset(
    [
        "printf",
        "format",
        "zeroblob",
        "randomblob",
        "replace",
        "hex",
        "quote",
        "concat",
        "concat_ws",
        "group_concat",
        "string_agg",
        "json_group_array",
        "json_group_object",
        "jsonb_group_array",
        "jsonb_group_object",
        "load_extension",
        "fts3_tokenizer",
        "readfile",
        "writefile",
        "edit",
    ]
)
ALLOWED_ACTIONS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ})
ALLOWED_PRAGMAS = frozenset(
    [
        "table_info",
        "table_xinfo",
        "foreign_key_list",
        "index_list",
        "index_info",
        "index_xinfo",
        "schema_version",
        "database_list",
        "data_version",
    ]
)

# The only inline script of Datasette's pages that we keep (templates/datasette/base.html drops the rest).
_INLINE_SCRIPTS = ("DATASETTE_ALLOW_FACET = true;", "DATASETTE_ALLOW_FACET = false;")
_HASHES = " ".join(
    "'sha256-" + base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() + "'" for s in _INLINE_SCRIPTS
)
_COMMON = (
    "default-src 'none'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
PAGES_POLICY = f"{_COMMON}; style-src 'self'; script-src 'self'; connect-src 'self'"
# Datasette writes colours into style attributes and column names into a <style>: no hash can cover those.
DATA_POLICY = f"{_COMMON}; style-src 'self' 'unsafe-inline'; script-src 'self' {_HASHES}; connect-src 'self'"

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(self), interest-cohort=()"),
)
_DROPPED_ANSWER_HEADERS = frozenset(
    # `link` repeats the Host header of whoever asked: a cache would hand it on
    {b"set-cookie", b"x-databases", b"server", b"link"}
)
_DROPPED_REQUEST_HEADERS = frozenset({b"cookie", b"authorization"})
# Datasette's own rooms that tell paths, settings or versions, or expect somebody to log in.
_HIDDEN = re.compile(r"/(-/(?!static/|commons/)|-$|_internal|_memory|:memory:)")


def harden_connection(conn: sqlite3.Connection, *, heap_mib: int | None) -> None:
    """Bound one connection; `heap_mib` bounds SQLite's memory for the whole process (it cannot be raised)."""
    conn.execute("PRAGMA query_only = 1")
    conn.execute("PRAGMA trusted_schema = 0")
    conn.execute("PRAGMA mmap_size = 0")
    if heap_mib:
        conn.execute(f"PRAGMA hard_heap_limit = {int(heap_mib) * 1024 * 1024}")
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
    conn.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, MAX_SQL_BYTES)
    conn.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    conn.setlimit(sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 100)
    conn.setlimit(sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 20)
    conn.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200)
    conn.setlimit(sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 0)
    conn.setlimit(sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0)
    conn.set_authorizer(_permit)


def _permit(action: int, first: str | None, second: str | None, _db: str | None, _via: str | None) -> int:
    if action in ALLOWED_ACTIONS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION:
        refused = (second or "").lower() in REFUSED_FUNCTIONS
        return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA:
        return sqlite3.SQLITE_OK if (first or "").lower() in ALLOWED_PRAGMAS else sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_UPDATE and first == "sqlite_master":
        return sqlite3.SQLITE_OK  # how a virtual table declares its columns; writing there stays impossible
    return sqlite3.SQLITE_DENY


class HardenedApp:
    """An ASGI app around Datasette's: refuses early what no page needs, and mends every answer's headers."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = str(scope.get("path", ""))
        refusal = _refusal(scope, path)
        answer = _Answer(send, path)
        if refusal:
            await _say(answer, *refusal)
            return
        headers = [(k, v) for k, v in scope.get("headers", []) if k.lower() not in _DROPPED_REQUEST_HEADERS]
        await self.app({**scope, "headers": headers}, receive, answer)


def _refusal(scope: MutableMapping[str, Any], path: str) -> tuple[int, str] | None:
    if scope.get("method") not in ("GET", "HEAD"):
        return 405, "This portal can only be read. · Este portal solo se lee.\n"
    raw = scope.get("raw_path") or path.encode()
    if len(raw) > MAX_PATH_BYTES or len(scope.get("query_string", b"")) > MAX_QUERY_BYTES:
        return 414, "That address is too long. · Esa dirección es demasiado larga.\n"
    if _HIDDEN.match(path) or b"\x00" in raw or "\x00" in path:
        return 404, "Nothing is here. · Aquí no hay nada.\n"
    return None


async def _say(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    if status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


class _Answer:
    """Passes messages on, with our headers; guards cells of CSV answers."""

    def __init__(self, send: Send, path: str) -> None:
        self.send = send
        self.policy = (
            DATA_POLICY if path == "/data" or path.startswith(("/data/", "/data.")) else PAGES_POLICY
        )
        self.is_data = self.policy is DATA_POLICY
        self.csv = CsvGuard() if self.is_data and path.endswith(".csv") else None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self.send({**message, "headers": self._headers(message.get("headers", []))})
        elif self.csv is not None and message["type"] == "http.response.body":
            last = not message.get("more_body", False)
            body = self.csv.feed(message.get("body", b""), last=last)
            await self.send({**message, "body": body})
        else:
            await self.send(message)

    def _headers(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        drop = set(_DROPPED_ANSWER_HEADERS)
        if self.csv is not None:
            drop.add(b"content-length")  # a guarded answer is longer
        kept = []
        for name, value in headers:
            name = name.lower()
            if name == b"vary":  # cookies never reach the pages, so no answer varies by them
                value = b", ".join(
                    v for v in value.replace(b" ", b"").split(b",") if v not in (b"Cookie", b"Authorization")
                )
            if name not in drop and (name != b"vary" or value):
                kept.append((name, value))
        if self.is_data:
            kept.append((b"x-robots-tag", b"noindex"))
        return [*kept, (b"content-security-policy", self.policy.encode()), *_HEADERS]
