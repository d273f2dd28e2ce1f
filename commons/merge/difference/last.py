"""The last pool and its notes on the disk: kept after a merge, believed only if they are what was written.

Beside the store, in `last/`: `notes.db` and `features` (see `memory`), and `seal.json`, which names the
SHA-256 of both, of the pool, of its lock, and the program that made them. The store is ours alone, as are the
results of intake in it; a pool may come from anywhere. So nothing of a pool is believed that was not written
by this very program here and is byte for byte what it was: who puts another pool in its place, or a disk that
spoils it, only costs the time to make everything anew. The seal is taken away first and written last.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from commons.format.container import write_bytes
from commons.merge.difference.ground import NotOnGround
from commons.merge.pooling.memory import Noted, Notes, TakenFrom
from commons.merge.program import program

FOLDER, _SEAL, _DATABASE, _FEATURES = "last", "seal.json", "notes.db", "features"
_CHUNK = 256 * 1024
_HEADER = 100  # bytes; source: SQLite's file format, "The Database Header"
_MOST_WASTED = 25  # percent of the pages that nothing stands on


@dataclass(frozen=True, slots=True)
class Told:
    """What notes say before they are proven. `proofs`: release → the sum of the file it was proven from."""

    taken_from: Mapping[str, TakenFrom]
    proofs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LastPool:
    """The pool at `path`, whose notes lie beside the `store`."""

    path: Path
    store: Path

    @property
    def _folder(self) -> Path:
        return self.store / FOLDER

    @property
    def coming(self) -> Notes:
        """Where the notes of a merge are written; `keep` puts them in their place."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return Notes(self._folder / f".{_DATABASE}.next", self._folder / f".{_FEATURES}.next")

    def begin_anew(self) -> None:
        """Take away what an unfinished merge has left."""
        for path in (self.coming.database, self.coming.features):
            path.unlink(missing_ok=True)

    def keep(self, lock: bytes, pool: str, notes: str) -> None:
        """Keep the notes of the pool that was put to `path`, merged under `lock`.

        Args:
            pool, notes: the SHA-256 that they had before, where nobody else looks: see `Result.sums`.
        """
        (self._folder / _SEAL).unlink(missing_ok=True)
        own = {"notes": notes, "features": sum_of(self.coming.features)}
        self.coming.database.replace(self._folder / _DATABASE)
        self.coming.features.replace(self._folder / _FEATURES)
        sums = {"pool": pool, **own, "lock": hashlib.sha256(lock).hexdigest()}
        seal = {**sums, "program": program()}
        write_bytes(self._folder / _SEAL, json.dumps(seal, indent=1, sort_keys=True).encode() + b"\n")

    def forget(self) -> None:
        """Keep nothing of it."""
        for name in (_SEAL, _DATABASE, _FEATURES):
            (self._folder / name).unlink(missing_ok=True)
        self.begin_anew()

    @property
    def is_by_this_program(self) -> bool:
        """Whether this program would have made the same of it."""
        return self._seal().get("program") == program()

    def is_of(self, lock: bytes) -> bool:
        """Whether it was merged under this lock."""
        return self._seal().get("lock") == hashlib.sha256(lock).hexdigest()

    @property
    def has_gaps(self) -> bool:
        """Whether so much of its file is empty that it is time to make it anew."""
        return _is_wasteful(self.path)

    @property
    def exists(self) -> bool:
        """Whether there is a pool with a seal."""
        return bool(self._seal()) and self.path.is_file()

    def _seal(self) -> dict[str, str]:
        try:
            seal = json.loads((self._folder / _SEAL).read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return seal if isinstance(seal, dict) else {}

    def told(self) -> Told:
        """What the last merge took up; not proven before `copied` says so. Raises NotOnGround."""
        try:
            with closing(sqlite3.connect("file::memory:", uri=True)) as connection:
                path = self._folder / _DATABASE
                connection.execute("ATTACH ? AS noted", (f"{path.resolve().as_uri()}?immutable=1",))
                noted = Noted(connection, empty=False)
                return Told(noted.taken_from(), noted.proofs())
        except sqlite3.DatabaseError as error:
            raise NotOnGround from error

    @contextmanager
    def copied(self, beside: Path) -> Iterator[Callable[[Path], None]]:
        """Copy the pool and its notes while something else is done; they are gone again at the block's end.

        Gives what waits for that, puts the pool where it will be changed, each being what the seal says, and
        raises NotOnGround where one of them is not there or not what was written. Afterwards no thread is
        left that would keep the merge from forking children.

        Args:
            beside: a path in the folder where the pool will be changed.
        """
        unwanted = threading.Event()
        hands = ThreadPoolExecutor(1, "copying")
        copy = beside.with_name(f".{beside.name}.ground")
        sums = hands.submit(self._copy, copy, unwanted)

        def begin(fresh: Path) -> None:
            found = sums.result()
            hands.shutdown()
            if not found or any(self._seal().get(name) != sum for name, sum in found.items()):
                raise NotOnGround
            copy.replace(fresh)

        try:
            yield begin
        finally:
            unwanted.set()
            hands.shutdown()
            copy.unlink(missing_ok=True)

    def _copy(self, pool: Path, unwanted: threading.Event) -> dict[str, str]:
        """Copy all three; gives the SHA-256 of each, nothing where one is not there."""
        copies = {
            "pool": (self.path, pool),
            "notes": (self._folder / _DATABASE, self.coming.database),
            "features": (self._folder / _FEATURES, self.coming.features),
        }
        try:
            return {name: _copied(path, copy, unwanted) for name, (path, copy) in copies.items()}
        except FileNotFoundError:
            return {}


def sum_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copied(path: Path, copy: Path, unwanted: threading.Event) -> str:
    """Copy a file, always in the same room, which is cheaper; gives the SHA-256 of what was copied."""
    found, room = hashlib.sha256(), memoryview(bytearray(_CHUNK))
    with path.open("rb", buffering=0) as file, copy.open("wb") as into:
        while not unwanted.is_set() and (size := file.readinto(room)):
            found.update(room[:size])
            into.write(room[:size])
    return found.hexdigest()


def _is_wasteful(path: Path) -> bool:
    """Whether many pages of a database are empty: a pool that is made anew has none."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER)
    except OSError:
        return True
    pages, empty = int.from_bytes(head[28:32], "big"), int.from_bytes(head[36:40], "big")
    return empty * 100 > _MOST_WASTED * pages
