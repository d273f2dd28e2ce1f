"""Releases that come back after a pause or a void: put back whole where they lie sealed, else what is gone.

The edge around `undone`: it reads the store, puts sealed forms back (not in a dry run, which says the same),
and notes of the others that a fuller form is welcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from commons.federation import lock as locks
from commons.federation.lock import Lock, LockedMember
from commons.federation.rules import Member, Pause, Policy
from commons.federation.store import Store, is_pruned
from commons.federation.trust import Seen, Version
from commons.findings import Finding
from commons.format import container
from commons.intake.gate import Gate, Intake
from commons.merge.plan import plan
from commons.merge.succession import held
from commons.merge.undone import Undone, later_words, suspects, undone
from commons.schema.spec import load_schema

TakeIn = Callable[[str], Intake]


@dataclass(slots=True)
class Returned:
    """What people are told; `gone`: digests of releases of which something cannot be shown any more."""

    findings: list[Finding] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)


def returning(
    lock: Lock,
    previous: Lock | None,
    store: Store,
    seen: Callable[[str], Iterable[Seen]],
    take_in: TakeIn,
    *,
    dry_run: bool,
) -> Returned:
    """Put back what no withdrawal that counts hides, and say what is seen again or cannot be shown."""
    found = Returned()
    for id in suspects(lock, previous):
        its = list(seen(id))
        used = next((s for s in its if s.digest == lock.members[id].release), None)
        words = later_words(lock, used, its) if used is not None else []
        if used is None or not (words or is_pruned(store.release_path(used.digest))):
            continue
        said = _said(lock, used, words, store, take_in, dry_run=dry_run)
        paused = lock.members[id].state == locks.PAUSED
        if said.gone and not paused and store.lacks(used.digest):
            continue  # it came without; that is named, and told in the receipt
        found.findings += said.findings(id, used.version)
        if said.gone:
            found.gone.add(used.digest)
            if not dry_run:
                store.note_lacking(used.digest)
    return found


def _said(
    lock: Lock, used: Seen, words: Iterable[Seen], store: Store, take_in: TakeIn, *, dry_run: bool
) -> Undone:
    stones = {stone for release in words for stone in take_in(release.digest).withdrawals}
    said = undone(lock, used, take_in(used.digest), stones)
    if not said.gone or store.sealed.fullest(used.digest) is None:
        return said
    if not dry_run:
        store.unseal(used.digest)
        return undone(lock, used, take_in(used.digest), stones)
    with aside(store) as fullest:
        return undone(lock, used, fullest(used.digest), stones)


@contextmanager
def aside(store: Store) -> Iterator[TakeIn]:
    """Examine releases in the fullest form that lies here, sealed ones too; nothing is kept of them."""
    with TemporaryDirectory() as folder, Gate(Path(folder), at_once=1) as gate:

        @cache
        def examined(digest: str) -> Intake:
            sealed = store.sealed.fullest(digest)
            return gate.take_in(store.read(digest) if sealed is None else container.read_any(sealed))

        yield examined


@dataclass(frozen=True, slots=True)
class Pauses:
    """What pauses of one member would show, by the last lock. Writes nothing."""

    policy: Policy
    previous: Lock | None
    store: Store
    take_in: TakeIn
    moment: datetime

    def at(self, member: Member, version: Version) -> tuple[LockedMember, Undone]:
        """What the next merge would lock of the member, and what it would undo."""
        wanted = replace(self.policy, members=(replace(member, pause=Pause(version)),))
        its = list(self.store.seen(member.id))
        planned = plan(
            wanted, self.previous, lambda id: its, self.take_in,
            as_of=self.moment, schema=load_schema(), territory=None,
        ).lock  # fmt: skip
        locked = planned.members[member.id]
        others = self.previous.members if self.previous is not None else {}
        holds = held(self.policy, planned.as_of)
        lock = replace(planned, members={**others, member.id: locked}, holds=holds)
        used = next((s for s in its if s.digest == locked.release), None)
        if used is None:
            return locked, Undone()
        words = later_words(lock, used, its)
        stones = {stone for release in words for stone in self.take_in(release.digest).withdrawals}
        return locked, undone(lock, used, self.take_in(used.digest), stones)
