"""How a member stands, in one word for its maintainer. Pure: from the lock and the last look at its sources.

Laws:
- Only a signed word withdraws. In every other state the last good release stays, up to its `max_age`.
- What the public reads (current, late, paused) comes from the lock alone, so that everybody who merges it
  says the same. Whether a source answered tonight is known to one machine only, and stands in no lock.
"""

from __future__ import annotations

from commons.federation import lock as locks
from commons.federation.lock import LockedMember
from commons.federation.sources import looked
from commons.federation.sources.looked import Look

OK, UNCHANGED, INVALID, UNREACHABLE = "ok", "unchanged", "invalid", "unreachable"
EXPIRED, OLDER, TWO_COPIES, PAUSED = "expired", "older", "two-copies", "paused"
LEAVING, AWAITED, ARRIVED = "leaving", "awaited", "arrived"
STATES = (OK, UNCHANGED, INVALID, UNREACHABLE, EXPIRED, OLDER, TWO_COPIES, PAUSED, LEAVING, AWAITED, ARRIVED)


def state(
    locked: LockedMember | None, look: Look | None, *, changed: bool = False, here: bool = False
) -> str:
    """The one word that a maintainer should read first; what a person decided or must decide goes before.

    Args:
        locked: what the lock says of the member; None before its first merge.
        look: what its sources gave the last time; None where nobody has looked.
        changed: this merge uses another release than the last one.
        here: a release of it has arrived.
    """
    if locked is not None:
        if locked.state == locks.PAUSED:
            return PAUSED
        if locked.state == locks.LEAVING:
            return LEAVING
        if is_disputed(locked):
            return TWO_COPIES
        if locked.passed_over:
            return INVALID
    outcome = look.outcome if look is not None else looked.SAME
    if outcome == looked.INVALID:
        return INVALID
    if here and is_new(locked):
        return ARRIVED
    if locked is None or locked.state == locks.AWAITED:
        return UNREACHABLE if outcome == looked.UNREACHABLE else AWAITED
    if outcome == looked.OLDER:
        return OLDER
    if locked.state == locks.LATE:
        return EXPIRED
    if outcome == looked.UNREACHABLE:
        return UNREACHABLE
    return OK if changed or outcome == looked.NEW else UNCHANGED


def is_new(locked: LockedMember | None) -> bool:
    """Whether no merge has looked at any release of it, as far as the lock tells."""
    if locked is None:
        return True
    return locked.state == locks.AWAITED and not (locked.epoch or locked.number or locked.voids)


def is_disputed(locked: LockedMember) -> bool:
    """Whether two copies of the catalogue wait to be joined: a later release that is used has healed them."""
    used = (locked.epoch, locked.number)
    return any((e.epoch, e.number) >= used for e in locked.evidence)
