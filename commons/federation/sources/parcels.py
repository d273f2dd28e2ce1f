"""Finds releases among whatever came by chat, e-mail or stick: recognised by content, never by name.

A release comes as one file under any name, as its four files under any names, and either of them in folders,
in a zip as phones make them, or attached to a saved e-mail. Everything is read through a limit, no link is
followed, nothing is unpacked to disk and a zip within a zip is not opened. What is found is unproven: the
store proves it. This module removes nothing and knows no member.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from commons.federation.sources import letters
from commons.federation.store import folder as stored
from commons.format import container, sshsig
from commons.format.container import AnyFiles, ReleaseFiles
from commons.format.errors import ContainerRefused, FormatError, TooBig
from commons.format.foreign import UNPACKING
from commons.format.keylog import KeyLog
from commons.format.limits import LIMITS
from commons.format.manifest import Manifest
from commons.messages import N_

_MOST_ENTRIES = 10_000  # of a folder or a zip
_MOST_UNPACKED = 4 * LIMITS.pruned_container_bytes  # of one zip, all its entries together
_DEEPEST = 6  # folders within folders
_MOST_SIGNATURES = 20_000  # that are tried in one drawer: a few seconds
_PEEK = 1024
_SQLITE = b"SQLite format 3\0"
_SIGNATURE = b"-----BEGIN SSH SIGNATURE-----"
# What a telephone or a desktop packs with. Others unpack to thousands of times their size at the first byte.
_PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_LITTER = {"__macosx", "thumbs.db", "desktop.ini"}
_SIDECARS = ("-wal", "-journal", "-shm")

# What a thing is that holds no release: codes of `commons.findings`.
JUNK, DAMAGED, PART, DATABASE, WEB_PAGE, PACKED = (
    "E_CONTAINER",
    "parcel-damaged",
    "parcel-part",
    "parcel-database",
    "parcel-web-page",
    "parcel-packed",
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One thing that came. `files` None: it holds no release, and `code` says why.

    `where`: as a person finds it again, relative to the folder, what lies inside another file after « › ».
    `paths`: the files on this disk that it is made of. `digest`: of a release that `known` had already.
    """

    where: str
    paths: tuple[Path, ...]
    files: AnyFiles | None = None
    digest: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class _Item:
    """Bytes with a name: a file of this disk, or something inside one."""

    name: str
    where: str
    path: Path
    start: bytes
    size: int
    read: Callable[[int], bytes] = field(repr=False)  # at most so many bytes; raises FormatError


Known = Callable[[str], bool]


def parcels(place: Path, known: Known = lambda digest: False) -> Iterator[Parcel]:
    """Everything in a folder (or one file), in order of the names; what is put together of parts comes last.

    Args:
        known: digests that need not be read again.
    """
    if place.is_symlink() or not place.is_dir():
        yield from _drawer(list(_on_disk([place], place.parent)), known)
        return
    yield from _folder(place, place, known, 0)


def _folder(folder: Path, top: Path, known: Known, depth: int) -> Iterator[Parcel]:
    try:
        entries = sorted(folder.iterdir())[:_MOST_ENTRIES]
    except OSError:
        yield Parcel(_shown(folder, top), (folder,), code="E_NOTFILE")
        return
    entries = [path for path in entries if not path.name.startswith(".") and path.name.lower() not in _LITTER]
    is_folder = {path for path in entries if path.is_dir() and not path.is_symlink()}
    names = {path.name for path in entries}
    if "release.json" in names and any(n.endswith(_SIDECARS) for n in names):
        yield Parcel(_shown(folder, top), (), code="E_SIDECAR")  # its database alone is not the catalogue
        others = [p for p in entries if p.name not in ReleaseFiles.names and not p.name.endswith(_SIDECARS)]
        yield from _drawer(list(_on_disk([p for p in others if p not in is_folder], top)), known)
    elif {"release.json", "records.jsonl"} <= names and "catalogue.db" not in names:
        yield _pruned_folder(folder, _shown(folder, top))
    else:
        yield from _drawer(list(_on_disk([p for p in entries if p not in is_folder], top)), known)
    for path in entries:
        if path in is_folder and depth < _DEEPEST:
            yield from _folder(path, top, known, depth + 1)


def _pruned_folder(folder: Path, where: str) -> Parcel:
    try:
        files = container.read_any(folder)
    except FormatError as error:
        return Parcel(where, (), code=error.code)
    return Parcel(where, tuple(folder / name for name in files.names), files, files.digest)


