"""What a federation keeps beside its federation.yaml: releases by digest, and what intake found in them.

    store/releases/<release digest>.entrega   as received, full or pruned; recognised by content
    store/lacking/<release digest>             it came pruned by somebody else: a fuller form takes its place
    store/sealed/<release digest>.entrega     what a pruned one showed before, never served (`sealed`)
    store/pruned                              the lock whose withdrawals all of this has seen to
    store/intake/<release digest>-…           what intake found in it: may be deleted at any time
    store/looked.json                          what sources gave the last time (`looked`): may be deleted
    store/fetching/                            what is being fetched, not proven yet: emptied by the next run
    store/lock                                 taken while something writes

Trusts nobody: a release is proven before it is put here, and proven again when it is read to be merged.
Decides neither which release is used (`trust`) nor what may be shown. Names are digests only, so they are
safe on every system; every file is put whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from commons.errors import CommonsError, InputError
from commons.federation.store.landing import Landing
from commons.federation.store.sealed import Sealed
from commons.federation.trust import Seen, prove
from commons.format import container, pruned
from commons.format.container import AnyFiles, PrunedFiles, ReleaseFiles
from commons.format.errors import FormatError, PrunedRefused
from commons.format.keylog import KeyLog
from commons.format.manifest import Manifest, release_digest
from commons.messages import N_

FOLDER = "store"
_NAME = re.compile(r"([0-9a-f]{64})\.entrega\Z")
HEADER = 512  # of each file in a one-file release
USUAL_BYTES = 16 * 1024  # of release.json, signature and key log, which stand before the catalogue
HEAD_BYTES = 512 * 1024  # the most that they can have


@dataclass(eq=False)
class NotInStore(CommonsError):
    """A release that a lock names is not here, or not whole."""

    digest: str
    template: ClassVar[str] = N_("The release {digest} is not in the store, or is damaged.")
    hint_template: ClassVar[str] = N_(
        "Put a copy of it where a source or the inbox finds it, and merge again."
    )


@dataclass(eq=False)
class StoreInUse(InputError):
    """Another program is writing to this store."""

    path: str
    template: ClassVar[str] = N_("Another merge is using {path}.")
    hint_template: ClassVar[str] = N_("Wait until it has finished, then try again.")


@dataclass(frozen=True, slots=True)
class Store:
    """The folder `store` beside federation.yaml. Creating the value touches no disk.

    `landing`: whoever has other work to do lets releases land beside it (`beside_other_work`).
    """

    root: Path
    landing: Landing | None = field(default=None, compare=False, repr=False)

    @classmethod
    def beside(cls, policy_path: Path) -> Store:
        """The store of a federation.yaml, or of the folder that holds one."""
        folder = policy_path if policy_path.is_dir() else policy_path.parent
        return cls(folder / FOLDER)

    def release_path(self, digest: str) -> Path:
        return self.root / "releases" / f"{digest}{container.SUFFIX}"

    @property
    def sealed(self) -> Sealed:
        """The forms that show more than may be shown."""
        return Sealed(self.root / "sealed")

    @property
    def intake(self) -> Path:
        """The folder of what intake found; its names begin with the release's digest."""
        return self.root / "intake"

    def has(self, digest: str) -> bool:
        path = self.release_path(digest)
        return (self.landing is not None and path in self.landing) or path.is_file()

    @contextmanager
    def beside_other_work(self) -> Iterator[Store]:
        """This store, in which releases are put beside other work; they are there at the end of the block.

        Raises, at the end too, what writing one of them raised.
        """
        landing = Landing()
        try:
            yield replace(self, landing=landing)
        finally:
            landing.settle()

    def arriving(self, digest: str) -> AnyFiles | None:
        """A release that is on its way here, proven; None where it has arrived, or is none."""
        return self.landing.files(self.release_path(digest)) if self.landing is not None else None

    def look_up(self, digest: str) -> Seen | None:
        """One release, as `seen` gives it; None where it is not here or damaged."""
        return _stored(self.release_path(digest), digest)

    def count(self) -> int:
        """How many releases are here."""
        return len(self._named("releases"))

    def sizes(self) -> dict[str, int]:
        """Release digest → bytes of its file."""
        return {digest: path.stat().st_size for digest, path in self._named("releases")}

    def drop(self, digest: str) -> None:
        """Delete a release and what intake kept of it."""
        self.release_path(digest).unlink(missing_ok=True)
        for kept in self._kept_of(digest):
            kept.unlink(missing_ok=True)

    def put(self, files: AnyFiles) -> Seen:
        """Keep a release, proven first; one that is here already stays as it is. Raises FormatError."""
        catalogue = files.catalogue if isinstance(files, ReleaseFiles) else None
        seen = prove(files.manifest, files.signature, files.keylog, catalogue)
        path = self.release_path(seen.digest)
        if not self.has(seen.digest):
            path.parent.mkdir(parents=True, exist_ok=True)
            if self.landing is None:
                container.write_file(path, files)
            else:
                self.landing.put(path, files)
        return seen

    def take(self, files: AnyFiles) -> bool:
        """Keep what a source delivered, proven to its last record; whether that is more than was here.

        What came pruned by somebody else is noted as such: who left out what is nobody's signed word. A form
        that shows more takes its place. Raises FormatError.
        """
        if isinstance(files, PrunedFiles):
            _check_records(files)
        known = self.has(files.digest)
        if known and self.landing is not None:
            self.landing.settle()
        if known and not (self.lacks(files.digest) and self._shows_more(files)):
            return False
        self._forget(files.digest)
        self.put(files)
        if isinstance(files, PrunedFiles):
            self.note_lacking(files.digest)
        return True

    def _shows_more(self, files: AnyFiles) -> bool:
        return pruned.shows_more(files, container.read_any(self.release_path(files.digest)))

    def note_lacking(self, digest: str) -> None:
        """Note that a release came pruned by somebody else: a form that shows more is welcome."""
        mark = self._mark(digest)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()

    def lacks(self, digest: str) -> bool:
        """Whether a release came pruned by somebody else."""
        return self._mark(digest).is_file()

    def lacking(self) -> frozenset[str]:
        """All releases that came pruned by somebody else, by digest."""
        folder = self.root / "lacking"
        return frozenset(path.name for path in folder.iterdir()) if folder.is_dir() else frozenset()

    def is_complete(self, digest: str) -> bool:
        """Whether a release is here, and no other form of it could show more."""
        return self.has(digest) and not self.lacks(digest)

    def _mark(self, digest: str) -> Path:
        return self.root / "lacking" / digest

    def _forget(self, digest: str) -> None:
        """Everything that is kept of a release."""
        for path in (self.release_path(digest), self._mark(digest), *self._kept_of(digest)):
            path.unlink(missing_ok=True)

    def _kept_of(self, digest: str) -> list[Path]:
        """What intake kept of a release."""
        try:
            with os.scandir(self.intake) as entries:
                return [Path(entry.path) for entry in entries if entry.name.startswith(f"{digest}-")]
        except FileNotFoundError:
            return []

    def prune(self, short: PrunedFiles, *, sealed: bool) -> None:
        """Replace a release by a form that shows less; `sealed` keeps what it was aside, unserved.

        What intake kept of the longer form goes too, and first: it holds the records that may no longer be
        shown, and whoever finds the pruned form looks for nothing else any more.
        """
        path = self.release_path(short.digest)
        if sealed and path.is_file():
            self.sealed.put(short.digest, path)
        self.put_instead(short)

    def put_instead(self, files: AnyFiles) -> None:
        """Put another form of a release, proven by whoever calls, in the place of the one that is here."""
        path = self.release_path(files.digest)
        for kept in self._kept_of(files.digest):
            kept.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        container.write_file(path, files)

    def note_pruned(self, lock: bytes) -> None:
        """Note the lock whose withdrawals were seen to in every release here."""
        container.write_bytes(self.root / "pruned", hashlib.sha256(lock).hexdigest().encode())

    def is_pruned_by(self, lock: bytes) -> bool:
        """Whether all releases here were pruned by what a lock withdraws."""
        try:
            return (self.root / "pruned").read_bytes() == hashlib.sha256(lock).hexdigest().encode()
        except OSError:
            return False

    def read(self, digest: str) -> AnyFiles:
        """A release, full or pruned, proven again. Raises NotInStore."""
        try:
            files = _proven(self.release_path(digest))
        except FormatError as error:
            raise NotInStore(digest) from error
        if files.digest != digest:
            raise NotInStore(digest)
        return files

    def forget_damaged(self, digest: str) -> bool:
        """Delete a release that no longer proves itself, so that a whole one can take its place.

        Gives whether that was done: not if there is no such file, or the disk does not let it be read.
        """
        path = self.release_path(digest)
        try:
            path.read_bytes()
            path.unlink()
        except OSError:
            return False
        return True

    def seen(self, member: str | None = None) -> Iterator[Seen]:
        """Every release here, by digest: its manifest and key log. A damaged file counts as not there.

        Reads the beginning of each file only and repeats no signature: `put` and `read` check them.
        """
        for digest, path in self._named("releases"):
            found = _stored(path, digest)
            if found is not None and member in (None, found.manifest.member):
                yield found

    def _named(self, folder: str) -> list[tuple[str, Path]]:
        try:
            paths = sorted((self.root / folder).iterdir())
        except FileNotFoundError:
            return []
        return [(name[1], path) for path in paths if (name := _NAME.match(path.name))]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Only one program at a time within this block, per store. Raises StoreInUse."""
        self.root.mkdir(parents=True, exist_ok=True)
        path = self.root / "lock"
        with path.open("a+b") as file:
            _take(file.fileno(), path)
            try:
                yield
            finally:
                _release(file.fileno())


def form_at(path: Path, digest: str) -> AnyFiles | None:
    """A form of a release, proven to its last record; None where it is damaged or the disk keeps it."""
    try:
        files = _proven(path)
        if isinstance(files, PrunedFiles):
            _check_records(files)
    except (FormatError, OSError):
        return None
    return files if files.digest == digest else None


def _proven(path: Path) -> AnyFiles:
    """What lies at a path; of a pruned form all but its records is proven. Raises FormatError."""
    files = container.read_any(path)
    catalogue = files.catalogue if isinstance(files, ReleaseFiles) else None
    prove(files.manifest, files.signature, files.keylog, catalogue)
    return files


def _check_records(files: PrunedFiles) -> None:
    """That the lines are what was signed, and leave out no word about the others. Raises FormatError."""
    told = Counter(record.type for record in pruned.shown(files))
    counts = files.parsed_manifest.counts
    for name in ("catalogue", "withdrawal"):
        if told[name] != counts.get(name, 0):
            raise PrunedRefused(files.records.count(b"\n"), N_("what its member says of itself is left out"))


def head(path: Path) -> tuple[bytes, bytes] | None:
    """release.json and key log of a one-file release, without reading its catalogue; None where damaged."""
    try:
        return _head(path)
    except OSError:
        return None


def is_pruned(path: Path) -> bool:
    """Whether a one-file release holds its member's catalogue no more; False where it is damaged or gone."""
    try:
        with path.open("rb") as file:
            at = 0
            for name in PrunedFiles.names:
                file.seek(at)
                header = file.read(HEADER)
                if header[:100].rstrip(b"\0") != name.encode():
                    return False
                size = int(header[124:135], 8)
                at += HEADER + size + (-size % HEADER)
    except (OSError, ValueError, OverflowError):
        return False
    return True


