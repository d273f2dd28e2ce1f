"""The four files of a release, as a folder or one file (`.entrega`). Checks no signature, opens no database.

One file is an uncompressed ustar of exactly four names in one order, mode 0644, ids and mtime 0, followed by
two zero blocks: the same release gives the same bytes everywhere, and `tar -xf` reads it. It is recognised by
content, never by name. A pruned release has `records.jsonl` in place of `catalogue.db`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, ClassVar

from commons.format.errors import ContainerRefused, NotAFile, TooBig
from commons.format.limits import LIMITS
from commons.format.manifest import Manifest, release_digest
from commons.messages import N_

SUFFIX = ".entrega"
_BLOCK = 512
_END = bytes(2 * _BLOCK)
_MAGIC = b"ustar\0"  # at byte 257 of each header
_WRITTEN_AT_ONCE = 1024 * 1024  # bytes; what is longer goes to the disk as it is
_MOST = {
    "release.json": LIMITS.manifest_bytes,
    "release.json.sig": LIMITS.signature_bytes,
    "keylog.jsonl": LIMITS.keylog_bytes,
    "catalogue.db": LIMITS.catalogue_bytes,
    "records.jsonl": LIMITS.records_bytes,
}


@dataclass(frozen=True, slots=True, repr=False)
class _Files:
    manifest: bytes
    signature: bytes
    keylog: bytes

    @property
    def digest(self) -> str:
        """The release digest, in hexadecimal; the same for the full and the pruned form."""
        return release_digest(self.manifest)

    @property
    def parsed_manifest(self) -> Manifest:
        """Raises ManifestRefused."""
        return Manifest.parse(self.manifest)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.digest[:12]}…)"


@dataclass(frozen=True, slots=True, repr=False)
class ReleaseFiles(_Files):
    """A full release: bytes as they came, nothing checked but names and sizes."""

    catalogue: bytes
    names: ClassVar[tuple[str, ...]] = ("release.json", "release.json.sig", "keylog.jsonl", "catalogue.db")

    def contents(self) -> tuple[bytes, ...]:
        """In the order of `names`."""
        return self.manifest, self.signature, self.keylog, self.catalogue


@dataclass(frozen=True, slots=True, repr=False)
class PrunedFiles(_Files):
    """A release without what may no longer be shown; see `commons.format.pruned`."""

    records: bytes
    names: ClassVar[tuple[str, ...]] = ("release.json", "release.json.sig", "keylog.jsonl", "records.jsonl")

    def contents(self) -> tuple[bytes, ...]:
        """In the order of `names`."""
        return self.manifest, self.signature, self.keylog, self.records


AnyFiles = ReleaseFiles | PrunedFiles
_KINDS: tuple[type[AnyFiles], ...] = (ReleaseFiles, PrunedFiles)
_FILES = len(ReleaseFiles.names)


def _header(name: str, size: int) -> bytes:
    """The 512 bytes before a file's content."""
    fields = b"".join(
        (
            name.encode().ljust(100, b"\0"),
            b"0000644\0" + b"0000000\0" * 2,  # mode, uid, gid
            b"%011o\0" % size,
            b"00000000000\0",  # mtime
            b" " * 8,  # checksum: as spaces while it is computed
            b"0".ljust(101, b"\0"),  # a regular file; no link
            b"ustar\x0000" + b"\0" * 64,  # no names of user and group
            b"0000000\0" * 2 + b"\0" * 167,  # no device; no prefix
        )
    )
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]


def _parts(files: AnyFiles) -> list[bytes]:
    """The one-file form, in pieces: a large catalogue is in memory once."""
    parts = []
    for name, content in zip(files.names, files.contents(), strict=True):
        parts += [_header(name, len(content)), content, bytes(-len(content) % _BLOCK)]
    return [*parts, _END]


def to_bytes(files: AnyFiles) -> bytes:
    """The one-file form."""
    return b"".join(_parts(files))


def sum_of(files: AnyFiles) -> str:
    """The SHA-256 of the one-file form, in hexadecimal: of the file, wherever these were read from one."""
    found = hashlib.sha256()
    for part in _parts(files):
        found.update(part)
    return found.hexdigest()


