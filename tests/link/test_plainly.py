"""Components of which most is plain: the same comes of them as of growing groups; scores travel whole."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from commons.link import carried, features, related
from commons.link.judgements import NO_VERDICTS
from commons.link.rarity import Rarity
from commons.link.score import Scorer
from commons.link.scored import grown, plainly
from commons.link.tables import load_tables
from commons.link.units import Linking

TABLE = load_tables().types["place"]
NAMES = (
    "Comedor Jacarandas",
    "Comedor Jacaranda",
    "Comedor Jacarandas Norte",
    "Casa Sol",
    "Casa Sol Jacarandas",
)
RECORDS = st.fixed_dictionaries(
    {"title": st.sampled_from(NAMES)},
    optional={
        "street_address": st.sampled_from(("Calle Jacaranda 12", "C. Jacaranda 12", "Calle Olivo 90")),
        "district": st.sampled_from(("09007", "09010")),
        "postal_code": st.sampled_from(("09570", "04910")),
        "phones": st.sampled_from(("+525555550134", "+525555550199")).map(lambda n: [{"number": n}]),
        "identifiers": st.sampled_from((["mx-clave:1"], ["mx-clave:2"])),
    },
)
SAID = st.lists(st.tuples(st.sampled_from("abc"), RECORDS), min_size=2, max_size=4)


def linking_of(said: list[tuple[str, dict[str, Any]]]) -> Linking:
    scorer = Scorer(TABLE, Rarity({}))
    read = [features.of("place", fields) for _member, fields in said]
    records = [scorer.prepared(each) for each in read if each is not None]
    claims = [[f"{member * 26}/place/{n}"] for n, (member, _fields) in enumerate(said)]
    return Linking(scorer, records.__getitem__, claims)


@settings(max_examples=300, deadline=None)
@given(SAID)
def test_what_is_plain_comes_out_as_if_groups_had_grown(said: list[tuple[str, dict[str, Any]]]) -> None:
    """Links, questions and choices are the same."""
    linking = linking_of(said)
    pairs = combinations(range(len(said)), 2)
    near = [p for p in pairs if related.is_near(linking.score(*p), TABLE.candidate)]
    if {n for p in near for n in p} == set(range(len(said))) and len(near) >= len(said) - 1:
        assert plainly(linking, near) in (None, grown(linking, near, (), NO_VERDICTS))


@settings(max_examples=200, deadline=None)
@given(SAID)
def test_a_score_is_carried_whole(said: list[tuple[str, dict[str, Any]]]) -> None:
    """Who reads it elsewhere sees what who weighed saw."""
    linking = linking_of(said)
    for one, other in combinations(range(len(said)), 2):
        score = linking.score(one, other)
        assert carried.unpacked(carried.packed(score)) == score


def test_carried_scores_keep_their_places() -> None:
    """One after the other, of whatever size."""
    held = carried.Carried()
    held.extend([b"ab", b"", b"cde"])
    held.extend([b"f"])
    assert [held[n] for n in range(len(held))] == [b"ab", b"", b"cde", b"f"]
