"""Asks a web server for one file, on the terms of whoever asks. Knows nothing of releases.

A server may be slow, broken or hostile, so nothing here trusts it:
- One deadline covers a whole source: looking its name up, connecting, redirects, every file, every byte.
- A name is looked up once for each connection, each address is judged (`hosts`), and the connection goes to
  the address that was judged: a DNS that changes its mind between two questions is asked only one. The
  certificate is checked for the name.
- Bodies go to a file as they were sent: nothing is decompressed, nothing beyond the size allowed is read.
- Redirects are followed one by one, each judged like a first address; never from https to http.
- No proxy, cookie, password or variable of the environment takes part.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from commons.errors import CommonsError
from commons.federation.sources.hosts import may_connect
from commons.messages import N_, translate

NOTHING, UNREACHABLE, SLOW = "E_SOURCE", "E_UNREACHABLE", "E_SLOW"
TLS, ADDRESS, REDIRECT, STATUS = "E_TLS", "E_ADDRESS", "E_REDIRECT", "E_HTTP"
ENCODED, TOO_BIG, STOPPED = "E_ENCODED", "E_TOOBIG", "E_STOPPED"

_WHY = {
    NOTHING: N_("there is nothing at this address"),
    UNREACHABLE: N_("nobody answers there"),
    SLOW: N_("it took too long"),
    TLS: N_("its certificate does not prove who it is"),
    ADDRESS: N_("it leads into a private network or to a reserved address"),
    REDIRECT: N_("it sends on and on, or to a place that is not followed"),
    STATUS: N_("it answers with an error"),
    ENCODED: N_("it sends compressed files, which were not asked for"),
    TOO_BIG: N_("it is longer than a release can be"),
    STOPPED: N_("the program was stopped"),
    "E_WEBPAGE": N_("a web page is there, not a release"),
    "E_NOGIT": N_("it is a git repository, and here is no git (2.37 or newer)"),
}

Resolve = Callable[[str, int], Sequence[str]]


class Judge(Protocol):
    """Says whether a numeric address may be asked; `private`: the maintainer allows one's own network."""

    def __call__(self, text: str, *, private: bool) -> bool: ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long this machine waits and how much it asks at once: no rule of the protocol.

    `deadline_s` is for one source of one member, whatever happens; `idle_s` for one silence within it.
    """

    deadline_s: float = 300.0
    idle_s: float = 30.0
    connect_s: float = 10.0
    redirects: int = 5
    tries: int = 3
    pause_s: float = 1.0  # before the second try; twice as long before the third
    at_once: int = 16


@dataclass(eq=False)
class NotFetched(CommonsError):
    """A source gave nothing that can be used. `code` is a finding's; `again`: another try may do."""

    source: str
    code: str
    status: int = 0
    again: bool = False
    template: ClassVar[str] = N_("«{source}» gave nothing: {reason} ({code}).")
    hint_template: ClassVar[str] = N_("See whether it opens in a browser, and try again later.")

    def _details(self) -> dict[str, object]:
        return {**super()._details(), "reason": translate(_WHY.get(self.code, _WHY[UNREACHABLE]))}

    @property
    def details(self) -> dict[str, str | int]:
        return {"status": self.status} if self.status else {}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one question. `fresh` False: the server says that what `etag` names is unchanged.

    `url`: where redirects led.
    """

    url: str
    fresh: bool
    etag: str = ""


def look_up(host: str, port: int) -> list[str]:
    """The numeric addresses of a name, in the order in which the system would try them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Wire:
    """How this machine asks.

    `ca_file`: certificates to trust instead of the usual ones. `judge`: whether an address may be asked.
    """

    patience: Patience = field(default_factory=Patience)
    resolve: Resolve = look_up
    ca_file: Path | None = None
    judge: Judge = may_connect
    stop: threading.Event = field(default_factory=threading.Event)
