"""One source's questions over the net, under one deadline. Knows no release; `wire` says on whose terms.

Apart from `wire` so that the libraries that speak HTTP and TLS are loaded only where the net is asked: most
federations live in folders, and every command reads a policy.
"""

from __future__ import annotations

import queue
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

import certifi
import httpcore
import httpx

from commons import __version__
from commons.federation.policy.links import NotALink, checked, is_number, shown
from commons.federation.sources.wire import (
    ADDRESS,
    ENCODED,
    NOTHING,
    REDIRECT,
    SLOW,
    STATUS,
    STOPPED,
    TLS,
    TOO_BIG,
    UNREACHABLE,
    Answer,
    NotFetched,
    Wire,
)

_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})  # what may be better in a moment
_GONE = frozenset({404, 410})
_MOVED = frozenset({301, 302, 303, 307, 308})
_ETAG = re.compile(r'(W/)?"[\x21\x23-\x7e]{0,200}"')
_MOST_ADDRESSES = 4  # of one name that are tried
_PEEKED = (16 * 1024, 512 * 1024)  # bytes; the usual head of a release, and more than the longest

Worth = Callable[[Path], int | None]


def _all(_begun: Path) -> int | None:
    return None


_contexts: WeakKeyDictionary[Wire, ssl.SSLContext] = WeakKeyDictionary()  # made once for each run


def _trusted(wire: Wire) -> ssl.SSLContext:
    known = _contexts.get(wire)
    if known is None:
        known = ssl.create_default_context(cafile=str(wire.ca_file) if wire.ca_file else None)
        if wire.ca_file is None:  # a system without certificates of its own, or with very old ones
            known.load_verify_locations(certifi.where())
        _contexts[wire] = known
    return known


@contextmanager
def asking(wire: Wire, *, private: bool, ends_at: float | None = None) -> Iterator[Session]:
    """A session for one source; its deadline begins now, or is `ends_at` on the monotonic clock."""
    session = Session(wire, private=private, ends_at=ends_at)
    with session.pool:
        yield session


class Session:
    """The questions to one source, under one deadline."""

    def __init__(self, wire: Wire, *, private: bool, ends_at: float | None = None) -> None:
        self.wire, self.private = wire, private
        self.ends_at = time.monotonic() + wire.patience.deadline_s if ends_at is None else ends_at
        self.pool = httpcore.ConnectionPool(
            ssl_context=_trusted(wire), max_connections=2, http2=False, network_backend=_Judging(self)
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
        worth: Worth = _all,
    ) -> Answer:
        """Write what `url` gives to the file `into`, at most `most` bytes.

        Args:
            etag: of what is kept from last time; asks for something else only.
            worth: asked of the first 16 KiB how long the whole may be: 0, the rest is not needed; None, the
                beginning does not tell, and it is asked once more of the first 512 KiB.
        Raises:
            NotFetched: nothing usable came; the file may hold a part.
        """
        at = checked(url)
        for _hop in range(self.wire.patience.redirects + 1):
            with _named(self, at), self.pool.stream("GET", str(at), headers=_headers(etag)) as response:
                if response.status in _MOVED:
                    at = _next(at, response)
                    continue
                return self._take(response, at, into, most, etag, worth)
        raise NotFetched(shown(url), REDIRECT)

    def _take(
        self,
        response: httpcore.Response,
        at: httpx.URL,
        into: Path,
        most: int,
        etag: str,
        worth: Worth,
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
        _write(response.iter_stream(), into, most, where, worth)
        return Answer(str(at), True, kept)


def _write(chunks: Iterable[bytes], into: Path, most: int, where: str, worth: Worth) -> None:
    """All of it, or only as much as is enough. Raises NotFetched."""
    size, looks = 0, list(_PEEKED)
    with into.open("wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > most:
                raise NotFetched(where, TOO_BIG)
            file.write(chunk)
            if looks and size >= looks[0]:
                looks = [at for at in looks if at > size]
                file.flush()
                told = worth(into)
                if told == 0:
                    return
                if told is not None:
                    looks, most = [], min(most, told)
    if size > most:
        raise NotFetched(where, TOO_BIG)


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
