"""Commands that are killed, or that the disk refuses, at their system calls: strace does it to the program.

A `Scenario` is a folder in which one command is about to be given. Whatever happens to it: what stands there
is `sound`; if it says that all went well, everything is `done`; and `again`, it gets done.
"""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from commons.errors import CommonsError

CALLS = (
    "write", "pwrite64", "fsync", "fdatasync", "rename", "mkdir", "unlink", "ftruncate", "symlink", "rmdir",
    "openat", "link",
)  # fmt: skip
READS = ("read", "pread64", "openat", "getdents64", "newfstatat", "fstat", "lseek")
FAULTS = ("signal=KILL", "error=ENOSPC", "error=EIO")
FAILING = ("error=EIO",)  # what a disk says that can no longer be read
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


class Point(NamedTuple):
    """The n-th call of its kind: of every process of the command, or of the first one alone."""

    call: str
    n: int
    alone: bool = False

    @property
    def followed(self) -> tuple[str, ...]:
        return () if self.alone else ("-f",)


@dataclass(frozen=True)
class Went:
    """How a command ended; below zero: by which signal."""

    returncode: int
    stdout: str
    stderr: str


class Runner(Protocol):
    """Runs a command in a folder; `strace`: what to do to it, if anything."""

    def __call__(self, folder: Path, *arguments: str, strace: tuple[str, ...] = ()) -> Went: ...


def can_trace() -> bool:
    """Whether strace is here and may do its work."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], capture_output=True).returncode == 0


def run(folder: Path, *arguments: str, strace: tuple[str, ...] = ()) -> Went:
    """With a start of Python, as people do it."""
    traced = ["strace", "-qq", "-o", "/dev/null", *strace] if strace else []
    command = [*traced, sys.executable, "-m", "commons", "--lang", "en", *arguments]
    went = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    return Went(went.returncode, went.stdout, went.stderr)


def give(folder: Path, *arguments: str) -> None:
    """A command that must go well."""
    went = run(folder, *arguments)
    assert went.returncode in WELL, (arguments, went.stdout, went.stderr)


def points(
    folder: Path, arguments: tuple[str, ...], runner: Runner = run, calls: tuple[str, ...] = CALLS
) -> list[Point]:
    """All of an undisturbed run in a folder that may be used up.

    Among `CALLS` a file that is opened counts only if it is for writing: a start of Python opens many.
    Where several processes have an n-th call of a kind, the first one alone is a point, too.
    """
    log = folder.parent / "calls"
    went = runner(folder, *arguments, strace=("-f", "-e", f"trace={','.join(calls)}", "-o", str(log)))
    assert went.returncode in WELL, went
    counted: dict[tuple[str, str], int] = {}
    found: dict[tuple[str, int], set[str]] = {}
    first = None
    for line in log.read_text("utf-8", "replace").splitlines():
        match = re.match(r"(\d+) +(\w+)\((.*)", line)
        if match is None:
            continue
        first = first or match[1]
        key = (match[1], match[2])
        counted[key] = counted.get(key, 0) + 1
        if match[2] != "openat" or calls != CALLS or re.search(r"O_(WRONLY|RDWR|CREAT)", match[3]):
            found.setdefault((match[2], counted[key]), set()).add(match[1])
    every = {Point(call, n) for call, n in found}
    shared = {Point(call, n, alone=True) for (call, n), who in found.items() if len(who) > 1 and first in who}
    return sorted(every | shared)


def some(every: list[Point], seed: str, most: int | None) -> list[Point]:
    """`most` of them, each time the same; None: all."""
    return every if most is None else random.Random(seed).sample(every, min(most, len(every)))


def try_one(
    scenario: Scenario, prepared: Path, tried: Path, fault: str, at: Point, runner: Runner = run
) -> int:
    """One fault at one point, in a copy of the prepared folder. Gives the exit code of the command."""
    where = f"{scenario.name}: {fault} at {at.call} {at.n}{' alone' if at.alone else ''}"
    shutil.rmtree(tried, ignore_errors=True)
    shutil.copytree(prepared, tried, symlinks=True)
    inject = (*at.followed, "-e", f"trace={at.call}", "-e", f"inject={at.call}:{fault}:when={at.n}")
    went = runner(tried, *scenario.arguments, strace=inject)
    assert "Traceback" not in went.stderr, (where, went.stderr)
    try:
        scenario.sound(tried)
        if went.returncode == 0:
            scenario.done(tried)
        again = runner(tried, *(scenario.again or scenario.arguments))
        assert "Traceback" not in again.stderr, again.stderr
        scenario.sound(tried)
        scenario.done(tried)
    except (AssertionError, OSError, sqlite3.Error, CommonsError) as error:
        raise AssertionError((where, str(error), went.returncode, went.stdout[-400:], went.stderr)) from error
    return went.returncode
