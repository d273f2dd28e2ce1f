"""Forms of releases that show more than the store may: put aside, served by nobody, deleted after some days.

    store/sealed/<release digest>.entrega      what the release was before anything of it was withdrawn
    store/sealed/<release digest>.<n>.entrega  what it still showed before a later withdrawal

Each has its own day, that of the withdrawal which it may undo: a later one neither keeps the data of an
earlier one longer, nor has less time itself. Decides nothing about what was withdrawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from commons.format import container, pruned
from commons.format.container import AnyFiles, PrunedFiles
from commons.format.errors import FormatError

_NAME = re.compile(r"([0-9a-f]{64})(?:\.([1-9][0-9]{0,5}))?\.entrega\Z")


@dataclass(frozen=True, slots=True)
class Sealed:
    """The folder `sealed` of a store. Creating the value touches no disk."""

    folder: Path

    def put(self, digest: str, path: Path) -> None:
        """Keep a copy of the release at `path`, which shows less than those that lie here of it."""
        taken = [number for number, _path in self._forms(digest)]
        name = f"{digest}.{max(taken) + 1}" if taken else digest
        self.folder.mkdir(parents=True, exist_ok=True)
        container.write_bytes(self.folder / f"{name}{container.SUFFIX}", path.read_bytes())

    def fullest(self, digest: str) -> Path | None:
        """The form of a release that shows most; None where none lies here."""
        return min(self._forms(digest), default=(0, None), key=lambda form: form[0])[1]

    def shows(self, digest: str, files: AnyFiles) -> bool:
        """Whether a form of the release lies here that shows as much as `files` do."""
        path = self.fullest(digest)
        try:
            here = container.read_any(path) if path is not None else None
        except FormatError:
            return False
        if here is None or not isinstance(here, PrunedFiles):
            return here is not None
        return isinstance(files, PrunedFiles) and pruned.count_whole(files) <= pruned.count_whole(here)

    def drop(self, digest: str) -> None:
        """Delete every form of a release."""
        for _number, path in self._forms(digest):
            path.unlink()

    def purge(self, before: datetime | None = None) -> list[str]:
        """Delete all forms, or those put here before a moment; gives the digests of their releases."""
        gone = {}
        for digest, _number, path in self._all():
            put_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if before is None or put_at < before:
                path.unlink()
                gone[digest] = path
        return sorted(gone)

    def _forms(self, digest: str) -> list[tuple[int, Path]]:
        return [(number, path) for found, number, path in self._all() if found == digest]

    def _all(self) -> Iterator[tuple[str, int, Path]]:
        try:
            paths = sorted(self.folder.iterdir())
        except FileNotFoundError:
            return
        for path in paths:
            if name := _NAME.match(path.name):
                yield name[1], int(name[2] or 0), path
