"""Copies of a catalogue in a folder beside it, the newest ten kept. Never copies a key.

`VACUUM INTO` reads one state of the file while others write; copying a file in use loses rows.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from commons import reasons
from commons.catalogue.errors import CatalogueNotWritable, OtherCatalogue
from commons.catalogue.file import CatalogueFile, guarded

KEPT = 10
_STAMP = re.compile(r"-(\d{8}-\d{6})(?:_(\d+))?\.db\Z")


def folder(catalogue: Path) -> Path:
    """Where the copies of a catalogue lie."""
    return catalogue.with_name(f"{catalogue.stem}-respaldos")


def copies(catalogue: Path) -> list[Path]:
    """The copies there are, newest first."""
    stamped = ((_STAMP.search(path.name), path) for path in folder(catalogue).glob(f"{catalogue.stem}-*.db"))
    return [path for _, path in sorted(((m[1], int(m[2] or 1)), p) for m, p in stamped if m is not None)][
        ::-1
    ]


def made_at(copy: Path) -> datetime:
    """When one of `copies` was made, as its name says it."""
    found = _STAMP.search(copy.name)
    if found is None:
        raise ValueError(f"{copy.name} is not one of the copies")
    return datetime.strptime(found[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)


def make(file: CatalogueFile, *, when: datetime | None) -> Path:
    """Write a copy and drop the oldest beyond ten; `when` None takes the time of the catalogue's last change
    on disk. Raises CatalogueNotWritable, DamagedCatalogue."""
    moment = when or datetime.fromtimestamp(file.path.stat().st_mtime, UTC)
    place = folder(file.path)
    try:
        place.mkdir(exist_ok=True)
    except OSError as error:
        raise CatalogueNotWritable(place, reasons.within(error)) from error
    stem = f"{file.path.stem}-{moment.astimezone(UTC):%Y%m%d-%H%M%S}"
    target, n = place / f"{stem}.db", 1
    while target.exists():
        n += 1
        target = place / f"{stem}_{n}.db"
    write(file, target)
    for old in copies(file.path)[KEPT:]:
        with contextlib.suppress(OSError):  # one copy too many does no harm
            old.unlink()
    return target


def write(file: CatalogueFile, target: Path) -> None:
    """One state of the file as a plain file at `target`, whole or not at all."""
    draft = target.with_name(f".{target.name}.new")
    try:
        draft.unlink(missing_ok=True)
        if not target.parent.is_dir():
            raise CatalogueNotWritable(target, reasons.within(FileNotFoundError(errno.ENOENT, "")))
        with guarded(target):  # what goes wrong here is about the copy
            file.connection.execute("VACUUM INTO ?", (str(draft),))
        with draft.open("rb+") as written:
            os.fsync(written.fileno())
        draft.rename(target)
    except OSError as error:
        raise CatalogueNotWritable(target, reasons.within(error)) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def restore(file: CatalogueFile, copy: Path) -> None:
    """Put the content of `copy` in the catalogue's place, in one transaction.

    The key log, the log of own releases and withdrawals already shared stay as they are now: what left the
    house cannot be unsaid by going back. Raises OtherCatalogue, DamagedCatalogue, CatalogueInUse.
    """
    keylog = file.scalar("SELECT value FROM meta WHERE key = 'keylog'")
    releases = [tuple(row) for row in file.rows("SELECT * FROM own_release")]
    heads = file.scalar("SELECT value FROM meta WHERE key = 'heads'")
    shared = [
        tuple(row)
        for row in file.rows("SELECT id, kind, epoch, number FROM withdrawal WHERE number NOT NULL")
    ]
    with (
        guarded(copy),
        contextlib.closing(sqlite3.connect(f"{copy.resolve().as_uri()}?mode=ro", uri=True)) as source,
    ):
        theirs = source.execute("SELECT value FROM meta WHERE key = 'keylog'").fetchone()
        if theirs is None or not isinstance(keylog, bytes) or not keylog.startswith(theirs[0]):
            raise OtherCatalogue(copy)
        # Made whole beside the catalogue first: killed between the content of before and what left the
        # house since, the next release would bear a number that was given already.
        with contextlib.closing(sqlite3.connect("", isolation_level=None)) as whole:
            source.backup(whole)
            whole.execute("UPDATE meta SET value = ? WHERE key = 'keylog'", (keylog,))
            if heads is not None:
                whole.execute("INSERT OR REPLACE INTO meta VALUES ('heads', ?)", (heads,))
            whole.executemany("INSERT OR IGNORE INTO own_release VALUES (?, ?, ?, ?, ?, ?)", releases)
            whole.executemany(
                "INSERT OR REPLACE INTO withdrawal (id, kind, epoch, number) VALUES (?, ?, ?, ?)", shared
            )
            with guarded(file.path):
                whole.backup(file.connection)
