"""An older lock, made fit to be published today. Pure.

Nobody may bring back what was withdrawn or held since: an older version is published only as the old lock
with today's tombstones and holds, which is another lock and has another root. Nor does a release come back
that its member has declared not its own since: what stands today takes its place, and what such releases
withdrew is not withdrawn. The same goes for what lies beyond a pause of today. Who has a successor today is
not shown: what that one withdraws bears its own address, and would come back under the old one.

An old lock keeps its moment as long as nothing has run out since: what it shows is what was shown. But when a
release has run out between, its contacts would stand in the data again, so then the moment is today's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from commons.federation import trust
from commons.federation.lock import AWAITED, CURRENT, LATE, LEFT, PAUSED, Lock, LockedMember, Tombstone
from commons.federation.policy.rules import Pause
from commons.format.keylog import Void
from commons.format.manifest import Manifest


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
        if not counts(before.epoch, before.number) or _is_in_doubt(before, locked):
            members[member] = replace(locked, tombstones=stones)
        else:
            state = PAUSED if counts.pause is not None and before.release else before.state
            if (state, stones) != (before.state, before.tombstones):
                members[member] = replace(before, state=state, tombstones=stones)
    in_force = {hold for hold in old.holds if hold.until > today.as_of}
    holds = tuple(sorted(in_force | set(today.holds), key=lambda h: (h.hash, h.field or "", h.until)))
    if members == old.members and set(today.holds) <= set(old.holds):
        return old
    return replace(old, members=members, holds=holds, as_of=max(old.as_of, today.as_of))


def at_todays_moment(lock: Lock, used: Mapping[str, Manifest], today: Lock) -> Lock:
    """`lock` as of today, if a release that it uses has run out or grown too old since; else `lock` itself.

    Args:
        used: member → release.json of the release that `lock` names.
    """
    members = dict(lock.members)
    for member, said in used.items():
        locked, accepted = members[member], today.policy.member(member)
        state, too_old = trust.state(
            said, as_of=today.as_of, max_age=accepted.max_age if accepted is not None else None
        )
        if too_old:
            members[member] = LockedMember(
                AWAITED, epoch=locked.epoch, number=locked.number, tombstones=locked.tombstones
            )
        elif state == LATE and trust.state(said, as_of=lock.as_of)[0] != LATE:
            members[member] = replace(locked, state=LATE if locked.state == CURRENT else locked.state)
        else:
            continue
        lock = replace(lock, as_of=today.as_of)
    return replace(lock, members=members) if members != lock.members else lock


def _is_in_doubt(before: LockedMember, today: LockedMember) -> bool:
    """Whether nothing of what was believed then is shown today: its key log is continued twice, say.

    Then today goes back behind a change of keys; or it shows nothing at all, where nothing of before that
    change was ever seen here.
    """
    if before.release is None or today.state == LEFT:
        return False
    return today.state == AWAITED or today.epoch < before.epoch


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
