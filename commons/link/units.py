"""What linking by evidence moves about: claims that go together, and how well two such units fit. Pure.

A unit is one thing said in one way or, where exact linking or people joined records, in several: then what
speaks for another record is its best score with any of them. So a yes never parts what was linked before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import combinations
from types import MappingProxyType

from commons.link.average import FORBIDDEN
from commons.link.score import (
    G_DATE,
    G_IDENTIFIERS,
    G_KINDS,
    G_MARKS,
    G_NAMES,
    G_NUMBER,
    G_TOWN,
    G_WORDS,
    Prepared,
    Score,
    Scorer,
)
from commons.link.tables import Table

Part = tuple[int, tuple[str, ...]]  # a node of equal features, and claims of it


class Linking:
    """Some records of one type: nodes of equal features, their claims, and the scores of their pairs.

    Args:
        record: what a node says; asked only where a pair was not weighed before.
        known: pairs (the lesser node first) that were.
    """

    def __init__(
        self,
        scorer: Scorer,
        record: Callable[[int], Prepared],
        claims: Sequence[Sequence[str]],
        known: Mapping[tuple[int, int], Score] = MappingProxyType({}),
    ) -> None:
        self.table, self.claims = scorer.table, claims
        self._scorer, self._record = scorer, record
        self._scores = dict(known)

    def score(self, a: int, b: int) -> Score:
        """Two nodes weighed, once."""
        key = (a, b) if a <= b else (b, a)
        found = self._scores.get(key)
        if found is None:
            found = self._scores[key] = self._scorer.score(self._record(key[0]), self._record(key[1]))
        return found


class Unit:
    """Claims that go together whatever else is found: of equal features, or in one cluster already."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(sorted(parts))
        self.claims = tuple(sorted(a for _node, claims in parts for a in claims))
        self.members = frozenset(a.partition("/")[0] for a in self.claims)

    @cached_property
    def said_by(self) -> list[tuple[int, frozenset[str]]]:
        """Whose claims each of its nodes has."""
        return [(node, frozenset(a.partition("/")[0] for a in claims)) for node, claims in self.parts]


class Fit:
    """How well two units fit, by their numbers."""

    def __init__(self, linking: Linking, units: Sequence[Unit], apart: Mapping[str, set[str]]) -> None:
        self._linking, self._units, self._apart = linking, units, apart
        self._table: Table = linking.table
        self._overruled: dict[int, frozenset[int]] = {}
        self._known: dict[tuple[int, int], list[Score] | None] = {}

    def may(self, u: int, v: int) -> int:
        """Points by which two units may be one thing, if a person says so."""
        found = self._scores(u, v)
        return FORBIDDEN if found is None else max((s.total for s in found), default=FORBIDDEN)

    def must(self, u: int, v: int) -> int:
        """Points by which two units are one thing without asking."""
        found = self._scores(u, v)
        if found is None:
            return FORBIDDEN
        return max((self._sure(s) for s in found if not s.guards), default=FORBIDDEN)

    def _sure(self, score: Score) -> int:
        """What a score without guards counts: by the name alone nothing is linked."""
        return score.total if score.anchored else min(score.total, self._table.link - 1)

    def own(self, u: int, v: int) -> int:
        """What it costs two units that one member would have said the thing twice."""
        firm = any(s.firm for s in self._scores(u, v) or ())
        return self._table.points["own_list_firm" if firm else "own_list"]

    def best(self, u: int, v: int) -> tuple[Score, str, str]:
        """Their best pair of records: without a guard if there is one, and the two claims."""
        one, other = self._units[u], self._units[v]
        if len(one.parts) == len(other.parts) == 1:
            (x, a), (y, b) = one.parts[0], other.parts[0]
            return self._linking.score(x, y), a[0], b[0]
        pairs = [(self._linking.score(x, y), a[0], b[0]) for x, a in one.parts for y, b in other.parts]
        return min(pairs, key=lambda p: (bool(p[0].guards), -self._sure(p[0]), -p[0].total, p[1], p[2]))

    def _scores(self, u: int, v: int) -> list[Score] | None:
        """What may count of the scores across; None where something keeps the two from being one."""
        try:
            return self._known[u, v]
        except KeyError:
            found = self._known[u, v] = self._counting(u, v)
            return found

    def _counting(self, u: int, v: int) -> list[Score] | None:
        one, other = self._units[u], self._units[v]
        if any(not self._apart[a].isdisjoint(other.claims) for a in one.claims if a in self._apart):
            return None
        found = []
        for x, left in one.said_by:
            for y, right in other.said_by:
                score = self._linking.score(x, y)
                if not rules_out(score, self._table, one_list=not left.isdisjoint(right)):
                    found.append(score)
                elif x not in self._contrary(u) and y not in self._contrary(v):
                    return None
        return found

    def _contrary(self, u: int) -> frozenset[int]:
        """Nodes of a unit that contradict another of it: people said that this does not matter there."""
        found = self._overruled.get(u)
        if found is None:
            pairs = combinations(self._units[u].said_by, 2)
            found = self._overruled[u] = frozenset(
                node
                for (x, left), (y, right) in pairs
                if rules_out(self._linking.score(x, y), self._table, one_list=not left.isdisjoint(right))
                for node in (x, y)
            )
        return found


def rules_out(score: Score, table: Table, *, one_list: bool) -> bool:
    """Whether two records are never one thing, not even asked about, nor through a third."""
    guards = score.guards
    if G_MARKS in guards or G_IDENTIFIERS in guards or G_DATE in guards:
        return True
    if G_TOWN in guards and not score.firm:
        return True
    if not one_list:
        return False
    other = G_WORDS in guards or G_KINDS in guards
    unlike = other and score.likeness < table.points["alike_own"]
    return unlike or G_NAMES in guards or G_NUMBER in guards  # facilities of one house, or branches


def joined_by(parts: Sequence[Part], cluster: Callable[[str], int | None]) -> Iterator[Unit]:
    """Units of parts: those that are in one cluster already are one."""
    together: dict[int, list[Part]] = {}
    for part in parts:
        number = cluster(part[1][0])
        if number is None:
            yield Unit([part])
        else:
            together.setdefault(number, []).append(part)
    for several in together.values():
        yield Unit(several)
