"""A portal that one federation publishes is a mirror for another, as `commons serve` shows it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml
from click.testing import CliRunner, Result

from commons.cli.main import cli
from commons.format import container
from tests.hostile.making import Member, place, release

PAZ, LUZ = Member("paz"), Member("luz")
WHEN = ("--as-of", "2026-11-21T18:30Z")


def commons(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["--lang", "en", *map(str, arguments)])


def federation(folder: Path, **sources: str) -> Path:
    folder.mkdir()
    members = [
        {"id": m.id, "name": m.name, "sources": [sources[m.name]], "allow_private_hosts": True}
        for m in (PAZ, LUZ)
    ]
    rules = {"name": "Prueba", "licences": ["CC-BY-4.0"], "members": members}
    (folder / "federation.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    return folder


@contextmanager
def served(portal: Path) -> Iterator[str]:
    """The address of a running portal."""
    command = [sys.executable, "-m", "commons", "serve", str(portal), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        assert child.stdout is not None
        try:
            found = next(m for line in child.stdout if (m := re.search(r"http://[\d.]+:\d+/", line)))
            yield found[0]
        finally:
            child.send_signal(signal.SIGINT)
            child.stdout.read()


def root(done: Result) -> str:
    return done.output.partition("root ")[2].strip()


@pytest.mark.skipif(sys.platform == "win32", reason="publishing into a folder needs links")
def test_a_published_portal_brings_its_members_releases_to_another_federation(tmp_path: Path) -> None:
    """Nobody asks the members themselves: the same releases, the same root."""
    for member in (PAZ, LUZ):
        container.write_file(
            tmp_path / f"{member.name}.entrega", release(member, [place("uno"), place("dos")])
        )
    here = federation(tmp_path / "here", paz="../paz.entrega", luz="../luz.entrega")
    merged = commons("merge", "-f", here, *WHEN)
    published = commons(
        "publish", "folder", "--pool", here / "pool.db", "--out", tmp_path / "portal", "-f", here
    )
    assert published.exit_code == 0, published.output
    with served(tmp_path / "portal") as address:
        there = federation(tmp_path / "there", paz=address, luz=address)
        mirrored = commons("merge", "-f", there, *WHEN)
        again = commons("federation", "fetch", "-f", there)
    assert mirrored.exit_code == 0 and root(mirrored) == root(merged), mirrored.output
    assert again.exit_code == 0 and again.output.count("unchanged") == 2, again.output


@pytest.mark.skipif(sys.platform == "win32", reason="publishing into a folder needs links")
def test_who_has_only_the_words_finds_the_own_release_on_a_portal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the published folder, and at the address of the member's page, which links the same file."""
    monkeypatch.chdir(tmp_path)
    made = commons("init", "paz", "--name", "Comedor La Paz", "--sheet", "sheet.html", "--yes", "--json")
    member = json.loads(made.output)["member"]
    assert commons("add", "place", "title=Local", "-c", "paz.db").exit_code == 0
    commons("release", "--yes", "--out", "paz.entrega", "-c", "paz.db")
    commons("federation", "new", "city", "--name", "Ciudad", "--territory", "cdmx")
    commons("federation", "add", "paz.entrega", "--by", "Ana", "--how", "en persona", "-f", "city")
    assert commons("merge", "-f", "city", *WHEN).exit_code == 0
    assert commons("publish", "folder", "-f", "city", "--out", "portal").exit_code == 0
    Path("paz.entrega").unlink()
    words = ("--words-file", "sheet.html", "--not-mine", "2", "--yes")
    here = commons("keys", "recover", "portal", *words, "--to", "here.db", "--sheet", "here.html")
    assert here.exit_code == 0 and "From release 2 on it was not you" in here.output, here.output
    with served(Path("portal")) as address:
        page = f"{address}es/miembro/{member}"
        text = httpx.get(page).text
        assert (
            'download="comedor-la-paz-1.entrega"' in text
            and f"{address}" in httpx.get(f"{address}es/acerca").text
        )
        there = commons("keys", "recover", page, *words, "--to", "there.db", "--sheet", "there.html")
    assert there.exit_code == 0, there.output
    assert commons("show", "local", "-c", "there.db").exit_code == 0
