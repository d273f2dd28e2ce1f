"""`python bench/run.py`: our merge, the script and the floor, on the same catalogues, a process for each.

Seconds are wall-clock and of the processor (starting Python and all children included), memory is the peak of
the process and all its children together (proportional set size, sampled). 10 × 100 and 100 × 100, or each
`--size`; 1,000 × 1,000 with --million. Then 1,000 × 100 is merged by us alone: from nothing, again with all
examined (`--full`), and from the last pool after three records of one member changed.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from generate import generate

EVERY_S = 0.25  # reading a process's maps costs it time too
SIZES = [(10, 100), (100, 100)]
AGAIN = (1_000, 100)
MILLION = (1_000, 1_000)
WAYS = {
    "ours": "our merge, verified",
    "exact": "our merge, without links by evidence",
    "script": "script (sqlite-utils)",
    "floor": "floor (ATTACH, INSERT … SELECT)",
}
HERE = Path(__file__).resolve().parent


def descendants(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for process in found:
        try:
            for task in Path(f"/proc/{process}/task").iterdir():
                found += [int(c) for c in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def memory(pid: int) -> int:
    """Bytes that a process and its children have together, shared ones divided."""
    total = 0
    for process in descendants(pid):
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total * 1024


class Ran(NamedTuple):
    """How one way went: seconds, seconds of the processor, the most bytes at one time, records."""

    seconds: float
    processor: float
    peak: int
    things: int


def run(way: str, folder: Path) -> Ran:
    """One way, which finds nothing that another one made."""
    shutil.rmtree(folder / "store", ignore_errors=True)
    for name in ("commons.lock", *(f"{way}.db" for way in WAYS)):
        (folder / name).unlink(missing_ok=True)
    begun, peak = time.perf_counter(), 0
    command = [sys.executable, str(HERE / f"{way}.py"), str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while True:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        peak = max(peak, memory(process.pid))
        time.sleep(EVERY_S)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or process.stdout is None:
        raise SystemExit(f"{way} failed")
    with process.stdout:
        said = process.stdout.read()
    peak = max(peak, used.ru_maxrss * 1024)  # of the process alone: what sampling may have missed
    return Ran(seconds, used.ru_utime + used.ru_stime, peak, int(said))


def size_of(text: str) -> tuple[int, int]:
    """`30x1000`: catalogues, and records of each."""
    catalogues, _x, records = text.partition("x")
    return int(catalogues), int(records)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action="store_true", help="1,000 × 1,000 too (twenty minutes)")
    parser.add_argument("--size", type=size_of, action="append", help="these sizes alone, as 30x1000")
    parser.add_argument("--folder", type=Path, help="keep the catalogues here")
    asked = parser.parse_args()
    for name in ("commons", "bench"):  # as installed programs are: nothing is compiled while it is measured
        compileall.compile_dir(HERE.parent / name, quiet=1)
    print("| catalogues × records | way | seconds | of processor | × floor | peak MB | things |")
    print("|---|---|---|---|---|---|---|")
    for catalogues, records in (asked.size or SIZES) + [MILLION] * asked.million:
        base = asked.folder or Path(tempfile.mkdtemp(prefix="commons-bench-"))
        folder = base / f"{catalogues}x{records}"
        if not (folder / "federation.yaml").exists():
            generate(folder, catalogues, records)
        took = {way: run(way, folder) for way in WAYS}
        for way, ran in took.items():
            times = ran.seconds / took["floor"].seconds
            print(
                f"| {catalogues:,} × {records:,} | {WAYS[way]} | {ran.seconds:.1f} | {ran.processor:.1f} "
                f"| {times:.1f} | {ran.peak / 1e6:.0f} | {ran.things:,} |",
                flush=True,
            )
        if asked.folder is None:
            shutil.rmtree(base)
    if asked.size:
        return
    print()
    for catalogues, records in [AGAIN] + [MILLION] * asked.million:
        again(catalogues, records, asked.folder)


def again(catalogues: int, records: int, kept: Path | None) -> None:
    """A merge of everything beside one after which three records of one member are others."""
    base = kept or Path(tempfile.mkdtemp(prefix="commons-bench-"))
    folder = base / f"again-{catalogues}x{records}"
    if not (folder / "federation.yaml").exists():
        generate(folder, catalogues, records)
    shutil.rmtree(folder / "store", ignore_errors=True)
    for name in ("commons.lock", "pool.db"):
        (folder / name).unlink(missing_ok=True)
    print(f"| {catalogues:,} × {records:,} | processor s | wall s | intake | link | fuse | pool |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for way in ("first", "full", "difference"):
        subprocess.run([sys.executable, str(HERE / "again.py"), str(folder), way], check=True)
    if kept is None:
        shutil.rmtree(base)


if __name__ == "__main__":
    main()
