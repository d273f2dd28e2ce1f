"""Who does the stretches of a merge: this process, or children beside it. Changes no result.

Children are started fresh (not forked: the parent holds a half-written database) and get what all stretches
share once. Results come in order, and only a few wait at a time, so that memory does not grow with the pool.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

from commons.errors import CommonsError
from commons.merge.entities import Group, Made, Maker, Setting
from commons.messages import N_

WORTH_CHILDREN = 20_000  # claims; below, starting children takes longer than the work
MOST_CHILDREN = 8
WAITING_PER_CHILD = 2

_maker: Maker | None = None


@dataclass(eq=False)
class ChildrenLost(CommonsError):
    """A child process ended before its work was done."""

    template: ClassVar[str] = N_("A part of the merge was stopped by the system, perhaps for want of memory.")
    hint_template: ClassVar[str] = N_("Close other programs and merge again; nothing was changed.")


def children_for(claims: int) -> int:
    """How many children are worth starting; 0: none."""
    processors = os.cpu_count() or 1
    return 0 if claims < WORTH_CHILDREN or processors < 2 else min(processors, MOST_CHILDREN)


def made(stretches: Iterable[Sequence[Group]], setting: Setting, *, children: int) -> Iterator[Made]:
    """The rows of each stretch, in order."""
    if not children:
        maker = Maker(setting)
        for stretch in stretches:
            yield maker.make(stretch)
        return
    # An executor, not a Pool: if a child cannot live, it says so instead of starting another for ever.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(children, context, _begin, (setting,)) as executor:
        waiting: deque[Future[Made]] = deque()
        try:
            for stretch in stretches:
                waiting.append(executor.submit(_make, stretch))
                if len(waiting) > children * WAITING_PER_CHILD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenExecutor as error:
            raise ChildrenLost from error
        finally:
            for future in waiting:
                future.cancel()


def _begin(setting: Setting) -> None:
    global _maker
    _maker = Maker(setting)


def _make(stretch: Sequence[Group]) -> Made:
    assert _maker is not None
    return _maker.make(stretch)
