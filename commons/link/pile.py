"""Values that are sorted one part at a time, since all of them at once would not fit into memory.

Knows nothing of what they are. Touches the disk only for scratch, which is gone with the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from tempfile import TemporaryFile
from typing import IO

FEWEST_BITS, MOST_BITS = 6, 10  # 64 to 1,024 parts
NODES_OF_A_PART = 1_024  # at most, up to a million nodes: what they share takes a few megabytes to count
AT_HAND = 16 << 20  # bytes of a pile that stay in memory


def bits_for(nodes: int) -> int:
    """Into how many parts, as a power of two, the values of so many nodes go."""
    return min(max((nodes // NODES_OF_A_PART).bit_length(), FEWEST_BITS), MOST_BITS)


class Pile:
    """Values of one kind in 2^bits parts, as bytes; what is more than `AT_HAND` waits on the disk."""

    def __init__(self, bits: int = FEWEST_BITS) -> None:
        self._parts = [bytearray() for _ in range(1 << bits)]
        self._size = 0
        self._file: IO[bytes] | None = None
        self._aside: list[list[tuple[int, int]]] = [[] for _ in range(1 << bits)]  # first byte, size

    def add(self, data: Mapping[int, bytes]) -> None:
        for part, values in data.items():
            self._parts[part] += values
            self._size += len(values)
        if self._size > AT_HAND:
            self._put_aside()

    def _put_aside(self) -> None:
        if self._file is None:
            self._file = TemporaryFile(prefix="commons-link-")  # noqa: SIM115  (closed by `take`)
        for number, part in enumerate(self._parts):
            self._aside[number].append((self._file.tell(), len(part)))
            self._file.write(part)
            self._parts[number] = bytearray()
        self._size = 0

    def take(self) -> Iterator[bytes]:
        """Each part that holds anything, once; it is forgotten then."""
        try:
            for number in range(len(self._parts)):
                data = b"".join([*self._read(number), self._parts[number]])
                self._parts[number] = bytearray()
                if data:
                    yield data
        finally:
            if self._file is not None:
                self._file.close()

    def _read(self, number: int) -> Iterator[bytes]:
        for first, size in self._aside[number]:
            assert self._file is not None
            self._file.seek(first)
            yield self._file.read(size)
