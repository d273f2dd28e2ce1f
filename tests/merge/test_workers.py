"""Children that do a merge's work: what comes of it is the same, and nothing is lost in silence."""

from __future__ import annotations

from operator import attrgetter

import pytest

from commons.merge.workers import ChildrenLost, Crew, done

# Workers that a fresh interpreter finds, too: `JOIN(b"-")` does `b"-".join`.
JOIN, ADD = attrgetter("join"), attrgetter("__add__")
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