def _head(path: Path) -> tuple[bytes, bytes] | None:
    """The same; raises OSError where the disk does not give the file."""
    with path.open("rb") as file:
        data = file.read(USUAL_BYTES)
        parts = first_parts(data)
        if parts is None and len(data) == USUAL_BYTES:
            parts = first_parts(data + file.read(HEAD_BYTES - USUAL_BYTES))
    return (parts[0], parts[2]) if parts else None


def first_parts(data: bytes) -> list[bytes] | None:
    """release.json, signature and key log, where one-file releases begin; None where they are not whole."""
    parts, at = [], 0
    for name in ReleaseFiles.names[:3]:
        size_text = data[at + 124 : at + 135]
        if data[at : at + 100].rstrip(b"\0") != name.encode():
            return None
        try:
            size = int(size_text, 8)
        except ValueError:
            return None
        parts.append(data[at + HEADER : at + HEADER + size])
        at += HEADER + size + (-size % HEADER)
        if at > len(data):
            return None
    return parts


def _stored(path: Path, digest: str) -> Seen | None:
    """A stored release by its first files; None where they are damaged or of another digest.

    Raises OSError where the disk does not give the file: a member must not vanish because of a bad cable.
    """
    try:
        parts = _head(path)
    except FileNotFoundError:
        return None
    if parts is None or release_digest(parts[0]) != digest:
        return None
    try:
        manifest, log = Manifest.parse(parts[0]), KeyLog.parse(parts[1])
    except FormatError:
        return None
    return Seen(digest, manifest, log) if log.head == manifest.keylog_head else None


def _take(descriptor: int, path: Path) -> None:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise StoreInUse(str(path.parent)) from error


def _release(descriptor: int) -> None:
    if os.name == "nt":
        import msvcrt

        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]
