"""Releases that come back after a pause or a void: put back whole where they lie sealed, else what is gone.

The edge around `undone`: it reads the store, gives the sealed forms that are to be merged instead of its own
(of a dry run, too, which says the same), and notes of the others that a fuller form is welcome. It puts
nothing back: `sealing` does, once the lock is written. A damaged form is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from commons.federation import lock as locks
from commons.federation.lock import Lock, LockedMember, Tombstone
from commons.federation.policy.rules import Member, Pause, Policy
from commons.federation.store.folder import Store, form_at, is_pruned
from commons.federation.trust import Seen, Version
from commons.findings import Finding
from commons.format import container, pruned
from commons.format.container import PrunedFiles
from commons.intake.gate import Gate, Intake
from commons.merge.plan import plan
from commons.merge.planning.undone import Undone, later_words, suspects, undone
from commons.merge.releases.inputs import Form
from commons.merge.succession import held
from commons.schema.spec import load_schema

TakeIn = Callable[[str], Intake]
ASIDE = ".aside-"  # folders of the store that last as long as one program


@dataclass(slots=True)
class Returned:
    """What people are told; `gone`: digests of releases of which something cannot be shown any more.

    `instead`: release → the form that shows more than the store's. It lies aside as long as `Aside` does.
    """

    findings: list[Finding] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    instead: dict[str, Form] = field(default_factory=dict)


def returning(
    lock: Lock,
    previous: Lock | None,
    store: Store,
    seen: Callable[[str], Iterable[Seen]],
    take_in: TakeIn,
    aside: Aside,
    *,
    short: Collection[str] = (),
    dry_run: bool,
) -> Returned:
    """Find what no withdrawal that counts hides, and say what is seen again or cannot be shown.

    Args:
        short: releases that show less than this lock would: looked at as well.
    """
    found = Returned()
    lacking = [id for id, member in lock.members.items() if member.release in short]
    for id in dict.fromkeys([*suspects(lock, previous), *lacking]):
        its = list(seen(id))
        used = next((s for s in its if s.digest == lock.members[id].release), None)
        words = later_words(lock, used, its) if used is not None else []
        if used is None or not (words or is_pruned(store.release_path(used.digest))):
            continue
        stones = {stone for release in words for stone in take_in(release.digest).withdrawals}
        said, form = _best(lock, used, take_in(used.digest), stones, aside)
        if form is not None:
            found.instead[used.digest] = form
        paused = lock.members[id].state == locks.PAUSED
        if said.gone and not paused and store.lacks(used.digest):
            continue  # it came without; that is named, and told in the receipt
        found.findings += said.findings(id, used.version)
        if said.gone:
            found.gone.add(used.digest)
            if not dry_run:
                store.note_lacking(used.digest)
    return found


def _best(
    lock: Lock, used: Seen, intake: Intake, stones: Collection[Tombstone], aside: Aside
) -> tuple[Undone, Form | None]:
    """What the release undoes, in the form that shows least of those that lack least; None: the store's."""
    said, best = undone(lock, used, intake, stones), None
    for form in aside.forms(used.digest) if said.gone else ():
        other = undone(lock, used, form.intake, stones)
        if other.gone < said.gone:
            said, best = other, form
    return said, best


class Aside:
    """Examines releases and their sealed forms in a folder that goes with the block: nothing is kept of them.

    It lies in the store, so that what a killed program leaves there is found (`run`), not in the system's.
    """

    def __init__(self, store: Store, stack: ExitStack) -> None:
        self._store, self._stack = store, stack
        self._forms: dict[str, list[Form]] = {}
        self._folder: Path | None = None
        self._gate: Gate | None = None

    def take_in(self, digest: str) -> Intake:
        """A release as it lies in the store. Raises NotInStore."""
        if self._gate is None:
            self._gate = self._stack.enter_context(Gate(self._place("store"), at_once=1))
        return self._gate.take_in(self._store.read(digest))

    def forms(self, digest: str) -> list[Form]:
        """The sealed forms that prove themselves, each with what the store's shows besides; least first."""
        if digest not in self._forms:
            found = [self._form(path, digest) for path in self._store.sealed.forms(digest)]
            ranked = sorted((form for form in found if form is not None), key=lambda form: form[0])
            self._forms[digest] = [form for _shown, form in ranked]
        return self._forms[digest]

    def _form(self, path: Path, digest: str) -> tuple[float, Form] | None:
        files, here = form_at(path, digest), form_at(self._store.release_path(digest), digest)
        if files is None:
            return None
        folder = self._place(path.name)
        if isinstance(files, PrunedFiles) and isinstance(here, PrunedFiles):
            files, path = pruned.joined(here, files), folder / path.name
            folder.mkdir(parents=True, exist_ok=True)
            container.write_file(path, files)
        with Gate(folder, at_once=1) as gate:  # one each: results are named by digest
            intake = gate.take_in(files)
        if not intake.taken:
            return None
        shown = pruned.count_whole(files) if isinstance(files, PrunedFiles) else math.inf
        return shown, Form(path, intake)

    def _place(self, name: str) -> Path:
        if self._folder is None:
            temporary = TemporaryDirectory(dir=self._store.root, prefix=ASIDE)
            self._folder = Path(self._stack.enter_context(temporary))
        return self._folder / name


@contextmanager
def aside(store: Store) -> Iterator[Aside]:
    """Nothing is made before it is asked for."""
    with ExitStack() as stack:
        yield Aside(store, stack)


@dataclass(frozen=True, slots=True)
class Pauses:
    """What pauses of one member would show, by the last lock. Writes nothing."""

    policy: Policy
    previous: Lock | None
    store: Store
    aside: Aside
    moment: datetime

    def at(self, member: Member, version: Version) -> tuple[LockedMember, Undone]:
        """What the next merge would lock of the member, and what it would undo."""
        wanted = replace(self.policy, members=(replace(member, pause=Pause(version)),))
        its = list(self.store.seen(member.id))
        planned = plan(
            wanted, self.previous, lambda id: its, self.aside.take_in,
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
        stones = {stone for release in words for stone in self.aside.take_in(release.digest).withdrawals}
        return locked, _best(lock, used, self.aside.take_in(used.digest), stones, self.aside)[0]
