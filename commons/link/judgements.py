"""Whose word counts about which two claims. Pure: judgements and rules in, verdicts out.

Laws:
- A listed judge counts alone. Any member counts alone for a pair with its own claim, and then only that claim
  is attached or detached. Otherwise it takes `quorum` members.
- A pair inside one member is that member's affair alone.
- Where "same" and "different" both have enough voices, the side with a quorum wins against one without; but
  nobody's claim is joined against its own member's "different". What is not settled so stays apart, and is
  listed.
- In doubt, apart: a judgement about a record that changed a lot since no longer joins, but goes on keeping
  apart, until somebody judges again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from commons.link.model import pair

SAME, DIFFERENT, UNSURE = "same", "different", "not_sure"
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Judgement:
    """What `speaker` (a member) says of two claims' addresses. `address` is the judgement's own.

    Titles and digests say what the two were when they were judged (`judged.digest`); empty: not said.
    """

    address: str
    speaker: str
    left: str
    right: str
    verdict: str
    left_title: str = ""
    left_digest: str = ""
    right_title: str = ""
    right_digest: str = ""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is in force.

    `joined`: full links, also within one member. `attached`: (claim, to), one claim's own word.
    `apart`: pairs never to be in one entity. `detached`: claims whose own member keeps them from something.
    `counted`: the addresses of judgements that are in force. `disputed`: pairs with enough voices both ways.
    `again`: pairs to be judged again, since a record changed a lot and nothing newer settles them.
    """

    joined: frozenset[Pair] = frozenset()
    attached: frozenset[Pair] = frozenset()
    apart: frozenset[Pair] = frozenset()
    detached: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    disputed: frozenset[Pair] = frozenset()
    again: frozenset[Pair] = frozenset()


NO_VERDICTS = Verdicts()


