"""Who does a merge's work: this process, or children beside it. Changes no result.

Children are forked while this process has one thread (a fork costs a few milliseconds), started fresh where
it has more or cannot fork. They get what all tasks share once. Results come in order, and only a few wait at
a time, so that memory does not grow with the pool.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from typing import Any, ClassVar, TypeVar

from commons.errors import CommonsError
from commons.messages import N_

WORTH_CHILDREN = 3_000  # records; below, the work is done before children are under way
MOST_CHILDREN = 8
WAITING_PER_CHILD = 3

T = TypeVar("T")

_do: Callable[[Any], bytes] | None = None


@dataclass(eq=False)
class ChildrenLost(CommonsError):
    """A child process ended before its work was done."""

    template: ClassVar[str] = N_("A part of the merge was stopped by the system, perhaps for want of memory.")
    hint_template: ClassVar[str] = N_("Close other programs and merge again; nothing was changed.")


def children_for(records: int) -> int:
    """How many children are worth starting; 0: none."""
    processors = os.cpu_count() or 1
    return 0 if records < WORTH_CHILDREN or processors < 2 else min(processors, MOST_CHILDREN)


def done(
    tasks: Iterable[T], worker: Callable[[Any], Callable[[T], bytes]], shared: Any, *, children: int
) -> Iterator[bytes]:
    """What comes of each task, in order.

    Args:
        worker: makes, of what all tasks share, the function that does one; a function of a module, so that
            a fresh child finds it.
    Raises:
        ChildrenLost: a child could not live.
    """
    if not children:
        do = worker(shared)
        for task in tasks:
            yield do(task)
        return
    # An executor, not a Pool: if a child cannot live, it says so instead of starting another for ever.
    with ProcessPoolExecutor(children, _context(), _begin, (worker, shared)) as executor:
        waiting: deque[Future[bytes]] = deque()
        try:
            for task in tasks:
                waiting.append(executor.submit(_one, task))
                if len(waiting) > children * WAITING_PER_CHILD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenExecutor as error:
            raise ChildrenLost from error
        finally:
            for future in waiting:
                future.cancel()


def _context() -> BaseContext:
    """Forking copies one thread only: with others about, their locks would stay locked in the child."""
    alone = sys.platform == "linux" and threading.active_count() == 1
    return multiprocessing.get_context("fork" if alone else "spawn")


def _begin(worker: Callable[[Any], Callable[[Any], bytes]], shared: Any) -> None:
    global _do
    gc.freeze()  # looking for cycles among what was here before would copy every page of the calling process
    _do = worker(shared)


def _one(task: Any) -> bytes:
    assert _do is not None
    return _do(task)
