"""Which questions a person is asked, and what becomes of the answers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from commons.catalogue.store import Catalogue
from commons.link.judgements import DIFFERENT, SAME, UNSURE
from commons.pool.opening import open_pool
from commons.review import answers, waiting
from commons.review.answers import Given, judgement_id
from commons.review.questions import PROPOSED, RELATION, Ask, Filters, Question, Questions
from tests.merge.unsigned import IDS
from tests.review.conftest import NOW, ONE, OTHER, catalogue_of

PAIR = (min(ONE, OTHER), max(ONE, OTHER))


def first(asked: Questions) -> Question:
    question = asked.question(asked.open()[0])
    assert question is not None
    return question


def propose(pool: Path, *rows: tuple[str, ...]) -> None:
    """What linking may add to a pool: relations that it proposes."""
    with closing(sqlite3.connect(pool)) as connection, connection:
        connection.executemany("INSERT INTO related VALUES (?, ?, ?, 'branch', '{}')", rows)


def test_a_judgement_says_what_why_when_and_what_both_were(asked: Questions, judge: Catalogue) -> None:
    """One record of the judge's own catalogue, one step of its history."""
    answers.give(judge, first(asked), Given(SAME, reason="La misma puerta", by="Marina Ejemplo"), at=NOW)
    fields = judge.get("judgement", judgement_id(PAIR)).fields  # type: ignore[union-attr]
    assert (fields["left"], fields["right"]) == PAIR
    assert fields["verdict"] == SAME and fields["reason"] == "La misma puerta"
    assert fields["judged_at"] == "2026-11-21T18:30:00Z"
    assert {fields["left_title"], fields["right_title"]} == {"Comedor La Paz", "Cocina de Luz"}
    assert next(judge.history()).kind == answers.KIND


def test_what_was_judged_is_not_asked_again_unless_undone(asked: Questions, judge: Catalogue) -> None:
    """Whoever stops goes on where they stopped; an undo brings the question back."""
    for verdict in (SAME, DIFFERENT, UNSURE):
        answers.give(judge, first(asked), Given(verdict), at=NOW)
        asked.refresh()
        assert asked.open() == []
        _step, pairs = answers.take_back(judge, at=NOW)  # type: ignore[misc]
        asked.refresh()
        assert pairs == [PAIR] and len(asked.open()) == 1 and judge.count("judgement") == 0


def test_to_judge_again_changes_the_one_judgement(asked: Questions, judge: Catalogue) -> None:
    """A catalogue says one thing of a pair; its history keeps what it said before."""
    question = first(asked)
    answers.give(judge, question, Given(SAME), at=NOW)
    answers.give(judge, question, Given(DIFFERENT), at=NOW)
    assert [r.fields["verdict"] for r in judge.records("judgement")] == [DIFFERENT]


@pytest.mark.parametrize(("name", "settles"), [("a", True), ("b", True), ("c", False)])
def test_whose_word_settles_a_pair(pool: Path, tmp_path: Path, name: str, settles: bool) -> None:
    """A member settles what is about its own record; a stranger needs another."""
    with closing(open_pool(pool)) as connection, catalogue_of(name, tmp_path) as mine:
        asked = Questions(connection, mine)
        assert asked.settles(PAIR) is settles
        assert bool(asked.ways_after(PAIR, SAME)) is not settles


@pytest.mark.parametrize(
    ("filters", "n"),
    [
        (Filters(), 1),
        (Filters(type="service"), 0),
        (Filters(member=IDS["b"]), 1),
        (Filters(member=IDS["c"]), 0),
        (Filters(district="09007"), 0),
        (Filters(least=1), 0),
        (Filters(most=10), 1),
    ],
)
def test_questions_can_be_filtered(asked: Questions, filters: Filters, n: int) -> None:
    """By type, member, district and points."""
    assert len(asked.open(filters)) == n


def test_a_pair_inside_another_member_is_not_asked(pool: Path, asked: Questions) -> None:
    """Nobody but that member can settle it."""
    with closing(sqlite3.connect(pool)) as connection, connection:
        own = (f"{IDS['a']}/place/cinco", f"{IDS['a']}/place/uno")
        connection.execute("INSERT INTO candidate VALUES (?, ?, 90, 'own', '{}')", own)
    assert [a.pair for a in asked.open()] == [PAIR]


def test_a_readers_proposal_is_asked_first_until_it_is_judged(asked: Questions, judge: Catalogue) -> None:
    """It is no judgement; a person looks and decides."""
    far = (f"{IDS['b']}/place/dos", f"{IDS['c']}/place/tres")
    assert waiting.wait_for(judge, [far]) == 1 and waiting.wait_for(judge, [far]) == 0
    assert asked.open()[0].kind == PROPOSED
    answers.give(judge, first(asked), Given(DIFFERENT), at=NOW)
    asked.refresh()
    assert [a.pair for a in asked.open()] == [PAIR]


def test_an_accepted_relation_becomes_a_record_and_a_declined_one_is_not_asked_again(
    pool: Path, asked: Questions, judge: Catalogue
) -> None:
    """Related and not the same: a relation, and a judgement that they are two."""
    tres = f"{IDS['c']}/place/tres"
    propose(pool, (ONE, tres, "part_of"), (OTHER, tres, "part_of"))
    wanted = [a for a in asked.open() if a.kind == RELATION]
    assert len(wanted) == 2
    yes, no = (asked.question(a) for a in wanted)
    assert yes is not None and no is not None
    answers.give(judge, yes, Given(DIFFERENT, True), at=NOW)
    answers.give(judge, no, Given(None, False), at=NOW)
    asked.refresh()
    assert not [a for a in asked.open() if a.kind == RELATION]
    (relation,) = judge.records("relation")
    assert relation.fields["kind"] == "part_of" and judge.count("judgement") == 1
    waiting.accept_again(judge, no.ask.triple)
    asked.refresh()
    assert [a.pair for a in asked.open() if a.kind == RELATION] == [no.ask.pair]


def test_a_question_about_what_is_gone_is_none(asked: Questions) -> None:
    """A record left the pool since somebody proposed something about it."""
    ask = Ask(PROPOSED, ONE, f"{IDS['c']}/place/nadie")
    assert asked.question(ask) is None
