"""What a person is told of whose word would settle a pair is what the rule then does."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.cli.judging.side_by_side import what_counts
from commons.link.judged import digest
from commons.link.judgements import DIFFERENT, SAME, Rules, Votes, settle
from commons.pool.opening import open_pool
from commons.pool.read import Pool
from commons.review.explain import pairing, standing
from commons.review.explain import ways as ways_in
from commons.review.questions import Questions
from commons.review.whose import Way, holds, ways, with_words
from tests.hostile.making import place
from tests.merge.test_judging import judgement, merged, two
from tests.merge.unsigned import IDS
from tests.review.conftest import ONE, OTHER, catalogue_of

EVERYBODY = ("el-comedor", "la-red", "los-vecinos", "un-juez", "una-lista")
PAIR = ("el-comedor/place/uno", "la-red/place/dos")
names = st.sets(st.sampled_from(EVERYBODY))
votes = st.builds(lambda same, different: Votes(same, different - same), names, names)
rules = st.builds(Rules, names.map(frozenset), st.integers(1, 4))
verdicts = st.sampled_from((SAME, DIFFERENT))


@given(votes, rules, verdicts, st.booleans())
def test_whoever_follows_a_way_gets_there(said: Votes, by: Rules, wanted: str, lasting: bool) -> None:
    """With any strangers for those that are not named; nobody is asked for a word that was said."""
    agree, against = (said.same, said.different)[:: 1 if wanted == SAME else -1]
    fresh = [m for m in EVERYBODY if m not in {*agree, *against, *by.judges, "el-comedor", "la-red"}]
    for way in ways(PAIR, said, by, wanted, EVERYBODY, lasting=lasting):
        assert way.members.isdisjoint(agree) and way.turned == way.members & against
        then = settle(PAIR, with_words(said, [*way.members, *fresh[: way.others]], wanted), by)
        assert holds(then, wanted, lasting=lasting) and way.others <= len(fresh)


@given(votes, rules, verdicts)
def test_nothing_is_said_where_it_holds_and_no_single_word_is_left_out(
    said: Votes, by: Rules, wanted: str
) -> None:
    """Whoever alone can settle it is named, or is one of the others."""
    found = ways(PAIR, said, by, wanted, EVERYBODY)
    if holds(settle(PAIR, said, by), wanted):
        assert found == []
        return
    for member in EVERYBODY:
        alone = settle(PAIR, with_words(said, [member], wanted), by)
        if holds(alone, wanted):
            assert all(len(w.members) + w.others == 1 for w in found if w.members)
            assert found


def test_an_owners_different_yields_to_nobody_but_its_owner() -> None:
    """Three say the same, one of them a judge: only whoever said the opposite of its own can change it."""
    said = Votes({"el-comedor", "un-juez", "los-vecinos"}, {"la-red"})
    only = Way(frozenset({"la-red"}), turned=frozenset({"la-red"}))
    for judges in (frozenset[str](), frozenset({"un-juez"})):
        assert ways(PAIR, said, Rules(judges), SAME, EVERYBODY) == [only]


@pytest.mark.parametrize(("quorum", "others"), [(2, 2), (3, 3), (4, 0)])
def test_others_are_counted_only_as_far_as_there_are_some(quorum: int, others: int) -> None:
    """Five members, two of them the owners: three strangers, and no fourth is promised."""
    found = ways(PAIR, Votes(), Rules((), quorum), SAME, EVERYBODY)
    assert [w.members for w in found if w.own] == [{"el-comedor"}, {"la-red"}]
    assert [w.others for w in found if not w.members] == ([others] if others else [])


def test_a_pair_inside_one_member_is_that_members_affair() -> None:
    """Nobody else is named, however many there are."""
    inside = ("la-red/place/dos", "la-red/place/tres")
    assert ways(inside, Votes(), Rules(("un-juez",), 1), SAME, EVERYBODY) == [Way(frozenset({"la-red"}))]


def test_a_question_says_for_which_answer_one_word_is_enough(tmp_path: Path) -> None:
    """A second "different" settles it; a second "the same" yields to whoever speaks of its own."""
    world = two()
    world["a"].append(judgement(ONE, OTHER, SAME))
    world["b"].append(judgement(ONE, OTHER, DIFFERENT))
    merged(str(tmp_path), {**world, "c": [place("tres", title="Biblioteca")]}).close()
    with closing(open_pool(tmp_path / "pool.db")) as connection, catalogue_of("c", tmp_path) as mine:
        asked = Questions(connection, mine)
        question = asked.question(asked.open()[0])
        assert question is not None
        assert question.ask.reason == "disputed" and question.ask.evidence
        assert what_counts(asked, question) == (
            "With your “different” it is settled. "
            "For “the same”: Only if b changes its word: it said “different”."
        )


def test_a_word_about_what_has_changed_since_is_no_voice_and_may_be_said_again(tmp_path: Path) -> None:
    """Neither a question nor an explanation counts it among those who have spoken."""
    was = place("dos", title="Cocina de doña Luz").fields
    side = "left" if OTHER < ONE else "right"
    seen = {f"{side}_title": "Cocina de doña Luz", f"{side}_digest": digest(was)}
    world = {
        "a": two()["a"],
        "b": [place("dos", title="Taller de bicicletas")],
        "c": [judgement(ONE, OTHER, SAME, **seen)],
    }
    merged(str(tmp_path), world, judges=(IDS["c"],)).close()
    with closing(open_pool(tmp_path / "pool.db")) as connection, catalogue_of("a", tmp_path) as mine:
        asked = Questions(connection, mine)
        assert asked.votes((min(ONE, OTHER), max(ONE, OTHER))) == Votes()
        pool = Pool(connection)
        found = pairing(pool, ONE, OTHER)
        assert [w.address for w in found.said] == list(found.overtaken)
        assert frozenset({IDS["c"]}) in [
            w.members for w in ways_in(found, standing(pool, found), pool.member_names())
        ]
