"""A fetch or a merge that is killed, or that the disk refuses, at any of its system calls.

strace does it to the real program. By default some points are tried, each time the same ones; with
COMMONS_FAULTS=all every one is.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from commons.federation import lock as locks
from commons.federation.store import Store
from commons.format import container
from tests.hostile.making import Member, place, release

CALLS = ("write", "pwrite64", "fsync", "fdatasync", "rename", "mkdir", "unlink", "ftruncate")
FAULTS = ("signal=KILL", "error=ENOSPC", "error=EIO")
POINTS = 1_000_000 if os.environ.get("COMMONS_FAULTS") == "all" else 2
WHEN = ("--as-of", "2026-11-21T18:30Z")
FETCH, MERGE = ("federation", "fetch", "-f", "."), ("merge", "-f", ".", *WHEN)
PAZ, LUZ = Member("paz"), Member("luz")


def can_trace() -> bool:
    """Whether strace is here and may do its work."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not can_trace(), reason="strace is not here, or may not trace")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "commons", "--lang", "en", *arguments]


def run(folder: Path, *arguments: str, strace: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    traced = ["strace", "-f", "-qq", "-o", "/dev/null", *strace] if strace else []
    return subprocess.run(
        [*traced, *command(*arguments)], cwd=folder, capture_output=True, text=True, timeout=120
    )


def root_of(folder: Path) -> str:
    """The root of the pool, which is whole."""
    with closing(sqlite3.connect(folder / "pool.db")) as pool:
        assert pool.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return str(pool.execute("SELECT value FROM meta WHERE key = 'root'").fetchone()[0]).strip('"')


@dataclass(frozen=True)
class Prepared:
    """A federation that was merged once; new releases lie at its sources. `roots`: before and after."""

    folder: Path
    roots: tuple[str, str]

    def copy(self, to: Path) -> Path:
        shutil.rmtree(to, ignore_errors=True)
        return Path(shutil.copytree(self.folder, to))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("federation")
    first = [release(m, [place("uno"), place(f"{m.name}-1")]) for m in (PAZ, LUZ)]
    for m, made in zip((PAZ, LUZ), first, strict=True):
        container.write_file(folder / f"{m.name}.entrega", made)
    members = [{"id": m.id, "name": m.name, "sources": [f"{m.name}.entrega"]} for m in (PAZ, LUZ)]
    rules = {"name": "Prueba", "licences": ["CC-BY-4.0"], "members": members}
    (folder / "federation.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    assert run(folder, *MERGE).returncode == 0
    before = root_of(folder)
    newer = release(PAZ, [place("uno"), place("paz-2")], number=2, previous=[first[0].digest])
    container.write_file(folder / "paz.entrega", newer)
    done = shutil.copytree(folder, folder.parent / "done")
    assert run(done, *MERGE).returncode == 0
    return Prepared(folder, (before, root_of(done)))


def points(folder: Path, arguments: tuple[str, ...], seed: str) -> Iterator[tuple[str, int]]:
    """(system call, which one of them) of an undisturbed run in a copy that may be used up."""
    log = folder / ".calls"
    traced = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={','.join(CALLS)}", *command(*arguments)]
    subprocess.run(traced, cwd=folder, capture_output=True, check=True, timeout=120)
    by_process: dict[tuple[str, str], int] = {}
    for line in log.read_text("utf-8", "replace").splitlines():
        found = re.match(r"(\d+) +(\w+)\(", line)
        if found:
            key = (found[1], found[2])
            by_process[key] = by_process.get(key, 0) + 1
    most = {
        name: max((n for (_, call), n in by_process.items() if call == name), default=0) for name in CALLS
    }
    every = [(name, n + 1) for name in CALLS for n in range(most[name])]
    random.Random(seed).shuffle(every)
    yield from every[:POINTS]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("arguments", [FETCH, MERGE], ids=["fetch", "merge"])
def test_no_fault_leaves_anything_torn_and_the_next_run_succeeds(
    arguments: tuple[str, ...], fault: str, prepared: Prepared, tmp_path: Path
) -> None:
    """Pool and lock are the old or the new ones, the exit code is truthful, nothing half stands anywhere."""
    before, after = prepared.roots
    for call, n in points(prepared.copy(tmp_path / "counted"), arguments, fault):
        folder, where = prepared.copy(tmp_path / "tried"), f"{fault} at {call} {n}"
        done = run(folder, *arguments, strace=("-e", f"inject={call}:{fault}:when={n}"))
        assert "Traceback" not in done.stderr, (where, done.stderr)
        root = root_of(folder)
        assert root in (before, after), where
        locks.read(folder)
        if done.returncode == 0 and arguments == MERGE:
            assert root == after, (where, done.stdout)
        store = Store(folder / "store")
        for seen in store.seen():
            store.read(seen.digest)
        again = run(folder, *MERGE)
        assert again.returncode == 0 and root_of(folder) == after, (where, again.stdout, again.stderr)
