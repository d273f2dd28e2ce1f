"""Two programs at one time: one waits or stops with a sentence, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from commons.catalogue.store import Catalogue
from commons.federation.store.folder import Store
from tests.faults.injecting import run
from tests.faults.scenarios import (
    PUBLISH,
    WHEN,
    federation,
    kitchen,
    merged,
    published,
    published_once,
    shown_and_clean,
    sound_federation,
)

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


def test_two_publishers_at_once_leave_a_whole_portal(tmp_path: Path) -> None:
    """Each ends well or says why not; what is shown is one whole version."""
    folder = tmp_path / "city"
    published_once(folder)
    command = [sys.executable, "-m", "commons", "--lang", "en", *PUBLISH]
    both = [subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [(p.communicate(timeout=120)[1], p.returncode) for p in both]
    assert 0 in {code for _said, code in ended}
    assert all(code == 0 or "is publishing" in said for said, code in ended), ended
    shown_and_clean(folder)
    published(folder)


def test_a_backup_of_a_catalogue_in_use_loses_nothing(tmp_path: Path) -> None:
    """`commons backup`, again and again, while another program writes: all that was acknowledged before is in
    each copy, each copy is whole, the writer is not held up, and the catalogue has all that it was given."""
    folder = tmp_path / "cso"
    kitchen(folder)
    command = [sys.executable, "-c", WRITER, str(folder / "paz.db")]
    before = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writing:
        assert writing.stdout is not None
        for n in range(4):
            acknowledged = [int(writing.stdout.readline()) for _ in range(30)][-1]
            went = run(folder, "backup", "--to", f"copy-{n}.db", "-c", "paz.db")
            assert went.returncode == 0, went.stderr
            before[folder / f"copy-{n}.db"] = acknowledged
        assert writing.poll() is None, "the writer was held up"
        writing.kill()
        *_, last = (int(line) for line in writing.stdout if line.endswith("\n"))
    assert last > acknowledged
    for path, acknowledged in {**before, folder / "paz.db": last}.items():
        with Catalogue.open(path) as copy:
            assert copy.damage() == []
            kept = {r.id for r in copy.records("service")}
            assert {"comida", "taller", *(f"s-{n}" for n in range(acknowledged + 1))} <= kept