def _on_disk(paths: list[Path], top: Path) -> Iterator[_Item | Parcel]:
    for path in paths:
        where = _shown(path, top)
        try:
            start, size = container.peek(path, _PEEK)
        except FormatError as error:
            yield Parcel(where, (path,), code=error.code)
            continue
        yield _Item(path.name, where, path, start, size, partial(container.read_regular, path))


def _shown(path: Path, top: Path) -> str:
    return _printable(path.relative_to(top).as_posix() if path != top else path.name)


def _printable(name: str) -> str:
    """A name as a terminal may show it: strangers choose it, and some characters command or reverse."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)


def _drawer(found: list[_Item | Parcel], known: Known, *, packed: bool = False) -> Iterator[Parcel]:
    """What lies side by side: whole releases, files to unpack, and the four parts of one in any names."""
    loose: list[_Item] = []
    for item in found:
        if isinstance(item, Parcel):
            yield item
        elif _is_one_file(item.start):
            yield _one_file(item, known)
        elif item.start.startswith(b"PK\x03\x04"):
            yield from [_refused(item, PACKED)] if packed else _unpacked(item, known)
        elif not packed and letters.is_email(item.start):
            yield from _attached(item, known)
        else:
            loose.append(item)
    yield from _assembled(loose, known)


def _refused(item: _Item, code: str) -> Parcel:
    return Parcel(item.where, (item.path,), code=code)


def _is_one_file(start: bytes) -> bool:
    return start[257:263] == b"ustar\0" and start.startswith(b"release.json\0")


def _one_file(item: _Item, known: Known) -> Parcel:
    if " › " not in item.where:
        parts = stored.head(item.path)
        if parts is not None and known(digest := hashlib.sha256(parts[0]).hexdigest()):
            return Parcel(item.where, (item.path,), digest=digest)
    try:
        files = container.parse(item.read(LIMITS.pruned_container_bytes), item.name)
    except FormatError as error:
        return _refused(item, error.code if error.code == "E_TOOBIG" else DAMAGED)
    return Parcel(item.where, (item.path,), files, files.digest)


# files within a file


def _unpacked(item: _Item, known: Known) -> Iterator[Parcel]:
    """Each folder of a zip is a drawer."""
    try:
        packed = zipfile.ZipFile(io.BytesIO(item.read(LIMITS.pruned_container_bytes)))
        entries = packed.infolist()
    except FormatError as error:
        yield _refused(item, error.code)
        return
    except UNPACKING:
        yield _refused(item, DAMAGED)
        return
    drawers: dict[str, list[_Item | Parcel]] = {}
    budget = [_MOST_UNPACKED]
    for entry in sorted(entries[:_MOST_ENTRIES], key=lambda e: e.filename):
        folders, _, name = entry.filename.rpartition("/")
        parts = {part.lower() for part in entry.filename.split("/")}
        if entry.is_dir() or parts & _LITTER or name.startswith("."):
            continue
        where = f"{item.where} › {_printable(entry.filename)}"
        try:
            start = _entry_bytes(packed, entry, _PEEK)
        except FormatError:
            drawers.setdefault(folders, []).append(Parcel(where, (item.path,), code=DAMAGED))
            continue
        read = partial(_entry_bytes, packed, entry, budget=budget)
        drawers.setdefault(folders, []).append(_Item(name, where, item.path, start, entry.file_size, read))
    if not drawers:
        yield _refused(item, JUNK)
    for _folder_name, items in sorted(drawers.items()):
        yield from _drawer(items, known, packed=True)


def _entry_bytes(
    packed: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int, *, budget: list[int] | None = None
) -> bytes:
    """An entry, or its beginning where there is no `budget`, read through a limit, whatever size it claims.

    `budget`: bytes that may still be unpacked of this zip. Raises FormatError.
    """
    if entry.compress_type not in _PACKINGS:
        raise ContainerRefused(entry.filename, N_("it is packed in a way that is not read here"))
    room = most if budget is None else min(most, budget[0])
    try:
        with packed.open(entry) as file:
            data = file.read(room if budget is None else room + 1)
    except UNPACKING as error:
        raise ContainerRefused(entry.filename, N_("it is cut short or was changed on its way")) from error
    if budget is not None:
        budget[0] -= min(len(data), budget[0])
        if len(data) > room:
            raise TooBig(entry.filename, entry.file_size, room)
    return data


def _attached(item: _Item, known: Known) -> Iterator[Parcel]:
    try:
        found = list(letters.attachments(item.read(letters.MOST_BYTES)))
    except FormatError as error:
        yield _refused(item, error.code)
        return
    except (ValueError, RecursionError):  # names in no alphabet, messages within messages without end
        yield _refused(item, DAMAGED)
        return
    items: list[_Item | Parcel] = []
    for name, data in found:
        where = f"{item.where} › {_printable(name)}"
        items.append(_Item(name, where, item.path, data[:_PEEK], len(data), partial(_within, data)))
    if not items:
        yield _refused(item, JUNK)
    yield from _drawer(items, known, packed=True)


def _within(data: bytes, most: int) -> bytes:
    if len(data) > most:
        raise TooBig("attachment", len(data), most)
    return data


# the four files, whatever they are called


def _assembled(items: list[_Item], known: Known) -> Iterator[Parcel]:
    """Put parts together by the digests that release.json names; what is left over is named."""
    manifests: list[tuple[_Item, Manifest]] = []
    parts: list[_Item] = []
    for item in items:
        manifest = _manifest(item)
        if manifest is not None:
            manifests.append((item, manifest))
        else:
            parts.append(item)
    used: set[int] = set()
    loose = _Loose(parts)
    for item, manifest in manifests:
        digest = hashlib.sha256(item.read(LIMITS.manifest_bytes)).hexdigest()
        found = loose.companions(item, manifest)
        paths = tuple(dict.fromkeys([item.path, *(p.path for p in found or ())]))
        if found is None:
            yield Parcel(item.where, (item.path,), code=PART)
            continue
        used.update(id(p) for p in found)
        if known(digest):
            yield Parcel(item.where, paths, digest=digest)
            continue
        try:
            yield Parcel(item.where, paths, _joined(item, found), digest)
        except FormatError as error:
            yield Parcel(item.where, paths, code=error.code)
    for item in parts:
        if id(item) not in used:
            yield _refused(item, _what_else(item))


def _manifest(item: _Item) -> Manifest | None:
    if not item.start.startswith(b"{") or item.size > LIMITS.manifest_bytes:
        return None
    try:
        return Manifest.parse(item.read(LIMITS.manifest_bytes))
    except FormatError:
        return None


@dataclass(slots=True)
class _Loose:
    """Parts among which each release.json finds its own. Each is read once, however many ask for it."""

    parts: list[_Item]
    digests: dict[int, str | None] = field(default_factory=dict)  # by place in `parts`
    tries: int = _MOST_SIGNATURES

    def companions(self, item: _Item, manifest: Manifest) -> tuple[_Item, _Item, _Item] | None:
        """Signature, key log and catalogue of a release.json; None where one is missing or changed."""
        signed = item.read(LIMITS.manifest_bytes)
        catalogue = self._with_digest(manifest, "catalogue.db", LIMITS.catalogue_bytes)
        keylog = self._with_digest(manifest, "keylog.jsonl", LIMITS.keylog_bytes)
        if catalogue is None or keylog is None:
            return None
        for part in self.parts:
            if part.start.startswith(_SIGNATURE) and part.size <= LIMITS.signature_bytes:
                if not self.tries:
                    return None
                self.tries -= 1
                try:
                    log = KeyLog.parse(keylog.read(LIMITS.keylog_bytes))
                    signature = part.read(LIMITS.signature_bytes)
                    sshsig.verify(signature, signed, sshsig.RELEASE_NAMESPACE, log.current)
                except FormatError:
                    continue
                return part, keylog, catalogue
        return None

    def _with_digest(self, manifest: Manifest, name: str, most: int) -> _Item | None:
        wanted = manifest.files[name]
        for n, part in enumerate(self.parts):
            if part.size == wanted.size <= most and self._digest(n, most) == wanted.sha256:
                return part
        return None

    def _digest(self, n: int, most: int) -> str | None:
        """None where it cannot be read."""
        if n not in self.digests:
            try:
                self.digests[n] = hashlib.sha256(self.parts[n].read(most)).hexdigest()
            except FormatError:
                self.digests[n] = None
        return self.digests[n]


def _joined(item: _Item, found: tuple[_Item, _Item, _Item]) -> ReleaseFiles:
    signature, keylog, catalogue = found
    return ReleaseFiles(
        item.read(LIMITS.manifest_bytes),
        signature.read(LIMITS.signature_bytes),
        keylog.read(LIMITS.keylog_bytes),
        catalogue.read(LIMITS.catalogue_bytes),
    )


def _what_else(item: _Item) -> str:
    """What it may be, so that whoever sent it can be told."""
    start = item.start.lstrip().lower()
    if item.start.startswith(_SQLITE):
        return DATABASE
    if start.startswith((b"<!doctype html", b"<html")):
        return WEB_PAGE
    if item.start.startswith(_SIGNATURE) or start.startswith(b'{"key":'):
        return PART
    return JUNK
