"""Commands that are killed, or that the disk refuses, at their system calls: strace does it to the program.

A `Scenario` is a folder in which one command is about to be given. Whatever happens to it: what stands there
is `sound`; if it says that all went well, everything is `done`; and `again`, it gets done.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "write", "pwrite64", "fsync", "fdatasync", "rename", "mkdir", "unlink", "ftruncate", "symlink", "rmdir",
    "openat", "link",
)  # fmt: skip
FAULTS = ("signal=KILL", "error=ENOSPC", "error=EIO")
WELL = (0, 1)  # done; done, with something to look at
SECONDS = 120
WHY_NOT = "strace is not here, or may not trace"


@dataclass(frozen=True)
class Scenario:
    """`arguments` of the command under test, run in a folder that `prepare` made.

    `sound` and `done` raise AssertionError. `again`: what a person would do next, once or twice.
    """

    name: str
    arguments: tuple[str, ...]
    prepare: Callable[[Path], None]
    sound: Callable[[Path], None]
    done: Callable[[Path], None]
    again: tuple[str, ...] = ()


def can_trace() -> bool:
    """Whether strace is here and may do its work."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], capture_output=True).returncode == 0


def run(folder: Path, *arguments: str, strace: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    traced = ["strace", "-f", "-qq", "-o", "/dev/null", *strace] if strace else []
    command = [*traced, sys.executable, "-m", "commons", "--lang", "en", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS)


def give(folder: Path, *arguments: str) -> None:
    """A command that must go well."""
    went = run(folder, *arguments)
    assert went.returncode in WELL, (arguments, went.stdout, went.stderr)


def points(folder: Path, arguments: tuple[str, ...]) -> list[tuple[str, int]]:
    """(system call, which one of them) of an undisturbed run in a folder that may be used up.

    Reading files is left out: of the many that a start of Python opens, only those opened for writing count.
    """
    log = folder.parent / "calls"
    traced = ("-e", f"trace={','.join(CALLS)}", "-o", str(log))
    command = [
        "strace", "-f", "-qq", *traced, sys.executable, "-m", "commons", "--lang", "en", *arguments,
    ]  # fmt: skip
    subprocess.run(command, cwd=folder, capture_output=True, timeout=SECONDS, check=False)
    counted: dict[tuple[str, str], int] = {}
    found: set[tuple[str, int]] = set()
    for line in log.read_text("utf-8", "replace").splitlines():
        match = re.match(r"(\d+) +(\w+)\((.*)", line)
        if match is None:
            continue
        key = (match[1], match[2])
        counted[key] = counted.get(key, 0) + 1
        if match[2] != "openat" or re.search(r"O_(WRONLY|RDWR|CREAT)", match[3]):
            found.add((match[2], counted[key]))
    return sorted(found)


def some(every: list[tuple[str, int]], seed: str, most: int | None) -> Iterator[tuple[str, int]]:
    """`most` of them, each time the same; None: all."""
    if most is None:
        yield from every
    else:
        yield from random.Random(seed).sample(every, min(most, len(every)))


def try_one(scenario: Scenario, prepared: Path, tried: Path, fault: str, at: tuple[str, int]) -> int:
    """One fault at one point, in a copy of the prepared folder. Gives the exit code of the command."""
    call, n = at
    where = f"{scenario.name}: {fault} at {call} {n}"
    shutil.rmtree(tried, ignore_errors=True)
    shutil.copytree(prepared, tried, symlinks=True)
    went = run(tried, *scenario.arguments, strace=("-e", f"inject={call}:{fault}:when={n}"))
    assert "Traceback" not in went.stderr, (where, went.stderr)
    try:
        scenario.sound(tried)
        if went.returncode == 0:
            scenario.done(tried)
        again = run(tried, *(scenario.again or scenario.arguments))
        assert "Traceback" not in again.stderr, again.stderr
        scenario.sound(tried)
        scenario.done(tried)
    except (AssertionError, OSError) as error:
        raise AssertionError((where, str(error), went.returncode, went.stdout[-400:], went.stderr)) from error
    return went.returncode
