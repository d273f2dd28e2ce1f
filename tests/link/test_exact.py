"""Exact linking: what joins, what never joins, and that order does not matter."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.link.exact import decide, decide_at_places, strong_identifier
from commons.link.judgements import Judgement, Verdicts, weigh
from commons.link.model import LinkClaim

A, B, C, D = (letter * 26 for letter in "abcd")


def claim(
    member: str, id: str = "x", name: str = "Comedor La Paz", *ids: str, same_as: str | None = None
) -> LinkClaim:
    return LinkClaim(f"{member}/place/{id}", (name,) if name else (), ids, same_as)


def joined(*claims: LinkClaim, verdicts: Verdicts | None = None) -> list[set[str]]:
    decided = decide(claims, verdicts or Verdicts())
    return [{f"{a[0]}{a.rsplit('/')[-1]}" for a in cluster} for cluster in decided.clusters]


def reasons(*claims: LinkClaim, verdicts: Verdicts | None = None) -> set[str]:
    return {c.reason for c in decide(claims, verdicts or Verdicts()).candidates}


def test_one_identifier_joins_names_that_do_not_contradict() -> None:
    """Spelling, accents and legal forms do not keep a thing from itself."""
    ids = ("MX-CLUNI:ABC 010",)
    names = ("Comedor La Paz, A.C.", "COMEDOR LA PAZ", "Comedor comunitario La Paz")
    assert joined(*(claim(m, "x", n, *ids) for m, n in zip((A, B, C), names, strict=True))) == [
        {"ax", "bx", "cx"}
    ]


def test_one_identifier_with_contradicting_names_is_asked_about() -> None:
    """A parent's number on a branch joins nothing by itself."""
    claims = (claim(A, "x", "Casa Norte", "X-ID:100200"), claim(B, "x", "Casa Sur", "X-ID:100200"))
    assert joined(*claims) == []
    assert reasons(*claims) == {"names"}


def test_one_identifier_under_other_names_in_one_list_is_its_members_question() -> None:
    """Each name that contradicts the others is asked about once; spellings of one name are not."""
    names = ("Scouts Ahuehuete", "Scouts Colorín", "Scouts Colorin A.C.", "Coro Tepozán")
    claims = [claim(A, f"r{n}", name, "X-ID:306101") for n, name in enumerate(names)]
    found = {(c.a[-2:], c.b[-2:], c.reason) for c in decide(claims).candidates}
    assert found == {("r0", "r1", "names"), ("r0", "r3", "names")}


def test_a_claim_that_fits_two_of_one_member_links_to_the_better_or_to_neither() -> None:
    """The clear best wins; a tie is that member's question."""
    ids = "X-ID:100200"
    better = (claim(A, "x", "Comedor La Paz", ids), claim(B, "x", "Comedor La Paz", ids))
    worse = claim(B, "y", "Comedor La Paz Centro", ids)
    assert joined(*better, worse) == [{"ax", "bx"}]
    twin = claim(B, "y", "Comedor La Paz", ids)
    assert joined(*better, twin) == []
    assert reasons(*better, twin) == {"tie"}


def test_same_as_attaches_one_claim_and_joins_no_strangers() -> None:
    """Whoever writes `same_as` brings its own record along and nobody else's."""
    stranger, other = claim(A, "x", "Uno"), claim(B, "x", "Dos")
    bridge = claim(C, "x", "Tres", "X-ID:100200", same_as=stranger.address)
    follower = claim(D, "x", "Cuatro", same_as=bridge.address)
    linked = claim(B, "y", "Tres", "X-ID:100200")
    assert joined(stranger, other, bridge, linked, follower) == [{"ax", "cx"}]
    assert "chain" in reasons(stranger, other, bridge, linked, follower)


def test_same_as_joins_no_strangers_through_a_judgement_either() -> None:
    """Two others said that C is A; its own `same_as` to B does not make A and B one."""
    a, b, c = (claim(m, "x", name) for m, name in ((A, "Uno"), (B, "Dos"), (C, "Tres")))
    words = [Judgement(f"{m}/judgement/j", m, a.address, c.address, "same") for m in (B, D)]
    named = LinkClaim(c.address, c.names, (), b.address)
    assert joined(a, b, named, verdicts=weigh(words)) == [{"ax", "cx"}]
    assert "two-targets" in {k.reason for k in decide([a, b, named], weigh(words)).candidates}


def test_two_records_that_name_each_other_are_a_pair() -> None:
    """Both members said it."""
    a, b = claim(A, "x", "Uno"), claim(B, "x", "Dos", same_as=f"{A}/place/x")
    assert joined(LinkClaim(a.address, a.names, (), b.address), b) == [{"ax", "bx"}]


def test_two_claims_of_one_member_to_one_target_stay_out_both() -> None:
    """An entity holds one claim per member."""
    target = claim(A)
    claims = [claim(B, i, "Otro", same_as=target.address) for i in "xy"]
    assert joined(target, *claims) == []
    assert reasons(target, *claims) == {"tie"}


def test_a_dangling_same_as_is_listed() -> None:
    """The target is not in this pool."""
    assert decide([claim(A, same_as=f"{B}/place/gone")]).unknown == (f"{A}/place/x",)


def test_a_members_word_against_a_pair_parts_only_its_own_claim() -> None:
    """ "Mine is different" cannot be used to part two others."""
    claims = [claim(m, "x", "Comedor La Paz", "X-ID:100200") for m in (A, B, C)]
    word = Judgement(f"{A}/judgement/j", A, f"{A}/place/x", f"{C}/place/x", "different")
    assert joined(*claims, verdicts=weigh([word])) == [{"bx", "cx"}]


