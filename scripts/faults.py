"""`python scripts/faults.py [COMMAND …] [--most N]`: kill commands, or refuse them the disk, everywhere.

Every write, rename, flush and the like of fetch, merge, publish, inbox, release, join and forget, one run
each, under SIGKILL, ENOSPC and EIO; after each the folder must be sound, the exit code truthful, and the next
run must get it done. `--most`: so many points of each command and fault instead of all. Needs strace.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.faults.injecting import FAULTS, WHY_NOT, Scenario, can_trace, points, some, try_one
from tests.faults.scenarios import SCENARIOS


def sweep(scenario: Scenario, folder: Path, most: int | None) -> int:
    """All points of one command; prints how it went. Gives how many failed."""
    prepared, began, failed = folder / "prepared", time.monotonic(), 0
    scenario.prepare(prepared)
    every = points(shutil.copytree(prepared, folder / "counted", symlinks=True), scenario.arguments)
    ended: Counter[str] = Counter()
    for fault in FAULTS:
        for at in some(every, f"{scenario.name} {fault}", most):
            try:
                code = try_one(scenario, prepared, folder / "tried", fault, at)
                ended[
                    "went well" if code in (0, 1) else "killed" if code < 0 or code == 137 else "refused"
                ] += 1
            except AssertionError as error:
                failed += 1
                print(f"FAILED {error}", flush=True)
    told = ", ".join(f"{n} {how}" for how, n in sorted(ended.items()))
    seconds = time.monotonic() - began
    print(f"{scenario.name}: {len(every)} points, {sum(ended.values()) + failed} runs ({told}), ", end="")
    print(f"{failed} failed, {seconds:.0f} s", flush=True)
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commands", nargs="*", choices=[[], *(s.name for s in SCENARIOS)])
    parser.add_argument("--most", type=int)
    asked = parser.parse_args()
    if not can_trace():
        print(WHY_NOT)
        return 2
    failed = 0
    for scenario in SCENARIOS:
        if not asked.commands or scenario.name in asked.commands:
            with tempfile.TemporaryDirectory() as folder:
                failed += sweep(scenario, Path(folder), asked.most)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
