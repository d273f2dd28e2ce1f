"""An older lock, made fit to be published today. Pure.

Nobody may bring back what was withdrawn or held since: an older version is published only as the old lock
with today's tombstones and holds, which is another lock and has another root. Nor does a release come back
that its member has declared not its own since: what stands today takes its place.
"""

from __future__ import annotations

from dataclasses import replace

from commons.federation.lock import LEFT, Lock, LockedMember, Tombstone


def with_todays_word(old: Lock, today: Lock) -> Lock:
    """The releases and rules of `old`, the withdrawals and holds of both, as of the later moment.

    Returns `old` itself where nothing was withdrawn, held or declared void since.
    """
    members = dict(old.members)
    for member, locked in today.members.items():
        before = members.get(member)
        if before is None:
            if locked.tombstones:  # it joined later; its withdrawals may name copies
                members[member] = LockedMember(LEFT, tombstones=locked.tombstones)
            continue
        if any(void.covers(before.epoch, before.number) for void in locked.voids):
            members[member] = replace(locked, tombstones=_united(before.tombstones, locked.tombstones))
            continue
        stones = _united(before.tombstones, locked.tombstones)
        if stones != before.tombstones:
            members[member] = replace(before, tombstones=stones)
    in_force = {hold for hold in old.holds if hold.until > today.as_of}
    holds = tuple(sorted(in_force | set(today.holds), key=lambda h: (h.hash, h.field or "", h.until)))
    if members == old.members and set(today.holds) <= set(old.holds):
        return old
    return replace(old, members=members, holds=holds, as_of=max(old.as_of, today.as_of))


def _united(old: tuple[Tombstone, ...], new: tuple[Tombstone, ...]) -> tuple[Tombstone, ...]:
    return tuple(sorted({*old, *new}))
