"""Children that do a merge's work: what comes of it is the same, and nothing is lost in silence."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

import pytest

from commons.federation.lock import LockRefused
from commons.merge.workers import ChildFailed, ChildrenLost, Crew, done

# Workers that a fresh interpreter finds, too: `JOIN(b"-")` does `b"-".join`.
JOIN, ADD = attrgetter("join"), attrgetter("__add__")


class Spoilt(Exception):
    """Can be made again by nobody who does not know the name of its argument."""

    def __init__(self, what: str, *, where: str) -> None:
        super().__init__(f"{what} at {where}")


class Shut(Exception):
    """Cannot be written down."""

    def __init__(self) -> None:
        super().__init__("shut")
        self.key = lambda: None


def failing(kind: str) -> Callable[[str], bytes]:
    """A worker whose tasks are errors."""

    def do(where: str) -> bytes:
        raise {"spoilt": lambda: Spoilt("x", where=where), "shut": Shut, "ours": lambda: refused(where)}[
            kind
        ]()

    return do


def refused(where: str) -> LockRefused:
    return LockRefused(file=where, reason="r")


LARGE = b"x" * 300_000  # more than a pipe holds, on either side


@pytest.mark.parametrize("children", [0, 1, 2])
def test_answers_come_in_order_whoever_gives_them(children: int) -> None:
    """One kind of work after the other, large and small."""
    tasks = [[str(n).encode(), LARGE if n % 3 else b""] for n in range(40)]
    with Crew(children) as crew:
        assert list(crew.done(tasks, JOIN, b"-")) == [b"-".join(task) for task in tasks]
        assert list(crew.done([], JOIN, b"+")) == []
        assert list(crew.done([b"a", LARGE], ADD, b"n")) == [b"n" + t for t in (b"a", LARGE)]


@pytest.mark.parametrize("children", [0, 2])
def test_what_goes_wrong_in_a_child_goes_wrong_here(children: int) -> None:
    """The same error, as if there were no children; and they are gone."""
    with pytest.raises(TypeError), Crew(children) as crew:
        list(crew.done([[b"good"], [1], [b"good"]], JOIN, b"-"))


def test_fresh_children_do_the_same() -> None:
    """Where this process has grown too large to be forked."""
    with Crew(1, fresh=True) as crew:
        assert list(crew.done([[b"a", b"b"], [LARGE]], JOIN, b"-")) == [b"a-b", LARGE]


@pytest.mark.parametrize("kind, said", [("spoilt", "Spoilt: x at 7"), ("shut", "Shut: shut")])
def test_an_error_that_cannot_travel_is_told_with_its_kind_its_words_and_its_place(
    kind: str, said: str
) -> None:
    """Not as an error of whoever unpacks it, and not as if memory had been short."""
    with pytest.raises(ChildFailed) as caught, Crew(1) as crew:
        list(crew.done(["7"], failing, kind))
    assert said in str(caught.value) and "in do\n" in caught.value.hint


def test_an_error_of_ours_travels_whole() -> None:
    """Its sentence and its fields, also those that were given by name."""
    with pytest.raises(LockRefused) as caught, Crew(1) as crew:
        list(crew.done(["7"], failing, "ours"))
    assert str(caught.value) == str(refused("7")) and caught.value.hint == refused("7").hint


def test_a_lost_child_is_told_and_not_waited_for() -> None:
    """A system that is short of memory ends one: the merge says so."""
    with Crew(2) as crew:
        answers = crew.done(([b"a", b"b"] for _ in range(1_000_000)), JOIN, b"-")
        assert next(answers) == b"a-b"
        crew._processes[1].kill()
        with pytest.raises(ChildrenLost):
            list(answers)


def test_who_stops_asking_gets_no_old_answer() -> None:
    """A crew that was left in the middle of its work is let go."""
    with Crew(2) as crew:
        answers = crew.done([[b"a"]] * 50, JOIN, b"-")
        assert next(answers) == b"a"
        answers.close()  # type: ignore[attr-defined]
        assert list(crew.done([b"c"], ADD, b"b")) == [b"bc"]
    assert list(done([[b"a", b"b"]], JOIN, b"-", children=1)) == [b"a-b"]
