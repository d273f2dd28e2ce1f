"""A command as a fork of a process that has read the program already: a fault costs no start of Python.

What is tried is the program itself, in a process of its own for each run; only its modules were read before.
The server that examines members' files is forked likewise. `injecting.run` is the same with a start of
Python each. For Linux, and for a process without threads.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from commons.cli import main as program
from commons.intake import processes, server
from tests.faults.injecting import SECONDS, Went


def learn(folder: Path, arguments: tuple[str, ...]) -> None:
    """Read all modules that a command reads, as a run of it in `folder` tells."""
    told = folder.parent / "modules"
    child = os.fork()
    if child == 0:
        _play(folder, arguments, after=lambda: told.write_text("\n".join(sorted(sys.modules)), "utf-8"))
    _wait(child)
    for name in told.read_text("utf-8").splitlines():
        with contextlib.suppress(ImportError, AttributeError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def warm(folder: Path, *arguments: str, strace: tuple[str, ...] = ()) -> Went:
    """`injecting.run`, without the start. strace holds the child before it begins."""
    assert threading.active_count() == 1
    go, begin = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(begin)
        _play(folder, arguments, before=lambda: os.read(go, 1))
    os.close(go)
    tracer = _attach(child, strace) if strace else None
    os.write(begin, b"x")
    os.close(begin)
    code = _wait(child)
    if tracer is not None:
        tracer.wait(timeout=SECONDS)
    said, complained = (_beside(folder, name).read_text("utf-8", "replace") for name in ("out", "err"))
    return Went(code, said, complained)


def _beside(folder: Path, name: str) -> Path:
    return folder.with_name(f"{folder.name}.{name}")


def _attach(child: int, strace: tuple[str, ...]) -> subprocess.Popen[bytes]:
    tracer = subprocess.Popen(
        ["strace", "-p", str(child), "-o", "/dev/null", *strace],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert tracer.stderr is not None
    said = tracer.stderr.readline()
    assert b"attached" in said, said
    return tracer


def _wait(child: int) -> int:
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise AssertionError("it does not end")


def _play(
    folder: Path,
    arguments: tuple[str, ...],
    *,
    before: Callable[[], object] = lambda: None,
    after: Callable[[], object] = lambda: None,
) -> NoReturn:
    """What `python -m commons` does, in this process, which ends with it."""
    weakref.finalize._registry.clear()  # type: ignore[attr-defined]  # what the parent will tidy up
    os.chdir(folder)
    for number, name in ((1, "out"), (2, "err")):
        with _beside(folder, name).open("wb") as file:
            os.dup2(file.fileno(), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    processes.subprocess = _Forking()  # type: ignore[attr-defined]
    before()
    code = _ended(arguments)
    with contextlib.suppress(BaseException):  # as Python does when it ends
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    after()
    try:
        sys.stdout.flush()
    except OSError:
        code = 120
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(code)


def _ended(arguments: tuple[str, ...]) -> int:
    try:
        sys.argv = ["commons", "--lang", "en", *arguments]
        program.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except BaseException:
        traceback.print_exc()
    return 1


class _Forking:
    """Stands where `processes` starts the server, which is forked instead."""

    DEVNULL, TimeoutExpired = subprocess.DEVNULL, subprocess.TimeoutExpired

    class Popen:
        def __init__(self, command: list[str], *, pass_fds: tuple[int, ...], **_rest: Any) -> None:
            assert command[1:3] == ["-m", "commons.intake.server"], command
            self.pid = os.fork()
            if self.pid == 0:
                _serve(command[3], pass_fds[0])

        def wait(self, timeout: float = SECONDS) -> int:
            ends = time.monotonic() + timeout
            while time.monotonic() < ends:
                done, status = os.waitpid(self.pid, os.WNOHANG)
                if done:
                    return os.waitstatus_to_exitcode(status)
                time.sleep(0.001)
            raise subprocess.TimeoutExpired("server", timeout)

        def kill(self) -> None:
            os.kill(self.pid, signal.SIGKILL)


def _serve(number: str, socket: int) -> NoReturn:
    """The server with nothing open but its socket, as if it had been started."""
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(nothing, standard)
        os.closerange(3, socket)
        os.closerange(socket + 1, os.sysconf("SC_OPEN_MAX"))
        server.main([number])
    finally:
        os._exit(0)
