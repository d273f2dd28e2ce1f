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

import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Protocol

import certifi
import httpcore
import httpx

from commons import __version__
from commons.errors import CommonsError
from commons.federation.hosts import may_connect
from commons.federation.links import NotALink, checked, is_number, shown
from commons.messages import N_, translate

NOTHING, UNREACHABLE, SLOW = "E_SOURCE", "E_UNREACHABLE", "E_SLOW"
TLS, ADDRESS, REDIRECT, STATUS = "E_TLS", "E_ADDRESS", "E_REDIRECT", "E_HTTP"
ENCODED, TOO_BIG, STOPPED = "E_ENCODED", "E_TOOBIG", "E_STOPPED"

_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})  # what may be better in a moment
_GONE = frozenset({404, 410})
_MOVED = frozenset({301, 302, 303, 307, 308})
_ETAG = re.compile(r'(W/)?"[\x21\x23-\x7e]{0,200}"')
_MOST_ADDRESSES = 4  # of one name that are tried
_PEEKED = 16 * 1024

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

    `whole` False: reading was ended because the beginning was enough. `url`: where redirects led.
    """

    url: str
    fresh: bool
    etag: str = ""
    whole: bool = True


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

    @cached_property
    def tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
        if self.ca_file is None:  # a system without certificates of its own, or with very old ones
            context.load_verify_locations(certifi.where())
        return context

    @contextmanager
    def asking(self, *, private: bool, ends_at: float | None = None) -> Iterator[Session]:
        """A session for one source; its deadline begins now, or is `ends_at` on the monotonic clock."""
        session = Session(self, private=private, ends_at=ends_at)
        with session.pool:
            yield session


class Session:
    """The questions to one source, under one deadline."""

    def __init__(self, wire: Wire, *, private: bool, ends_at: float | None = None) -> None:
        self.wire, self.private = wire, private
        self.ends_at = time.monotonic() + wire.patience.deadline_s if ends_at is None else ends_at
        self.pool = httpcore.ConnectionPool(
            ssl_context=wire.tls, max_connections=2, http2=False, network_backend=_Judging(self)
        )

    def remaining(self, most: float, source: str = "") -> float:
        """Seconds until the deadline, at most `most`. Raises NotFetched."""
        if self.wire.stop.is_set():
            raise NotFetched(source, STOPPED)
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise NotFetched(source, SLOW)
        return min(left, most)

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a name that may be asked. Raises NotFetched."""
        wait_s = self.remaining(self.wire.patience.connect_s, host)
        found = [host] if is_number(host) else _within(wait_s, lambda: self.wire.resolve(host, port))
        if not found:
            raise NotFetched(host, UNREACHABLE, again=True)
        allowed = [address for address in found if self.wire.judge(address, private=self.private)]
        if not allowed:
            raise NotFetched(host, ADDRESS)
        return allowed[:_MOST_ADDRESSES]

    def get(
        self,
        url: str,
        into: Path,
        *,
        most: int,
        etag: str = "",
        enough: Callable[[Path], bool] = lambda path: False,
    ) -> Answer:
        """Write what `url` gives to the file `into`, at most `most` bytes.

        Args:
            etag: of what is kept from last time; asks for something else only.
            enough: asked once of the first 16 KiB, whether the rest is needed.
        Raises:
            NotFetched: nothing usable came; the file may hold a part.
        """
        at = checked(url)
        for _hop in range(self.wire.patience.redirects + 1):
            with _named(self, at), self.pool.stream("GET", str(at), headers=_headers(etag)) as response:
                if response.status in _MOVED:
                    at = _next(at, response)
                    continue
                return self._take(response, at, into, most, etag, enough)
        raise NotFetched(shown(url), REDIRECT)

    def _take(
        self,
        response: httpcore.Response,
        at: httpx.URL,
        into: Path,
        most: int,
        etag: str,
        enough: Callable[[Path], bool],
    ) -> Answer:
        where = shown(str(at))
        if response.status == 304 and etag:
            return Answer(str(at), False, etag)
        if response.status in _GONE:
            raise NotFetched(where, NOTHING, response.status)
        if response.status != 200:
            raise NotFetched(where, STATUS, response.status, again=response.status in _AGAIN)
        if _header(response, b"content-encoding") not in ("", "identity"):
            raise NotFetched(where, ENCODED)
        length = _header(response, b"content-length")
        if length.isdecimal() and (len(length) > 15 or int(length) > most):
            raise NotFetched(where, TOO_BIG)
        told = _header(response, b"etag")
        kept = told if _ETAG.fullmatch(told) else ""
        return Answer(str(at), True, kept, _write(response.iter_stream(), into, most, where, enough))


