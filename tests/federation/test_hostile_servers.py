"""Servers that are broken or hostile: each ends in its code and in time, and the last good release stays."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from commons.federation.policy import file as policy
from commons.federation.sources import looked
from commons.federation.sources.fetching import Net
from commons.federation.sources.hosts import may_connect
from commons.federation.sources.look import fetch
from commons.federation.sources.taking import Fetched
from commons.federation.sources.wire import Wire
from commons.federation.store.folder import Store
from commons.format import container
from tests.federation.serving import AT, HOST, HURRY, Authority, Site, files, net, raw
from tests.hostile.making import Member, place, release

ANA, LUZ = Member("ana"), Member("luz")
GOOD, NEWER = release(ANA, [place("a")]), release(ANA, [place("b")], number=2)
FILE = container.to_bytes(NEWER)
BOMB = gzip.compress(bytes(20_000_000), 1)
SECONDS = 8.0  # of which a busy machine may take half


def answer(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join(["HTTP/1.1 " + lines[0], *lines[1:], "", ""]).encode() + body


def drip(data: bytes, pause_s: float = 0.2) -> Iterator[bytes]:
    for n in range(len(data)):
        yield data[n : n + 1]
        time.sleep(pause_s)


def endless(chunk: bytes) -> Iterator[bytes]:
    while True:
        yield chunk


def redirect(where: str, status: str = "302 Found") -> bytes:
    return answer(status, f"Location: {where}", "Content-Length: 0")


LONG = f"Content-Length: {len(FILE)}"
Said = Callable[[Site], bytes | Iterator[bytes]]
TALKS: dict[str, tuple[str, Said]] = {
    "silent": ("E_SLOW", lambda site: drip(b"x" * 9, 9)),
    "drips_its_headers": ("E_SLOW", lambda site: drip(answer("200 OK", LONG, body=FILE))),
    "drips_its_body": ("E_SLOW", lambda site: drip(FILE) if site.asked == [] else _then_drip()),
    "never_ends": ("E_TOOBIG", lambda site: _first(answer("200 OK"), endless(FILE[:4096] * 256))),
    "never_ends_and_begins_as_no_release": (
        "E_CONTAINER",
        lambda site: _first(answer("200 OK"), endless(bytes(1024 * 1024))),
    ),
    "never_ends_its_page": (
        "E_WEBPAGE",
        lambda site: _first(answer("200 OK"), endless(b"<!doctype html><p>Hola" * 4096)),
    ),
    "never_ends_its_headers": (
        "E_UNREACHABLE",
        lambda site: _first(b"HTTP/1.1 200 OK\r\n", endless(b"X-A: b\r\n" * 4096)),
    ),
    "never_ends_its_continues": (
        "E_SLOW|E_UNREACHABLE",
        lambda site: endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 64),
    ),
    "announces_too_much": ("E_TOOBIG", lambda site: answer("200 OK", "Content-Length: 999999999999")),
    "gzip_bomb": (
        "E_ENCODED",
        lambda site: answer("200 OK", "Content-Encoding: gzip", body=BOMB),
    ),
    "longer_than_said": ("E_CONTAINER", lambda site: answer("200 OK", "Content-Length: 3000", body=FILE)),
    "shorter_than_said": ("E_UNREACHABLE", lambda site: answer("200 OK", LONG, body=FILE[:5000])),
    "closes_midway": ("E_UNREACHABLE", lambda site: answer("200 OK", LONG)),
    "closes_at_once": ("E_UNREACHABLE", lambda site: b""),
    "cut_without_a_length": ("E_CONTAINER", lambda site: answer("200 OK", body=FILE[:5000])),
    "broken_chunks": (
        "E_UNREACHABLE",
        lambda site: answer("200 OK", "Transfer-Encoding: chunked", body=b"zz\r\nx"),
    ),
    "no_http": ("E_UNREACHABLE", lambda site: b"SSH-2.0-OpenSSH_9.2\r\n" * 20),
    "length_that_is_none": ("E_UNREACHABLE", lambda site: answer("200 OK", "Content-Length: -1", body=b"x")),
    "web_page": ("E_WEBPAGE", lambda site: answer("200 OK", body=b"\n<!doctype html><p>Hola")),
    "junk": ("E_CONTAINER", lambda site: answer("200 OK", body=b"\xff\xd8 una foto")),
    "empty": ("E_CONTAINER", lambda site: answer("200 OK", "Content-Length: 0")),
    "unchanged_since_never": ("E_HTTP", lambda site: answer("304 Not Modified")),
    "part_of_it": ("E_HTTP", lambda site: answer("206 Partial Content", LONG, body=FILE)),
    "forbidden": ("E_HTTP", lambda site: answer("403 Forbidden", "Content-Length: 0")),
    "always_busy": ("E_HTTP", lambda site: answer("503 Busy", "Retry-After: 9999", "Content-Length: 0")),
    "gone": ("E_SOURCE", lambda site: answer("410 Gone", "Content-Length: 0")),
    "redirect_loop": ("E_REDIRECT", lambda site: redirect(site.url("/again"))),
    "redirect_to_itself_without_encryption": ("E_REDIRECT", lambda site: redirect(f"http://{HOST}/x")),
    "redirect_to_a_file": ("E_REDIRECT", lambda site: redirect("file:///etc/passwd")),
    "redirect_with_a_password": ("E_REDIRECT", lambda site: redirect(f"https://ana:clave@{HOST}/")),
    "redirect_nowhere": ("E_REDIRECT", lambda site: answer("302 Found", "Content-Length: 0")),
    "redirect_to_a_cloud's_secrets": ("E_ADDRESS", lambda site: redirect("https://169.254.169.254/latest/")),
    "redirect_through_ipv6": ("E_ADDRESS", lambda site: redirect("https://[::ffff:169.254.169.254]/")),
}


def _then_drip() -> Iterator[bytes]:
    yield answer("200 OK", LONG)
    yield from drip(FILE)


def _first(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def rules(where: str, *, private: bool = True) -> policy.Policy:
    allowed = f"allow_private_hosts: {str(private).lower()}"
    return policy.parse(f"name: x\nmembers: [{{id: {ANA.id}, name: A, sources: ['{where}'], {allowed}}}]\n")


def look(folder: Path, where: str, asked: Net, *, private: bool = True) -> Fetched:
    store = Store(folder / "store")
    store.put(GOOD)
    began = time.monotonic()
    found = fetch(rules(where, private=private), folder, store, net=asked)
    assert time.monotonic() - began < SECONDS
    assert [s.digest for s in store.seen() if s.digest == GOOD.digest], "the last good release is gone"
    assert not (folder / "store" / "fetching").exists()
    return found


@pytest.mark.parametrize("name", TALKS)
def test_a_hostile_server_ends_in_its_code_and_in_time(
    name: str, tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """Nothing of it is taken up, the sentence names the member and the address, the state says which way."""
    codes, said = TALKS[name]

    def talk(connection: socket.socket, site: Site) -> None:
        spoken = said(site)
        for part in [spoken] if isinstance(spoken, bytes) else spoken:
            connection.sendall(part)

    with raw(tls, talk) as site:
        found = look(tmp_path, site.url("/x"), net(authority))
    assert found.findings[0].code in codes.split("|"), found.findings
    assert len(found.findings) == 1 and found.findings[0].member == ANA.id and not found.arrived
    assert "clave" not in found.findings[0].sentence and not found.looks[ANA.id].good


@pytest.mark.parametrize("start", [FILE, FILE[:600], b"", FILE[:700] + bytes(600_000)])
def test_no_more_is_read_than_a_release_that_begins_so_can_have(
    start: bytes, tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """Its own headers say how long it is; what begins as none is let go at its first bytes."""
    sent: list[int] = []

    def talk(connection: socket.socket, site: Site) -> None:
        for part in _first(answer("200 OK", body=start), endless(bytes(64 * 1024))):
            connection.sendall(part)
            sent.append(len(part))

    with raw(tls, talk) as site:
        found = look(tmp_path, site.url("/x"), net(authority))
    assert not found.arrived and sum(sent) < 16 * 1024 * 1024  # most of it waits in the system's pipes


def test_a_server_that_was_busy_for_a_moment_is_asked_again(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    def talk(connection: socket.socket, site: Site) -> None:
        busy = len(site.asked) == 1
        connection.sendall(answer("503 Busy", "Content-Length: 0") if busy else answer("200 OK", body=FILE))

    with raw(tls, talk) as site:
        found = look(tmp_path, site.url("/x"), net(authority))
    assert found.arrived and not found.findings and len(site.asked) == 2


@pytest.mark.parametrize(
    "where", ["https://{host}:{port}/x", "https://127.0.0.1:{port}/x", "https://localhost:{port}/x"]
)
def test_ones_own_computer_is_not_asked_unless_that_is_allowed(
    where: str, tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """Neither by a name nor by number: no connection is even tried."""
    with files(tls, {"/x": FILE}) as site:
        source = where.format(host=HOST, port=site.port)
        found = look(tmp_path, source, net(authority), private=False)
        assert [f.code for f in found.findings] == ["E_ADDRESS"] and not site.asked
        assert look(tmp_path, source, net(authority)).arrived


def judge(text: str, *, private: bool) -> bool:
    """127.0.0.2 stands for the world outside."""
    return text == "127.0.0.2" or may_connect(text, private=private)


def test_a_redirect_from_outside_to_ones_own_computer_is_not_followed(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """The public server answers; what it points to is judged like a first address, and never asked."""
    outside = replace(net(authority).wire, resolve=lambda host, port: ["127.0.0.2"], judge=judge)
    with files(tls, {"/x": FILE}) as inside:
        with raw(
            tls, lambda c, s: c.sendall(redirect(f"https://127.0.0.1:{inside.port}/x")), at="127.0.0.2"
        ) as site:
            found = look(tmp_path, site.url("/x"), Net(outside, AT), private=False)
        assert [f.code for f in found.findings] == ["E_ADDRESS"] and site.asked and not inside.asked


def test_a_name_that_changes_its_mind_is_asked_once_for_each_connection(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """What was judged is what is connected to; the next connection is judged anew."""
    answers = [["127.0.0.2"], ["127.0.0.1"], ["127.0.0.1"]]
    wire = replace(net(authority).wire, resolve=lambda host, port: answers.pop(0), judge=judge)
    with raw(tls, lambda c, s: c.sendall(answer("200 OK", body=FILE)), at="127.0.0.2") as site:
        assert look(tmp_path, site.url("/x"), Net(wire, AT), private=False).arrived
        assert len(answers) == 2
        found = look(tmp_path / "again", site.url("/x"), Net(wire, AT), private=False)
        assert [f.code for f in found.findings] == ["E_ADDRESS"] and len(site.asked) == 1


def test_a_name_server_that_does_not_answer_costs_a_moment(tmp_path: Path, authority: Authority) -> None:
    def hang(host: str, port: int) -> list[str]:
        time.sleep(60)
        return []

    found = look(tmp_path, f"https://{HOST}/x", Net(Wire(HURRY, hang, authority.file), AT))
    assert [f.code for f in found.findings] == ["E_UNREACHABLE"]


def test_a_certificate_for_another_name_or_of_nobody_known_is_refused(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Also one that does not speak TLS at all. Nothing is asked there."""
    other = authority.context("otra-cosa.test")
    unknown = Authority.new(tmp_path_factory.mktemp("unknown")).context(HOST)
    for context in (other, unknown):
        with files(context, {"/x": FILE}) as site:
            found = look(tmp_path, site.url("/x"), net(authority))
            assert [f.code for f in found.findings] == ["E_TLS"] and not site.asked
    with files(None, {"/x": FILE}) as plain:
        found = look(tmp_path, plain.url("/x").replace("http:", "https:"), net(authority))
        assert [f.code for f in found.findings] == ["E_TLS"] and not plain.asked


def test_no_proxy_and_no_password_of_the_environment_takes_part(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that somebody set for a browser must not lead releases elsewhere."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with files(tls, {"/x": FILE}) as site:
        assert look(tmp_path, site.url("/x"), net(authority)).arrived


def test_a_folder_whose_files_do_not_belong_together_is_refused(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """A catalogue or a signature of an older release: proven before it is kept."""
    others = container.ReleaseFiles(NEWER.manifest, GOOD.signature, NEWER.keylog, NEWER.catalogue)
    older = container.ReleaseFiles(NEWER.manifest, NEWER.signature, NEWER.keylog, GOOD.catalogue)
    for mixed, code in ((others, "E_SIGNATURE"), (older, "E_PROOF")):
        held = {f"/{n}": c for n, c in zip(mixed.names, mixed.contents(), strict=True)}
        with files(tls, held) as site:
            found = look(tmp_path, site.url("/"), net(authority))
        assert [f.code for f in found.findings] == [code] and not found.arrived
        assert found.looks[ANA.id].outcome == looked.INVALID
