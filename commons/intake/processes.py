"""The calling side of the child processes: starts them, collects what they say, outlives what they do.

One thread: answers of all running children are collected while one of them is waited for. What a child says
goes into a file as it comes; it is read, and doubted, by `gate`.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from commons.intake.limits import Lent
from commons.intake.server import MESSAGE, STATUS

_CHUNK = 1024 * 1024
_ROUNDS = 16  # of listening, before there are other things to do
_GRACE_S = 15.0  # beyond a child's own deadline, until it counts as lost


def can_fork() -> bool:
    """Whether open files can be handed to a forking server here."""
    return hasattr(os, "fork") and hasattr(socket, "send_fds") and hasattr(socket, "AF_UNIX")


class Processes(Protocol):
    """Runs jobs. Every started job is waited for, or `close` ends it."""

    def __init__(self, lent: Lent) -> None: ...

    def start(self, job: Sequence[bytes], answer: BinaryIO) -> int:
        """Begin a job, whose answer goes into `answer`, closed at its end; gives the job's number."""

    def wait(self, number: int) -> None:
        """Return when the job has said all it will say."""

    def hear(self) -> None:
        """Take what has been said so far, without waiting, so that nobody waits to say more."""

    def how_it_ended(self, number: int) -> str:
        """For a job that ended without a summary: exit status or signal, in words for a report."""

    def close(self) -> None:
        """End everything that still runs."""


@dataclass(slots=True)
class _Running:
    answer: BinaryIO
    room: int
    deadline: float


class Forked:
    """Children of a warm server that has no threads."""

    def __init__(self, lent: Lent) -> None:
        self._lent = lent
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "commons.intake.server", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._control, selectors.EVENT_READ)
        self._running: dict[int, int] = {}  # job number → read end
        self._open: dict[int, _Running] = {}  # read end → what is known
        self._ended: dict[int, int] = {}
        self._last = 0

    def start(self, job: Sequence[bytes], answer: BinaryIO) -> int:
        self._last += 1
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        _widen(reading)
        with _memory_file() as source:
            for part in job:
                source.write(part)
            source.seek(0)
            try:
                socket.send_fds(self._control, [MESSAGE.pack(self._last)], [source.fileno(), writing])
            except OSError:  # the server is gone: the job ends without a word
                pass
            finally:
                os.close(writing)
        deadline = time.monotonic() + self._lent.seconds + _GRACE_S
        self._open[reading] = _Running(answer, self._lent.result_bytes, deadline)
        self._running[self._last] = reading
        self._selector.register(reading, selectors.EVENT_READ)
        return self._last

    def wait(self, number: int) -> None:
        reading = self._running.pop(number)
        while reading in self._open:
            self._hear(timeout=1.0)
            state = self._open.get(reading)
            if state is not None and time.monotonic() > state.deadline:
                self._finish(reading)

    def hear(self) -> None:
        for _round in range(_ROUNDS):
            if not self._hear(timeout=0):
                break

    def _hear(self, *, timeout: float) -> bool:
        """Take what children and the server have to say; a server that is not heard would block.

        Gives whether anybody said something.
        """
        ready = self._selector.select(timeout=timeout)
        for key, _events in ready:
            if key.fileobj is self._control:
                self._note_status()
            else:
                self._collect(key.fd)
        return bool(ready)

    def _note_status(self) -> None:
        data = b""
        with contextlib.suppress(OSError):
            data = self._control.recv(STATUS.size, socket.MSG_WAITALL)
        if len(data) != STATUS.size:  # the server is gone; so are its children, or soon
            self._selector.unregister(self._control)
            return
        number, status = STATUS.unpack(data)
        self._ended[number] = status

    def _collect(self, reading: int) -> None:
        state = self._open[reading]
        try:
            data = os.read(reading, _CHUNK)
        except BlockingIOError:
            return
        state.room -= len(data)
        if not data or state.room < 0:
            self._finish(reading)
        else:
            state.answer.write(data)

    def _finish(self, reading: int) -> None:
        self._selector.unregister(reading)
        os.close(reading)
        self._open.pop(reading).answer.close()

    def how_it_ended(self, number: int) -> str:
        until = time.monotonic() + 2.0
        while number not in self._ended and time.monotonic() < until:
            self._hear(timeout=0.1)
        return f"status {self._ended[number]}" if number in self._ended else "no status"

    def close(self) -> None:
        for reading in list(self._open):
            self._finish(reading)
        self._selector.close()
        self._control.close()  # the server ends its children and itself
        try:
            self._server.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()


def _memory_file() -> BinaryIO:
    """A file without a name, in memory where the system can."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("commons-intake"), "w+b")
    return tempfile.TemporaryFile()


def _widen(pipe: int) -> None:
    """Let a child write ahead while this side is busy, where the system can."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _CHUNK)


class Spawned:
    """A fresh interpreter for each job: slower by a tenth of a second, for systems without fork."""

    def __init__(self, lent: Lent) -> None:
        self._lent = lent
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._ended: dict[int, int] = {}
        self._last = 0

    def start(self, job: Sequence[bytes], answer: BinaryIO) -> int:
        self._last += 1
        with tempfile.TemporaryFile() as source, answer:
            for part in job:
                source.write(part)
            source.seek(0)
            self._running[self._last] = subprocess.Popen(
                [sys.executable, "-m", "commons.intake.server", "--once"],
                stdin=source,
                stdout=answer,
                stderr=subprocess.DEVNULL,
            )
        return self._last

    def wait(self, number: int) -> None:
        process = self._running.pop(number)
        try:
            process.wait(timeout=self._lent.seconds + _GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._ended[number] = process.returncode

    def hear(self) -> None:
        """What they say goes into files."""

    def how_it_ended(self, number: int) -> str:
        return f"status {self._ended[number]}"

    def close(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()
        self._running.clear()
