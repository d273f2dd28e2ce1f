"""What is put out, and how publishing asks for it. Holds no rule of merging: the bridge makes editions.

Publishing never puts out an address that was withdrawn or held since its pool was made. It cannot know; so it
asks whoever can, through `Remake`, which the command line hands in:

    remake(lock, scratch) -> Edition

takes the bytes of a commons.lock that was merged before, adds today's tombstones and holds, merges that lock
(canonically) into `scratch`, and gives back all that may be shown today. If nothing was added, the lock, the
root and the pool's bytes are the same as before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Edition:
    """All that one version of a portal shows.

    `receipts`: member → JSON. `releases`: release digest → its one-file form, pruned where it must be.
    `testimonies`: of those who merged this lock and got this root, one after the other.
    `barred`: every tombstone and hold in force, as texts; a version made under others is not kept whole.
    """

    pool: Path
    root: str
    lock: bytes
    receipts: Mapping[str, bytes]
    releases: Mapping[str, Path]
    barred: frozenset[str]
    testimonies: bytes = b""

    @property
    def barred_digest(self) -> str:
        """Names the set of what may not be shown."""
        return digest_of(self.barred)


Remake = Callable[[bytes, Path], Edition]


def digest_of(lines: Iterable[str]) -> str:
    """SHA-256 of the sorted lines, in hexadecimal."""
    return hashlib.sha256("".join(f"{line}\n" for line in sorted(lines)).encode()).hexdigest()
