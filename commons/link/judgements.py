"""Whose word counts about which two claims. Pure: judgements and rules in, verdicts out.

Laws:
- A listed judge counts alone. Any member counts alone for a pair with its own claim, and then only that claim
  is attached or detached. Otherwise it takes `quorum` members.
- A pair inside one member is that member's affair alone.
- Where "same" and "different" both have enough voices, the two stay apart, and that is listed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from commons.link.model import pair

SAME, DIFFERENT, UNSURE = "same", "different", "unsure"
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Judgement:
    """What `speaker` (a member) says of two claims' addresses. `address` is the judgement's own."""

    address: str
    speaker: str
    left: str
    right: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is in force.

    `joined`: full links, also within one member. `attached`: (claim, to), one claim's own word.
    `apart`: pairs never to be in one entity. `detached`: claims whose own member keeps them from something.
    `counted`: the addresses of judgements that are in force. `disputed`: pairs with enough voices both ways.
    """

    joined: frozenset[Pair] = frozenset()
    attached: frozenset[Pair] = frozenset()
    apart: frozenset[Pair] = frozenset()
    detached: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    disputed: frozenset[Pair] = frozenset()


NO_VERDICTS = Verdicts()


@dataclass
class _Votes:
    same: set[str]
    different: set[str]


def _owners(of: Pair) -> set[str]:
    return {address.partition("/")[0] for address in of}


def _gathered(judgements: Iterable[Judgement]) -> dict[Pair, _Votes]:
    """Speakers by pair; who says both of one pair has said nothing."""
    votes: dict[Pair, _Votes] = {}
    for judgement in judgements:
        if judgement.left == judgement.right or judgement.verdict not in (SAME, DIFFERENT, UNSURE):
            continue
        found = votes.setdefault(pair(judgement.left, judgement.right), _Votes(set(), set()))
        if judgement.verdict != DIFFERENT:
            found.same.add(judgement.speaker if judgement.verdict == SAME else f"?{judgement.speaker}")
        else:
            found.different.add(judgement.speaker)
    for found in votes.values():
        unclear = (found.same & found.different) | {s[1:] for s in found.same if s[0] == "?"}
        found.same = {s for s in found.same if s[0] != "?"} - unclear
        found.different -= unclear
    return votes


def _enough(speakers: set[str], owners: set[str], judges: Collection[str], quorum: int) -> bool:
    """Whether these speakers settle a pair of two members' claims for everybody."""
    return any(s in judges for s in speakers) or len(speakers) >= quorum or owners <= speakers


def weigh(judgements: Collection[Judgement], *, judges: Collection[str] = (), quorum: int = 2) -> Verdicts:
    """The verdicts in force among `judgements`, by the laws above."""
    joined, attached, apart, disputed = set(), set(), set(), set()
    detached: set[str] = set()
    sides: dict[Pair, set[str]] = {}  # pair → verdicts in force
    for of, votes in _gathered(judgements).items():
        owners = _owners(of)
        if len(owners) == 1:
            votes.same &= owners
            votes.different &= owners
        own_same, own_different = votes.same & owners, votes.different & owners
        same = bool(votes.same) and _enough(votes.same, owners, judges, quorum)
        different = bool(votes.different) and _enough(votes.different, owners, judges, quorum)
        if (same or own_same) and (different or own_different):
            disputed.add(of)
            apart.add(of)
            sides[of] = {SAME, DIFFERENT}
        elif same:
            joined.add(of)
            sides[of] = {SAME}
        elif own_same:
            attached |= {of if of[0].partition("/")[0] in own_same else (of[1], of[0])}
            sides[of] = {SAME}
        elif different or own_different:
            apart.add(of)
            sides[of] = {DIFFERENT}
            if not different:
                detached |= {a for a in of if a.partition("/")[0] in own_different}
    counted = {j.address for j in judgements if j.verdict in sides.get(pair(j.left, j.right), ())}
    return Verdicts(
        frozenset(joined), frozenset(attached), frozenset(apart), frozenset(detached), frozenset(counted),
        frozenset(disputed),
    )  # fmt: skip
