"""Delivered files that still hold what was withdrawn since: finds them, deletes them when their time is over.

What the store keeps is pruned after a withdrawal (`merge.releases.sealing`). The file in which it came is
not, and lies in the inbox or a source's folder for as long as nobody looks. It goes when the sealed form
that shows as much does: with `--purge-now`, else after the same days, since it is as good as that one if
the withdrawal was not its member's. Only files within the federation's own folder are deleted, and only
where every part of them is in the store and proves itself there; others are named. Decides nothing about
what was withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from commons.federation.policy.file import Policy
from commons.federation.sources import inbox, pools
from commons.federation.store import folder as stored
from commons.federation.store import requests
from commons.federation.store.folder import NotInStore, Store
from commons.findings import Finding
from commons.format import pruned
from commons.format.container import sync_folder

if TYPE_CHECKING:
    from commons.federation.sources.parcels import Parcel

WAITS, GONE, MIXED, ELSEWHERE = (
    "delivered-waits", "delivered-gone", "delivered-mixed", "delivered-elsewhere",
)  # fmt: skip
_NAMED = 3  # of the files that a sentence names


@dataclass(frozen=True, slots=True)
class Leftover:
    """One delivered thing that shows more than the store does. `where`: as a person finds it.

    `mixed`: its files hold something else besides that is nowhere else. `ours`: it lies in the federation's
    folder. `sealed`: what it shows lies sealed in the store as well.
    """

    where: str
    paths: tuple[Path, ...]
    digest: str
    mixed: bool
    ours: bool
    sealed: bool


def tidy(policy: Policy, folder: Path, store: Store) -> list[Finding]:
    """Delete what may be deleted by now, and say of each leftover what became of it."""
    told: dict[str, list[str]] = {}
    gone: set[Path] = set()
    for left in list(leftovers(policy, folder, store)):
        if not left.ours:
            told.setdefault(ELSEWHERE, []).append(left.where)
        elif left.mixed or not _is_safe(left.digest, store):
            told.setdefault(MIXED, []).append(left.where)
        elif left.sealed:
            told.setdefault(WAITS, []).append(left.where)
        else:
            gone.update(left.paths)
            told.setdefault(GONE, []).append(left.where)
    _delete(gone)
    return [Finding(code, value=_names(where), details={"n": len(where)}) for code, where in told.items()]


def leftovers(policy: Policy, folder: Path, store: Store) -> Iterator[Leftover]:
    """Every delivered release that the store has in a shorter form, in order of the places' names."""
    from commons.federation.sources.parcels import parcels  # late: most merges look for none

    for place in _places(policy, folder, store):
        ours = place.resolve().is_relative_to(folder.resolve())
        came = list(parcels(place, lambda digest: _is_as_whole_here(digest, store)))
        others = {path for parcel in came if parcel.code is not None for path in parcel.paths}
        shown = place if place.is_dir() else place.parent
        for parcel in came:
            if parcel.files is not None and _shows_more(parcel, store):
                sealed = store.sealed.shows(parcel.files.digest, parcel.files)
                where = f"{_named(shown, folder)}/{parcel.where}"
                mixed = not others.isdisjoint(parcel.paths)
                yield Leftover(where, parcel.paths, parcel.digest or "", mixed, ours, sealed)


def _places(policy: Policy, folder: Path, store: Store) -> list[Path]:
    """The inbox and every source that is a place on this disk; pools are their publishers' matter."""
    local = {
        folder / source.where
        for member in policy.members
        for source in member.sources
        if source.link is None and source.kind != inbox.FOLDER
    }
    kept = store.root.resolve()  # sealed forms have their own rule

    def is_apart(place: Path) -> bool:
        at = place.resolve()
        return not kept.is_relative_to(at) and not at.is_relative_to(kept) and pools.pool_at(place) is None

    return [place for place in sorted({folder / inbox.FOLDER, *local}) if place.exists() and is_apart(place)]


def _is_as_whole_here(digest: str, store: Store) -> bool:
    """Whether a delivered release need not be read: what is here shows all that it can show."""
    held_by = requests.requests_of(store) if not store.has(digest) else store
    return held_by.has(digest) and not stored.is_pruned(held_by.release_path(digest))


def _shows_more(parcel: Parcel, store: Store) -> bool:
    files, digest = parcel.files, parcel.digest
    if files is None or digest is None or not store.is_complete(digest):
        return False
    try:
        here = store.read(digest)
    except NotInStore:
        return False
    return pruned.shows_more(files, here)


def _is_safe(digest: str, store: Store) -> bool:
    try:
        store.read(digest)
    except NotInStore:
        return False
    return True


def _delete(paths: Iterable[Path]) -> None:
    gone = list(paths)
    for path in gone:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in gone}:
        sync_folder(folder)


def _named(place: Path, folder: Path) -> str:
    """As federation.yaml says it, where that can be."""
    try:
        return place.relative_to(folder).as_posix()
    except ValueError:
        return place.as_posix()


def _names(where: Sequence[str]) -> str:
    more = len(where) - _NAMED
    return ", ".join(where[:_NAMED]) + (f" … (+{more})" if more > 0 else "")
