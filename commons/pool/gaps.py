"""Clears deleted rows out of the unused middle of a database's pages, and sums the file on the same way.

Some builds of SQLite clear that space and some do not. A page of a b-tree is known by its first byte; those
of long values begin with the number of a page, whose first byte is 0 in any file below 64 GB. Reads no row.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

from commons.pool.contract import PAGE_BYTES

_AT_ONCE = 1024 * PAGE_BYTES
_FILE_HEADER = 100  # bytes before the first page's own; source: SQLite's file format, "The Database Header"
# Kinds of pages of a b-tree, and the bytes of their headers; source: SQLite's file format, "B-tree Pages".
_HEADERS = {0x02: 12, 0x05: 12, 0x0A: 8, 0x0D: 8}
_HEADER = struct.Struct(">BxxHH")  # kind, number of cells, where their content begins
_NOTHING = bytes(PAGE_BYTES)


def clear(path: Path) -> str:
    """Clear the gaps of a database that nobody has open; gives the SHA-256 of what is on the disk then.

    Summing, and writing to the disk what was written before, go on beside the looking.
    """
    found, summed = hashlib.sha256(), Future[None]()
    summed.set_result(None)
    place = 0
    with path.open("r+b") as file, ThreadPoolExecutor(2) as beside:
        on_disk = beside.submit(os.fsync, file.fileno())
        for room in cycle((bytearray(_AT_ONCE), bytearray(_AT_ONCE))):
            size = file.readinto(room)
            pages = room if size == len(room) else room[:size]
            for first, end in gaps(pages, is_first=place == 0):
                pages[first:end] = bytes(end - first)
                file.seek(place + first)
                file.write(pages[first:end])
            summed.result()  # the room that is filled next is free then
            if not size:
                break
            summed = beside.submit(found.update, pages)
            place += size
            file.seek(place)
        on_disk.result()
        file.flush()
        os.fsync(file.fileno())
    return found.hexdigest()


def gaps(pages: bytearray, *, is_first: bool) -> Iterator[tuple[int, int]]:
    """Where in some whole pages there is something in the unused middle of one."""
    for at in range(0, len(pages), PAGE_BYTES):
        start = at + _FILE_HEADER if is_first and at == 0 else at
        kind, cells, content = _HEADER.unpack_from(pages, start)
        if kind in _HEADERS:
            first, end = start + _HEADERS[kind] + 2 * cells, at + min(content or 65_536, PAGE_BYTES)
            if first < end and not pages.startswith(_NOTHING[: end - first], first):
                yield first, end
