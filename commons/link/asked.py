"""What people are asked: the questions that linking by evidence leaves open, as few as settle it. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from commons.link.model import Candidate, pair
from commons.link.score import G_IDENTIFIERS, Score
from commons.link.units import Linking

TIE, OWN, NAME_ONLY, BELOW = "tie", "own", "name-only", "below"
MOST_CONFLICTS = 3  # questions about one record's official keys
MOST_CHOICES = 3  # of one record; who fits more names a kind of thing


class Questions:
    """Asks about what the strict groups left open.

    Args:
        apart: address → addresses that people keep from it.
        loose: address → number of its generous group.
    """

    def __init__(self, linking: Linking, apart: Mapping[str, set[str]], loose: Mapping[str, int]) -> None:
        self._linking, self._apart, self._loose = linking, apart, loose
        self._node = {a: node for node, claims in enumerate(linking.claims) for a in claims}

    def candidates(self, near: Iterable[tuple[int, int]], of: Mapping[str, int]) -> tuple[Candidate, ...]:
        """Conflicts of official keys, and what would join each generous group.

        Args:
            near: pairs of nodes.
            of: address → number of its strict group.
        """
        asked = {(c.a, c.b): c for c in (*self._conflicts(near), *self._open(of))}
        return tuple(asked[p] for p in sorted(asked))

    def choices(self, tied: Iterable[tuple[Score, str, str]]) -> tuple[Candidate, ...]:
        """Pairs of which a claim fits several equally: its member knows which. Few of each, best first."""
        times = Counter[str]()
        found = []
        for score, a, b in sorted(tied, key=lambda t: (-t[0].total, t[1:])):
            if not self._is_together(a, b) and max(times[a], times[b]) < MOST_CHOICES:
                times.update((a, b))
                found.append(Candidate(*pair(a, b), TIE, score.total, dict(score.parts)))
        return tuple(sorted(found))

    def _is_together(self, one: str, two: str) -> bool:
        return self._loose.get(one, -1) == self._loose.get(two, -2)

    def _conflicts(self, near: Iterable[tuple[int, int]]) -> Iterator[Candidate]:
        """Pairs that would be linked but for official keys that differ: borrowed, mistyped, or two things."""
        times = Counter[int]()
        table = self._linking.table
        other = table.points["identifier_other"]
        for a, b in near:
            score = self._linking.score(a, b)
            if G_IDENTIFIERS not in score.guards or not score.anchored or score.total - other < table.link:
                continue
            if max(times[a], times[b]) >= MOST_CONFLICTS:
                continue
            times.update((a, b))
            one, two = self._linking.claims[a][0], self._linking.claims[b][0]
            if not self._is_together(one, two) and two not in self._apart.get(one, ()):
                yield Candidate(*pair(one, two), G_IDENTIFIERS, score.total, dict(score.parts))

    def _open(self, of: Mapping[str, int]) -> Iterator[Candidate]:
        """Inside each generous group, the best pairs that would join what the strict ones left apart."""
        whole: dict[int, list[str]] = defaultdict(list)
        for address, number in self._loose.items():
            whole[number].append(address)
        for claims in whole.values():
            groups = {address: of[address] for address in sorted(claims)}
            if len(set(groups.values())) > 1:
                for a, b in self._spanning(groups):
                    score = self._linking.score(self._node[a], self._node[b])
                    yield Candidate(*pair(a, b), self._why(a, b, score), score.total, dict(score.parts))

    def _spanning(self, of: Mapping[str, int]) -> Iterator[tuple[str, str]]:
        """As few questions as make one thing of several groups, if all are answered with yes.

        First what each member says twice: without that answer only one of its claims has a seat, and a pair
        across members would take it from another. Then pairs across members that connect what is still apart.
        """
        whose: dict[str, list[str]] = defaultdict(list)
        for address in of:
            whose[address.partition("/")[0]].append(address)
        roots = {number: number for number in of.values()}
        for claims in whose.values():
            own = {of[address]: of[address] for address in claims}
            for a, b in self._best_first((a, b) for a, b in combinations(claims, 2) if of[a] != of[b]):
                if union(own, of[a], of[b]):
                    union(roots, of[a], of[b])
                    yield a, b
        across = ((a, b) for a, b in combinations(of, 2) if a.partition("/")[0] != b.partition("/")[0])
        for a, b in self._best_first(across):
            if union(roots, of[a], of[b]):
                yield a, b

    def _best_first(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """In order of their score; without those that people keep apart."""
        may = [(a, b) for a, b in pairs if b not in self._apart.get(a, ())]
        return sorted(may, key=lambda p: (-self._linking.score(self._node[p[0]], self._node[p[1]]).total, p))

    def _why(self, a: str, b: str, score: Score) -> str:
        if a.partition("/")[0] == b.partition("/")[0]:
            return OWN
        if score.guards:
            return score.guards[0]
        if not score.anchored:
            return NAME_ONLY
        return BELOW if score.total < self._linking.table.link else TIE


def union(roots: dict[int, int], a: int, b: int) -> bool:
    """Join two; False where they were one already."""
    while roots[a] != a:
        a = roots[a]
    while roots[b] != b:
        b = roots[b]
    if a == b:
        return False
    roots[max(a, b)] = min(a, b)
    return True
