"""Who merged the same lock, and what they got: testimonies beside a pool, weighed. Signs none.

All keys count alike; whose key it is, the members' own key logs say.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from commons.format import container, witness
from commons.format.errors import FormatError
from commons.format.keylog import KeyLog
from commons.format.keys import PublicKey
from commons.format.witness import Witness

FOLDER = "testimonios"  # beside pool.db: one file a witness
PUBLISHED = "testimonios.txt"  # in a published version: all of them, one after the other
MOST = 1_000  # of one folder


@dataclass(frozen=True, slots=True)
class Weighed:
    """Testimonies about one lock. `others`: how many are about another lock; `unreadable`: names of files."""

    agreeing: tuple[Witness, ...] = ()
    contradicting: tuple[Witness, ...] = ()
    others: int = 0
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found: each testimony once, and the names of files that are none."""

    witnesses: tuple[Witness, ...] = ()
    unreadable: tuple[str, ...] = ()


def beside(pool: Path) -> list[Path]:
    """Where testimonies about a pool lie: its folder's, or those published with it."""
    folder = pool.parent / FOLDER
    found = sorted(folder.glob(f"*{witness.SUFFIX}"))[:MOST] if folder.is_dir() else []
    published = pool.parent / PUBLISHED
    return [*found, published] if published.is_file() else found


def gather(paths: Iterable[Path]) -> Gathered:
    """Every testimony of these files; a file may hold several."""
    found: dict[Witness, None] = {}
    unreadable = []
    for path in paths:
        try:
            data = container.read_regular(path, MOST * witness.MAX_BYTES)
            found |= dict.fromkeys(witness.parse_all(data))
        except FormatError:
            unreadable.append(path.name)
    return Gathered(tuple(found), tuple(unreadable))


def weigh(gathered: Gathered, lock: str, root: str | None) -> Weighed:
    """Which testimonies are about the lock with this digest, and whether they name this root.

    Args:
        root: what came of merging it here; None: it could not be merged, so that nothing is said of anybody.
    """
    about = [w for w in gathered.witnesses if w.is_about(lock)]
    about.sort(key=lambda w: (w.said.witnessed_at, w.key.raw))
    agreeing = tuple(w for w in about if w.said.root == root)
    contradicting = tuple(w for w in about if w.said.root != root)
    others = len(gathered.witnesses) - len(about)
    return Weighed(agreeing, contradicting, others, gathered.unreadable)


def agreeing(pool: Path, lock: bytes, root: str) -> bytes:
    """The testimonies beside a pool that speak of exactly this lock and root: what a portal offers."""
    parts = []
    for path in beside(pool):
        try:
            for one in witness.split(container.read_regular(path, MOST * witness.MAX_BYTES)):
                said = witness.parse(one).said
                if (said.lock, said.root) == (witness.lock_digest(lock), root):
                    parts.append(one)
        except FormatError:
            continue
    return b"".join(sorted(set(parts)))


@dataclass(frozen=True, slots=True)
class Known:
    """A testimony, and the member whose key it is; "" where it is nobody's. `current`: its key in use."""

    witness: Witness
    member: str = ""
    current: bool = True


def known(data: bytes, connection: sqlite3.Connection) -> tuple[Known, ...]:
    """Testimonies in order of their time, named by the key logs in a pool; none where `data` is none."""
    try:
        found = witness.parse_all(data) if data else []
        rows = connection.execute("SELECT member, keylog FROM release ORDER BY member") if found else ()
        keys = {str(row[0]): KeyLog.parse(row[1]) for row in rows}
    except FormatError:
        return ()
    found.sort(key=lambda w: (w.said.witnessed_at, w.key.raw))
    return tuple(Known(w, *(whose(w.key, keys) or ())) for w in found)


def whose(key: PublicKey, keys: Mapping[str, KeyLog]) -> tuple[str, bool] | None:
    """(member, whether it is its current key); None where it is no member's."""
    for member, log in sorted(keys.items()):
        if log.current == key:
            return member, True
    for member, log in sorted(keys.items()):
        if any(entry.key == key for entry in log.entries):
            return member, False
    return None
