"""Asks addresses on the net, again where that may help, and several at once. Proves nothing: `look` does.

Workers are daemon threads: whoever stops the program does not wait for a server that drips.
"""

from __future__ import annotations

import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from commons.federation.policy.links import Link
from commons.federation.sources.web import Asking, Got, Kept, Locks
from commons.federation.sources.wire import NotFetched, Wire

if TYPE_CHECKING:
    from commons.federation.sources.session import Session

SCRATCH = "fetching"
_WAIT_S = 0.1
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Net:
    """The net as one run asks it. `at`: the moment of the run, remembered with what was found."""

    wire: Wire
    at: datetime
    locks: Locks = field(default_factory=Locks)


@dataclass(frozen=True, slots=True)
class Question:
    """One member's address. `has`: whether a release is here, and whole; `here`: in any form."""

    link: Link
    member: str
    private: bool
    kept: Kept
    has: Callable[[str], bool]
    here: Callable[[str], bool]


def ask(net: Net, question: Question, scratch: Path) -> Got:
    """What an address gives, tried again with growing pauses where another try may help.

    Args:
        scratch: a folder of its own, emptied before each try; what `Got` names lies in it.
    Raises:
        NotFetched, FormatError.
    """
    from commons.federation.sources.session import asking  # late: most federations ask nobody on the net

    patience = net.wire.patience
    ends_at = time.monotonic() + patience.deadline_s
    for left in reversed(range(patience.tries)):
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        try:
            with asking(net.wire, private=question.private, ends_at=ends_at) as session:
                return _once(net, question, session, scratch)
        except NotFetched as error:
            pause_s = patience.pause_s * 2 ** (patience.tries - 1 - left)
            if not error.again or not left or time.monotonic() + pause_s >= ends_at:
                raise
            net.wire.stop.wait(pause_s)
    raise NotFetched(question.link.shown, "E_UNREACHABLE")


def _once(net: Net, question: Question, session: Session, scratch: Path) -> Got:
    if question.link.kind == "git":
        from commons.federation.sources import git

        return git.ask(session, question.link, scratch, question.kept, question.here)
    asking = Asking(session, question.member, scratch, question.has, question.here, net.locks)
    return asking.ask(question.link.url, question.kept)


@contextmanager
def first_look(net: Net, link: Link, store: Path, *, private: bool) -> Iterator[tuple[Path, ...]]:
    """What is at the address of somebody who is no member yet: files and folders, gone after the block.

    Raises NotFetched, FormatError.
    """

    def unknown(digest: str) -> bool:
        return False

    with scratch_of(store) as scratch:
        yield ask(net, Question(link, "", private, Kept(), unknown, unknown), scratch / "first").paths


@contextmanager
def scratch_of(store: Path) -> Iterator[Path]:
    """A folder on the store's disk for what is not proven yet; what an interrupted run left goes first."""
    folder = store / SCRATCH
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def at_once(
    jobs: Sequence[Callable[[], T]],
    workers: int,
    stop: threading.Event,
    meanwhile: Callable[[], None] = lambda: None,
) -> Iterator[tuple[int, T]]:
    """(number, result) of each job as it ends; while none does, `meanwhile` is done again and again.

    Raises what a job raises; then the others are told to stop.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, T | None, BaseException | None]] = queue.SimpleQueue()
    for n in range(len(jobs)):
        waiting.put(n)

    def work() -> None:
        while not stop.is_set():
            try:
                n = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((n, jobs[n](), None))
            except BaseException as error:
                done.put((n, None, error))

    for _ in range(min(workers, len(jobs))):
        threading.Thread(target=work, daemon=True).start()
    finished = False
    try:
        for _ in jobs:
            while True:
                try:
                    n, result, error = done.get(timeout=_WAIT_S)
                    break
                except queue.Empty:
                    meanwhile()
            if error is not None:
                raise error
            yield n, result  # type: ignore[misc]
        finished = True
    finally:
        if not finished:
            stop.set()