def _write(
    chunks: Iterable[bytes], into: Path, most: int, where: str, enough: Callable[[Path], bool]
) -> bool:
    """Whether all of it was read, and not only as much as was enough. Raises NotFetched."""
    size, peeked = 0, False
    with into.open("wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > most:
                raise NotFetched(where, TOO_BIG)
            file.write(chunk)
            if not peeked and size >= _PEEKED:
                peeked = True
                file.flush()
                if enough(into):
                    return False
    return True


def _headers(etag: str) -> list[tuple[str, str]]:
    """No word about who asks but the program's name; no compression, so that sizes are what they seem."""
    found = [("User-Agent", f"commons/{__version__}"), ("Accept", "*/*"), ("Accept-Encoding", "identity")]
    return [*found, ("If-None-Match", etag)] if etag else found


def _header(response: httpcore.Response, name: bytes) -> str:
    values = [value for key, value in response.headers if key.lower() == name]
    return values[0].decode("latin-1").strip() if values else ""


def _next(at: httpx.URL, response: httpcore.Response) -> httpx.URL:
    """Where a redirect leads. Raises NotFetched."""
    location = _header(response, b"location")
    try:
        url = checked(location, base=at) if location else None
    except NotALink as error:
        raise NotFetched(shown(str(at)), REDIRECT) from error
    if url is None or (at.scheme == "https" and url.scheme != "https"):
        raise NotFetched(shown(str(at)), REDIRECT)
    return url


@contextmanager
def _named(session: Session, at: httpx.URL) -> Iterator[None]:
    """Whatever goes wrong on the way, as one kind of error."""
    where = shown(str(at))
    try:
        yield
    except NotFetched as error:
        raise NotFetched(where, error.code, error.status, error.again) from error
    except httpcore.TimeoutException as error:
        session.remaining(1.0, where)  # the deadline itself is worth no other try
        raise NotFetched(where, SLOW, again=isinstance(error, httpcore.ConnectTimeout)) from error
    except httpcore.ConnectError as error:
        why = error.args[0] if error.args else None  # httpcore drops the cause, not what it was made of
        bad = isinstance(why, ssl.SSLError) and not isinstance(why, ssl.SSLEOFError)
        raise NotFetched(where, TLS if bad else UNREACHABLE, again=not bad) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise NotFetched(where, UNREACHABLE, again=True) from error


class _Judging(httpcore.NetworkBackend):
    """Connects only to addresses that were judged, and stops at the session's deadline."""

    def __init__(self, session: Session) -> None:
        self.session, self.plain = session, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self.session.addresses(host, port)
        for n, address in enumerate(addresses):
            wait_s = self.session.remaining(self.session.wire.patience.connect_s, host)
            try:
                return _Timed(self.session, self.plain.connect_tcp(address, port, wait_s))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if n + 1 == len(addresses):
                    raise
        raise httpcore.ConnectError(host)


class _Timed(httpcore.NetworkStream):
    """A connection on which no silence is longer than allowed, and nothing outlasts the deadline."""

    def __init__(self, session: Session, inner: httpcore.NetworkStream) -> None:
        self.session, self.inner = session, inner

    def _wait_s(self) -> float:
        return self.session.remaining(self.session.wire.patience.idle_s)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, self._wait_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, self._wait_s())

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        wait_s = self.session.remaining(self.session.wire.patience.connect_s)
        return _Timed(self.session, self.inner.start_tls(ssl_context, server_hostname, wait_s))

    def get_extra_info(self, info: str) -> object:
        return self.inner.get_extra_info(info)


def _within(seconds: float, ask: Callable[[], Sequence[str]]) -> list[str]:
    """What `ask` gives, or nothing: the system's own patience with a dead name server is not ours."""
    answers: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put(list(ask()))
        except (OSError, UnicodeError):
            answers.put([])

    threading.Thread(target=run, daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except queue.Empty:
        return []
