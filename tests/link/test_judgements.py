"""Whose word counts about which two claims."""

from __future__ import annotations

from commons.link.judgements import Judgement, Verdicts, weigh

A, B, C, D = (letter * 26 for letter in "abcd")


def word(speaker: str, left: str, right: str, verdict: str = "same") -> Judgement:
    return Judgement(
        f"{speaker}/judgement/{left[0]}{right[0]}{verdict}",
        speaker,
        f"{left}/place/x",
        f"{right}/place/x",
        verdict,
    )


PAIR = (f"{A}/place/x", f"{B}/place/x")


def test_a_member_alone_attaches_its_own_claim_only() -> None:
    """Its word about a pair with its own claim is enough for that claim."""
    assert weigh([word(B, A, B)]).attached == {(PAIR[1], PAIR[0])}


def test_a_stranger_alone_settles_nothing_and_two_do() -> None:
    """The quorum."""
    assert weigh([word(C, A, B)]) == Verdicts()
    assert weigh([word(C, A, B), word(D, A, B)]).joined == {PAIR}
    assert weigh([word(C, A, B), word(C, A, B)]) == Verdicts()


def test_a_listed_judge_counts_alone() -> None:
    """`judges.from` of the policy."""
    found = weigh([word(C, A, B, "different")], judges={C})
    assert found.apart == {PAIR} and found.detached == frozenset()


def test_both_members_together_join_fully() -> None:
    """Both owners said it."""
    assert weigh([word(A, A, B), word(B, A, B)]).joined == {PAIR}


def test_a_pair_inside_one_member_is_that_members_affair() -> None:
    """No quorum of others can join or part two records of one member."""
    own = (f"{A}/place/x", f"{A}/place/y")
    others = [Judgement(f"{m}/judgement/j", m, *own, "different") for m in (B, C, D)]
    assert weigh(others) == Verdicts()
    assert weigh([*others, Judgement(f"{A}/judgement/j", A, *own, "same")]).joined == {own}


def test_enough_voices_both_ways_keep_apart_and_are_listed() -> None:
    """Unresolved stays apart."""
    found = weigh([word(C, A, B), word(D, A, B), word(A, A, B, "different")])
    assert found.apart == {PAIR} and found.disputed == {PAIR} and len(found.counted) == 3


def test_who_says_both_or_is_not_sure_has_said_nothing() -> None:
    """One member's contradicting judgements cancel each other."""
    assert weigh([word(B, A, B), word(B, A, B, "different")]) == Verdicts()
    assert weigh([word(B, A, B), word(B, A, B, "not_sure")]) == Verdicts()
