"""Average linkage: groups grow by the mean score of all pairs across, under what may never be together. Pure.

Bare chains (a like b, b like c) are what costs precision: here c must on the whole be like a, too. A group
that fits two others about equally, which cannot both be right, joins neither: that is a tie, for a person.
The result does not depend on the order in which units or pairs are given.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

Pairs = Mapping[tuple[int, int], int]

FORBIDDEN = -1_000_000_000  # the score of two units that must never be together
FINE = 1_000  # a mean is kept in thousandths, rounded down


@dataclass
class Groups:
    """The groups of one run.

    score: of two units, whole points; asked for pairs that were never compared, too.
    members: whom each unit's claims are from.
    own: what it costs a pair of units that their groups have a member in common: a list seldom says a thing
    twice.
    """

    score: Callable[[int, int], int]
    members: Callable[[int], frozenset[str]]
    own: Callable[[int, int], int]
    least: int  # mean points that joining needs
    margin: int = 0  # points; who is not better by more has a rival
    ties: set[tuple[int, int]] = field(default_factory=set)  # units, the least of each group
    _units: dict[int, tuple[int, ...]] = field(default_factory=dict)  # least unit → units
    _whose: dict[int, frozenset[str]] = field(default_factory=dict)
    _sums: dict[int, dict[int, int]] = field(default_factory=dict)  # group → neighbour → sum of scores
    _heap: list[tuple[int, int, int, int]] = field(default_factory=list)

    def run(
        self, units: Iterable[int], near: Iterable[tuple[int, int]], together: Iterable[tuple[int, ...]] = ()
    ) -> list[tuple[int, ...]]:
        """The groups, each sorted, in order.

        Args:
            near: the pairs that are worth looking at; all others are looked at when their groups meet.
            together: units that are one thing already, whatever they score.
        """
        for unit in units:
            self._units[unit] = (unit,)
            self._whose[unit] = self.members(unit)
            self._sums[unit] = {}
        name = {unit: unit for unit in self._units}
        for group in together:
            first = min(group)
            self._units[first] = tuple(sorted(group))
            self._whose[first] = frozenset().union(*(self.members(u) for u in group))
            for unit in group:
                name[unit] = first
                if unit != first:
                    del self._units[unit], self._whose[unit], self._sums[unit]
        for a, b in sorted({(min(name[a], name[b]), max(name[a], name[b])) for a, b in near}):
            if a != b:
                self._meet(a, b)
        while self._heap:
            self._next()
        return sorted(self._units.values())

    def _meet(self, a: int, b: int) -> None:
        """Remember how well two groups fit; what is forbidden or far too low is not looked at again."""
        total = sum(self.score(x, y) for x, y in product(self._units[a], self._units[b]))
        if total > FORBIDDEN // 2:
            self._sums[a][b] = self._sums[b][a] = total
            self._push(a, b)

    def _mean(self, a: int, b: int) -> int:
        sizes = len(self._units[a]) * len(self._units[b])
        total = self._sums[a][b]
        if not self._whose[a].isdisjoint(self._whose[b]):
            total += sum(self.own(x, y) for x, y in product(self._units[a], self._units[b]))
        return (total * FINE) // sizes

    def _push(self, a: int, b: int) -> None:
        mean = self._mean(a, b)
        if mean >= self.least * FINE:
            heapq.heappush(
                self._heap, (-mean, min(a, b), max(a, b), len(self._units[a]) + len(self._units[b]))
            )

    def _next(self) -> None:
        negative, a, b, size = heapq.heappop(self._heap)
        if (
            a not in self._units
            or b not in self._sums[a]
            or size != len(self._units[a]) + len(self._units[b])
        ):
            return
        if self._mean(a, b) != -negative:
            return
        rivals = [*self._rivals(a, b, -negative), *self._rivals(b, a, -negative)]
        if rivals:
            self.ties.add((a, b))
            self.ties.update((min(p), max(p)) for p in rivals)
            return  # looked at again when either grows
        self._join(a, b)

    def _rivals(self, a: int, b: int, mean: int) -> Iterator[tuple[int, int]]:
        """Pairs (a, c) that fit about as well as (a, b), where b and c are not one thing."""
        for c in sorted(self._sums[a]):
            if c == b or self._mean(a, c) < max(mean - self.margin * FINE, self.least * FINE):
                continue
            if c not in self._sums[b]:
                self._meet(min(b, c), max(b, c))
            if c not in self._sums[b] or self._mean(b, c) < self.least * FINE:
                yield a, c

    def _join(self, a: int, b: int) -> None:
        """Make one group, named by its least unit, of two; its neighbours are those of either."""
        keep, gone = min(a, b), max(a, b)
        near, far = self._sums.pop(keep), self._sums.pop(gone)
        units, others = self._units.pop(keep), self._units.pop(gone)
        self._whose[keep] = self._whose[keep] | self._whose.pop(gone)
        self._units[keep] = tuple(sorted(units + others))
        self._sums[keep] = {}
        for c in sorted((near.keys() | far.keys()) - {keep, gone}):
            self._sums[c].pop(keep, None)
            self._sums[c].pop(gone, None)
            one = near.get(c)
            two = far.get(c)
            if one is None:
                one = sum(self.score(x, y) for x, y in product(units, self._units[c]))
            if two is None:
                two = sum(self.score(x, y) for x, y in product(others, self._units[c]))
            if one + two > FORBIDDEN // 2:
                self._sums[keep][c] = self._sums[c][keep] = one + two
                self._push(keep, c)
