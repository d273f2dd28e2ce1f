"""Who does a merge's work: this process, or children beside it. Changes no result.

Children are forked while this process has one thread (a fork costs a few milliseconds), started fresh where
it has more or cannot fork. They get what all tasks share once. Results come in order, and only a few wait at
a time, so that memory does not grow with the pool.

No executor of the standard library's: it keeps a thread in this process, beside which nothing more may be
forked, and its children do one kind of work only.
"""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from queue import SimpleQueue
from types import TracebackType
from typing import Any, ClassVar, TypeVar

from commons.errors import CommonsError
from commons.messages import N_

WORTH_CHILDREN = 3_000  # records; below, the work is done before children are under way
MOST_CHILDREN = 8
WAITING_PER_CHILD = 3
SELDOM = 50_000  # new objects between two looks for cycles; usually 700
_TASK, _WORK = b"t", b"w"  # what a message to a child begins with
_DONE, _FAILED = b"d", b"f"  # and one from it
_LEAVING_S = 5.0  # a child that has nothing more to do

T = TypeVar("T")
Worker = Callable[[Any], Callable[[Any], bytes]]


@dataclass(eq=False)
class ChildrenLost(CommonsError):
    """A child process ended before its work was done."""

    template: ClassVar[str] = N_("A part of the merge was stopped by the system, perhaps for want of memory.")
    hint_template: ClassVar[str] = N_("Close other programs and merge again; nothing was changed.")


@dataclass(eq=False)
class ChildFailed(CommonsError):
    """An error of a child process that cannot travel as it is: what it said, and where."""

    what: str
    details: str
    template: ClassVar[str] = N_("The program has made a mistake ({what}); your files are as they were.")
    hint_template: ClassVar[str] = N_("Please tell its makers, with what follows:\n{details}")


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
        ChildFailed: in place of an error of the worker's that no other process can make again.
    """
    with Crew(children, worker, shared) as crew:
        yield from crew.done(tasks, worker, shared)


class Crew:
    """Children that do one kind of work after the other; none: this process does it.

    They start at once. Those that are forked while this process is small stay small: what it changes while
    children live stands in memory twice.

    Args:
        worker, shared: their first work, as in `done`, if it is known already.
        fresh: start them anew instead of forking; for a process that is large by now.
    """

    def __init__(
        self, children: int, worker: Worker | None = None, shared: Any = None, *, fresh: bool = False
    ) -> None:
        self._work = (worker, shared)
        self._ends: list[Connection] = []
        self._processes: list[Any] = []
        context: Any = (
            multiprocessing.get_context("spawn") if fresh else _context()
        )  # `Process` is each one's own
        forks = context.get_start_method() == "fork"
        for _ in range(children):
            ours, theirs = context.Pipe()
            others = [*self._ends, ours] if forks else []  # whoever holds them keeps them open
            process = context.Process(target=_live, args=(theirs, others, *self._work), daemon=True)
            process.start()
            theirs.close()
            self._ends.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(at_once=error is not None)

    def close(self, *, at_once: bool = False) -> None:
        """Let the children go. `at_once`: what they are doing is wanted no more."""
        for end in self._ends:
            end.close()
        for process in self._processes:
            if not at_once:
                process.join(_LEAVING_S)
            process.kill()
            process.join()
        self._ends.clear()
        self._processes.clear()

    def done(self, tasks: Iterable[T], worker: Worker, shared: Any) -> Iterator[bytes]:
        """As the function of this name."""
        if not self._processes:
            do = worker(shared)
            for task in tasks:
                yield do(task)
            return
        waiting: deque[int] = deque()
        finished = False
        try:
            if worker is not self._work[0] or shared is not self._work[1]:
                self._work = (worker, shared)
                work = _WORK + pickle.dumps(self._work)
                for child in range(len(self._ends)):
                    self._tell(child, work)
            for n, task in enumerate(tasks):
                child = n % len(self._ends)
                self._tell(child, _TASK + pickle.dumps(task))
                waiting.append(child)
                if len(waiting) > len(self._ends) * WAITING_PER_CHILD:
                    yield self._hear(waiting.popleft())
            while waiting:
                yield self._hear(waiting.popleft())
            finished = True
        finally:
            if not finished:  # what they still have to say is no answer to the next question
                self.close(at_once=True)

    def _tell(self, child: int, message: bytes) -> None:
        try:
            self._ends[child].send_bytes(message)
        except OSError as error:
            raise ChildrenLost from error

    def _hear(self, child: int) -> bytes:
        try:
            said = self._ends[child].recv_bytes()
        except (EOFError, OSError) as error:
            raise ChildrenLost from error
        if said[:1] == _FAILED:
            raise pickle.loads(said[1:])  # noqa: S301  (written by a child of this process)
        return said[1:]


@contextmanager
def few_cycles() -> Iterator[None]:
    """Look for cycles seldom within: where millions of small values come and go and few are in cycles, that
    takes an eighth of all time."""
    before = gc.get_threshold()
    gc.set_threshold(SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def give_back() -> None:
    """Let the system have what this process has set free; the C library keeps it until it is asked."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


def _context() -> BaseContext:
    """Forking copies one thread only: with others about, their locks would stay locked in the child."""
    alone = sys.platform == "linux" and threading.active_count() == 1
    return multiprocessing.get_context("fork" if alone else "spawn")


def _live(end: Connection, others: list[Connection], worker: Worker | None, shared: Any) -> None:
    """A child's life: what it is told, in order, until the other side closes.

    A thread takes what it is told and another gives its answers, so that neither side waits for the other.
    """
    for other in others:
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C belongs to whoever started us
    gc.freeze()  # looking for cycles among what was here before would copy every page of the calling process
    gc.set_threshold(SELDOM)
    told: SimpleQueue[bytes | None] = SimpleQueue()
    answers: SimpleQueue[bytes | None] = SimpleQueue()
    threading.Thread(target=_take, args=(end, told), daemon=True).start()
    giving = threading.Thread(target=_give, args=(end, answers), daemon=True)
    giving.start()
    do = worker(shared) if worker is not None else None
    while (message := told.get()) is not None:
        said = pickle.loads(message[1:])  # noqa: S301  (written by the process that started this one)
        if message[:1] == _WORK:
            worker, shared = said
            do = worker(shared)
            continue
        assert do is not None
        try:
            answers.put(_DONE + do(said))
        except Exception as error:  # whoever asked is told, as if it had done it itself
            answers.put(_FAILED + _packed(error))
    answers.put(None)
    giving.join()


def _packed(error: Exception) -> bytes:
    """The error for the other side, which must be able to make it again."""
    try:
        packed = pickle.dumps(error)
        pickle.loads(packed)  # noqa: S301  (written one line above)
    except Exception:  # an error's own class decides what happens here
        what = "".join(traceback.format_exception_only(error)).strip()
        return pickle.dumps(ChildFailed(what, "".join(traceback.format_exception(error)).strip()))
    return packed


def _take(end: Connection, told: SimpleQueue[bytes | None]) -> None:
    with suppress(EOFError, OSError):
        while True:
            told.put(end.recv_bytes())
    told.put(None)


def _give(end: Connection, answers: SimpleQueue[bytes | None]) -> None:
    with suppress(OSError):
        while (answer := answers.get()) is not None:
            end.send_bytes(answer)
