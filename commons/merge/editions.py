"""Editions to publish: an earlier lock under today's withdrawals and holds, merged, and what may be served.

This is the callable that the command line hands to `commons.publish` (see `publish.edition`): publishing
itself knows no merging. Releases are served full where all of them may be shown, else pruned.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from commons.errors import InputError
from commons.federation import lock as locks
from commons.federation.lock import Lock
from commons.federation.policy import file as policies
from commons.federation.store.folder import Store
from commons.format import container, pruned
from commons.format.container import PrunedFiles
from commons.format.instants import instant
from commons.format.manifest import Manifest
from commons.intake.gate import Gate, UnreadableHere
from commons.merge.act import LockedReleaseRefused
from commons.merge.claims import COPY, HELD, HELD_COPY, WITHDRAWN, WITHHELD, Admission
from commons.merge.planning.since import at_todays_moment, with_todays_word
from commons.merge.pooling.receipts import as_json
from commons.merge.rebuild import rebuild
from commons.merge.releases.inputs import take_in
from commons.merge.run import POOL
from commons.merge.succession import held
from commons.messages import N_
from commons.pool.witnesses import agreeing
from commons.publish.edition import Edition

NOT_SHOWN = frozenset({WITHDRAWN, HELD, COPY, HELD_COPY, WITHHELD})


@dataclass(eq=False)
class PausedSince(InputError):
    """A member was put on pause, and no merge has looked for the release that is shown instead."""

    name: str
    folder: Path
    template: ClassVar[str] = N_("{name} was put on pause after the last merge, so nothing is put out yet.")
    hint_template: ClassVar[str] = N_("Merge, then publish again: commons merge -f {folder:sh}")


@dataclass(frozen=True, slots=True)
class Editor:
    """Makes editions out of the federation in `folder`; `at` decides which holds are in force."""

    folder: Path
    at: datetime

    def __call__(self, lock: bytes, scratch: Path) -> Edition:
        """Raises LockRefused, NoLock, StoreInUse, and what `rebuild` raises."""
        store = Store.beside(self.folder)
        with store.writing():  # a merge that ends between looking and rebuilding would not be heard
            today = self.today()
            wanted = with_todays_word(locks.parse(lock), today)
            wanted = at_todays_moment(wanted, _used(wanted, store), today)
            result = rebuild(wanted, store, scratch / POOL, canonical=True)
            releases = dict(self._releases(wanted, store, scratch))
        return Edition(
            pool=result.path,
            root=result.root,
            lock=wanted.to_bytes(),
            receipts={m: as_json(dict(r)).encode() + b"\n" for m, r in result.receipts.items()},
            releases=releases,
            barred=_barred(wanted),
            testimonies=agreeing(self.folder / POOL, wanted.to_bytes(), result.root),
        )

    def today(self) -> Lock:
        """The last lock, with the holds that federation.yaml has now: a hold counts at once.

        Raises PausedSince: which release is shown instead, only a merge decides.
        """
        last, moment = locks.read(self.folder), locks.minute(self.at)
        policy = policies.load(self.folder)
        for member in policy.members:
            before = last.policy.member(member.id)
            known = before.pause.at if before is not None and before.pause is not None else None
            if before is not None and member.pause is not None and member.pause.at != known:
                raise PausedSince(member.name, self.folder)
        return replace(last, as_of=moment, holds=held(policy, moment))

    def rules_changed(self) -> bool:
        """Whether federation.yaml says something that counts only after the next merge."""
        now, then = policies.load(self.folder), locks.read(self.folder).policy
        return replace(now, holds=()).digest != replace(then, holds=()).digest

    def _releases(self, lock: Lock, store: Store, scratch: Path) -> Iterator[tuple[str, Path]]:
        admission = Admission(lock)
        with Gate(store.root / "intake") as gate:
            for _member, locked in sorted(lock.members.items()):
                if locked.release is not None:
                    path = servable(locked.release, admission, store, gate, scratch)
                    yield locked.release, path


def _used(lock: Lock, store: Store) -> dict[str, Manifest]:
    """What the releases of a lock say of themselves; those that are not here are found missing later."""
    found = {id: store.look_up(m.release) for id, m in lock.members.items() if m.release is not None}
    return {id: seen.manifest for id, seen in found.items() if seen is not None}


def servable(digest: str, admission: Admission, store: Store, gate: Gate, scratch: Path) -> Path:
    """Where the release lies in the form that may be served today.

    Raises:
        UnreadableHere, LockedReleaseRefused: nobody can say which of its records may be shown.
    """
    files = store.read(digest)
    said, version = files.parsed_manifest, files.parsed_manifest.version
    intake = take_in(digest, store, gate)
    if intake.unreadable_here:
        raise UnreadableHere(digest)
    if not intake.taken:  # it has no rows, which is not the same as nothing to hide
        raise LockedReleaseRefused(said.member, digest, intake.code or "")
    rows = list(intake.rows())
    taken = admission.rows(said.member, version, said.licence, rows)
    barred: set[tuple[str, str]] = set()
    refused: set[tuple[str, str]] = set()
    held: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in taken:
        if row.code and row.code not in NOT_SHOWN and admission.silences(said.member, version, row):
            refused.add((row.type, row.id))
        elif row.code in NOT_SHOWN:
            barred.add((row.type, row.id))
        elif row.held:
            held[row.type, row.id] = row.held
    if not barred and not held and not refused:
        return store.release_path(digest)

    def key(record: bytes) -> tuple[str, str]:
        type_name, record_id = json.loads(record)[:2]
        return type_name, record_id

    lines = pruned.lines(files) if isinstance(files, PrunedFiles) else [row.data for row in rows]
    shown = pruned.prune(
        files,
        lines,
        may_show=lambda record: key(record) not in barred | refused,
        held=lambda record: held.get(key(record), ()),
        refused=lambda record: key(record) in refused,
    )
    path = scratch / f"{digest}{container.SUFFIX}"
    container.write_file(path, shown)
    return path


def _barred(lock: Lock) -> frozenset[str]:
    stones = (
        f"{s.kind} {s.hash} {s.epoch}.{s.number}"
        for member in lock.members.values()
        for s in member.tombstones
    )
    holds = (f"hold {h.hash} {h.field or '*'} {instant(h.until)}" for h in lock.holds)
    return frozenset((*stones, *holds))
