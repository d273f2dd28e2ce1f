"""`commons merge` and `commons receipt`, as a maintainer calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from commons.cli.main import cli
from commons.format import container
from commons.model import Record
from tests.hostile.making import Member, place, release

MEMBER = Member("a")
WHEN = ("--as-of", "2026-11-21T18:30Z")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A federation of one, whose releases lie in `releases/`."""
    share(tmp_path, [place("uno"), place("dos")])
    members = [{"id": MEMBER.id, "name": "Comedor Ejemplo", "sources": ["releases"]}]
    policy = {"name": {"es": "Prueba"}, "territory": "cdmx", "members": members}
    (tmp_path / "federation.yaml").write_text(yaml.safe_dump(policy), encoding="utf-8")
    return tmp_path


def share(folder: Path, records: list[Record], number: int = 1) -> None:
    (folder / "releases").mkdir(exist_ok=True)
    before = [container.read(p).digest for p in (folder / "releases").glob(f"{number - 1}.entrega")]
    files = release(MEMBER, records, number=number, previous=before)
    container.write_file(folder / "releases" / f"{number}.entrega", files)


def commons(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, ["--lang", "en", *map(str, words)])


def test_a_merge_says_what_it_took_up_and_its_root(folder: Path) -> None:
    """One line a member, then the pool and its root; the lock is there."""
    done = commons("merge", "-f", folder, *WHEN)
    assert done.exit_code == 0, done.output
    assert "Comedor Ejemplo: up to date · release 1, 20 days old · 2 records" in done.output
    root = done.output.rsplit("root ", 1)[1].strip()
    assert len(root) == 64
    assert commons("merge", "-f", folder, "--locked").output.rsplit("root ", 1)[1].strip() == root


def test_a_merge_says_that_questions_wait_and_how_to_answer_them(folder: Path) -> None:
    """Nobody knows of them otherwise; nothing is wrong, so the exit code stays."""
    key = {"identifiers": ["X-ID:10020"]}
    share(
        folder, [place("uno", title="Comedor La Paz", **key), place("dos", title="Cocina de Luz", **key)], 2
    )
    done = commons("merge", "-f", folder, *WHEN)
    assert done.exit_code == 0 and "1 question about what may be one thing waits" in done.output
    assert f"commons review {folder / 'pool.db'}" in done.output


def test_a_program_reads_the_same_as_json(folder: Path) -> None:
    """Nothing but JSON on stdout."""
    answer = json.loads(commons("merge", "-f", folder, *WHEN, "--json").stdout)
    assert answer["counts"] == {"place": 2} and answer["findings"] == []
    assert answer["receipts"][MEMBER.id]["records"] == 2
    assert list(answer["members"]) == [MEMBER.id]


def test_a_dry_run_writes_neither_pool_nor_lock(folder: Path) -> None:
    """Only the store knows of it."""
    done = commons("merge", "-f", folder, *WHEN, "--dry-run")
    assert done.exit_code == 0
    assert "dry run" in done.output
    assert not (folder / "pool.db").exists() and not (folder / "commons.lock").exists()


def test_what_waits_for_a_person_gives_exit_code_1(folder: Path) -> None:
    """The old release stays; the answer names the command that takes the new one."""
    share(folder, [place(f"lugar-{n}") for n in range(20)], 2)
    commons("merge", "-f", folder, *WHEN)
    share(folder, [place("lugar-1")], 3)
    done = commons("merge", "-f", folder, *WHEN)
    assert done.exit_code == 1
    assert "--allow-shrink 'Comedor Ejemplo'" in done.output
    done = commons("merge", "-f", folder, *WHEN, "--allow-shrink", "comedor ejemplo")
    assert done.exit_code == 0
    assert "19 removed" in done.output


def test_a_receipt_is_read_from_the_pool(folder: Path) -> None:
    """By name or id, in words or as JSON."""
    commons("merge", "-f", folder, *WHEN)
    assert "2 records are shown." in commons("receipt", "Comedor Ejemplo", "-f", folder).output
    assert json.loads(commons("receipt", MEMBER.id, "-f", folder, "--json").stdout)["number"] == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["merge", "--as-of", "ayer"], "is not a moment"),
        (["merge", "--allow-shrink", "nadie"], "No member is called «nadie»"),
        (["merge", "--locked"], "There is no readable commons.lock"),
        (["receipt", "Comedor Ejemplo"], "There is no pool"),
        (["receipt", "nadie"], "No member is called «nadie»"),
    ],
)
def test_wrong_words_get_one_sentence(folder: Path, words: list[str], sentence: str) -> None:
    """Exit code 2, no traceback, nothing written."""
    done = commons(*words, "-f", folder)
    assert done.exit_code == 2, done.output
    assert sentence in done.output and "Traceback" not in done.output
    assert not (folder / "pool.db").exists()


def test_a_lock_of_another_program_is_refused_with_its_version(folder: Path) -> None:
    """Another linker would give another root."""
    commons("merge", "-f", folder, *WHEN)
    lock = folder / "commons.lock"
    lock.write_text(lock.read_text("utf-8").replace('"linker": "', '"linker": "9'), encoding="utf-8")
    done = commons("merge", "-f", folder, "--locked")
    assert done.exit_code == 2 and "linker 9" in done.output


def test_a_folder_without_federation_stays_empty(tmp_path: Path) -> None:
    """Nothing is left behind by a wrong path."""
    assert commons("merge", "-f", tmp_path / "nada").exit_code == 2
    assert list(tmp_path.iterdir()) == []
