"""An older lock, made fit to be published today. Pure.

Nobody may bring back what was withdrawn or held since: an older version is published only as the old lock
with today's tombstones and holds, which is another lock and has another root. Nor does a release come back
that its member has declared not its own since: what stands today takes its place, and what such releases
withdrew is not withdrawn. The same goes for what lies beyond a pause of today. Who has a successor today is
not shown: what that one withdraws bears its own address, and would come back under the old one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from commons.federation.lock import LEFT, Lock, LockedMember, Tombstone
from commons.federation.rules import Pause
from commons.format.keylog import Void


def with_todays_word(old: Lock, today: Lock) -> Lock:
    """The releases and rules of `old`, the withdrawals and holds of both, as of the later moment.

    Returns `old` itself where nothing was withdrawn, held, paused or declared void since.
    """
    members = dict(old.members)
    for member in old.members.keys() & today.policy.successors.keys():
        members[member] = LockedMember(LEFT, tombstones=old.members[member].tombstones)
    for member, locked in today.members.items():
        before = members.get(member)
        if before is None:
            if locked.tombstones:  # it joined later; its withdrawals may name copies
                members[member] = LockedMember(LEFT, tombstones=locked.tombstones)
            continue
        counts = _Counting.of(member, today)
        # What a thief withdrew may bear an old number, so where something was disowned, today's word is all.
        stones = locked.tombstones if counts.limited else _united(before.tombstones, locked.tombstones)
        if not counts(before.epoch, before.number):
            members[member] = replace(locked, tombstones=stones)
        elif stones != before.tombstones:
            members[member] = replace(before, tombstones=stones)
    in_force = {hold for hold in old.holds if hold.until > today.as_of}
    holds = tuple(sorted(in_force | set(today.holds), key=lambda h: (h.hash, h.field or "", h.until)))
    if members == old.members and set(today.holds) <= set(old.holds):
        return old
    return replace(old, members=members, holds=holds, as_of=max(old.as_of, today.as_of))


@dataclass(frozen=True, slots=True)
class _Counting:
    """Whether a member's word of some release counts today: not void, not beyond its pause."""

    voids: tuple[Void, ...]
    pause: Pause | None

    @classmethod
    def of(cls, member: str, today: Lock) -> _Counting:
        accepted = today.policy.member(member)
        return cls(today.members[member].voids, accepted.pause if accepted else None)

    @property
    def limited(self) -> bool:
        return bool(self.voids) or self.pause is not None

    def __call__(self, epoch: int, number: int) -> bool:
        if any(void.covers(epoch, number) for void in self.voids):
            return False
        return self.pause is None or (epoch, number) <= self.pause.at


def _united(old: tuple[Tombstone, ...], new: tuple[Tombstone, ...]) -> tuple[Tombstone, ...]:
    return tuple(sorted({*old, *new}))
