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


def test_where_they_disagree_a_quorum_wins_against_less() -> None:
    """A judge alone yields to a quorum that says otherwise, both ways."""
    judge = word(C, A, B, "different")
    others = [word("e" * 26, A, B), word("f" * 26, A, B)]
    assert weigh([judge, *others], judges={C}).joined == {PAIR}
    judge = word(C, A, B)
    others = [word("e" * 26, A, B, "different"), word("f" * 26, A, B, "different")]
    found = weigh([judge, *others], judges={C})
    assert found.apart == {PAIR} and not found.disputed


def test_nobodys_claim_is_joined_against_its_own_members_different() -> None:
    """Whatever a quorum or a judge says: it stays apart, and is listed."""
    said = [word(A, A, B, "different"), word(B, A, B), word(C, A, B), word(D, A, B)]
    found = weigh(said, judges={C})
    assert found.apart == {PAIR} and found.disputed == {PAIR} and not found.joined


def test_an_overtaken_same_joins_no_more_and_an_overtaken_different_keeps_apart() -> None:
    """In doubt, apart; both are asked again."""
    said = [word(B, A, B)]
    found = weigh(said, changed={said[0].address})
    assert not found.attached and not found.counted and found.again == {PAIR}
    said = [word(B, A, B, "different")]
    found = weigh(said, changed={said[0].address})
    assert found.apart == {PAIR} and found.again == {PAIR}


def test_what_fresh_judgements_settle_is_not_asked_again() -> None:
    """Others have looked since."""
    old, new = word(A, A, B), word(B, A, B)
    assert weigh([old, new], changed={old.address}).again == frozenset()
