"""Which members stand from one merge to the next, and whether it is worth starting from the last pool. Pure.

A member stands if every row that a merge would make of its release alone is what it was: the same form of the
same release, under the same words about it (what is withdrawn, held, did not come along), with the same
numbers, no date in it having come since. What follows from others (who is the same thing, whose word is in
force) is decided anew every time and is no part of this.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commons.federation.lock import Lock
from commons.format.instants import instant
from commons.intake.gate import Intake
from commons.merge.claims import speaks_of
from commons.merge.pooling.memory import TakenFrom, block_of, mark_of
from commons.messages import N_

MOST_CHANGED = 20  # percent of the records; beyond, to make everything anew costs less
ASKED, FIRST, RULES, MANY, GAPS, NOT_THERE = "asked", "first", "rules", "many", "gaps", "not-there"
WHY = {
    ASKED: N_("that was asked for"),
    FIRST: N_("there is no earlier one here to start from"),
    RULES: N_("a new version of the program or the rules of the federation ask for it"),
    MANY: N_("much has changed since the last one"),
    GAPS: N_("the file of the last one held much empty space"),
    NOT_THERE: N_("the last one, or what was noted of it, is not as it was left"),
}


@dataclass(frozen=True, slots=True)
class Way:
    """How a pool was made. `why`: of `WHY`, why everything was made anew; "": only what changed was.

    `standing`: members whose claims stayed, of `members` that have a release.
    """

    why: str = ""
    standing: frozenset[str] = frozenset()
    members: int = 0

    @property
    def changed(self) -> int:
        """How many members' claims were made anew."""
        return self.members - len(self.standing)


@dataclass(frozen=True, slots=True)
class Offered:
    """What one member's release has to be compared by. `runs_out`: the moment from which it is late."""

    intake: Intake
    runs_out: str

    @property
    def numbers(self) -> int:
        """How many claims have a number, those included that are not shown."""
        return sum(self.intake.counts.values()) + len(self.intake.hidden)


def same_rules(last: Lock, lock: Lock) -> bool:
    """Whether what stood under one lock may stand under the other: the day on which somebody takes another's
    place, or more is known to be withdrawn under the old address, is a day for everything anew."""

    def rules(of: Lock) -> tuple[object, ...]:
        licences = frozenset(of.policy.licences)
        places = {
            old: (new, of.members[old].tombstones if old in of.members else ())
            for old, new in of.policy.successors.items()
        }
        return of.protocol, of.schema, of.linker, of.vocabularies, of.territory, licences, places

    return rules(last) == rules(lock) and last.as_of <= lock.as_of


def standing(
    last: Lock, lock: Lock, taken: Mapping[str, TakenFrom], offered: Sequence[Offered]
) -> frozenset[str]:
    """The members whose claims are what they were.

    Args:
        taken: member → what the last merge took up of it.
        offered: the releases of `lock`, in order of their members' ids.
    """
    words = _other_words(last, lock)
    as_of, base, found = instant(lock.as_of), 0, []
    for release in offered:
        intake, block = release.intake, block_of(release.numbers)
        before = taken.get(intake.member)
        if before is not None and intake.taken:
            today = TakenFrom(
                intake.release, mark_of(intake), base, block, release.runs_out <= as_of, before.later
            )
            came = before.later and before.later <= as_of
            same = today == before and not came and _same_words(last, lock, intake.member)
            if same and not (words and any(speaks_of(intake.member, row, words) for row in intake.rows())):
                found.append(intake.member)
        base += block
    return frozenset(found)


def is_worth_it(stand: frozenset[str], offered: Sequence[Offered]) -> bool:
    """Whether few enough records changed."""
    changed = sum(o.numbers for o in offered if o.intake.member not in stand)
    return changed * 100 <= MOST_CHANGED * sum(o.numbers for o in offered)


def _same_words(last: Lock, lock: Lock, member: str) -> bool:
    """Whether the locks say the same of what a member took back, and of what of it did not come along."""
    before, now = last.members[member], lock.members[member]
    return (before.tombstones, before.withheld) == (now.tombstones, now.withheld)


def _other_words(last: Lock, lock: Lock) -> frozenset[bytes]:
    """Hashes of the addresses of which only one of the locks says that they are withdrawn or held."""

    def words(of: Lock) -> set[tuple[str, object, object]]:
        stones = {(s.hash, m, s) for m, locked in of.members.items() for s in locked.tombstones}
        return stones | {(h.hash, None, h.field) for h in of.holds if h.until > of.as_of}

    other = words(last) ^ words(lock)
    return frozenset(base64.b32decode(hash.upper() + "====") for hash, _member, _word in other)
