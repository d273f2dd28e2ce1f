"""Killed, or refused by the disk, at any system call: nothing torn, a truthful exit code, and the next run
gets it done.

Here a few points of each command, the same ones each time; `python scripts/faults.py` tries every one.
"""

from __future__ import annotations

import shutil
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
