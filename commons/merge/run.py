"""One merge of a federation's folder: look at sources, plan, act, put the results in their place.

The thin edge around `plan` and `act`: it knows the folder's files and decides nothing. The pool comes into
its place before the lock does; killed between the two, the next run does the same again.

    federation.yaml · commons.lock · pool.db · pool.changes.json · store/ · inbox/
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import ClassVar

from commons.errors import CommonsError, InputError
from commons.federation import lock as locks
from commons.federation import policy as policies
from commons.federation import requests
from commons.federation.called import member_called
from commons.federation.fetching import Net
from commons.federation.leftovers import tidy
from commons.federation.lock import Lock, LockedTerritory
from commons.federation.policy import Policy
from commons.federation.sources import fetch
from commons.federation.store import NotInStore, Store
from commons.federation.taking import Fetched
from commons.federation.trust import Seen, former_key
from commons.findings import Finding
from commons.format.container import sync_folder, write_bytes
from commons.intake.frames import Damaged
from commons.intake.gate import Gate, Intake
from commons.link.model import LINKER
from commons.merge import link_state, withheld
from commons.merge.act import Progress, Release, Result, act
from commons.merge.changes import Changes, compare, to_bytes
from commons.merge.claims import Admission
from commons.merge.difference import Way
from commons.merge.inputs import NO_FORMS, NOTHING, Ahead, Form, locked_releases, take_in
from commons.merge.last import LastPool
from commons.merge.mending import mend
from commons.merge.plan import VOID, MemberPlan, plan, territory_digest, vocabularies_digest
from commons.merge.program import program
from commons.merge.renew import How, Previous, renew
from commons.merge.returning import ASIDE, Aside, aside, returning
from commons.merge.sealing import put_back, seal
from commons.merge.undone import unexplained
from commons.merge.workers import few_cycles
from commons.messages import N_
from commons.schema import territory as territories
from commons.schema.spec import load_schema

MOST_DAMAGED = 20  # results of intake: a disk that damages more needs another disk
POOL, CHANGES = "pool.db", "pool.changes.json"
LONG_AGO_S = 3600.0  # no release is examined or written for so long
_UNFINISHED = ("intake/.new-*", "releases/.*.tmp", "sealed/.*.tmp", "requests/*/.*.tmp")  # in the store


@dataclass(eq=False)
class OtherRules(InputError):
    """The lock was made by a program with another schema, linker or territory."""

    what: str
    locked: str
    here: str
    template: ClassVar[str] = N_("This lock needs {what} {locked}; this program has {here}.")
    hint_template: ClassVar[str] = N_(
        "Install the version of commons that made it, or merge without --locked."
    )


@dataclass(eq=False)
class WithdrawnSince(CommonsError):
    """A release that the lock names was pruned of records which the lock still shows, or shows in part."""

    member: str
    release: str
    template: ClassVar[str] = N_(
        "This lock cannot be rebuilt: records of {member} were withdrawn or held since."
    )
    hint_template: ClassVar[str] = N_("Merge without --locked; the new lock knows of the withdrawal.")


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
        tries, short = MOST_DAMAGED, set[str]()
        while True:
            try:
                with aside(store) as apart:
                    return _merge_seen(policy, folder, store, gate, options, progress, apart, short)
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


def _merge_seen(
    policy: Policy,
    folder: Path,
    store: Store,
    gate: Gate,
    options: Options,
    progress: Progress,
    apart: Aside,
    short: Collection[str],
) -> Merged:
    ahead = Ahead(store, gate)  # children examine what has arrived while this process looks for more
    fetched = fetch(
        policy,
        folder,
        store,
        net=options.net,
        progress=lambda done, all: progress("fetched", 1),
        arrived=ahead.soon,
        meanwhile=ahead.listen,
    )
    progress("sources", len(fetched.reached))
    last = _previous(folder)
    previous = last.lock if last else None
    fetched.findings += mend(previous, store, folder / POOL)
    seen = _by_member(store, asking=policy.admit.vouches > 0)
    newest = (max(seen(m.id), key=lambda s: s.version) for m in policy.members if seen(m.id))
    ahead.all(release.digest for release in newest)

    def examined(digest: str) -> Intake:
        return take_in(digest, requests.holder(digest, store), gate)

    planned = plan(
        policy,
        previous,
        seen,
        examined,
        as_of=options.as_of,
        schema=load_schema(),
        territory=territory_of(policy),
        allow_shrink=allowed(policy, options.allow_shrink, locks.admitted(folder)),
    )
    fetched.findings += _under_former_keys(fetched, previous, store, planned.findings)
    returned = returning(
        planned.lock, previous, store, seen, examined, apart, short=short, dry_run=options.dry_run
    )
    fetched.findings += returned.findings
    lacking = _lacking(store) | returned.gone

    def merged(digest: str) -> Intake:
        form = returned.instead.get(digest)
        return examined(digest) if form is None else form.intake

    planned = replace(planned, lock=withheld.noted(planned.lock, lacking, merged))
    if options.dry_run:
        return Merged(planned.lock, None, planned.members, fetched)
    for moved in requests.accept({id for id, m in planned.lock.members.items() if m.admitted}, store):
        fetched.arrived.setdefault(moved.manifest.member, []).append(moved.digest)
    made = _act(planned.lock, folder, store, gate, options, progress, last, returned.instead)
    result = made.result
    write_bytes(folder / locks.FILE_NAME, result.lock)
    put_back(planned.lock, store, returned.instead)
    seal(
        planned.lock,
        last,
        store,
        gate,
        arrived=fetched.arrived,
        receipts=result.receipts,
        text=result.lock,
        purge=options.purge,
    )
    if any(member.tombstones for member in planned.lock.members.values()):
        fetched.findings += tidy(policy, folder, store)
    return Merged(planned.lock, result, planned.members, fetched, made.changes, made.way)


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
        made = _act(lock, folder, store, gate, replace(options, full=True), progress)
    return Merged(lock, made.result, changes=made.changes, way=made.way)


def _previous(folder: Path) -> Previous | None:
    """The last lock; none before the first merge. One that cannot be read is no reason to forget."""
    path = folder / locks.FILE_NAME
    return Previous(locks.read(folder), path.read_bytes()) if path.exists() else None


@dataclass(frozen=True, slots=True)
class _Made:
    """A pool in its place, what changed in it, and how it was made."""

    result: Result
    changes: dict[str, Changes]
    way: Way


def _act(
    lock: Lock,
    folder: Path,
    store: Store,
    gate: Gate,
    options: Options,
    progress: Progress,
    previous: Previous | None = None,
    instead: Mapping[str, Form] = NO_FORMS,
) -> _Made:
    """Write the pool beside the old one, compare the two, then put it in its place, and its notes."""
    out = options.out or folder / POOL
    fresh, ours = out.with_name(f".{out.name}.next"), out == folder / POOL
    _clear_away(fresh, store)
    last = LastPool(out, store.root)
    links = store.root / link_state.FILE_NAME
    how = How(links, options.full or not ours, ours, options.canonical, options.children, progress)
    try:
        releases = partial(_whole, lock, store, gate, instead)
        result, way = renew(lock, releases, last, fresh, how, previous=previous)
        changes = _changes(out, fresh, way.standing) if out.exists() and ours else {}
        fresh.replace(out)
        sync_folder(out.parent)  # the pool before the lock, also when the power fails
        if ours:
            write_bytes(folder / CHANGES, to_bytes(changes))
            last.keep(result.lock, *result.sums)
        elif previous is not None and previous.data != result.lock:
            last.forget()  # it is of no lock any more, and may tell what is withdrawn now
    finally:
        fresh.unlink(missing_ok=True)
        last.begin_anew()
    return _Made(replace(result, path=out), changes, way)


def _clear_away(fresh: Path, store: Store) -> None:
    """Delete what merges that were killed have left: nobody would prune it of what is withdrawn later.

    Others may examine or deliver releases beside a merge, so of those only what is old goes.
    """
    for path in fresh.parent.iterdir() if fresh.parent.is_dir() else ():
        if path.name == fresh.name or path.name.startswith(f".{fresh.name}."):
            path.unlink(missing_ok=True)
    for path in chain.from_iterable(store.root.glob(pattern) for pattern in _UNFINISHED):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - LONG_AGO_S:
                path.unlink()
    for path in store.root.glob(f"{ASIDE}*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - LONG_AGO_S:
                shutil.rmtree(path, ignore_errors=True)


def _changes(old: Path, new: Path, standing: Collection[str]) -> dict[str, Changes]:
    """What changed; nothing can be said beside a pool that the disk has damaged."""
    try:
        return compare(old, new, but=standing)
    except sqlite3.DatabaseError:
        return {}


def _whole(
    lock: Lock,
    store: Store,
    gate: Gate,
    instead: Mapping[str, Form] = NO_FORMS,
    known: Mapping[str, str] = NOTHING,
) -> Iterator[Release]:
    """The lock's releases; `known` and `instead` as in `locked_releases`. Raises WithdrawnSince where one is
    pruned of more than this lock leaves out."""
    admission = Admission(lock)
    for release in locked_releases(lock, store, gate, known, instead):
        said, intake, version = release.said, release.intake, release.said.version
        locked = lock.members[said.member]
        if (locked.epoch, locked.number, locked.content_root, locked.keylog_head) != (
            *version,
            said.content_root,
            said.keylog_head,
        ):
            raise locks.LockRefused(
                locks.FILE_NAME, N_("what it says of a release is not what the release says")
            )
        if unexplained(admission, intake, version):
            raise WithdrawnSince(intake.member, intake.release)
        yield release


def rebuild(lock: Lock, store: Store, out: Path, *, canonical: bool = True) -> Result:
    """The pool of any lock whose releases are in the store; touches neither lock nor pool of the folder."""
    check_rules(lock)
    with Gate(store.root / "intake") as gate:
        return act(lock, _whole(lock, store, gate), out, canonical=canonical)


def check_rules(lock: Lock) -> None:
    """Raises OtherRules where this program would make another pool of the lock."""
    schema = load_schema()
    if lock.schema != schema.version:
        raise OtherRules("schema", lock.schema, schema.version)
    if lock.linker != LINKER:
        raise OtherRules("linker", lock.linker, LINKER)
    if lock.vocabularies != vocabularies_digest(schema):
        raise OtherRules("vocabularies", lock.vocabularies[:12], vocabularies_digest(schema)[:12])
    here = territory_of(lock.policy)
    if lock.territory != here:
        locked = lock.territory.digest if lock.territory else "—"
        raise OtherRules("territory", locked[:12], here.digest[:12] if here else "—")


def territory_of(policy: Policy) -> LockedTerritory | None:
    """The policy's territory with its digest. Raises NoTerritory."""
    if policy.territory is None:
        return None
    return LockedTerritory(policy.territory, territory_digest(territories.content(policy.territory)))


def allowed(policy: Policy, names: Collection[str], admitted: Collection[str] = ()) -> list[str]:
    """Member ids of what people typed; of `admitted` ids alone. Raises NoSuchMember, SeveralMembers."""
    return [name if name in admitted else member_called(policy, name).id for name in names]
