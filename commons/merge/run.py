"""One merge of a federation's folder: look at sources, plan, act, put the results in their place.

The thin edge around `plan` and `act`: it knows the folder's files and decides nothing. The pool comes into
its place before the lock does; killed between the two, the next run does the same again.

    federation.yaml · commons.lock · pool.db · pool.changes.json · store/ · inbox/
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path

from commons.federation import lock as locks
from commons.federation.lock import Lock
from commons.federation.policy import file as policies
from commons.federation.policy.called import member_called
from commons.federation.policy.file import Policy
from commons.federation.sources.fetching import Net
from commons.federation.sources.leftovers import tidy
from commons.federation.sources.look import fetch
from commons.federation.sources.taking import Fetched
from commons.federation.store import requests
from commons.federation.store.folder import NotInStore, Store
from commons.federation.trust import Seen, former_key
from commons.findings import Finding
from commons.format.container import write_bytes
from commons.intake.frames import Damaged
from commons.intake.gate import Gate, Intake
from commons.merge.act import Progress, Result
from commons.merge.difference.standing import Way
from commons.merge.linking import link_state
from commons.merge.placing import Placed, place
from commons.merge.plan import VOID, MemberPlan, plan
from commons.merge.planning import withheld
from commons.merge.pooling.changes import Changes
from commons.merge.program import program
from commons.merge.rebuild import WithdrawnSince, check_rules, territory_of, whole
from commons.merge.releases.inputs import NO_FORMS, Ahead, Form, take_in
from commons.merge.releases.mending import mend
from commons.merge.releases.returning import Aside, aside, returning
from commons.merge.releases.sealing import put_back, seal
from commons.merge.renew import How, Previous
from commons.merge.workers import few_cycles
from commons.schema.spec import load_schema

MOST_DAMAGED = 20  # results of intake: a disk that damages more needs another disk
POOL = "pool.db"


@dataclass(frozen=True, slots=True)
class Options:
    """How one merge is wanted. `dry_run`: write nothing but the store. `purge`: seal nothing, delete.
    `full`: make everything anew, not by difference from the last pool.

    `net`: how to ask the net for releases; None: it is not asked.
    """

    as_of: datetime
    locked: bool = False
    canonical: bool = False
    dry_run: bool = False
    allow_shrink: Collection[str] = ()
    out: Path | None = None
    children: int | None = None
    purge: bool = False
    net: Net | None = None
    full: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """What one run did. `result` None: a dry run."""

    lock: Lock
    result: Result | None
    plans: Mapping[str, MemberPlan] = field(default_factory=dict)
    fetched: Fetched | None = None
    changes: Mapping[str, Changes] = field(default_factory=dict)
    way: Way | None = None

    @property
    def findings(self) -> list[Finding]:
        """What a person should look at; that a release is older than the last one is not among it."""
        found = [f for p in self.plans.values() for f in p.findings]
        return found + (self.fetched.findings if self.fetched else [])


@few_cycles()
def merge(folder: Path, options: Options, progress: Progress = lambda what, n: None) -> Merged:
    """Merge the federation in `folder`.

    Raises:
        NoPolicy, NoLock and other InputErrors; StoreInUse, NotInStore; what `act` raises. Then pool and lock
        are as they were.
    """
    program()  # named now: another one may be installed while this one waits for its sources
    store = Store.beside(folder)
    if options.locked:
        return _merge_locked(folder, store, options, progress)
    policy = policies.load(folder)
    with store.writing(), Gate(store.root / "intake") as gate:
        if not options.dry_run:
            gate.get_ready()
        run = _Run(folder, store, gate, options, progress)
        tries, short = MOST_DAMAGED, set[str]()
        while True:
            try:
                with aside(store) as apart:
                    return run.merge(policy, apart, short)
            except NotInStore as damaged:  # a disk's fault: its source may have it still, or the one before
                if not store.forget_damaged(damaged.digest):
                    raise
            except Damaged:  # what was kept of it is thrown away by now
                if (tries := tries - 1) < 0:
                    raise
            except WithdrawnSince as pruned:  # a withdrawal no longer counts: it was not its member's
                if pruned.release in short:
                    raise
                short.add(pruned.release)  # comes back or is named as lacking; nobody else waits for it


@dataclass(frozen=True, slots=True)
class _Run:
    """One merge on its way."""

    folder: Path
    store: Store
    gate: Gate
    options: Options
    progress: Progress

    def merge(self, policy: Policy, apart: Aside, short: Collection[str]) -> Merged:
        """Fetch, plan, act; `apart` and `short` as in `returning`."""
        store, last = self.store, _previous(self.folder)
        previous = last.lock if last else None
        seen, fetched = self._fetch(policy, previous)
        planned = plan(
            policy,
            previous,
            seen,
            self._examined,
            as_of=self.options.as_of,
            schema=load_schema(),
            territory=territory_of(policy),
            allow_shrink=allowed(policy, self.options.allow_shrink, locks.admitted(self.folder)),
        )
        fetched.findings += _under_former_keys(fetched, previous, store, planned.findings)
        returned = returning(
            planned.lock, previous, store, seen, self._examined, apart, short=short,
            dry_run=self.options.dry_run,
        )  # fmt: skip
        fetched.findings += returned.findings

        def merged(digest: str) -> Intake:
            form = returned.instead.get(digest)
            return self._examined(digest) if form is None else form.intake

        lock = withheld.noted(planned.lock, _lacking(store) | returned.gone, merged)
        if self.options.dry_run:
            return Merged(lock, None, planned.members, fetched)
        for moved in requests.accept({id for id, m in lock.members.items() if m.admitted}, store):
            fetched.arrived.setdefault(moved.manifest.member, []).append(moved.digest)
        placed = self.place(lock, last, returned.instead, anew=self.options.full)
        self._settle(lock, last, placed.result, fetched, returned.instead)
        if any(member.tombstones for member in lock.members.values()):
            fetched.findings += tidy(policy, self.folder, store)
        return Merged(lock, placed.result, planned.members, fetched, placed.changes, placed.way)

    def place(
        self, lock: Lock, last: Previous | None, instead: Mapping[str, Form] = NO_FORMS, *, anew: bool
    ) -> Placed:
        """The lock's pool into its place; `anew`, `instead` as in `How` and `locked_releases`."""
        options, store = self.options, self.store
        out = options.out or self.folder / POOL
        ours = out == self.folder / POOL
        links = store.root / link_state.FILE_NAME
        how = How(links, anew or not ours, ours, options.canonical, options.children, self.progress)
        return place(lock, partial(whole, lock, store, self.gate, instead), out, store, how, previous=last)

    def _fetch(self, policy: Policy, previous: Lock | None) -> tuple[Callable[[str], list[Seen]], Fetched]:
        """What every source has, examined; and what is known of each member then."""
        store = self.store
        ahead = Ahead(store, self.gate)  # children examine what has arrived while this process looks for more
        fetched = fetch(
            policy,
            self.folder,
            store,
            net=self.options.net,
            progress=lambda done, all: self.progress("fetched", 1),
            arrived=ahead.soon,
            meanwhile=ahead.listen,
        )
        self.progress("sources", len(fetched.reached))
        fetched.findings += mend(previous, store, self.folder / POOL)
        seen = _by_member(store, asking=policy.admit.vouches > 0)
        newest = (max(seen(m.id), key=lambda s: s.version) for m in policy.members if seen(m.id))
        ahead.all(release.digest for release in newest)
        return seen, fetched

    def _examined(self, digest: str) -> Intake:
        return take_in(digest, requests.holder(digest, self.store), self.gate)

    def _settle(
        self,
        lock: Lock,
        last: Previous | None,
        result: Result,
        fetched: Fetched,
        instead: Mapping[str, Form],
    ) -> None:
        """The lock into its place after its pool; then what the store keeps, and what it seals."""
        write_bytes(self.folder / locks.FILE_NAME, result.lock)
        put_back(lock, self.store, instead)
        seal(
            lock,
            last,
            self.store,
            self.gate,
            arrived=fetched.arrived,
            receipts=result.receipts,
            text=result.lock,
            purge=self.options.purge,
        )


