"""`python scripts/faults.py [COMMAND …]`: kill commands, or refuse them the disk, at every system call.

Every write, rename, flush and the like of fetch, merge, publish, inbox, release, join and forget, one run
each, under SIGKILL, ENOSPC and EIO; after each the folder must be sound, the exit code truthful, and the next
run must get it done. `--most`: so many points of each command and fault instead of all. `--log`: each run is
noted there, and what is noted is not run again. `--reads`: instead, EIO at whatever reads. Needs strace,
and Linux; quickest with TMPDIR in memory.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.faults.injecting import (
    CALLS,
    FAILING,
    FAULTS,
    READS,
    WHY_NOT,
    Point,
    Scenario,
    can_trace,
    points,
    some,
    try_one,
)
from tests.faults.scenarios import SCENARIOS
from tests.faults.warm import learn, warm


class Noted:
    """What was run, a line each; in memory only where there is no file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        lines = path.read_text("utf-8").splitlines() if path is not None and path.exists() else []
        self._went = {tuple(key): went for key, went in map(json.loads, lines)}

    def get(self, key: tuple[Any, ...]) -> str | None:
        return self._went.get(key)

    def put(self, key: tuple[Any, ...], went: str) -> None:
        self._went[key] = went
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, went]) + "\n")


def how(scenario: Scenario, folder: Path, fault: str, at: Point) -> str:
    """How one run went, in a word; a sentence that begins with FAILED where it went wrong."""
    try:
        code = try_one(scenario, folder / "prepared", folder / "tried", fault, at, warm)
    except AssertionError as error:
        return f"FAILED {error}"
    return "went well" if code in (0, 1) else "killed" if code < 0 or code == 137 else "refused"


def sweep(scenario: Scenario, folder: Path, most: int | None, noted: Noted, *, reads: bool) -> int:
    """All points of one command; prints how it went. Gives how many failed."""
    calls, faults = (READS, FAILING) if reads else (CALLS, FAULTS)
    prepared, began, ended = folder / "prepared", time.monotonic(), Counter[str]()
    scenario.prepare(prepared)
    learn(shutil.copytree(prepared, folder / "learned", symlinks=True), scenario.arguments)
    counted = shutil.copytree(prepared, folder / "counted", symlinks=True)
    every = points(counted, scenario.arguments, warm, calls)
    for fault in faults:
        for at in some(every, f"{scenario.name} {fault}", most):
            key = (scenario.name, fault, *at)
            went = noted.get(key)
            if went is None:
                went = how(scenario, folder, fault, at)
                noted.put(key, went)
            if went.startswith("FAILED"):
                print(went, flush=True)
            ended["failed" if went.startswith("FAILED") else went] += 1
    told = ", ".join(f"{n} {what}" for what, n in sorted(ended.items()))
    seconds = time.monotonic() - began
    print(
        f"{scenario.name}: {len(every)} points, {sum(ended.values())} runs ({told}), {seconds:.0f} s",
        flush=True,
    )
    return ended["failed"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commands", nargs="*", choices=[[], *(s.name for s in SCENARIOS)])
    parser.add_argument("--most", type=int)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--reads", action="store_true")
    asked = parser.parse_args()
    if not can_trace():
        print(WHY_NOT)
        return 2
    failed, noted = 0, Noted(asked.log)
    for scenario in SCENARIOS:
        if not asked.commands or scenario.name in asked.commands:
            with tempfile.TemporaryDirectory() as folder:
                failed += sweep(scenario, Path(folder), asked.most, noted, reads=asked.reads)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
