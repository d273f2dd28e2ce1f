"""Looks for members' releases where federation.yaml says, and puts what proves itself into the store.

Folders, files and the inbox; no network. Nothing found here decides what is merged: `trust` does, from
everything the store has. A file that is no release, or not the member's, costs only itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from commons.federation import inbox, requests
from commons.federation import store as stored
from commons.federation.policy import Policy
from commons.federation.store import Store
from commons.federation.trust import OtherMember
from commons.findings import Finding
from commons.format import container
from commons.format.errors import FormatError
from commons.format.limits import LIMITS
from commons.format.manifest import Manifest
from commons.messages import N_

INBOX = inbox.FOLDER
_SIDECARS = ("catalogue.db-wal", "catalogue.db-journal", "catalogue.db-shm")
_MOST_ENTRIES = 10_000  # of one folder: an inbox is tidied long before


@dataclass(slots=True)
class Fetched:
    """What a look at all sources gave. `arrived`: digests new to the store; `strangers`: who is no member."""

    arrived: dict[str, list[str]] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    strangers: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def stranger(self, member: str, where: str) -> None:
        """Note who is no member, once; what they sent is kept as a join request."""
        if member not in self.strangers:
            self.strangers[member] = where
            self.findings.append(Finding("stranger", member=member, value=where))


def fetch(policy: Policy, folder: Path, store: Store) -> Fetched:
    """Look at every member's sources in turn, until one has a release of it.

    Args:
        folder: of federation.yaml; relative sources start there.
    """
    found = Fetched()
    members = {m.id for m in policy.members}
    requests.accept(members, store)  # a member may have been written into federation.yaml by hand
    inbox_folder = folder / INBOX
    if any(source.kind == "inbox" for m in policy.members for source in m.sources) and inbox_folder.is_dir():
        _sort_in(inbox.sort(inbox_folder, store, members), found)
    for member in policy.members:
        for source in member.sources:
            if member.id in found.reached:
                break
            if source.kind == "path":
                _look_at(folder / source.where, member.id, members, store, found)
    return found


def _sort_in(arrivals: Iterable[inbox.Arrival], found: Fetched) -> None:
    for arrival in arrivals:
        if arrival.kind == inbox.REQUEST:
            found.stranger(arrival.member or "", arrival.where)
        elif arrival.finding is not None:
            found.findings.append(arrival.finding)
        elif arrival.member is not None:
            found.reached.add(arrival.member)
            if arrival.kind == inbox.NEW:
                found.arrived.setdefault(arrival.member, []).append(arrival.digest or "")


def _look_at(path: Path, member: str, members: Set[str], store: Store, found: Fetched) -> None:
    try:
        paths = [path] if not path.is_dir() or _is_release(path) else list(_releases_in(path))
    except OSError:
        paths = []
    if not paths or not path.exists():
        found.findings.append(Finding("E_SOURCE", member=member, value=str(path.name)))
        return
    for each in paths:
        whose = _whose(each) if each != path else None
        if whose is None or whose == member:
            _take(each, store, found, {member}, expected=member)
        elif whose not in members and whose not in found.strangers:
            _take(each, store, found, {member}, expected=None)


def _whose(path: Path) -> str | None:
    """The member of a release that lies in a folder: several members may share one. None where it is junk."""
    try:
        return _manifest(path).member
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


def _take(path: Path, store: Store, found: Fetched, members: Set[str], *, expected: str | None) -> None:
    """Put one release into the store, unless it is junk, a stranger's or there already."""
    try:
        manifest = _manifest(path)
        if manifest.member not in members:
            if expected is not None:
                raise OtherMember(manifest.member, expected)
            if not requests.requests_of(store).has(manifest.digest):
                requests.keep(container.read_any(path), store)
            found.stranger(manifest.member, path.name)
            return
        if not store.has(manifest.digest):
            _refuse_sidecars(path)
            seen = store.put(container.read_any(path))
            found.arrived.setdefault(manifest.member, []).append(seen.digest)
        found.reached.add(manifest.member)
    except FormatError as error:
        found.findings.append(Finding(error.code, member=expected, value=path.name))


def _manifest(path: Path) -> Manifest:
    """release.json of a release, unproven: enough to see whose it is and whether it is known."""
    if path.is_dir():
        return Manifest.parse(container.read_regular(path / "release.json", LIMITS.manifest_bytes))
    parts = stored.head(path) if path.is_file() and not path.is_symlink() else None
    if parts is None:  # junk, a pipe or a link: the strict reader says which
        return container.read_any(path).parsed_manifest
    return Manifest.parse(parts[0])


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
