"""Forms of releases that show more than the store may: put aside, served by nobody, deleted after some days.

    store/sealed/<release digest>.entrega      what the release was before anything of it was withdrawn
    store/sealed/<release digest>.<n>.entrega  what it still showed before a later withdrawal

Each has its own day, that of the withdrawal which it may undo: a later one neither keeps the data of an
earlier one longer, nor has less time itself. A form stays here, with its day, while it is back in its place.
Decides nothing about what was withdrawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from commons.format import container, pruned
from commons.format.container import AnyFiles
from commons.format.errors import FormatError

_NAME = re.compile(r"([0-9a-f]{64})(?:\.([1-9][0-9]{0,5}))?\.entrega\Z")


@dataclass(frozen=True, slots=True)
class Sealed:
    """The folder `sealed` of a store. Creating the value touches no disk."""

    folder: Path

    def put(self, digest: str, path: Path) -> None:
        """Keep a copy of the release at `path`; the same bytes that lie here already keep their day."""
        forms, data = self._forms(digest), path.read_bytes()
        if any(form.stat().st_size == len(data) and form.read_bytes() == data for _number, form in forms):
            return
        name = f"{digest}.{max(number for number, _form in forms) + 1}" if forms else digest
        self.folder.mkdir(parents=True, exist_ok=True)
        container.write_bytes(self.folder / f"{name}{container.SUFFIX}", data)

    def forms(self, digest: str) -> list[Path]:
        """Every form of a release that lies here, proven or not."""
        return [path for _number, path in self._forms(digest)]

    def shows(self, digest: str, files: AnyFiles) -> bool:
        """Whether a form of the release lies here that shows as much as `files` do."""
        return any(_as_much(path, files) for path in self.forms(digest))

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


def _as_much(path: Path, files: AnyFiles) -> bool:
    try:
        here = container.read_any(path)
    except FormatError:
        return False
    return not pruned.shows_more(files, here)
