"""Looks for members' releases where federation.yaml says, and puts what proves itself into the store.

Nothing found here decides what is merged: `trust` does, from everything the store has. A file that is no
release, or not the member's, costs only itself; a source that fails costs only its turn. The store is written
by one hand at a time, and what has arrived stays, however the run ends.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from commons.federation import lock as locks
from commons.federation.policy.file import Member, Policy
from commons.federation.policy.links import shown
from commons.federation.policy.rules import Source
from commons.federation.sources import fetching, inbox, looked, pools, taking
from commons.federation.sources.fetching import Net, Question
from commons.federation.sources.looked import INVALID, NEW, OLDER, OUTCOMES, SAME, UNREACHABLE, Look, Looked
from commons.federation.sources.pools import Pools
from commons.federation.sources.taking import Fetched
from commons.federation.sources.web import WEB_PAGE, Kept
from commons.federation.sources.wire import ENCODED, TOO_BIG, NotFetched
from commons.federation.store import requests
from commons.federation.store.folder import Store
from commons.federation.trust import Seen, Version
from commons.findings import Finding
from commons.format import container
from commons.format.errors import FormatError

INBOX = inbox.FOLDER

Progress = Callable[[int, int], None]
Arrived = Callable[[str, container.AnyFiles | None], None]


def fetch(
    policy: Policy,
    folder: Path,
    store: Store,
    *,
    net: Net | None = None,
    only: Collection[str] | None = None,
    progress: Progress = lambda done, all: None,
    arrived: Arrived = lambda digest, files: None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Fetched:
    """Look at the inbox, then at every member's other sources in turn, until one has its newest release.

    Args:
        folder: of federation.yaml; relative sources start there.
        net: how to ask the net; None: nothing on the net is asked, what is remembered of it stays.
        only: the members whose sources are looked at; None: all.
        progress: told (how many members' sources are done, how many there are).
        arrived: told a member's new release as soon as it is proven, if there is just one: its digest, and
            itself where it is at hand; else it is in the store.
        meanwhile: done again and again while the net keeps us waiting.
    """
    found = Fetched(admitted=locks.admitted(folder))
    members = {m.id for m in policy.members}
    for moved in requests.accept(members, store):  # who was written into federation.yaml by hand
        found.arrived.setdefault(moved.manifest.member, []).append(moved.digest)
    inbox_folder = folder / INBOX
    if any(source.kind == "inbox" for m in policy.members for source in m.sources) and inbox_folder.is_dir():
        taking.sort_in(inbox.sort(inbox_folder, store, members), found)
    asked = [m for m in policy.members if only is None or m.id in only]
    memory = looked.read(store.root)
    with fetching.scratch_of(store.root) as scratch, store.beside_other_work() as arriving:
        looking = _Looking(folder, arriving, net, scratch, memory, members, _by_member(store), Pools(scratch))
        looking.all(asked, found, progress, arrived, meanwhile)
    if net is not None:
        remembered = looking.remembered(found, policy)
        looked.write(store.root, remembered)
        memory = remembered
    found.looks = dict(memory.looks)
    return found


def _by_member(store: Store) -> dict[str, list[Seen]]:
    known: dict[str, list[Seen]] = {}
    for seen in store.seen():
        known.setdefault(seen.manifest.member, []).append(seen)
    return known


@dataclass(slots=True)
class _Turn:
    """What one member's sources gave, one after the other. `kept`: what to remember of its addresses."""

    found: Fetched = field(default_factory=Fetched)
    look: Look | None = None
    kept: dict[str, Kept] = field(default_factory=dict)

    def tell(self, arrived: Arrived, store: Store) -> None:
        """Say what is new, where nothing has to be chosen."""
        for digests in self.found.arrived.values():
            if len(digests) == 1:
                arrived(digests[0], store.arriving(digests[0]))


@dataclass(slots=True)
class _Looking:
    """One look at all sources. `known`: what the store had of each member before."""

    folder: Path
    store: Store
    net: Net | None
    scratch: Path
    memory: Looked
    members: Set[str]
    known: Mapping[str, Sequence[Seen]]
    pools: Pools
    turns: dict[str, _Turn] = field(default_factory=dict)
    one_hand: threading.Lock = field(default_factory=threading.Lock)

    def all(
        self,
        asked: Sequence[Member],
        found: Fetched,
        progress: Progress,
        arrived: Arrived,
        meanwhile: Callable[[], None],
    ) -> None:
        """Local sources one by one, the net several at once; findings in the order of federation.yaml."""
        far = [m for m in asked if self.net is not None and any(s.link for s in m.sources)]
        done = 0
        for member in asked:
            if member not in far:
                self.turns[member.id] = self.turn(member)
                progress(done := done + 1, len(asked))
                self.turns[member.id].tell(arrived, self.store)
        if self.net is not None and far:
            wire = self.net.wire
            jobs = [partial(self.turn, member) for member in far]
            for n, turn in fetching.at_once(jobs, wire.patience.at_once, wire.stop, meanwhile):
                self.turns[far[n].id] = turn
                progress(done := done + 1, len(asked))
                turn.tell(arrived, self.store)
        for member in asked:
            sorted_in = found.reached.get(member.id)
            turn = self.turns[member.id]
            found.take_over(turn.found)
            look = self.judged(member.id, turn.look, sorted_in, new=member.id in found.arrived)
            if look is not None:
                found.looks[member.id] = look.after(self.memory.looks.get(member.id))
                if look.outcome == OLDER:
                    epoch, number = found.reached[member.id]
                    details: dict[str, str | int] = {"epoch": epoch, "number": number}
                    found.findings.append(Finding("E_ROLLBACK", member=member.id, details=details))

    def judged(self, member: str, look: Look | None, inbox: Version | None, *, new: bool) -> Look | None:
        """The look at a member's sources, the inbox being one of them."""
        newest = max((s.version for s in self.known.get(member, ())), default=None)
        if self.net is not None and look is not None and look.outcome == OLDER and self._came_by_hand(member):
            return Look(NEW if new else SAME, self.net.at, self.net.at, INBOX)
        if self.net is None or inbox is None or inbox != newest or (look is not None and look.good):
            return look
        return Look(NEW if new else SAME, self.net.at, self.net.at, INBOX)

    def _came_by_hand(self, member: str) -> bool:
        """Whether the newest came by the inbox, so that a source which has not followed yet is no alarm."""
        before = self.memory.looks.get(member)
        return before is not None and before.good and before.source == INBOX

    def turn(self, member: Member) -> _Turn:
        """One member's sources, until one has a release that is at least as new as what was seen."""
        turn = _Turn()
        for source in member.sources:
            if source.kind == "inbox" or (source.link and self.net is None):
                continue
            before = len(turn.found.findings)
            outcome = self.look(member, source, turn)
            findings = turn.found.findings[before:]
            if self.net is not None:
                code = findings[-1].code if findings and outcome not in (NEW, SAME) else ""
                turn.look = _better(turn.look, Look(outcome, self.net.at, self.net.at, source.shown, code))
            if outcome in (NEW, SAME):
                break
        return turn

    def look(self, member: Member, source: Source, turn: _Turn) -> str:
        """One source; gives the outcome."""
        versions = [s.version for s in self.known.get(member.id, ())]
        took = Fetched()
        if source.link is None:
            with self.one_hand:
                there = self.look_at(self.folder / source.where, member.id, took)
        else:
            there = self.ask(member, source, took, turn)
        turn.found.take_over(took)
        if not there:
            return UNREACHABLE
        if member.id not in took.reached:
            return INVALID
        if versions and took.reached[member.id] < max(versions):
            return OLDER
        return NEW if member.id in took.arrived else SAME

    def look_at(self, path: Path, member: str, took: Fetched) -> bool:
        """A path: the releases there, or those of the pool that is there. Whether anything was there."""
        pool = pools.pool_at(path)
        if pool is None:
            return taking.look_at(path, member, self.members, self.store, took)
        inside = self.pools.inside(pool)
        if inside.code:
            took.findings.append(
                Finding("E_POOL", member=member, value=path.name, details={"why": inside.code})
            )
            return True
        name = path.name if path.is_dir() else f"{path.resolve().parent.name}/{path.name}"
        return taking.look_at(inside.folder, member, self.members, self.store, took, pool=name)

    def ask(self, member: Member, source: Source, took: Fetched, turn: _Turn) -> bool:
        """An address on the net: this member's releases there go into the store. Whether it gave anything."""
        assert self.net is not None and source.link is not None
        known = {s.digest: s.version for s in self.known.get(member.id, ())}
        question = Question(
            source.link,
            member.id,
            member.allow_private_hosts,
            self.memory.of(member.id, source.where),
            lambda digest: digest in known and self.store.is_complete(digest),
            lambda digest: digest in known and self.store.has(digest),
        )
        if not source.link.encrypted:
            took.findings.append(Finding("E_PLAINHTTP", member=member.id, value=source.shown))
        scratch = self.scratch / f"{member.id}-{member.sources.index(source)}"
        try:
            got = fetching.ask(self.net, question, scratch)
            digests = self.take_in(member.id, got.paths, took) if got.paths else got.kept.digests
        except (NotFetched, FormatError) as error:
            details = error.details if isinstance(error, NotFetched) else {}
            told = shown(error.source) if isinstance(error, NotFetched) else ""
            where = told if "://" in told and source.kind == "web" else source.shown
            took.findings.append(Finding(error.code, member=member.id, value=where, details=details))
            return not isinstance(error, NotFetched) or error.code in _WRONG
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        for digest in digests:
            if digest in known:
                took.reach(member.id, known[digest])
        if member.id in took.reached:
            turn.kept[source.where] = replace(got.kept, digests=tuple(sorted(digests)))
        elif not took.findings:
            took.findings.append(Finding("E_SOURCE", member=member.id, value=source.shown))
        return True

    def take_in(self, member: str, paths: Sequence[Path], took: Fetched) -> list[str]:
        """Prove what was fetched and keep it; gives the digests of this member's releases."""
        digests = []
        with self.one_hand:
            for path in paths:
                if len(paths) > 1 and taking.whose(path) not in (None, member):
                    continue  # a repository may be shared
                digest = taking.take(path, self.store, took, {member}, expected=member)
                if digest is not None:
                    digests.append(digest)
        return digests

    def remembered(self, found: Fetched, policy: Policy) -> Looked:
        """What to remember: of members whose sources were asked now, this look; of the others, the last."""
        looks = {m.id: self.memory.looks[m.id] for m in policy.members if m.id in self.memory.looks}
        kept = {m.id: dict(self.memory.kept.get(m.id, {})) for m in policy.members}
        for member in policy.members:
            known = {source.where for source in member.sources}
            if member.id in self.turns:
                kept[member.id] |= self.turns[member.id].kept
            kept[member.id] = {where: k for where, k in kept[member.id].items() if where in known}
        return Looked(looks | found.looks, kept)


# What answered, but is no release: not the same as nobody answering.
_WRONG = frozenset({WEB_PAGE, ENCODED, TOO_BIG})


def _better(one: Look | None, other: Look) -> Look:
    """The look that says more for the member: a good one, else the one nearest to it."""
    return other if one is None or OUTCOMES.index(other.outcome) < OUTCOMES.index(one.outcome) else one
