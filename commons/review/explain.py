"""Why two claims are one thing or not, and what would change that. Reads a pool; decides and writes nothing.

What the pool keeps (links, candidates, judgements) is shown as it stands. Only a pair about which it keeps
nothing is weighed again here, with what is common counted in this pool.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from commons.link.judged import changed_since
from commons.link.judgements import DIFFERENT, SAME, Rules, Settled, Votes, settle, votes_of
from commons.link.model import pair
from commons.pool.read import Pool
from commons.pool.why import Tie, Word, candidates, judgements, links
from commons.review import whose
from commons.review.records import fields_at
from commons.review.said import rules_of, said_in
from commons.review.weighing import Weight, weigh


@dataclass(frozen=True, slots=True)
class Pairing:
    """How two claims stand to each other.

    `chain`: the links that lead from one to the other, where they are one entity. `asked`: the question that
    is open about them. `weight`: where the pool keeps no evidence. `said`: judgements of the two, in force
    or not; `overtaken`: the addresses of those after which a record changed a lot. `parted`: judgements in
    force that keep the entity of one from that of the other.
    """

    a: str
    b: str
    together: bool
    chain: tuple[Tie, ...]
    asked: Tie | None
    weight: Weight | None
    said: tuple[Word, ...]
    parted: tuple[Word, ...]
    same_member: bool
    same_type: bool
    members: tuple[str, ...]  # that have a claim in both entities: an entity has one claim of each
    overtaken: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        """The verdict that would change how they are shown."""
        return DIFFERENT if self.together else SAME

    @property
    def elsewhere(self) -> tuple[Word, ...]:
        """Of `parted`, those that are of other claims: nothing that is said of these two changes them."""
        return tuple(w for w in self.parted if {w.left, w.right} != {self.a, self.b})


def pairing(pool: Pool, a: str, b: str) -> Pairing:
    """How the claims at two addresses, both in the pool, stand to each other."""
    here, there = claims_with(pool, a), claims_with(pool, b)
    together = b in here
    said = [w for w in judgements(pool.connection, [a]) if {w.left, w.right} == {a, b}]
    parted = [] if together else _parting(pool, here, there)
    asked = next((t for t in candidates(pool.connection, [a]) if {t.a, t.b} == {a, b}), None)
    return Pairing(
        a, b, together,
        tuple(_chain(pool, here, a, b)) if together else (),
        asked,
        None if together or (asked and asked.evidence) else weigh(pool, a, b),
        tuple(said),
        tuple(parted),
        a.partition("/")[0] == b.partition("/")[0],
        a.split("/")[1] == b.split("/")[1],
        tuple(sorted({_member(x) for x in here} & {_member(x) for x in there})),
        tuple(sorted(_overtaken(pool, a, b))),
    )  # fmt: skip


def claims_with(pool: Pool, address: str) -> tuple[str, ...]:
    """The addresses of all claims in the entity that `address` is in."""
    sql = (
        "SELECT address FROM claim WHERE entity = (SELECT entity FROM alias WHERE address = ?) "
        "ORDER BY number"
    )
    return tuple(row[0] for row in pool.connection.execute(sql, (address,)))


def _member(address: str) -> str:
    return address.partition("/")[0]


def _parting(pool: Pool, here: Sequence[str], there: Sequence[str]) -> list[Word]:
    """Judgements in force that say "different" of one claim here and one there."""
    others = frozenset(there)
    mine = frozenset(here)
    return [
        w
        for w in judgements(pool.connection, here)
        if w.counts
        and w.verdict == DIFFERENT
        and ((w.left in mine and w.right in others) or (w.right in mine and w.left in others))
    ]


def _chain(pool: Pool, claims: Sequence[str], a: str, b: str) -> list[Tie]:
    """The shortest way from `a` to `b` along the links that hold their entity together."""
    beside: dict[str, list[Tie]] = {}
    for tie in links(pool.connection, claims):
        for end in (tie.a, tie.b):
            beside.setdefault(end, []).append(tie)
    came: dict[str, Tie | None] = {a: None}
    waiting = deque([a])
    while waiting and b not in came:
        at = waiting.popleft()
        for tie in beside.get(at, ()):
            other = tie.b if at == tie.a else tie.a
            if other not in came:
                came[other] = tie
                waiting.append(other)
    way: list[Tie] = []
    at = b
    while (tie_here := came.get(at)) is not None:
        way.append(tie_here)
        at = tie_here.a if at == tie_here.b else tie_here.b
    return way[::-1]


def _overtaken(pool: Pool, a: str, b: str) -> Iterator[str]:
    here = {address: fields_at(pool, address) for address in (a, b)}
    for judgement, _counts in said_in(pool.connection, pair(a, b)):
        if changed_since(judgement, here[judgement.left], here[judgement.right]):
            yield judgement.address


@dataclass(frozen=True, slots=True)
class Standing:
    """The voices about two records that stand, what they settle, and by whose rules."""

    votes: Votes
    settled: Settled
    rules: Rules


def standing(pool: Pool, found: Pairing) -> Standing:
    """How it stands with the judgements of the two."""
    of = pair(found.a, found.b)
    said = (judgement for judgement, _counts in said_in(pool.connection, of))
    votes = votes_of(said, found.overtaken).get(of, Votes())
    rules = rules_of(pool)
    return Standing(votes, settle(of, votes, rules), rules)


def ways(found: Pairing, now: Standing, members: Collection[str]) -> list[whose.Way]:
    """Whose words, of these members, would show one where two are shown now, or two where one is."""
    return whose.ways(pair(found.a, found.b), now.votes, now.rules, found.wanted, members)
