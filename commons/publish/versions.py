"""Versions of a portal on disk: each whole, named by its content, and one of them shown. Knows no merging.

    OUT/versions/<digest>/   data.db, how to serve it, lock, root, receipts, releases, testimonies
    OUT/current              a symbolic link to one of them: what is shown
    OUT/history.json         the versions in the order in which they were shown, with their locks in locks/

Law: whenever the program is stopped, at any system call, `current` leads to a whole version, the old or the
new one, and the next run puts everything in order. Hence: build beside, flush files and folders, rename, swap
the link in one step, flush; a folder is renamed before it is deleted.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from commons.pool.opening import read_meta
from commons.pool.witnesses import PUBLISHED as TESTIMONIES
from commons.portal.serving import CURRENT, INSPECT
from commons.portal.settings import DATABASE, SETTINGS, inspection, metadata, to_json
from commons.publish.edition import Edition
from commons.publish.errors import AnotherPublisher, NoFolderHere, NotAPublishFolder

VERSIONS, LOCKS, HISTORY = "versions", "locks", "history.json"
SCRATCH = ".remake-"
_PRIVATE = ("federation.yaml", "store", "*.key")  # what the folder of a federation or of a catalogue holds
_BUILDING, _GONE = ".tmp-", ".gone-"
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Shown:
    """A version that was shown, and all that is needed to make it again."""

    version: str
    root: str
    lock: str  # its digest, a name in locks/
    barred: str


@contextmanager
def one_publisher(out: Path) -> Iterator[None]:
    """Nobody else publishes into `out` meanwhile.

    Raises:
        AnotherPublisher, NotAPublishFolder, NoFolderHere.
    """
    if (out.exists() and not out.is_dir()) or ((out / CURRENT).exists() and not (out / CURRENT).is_symlink()):
        raise NotAPublishFolder(str(out))
    if not (out / CURRENT).exists() and any(found for name in _PRIVATE for found in out.glob(name)):
        raise NotAPublishFolder(str(out))  # whoever serves it would serve what was never to be shown
    try:
        import fcntl
    except ImportError as error:  # Windows
        raise NoFolderHere(str(out)) from error
    (out / VERSIONS).mkdir(parents=True, exist_ok=True)
    (out / LOCKS).mkdir(exist_ok=True)
    with (out / ".publish.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AnotherPublisher(str(out)) from error
        yield


def build(out: Path, edition: Edition) -> Shown:
    """Write a version, whole and flushed, under the name of its content; show nothing yet."""
    fresh = out / VERSIONS / f"{_BUILDING}{secrets.token_hex(8)}"
    fresh.mkdir()
    try:
        version = _name(_fill(fresh, edition))
        target = out / VERSIONS / version
        if target.exists():  # the same content is there already, whole: it was renamed into place
            shutil.rmtree(fresh)
        else:
            _flush_folders(fresh)
            fresh.rename(target)
            _flush(target.parent)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    lock = hashlib.sha256(edition.lock).hexdigest()
    _write_whole(out / LOCKS / f"{lock}.lock", edition.lock)
    return Shown(version, edition.root, lock, edition.barred_digest)


def show(out: Path, version: str) -> None:
    """Let `current` lead to a version, in one step."""
    fresh = out / f".{CURRENT}-{secrets.token_hex(8)}"
    fresh.symlink_to(Path(VERSIONS) / version, target_is_directory=True)
    fresh.replace(out / CURRENT)
    _flush(out)


def shown_version(out: Path) -> str | None:
    """The version that `current` leads to."""
    try:
        return (out / CURRENT).readlink().name
    except OSError:
        return None


def history(out: Path) -> list[Shown]:
    """The versions in order; the last one is what is shown, also after an interruption."""
    try:
        entries = [Shown(**entry) for entry in json.loads((out / HISTORY).read_bytes())]
    except (OSError, ValueError, TypeError):
        entries = []
    current = shown_version(out)
    places = [n for n, entry in enumerate(entries) if entry.version == current]
    if places:
        return entries[: places[-1] + 1]
    if current is None:
        return []
    return [*entries, _described(out / VERSIONS / current)]


def _described(folder: Path) -> Shown:
    """A version that was shown, but the program was stopped before it could note that."""
    lock = (folder / "commons.lock").read_bytes()
    digest = hashlib.sha256(lock).hexdigest()
    _write_whole(folder.parent.parent / LOCKS / f"{digest}.lock", lock)
    return Shown(folder.name, (folder / "root.txt").read_text("ascii").strip(), digest, "")


def note(out: Path, entries: Sequence[Shown], *, keep: int) -> list[Shown]:
    """Remember what was shown; let go of all but the last `keep`, and of content that is barred by now.

    Of a version made under other tombstones or holds than the last one, only the lock is kept: it can be made
    again, without what may not be shown any more.
    """
    kept = list(entries)[-keep:]
    _write_whole(out / HISTORY, to_json([asdict(entry) for entry in kept]))
    whole = {entry.version for entry in kept if entry.barred == kept[-1].barred}
    for folder in sorted((out / VERSIONS).iterdir()):
        if folder.name not in whole:
            _delete(folder)
    locks = {f"{entry.lock}.lock" for entry in kept}
    for file in sorted((out / LOCKS).iterdir()):
        if file.name not in locks:
            file.unlink()
    return kept


def clean(out: Path) -> None:
    """Delete what an interrupted run has left."""
    for folder in (out / VERSIONS).iterdir():
        if folder.name.startswith((_BUILDING, _GONE)):
            _delete(folder)
    for scratch in out.glob(f"{SCRATCH}*"):
        shutil.rmtree(scratch, ignore_errors=True)
    for leftover in [*out.glob(f".{CURRENT}-*"), *out.glob(f".{HISTORY}-*")]:
        leftover.unlink()


def _fill(folder: Path, edition: Edition) -> dict[str, str]:
    """Write every file of a version; their digests by name."""
    digests = {f"{DATABASE}.db": _copy(edition.pool, folder / f"{DATABASE}.db")}
    made: dict[str, bytes] = {
        INSPECT: to_json(inspection(folder / f"{DATABASE}.db")),
        "metadata.json": to_json(metadata(read_meta(edition.pool).get("federation") or {})),
        "settings.json": to_json(SETTINGS),
        "commons.lock": edition.lock,
        "root.txt": f"{edition.root}\n".encode(),
    }
    if edition.testimonies:
        made[TESTIMONIES] = edition.testimonies
    made |= {f"receipts/{member}.json": receipt for member, receipt in edition.receipts.items()}
    for name, content in made.items():
        digests[name] = _write(folder / name, content)
    for digest, path in edition.releases.items():
        name = f"releases/{digest}.entrega"
        digests[name] = _copy(path, folder / name)
    return digests


def _name(digests: Mapping[str, str]) -> str:
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _copy(source: Path, target: Path) -> str:
    target.parent.mkdir(exist_ok=True)
    digest = hashlib.sha256()
    with source.open("rb") as read, target.open("xb") as written:
        while chunk := read.read(_CHUNK):
            digest.update(chunk)
            written.write(chunk)
        written.flush()
        os.fsync(written.fileno())
    return digest.hexdigest()


def _write(target: Path, content: bytes) -> str:
    target.parent.mkdir(exist_ok=True)
    with target.open("xb") as written:
        written.write(content)
        written.flush()
        os.fsync(written.fileno())
    return hashlib.sha256(content).hexdigest()


def _write_whole(path: Path, content: bytes) -> None:
    """A small file that is the old or the new one, never half."""
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        _write(fresh, content)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    _flush(path.parent)


def _flush(folder: Path) -> None:
    """A rename is safe only when its folder has reached the disk."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _flush_folders(folder: Path) -> None:
    for inner in [p for p in folder.iterdir() if p.is_dir()]:
        _flush(inner)
    _flush(folder)


def _delete(folder: Path) -> None:
    """Out of its name first: what stands under a digest is always whole."""
    gone = folder
    if not folder.name.startswith((_BUILDING, _GONE)):
        gone = folder.with_name(f"{_GONE}{secrets.token_hex(8)}")
        folder.rename(gone)
    with contextlib.suppress(OSError):  # the next run tries again
        shutil.rmtree(gone)
