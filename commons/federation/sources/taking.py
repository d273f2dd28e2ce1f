"""Releases at a path of this disk, or sorted out of the inbox: what proves itself goes into the store.

A file that is no release, or not the member's, costs only itself. In which order sources are tried, and what
is remembered of them, is for `look`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from commons.federation.sources import inbox
from commons.federation.sources.looked import Look
from commons.federation.store import folder as stored
from commons.federation.store import requests
from commons.federation.store.folder import Store
from commons.federation.trust import OtherMember, Version
from commons.findings import Finding
from commons.format import container
from commons.format.errors import FormatError
from commons.format.limits import LIMITS
from commons.format.manifest import Manifest, release_digest
from commons.messages import N_

_SIDECARS = ("catalogue.db-wal", "catalogue.db-journal", "catalogue.db-shm")
_MOST_ENTRIES = 10_000  # of one folder: an inbox is tidied long before


@dataclass(slots=True)
class Fetched:
    """What a look at all sources gave. `arrived`: digests new to the store; `strangers`: who is no member.

    `heard`: those of them who asked nothing and stand in a pool that is a source.
    `reached`: member → the newest version that was found, new or not.
    `looks`: member → what its sources gave, now or the last time that they were asked.
    """

    arrived: dict[str, list[str]] = field(default_factory=dict)
    reached: dict[str, Version] = field(default_factory=dict)
    strangers: dict[str, str] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    looks: dict[str, Look] = field(default_factory=dict)
    admitted: Set[str] = frozenset()

    def stranger(self, member: str, where: str, *, heard: bool = False) -> None:
        """Note who is no member, once; what they sent is kept as a join request."""
        if member not in self.strangers and member not in self.admitted:
            self.strangers[member] = where
            self.findings.append(Finding("heard-of" if heard else "stranger", member=member, value=where))
            if heard:
                self.heard.add(member)

    def reach(self, member: str, version: Version) -> None:
        """Note that a release of a member was found."""
        self.reached[member] = max(version, self.reached.get(member, version))

    def take_over(self, other: Fetched) -> None:
        """Everything that one member's sources gave, too."""
        for member, digests in other.arrived.items():
            self.arrived.setdefault(member, []).extend(digests)
        for member, version in other.reached.items():
            self.reach(member, version)
        self.findings += [f for f in other.findings if f.code not in ("stranger", "heard-of")]
        for member, where in other.strangers.items():
            self.stranger(member, where, heard=member in other.heard)


def sort_in(arrivals: Iterable[inbox.Arrival], found: Fetched) -> None:
    """Note what the inbox gave."""
    for arrival in arrivals:
        if arrival.kind == inbox.REQUEST:
            found.stranger(arrival.member or "", arrival.where)
        elif arrival.finding is not None:
            found.findings.append(arrival.finding)
        elif arrival.member is not None:
            found.reach(arrival.member, arrival.version or (0, 0))
            if arrival.kind == inbox.NEW:
                found.arrived.setdefault(arrival.member, []).append(arrival.digest or "")


def look_at(
    path: Path, member: str, members: Set[str], store: Store, found: Fetched, *, pool: str = ""
) -> bool:
    """A file, a folder of releases or a release as a folder. Whether anything was there.

    `pool`: the name of the pool that was unpacked there: whoever else stands in it has asked nothing.
    """
    try:
        paths = [path] if not path.is_dir() or _is_release(path) else list(_releases_in(path))
    except OSError:
        paths = []
    if not paths or not path.exists():
        found.findings.append(Finding("E_SOURCE", member=member, value=str(path.name)))
        return False
    for each in paths:
        of_whom = whose(each) if each != path else None
        if of_whom is None or of_whom == member:
            take(each, store, found, {member}, expected=member)
        elif of_whom not in members and of_whom not in found.strangers and not _declined(each, store, pool):
            take(each, store, found, {member}, expected=None, pool=pool)
    return True


def _declined(path: Path, store: Store, pool: str) -> bool:
    manifest = _manifest(path)[0]
    return requests.noted(store).unwanted(manifest.member, manifest.version, in_pool=bool(pool))


def whose(path: Path) -> str | None:
    """The member of a release that lies in a folder: several members may share one. None where it is junk."""
    try:
        return _manifest(path)[0].member
    except FormatError:
        return None


def _is_release(path: Path) -> bool:
    return (path / "release.json").exists() or (path / "release.json").is_symlink()


def _releases_in(folder: Path) -> Iterator[Path]:
    """Files, and folders that are releases, in order of their names; hidden ones are left alone."""
    entries: Iterable[Path] = sorted(folder.iterdir())[:_MOST_ENTRIES]
    for path in entries:
        if not path.name.startswith(".") and (not path.is_dir() or _is_release(path)):
            yield path


def take(
    path: Path, store: Store, found: Fetched, members: Set[str], *, expected: str | None, pool: str = ""
) -> str | None:
    """Put one release into the store, unless it is junk, a stranger's or there already; gives its digest."""
    try:
        manifest, digest = _manifest(path)
        if manifest.member not in members:
            if expected is not None:
                raise OtherMember(manifest.member, expected)
            if not requests.requests_of(store).has(digest):
                requests.keep(container.read_any(path), store, heard_in=pool)
            heard = pool and requests.noted(store).heard.get(manifest.member)
            found.stranger(manifest.member, heard or path.name, heard=bool(heard))
            return None
        if not store.is_complete(digest):
            _refuse_sidecars(path)
            if store.take(container.read_any(path)):
                found.arrived.setdefault(manifest.member, []).append(digest)
        found.reach(manifest.member, manifest.version)
        return digest
    except FormatError as error:
        found.findings.append(Finding(error.code, member=expected, value=path.name))
        return None


def _manifest(path: Path) -> tuple[Manifest, str]:
    """release.json of a release, unproven, and its digest: whose it is, and whether it is known."""
    if path.is_dir():
        data = container.read_regular(path / "release.json", LIMITS.manifest_bytes)
    else:
        parts = stored.head(path) if path.is_file() and not path.is_symlink() else None
        # Junk, a pipe or a link: the strict reader says which.
        data = container.read_any(path).manifest if parts is None else parts[0]
    return Manifest.parse(data), release_digest(data)


def _refuse_sidecars(path: Path) -> None:
    """A journal beside the file means that the file alone is not the catalogue."""
    if path.is_dir() and any((path / name).exists() for name in _SIDECARS):
        raise Sidecar(path.name)


@dataclass(eq=False)
class Sidecar(FormatError):
    """A release's folder holds a journal of SQLite."""

    name: str
    code: ClassVar[str] = "E_SIDECAR"
    template: ClassVar[str] = N_("«{name}» holds a journal beside its catalogue.db.")
    hint_template: ClassVar[str] = N_("Ask for the release again, as one file; do not open its database.")
