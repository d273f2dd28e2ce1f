"""The process that examines members' files: warm, without threads, forking a child for each file, or a few.

A fresh interpreter costs over 100 ms, a fork of this one a few; a fork of the calling program could copy its
threads' locks and its secrets. Started by `gate` with one socket; each message is a job number with two open
files: the job (a length, JSON, then the bytes to examine) and a pipe for the answer. Runs alone, as
`python -m commons.intake.server SOCKET`, or `--once` where there is no fork: job on stdin, answer on stdout.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from io import FileIO
from typing import Any, NoReturn

from commons.format.foreign import Refused
from commons.intake import catalogue, frames, pruned, rows
from commons.intake.catalogue import Job, Unreadable
from commons.intake.limits import Lent
from commons.intake.tables import tables
from commons.schema.spec import load_schema

MESSAGE = struct.Struct("<Q")
STATUS = struct.Struct("<Qi")  # job number, how a child failed, as os.waitstatus_to_exitcode says it
_LENGTHS = struct.Struct("<IQ")  # of a job's JSON and of the bytes to examine
_LOOK_S = 0.02  # between two looks at children that are running


def pack_job(job: Job, data: bytes, lent: Lent) -> tuple[bytes, bytes]:
    """One job as the child reads it; several may follow each other."""
    head = json.dumps({"job": asdict(job), "lent": asdict(lent)}).encode()
    return _LENGTHS.pack(len(head), len(data)) + head, data


def _read_jobs(file: FileIO) -> Iterator[tuple[Job, Lent, bytes]]:
    """Jobs and the bytes to examine, one at a time, without a buffer: up to 64 MiB are in memory once."""
    while lengths := _exactly(file, _LENGTHS.size):
        of_head, of_data = _LENGTHS.unpack(lengths)
        head = json.loads(_exactly(file, of_head))
        yield Job(**head["job"]), Lent(**head["lent"]), _exactly(file, of_data)


def _exactly(file: FileIO, count: int) -> bytes:
    parts: list[bytes] = []
    while count and (part := file.read(count)):
        parts.append(part)
        count -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def answer(job: Job, data: bytes, emit: Callable[[bytes], None], *, seconds: float) -> None:
    """Examine and emit: rows, then always a summary with what came of it."""
    try:
        room = pruned.examine if job.form == "pruned" else catalogue.examine
        summary: dict[str, Any] = {"outcome": "taken", **room(job, data, emit, seconds=seconds)}
    except Refused as refusal:
        summary = {"outcome": "refused", "code": refusal.code, "detail": refusal.detail}
    except Unreadable as error:
        summary = {"outcome": "unreadable", "code": "E_HERE", "detail": str(error)}
    except MemoryError:
        summary = {"outcome": "unreadable", "code": "E_HERE", "detail": "memory"}
    frames.write_summary(emit, {**summary, "release": job.release, "member": job.member, "form": job.form})


def warm() -> None:
    """Load what every child needs, once."""
    schema = load_schema()
    catalogue.columns_of(schema.version)
    for table in (tables(schema.version) or {}).values():
        rows.reader(table, schema.types.get(table.name))
    gc.collect()
    gc.freeze()  # so that children do not copy pages only to look for cycles
    gc.disable()  # a child makes none, and ends soon


def serve(control: socket.socket) -> None:
    """Fork a child for each message until the other side closes."""
    warm()
    running: dict[int, tuple[int, float]] = {}  # process id → job number, deadline
    while True:
        ready, _, _ = select.select([control], [], [], _LOOK_S if running else None)
        if ready:
            message, descriptors, _flags, _address = socket.recv_fds(control, MESSAGE.size, 2)
            if len(message) != MESSAGE.size or len(descriptors) != 2:
                break
            (number,) = MESSAGE.unpack(message)
            child = os.fork()
            if child == 0:
                control.close()
                _child(*descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            running[child] = (number, time.monotonic() + Lent().seconds + 5)
        _reap(running, control)
    for child in running:
        os.kill(child, signal.SIGKILL)


def _reap(running: dict[int, tuple[int, float]], control: socket.socket) -> None:
    for child, (number, deadline) in list(running.items()):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            del running[child]
            if status:
                control.sendall(STATUS.pack(number, os.waitstatus_to_exitcode(status)))
        elif time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)


def _child(source: int, sink: int) -> NoReturn:
    """Examine a few files under limits, then end without any of the parent's endings."""
    code = 1
    try:
        with FileIO(source) as file:
            for job, lent, data in _read_jobs(file):
                _limit(lent, file_bytes=0)
                answer(job, data, lambda part: _write(sink, part), seconds=lent.seconds)
        code = 0
    except BaseException:  # a child must never return into the server's loop
        code = 1
    finally:
        os._exit(code)


def _write(sink: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(sink, view) :]


def _limit(lent: Lent, *, file_bytes: int) -> None:
    """What the system can take from this process; what it cannot, the deadline and SQLite's limits bound."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, value in (
        ("RLIMIT_AS", lent.memory_bytes),
        ("RLIMIT_CPU", lent.cpu_seconds),
        ("RLIMIT_FSIZE", file_bytes),
        ("RLIMIT_NOFILE", lent.descriptors),
        ("RLIMIT_CORE", 0),
    ):
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        _soft, hard = resource.getrlimit(kind)
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError):  # macOS refuses RLIMIT_AS
            continue


def once() -> None:
    """Jobs from stdin, their answers to stdout: for systems without fork."""
    for job, lent, data in _read_jobs(FileIO(sys.stdin.fileno(), closefd=False)):
        _limit(lent, file_bytes=lent.result_bytes)
        answer(job, data, lambda part: _whole(sys.stdout.buffer.write(part)), seconds=lent.seconds)
        sys.stdout.buffer.flush()


def _whole(_written: int) -> None:
    """A buffered stream writes everything or raises."""


def main(arguments: list[str]) -> None:
    if arguments == ["--once"]:
        once()
    else:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C belongs to whoever started us
        with socket.socket(fileno=int(arguments[0])) as control:
            serve(control)


if __name__ == "__main__":
    main(sys.argv[1:])
