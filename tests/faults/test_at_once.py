"""Two programs at one time: one waits or stops with a sentence, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from commons.catalogue.store import Catalogue
from commons.federation.store import Store
from tests.faults.injecting import run
from tests.faults.scenarios import WHEN, federation, kitchen, merged, sound_federation

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from commons.catalogue.store import Catalogue
with Catalogue.open(Path(sys.argv[1])) as catalogue:
    for n in range(100_000):
        with catalogue.act("edit", at=datetime.now(UTC)) as act:
            act.put("service", f"s-{n}", {"title": f"Taller {n}"})
        print(n, flush=True)
"""


def test_of_two_merges_at_once_one_stops_with_a_sentence(tmp_path: Path) -> None:
    """Started together: each ends well or says why not; afterwards pool and lock are the new ones."""
    folder = tmp_path / "city"
    federation(folder)
    command = [sys.executable, "-m", "commons", "--lang", "en", "merge", "-f", ".", *WHEN]
    both = [subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [(p.communicate(timeout=120)[1], p.returncode) for p in both]
    assert 0 in {code for _said, code in ended}
    assert all(code == 0 or "Another merge is using" in said for said, code in ended), ended
    sound_federation(folder)
    merged(folder)


def test_a_merge_beside_another_changes_nothing_and_says_so(tmp_path: Path) -> None:
    """While the store is taken: exit code 2, a sentence, and what to do."""
    folder = tmp_path / "city"
    federation(folder)
    before = (folder / "pool.db").read_bytes(), (folder / "commons.lock").read_bytes()
    with Store(folder / "store").writing():
        went = run(folder, "merge", "-f", ".", *WHEN)
    assert went.returncode == 2 and "Another merge" in went.stderr and "Wait" in went.stderr
    assert before == ((folder / "pool.db").read_bytes(), (folder / "commons.lock").read_bytes())


def test_a_backup_of_a_catalogue_in_use_loses_nothing(tmp_path: Path) -> None:
    """`commons backup` while another program writes: all that was acknowledged before is in the copy."""
    folder = tmp_path / "cso"
    kitchen(folder)
    command = [sys.executable, "-c", WRITER, str(folder / "paz.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writing:
        assert writing.stdout is not None
        acknowledged = [int(writing.stdout.readline()) for _ in range(30)][-1]
        went = run(folder, "backup", "--to", "copy.db", "-c", "paz.db")
        writing.kill()
    assert went.returncode == 0, went.stderr
    with Catalogue.open(folder / "copy.db") as copy:
        assert copy.damage() == []
        assert {f"s-{n}" for n in range(acknowledged + 1)} <= {r.id for r in copy.records("service")}
