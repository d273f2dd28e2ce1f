"""Killed, or refused by the disk, at any system call: nothing torn, a truthful exit code, and the next run
gets it done.

Here a few points of each command, the same ones each time, with a start of Python each;
`python scripts/faults.py` tries every one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.injecting import FAULTS, WHY_NOT, Scenario, can_trace, points, some, try_one
from tests.faults.scenarios import SCENARIOS

pytestmark = pytest.mark.skipif(not can_trace(), reason=WHY_NOT)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_no_fault_leaves_anything_torn_and_the_next_run_succeeds(scenario: Scenario, tmp_path: Path) -> None:
    """What stands there is the old or the new, whole; whoever is told that it went well has the new."""
    prepared, counted = tmp_path / "prepared", tmp_path / "counted"
    scenario.prepare(prepared)
    every = points(shutil.copytree(prepared, counted, symlinks=True), scenario.arguments)
    assert len(every) > 10
    scenario.done(counted)
    for fault in (FAULTS[0], FAULTS[1 + SCENARIOS.index(scenario) % 2]):
        for at in some(every, f"{scenario.name} {fault}", 1):
            try_one(scenario, prepared, tmp_path / "tried", fault, at)


def test_every_point_can_be_tried_without_a_start_of_python(tmp_path: Path) -> None:
    """The sweep: it tries a point of each fault, and notes what came of it."""
    script, log = Path(__file__).parents[2] / "scripts" / "faults.py", tmp_path / "log"
    command = [sys.executable, str(script), "fetch", "--most", "1", "--log", str(log)]
    went = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert went.returncode == 0 and "3 runs" in went.stdout and "failed" not in went.stdout, went
    assert len(log.read_text("utf-8").splitlines()) == len(FAULTS)
