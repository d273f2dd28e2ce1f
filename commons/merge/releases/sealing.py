"""After a merge: the store keeps only pruned what was withdrawn. Knows no sources and makes no pool.

What a release showed before is put aside for `SEALED_DAYS`, unserved and read by nothing: a withdrawal that
turns out not to have been its member's (a void, a pause before it) can be taken back that long. What is only
held stays whole, since a hold lapses by itself. What was pruned of one withdrawal is pruned of the next.
Only what can have changed is looked at: releases of members with a new word, those that just arrived, and
those of members whose copies fell; but all of them where nobody noted that the last lock was seen to (the
merge was killed before, the lock came from elsewhere), and to purge.

A form that a merge used instead of the store's is put back here, too: once the lock is written that shows it,
and without what that lock withdraws. So nothing lies in the store's releases that has no day.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from commons.addresses import Address
from commons.federation.lock import Lock
from commons.federation.store.folder import Store, form_at
from commons.federation.trust import Seen
from commons.format import pruned
from commons.format.container import AnyFiles, PrunedFiles
from commons.intake.frames import Row
from commons.intake.gate import Gate
from commons.merge.claims import COPY, WITHDRAWN, Admission
from commons.merge.linking import link_state
from commons.merge.pooling.receipts import Receipt
from commons.merge.releases.inputs import Form, take_in
from commons.merge.renew import Previous

SEALED_DAYS = 14


def seal(
    lock: Lock,
    previous: Previous | None,
    store: Store,
    gate: Gate,
    *,
    arrived: Mapping[str, Collection[str]],
    receipts: Mapping[str, Receipt],
    text: bytes,
    purge: bool = False,
) -> list[str]:
    """Prune the store's releases by the withdrawals of `lock`; gives their digests.

    Args:
        previous: the lock before; its withdrawals were seen to.
        arrived: member → digests that are new to the store.
        receipts: of the merge that was made of `lock`.
        text: of `lock`, as it was written.
        purge: keep no fuller form, neither of these nor of earlier ones.
    """
    admission = Admission(lock)
    done, fallen = [], set()
    before = (
        previous.lock if previous is not None and not purge and store.is_pruned_by(previous.data) else None
    )
    for seen in list(_concerned(lock, before, store, arrived, receipts)):
        if barred := _prune(seen, admission, store, gate, sealed=not purge):
            done.append(seen.digest)
            fallen |= barred
    link_state.forget(store.root / link_state.FILE_NAME, fallen)
    store.sealed.purge(None if purge else _oldest(lock.as_of))
    store.note_pruned(text)
    return done


def put_back(lock: Lock, store: Store, instead: Mapping[str, Form]) -> None:
    """Put the forms that were merged of `lock` in the place of the store's."""
    admission = Admission(lock)
    for digest, form in instead.items():
        files = form_at(form.path, digest)
        if files is None:
            continue
        left, barred = _without(files, list(form.intake.rows()), admission)
        store.put_instead(left)
        if not barred:  # what intake found in it need not be found again
            store.intake.mkdir(parents=True, exist_ok=True)
            form.intake.path.replace(store.intake / form.intake.path.name)


def _oldest(as_of: datetime) -> datetime:
    return as_of - timedelta(days=SEALED_DAYS)


def _concerned(
    lock: Lock,
    previous: Lock | None,
    store: Store,
    arrived: Mapping[str, Collection[str]],
    receipts: Mapping[str, Receipt],
) -> Iterator[Seen]:
    before = previous.members if previous is not None else {}
    spoke = {
        id
        for id, member in lock.members.items()
        if not set(member.tombstones) <= set(before[id].tombstones if id in before else ())
    }
    copied = {id for id, receipt in receipts.items() if receipt["refused"].get(COPY)}
    withdrew = {id for id, member in lock.members.items() if member.tombstones}
    if not (spoke or copied or (withdrew & arrived.keys())):
        return
    for seen in store.seen():
        member = seen.manifest.member
        if member in spoke | copied or (member in withdrew and seen.digest in arrived.get(member, ())):
            yield seen


def _prune(seen: Seen, admission: Admission, store: Store, gate: Gate, *, sealed: bool) -> set[str]:
    """Prune one release; gives the addresses of what it hides now, none where nothing was to be done."""
    rows = list(take_in(seen.digest, store, gate).rows())
    short, barred = _without(store.read(seen.digest), rows, admission)
    if isinstance(short, PrunedFiles) and barred:
        store.prune(short, sealed=sealed)
    return barred


def _without(files: AnyFiles, rows: Sequence[Row], admission: Admission) -> tuple[AnyFiles, set[str]]:
    """A release without what was withdrawn, itself where nothing was; and the addresses of that."""
    said = files.parsed_manifest
    taken = admission.rows(said.member, said.version, said.licence, rows)
    barred = {(t.type, t.id) for t in taken if t.code in (WITHDRAWN, COPY)}
    if not barred:
        return files, set()
    lines = pruned.lines(files) if isinstance(files, PrunedFiles) else [row.data for row in rows]
    short = pruned.prune(files, lines, may_show=lambda record: tuple(json.loads(record)[:2]) not in barred)
    return short, {str(Address(said.member, *at)) for at in barred}
