"""The bench runs, and its three ways merge the same records."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


def run(script: str, *words: str) -> str:
    command = [sys.executable, str(BENCH / script), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two catalogues of 41 records; one place of each is the other's too."""
    path = tmp_path_factory.mktemp("bench")
    run("generate.py", str(path), "--catalogues", "2", "--records", "41")
    return path


@pytest.mark.parametrize(("way", "things"), [("ours", 81), ("exact", 81), ("script", 82), ("floor", 82)])
def test_each_way_merges_every_record(folder: Path, way: str, things: int) -> None:
    """The script and the floor show what two members share twice; ours once."""
    assert int(run(f"{way}.py", str(folder))) == things


def test_the_catalogues_are_always_the_same(folder: Path, tmp_path: Path) -> None:
    """Same numbers, same bytes: figures of two days can be compared."""
    run("generate.py", str(tmp_path), "--catalogues", "2", "--records", "41")
    for path in sorted((folder / "releases").iterdir()):
        assert (tmp_path / "releases" / path.name).read_bytes() == path.read_bytes()


def test_a_merge_again_is_timed_each_way(tmp_path: Path) -> None:
    """From nothing, anew, and by difference: each a row whose parts are numbers."""
    run("generate.py", str(tmp_path), "--catalogues", "9", "--records", "41")
    for way, said in (("first", "from nothing"), ("full", "all examined"), ("difference", "one member")):
        row = [cell.strip() for cell in run("again.py", str(tmp_path), way).strip("| \n").split("|")]
        assert row[0].startswith(said) and len(row) == 7 and all(float(part) >= 0 for part in row[1:])