def _under_former_keys(
    fetched: Fetched, previous: Lock | None, store: Store, told: Collection[Finding]
) -> list[Finding]:
    """What arrived and is signed by who may not any more: a thief, or a computer that was given away."""
    said = {(f.member, f.details.get("epoch"), f.details.get("number")) for f in told if f.code == VOID}
    found = []
    for member, digests in fetched.arrived.items() if previous is not None else ():
        for seen in filter(None, map(store.look_up, digests)):
            finding = former_key(seen, previous.members.get(member)) if previous is not None else None
            if finding is not None and (member, *seen.version) not in said:
                found.append(finding)
    return found


def _lacking(store: Store) -> frozenset[str]:
    """Releases that came pruned by somebody else, those of join requests included."""
    return store.lacking() | requests.requests_of(store).lacking()


def _by_member(store: Store, *, asking: bool = False) -> Callable[[str], list[Seen]]:
    """Every release of the store, read once: a thousand members would read it a thousand times.

    `asking`: those of join requests, too, since the policy may admit their members.
    """
    found: dict[str, list[Seen]] = {}
    for seen in chain(store.seen(), requests.requests_of(store).seen() if asking else ()):
        found.setdefault(seen.manifest.member, []).append(seen)
    return lambda member: found.get(member, [])


def _merge_locked(folder: Path, store: Store, options: Options, progress: Progress) -> Merged:
    lock = locks.read(folder)
    check_rules(lock)
    missing = [m.release for m in lock.members.values() if m.release and not store.has(m.release)]
    if missing:
        raise NotInStore(missing[0])
    if options.dry_run:
        return Merged(lock, None)
    with store.writing(), Gate(store.root / "intake") as gate:
        placed = _Run(folder, store, gate, options, progress).place(lock, None, anew=True)
    return Merged(lock, placed.result, changes=placed.changes, way=placed.way)


def _previous(folder: Path) -> Previous | None:
    """The last lock; none before the first merge. One that cannot be read is no reason to forget."""
    path = folder / locks.FILE_NAME
    return Previous(locks.read(folder), path.read_bytes()) if path.exists() else None


def allowed(policy: Policy, names: Collection[str], admitted: Collection[str] = ()) -> list[str]:
    """Member ids of what people typed; of `admitted` ids alone. Raises NoSuchMember, SeveralMembers."""
    return [name if name in admitted else member_called(policy, name).id for name in names]
