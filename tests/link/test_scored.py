"""Scored linking: what joins without asking, what is asked, what never joins, whatever the order."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commons.link import features, whole
from commons.link.judgements import Judgement, Verdicts, weigh
from commons.link.model import Decision
from commons.link.rarity import Rarity
from commons.link.score import Scorer
from commons.link.tables import load_tables

A, B, C, D = (letter * 26 for letter in "abcd")
HOUSE = {"street_address": "Calle Jacaranda 12", "district": "09007"}
PHONE = {"phones": [{"number": "+525555550134"}]}
Record = tuple[str, dict[str, Any]]


def record(member: str, id: str, title: str, type: str = "place", **fields: Any) -> Record:
    return f"{member}/{type}/{id}", {"title": title, **fields}


def short(address: str) -> str:
    return address[0] + address.rsplit("/", 1)[1]


def joined(*records: Record) -> list[set[str]]:
    return [{short(a) for a in cluster} for cluster in whole.run(records).clusters]


def asked(*records: Record) -> dict[frozenset[str], str]:
    return {frozenset({short(c.a), short(c.b)}): c.reason for c in whole.run(records).candidates}


def test_a_name_and_a_house_join_without_asking() -> None:
    """Spelling, abbreviations and legal forms do not matter."""
    one = record(A, "x", "Comedor Jacarandas, A.C.", **HOUSE)
    other = record(B, "x", "COMEDOR  JACARANDAS", street_address="C. Jacaranda #12", district="09007")
    assert joined(one, other) == [{"ax", "bx"}]


def test_a_name_alone_is_asked_about() -> None:
    """However rare it is: an automatic link needs a place, a contact or an identifier."""
    records = (
        record(A, "x", "Comedor Jacarandas del Pedregal"),
        record(B, "x", "Comedor Jacarandas del Pedregal"),
    )
    assert joined(*records) == []
    assert asked(*records) == {frozenset({"ax", "bx"}): "name-only"}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"title": "Taxqueña I", **HOUSE}, {"title": "Taxqueña II", **HOUSE}),
        ({"title": "Primaria 1a Sección", **HOUSE}, {"title": "Primaria segunda sección", **HOUSE}),
        ({"title": "Casa Norte Sol", **HOUSE}, {"title": "Casa Sur Sol", **HOUSE}),
        ({"title": "La Esperanza", "district": "09007"}, {"title": "La Esperanza", "district": "09010"}),
        (
            {"title": "San Miguel (Barr)", "district": "09007"},
            {"title": "San Miguel (Pblo)", "district": "09007"},
        ),
    ],
)
def test_what_only_looks_alike_is_neither_joined_nor_asked(
    left: dict[str, Any], right: dict[str, Any]
) -> None:
    """Sections, points of the compass, towns and kinds of settlement tell things apart."""
    records = (f"{A}/place/x", left), (f"{B}/place/x", right)
    assert joined(*records) == []
    assert asked(*records) == {}


def test_branches_with_the_head_offices_phone_become_a_proposal() -> None:
    """Different house numbers: the phone counts nothing, and the two are related, not the same."""
    head = record(A, "x", "Fundación Tlaloc", street_address="Calle Palma 3", postal_code="09570", **PHONE)
    branch = record(
        B, "x", "Fundación Tlaloc Coapa", street_address="Calle Olivo 90", postal_code="04910", **PHONE
    )
    decision = whole.run((head, branch))
    assert decision.clusters == ()
    assert [(short(r.a), r.kind, short(r.b), r.reason) for r in decision.related] == [
        ("bx", "part_of", "ax", "branch")
    ]


def test_facilities_of_one_house_in_one_list_stay_apart() -> None:
    """One publisher, one address, unlike names: not even asked, and not joined through another's record."""
    records = (
        record(A, "x", "Biblioteca Xochipilli", **HOUSE, **PHONE),
        record(A, "y", "Dispensario Quetzal", **HOUSE, **PHONE),
        record(B, "x", "Biblioteca Xochipilli", **HOUSE, **PHONE),
    )
    assert joined(*records) == [{"ax", "bx"}]
    assert frozenset({"ax", "ay"}) not in asked(*records)


def test_a_tie_joins_neither_and_is_a_choice() -> None:
    """One record fits two of another list equally: at most one of the two answers can be right."""
    name = "Taller Cuauhtepetl"
    records = (
        record(A, "x", name, district="09007", url="https://uno.example.mx"),
        record(A, "y", name, district="09010", url="https://dos.example.mx"),
        record(B, "x", name),
    )
    decision = whole.run(records)
    assert decision.clusters == ()
    assert {frozenset({short(c.a), short(c.b)}) for c in decision.choices} == {
        frozenset({"ax", "bx"}),
        frozenset({"ay", "bx"}),
    }


def test_unequal_official_keys_are_asked_about_and_never_joined() -> None:
    """Equal name and place, unlike registration: borrowed, mistyped, or two things."""
    one = record(A, "x", "Comedor Jacarandas", **HOUSE, **PHONE, identifiers=["MX-CLUNI:ABC0102"])
    other = record(B, "x", "Comedor Jacarandas", **HOUSE, **PHONE, identifiers=["MX-CLUNI:ABC0199"])
    assert joined(one, other) == []
    assert asked(one, other) == {frozenset({"ax", "bx"}): "identifiers"}


