"""Servers that a hostile member's source names, for the table; tests/federation tries many more of them.

Each runs in a process of its own, so that what it costs is not counted; `asking` is how the merge meets it.
Names lead to this computer, and 127.0.0.2 stands for the world outside, which may be asked.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from commons.federation.sources.fetching import Net
from commons.federation.sources.hosts import may_connect
from commons.federation.sources.wire import Patience, Wire

HURRY = Patience(deadline_s=4.0, idle_s=2.0, connect_s=2.0, tries=2, pause_s=0.05)
OUTSIDE, INSIDE = "127.0.0.2", "127.0.0.1"
OK = b"HTTP/1.1 200 OK\r\n\r\n"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
AWAY = b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/x\r\nContent-Length: 0\r\n\r\n"


def _drip() -> Iterator[bytes]:
    yield OK
    while True:
        yield b"x"
        time.sleep(0.2)


def _endless() -> Iterator[bytes]:
    """It begins as a release does."""
    from tests.hostile.deliveries import whole

    yield OK + whole()
    while True:
        yield bytes(1024 * 1024)


def _endless_junk() -> Iterator[bytes]:
    yield OK
    while True:
        yield bytes(1024 * 1024)


TALKS: Mapping[str, tuple[str, Callable[[], Iterator[bytes]]]] = {
    "server: a drop at a time": ("E_SLOW", _drip),
    "server: an endless body": ("E_TOOBIG", _endless),
    "server: an endless body that begins as nothing": ("E_CONTAINER", _endless_junk),
    "server: a redirect to the inside": ("E_ADDRESS", lambda: iter([AWAY])),
    "server: a name that changes its mind": ("E_ADDRESS", lambda: iter([BUSY])),
}


def serve(name: str, folder: Path) -> None:
    """Run the server until whoever started it hangs up; prints its address. `folder`: of its authority."""
    import tests.hostile.deliveries  # noqa: F401  before anybody waits for an answer
    from tests.federation.serving import HOST, Authority, Site, raw

    folder.mkdir(parents=True)

    def talk(connection: socket.socket, _site: Site) -> None:
        for part in TALKS[name][1]():
            connection.sendall(part)

    with raw(Authority.new(folder).context(HOST), talk, at=OUTSIDE) as site:
        print(site.url("/x"), flush=True)
        sys.stdin.read()


def asking(name: str, folder: Path, at: datetime) -> Net:
    """The net as the merge finds it."""
    answers = [[OUTSIDE], [INSIDE]] if "mind" in name else []

    def resolve(_host: str, _port: int) -> list[str]:
        return answers.pop(0) if answers else [INSIDE if "mind" in name else OUTSIDE]

    def judge(address: str, **rules: Any) -> bool:
        return address == OUTSIDE or may_connect(address, **rules)

    return Net(Wire(HURRY, resolve, folder / "ca.pem", judge), at)
