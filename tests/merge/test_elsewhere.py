"""One lock, one root: other Pythons, other SQLites, another hash seed, more children."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from commons.schema.spec import load_schema
from tests.hostile.making import place
from tests.merge.world import Federation

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("elsewhere.py")
MADE = ROOT / "build" / "other-pythons"  # by scripts/other_pythons.py
NEEDED = "import Stemmer, click, cryptography, mnemonic, rapidfuzz, yaml"


def other_pythons() -> list[str]:
    """Interpreters that have what a merge needs: named in COMMONS_OTHER_PYTHONS, or made by the set-up."""
    named = os.environ.get("COMMONS_OTHER_PYTHONS", "").split(os.pathsep)
    made = [str(p) for p in sorted(MADE.glob("*/bin/python"))]
    return [p for p in dict.fromkeys([*named, *made]) if p and _runs(p, NEEDED)]


def _runs(python: str, code: str) -> bool:
    try:
        return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.fixture
def merged(tmp_path: Path) -> Iterator[tuple[Federation, str, str]]:
    """A federation with a lock, its root, and the digest of its canonical pool."""
    federation = Federation(tmp_path)
    for n, name in enumerate("cab"):
        words = {"summary": "Comida caliente para niñas y niños · 🌽", "topics": ["food"]}
        shared = place(
            "uno", identifiers=["X-ID:10020"], latitude_e6=19_300_001, longitude_e6=-99_100_003, **words
        )
        federation.share(name, [shared, *(place(f"lugar-{n}-{k}", **words) for k in range(40))])
    root = federation.merge(canonical=True).root
    assert federation.lock is not None
    federation.lock.write(tmp_path / "commons.lock")
    yield federation, root, hashlib.sha256((tmp_path / "pool.db").read_bytes()).hexdigest()


def elsewhere(python: str, folder: Path, *options: str, seed: str = "1") -> list[str]:
    """What another interpreter makes of the lock."""
    environ = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONWARNINGS": "error"}
    command = [python, str(SCRIPT), str(folder), "other.db", *options]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")


def test_another_hash_seed_gives_the_same_root_and_bytes(merged: tuple[Federation, str, str]) -> None:
    """Nothing hangs on the order of a set; nothing that intake kept is needed."""
    federation, root, digest = merged
    shutil.rmtree(federation.store.root / "intake")
    assert elsewhere(sys.executable, federation.folder, seed="77")[2:4] == [root, digest]


@pytest.mark.parametrize("many", [0, 150_000])
def test_children_change_nothing(merged: tuple[Federation, str, str], many: int) -> None:
    """The same rows, whoever makes them: children that stay, or others after linking."""
    federation, root, digest = merged
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]);"
        "from pathlib import Path; from commons.merge import act, workers; workers.WORTH_CHILDREN = 0;"
        f"act.MANY = {many};"
        "from commons.federation import lock; from commons.federation.store.folder import Store;"
        "from commons.merge.rebuild import rebuild; f = Path(sys.argv[1]);"
        "print(rebuild(lock.read(f), Store(f / 'store'), f / 'other.db').root)"
    )
    command = [sys.executable, "-c", code, str(federation.folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == root
    assert hashlib.sha256((federation.folder / "other.db").read_bytes()).hexdigest() == digest


def test_other_pythons_and_sqlites_give_the_same_root(merged: tuple[Federation, str, str]) -> None:
    """The root is promised; the bytes of the canonical form are tested beside it."""
    federation, root, digest = merged
    found = other_pythons()
    if not found:
        pytest.skip("no other Python with the dependencies: run scripts/other_pythons.py")
    assert load_schema().version
    seen = set()
    for python in found:
        for options in ((), ("--pysqlite3",)):
            if not options or _runs(python, "import pysqlite3"):
                version, sqlite, other_root, other_digest = elsewhere(python, federation.folder, *options)[:4]
                assert (other_root, other_digest) == (root, digest), f"Python {version}, SQLite {sqlite}"
                seen.add((version, sqlite))
    assert seen
