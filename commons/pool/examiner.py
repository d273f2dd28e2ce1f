"""The process that looks into a stranger's pool: `python -m commons.pool.examiner releases|compare JOB`.

Says on stdout, as frames (a letter, a length, bytes), what it found; its caller (`examine`) doubts every one.
Writes no file, and ends where its time or memory ends.

    M  what `meta` says, JSON      R  a rebuilt release, one file      L  what it does not show, JSON
    D  a difference, JSON          E  why nothing can be said, JSON    Z  the end
"""

from __future__ import annotations

import json
import os
import sqlite3
import struct
import sys
from collections.abc import Callable
from pathlib import Path

from commons.format import container
from commons.format.foreign import Refused
from commons.pool import differences, proof
from commons.pool.stranger import open_strangers, reason

FRAME = struct.Struct("<cI")
Say = Callable[[bytes, bytes], None]


def tell_releases(path: Path, say: Say, *, seconds: float) -> None:
    """`meta`, then every release that the pool was merged of."""
    connection = open_strangers(path, seconds=seconds)
    try:
        say(b"M", _json(dict(connection.execute("SELECT key, value FROM meta").fetchall())))
        for rebuilt in proof.releases(connection):
            for difference in rebuilt.altered:
                say(b"D", _json(difference.to_json()))
            said = {"form": rebuilt.form, "held": rebuilt.held, "left_out": dict(rebuilt.left_out)}
            say(b"L", _json(said))
            say(b"R", container.to_bytes(rebuilt.files))
    finally:
        connection.close()


def tell_differences(path: Path, merged: Path, say: Say, *, whole: bool, seconds: float) -> None:
    """Where the pool at `path` differs from the one that was merged of its proof."""
    connection = open_strangers(path, seconds=seconds)
    try:
        own = open_strangers(merged, seconds=seconds)
        try:
            for difference in differences.compare(connection, own, whole=whole):
                say(b"D", _json(difference.to_json()))
        finally:
            own.close()
    finally:
        connection.close()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, sort_keys=True).encode()


def _limit(memory_bytes: int, cpu_seconds: int) -> None:
    """What the system can take from this process, where it can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _soft, hard = resource.getrlimit(kind)
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError):  # macOS refuses RLIMIT_AS
            continue


def _say(tag: bytes, data: bytes) -> None:
    out = sys.stdout.buffer
    out.write(FRAME.pack(tag, len(data)))
    out.write(data)


def main(arguments: list[str]) -> None:
    what, job = arguments[0], json.loads(arguments[1])
    seconds = float(job["seconds"])
    _limit(int(job["memory_bytes"]), int(seconds) + 5)
    try:
        if what == "releases":
            tell_releases(Path(job["path"]), _say, seconds=seconds)
        else:
            merged = Path(job["merged"])
            tell_differences(Path(job["path"]), merged, _say, whole=bool(job["whole"]), seconds=seconds)
        _say(b"Z", b"")
    except Refused as refused:
        _say(b"E", _json({"code": refused.code, "detail": refused.detail}))
    except (sqlite3.Error, MemoryError, UnicodeDecodeError) as error:
        found = reason(error)
        _say(b"E", _json({"code": found.code, "detail": found.detail}))
    try:
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # whoever asked has heard enough
        os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