class Concerning:
    """Picks from many verdicts those that concern a few addresses and keep something apart."""

    def __init__(self, verdicts: Verdicts) -> None:
        self._detached = verdicts.detached
        self._apart: dict[str, list[Pair]] = {}
        for of in verdicts.apart:
            for address in of:
                self._apart.setdefault(address, []).append(of)

    def __call__(self, addresses: Collection[str]) -> Verdicts:
        if not self._apart:
            return NO_VERDICTS
        apart = frozenset(of for a in addresses for of in self._apart.get(a, ()))
        return (
            Verdicts(apart=apart, detached=self._detached.intersection(addresses)) if apart else NO_VERDICTS
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """`judges`: members whose word settles a pair alone; `quorum`: how many others it takes."""

    judges: Collection[str] = ()
    quorum: int = 2


@dataclass(slots=True)
class Votes:
    """Who says what of one pair; whoever says both, or is not sure, has said nothing."""

    same: set[str] = field(default_factory=set)
    different: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Settled:
    """How a pair stands: `verdict` SAME, DIFFERENT, or None; `own`: only for the claims of those who say so.

    `disputed`: both sides have enough voices, so the verdict is DIFFERENT for as long as that lasts.
    """

    verdict: str | None = None
    own: frozenset[str] = frozenset()
    disputed: bool = False


def owners_of(of: Pair) -> frozenset[str]:
    """The members whose claims the pair is of."""
    return frozenset(address.partition("/")[0] for address in of)


def votes_of(judgements: Iterable[Judgement], changed: Collection[str] = ()) -> dict[Pair, Votes]:
    """Voices by pair. "Same" of a judgement in `changed` is no voice; whoever says both has said nothing."""
    said: dict[Pair, dict[str, set[str]]] = {}
    for judgement in judgements:
        if judgement.left == judgement.right or judgement.verdict not in (SAME, DIFFERENT, UNSURE):
            continue
        speakers = said.setdefault(pair(judgement.left, judgement.right), {})
        if judgement.verdict == SAME and judgement.address in changed:
            continue
        speakers.setdefault(judgement.speaker, set()).add(judgement.verdict)
    return {
        of: Votes(
            {s for s, verdicts in speakers.items() if verdicts == {SAME}},
            {s for s, verdicts in speakers.items() if verdicts == {DIFFERENT}},
        )
        for of, speakers in said.items()
    }


def settle(of: Pair, votes: Votes, rules: Rules = Rules()) -> Settled:
    """How one pair stands, by the laws above."""
    owners = owners_of(of)
    if len(owners) == 1:
        if votes.same & owners:
            return Settled(SAME)
        return Settled(DIFFERENT) if votes.different & owners else Settled()
    same, different = votes.same, votes.different
    same_full, different_full = _enough(same, owners, rules), _enough(different, owners, rules)
    own_same, own_different = same & owners, different & owners
    if (same_full or own_same) and (different_full or own_different):
        if len(different) >= rules.quorum > len(same):
            return Settled(DIFFERENT)
        if len(same) >= rules.quorum > len(different) and not own_different:
            return Settled(SAME)
        return Settled(DIFFERENT, disputed=True)
    if same_full or own_same:
        return Settled(SAME, frozenset() if same_full else frozenset(own_same))
    if different_full or own_different:
        return Settled(DIFFERENT, frozenset() if different_full else frozenset(own_different))
    return Settled()


def _enough(speakers: set[str], owners: Collection[str], rules: Rules) -> bool:
    """Whether these speakers settle a pair of two members' claims for everybody."""
    return (
        any(s in rules.judges for s in speakers)
        or len(speakers) >= rules.quorum
        or (bool(speakers) and set(owners) <= speakers)
    )


def weigh(
    judgements: Collection[Judgement],
    *,
    judges: Collection[str] = (),
    quorum: int = 2,
    changed: Collection[str] = (),
) -> Verdicts:
    """The verdicts in force among `judgements`, by the laws above.

    Args:
        changed: addresses of judgements about a record that changed a lot since (`judged.changed_a_lot`).
    """
    rules = Rules(frozenset(judges), quorum)
    joined, attached, apart, disputed = set(), set(), set(), set()
    detached: set[str] = set()
    settled: dict[Pair, Settled] = {}
    for of, votes in votes_of(judgements, changed).items():
        found = settled[of] = settle(of, votes, rules)
        if found.verdict == SAME and not found.own:
            joined.add(of)
        elif found.verdict == SAME:
            attached.add(of if of[0].partition("/")[0] in found.own else (of[1], of[0]))
        elif found.verdict == DIFFERENT:
            apart.add(of)
            detached |= {a for a in of if a.partition("/")[0] in found.own}
            if found.disputed:
                disputed.add(of)
    return Verdicts(
        frozenset(joined), frozenset(attached), frozenset(apart), frozenset(detached),
        frozenset(j.address for j in judgements if _counts(j, settled, changed)), frozenset(disputed),
        _again(judgements, settled, rules, changed),
    )  # fmt: skip


def _counts(judgement: Judgement, settled: dict[Pair, Settled], changed: Collection[str]) -> bool:
    """Whether a judgement is among those that settle its pair."""
    of = pair(judgement.left, judgement.right)
    found = settled.get(of)
    if found is None or found.verdict is None or judgement.verdict not in (SAME, DIFFERENT):
        return False
    owners = owners_of(of)
    if len(owners) == 1 and judgement.speaker not in owners:
        return False
    if judgement.verdict == SAME and judgement.address in changed:
        return False
    return found.disputed or judgement.verdict == found.verdict


def _again(
    judgements: Collection[Judgement],
    settled: dict[Pair, Settled],
    rules: Rules,
    changed: Collection[str],
) -> frozenset[Pair]:
    """Pairs with a judgement that has been overtaken, unless the others settle them as it would."""
    if not changed:
        return frozenset()
    overtaken = {
        pair(j.left, j.right)
        for j in judgements
        if j.address in changed and j.verdict in (SAME, DIFFERENT) and j.left != j.right
    }
    fresh = votes_of(j for j in judgements if j.address not in changed)
    return frozenset(
        of for of in overtaken if of not in fresh or settle(of, fresh[of], rules).verdict is None
    )
