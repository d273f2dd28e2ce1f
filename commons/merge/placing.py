"""A new pool into its place: written beside the old one, compared with it, then exchanged, and its notes.

Killed at any moment, the old pool stands or the new one does. The lock is `run`'s, which writes it after.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from commons.federation.lock import Lock
from commons.federation.store.folder import Store
from commons.format.container import sync_folder, write_bytes
from commons.merge.act import Result
from commons.merge.difference.last import LastPool
from commons.merge.difference.standing import Way
from commons.merge.pooling.changes import Changes, compare, to_bytes
from commons.merge.releases.returning import ASIDE
from commons.merge.renew import How, Previous, Releases, renew

CHANGES = "pool.changes.json"
LONG_AGO_S = 3600.0  # no release is examined or written for so long
_UNFINISHED = ("intake/.new-*", "releases/.*.tmp", "sealed/.*.tmp", "requests/*/.*.tmp")  # in the store


@dataclass(frozen=True, slots=True)
class Placed:
    """A pool in its place, what changed in it, and how it was made."""

    result: Result
    changes: dict[str, Changes]
    way: Way


def place(
    lock: Lock, releases: Releases, out: Path, store: Store, how: How, *, previous: Previous | None = None
) -> Placed:
    """Make the pool of `lock` and put it at `out`.

    Args:
        how: where its notes are kept (`keep`), what changed since the pool before is kept beside it, too.
        previous: the lock of the pool that stands at `out`.
    Raises:
        What `act` raises. Then the old pool and its notes are what they were.
    """
    fresh = out.with_name(f".{out.name}.next")
    _clear_away(fresh, store)
    last = LastPool(out, store.root)
    try:
        result, way = renew(lock, releases, last, fresh, how, previous=previous)
        changes = _changes(out, fresh, way.standing) if out.exists() and how.keep else {}
        fresh.replace(out)
        sync_folder(out.parent)  # the pool before the lock, also when the power fails
        if how.keep:
            write_bytes(out.with_name(CHANGES), to_bytes(changes))
            last.keep(result.lock, *result.sums)
        elif previous is not None and previous.data != result.lock:
            last.forget()  # it is of no lock any more, and may tell what is withdrawn now
    finally:
        fresh.unlink(missing_ok=True)
        last.begin_anew()
    return Placed(replace(result, path=out), changes, way)


def _clear_away(fresh: Path, store: Store) -> None:
    """Delete what merges that were killed have left: nobody would prune it of what is withdrawn later.

    Others may examine or deliver releases beside a merge, so of those only what is old goes.
    """
    for path in fresh.parent.iterdir() if fresh.parent.is_dir() else ():
        if path.name == fresh.name or path.name.startswith(f".{fresh.name}."):
            path.unlink(missing_ok=True)
    for path in chain.from_iterable(store.root.glob(pattern) for pattern in _UNFINISHED):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - LONG_AGO_S:
                path.unlink()
    for path in store.root.glob(f"{ASIDE}*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - LONG_AGO_S:
                shutil.rmtree(path, ignore_errors=True)


def _changes(old: Path, new: Path, standing: Collection[str]) -> dict[str, Changes]:
    """What changed; nothing can be said beside a pool that the disk has damaged."""
    try:
        return compare(old, new, but=standing)
    except sqlite3.DatabaseError:
        return {}
