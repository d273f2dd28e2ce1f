"""The pool of a folder, made by difference from the last one where that is possible, else made anew.

Both ways give the same rows and the same root (tests/merge/test_difference.py); this only chooses. In doubt
everything is made anew. A pool that is checked or rebuilt (`--locked`, `verify`, editions) never comes this
way by difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from commons.federation.lock import Lock
from commons.merge.act import Progress, Release, Result, act
from commons.merge.difference.ground import Ground, NotOnGround
from commons.merge.difference.last import LastPool
from commons.merge.difference.standing import (
    ASKED,
    FIRST,
    GAPS,
    MANY,
    NOT_THERE,
    RULES,
    Offered,
    Way,
    is_worth_it,
    same_rules,
    standing,
)

# Given what the notes say: release → the SHA-256 of the file that it was proven from.
Releases = Callable[[Mapping[str, str]], Iterator[Release]]


@dataclass(frozen=True, slots=True)
class Previous:
    """The lock of the last merge, and its text."""

    lock: Lock
    data: bytes


@dataclass(frozen=True, slots=True)
class How:
    """How a pool is wanted; `links` as in `act`. `anew`: not by difference. `keep`: its notes, too."""

    links: Path
    anew: bool = False
    keep: bool = True
    canonical: bool = False
    children: int | None = None
    progress: Progress = lambda what, n: None


def renew(
    lock: Lock, releases: Releases, last: LastPool, fresh: Path, how: How, *, previous: Previous | None
) -> tuple[Result, Way]:  # fmt: skip
    """Write the pool of `lock` to `fresh`, and its notes where `LastPool.keep` finds them.

    Args:
        releases: those that the lock names, in order; may be asked for twice, the second time without a word
            of the notes, which were not what was written.
        previous: the lock of the last pool.
    Raises:
        What `act` raises. Then the last pool and its notes are what they were.
    """
    last.begin_anew()
    why = _why_anew(lock, previous, last, how)
    if not why and previous is not None:
        try:
            return _by_difference(lock, releases, last, fresh, how, previous.lock)
        except NotOnGround as stopped:
            last.begin_anew()
            why = stopped.why or NOT_THERE
    result = act(
        lock, releases({}), fresh, canonical=how.canonical, children=how.children, progress=how.progress,
        links=how.links, notes=last.coming if how.keep else None,
    )  # fmt: skip
    return result, Way(why, members=len(result.receipts))


def _why_anew(lock: Lock, previous: Previous | None, last: LastPool, how: How) -> str:
    if how.anew or how.canonical:
        return ASKED
    if previous is None or not last.exists:
        return FIRST
    if not same_rules(previous.lock, lock) or not last.is_by_this_program:
        return RULES
    if last.has_gaps:
        return GAPS
    return "" if last.is_of(previous.data) else NOT_THERE


def _by_difference(
    lock: Lock, asked: Releases, last: LastPool, fresh: Path, how: How, previous: Lock
) -> tuple[Result, Way]:
    told = last.told()
    with last.copied(fresh) as begin:
        releases = list(asked(told.proofs))
        offered = [Offered(release.intake, release.said.valid_until) for release in releases]
        stand = standing(previous, lock, told.taken_from, offered)
        if not is_worth_it(stand, offered):
            raise NotOnGround(MANY)
        result = act(
            lock, releases, fresh, children=how.children, progress=how.progress, links=how.links,
            notes=last.coming, ground=Ground(stand, begin),
        )  # fmt: skip
    return result, Way("", stand, len(releases))