def _most(member: str, manifest: bytes) -> int:
    """Bytes that a file of a release may have; of a pruned one's records, as many as were signed can have.

    Raises:
        ManifestRefused.
    """
    if member != PrunedFiles.names[-1]:
        return _MOST[member]
    return LIMITS.records_bytes_of(sum(Manifest.parse(manifest).counts.values()))


def _file_behind(header: bytes, place: int, name: str, manifest: bytes) -> tuple[str, int]:
    """Which file stands behind a header, the `place`-th of a release, and its length.

    Args:
        manifest: release.json, which stands first.
    Raises:
        ContainerRefused, TooBig, ManifestRefused.
    """
    if not place and header[257:263] != _MAGIC:
        raise ContainerRefused(name, N_("it does not look like an .entrega file"))
    member = header[:100].rstrip(b"\0").decode("ascii", "replace")
    size_text = header[124:135]
    in_its_place = any(kind.names[place : place + 1] == (member,) for kind in _KINDS)
    if not in_its_place or not size_text.isdigit() or b"8" in size_text or b"9" in size_text:
        raise ContainerRefused(name, N_("it holds something other than the files of a release"))
    size = int(size_text, 8)
    if size > (most := _most(member, manifest)):
        raise TooBig(member, size, most)
    if header != _header(member, size):
        raise ContainerRefused(name, N_("it is cut short or was changed on its way"))
    return member, size


def announced_bytes(start: bytes) -> int | None:
    """How long a one-file release is by its own headers; None where `start` does not reach the last of them.

    Raises:
        ContainerRefused, TooBig, ManifestRefused: it is none, or too long.
    """
    at, manifest = 0, b""
    for place in range(_FILES):
        if len(start) < at + _BLOCK:
            return None
        _member, size = _file_behind(start[at : at + _BLOCK], place, "release", manifest)
        manifest = manifest or start[at + _BLOCK : at + _BLOCK + size]
        at += _BLOCK + size + (-size % _BLOCK)
    return at + len(_END)


def _read_release(file: BinaryIO, name: str) -> AnyFiles:
    """The files of a one-file release, of which `to_bytes` would write every byte. Raises as `parse`."""
    contents: list[bytes] = []
    member = ""
    for place in range(_FILES):
        header, manifest = file.read(_BLOCK), contents[0] if contents else b""
        member, size = _file_behind(header, place, name, manifest)
        content, padding = file.read(size), file.read(-size % _BLOCK)
        if len(content) != size or padding != bytes(-size % _BLOCK):
            raise ContainerRefused(name, N_("it is cut short or was changed on its way"))
        contents.append(content)
    end = file.read(len(_END) + 1)
    if end[:_BLOCK].strip(b"\0"):
        raise ContainerRefused(name, N_("it holds something other than the files of a release"))
    if end != _END:
        raise ContainerRefused(name, N_("it is cut short or was changed on its way"))
    kind = next(kind for kind in _KINDS if kind.names[-1] == member)
    return kind(*contents)


def parse(data: bytes, name: str = "release") -> AnyFiles:
    """The files in the bytes of a one-file release; `name` is only for the sentence.

    Raises:
        ContainerRefused: not exactly what `to_bytes` writes.
        TooBig: one of the files exceeds its limit.
        ManifestRefused: of a pruned one, whose length depends on it.
    """
    return _read_release(BytesIO(data), name)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """A plain file and its size; follows no link and waits for no pipe. Raises NotAFile, ContainerRefused."""
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        if path.is_symlink():  # where O_NOFOLLOW is missing
            raise NotAFile(path.name, N_("it is a link, not a file"))
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise NotAFile(path.name, N_("it is not a plain file")) from error
        if error.errno == errno.ENOENT:
            raise ContainerRefused(path.name, N_("it is not there")) from error
        raise ContainerRefused(path.name, N_("it cannot be read")) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):  # asked before it is a file to Python, which takes no folder
        os.close(descriptor)
        raise NotAFile(path.name, N_("it is not a plain file"))
    with os.fdopen(descriptor, "rb") as file:
        yield file, status.st_size


def read_regular(path: Path, most: int) -> bytes:
    """A plain file's bytes, read once; follows no link and waits for no pipe.

    Raises:
        NotAFile: a link, folder, pipe or device.
        TooBig: longer than `most` bytes.
        ContainerRefused: missing or unreadable.
    """
    with _opened(path) as (file, size):
        if size > most:
            raise TooBig(path.name, size, most)
        data = file.read(most + 1)
    if len(data) > most:
        raise TooBig(path.name, len(data), most)
    return data


