"""Fetching and merging ask a real server; what fails there costs nobody a record."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from commons.cli.main import cli
from commons.format import container
from tests.federation.serving import Authority, Site, files
from tests.hostile.making import Member, place, release

PAZ, LUZ = Member("paz"), Member("luz")
WHEN = ("--as-of", "2026-11-21T18:30Z")


def commons(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["--lang", "en", *map(str, arguments)])


@pytest.fixture
def held() -> dict[str, bytes]:
    """What the server has. The query is a key that only the maintainer was told."""
    return {"/paz?llave=s3creta": container.to_bytes(release(PAZ, [place("uno"), place("dos")]))}


@pytest.fixture
def site(
    held: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A server of this computer, under an authority that the system trusts."""
    authority = Authority.new(tmp_path_factory.mktemp("authority"))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with files(authority.context("localhost"), held) as running:
        running.host = "localhost"
        yield running


@pytest.fixture
def folder(tmp_path: Path, site: Site) -> Path:
    """Luz delivers by file, Paz by the server."""
    container.write_file(tmp_path / "luz.entrega", release(LUZ, [place("tres")]))
    source = site.url("/paz?llave=s3creta")
    paz = {"id": PAZ.id, "name": "Comedor La Paz", "sources": [source], "allow_private_hosts": True}
    luz = {"id": LUZ.id, "name": "Casa Luz", "sources": ["luz.entrega"]}
    rules = {"name": "Prueba", "licences": ["CC-BY-4.0"], "members": [paz, luz]}
    (tmp_path / "federation.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    return tmp_path


def root(done: Result) -> str:
    return done.output.partition("root ")[2].strip()


def test_a_failing_network_wipes_no_member(folder: Path, site: Site, held: dict[str, bytes]) -> None:
    """Fetched, then unchanged, then without an answer: the same root, and words that say which."""
    first = commons("merge", "-f", folder, *WHEN)
    assert first.exit_code == 0 and "Comedor La Paz: up to date · release 1" in first.output, first.output
    again = commons("merge", "-f", folder, *WHEN)
    assert again.exit_code == 0 and "Comedor La Paz: unchanged · release 1" in again.output
    held.clear()
    dead = commons("merge", "-f", folder, *WHEN)
    assert dead.exit_code == 1 and "Comedor La Paz: no answer since 20" in dead.output, dead.output
    asked = len(site.asked)
    offline = commons("merge", "-f", folder, "--offline", *WHEN)
    assert offline.exit_code == 0 and len(site.asked) == asked
    assert "no answer since 20" in commons("federation", "show", "-f", folder).output
    assert len({root(done) for done in (first, again, dead, offline)}) == 1
    assert "s3creta" not in dead.output + commons("federation", "show", "-f", folder).output


def test_what_a_server_says_does_not_change_what_others_say(folder: Path, held: dict[str, bytes]) -> None:
    """A page, junk, another member's release, a broken signature: the last good release stays in use."""
    good = root(commons("merge", "-f", folder, *WHEN))
    broken = bytearray(container.to_bytes(release(PAZ, [place("otro")], number=2)))
    broken[-3000] ^= 1
    others = container.to_bytes(release(LUZ, [place("otra")]))
    for body, word in (
        (b"<html>", "web page"),
        (b"x" * 9000, "not a release"),
        (bytes(broken), ""),
        (others, ""),
    ):
        held["/paz?llave=s3creta"] = body
        done = commons("merge", "-f", folder, *WHEN)
        assert root(done) == good and done.exit_code == 1 and word in done.output
        assert "Comedor La Paz: the newest cannot be used · release 1" in done.output


def test_fetching_alone_keeps_what_is_new_and_merges_nothing(folder: Path) -> None:
    """A table of members with their states; only those that are named; JSON for programs."""
    done = commons("federation", "fetch", "comedor la paz", "-f", folder)
    assert done.exit_code == 0 and "Comedor La Paz" in done.output and "Casa Luz" not in done.output
    assert not (folder / "pool.db").exists()
    said = json.loads(commons("federation", "fetch", "--json", "-f", folder).output)
    assert {m["state"] for m in said["members"].values()} == {"arrived"}
    assert sorted(len(m["arrived"]) for m in said["members"].values()) == [0, 1]
    assert commons("federation", "fetch", "nadie", "-f", folder).exit_code == 2
    assert "Comedor La Paz: up to date" in commons("merge", "-f", folder, "--offline", *WHEN).output


def test_a_deadline_can_be_given(folder: Path) -> None:
    """A slow night, a slow line: the maintainer says how long a source may take."""
    assert commons("merge", "-f", folder, "--deadline", "0", *WHEN).exit_code == 2
    assert commons("merge", "-f", folder, "--deadline", "30", *WHEN).exit_code == 0


def test_a_member_is_accepted_by_its_address(folder: Path, site: Site) -> None:
    """The words are shown, the address becomes its source; one that gives nothing is one sentence."""
    assert commons("federation", "new", folder / "otra", "--name", "x", "--territory", "cdmx").exit_code == 0
    words = ("--name", "La Paz", "--by", "Ana", "--how", "in person", "-f", folder / "otra")
    add = ("federation", "add")
    refused = commons(*add, site.url("/paz?llave=s3creta"), *words)
    assert refused.exit_code == 3 and "private network" in refused.output
    gone = commons(*add, site.url("/nada"), "--allow-private-hosts", *words)
    assert gone.exit_code == 3 and "there is nothing at this address" in gone.output
    taken = commons(*add, site.url("/paz?llave=s3creta"), "--allow-private-hosts", *words)
    assert taken.exit_code == 0 and "Words of the key" in taken.output, taken.output
    assert "La Paz: up to date · release 1" in commons("merge", "-f", folder / "otra", *WHEN).output


def releases(folder: Path) -> int:
    return len(list((folder / "store" / "releases").glob("*.entrega")))


@pytest.fixture
def silent(folder: Path) -> Iterator[None]:
    """Before her file, Luz names a server that takes the connection and says nothing."""
    path = folder / "federation.yaml"
    text = path.read_text("utf-8")
    rules = yaml.safe_load(text)
    with socket.create_server(("127.0.0.1", 0)) as server:
        rules["members"][1]["sources"].insert(0, f"https://localhost:{server.getsockname()[1]}/")
        rules["members"][1]["allow_private_hosts"] = True
        path.write_text(yaml.safe_dump(rules), "utf-8")
        yield
    path.write_text(text, "utf-8")


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGKILL])
def test_what_had_arrived_stays_however_the_program_is_stopped(
    folder: Path, ended_by: signal.Signals
) -> None:
    """Whoever stops it does not wait for a silent server; the next run finishes the work."""
    command = [sys.executable, "-m", "commons", "--lang", "en", "federation", "fetch", "-f", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        for _ in range(200):
            if releases(folder) == 1:
                break
            time.sleep(0.05)
        began = time.monotonic()
        child.send_signal(ended_by)
        told = child.communicate(timeout=20)[1]
    assert time.monotonic() - began < 10 and "Traceback" not in told
    assert child.returncode == (130 if ended_by == signal.SIGINT else -signal.SIGKILL), told
    assert releases(folder) in (1, 2)  # her file, too, where the silent server was given up in that moment
    done = commons("merge", "-f", folder, "--deadline", "2", *WHEN)
    assert "3 things" in done.output and releases(folder) == 2, done.output
    assert not (folder / "store" / "fetching").exists()