def test_a_former_name_and_initials_are_names_too() -> None:
    """`antes …`, `formerly …` and a short name in brackets."""
    site = {"url": "https://www.oidos.example.mx/quienes"}
    records = (
        record(A, "x", "Acción por la Audición (antes Instituto Tonantzin)", "organization", **site),
        record(B, "x", "Instituto Tonantzin A.C.", "organization", **site),
        record(C, "x", "Red Vecinal Ollin (RVO)", "organization", **PHONE),
        record(D, "x", "RVO", "organization", **PHONE),
    )
    assert joined(*records) == [{"ax", "bx"}, {"cx", "dx"}]


def test_shared_hosts_and_free_mail_are_no_contact() -> None:
    """That two have a page on one network says nothing; that both name one page does."""
    name = "Colectivo Papalotl"
    apart = (
        record(A, "x", name, "organization", url="https://facebook.com/uno", email="a@gmail.com"),
        record(B, "x", name, "organization", url="https://facebook.com/dos", email="b@gmail.com"),
    )
    assert joined(*apart) == []
    same = [(a, {**f, "url": "https://facebook.com/papalotl"}) for a, f in apart]
    assert joined(*same) == [{"ax", "bx"}]


NAMES = [
    "Comedor Jacarandas",
    "Comedor Jacarandas II",
    "Jacarandas",
    "Biblioteca Xochitl",
    "Comedor Jacaranda",
]
PLACES: list[dict[str, Any]] = [
    {},
    HOUSE,
    {"district": "09007"},
    {**HOUSE, "street_address": "Calle Palma 3"},
]
CONTACTS: list[dict[str, Any]] = [{}, PHONE, {"url": "https://uno.example.mx"}]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Record], list[Judgement]]:
    records = []
    for n in range(draw(st.integers(2, 8))):
        fields = {
            "title": draw(st.sampled_from(NAMES)),
            **draw(st.sampled_from(PLACES)),
            **draw(st.sampled_from(CONTACTS)),
        }
        records.append((f"{draw(st.sampled_from((A, B, C)))}/place/r{n}", fields))
    pairs = st.tuples(st.sampled_from(records), st.sampled_from(records), st.sampled_from((A, B, C, D)))
    words = draw(st.lists(st.tuples(pairs, st.sampled_from(("same", "different"))), max_size=4))
    said = [
        Judgement(f"{who}/judgement/j{n}", who, x[0], y[0], verdict)
        for n, ((x, y, who), verdict) in enumerate(words)
        if x[0] != y[0]
    ]
    return records, said


def decided(world: tuple[list[Record], list[Judgement]]) -> Decision:
    records, said = world
    return whole.run(records, verdicts=weigh(said, judges=(D,)))


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_a_score_is_the_same_from_either_side(world: tuple[list[Record], list[Judgement]]) -> None:
    """Whoever is named first."""
    found = [f for _a, fields in world[0] if (f := features.of("place", fields)) is not None]
    scorer = Scorer(load_tables().types["place"], Rarity.counted(set(found)))
    ready = [scorer.prepared(f) for f in found]
    for one in ready:
        for other in ready:
            assert dict(scorer.score(one, other).parts) == dict(scorer.score(other, one).parts)


@settings(max_examples=120, deadline=None)
@given(worlds(), st.randoms())
def test_order_changes_nothing(world: tuple[list[Record], list[Judgement]], shuffled: random.Random) -> None:
    """Neither that of records nor that of judgements; and the same again is the same."""
    before = decided(world)
    for part in world:
        shuffled.shuffle(part)  # type: ignore[arg-type]
    assert decided(world) == before


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_different_is_never_joined_not_even_through_a_third(
    world: tuple[list[Record], list[Judgement]],
) -> None:
    """Whoever is judged apart, by a judge or by a member about its own, is in two clusters."""
    verdicts = weigh(world[1], judges=(D,))
    for cluster in decided(world).clusters:
        assert not any({a, b} <= set(cluster) for a, b in verdicts.apart)


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_a_cluster_has_one_claim_per_member_unless_judged(
    world: tuple[list[Record], list[Judgement]],
) -> None:
    """Only people's word brings two records of one list together."""
    records, _said = world
    for cluster in whole.run(records).clusters:
        members = [a.partition("/")[0] for a in cluster]
        assert len(members) == len(set(members))


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_yes_to_everything_asked_joins_all_of_it_and_parts_nothing(
    world: tuple[list[Record], list[Judgement]],
) -> None:
    """A queue can be emptied: no answer takes a seat from what was linked, and none is refused."""
    before = whole.run(world[0])
    said = frozenset((c.a, c.b) for c in before.candidates)
    after = whole.run(world[0], verdicts=Verdicts(joined=said))
    of = {address: n for n, cluster in enumerate(after.clusters) for address in cluster}
    assert all(of[a] == of[b] for a, b in said)
    assert all(len({of[a] for a in cluster}) == 1 for cluster in before.clusters)
    assert not said & {(c.a, c.b) for c in after.candidates}


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_a_score_is_the_sum_of_its_parts_and_rests_on_more_than_the_name(
    world: tuple[list[Record], list[Judgement]],
) -> None:
    """Whatever joins can be shown, part by part."""
    about_name = {"name", "whole name", "other words", "marks", "legal form", "spelling", "acronym"}
    decision = whole.run(world[0])
    for found in (*decision.links, *decision.candidates):
        assert found.score == sum(int(points) for points in found.evidence.values())
    for link in decision.links:
        assert any(int(points) > 0 for part, points in link.evidence.items() if part not in about_name)
