"""Every part, reason and guard of linking has words, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from commons import evidence
from commons.link import asked, cluster, exact, related, score
from commons.messages import LANGUAGES, speaking

LINK = Path(score.__file__).parent
GUARDS = [getattr(score, name) for name in dir(score) if name.startswith("G_")]
REASONS = [
    cluster.TYPES, cluster.APART, cluster.ONE_PER_MEMBER, cluster.NAMES, exact.TIE, exact.TWO_TARGETS,
    exact.CHAIN, exact.DISPUTED, exact.AGAIN, asked.TIE, asked.OWN, asked.NAME_ONLY, asked.BELOW, *GUARDS,
]  # fmt: skip
SCORED_BY = (LINK / "score.py").read_text("utf-8")
PARTS = sorted(set(re.findall(r'(?:parts|found)\.append\(\("([a-z -]+)", ', SCORED_BY)))


@pytest.mark.parametrize("reason", sorted(set(REASONS)))
def test_every_reason_to_ask_has_words(reason: str) -> None:
    """Nobody is shown a name that only the program understands."""
    assert reason in evidence._ASKED


@pytest.mark.parametrize("reason", [cluster.SAME_AS, cluster.SCORED, exact.IDENTIFIER, exact.JUDGED])
def test_every_reason_to_join_has_words(reason: str) -> None:
    """As above."""
    assert reason in evidence._JOINED


@pytest.mark.parametrize("reason", [related.BRANCH, related.UNIT])
def test_every_proposal_has_words(reason: str) -> None:
    """As above."""
    assert evidence.related_because(reason)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_a_score_has_words(part: str) -> None:
    """For or against, whichever it counts."""
    for lang in LANGUAGES:
        with speaking(lang):
            pro, contra = evidence.parts({part: 10}), evidence.parts({part: -10})
            assert any(said.words and said.words != part for said in (*pro[0], *contra[1]))


def test_the_weightiest_comes_first_and_the_obvious_is_not_said() -> None:
    """Equal names need no saying that they share words; bounds are for who adds up the points."""
    parts = {"name": 80, "whole name": 40, "spelling": 5, "phone": 75, "street": -35, "place, at most": -5}
    with speaking("en"):
        pro, contra = evidence.parts(parts)
        assert evidence.in_words(pro) == "the same telephone, the names are the same"
        apart, _contra = evidence.parts({n: v for n, v in parts.items() if n != "spelling"})
        assert evidence.in_words(apart[1:]) == "the names are the same, written in another way"
        assert evidence.in_words(contra) == "different streets or house numbers"
        assert sum(s.points for side in evidence.parts(parts, every=True) for s in side) == sum(
            parts.values()
        )


def test_a_bound_says_how_much_its_parts_count_together() -> None:
    """With the points that it takes away, so that whoever adds them up arrives at the whole."""
    more = {"street": 60, "distance": 40, "postal code": 20, "place, at most": -30}
    less = {"phone": -40, "web": -30, "contact, at most": 20}
    with speaking("en"):
        (_pro, contra), (pro, _contra) = evidence.parts(more, every=True), evidence.parts(less, every=True)
        assert evidence.in_words(contra, points=True) == (
            "street, map, area and postcode together count 90 at most -30"
        )
        assert evidence.in_words(pro, points=True) == (
            "telephone, e-mail and web page together count 50 at most against it +20"
        )
