"""Links into clusters, under guards. Pure; the place where any kind of link ends, exact or scored.

Laws, whatever the order in which links come:
- Two claims judged apart are never in one cluster, also not through a third.
- A cluster holds one claim per member, unless that member's own judgement joins more.
- Claims of different types, and names that contradict each other, are never joined by the program.
A link that a guard refuses becomes a candidate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from commons.link import names
from commons.link.judgements import Verdicts
from commons.link.model import Candidate, Link, LinkClaim

SAME_AS = "same-as"  # a reason: both claims name each other
SCORED = "scored"  # a reason: what they say agrees; names were weighed with everything else
TYPES, APART, ONE_PER_MEMBER, NAMES = "types", "apart", "one-per-member", "names"
MOST_COMPARED = 12  # claims of a cluster whose names are compared with another's


@dataclass
class _Cluster:
    claims: list[str]
    members: set[str]


class Clusters:
    """Grows by links; asks its guards before each."""

    def __init__(self, claims: Mapping[str, LinkClaim], verdicts: Verdicts) -> None:
        self._claims = claims
        self._of: dict[str, _Cluster] = {}
        self._apart: dict[str, set[str]] = {}
        for a, b in verdicts.apart:
            self._apart.setdefault(a, set()).add(b)
            self._apart.setdefault(b, set()).add(a)

    def knows(self, address: str) -> bool:
        """Whether the claim is among those to be linked."""
        return address in self._claims

    def of(self, address: str) -> _Cluster:
        """The cluster that a claim is in; one of its own if it was never linked."""
        found = self._of.get(address)
        if found is None:
            found = self._of[address] = _Cluster([address], {self._claims[address].member})
        return found

    def objection(self, a: str, b: str, *, judged: bool = False, own: bool = False) -> str | None:
        """The guard that forbids joining the clusters of two claims, if there is one.

        Args:
            judged: people said so; names no longer matter.
            own: the member of both claims said so; it may have more than one here.
        """
        left, right = self.of(a), self.of(b)
        if left is right:
            return None
        if self._claims[a].type != self._claims[b].type:
            return TYPES
        few, many = sorted((left, right), key=lambda c: len(c.claims))
        parted = [self._apart[claim] for claim in few.claims if claim in self._apart]
        if parted and any(claim in apart for claim in many.claims for apart in parted):
            return APART
        if not own and left.members & right.members:
            return ONE_PER_MEMBER
        if not judged and self._names_contradict(left, right):
            return NAMES
        return None

    def _names_contradict(self, left: _Cluster, right: _Cluster) -> bool:
        """Whether any two claims across have names that cannot be of one thing."""
        claims = self._claims
        return any(
            names.agreement(claims[x].names, claims[y].names) == names.CONTRADICT
            for x in left.claims[:MOST_COMPARED]
            for y in right.claims[:MOST_COMPARED]
        )

    def join(self, a: str, b: str) -> None:
        """Make one cluster of two. Ask `objection` before."""
        left, right = self.of(a), self.of(b)
        if left is right:
            return
        keep, gone = (left, right) if len(left.claims) >= len(right.claims) else (right, left)
        keep.claims += gone.claims
        keep.members |= gone.members
        for claim in gone.claims:
            self._of[claim] = keep

    def all(self) -> list[tuple[str, ...]]:
        """Clusters of two and more, sorted within and among each other."""
        unique = {id(c): c for c in self._of.values() if len(c.claims) > 1}
        return sorted(tuple(sorted(c.claims)) for c in unique.values())


def gather(
    clusters: Clusters, links: Iterable[Link], *, last: Collection[str] = ()
) -> tuple[list[Link], list[Candidate]]:
    """Join by `links`, best first; ties by address.

    Args:
        last: claims whose links come after all others: a member that keeps its own claim away from something
            must not thereby part others.
    Returns:
        the links that were followed, and the others as candidates with the guard's name as reason.
    """
    held, refused = [], []
    for link in sorted(links, key=lambda k: (k.a in last or k.b in last, -k.score, k.a, k.b)):
        objection = clusters.objection(link.a, link.b, judged=link.reason in (SAME_AS, SCORED))
        if objection is None:
            clusters.join(link.a, link.b)
            held.append(link)
        else:
            refused.append(Candidate(link.a, link.b, objection, link.score, link.evidence))
    return held, refused
