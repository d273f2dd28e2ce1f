"""What a copy of a catalogue says of itself, read without changing a byte of it. Restores nothing.

For whoever lost the catalogue and has to choose among copies on a stick: whose it is, how far it goes, what
it had shared.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from commons.catalogue import file
from commons.catalogue.errors import NotACatalogue
from commons.format.keylog import KeyLog

Version = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy: what it calls itself, its key log, when its last act was, and what it had released (epoch,
    number)."""

    path: Path
    title: str
    keylog: KeyLog
    last_at: str
    releases: tuple[Version, ...]

    @property
    def latest(self) -> Version:
        """The newest release it knows of; before the first one (0, 0)."""
        return max(self.releases, default=(0, 0))


def look(path: Path) -> Copy:
    """Read a copy that nobody has open.

    Raises CatalogueMissing, NotACatalogue, DamagedCatalogue, KeyLogRefused.
    """
    file.look(path)
    with file.guarded(path):
        # immutable: also from a stick that cannot be written; not where a journal still holds the last acts
        how = "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"
        uri = f"{path.resolve().as_uri()}?{how}"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as read:
            try:
                keylog = read.execute("SELECT value FROM meta WHERE key = 'keylog'").fetchone()
                title = read.execute("SELECT title FROM catalogue").fetchone()
                last = read.execute("SELECT max(at) FROM step").fetchone()
                releases = read.execute("SELECT DISTINCT epoch, number FROM own_release").fetchall()
            except sqlite3.OperationalError as error:
                raise NotACatalogue(path) from error
    if keylog is None or not isinstance(keylog[0], bytes):
        raise NotACatalogue(path)
    named = str(title[0] or "") if title is not None else ""
    return Copy(path, named, KeyLog.parse(keylog[0]), str(last[0] or ""), tuple(sorted(map(tuple, releases))))
