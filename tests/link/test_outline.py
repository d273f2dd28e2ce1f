"""Outlines: no pair that would score enough is left out by them."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commons.link import features, related
from commons.link.features import Features
from commons.link.outline import Outliner, Outlines
from commons.link.rarity import Rarity
from commons.link.score import Scorer
from commons.link.tables import load_tables

WORDS = (
    *(
        "Jacaranda",
        "Jacarandas",
        "Jaca",
        "randa",
        "Comedor",
        "Comedorsol",
        "Sol",
        "Sol Comedor",
        "II",
        "Norte",
    ),
    *("Año", "Ano", "UNAM", "Pueblo", "A.C."),
)
TITLES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join) | st.sampled_from(
    ("食堂", "Приют", "…")  # names without a word that is compared
)


def perhaps(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


RECORDS = st.fixed_dictionaries(
    {
        "title": perhaps(TITLES),
        "alternate_names": perhaps(st.lists(TITLES, max_size=2)),
        "street_address": perhaps(
            st.sampled_from(
                (
                    "Calle Sol 12",
                    "C. Soll 12-A",
                    "Sol 12-B",
                    "Av. Luna 12",
                    "Sol 3",
                    "Sol",
                    "Gran Luna 12",
                    "Granluna 12",
                )
            )
        ),
        "neighbourhood": perhaps(st.sampled_from(("Del Valle", "Valle", "Centro", "Centrro"))),
        "city": perhaps(st.sampled_from(("México", "Ciudad de México", "Puebla"))),
        "district": perhaps(st.sampled_from(("09007", "09010"))),
        "postal_code": perhaps(st.sampled_from(("09010", "09020", "EC1A 1BB"))),
        "phones": perhaps(st.sampled_from(([{"number": "+525555550134"}], [{"number": "5550134"}]))),
        "email": perhaps(st.sampled_from(("a@b.org", "c@gmail.com"))),
        "url": perhaps(st.sampled_from(("https://b.org/x", "https://bb.org"))),
        "identifiers": perhaps(st.just(["MX-RFC:ABC010101AAA"])),
        "kind": perhaps(st.sampled_from(("shelter", "school"))),
        "starts_at": perhaps(st.sampled_from(("2026-01-01", "2026-01-02"))),
        "latitude_e6": perhaps(st.sampled_from((19_300_000, 19_300_400, 19_310_000, 20_300_000))),
        "longitude_e6": st.just(-99_200_000),
    }
)


def outlines(found: list[Features], scorer: Scorer) -> Outlines:
    draw = Outliner(scorer.weight)
    return Outlines(b"".join(draw.of(f) for f in found), scorer.table)


@settings(max_examples=150)
@given(st.lists(RECORDS, min_size=2, max_size=8), st.integers(0, 4))
def test_an_outline_leaves_out_only_what_scores_too_little(
    records: list[dict[str, Any]], common: int
) -> None:
    """Whatever is asked for: who scores so much, or is a relative, is among those to be weighed."""
    told = [{k: v for k, v in r.items() if v is not None} for r in records]
    found = [f for r in told if (f := features.of("place", r)) is not None]
    table = load_tables().types["place"]
    rare = Rarity.counted(found)
    scorer = Scorer(table, Rarity(dict.fromkeys(rare.buckets, common)))
    pairs = [a << 32 | b for a, b in combinations(range(len(found)), 2)]
    ready = [scorer.prepared(f) for f in found]
    for least in (20, table.candidate, table.link, 180):
        worth = set(outlines(found, scorer).worth(pairs, least))
        for pair in set(pairs) - worth:
            a, b = ready[pair >> 32], ready[pair & 0xFFFFFFFF]
            score = scorer.score(a, b)
            assert score.total < least
            assert not related.reason(a.features, b.features, score)


def test_most_strangers_are_known_by_their_outlines() -> None:
    """Another house in another town need not be weighed."""
    near, far = (
        {"title": f"Comedor Sol {n}", "district": d} for n, d in (("Uno", "09007"), ("Dos", "09010"))
    )
    found = [features.of("place", {**r, "street_address": f"Luna {n}"}) for n, r in enumerate((near, far))]
    scorer = Scorer(load_tables().types["place"], Rarity({}))
    assert not list(outlines([f for f in found if f], scorer).worth([1], scorer.table.candidate))


def test_lone_words_always_cost() -> None:
    """What an outline takes for the best of two names is: more words of one's own are never better."""
    for table in load_tables().types.values():
        points = table.points
        assert 2 * points["unlike"] >= points["extra"] >= 0
        assert points["name_none"] <= points["name_least"] <= 0


@pytest.mark.parametrize("title", ["食堂", "Приют", "…"])
def test_a_name_in_other_letters_is_weighed_by_the_rest(title: str) -> None:
    """At one door, whose name has no word that can be compared is asked about as ever."""
    door = {"street_address": "Calle Sol 12", "district": "09007", "postal_code": "09010"}
    found = [features.of("place", {"title": t, **door}) for t in (title, "Comedor Jacaranda Sur")]
    scorer = Scorer(load_tables().types["place"], Rarity({}))
    assert list(outlines([f for f in found if f], scorer).worth([1], scorer.table.candidate)) == [1]
