"""`python -m bench.linking.beside [--sizes 10000,100000,1000000]`: our linking beside Splink on DuckDB.

The same invented records for both, each in a process of its own from reading the file to clusters.
Seconds are wall-clock and, for a busy computer, those of all processors together; memory is the peak of
the process and its children (proportional set size, sampled). How many true pairs blocking keeps is
counted in a second run, so that counting costs neither of them time. Splink is installed into build/ by
this command alone; where it cannot be, its rows are left out with a word.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.linking import invented

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
SPLINK = ("splink==5.0.0", "duckdb==2.0.0", "pyarrow==26.0.1", "sqlglot==30.30.0")
EVERY_S = 0.25
DEFAULT = "10000"


@dataclass(frozen=True)
class Ran:
    """What one way took, and what it says of its result."""

    seconds: float
    processor: float
    peak: int
    said: dict[str, float]


def environment() -> Path | None:
    """The Python that has Splink; None where it cannot be installed."""
    folder = BUILD / "splink" / "venv"
    python, mark = folder / "bin" / "python", folder / ".ready"
    wanted = "\n".join(SPLINK)
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return python
    try:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
        pip: list[str | Path] = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            *SPLINK,
        ]
        subprocess.run(pip, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = str(getattr(error, "stderr", "") or error).strip().splitlines()[-1:]
        print(f"Splink cannot be installed here, so it is left out: {' '.join(reason)}\n")
        return None
    mark.write_text(wanted, encoding="utf-8")
    return python


def memory(pid: int) -> int:
    """Bytes that a process and all below it have together, shared ones divided."""
    total, processes = 0, [pid]
    for process in processes:
        try:
            for task in Path(f"/proc/{process}/task").iterdir():
                processes += [int(child) for child in (task / "children").read_text().split()]
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total * 1024


def run(command: Sequence[str | Path]) -> Ran:
    """Run one way. Raises SystemExit where it fails."""
    begun, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    while True:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        peak = max(peak, memory(process.pid))
        time.sleep(EVERY_S)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    out, err = process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{err[-2000:]}")
    said = json.loads(out.splitlines()[-1])
    return Ran(seconds, used.ru_utime + used.ru_stime, max(peak, used.ru_maxrss * 1024), said)


def row(size: int, name: str, timed: Ran, counted: Ran) -> str:
    """One row of the table."""
    said, count = timed.said, counted.said
    precision = said["right"] / said["joined"] if said["joined"] else 1.0
    return (
        f"| {size:,} | {name} | {timed.seconds:.1f} | {timed.processor:.1f} "
        f"| {timed.peak / 1e6:,.0f} | {count['compared']:,.0f} "
        f"| {count['kept']:.4f} | {precision:.4f} | {said['right'] / said['true']:.4f} |"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--sizes", default=DEFAULT, help=f"numbers of records, by commas ({DEFAULT})")
    parser.add_argument("--ours-only", action="store_true")
    asked = parser.parse_args()
    splink = None if asked.ours_only else environment()
    ways: list[tuple[str, list[str | Path]]] = [("ours", [sys.executable, "-m", "bench.linking.our_way"])]
    if splink is not None:
        ways.append(("Splink 5, DuckDB", [splink, ROOT / "bench" / "linking" / "splink_way.py"]))
    print("| records | way | seconds | processor s | peak MB | pairs compared | true pairs kept | P | R |")
    print("|---|---|---|---|---|---|---|---|---|")
    for size in (int(text) for text in asked.sizes.split(",")):
        file = BUILD / "linking" / "invented" / f"{size}.jsonl"
        invented.write(file, size)
        for name, command in ways:
            timed = run([*command, file])
            print(row(size, name, timed, run([*command, file, "--count"])), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
