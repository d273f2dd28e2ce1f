"""Sorts what came: a member's release into the store, a stranger's among the join requests.

What holds no release is named and left where it is. Nothing is removed unless somebody asks for it (`clear`),
and then only files whose every part is in the store and proves itself there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from commons.federation.store import requests
from commons.federation.store.folder import NotInStore, Store
from commons.findings import Finding
from commons.format.container import sync_folder
from commons.format.errors import FormatError

if TYPE_CHECKING:
    from commons.federation.sources.parcels import Parcel

FOLDER = "inbox"
NEW, KNOWN, REQUEST, JUNK = "new", "known", "request", "junk"
Kind = Literal["new", "known", "request", "junk"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of one thing. `code`: the finding's, of junk."""

    where: str
    paths: tuple[Path, ...]
    kind: Kind
    member: str | None = None
    version: tuple[int, int] | None = None
    digest: str | None = None
    code: str | None = None

    @property
    def finding(self) -> Finding | None:
        """What a person should look at; None for a member's release."""
        if self.kind == JUNK:
            return Finding(self.code or "E_CONTAINER", member=self.member, value=self.where)
        return Finding("stranger", member=self.member, value=self.where) if self.kind == REQUEST else None


def make(folder: Path) -> Path:
    """The inbox of a federation's folder, made if it is not there: people are told to put files into it."""
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    return place


def sort(place: Path, store: Store, members: Set[str]) -> Iterator[Arrival]:
    """Take in everything in a folder (or one file), in order of the names.

    Args:
        members: whose releases go into the store; everybody else's become join requests.
    """
    from commons.federation.sources.parcels import parcels  # late: it brings readers of archives and letters

    asked = requests.requests_of(store)
    for parcel in parcels(place, lambda digest: store.is_complete(digest) or asked.is_complete(digest)):
        try:
            yield _taken(parcel, store, asked, members)
        except FormatError as error:
            yield Arrival(parcel.where, parcel.paths, "junk", code=error.code)


def _taken(parcel: Parcel, store: Store, asked: Store, members: Set[str]) -> Arrival:
    if parcel.digest is None:
        return Arrival(parcel.where, parcel.paths, "junk", code=parcel.code)
    places = [place for place in (store, asked) if place.is_complete(parcel.digest)]
    seen = next((found for place in places if (found := place.look_up(parcel.digest))), None)
    kind: Kind = "known"
    if seen is None:
        if parcel.files is None:  # known a moment ago; damaged or gone since
            return Arrival(parcel.where, parcel.paths, "junk", code="E_CONTAINER")
        whose = parcel.files.parsed_manifest.member
        if whose in members:
            store.take(parcel.files)
            seen = store.look_up(parcel.digest)
            assert seen is not None
        else:
            seen = requests.keep(parcel.files, store)
        kind = "new"
    member = seen.manifest.member
    kind = kind if member in members else "request"
    return Arrival(parcel.where, parcel.paths, kind, member, seen.version, seen.digest)


def clear(arrivals: Iterable[Arrival], store: Store) -> list[Path]:
    """Remove the files whose every release is safely here; gives them.

    A file that holds anything else besides, or whose release does not prove itself when it is read again from
    the store, stays.
    """
    keep: set[Path] = set()
    free: dict[Path, None] = {}
    for arrival in arrivals:
        if arrival.kind == JUNK or not _is_safe(arrival, store):
            keep.update(arrival.paths)
        else:
            free.update(dict.fromkeys(arrival.paths))
    gone = [path for path in free if path not in keep]
    for path in gone:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in gone}:
        sync_folder(folder)
    return gone


def _is_safe(arrival: Arrival, store: Store) -> bool:
    for place in (store, requests.requests_of(store)):
        try:
            place.read(arrival.digest or "")
        except NotInStore:
            continue
        return True
    return False
