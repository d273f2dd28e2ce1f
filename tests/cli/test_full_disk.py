"""A disk that is full: a sentence, and nothing half-written that would stand in the way afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Answer

Run = Callable[..., Answer]
resource = pytest.importorskip("resource", reason="limits of POSIX")
ROOT = Path(__file__).parents[2]


def limited(most: int, *words: str) -> subprocess.CompletedProcess[str]:
    """The command where no file may grow beyond `most` bytes, as near to a full disk as we get."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "COMMONS_LANG": "es"}
    command = [sys.executable, "-m", "commons", "--lang", "es", *words]
    return subprocess.run(command, env=env, preexec_fn=limit, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "words",
    [
        ("init", "otro", "--name", "Otro", "--sheet", "otra.html", "--yes"),
        ("template", "service"),
        ("keys", "rotate", "--words-file", "sheet.html", "--sheet", "otra.html", "--yes"),
        ("publish", "folder", "--federation", "ciudad", "--out", "portal"),
        ("release", "--yes", "--again", "--out", "dos.entrega"),
        ("backup", "--to", "copia.db"),
    ],
    ids=lambda words: words[0],
)
def test_a_full_disk_leaves_nothing_half_written(kitchen: Run, words: tuple[str, ...]) -> None:
    """Half a key or an empty sheet would be taken for one, and refused to be written over."""
    kitchen("add", "service", "title=Sopa", "--id", "sopa")
    kitchen("release", "--yes", "--out", "uno.entrega")
    kitchen("federation", "new", "ciudad", "--name", "Ciudad", "--territory", "cdmx")
    kitchen("federation", "add", "uno.entrega", "--name", "Paz", "--by", "Ana", "--how", "x", "-f", "ciudad")
    assert kitchen("merge", "-f", "ciudad").code == 0
    before = {path.name for path in Path().iterdir()} | {"portal"}
    done = limited(100, *words)
    assert done.returncode == 3 and "→" in done.stderr, done.stderr
    assert "se equivocó" not in done.stderr and ".new" not in done.stderr
    assert {path.name for path in Path().iterdir()} <= before
    assert not list(Path("portal").glob("current"))
