"""Which member's value is shown, in which order of arguments, and that rivals are never hidden."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.format.identity import identity_digest
from commons.merge.fuse import Context, Plan, Said, Vouch, fuse, subject_claims, vouched_members
from commons.schema.spec import load_schema

A, B, C = (letter * 26 for letter in "abc")
AS_OF = "2026-11-21T18:30:00Z"
PLACE = Plan(load_schema().types["place"])
SERVICE = Plan(load_schema().types["service"])


def said(member: str, **fields: object) -> Said:
    return Said(f"{member}/place/x", {"title": "Comedor", **fields})  # type: ignore[dict-item]


def summary(*claims: Said, **context: object) -> object:
    return fuse(claims, PLACE, Context(AS_OF, **context)).fields.get("summary")  # type: ignore[arg-type]


def test_the_least_address_wins_where_nothing_else_decides() -> None:
    """(4) address."""
    assert summary(said(B, summary="b"), said(A, summary="a")) == "a"


def test_the_later_month_wins_and_the_future_does_not_count() -> None:
    """(3) confirmed_at by month; a date after `as_of` is none."""
    old, new = said(A, summary="a", confirmed_at="2026-01-31T00:00:00Z"), "2026-02-01T00:00:00Z"
    assert summary(old, said(B, summary="b", confirmed_at=new)) == "b"
    assert summary(old, said(B, summary="b", confirmed_at="2099-01-01T00:00:00Z")) == "a"
    assert (
        summary(said(A, summary="a", confirmed_at=new), said(B, summary="b", confirmed_at=new[:8] + "28"))
        == "a"
    )


def test_vouched_members_come_before_fresh_ones() -> None:
    """(2) how many others vouch for the speaker."""
    fresh = said(A, summary="a", confirmed_at="2026-11-01T00:00:00Z")
    assert summary(fresh, said(B, summary="b"), vouched={B: 1}) == "b"


def test_the_subject_comes_first_and_names_the_entity() -> None:
    """(1) who speaks for itself; a claim speaks too that refers to its own organisation's claim."""
    own = f"{C}/organization/c"
    claims = (said(A, summary="a"), said(C, summary="c", organization=own))
    fused = fuse(claims, PLACE, Context(AS_OF, subjects=frozenset({own}), vouched={A: 9}))
    assert (fused.fields["summary"], fused.subject, fused.address) == ("c", C, f"{C}/place/x")
    borrowed = (said(A, summary="a"), said(B, summary="b", organization=own))
    assert fuse(borrowed, PLACE, Context(AS_OF, subjects=frozenset({own}))).subject is None


def test_an_address_comes_from_one_claim() -> None:
    """A street of one list with a position of another is no address."""
    one = said(A, street_address="Calle 1", district="09007")
    two = said(B, street_address="Calle 2", latitude_e6=19_300_000, longitude_e6=-99_100_000, capacity=4)
    fields = fuse([one, two], PLACE, Context(AS_OF)).fields
    assert fields["street_address"] == "Calle 1" and "latitude_e6" not in fields
    assert fields["capacity"] == 4


def test_lists_unite_and_one_telephone_stands_once() -> None:
    """`fuse: union`."""
    one = said(A, topics=["food"], phones=[{"number": "+525555550134"}])
    two = said(B, topics=["health", "food"], phones=[{"number": "+525555550134", "kind": "voice"}])
    fields = fuse([one, two], PLACE, Context(AS_OF)).fields
    assert fields["topics"] == ["food", "health"] and fields["phones"] == [{"number": "+525555550134"}]


def test_rivals_are_listed_with_who_and_which_is_shown() -> None:
    """Every claim that has a value of a field in which they differ."""
    fused = fuse([said(A, capacity=5), said(B, capacity=9), said(C)], PLACE, Context(AS_OF))
    assert [(r.field, r.address[0], r.value, r.shown) for r in fused.rivals] == [
        ("capacity", "a", 5, True),
        ("capacity", "b", 9, False),
    ]


def test_references_lead_to_entities() -> None:
    """Also where two claims name two claims of one entity: then they agree."""
    renamed = {f"{B}/organization/o": f"{A}/organization/o"}
    claims = [
        Said(f"{m}/service/x", {"title": "Taller", "organization": f"{m}/organization/o"}) for m in (A, B)
    ]
    fused = fuse(claims, SERVICE, Context(AS_OF, renamed=renamed))
    assert fused.fields["organization"] == f"{A}/organization/o" and fused.rivals == ()


@pytest.mark.parametrize(
    ("changed", "still"),
    [({"summary": "otra"}, True), ({"title": "Otro"}, False), ({"email": "x@example.org"}, False)],
)
def test_a_vouch_lapses_when_name_or_contacts_change(changed: dict[str, str], still: bool) -> None:
    """Nobody becomes subject by copying a number and changing the name afterwards."""
    address, fields = f"{A}/organization/o", {"title": "Comedor", "identifiers": ["X-ID:10020"]}
    vouches = [Vouch(m, address, "speaks_for", identity_digest(fields)) for m in (B, C)]
    found = subject_claims(vouches, {address: {**fields, **changed}}, (), needed=2, as_of=AS_OF)
    assert found == (frozenset({address}) if still else frozenset())


def test_own_and_expired_vouches_do_not_count() -> None:
    """Neither for a member nor for a claim."""
    vouches = [Vouch(A, A), Vouch(B, A), Vouch(B, A), Vouch(C, A, expires_at="2026-01-01T00:00:00Z")]
    assert vouched_members(vouches, AS_OF) == {A: 1}


CLAIMS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "summary": st.sampled_from(["x", "y"]),
            "capacity": st.integers(0, 3),
            "topics": st.lists(st.sampled_from(["food", "health"]), min_size=1, unique=True),
            "street_address": st.sampled_from(["Calle 1", "Calle 2"]),
            "confirmed_at": st.sampled_from(["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"]),
        },
    ),
    min_size=1,
    max_size=5,
)


@given(CLAIMS, st.randoms(use_true_random=False))
def test_order_does_not_matter(values: list[dict[str, object]], mix: random.Random) -> None:
    """And every value shown was said by somebody."""
    claims = [said(letter * 26, **fields) for letter, fields in zip("abcde", values, strict=False)]
    before = fuse(claims, PLACE, Context(AS_OF))
    mix.shuffle(claims)
    assert fuse(claims, PLACE, Context(AS_OF)) == before
    for name in ("summary", "capacity", "street_address"):
        assert before.fields.get(name) in [c.fields.get(name) for c in claims]
