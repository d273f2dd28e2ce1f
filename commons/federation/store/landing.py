"""Releases on their way into the store: written and synced beside other work, since a disk makes whoever
waits for it wait long, and longer for one file after the other than for several at once.

Each file is put whole or not at all; all of them are there, also after a power cut, when `settle` has
returned. Proves nothing and decides nothing.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from commons.format import container
from commons.format.container import AnyFiles

_HANDS = 4  # files that are synced at one time: the disk does them together
_MOST_BYTES = 16 * 1024 * 1024  # that wait; beyond, the next one waits for the first


class Landing:
    """Files on their way. Put by one thread at a time; it can be used again after `settle`."""

    def __init__(self) -> None:
        self._hands: ThreadPoolExecutor | None = None
        self._waiting: dict[Path, tuple[AnyFiles, int, Future[None]]] = {}
        self._bytes = 0
        self._folders: set[Path] = set()

    def __contains__(self, path: Path) -> bool:
        return path in self._waiting

    def files(self, path: Path) -> AnyFiles | None:
        """What is on its way to a path; None where nothing is."""
        found = self._waiting.get(path)
        return found[0] if found is not None else None

    def put(self, path: Path, files: AnyFiles) -> None:
        """Write the one-file form soon; what is large at once, so that there are not two of it.

        Raises what writing it, or one of those before it, raised.
        """
        size = sum(map(len, files.contents()))
        if size > _MOST_BYTES:
            container.write_file(path, files)
            return
        while self._waiting and self._bytes + size > _MOST_BYTES:
            self._landed(next(iter(self._waiting)))
        self._hands = self._hands or ThreadPoolExecutor(_HANDS, "landing")
        done = self._hands.submit(container.write_file, path, files, sync_parent=False)
        self._waiting[path] = files, size, done
        self._bytes += size
        self._folders.add(path.parent)

    def settle(self) -> None:
        """Return when all are in place. Raises what writing one of them raised, the others being in place."""
        try:
            while self._waiting:
                self._landed(next(iter(self._waiting)))
        finally:
            if self._hands is not None:  # a thread that lives on would keep the merge from forking children
                self._hands.shutdown()
            self._hands = None
            self._waiting.clear()
            self._bytes = 0
            while self._folders:
                container.sync_folder(self._folders.pop())

    def _landed(self, path: Path) -> None:
        _files, size, done = self._waiting[path]
        try:
            done.result()
        finally:  # only now: until it is in place, whoever asks for it finds it here
            del self._waiting[path]
            self._bytes -= size
