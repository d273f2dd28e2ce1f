"""Releases of the store that were proven before, known again by the SHA-256 that their files had then.

A file that is byte for byte what was proven need not be proven again: neither its signature nor its
catalogue is looked at, but every byte goes into the sum, so that what a disk has spoilt is found as soon.
Decides nothing about which sums are believed: whoever noted them does (`merge.difference.last`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from commons.federation.store import folder as stored
from commons.federation.store.folder import Store
from commons.format.container import PrunedFiles


@dataclass(frozen=True, slots=True)
class Proven:
    """The parts of a release that stand before its catalogue. `is_pruned`: records stand in its place."""

    manifest: bytes
    signature: bytes
    keylog: bytes
    is_pruned: bool


class Reader:
    """Reads one file after the other into the same room: a new one for each would cost as much as the sum."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._room = memoryview(bytearray(stored.HEAD_BYTES))

    def read(self, digest: str, file_sum: str) -> Proven | None:
        """A release's first parts if its file has this sum; None where it has another one or is not there."""
        try:
            with self._store.release_path(digest).open("rb", buffering=0) as file:
                size = file.readinto(self._room)
                found, head = hashlib.sha256(self._room[:size]), self._head(size)
                while size := file.readinto(self._room):
                    found.update(self._room[:size])
        except OSError:
            return None
        return head if found.hexdigest() == file_sum else None

    def _head(self, size: int) -> Proven | None:
        for length in (min(size, stored.USUAL_BYTES), size):
            parts = stored.first_parts(bytes(self._room[:length]))
            if parts is not None:
                at = sum(stored.HEADER + len(part) + -len(part) % stored.HEADER for part in parts)
                name = bytes(self._room[at : min(at + 100, size)]).rstrip(b"\0").decode("latin-1")
                manifest, signature, keylog = parts
                return Proven(manifest, signature, keylog, name == PrunedFiles.names[3])
        return None
