"""Scores of pairs in few bytes, so that who groups need not weigh again what was weighed before. Pure.

Knows what a score consists of and nothing of what it says.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from commons.link.score import GUARDS, PARTS, Score

_PART = {name: n for n, name in enumerate(PARTS)}
_GUARD = {name: n for n, name in enumerate(GUARDS)}


def packed(score: Score) -> bytes:
    """Half as many bytes as a person would need to read the names of its parts."""
    values = array("h", (score.anchored | score.firm << 1, score.likeness, len(score.guards)))
    values.extend([_GUARD[guard] for guard in score.guards])
    for name, points in score.parts:
        values.append(_PART[name])
        values.append(points)
    return values.tobytes()


def unpacked(data: bytes) -> Score:
    """What `packed` packed."""
    values = array("h", data).tolist()
    flags, likeness, guards = values[:3]
    first = 3 + guards
    points = values[first + 1 :: 2]
    parts = tuple(zip([PARTS[n] for n in values[first::2]], points, strict=True))
    said = tuple([GUARDS[n] for n in values[3:first]])
    return Score(sum(points), parts, said, bool(flags & 1), bool(flags & 2), likeness)


class Carried:
    """Packed scores, one after the other, in one piece of memory."""

    def __init__(self) -> None:
        self._data, self._ends = bytearray(), array("Q")

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, at: int) -> bytes:
        return bytes(self._data[self._ends[at - 1] if at else 0 : self._ends[at]])

    def extend(self, several: Iterable[bytes]) -> None:
        """Add scores at the end."""
        for data in several:
            self._data += data
            self._ends.append(len(self._data))