def test_what_fits_two_that_are_settled_to_be_different_links_to_neither() -> None:
    """Two others judged that A and B differ; who has the same name and identifier fits both equally."""
    claims = [claim(m, "x", "Comedor La Paz", "X-ID:100200") for m in (A, B, C, D)]
    words = [Judgement(f"{m}/judgement/j", m, f"{A}/place/x", f"{B}/place/x", "different") for m in (C, D)]
    assert joined(*claims, verdicts=weigh(words)) == [{"cx", "dx"}]
    assert {k.reason for k in decide(claims, weigh(words)).candidates} == {"tie"}


def test_a_service_at_a_place_with_same_as_does_not_part_the_others() -> None:
    """It is attached where it says, and the others are still one thing."""
    a, b, c = (f"{m}/service_at_place/x" for m in (A, B, C))
    claims = [LinkClaim(a, same_as=f"{D}/service_at_place/gone"), LinkClaim(b), LinkClaim(c)]
    assert decide_at_places(claims, [(x, 1, 2) for x in (a, b, c)]).clusters == ((b, c),)


def test_services_at_places_follow_their_service_and_place() -> None:
    """One service entity at one place entity is one thing; two of one member are asked about."""
    rows = [
        (f"{m}/service_at_place/{i}", 1, p)
        for m, i, p in ((A, "x", 2), (B, "x", 2), (C, "x", 3), (C, "y", 3))
    ]
    decided = decide_at_places(
        [LinkClaim(a) for a, _s, _p in rows], [*rows, (f"{D}/service_at_place/x", 1, 3)]
    )
    assert decided.clusters == ((rows[0][0], rows[1][0]),)


@pytest.mark.parametrize("text", ["MX-RFC:XXX", "x", "CCT:00000", "CCT:n/a", ":1234", "CCT:S/N", "CCT:sin"])
def test_placeholders_identify_nothing(text: str) -> None:
    """Zeros, repeated letters and "not known" in several spellings."""
    assert strong_identifier(text) is None


NAMES = st.sampled_from(["Comedor La Paz", "Comedor Paz", "Casa Sol", "Casa Luna", "Casa Sol Norte", ""])
ADDRESSES = [f"{m}/place/{i}" for m in (A, B, C, D) for i in "xyz"]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[LinkClaim], list[Judgement]]:
    """Up to twelve claims with few names, identifiers and cross-references, and what people said of them."""
    claims = []
    for address in draw(st.lists(st.sampled_from(ADDRESSES), min_size=2, unique=True)):
        name = draw(NAMES)
        ids = tuple(draw(st.lists(st.sampled_from(["I:111222", "I:333444"]), max_size=2, unique=True)))
        same_as = draw(st.none() | st.sampled_from(ADDRESSES)) if draw(st.booleans()) else None
        claims.append(LinkClaim(address, (name,) if name else (), ids, same_as))
    words = st.tuples(
        st.sampled_from((A, B, C, D)),
        *(st.sampled_from(ADDRESSES),) * 2,
        st.sampled_from(("same", "different")),
    )
    said = [Judgement(f"{w[0]}/judgement/{n}", *w) for n, w in enumerate(draw(st.lists(words, max_size=6)))]
    return claims, said


@given(worlds(), st.randoms(use_true_random=False))
def test_order_does_not_matter(world: tuple[list[LinkClaim], list[Judgement]], mix: random.Random) -> None:
    """Claims and judgements in any order give one decision."""
    claims, said = world
    before = decide(claims, weigh(said))
    mix.shuffle(claims)
    mix.shuffle(said)
    assert decide(claims, weigh(said)) == before


@given(worlds())
def test_different_is_never_joined_also_not_through_a_third(
    world: tuple[list[LinkClaim], list[Judgement]],
) -> None:
    """No entity holds two claims that are judged apart."""
    claims, said = world
    verdicts = weigh(said)
    for cluster in decide(claims, verdicts).clusters:
        assert not any(a in cluster and b in cluster for a, b in verdicts.apart)


@given(worlds())
def test_an_entity_holds_one_claim_per_member_unless_that_member_joins_more(
    world: tuple[list[LinkClaim], list[Judgement]],
) -> None:
    """Without a word of its own, no member finds two of its records made one."""
    claims, said = world
    own = {a[0] for j in said if j.verdict == "same" for a in (j.left, j.right) if j.left[0] == j.right[0]}
    own |= {c.address[0] for c in claims if c.same_as and c.same_as[0] == c.address[0]}
    for cluster in decide(claims, weigh(said)).clusters:
        members = [a[0] for a in cluster if a[0] not in own]
        assert len(members) == len(set(members))


def test_one_identifier_on_very_many_records_costs_no_more_than_reading_them() -> None:
    """Twenty thousand records of one member and one name: compared with nobody, and few questions asked."""
    ids = ("X-ID:100200",)
    many = [LinkClaim(f"{A}/place/n{n}", ("Comedor La Paz",), ids) for n in range(20_000)]
    decided = decide([*many, claim(B, "x", "Comedor La Paz", *ids), claim(C, "x", "Comedor La Paz", *ids)])
    assert decided.clusters == ((f"{B}/place/x", f"{C}/place/x"),)
    assert 0 < len(decided.candidates) <= 20
