"""Releases come from the net: as one file, a folder, a portal's mirror, a repository."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from commons.federation.policy import file as policy
from commons.federation.sources import looked
from commons.federation.sources.fetching import Net, at_once
from commons.federation.sources.look import fetch
from commons.federation.sources.taking import Fetched
from commons.federation.store.folder import Store
from commons.format import canonical, container, pruned, strict_json
from commons.format.container import ReleaseFiles
from commons.model import Record
from tests.federation.serving import AT, HOST, HURRY, Authority, Site, files, net, raw
from tests.hostile.making import Member, place, profile, release

ANA, LUZ = Member("ana"), Member("luz")
ONE, TWO = release(ANA, [place("a")], number=1), release(ANA, [place("b")], number=2)


def rules(*sources: str, member: Member = ANA, private: bool = True) -> policy.Policy:
    listed = strict_json.compact(list(sources))
    entry = f"id: {member.id}, name: A, sources: {listed}, allow_private_hosts: {str(private).lower()}"
    return policy.parse(f"name: x\nmembers: [{{{entry}}}]\n")


def look(folder: Path, asked: Net, *sources: str, private: bool = True) -> Fetched:
    return fetch(rules(*sources, private=private), folder, Store(folder / "store"), net=asked)


def row_of(record: Record) -> bytes:
    return canonical.canonical_bytes(record.type, record.id, record.fields)


def as_folder(files: ReleaseFiles, at: str) -> dict[str, bytes]:
    return {f"{at}{name}": content for name, content in zip(files.names, files.contents(), strict=True)}


def test_one_file_is_fetched_once_and_then_found_unchanged(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """The second look sends the mark that the server gave, and keeps what is there."""
    with files(tls, {"/x%20(1).txt": container.to_bytes(ONE)}) as site:
        first, again = (look(tmp_path, net(authority), site.url("/x%20(1).txt")) for _ in range(2))
    assert first.arrived == {ANA.id: [ONE.digest]} and not first.findings
    assert not again.arrived and not again.findings and Store(tmp_path / "store").has(ONE.digest)
    assert [f.looks[ANA.id].outcome for f in (first, again)] == [looked.NEW, looked.SAME]
    assert [bool(mark) for _path, mark in site.asked] == [False, True]
    assert not (tmp_path / "store" / "fetching").exists()


def test_a_file_that_is_known_is_not_read_to_its_end(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """Also from a server that marks nothing: the beginning says which release it is."""
    big = release(ANA, [place(f"p{n}", description="x" * 20_000) for n in range(100)])
    sent: list[int] = []

    def talk(connection: socket.socket, site: Site) -> None:
        body = container.to_bytes(big)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)  # else the system takes all of it
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for n in range(0, len(body), 4096):
            connection.sendall(body[n : n + 4096])
            sent.append(n)

    with raw(tls, talk) as site:
        assert look(tmp_path, net(authority), site.url("/x")).arrived
        whole = len(sent)
        again = look(tmp_path, net(authority), site.url("/x"))
    assert again.looks[ANA.id].outcome == looked.SAME and len(sent) - whole < whole


def test_a_folder_of_four_files_is_fetched_by_its_address(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """release.json first; the rest only if that release is not here; also where a redirect adds the slash."""
    with files(tls, as_folder(ONE, "/paz/")) as site:
        first = look(tmp_path, net(authority), site.url("/paz/"))
        asked = [path for path, _mark in site.asked]
        again = look(tmp_path, net(authority), site.url("/paz/"))
    assert first.arrived == {ANA.id: [ONE.digest]} and asked == list(as_folder(ONE, "/paz/"))
    assert again.looks[ANA.id].outcome == looked.SAME and len(site.asked) == len(asked) + 1


def test_a_pruned_release_is_fetched_as_a_folder(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """Where catalogue.db is not there, records.jsonl is asked for."""
    short = pruned.prune(
        ONE, [row_of(profile("ana")), row_of(place("a"))], may_show=lambda data: b'"catalogue"' in data
    )
    held = {f"/p/{n}": c for n, c in zip(short.names, short.contents(), strict=True)}
    with files(tls, held) as site:
        found = look(tmp_path, net(authority), site.url("/p/"))
    assert found.arrived == {ANA.id: [ONE.digest]}
    assert Store(tmp_path / "store").read(ONE.digest) == short


def test_a_portal_is_the_mirror_of_its_members(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """Its lock is asked for once for all of them, and names their releases."""
    other = release(LUZ, [place("c")])
    members = {m.id: {"release": f.digest} for m, f in ((ANA, ONE), (LUZ, other))}
    held = {f"/current/releases/{f.digest}.entrega": container.to_bytes(f) for f in (ONE, other)}
    held["/current/commons.lock"] = strict_json.pretty({"members": members, "of": "another version"})
    with files(tls, held) as site:
        where = site.url("/current/")
        entries = [
            f"{{id: {m.id}, name: x, allow_private_hosts: true, sources: ['{where}']}}" for m in (ANA, LUZ)
        ]
        both = policy.parse(f"name: x\nmembers: [{', '.join(entries)}]\n")
        found = fetch(both, tmp_path, Store(tmp_path / "store"), net=net(authority))
    assert found.arrived == {ANA.id: [ONE.digest], LUZ.id: [other.digest]}
    assert [path for path, _mark in site.asked].count("/current/commons.lock") == 1


def test_a_lock_of_millions_of_empty_lists_is_not_read(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """It would take twenty times its size in memory."""
    lists = b",".join([b"[]"] * 2_000_000)
    members = strict_json.compact({ANA.id: {"release": ONE.digest}}).encode()
    held = {
        f"/releases/{ONE.digest}.entrega": container.to_bytes(ONE),
        "/commons.lock": b'{"junk":[' + lists + b'],"members":' + members + b"}",
    }
    with files(tls, held) as site:
        found = look(tmp_path, net(authority), site.url("/"))
    assert not found.arrived and len(found.findings) == 1


def test_a_mirror_that_leaves_records_out_is_asked_once_and_gives_way_to_more(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """Its release is not fetched twice; the member's own address, when it answers again, has it whole."""
    rows = [row_of(profile("ana")), row_of(place("a"))]
    short = pruned.prune(ONE, rows, may_show=lambda data: b'"catalogue"' in data)
    held = {
        f"/releases/{ONE.digest}.entrega": container.to_bytes(short),
        "/commons.lock": strict_json.pretty({"members": {ANA.id: {"release": ONE.digest}}}),
    }
    store = Store(tmp_path / "store")
    with files(tls, held) as site:
        first, again = (look(tmp_path, net(authority), site.url("/own"), site.url("/")) for _ in range(2))
        assert first.arrived and not again.arrived and again.looks[ANA.id].outcome == looked.SAME
        assert [bool(mark) for path, mark in site.asked if path.startswith("/releases/")] == [False, True]
        assert store.read(ONE.digest) == short
        held["/own"] = container.to_bytes(ONE)
        look(tmp_path, net(authority), site.url("/own"), site.url("/"))
    assert store.read(ONE.digest) == ONE


