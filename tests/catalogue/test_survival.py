"""What was acknowledged survives a kill; two programs may write; closed by all, the file is plain."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from commons.catalogue.errors import CatalogueInUse
from commons.catalogue.store import Catalogue

WRITER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from commons.catalogue.store import Catalogue
with Catalogue.open(Path(sys.argv[1])) as catalogue:
    for n in range(int(sys.argv[3])):
        with catalogue.act("edit", at=datetime.now(UTC)) as act:
            act.put("service", f"{sys.argv[2]}-{n}", {"title": f"Taller {n}", "summary": "x" * 2000})
            act.put("service", f"{sys.argv[2]}-{n}-twin", {"title": f"Taller {n}"})
        print(n, flush=True)
"""


def writer(path, name, acts):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(acts)], stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def path(new_catalogue):
    with new_catalogue() as made:
        return made.path


def sidecars(path):
    return [p.name for p in path.parent.iterdir() if p.name.startswith(path.name) and p != path]


@pytest.mark.parametrize("round_", range(3))
def test_a_kill_loses_no_acknowledged_act_and_leaves_no_half_one(path, round_):
    """kill -9 while writing: every act that was reported is there, every act is there with both records."""
    with writer(path, "a", 10_000) as process:
        acknowledged = [process.stdout.readline() for _ in range(20 + 15 * round_)][-1]
        process.kill()
        acknowledged = (process.stdout.read().split() or [acknowledged])[-1]
    with Catalogue.open(path) as catalogue:
        ids = {r.id for r in catalogue.records("service")}
        assert {f"a-{n}" for n in range(int(acknowledged) + 1)} <= ids
        assert {i for i in ids if not i.endswith("twin")} == {
            i.removesuffix("-twin") for i in ids if i.endswith("twin")
        }
        assert catalogue.damage() == []
    assert sidecars(path) == []


def test_two_programs_write_at_once_and_nothing_is_lost(path):
    writers = [writer(path, name, 25) for name in "ab"]
    for process in writers:
        process.communicate(timeout=60)
        assert process.returncode == 0
    with Catalogue.open(path) as catalogue:
        assert catalogue.count("service") == 100
    assert sidecars(path) == []


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_leaves_one_plain_file(path):
    with writer(path, "a", 10_000) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert sidecars(path) == []


def test_a_backup_of_a_catalogue_in_use_holds_whole_acts(path, at):
    """Copied while another program writes: sound, and every act in it complete."""
    process = writer(path, "a", 10_000)
    process.stdout.readline()
    with Catalogue.open(path) as catalogue:
        copies = [catalogue.backup(at=at) for _ in range(3)]
    process.kill()
    process.communicate()
    for copy in copies:
        with Catalogue.open(copy) as catalogue:
            assert catalogue.damage() == [] and catalogue.count("service") % 2 == 0
            assert catalogue.count("service") > 0


def test_looking_changes_no_byte(path):
    """A cloud folder must not send the file again because somebody looked."""
    before, stamp = path.read_bytes(), path.stat().st_mtime_ns
    with Catalogue.open(path) as catalogue:
        list(catalogue.records(search="x"))
        assert sidecars(path) == []
    assert path.read_bytes() == before and path.stat().st_mtime_ns == stamp


def test_a_locked_catalogue_is_said_to_be_in_use(path, at, monkeypatch):
    monkeypatch.setattr("commons.catalogue.file.BUSY_TIMEOUT_MS", 50)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Catalogue.open(path) as catalogue:
        started = time.monotonic()
        with pytest.raises(CatalogueInUse, match=r"paz\.db"), catalogue.act("edit", at=at):
            pass
        assert time.monotonic() - started < 5
        assert catalogue.profile.title == "Comedor La Paz"
    other.execute("ROLLBACK")
    other.close()