def peek(path: Path, n: int) -> tuple[bytes, int]:
    """The first `n` bytes of a plain file, and its size. Raises as `read_regular`."""
    with _opened(path) as (file, size):
        return file.read(n), size


def read_any(path: Path) -> AnyFiles:
    """A release in full or pruned form, from a folder or one file.

    Raises:
        ContainerRefused, NotAFile, TooBig; ManifestRefused of a pruned one.
    """
    if not path.is_dir():
        most = LIMITS.pruned_container_bytes
        with _opened(path) as (file, size):
            if size > most:
                raise TooBig(path.name, size, most)
            return _read_release(file, path.name)
    pruned = not (path / "catalogue.db").exists() and (path / "records.jsonl").exists()
    kind: type[AnyFiles] = PrunedFiles if pruned else ReleaseFiles
    contents: list[bytes] = []
    for name in kind.names:
        contents.append(read_regular(path / name, _most(name, contents[0] if contents else b"")))
    return kind(*contents)


def read(path: Path) -> ReleaseFiles:
    """A release in full form. Raises as `read_any`, and ContainerRefused for a pruned one."""
    files = read_any(path)
    if not isinstance(files, ReleaseFiles):
        raise ContainerRefused(path.name, N_("it is a pruned copy; the full release is needed here"))
    return files


def _write_through(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("xb", buffering=_WRITTEN_AT_ONCE) as file:
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Make a rename in this folder outlive a power cut, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def staged_bytes(path: Path, data: bytes) -> AbstractContextManager[Callable[[], None]]:
    """`data` safely on disk beside `path`; the yielded call puts it in its place, whole or not at all."""
    return _staged(path, [data])


@contextmanager
def _staged(path: Path, parts: Iterable[bytes], *, sync_parent: bool = True) -> Iterator[Callable[[], None]]:
    if not path.name:  # an empty name means the folder itself
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")

    def put_in_place() -> None:
        temporary.replace(path)
        if sync_parent:
            sync_folder(path.parent)

    try:
        _write_through(temporary, parts)
        yield put_in_place
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def staged_folder(path: Path, files: AnyFiles) -> Iterator[Callable[[], None]]:
    """The folder form beside `path`; the yielded call puts it in place of an older release.

    Raises:
        ContainerRefused: `path` holds something that is not a release.
    """
    if path.exists() and (not path.is_dir() or {entry.name for entry in path.iterdir()} - set(_MOST)):
        raise ContainerRefused(path.name, N_("there are other files in that folder"))
    mark = secrets.token_hex(4)
    fresh, old = path.with_name(f".{path.name}.{mark}.new"), path.with_name(f".{path.name}.{mark}.old")

    def put_in_place() -> None:
        if path.exists():
            path.rename(old)
        try:
            fresh.rename(path)
        except OSError:
            with contextlib.suppress(OSError):
                old.rename(path)
            raise
        shutil.rmtree(old, ignore_errors=True)
        sync_folder(path.parent)

    try:
        fresh.mkdir()
        for name, content in zip(files.names, files.contents(), strict=True):
            _write_through(fresh / name, [content])
        sync_folder(fresh)
        yield put_in_place
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def staged_file(path: Path, files: AnyFiles) -> AbstractContextManager[Callable[[], None]]:
    """The one-file form beside `path`, as `staged_bytes`."""
    return _staged(path, _parts(files))


def write_bytes(path: Path, data: bytes) -> None:
    """Put `data` at `path` whole or not at all."""
    with staged_bytes(path, data) as put_in_place:
        put_in_place()


def write_file(path: Path, files: AnyFiles, *, sync_parent: bool = True) -> None:
    """Write the one-file form, whole or not at all.

    Args:
        sync_parent: that it is there outlives a power cut at once; else whoever calls sees to it.
    """
    with _staged(path, _parts(files), sync_parent=sync_parent) as put_in_place:
        put_in_place()


def write_folder(path: Path, files: AnyFiles) -> None:
    """Write the folder form; an older release in its place is replaced. Raises as `staged_folder`."""
    with staged_folder(path, files) as put_in_place:
        put_in_place()