def test_sources_are_tried_in_turn_until_one_is_as_new_as_what_was_seen(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """A dead one is told, a mirror that lags is passed by, the inbox is looked at besides."""
    held = {"/old": container.to_bytes(ONE), "/new": container.to_bytes(TWO)}
    (tmp_path / "inbox").mkdir()
    container.write_file(tmp_path / "inbox" / "x", ONE)
    with files(tls, held) as site:
        one = look(tmp_path, net(authority), site.url("/gone"), "inbox", site.url("/new"), site.url("/old"))
        assert sorted(one.arrived[ANA.id]) == sorted([ONE.digest, TWO.digest])
        assert [(f.code, f.value) for f in one.findings] == [("E_SOURCE", site.url("/gone"))]
        two = look(tmp_path, net(authority), site.url("/old"), site.url("/new"))
        assert two.looks[ANA.id].outcome == looked.SAME and not two.findings
        three = look(tmp_path, net(authority), site.url("/old"))
    assert three.looks[ANA.id].outcome == looked.OLDER
    assert [f.code for f in three.findings] == ["E_ROLLBACK"]


def test_nothing_on_the_net_is_asked_offline_and_nothing_is_forgotten(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """Folders and the inbox are looked at all the same; the memory of the net stays."""
    with files(tls, {"/x": container.to_bytes(ONE)}) as site:
        look(tmp_path, net(authority), site.url("/x"))
        asked = len(site.asked)
        memory = (tmp_path / "store" / looked.NAME).read_bytes()
        container.write_file(tmp_path / "two.entrega", TWO)
        found = fetch(rules(site.url("/x"), "two.entrega"), tmp_path, Store(tmp_path / "store"))
    assert found.arrived == {ANA.id: [TWO.digest]} and len(site.asked) == asked
    assert (tmp_path / "store" / looked.NAME).read_bytes() == memory


def test_how_long_a_source_has_failed_is_remembered(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """The first night that it failed, until it answers again; a damaged memory is an empty one."""
    held: dict[str, bytes] = {}
    with files(tls, held) as site:
        nights = [look(tmp_path, net(authority, at=AT + timedelta(days=n)), site.url("/x")) for n in range(3)]
        assert [f.looks[ANA.id].since for f in nights] == [AT] * 3
        assert looked.read(tmp_path / "store").looks[ANA.id] == nights[2].looks[ANA.id]
        held["/x"] = container.to_bytes(ONE)
        assert look(tmp_path, net(authority), site.url("/x")).looks[ANA.id].good
        for junk in (b"", b"{}", b"[" * 9999, b'{"members":{"x":{"look":{"outcome":"new"},"sources":{}}}}'):
            (tmp_path / "store" / looked.NAME).write_bytes(junk)
            assert look(tmp_path, net(authority), site.url("/x")).looks[ANA.id].outcome == looked.SAME


def test_plain_http_is_followed_and_told(tmp_path: Path, authority: Authority) -> None:
    """What is signed cannot be forged on the way; others can see and withhold."""
    with files(None, {"/x": container.to_bytes(ONE)}) as site:
        found = look(tmp_path, net(authority), site.url("/x"))
    assert found.arrived and [f.code for f in found.findings] == ["E_PLAINHTTP"]


def test_another_members_release_is_refused_also_when_it_is_known(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """An address speaks for one member, whatever it serves."""
    other = release(LUZ, [place("c")])
    Store(tmp_path / "store").put(other)
    with files(tls, {"/x": container.to_bytes(other)} | as_folder(other, "/y/")) as site:
        for where in ("/x", "/y/"):
            found = look(tmp_path, net(authority), site.url(where))
            assert [f.code for f in found.findings] == ["E_MEMBER"]
            assert found.looks[ANA.id].outcome == looked.INVALID


def test_a_hundred_sources_with_five_dead_ones_take_as_long_as_a_few(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """The dead ones wait beside the others, each as long as one may; the living ones all arrive."""
    members = [Member(f"m{n}") for n in range(100)]
    held = {f"/{m.name}": container.to_bytes(release(m)) for m in members if int(m.name[1:]) % 20}
    silent = socket.create_server(("127.0.0.1", 0))
    try:
        with files(tls, held) as site:
            dead = f"https://{HOST}:{silent.getsockname()[1]}"
            entries = [
                f"{{id: {m.id}, name: x, allow_private_hosts: true,"
                f" sources: ['{site.url(f'/{m.name}') if f'/{m.name}' in held else dead}']}}"
                for m in members
            ]
            everybody = policy.parse(f"name: x\nmembers: [{', '.join(entries)}]\n")
            began = time.monotonic()
            done: list[int] = []
            found = fetch(
                everybody, tmp_path, Store(tmp_path / "store"), net=net(authority),
                progress=lambda n, all: done.append(n),
            )  # fmt: skip
    finally:
        silent.close()
    assert len(found.arrived) == 95 and done == list(range(1, 101))
    assert [f.code for f in found.findings] == ["E_SLOW"] * 5
    assert time.monotonic() - began < 3 * HURRY.deadline_s


def test_a_disk_that_refuses_stops_the_run_and_what_had_arrived_stays(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext
) -> None:
    """It is no member's fault: nothing is remembered, and the same run works once there is room."""
    with files(tls, {"/x": container.to_bytes(TWO)}) as site:
        store = Store(tmp_path / "store")
        store.put(ONE)
        (tmp_path / "store" / "fetching").write_bytes(b"no folder can be made here")
        with pytest.raises(OSError, match="fetching"):
            look(tmp_path, net(authority), site.url("/x"))
        assert store.read(ONE.digest) == ONE and not (tmp_path / "store" / looked.NAME).exists()
        (tmp_path / "store" / "fetching").unlink()
        assert look(tmp_path, net(authority), site.url("/x")).arrived


def test_jobs_give_their_results_as_they_end_and_an_error_stops_the_rest() -> None:
    """Whoever waits hears of the error at once, not when the slowest has ended."""
    assert sorted(at_once([lambda: 1, lambda: 2, lambda: 3], 2, threading.Event())) == [
        (0, 1),
        (1, 2),
        (2, 3),
    ]
    heard: list[int] = []
    slow = at_once([lambda: time.sleep(0.5)], 1, threading.Event(), lambda: heard.append(1))
    assert list(slow) == [(0, None)] and heard
    stop, began = threading.Event(), time.monotonic()

    def fail() -> int:
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        list(at_once([lambda: int(stop.wait(30)), fail], 2, stop))
    assert stop.is_set() and time.monotonic() - began < 5
