"""Links by evidence among the records of one type: who is one thing, who may be, and why. Pure.

In order: equal features are one node; nodes that share a key are compared; groups grow by average linkage,
twice. First generously, within one member's list, too: such a group is what would be one thing if people said
yes to everything. Then strictly inside each: one claim per member, every pair without a guard, more than the
name. What the strict groups leave open of a generous one are the candidates, as few as join it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from commons.link.average import FORBIDDEN, Groups
from commons.link.cluster import SCORED
from commons.link.judgements import NO_VERDICTS, Verdicts
from commons.link.model import Candidate, Link, pair
from commons.link.score import (
    G_DATE,
    G_IDENTIFIERS,
    G_MARKS,
    G_NAMES,
    G_NUMBER,
    G_TOWN,
    G_WORDS,
    Prepared,
    Score,
    Scorer,
)

TIE, OWN, NAME_ONLY, BELOW = "tie", "own", "name-only", "below"
MARGIN = 4  # points by which an automatic link must be better than any other
MOST_CONFLICTS = 3  # questions about one record's official keys
MOST_ALIKE = 40  # claims with equal features that are compared one by one


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it. `choices`: of one claim that fits several equally, and only one can be right."""

    links: tuple[Link, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    choices: tuple[Candidate, ...] = ()

    def to_json(self) -> str:
        """One line that `from_json` reads back; "" where nothing came of it."""
        plain = [
            [(k.a, k.b, k.reason, k.score, dict(k.evidence)) for k in kind]
            for kind in (self.links, self.candidates, self.choices)
        ]
        return json.dumps(plain, separators=(",", ":")) if any(plain) else ""

    @classmethod
    def from_json(cls, text: str) -> Found:
        """What `to_json` wrote. Raises ValueError where it is nothing of the kind."""
        if not text:
            return NOTHING
        links, candidates, choices = json.loads(text)
        return cls(
            tuple(Link(*k) for k in links),
            tuple(Candidate(*c) for c in candidates),
            tuple(Candidate(*c) for c in choices),
        )

    @classmethod
    def of(cls, several: Iterable[Found]) -> Found:
        """All of them, in order."""
        found = list(several)
        return cls(
            tuple(sorted(k for f in found for k in f.links)),
            tuple(sorted(c for f in found for c in f.candidates)),
            tuple(sorted(c for f in found for c in f.choices)),
        )


NOTHING = Found()


@dataclass(frozen=True, slots=True)
class Unit:
    """Claims that go together whatever else is found: equal features, no judgement between them."""

    node: int
    claims: tuple[str, ...]

    @property
    def members(self) -> frozenset[str]:
        return frozenset(a.partition("/")[0] for a in self.claims)


class Linking:
    """Some records of one type: nodes of equal features, their claims, and the scores of their pairs."""

    def __init__(self, scorer: Scorer, records: Sequence[Prepared], claims: Sequence[Sequence[str]]) -> None:
        self.table, self.claims = scorer.table, claims
        self._scorer, self._records = scorer, records
        self._scores: dict[tuple[int, int], Score] = {}

    def score(self, a: int, b: int) -> Score:
        """Two nodes weighed, once."""
        key = (a, b) if a <= b else (b, a)
        found = self._scores.get(key)
        if found is None:
            found = self._scores[key] = self._scorer.score(self._records[key[0]], self._records[key[1]])
        return found


def link(
    linking: Linking,
    near: Iterable[tuple[int, int]],
    *,
    clusters: Iterable[tuple[str, ...]] = (),
    verdicts: Verdicts = NO_VERDICTS,
) -> Found:
    """What is one thing, and what should be asked.

    Args:
        near: pairs of nodes worth looking at.
        clusters: addresses that exact linking joined already.
    """
    return _Run(linking, sorted(near), [tuple(c) for c in clusters], verdicts).found()


class _Run:
    """One run over one type."""

    def __init__(
        self,
        linking: Linking,
        near: Sequence[tuple[int, int]],
        clusters: Sequence[tuple[str, ...]],
        verdicts: Verdicts,
    ) -> None:
        self.linking, self.table, self.verdicts = linking, linking.table, verdicts
        self.apart: dict[str, set[str]] = defaultdict(set)
        for a, b in verdicts.apart:
            self.apart[a].add(b)
            self.apart[b].add(a)
        self.cluster = {a: n for n, cluster in enumerate(clusters) for a in cluster}
        self.near = near
        self.units: list[Unit] = []
        self.of_node: dict[int, list[int]] = defaultdict(list)

    def found(self) -> Found:
        self._make_units(self._loosely)
        loose, loose_ties = self._groups(self._may, self.table.candidate, self._own)
        self.undecided = [(self.units[u].claims[0], self.units[v].claims[0]) for u, v in sorted(loose_ties)]
        self._remember_loose(loose)
        self._make_units(self._strictly)
        strict, ties = self._groups(self._must, self.table.link, lambda _u, _v: FORBIDDEN, MARGIN)
        return self._told(strict, ties | loose_ties)

    # units

    def _make_units(self, splits: Callable[[int, Sequence[str]], Iterable[tuple[str, ...]]]) -> None:
        touched = {n for p in self.near for n in p}
        self.units, self.of_node = [], defaultdict(list)
        for node, claims in enumerate(self.linking.claims):
            if node not in touched and len(claims) == 1 and claims[0] not in self.cluster:
                continue
            for part in splits(node, claims):
                self.of_node[node].append(len(self.units))
                self.units.append(Unit(node, part))

    def _parts(self, claims: Sequence[str]) -> list[list[str]]:
        """Claims that exact linking has in one cluster, or in none, and that nobody judged."""
        parts: dict[object, list[str]] = defaultdict(list)
        for address in claims:
            alone = address in self.apart or address in self.verdicts.detached
            parts[address if alone else self.cluster.get(address, -1)].append(address)
        return list(parts.values())

    def _loosely(self, node: int, claims: Sequence[str]) -> Iterable[tuple[str, ...]]:
        score = self.linking.score(node, node)
        itself, own = score.total, self.table.points["own_list_firm" if score.firm else "own_list"]
        for part in self._parts(claims):
            members = {a.partition("/")[0] for a in part}
            needed = self.table.candidate - (own if len(members) < len(part) else 0)
            if itself >= needed:
                yield tuple(part)
            else:
                yield from ((a,) for a in part)

    def _strictly(self, node: int, claims: Sequence[str]) -> Iterable[tuple[str, ...]]:
        """One claim per member: of a member that says it twice each claim is alone."""
        score = self.linking.score(node, node)
        automatic = score.total >= self.table.link and score.anchored
        for part in self._parts(claims):
            times = Counter(a.partition("/")[0] for a in part)
            once = tuple(a for a in part if times[a.partition("/")[0]] == 1)
            if once and automatic:
                yield once
                yield from ((a,) for a in part if a not in set(once))
            else:
                yield from ((a,) for a in part)

    # groups

    def _groups(
        self, score: Callable[[int, int], int], least: int, own: Callable[[int, int], int], margin: int = 0
    ) -> tuple[list[tuple[int, ...]], set[tuple[int, int]]]:
        """Grow groups; claims that their own members keep away from something come last."""
        near = [
            (u, v) for a, b in self.near for u in self.of_node.get(a, ()) for v in self.of_node.get(b, ())
        ]
        for several in self.of_node.values():
            if len(several) <= MOST_ALIKE:
                near += combinations(several, 2)
        late = {n for n, u in enumerate(self.units) if not self.verdicts.detached.isdisjoint(u.claims)}
        joined: dict[int, list[int]] = defaultdict(list)
        for number, unit in enumerate(self.units):
            if unit.claims[0] in self.cluster:
                joined[self.cluster[unit.claims[0]]].append(number)
        together = [tuple(g) for g in joined.values() if len(g) > 1]
        tied: set[tuple[int, int]] = set()
        for waiting in (late, set()) if late else (set(),):
            free = [n for n in range(len(self.units)) if n not in waiting]
            groups = Groups(score, lambda n: self.units[n].members, own, least, margin)
            kept = [tuple(n for n in g if n not in waiting) for g in together]
            made = groups.run(
                free,
                [p for p in near if waiting.isdisjoint(p)],
                [g for g in kept if len(g) > 1],
            )
            tied |= groups.ties
            together = _merged(made, joined.values())
        return made, tied

    def _remember_loose(self, groups: Iterable[tuple[int, ...]]) -> None:
        self.loose = {a: n for n, g in enumerate(groups) for u in g for a in self.units[u].claims}

    def _may(self, u: int, v: int) -> int:
        """Points by which two units may be one thing, if a person says so."""
        one, other = self.units[u], self.units[v]
        if self._judged_apart(one, other):
            return FORBIDDEN
        score = self.linking.score(one.node, other.node)
        guards = score.guards
        if G_MARKS in guards or G_IDENTIFIERS in guards or G_DATE in guards:
            return FORBIDDEN
        if G_TOWN in guards and not score.firm:
            return FORBIDDEN
        if not one.members.isdisjoint(other.members) and (G_NAMES in guards or G_NUMBER in guards):
            return FORBIDDEN  # one list: two facilities of one house, or two branches
        return score.total

    def _own(self, u: int, v: int) -> int:
        """What it costs two units that one member would have said the thing twice."""
        firm = self.linking.score(self._node(u), self._node(v)).firm
        return self.table.points["own_list_firm" if firm else "own_list"]

    def _must(self, u: int, v: int) -> int:
        """Points by which two units are one thing without asking."""
        one, other = self.units[u], self.units[v]
        if self.loose.get(one.claims[0]) != self.loose.get(other.claims[0]):
            return FORBIDDEN
        if self._judged_apart(one, other):
            return FORBIDDEN
        score = self.linking.score(one.node, other.node)
        if score.guards:
            return FORBIDDEN
        return score.total if score.anchored else min(score.total, self.table.link - 1)

    def _judged_apart(self, one: Unit, other: Unit) -> bool:
        return any(not self.apart[a].isdisjoint(other.claims) for a in one.claims if a in self.apart)

    # what is told

    def _told(self, strict: Sequence[tuple[int, ...]], ties: set[tuple[int, int]]) -> Found:
        links: list[Link] = []
        of: dict[str, int] = {}
        for number, group in enumerate(strict):
            claims = [a for u in group for a in self.units[u].claims]
            of.update(dict.fromkeys(claims, number))
            if len(claims) > 1:
                links += self._tree(group)
        asked = {(c.a, c.b): c for c in (*self._conflicts(), *self._open(of, ties))}
        candidates = tuple(asked[p] for p in sorted(asked))
        return Found(tuple(sorted(links)), candidates, tuple(sorted(self._undecided())))

    def _undecided(self) -> Iterator[Candidate]:
        """Pairs of which a claim fits several equally: its member knows which."""
        node = {a: u.node for u in self.units for a in u.claims}
        for one, two in self.undecided:
            if self.loose.get(one, -1) != self.loose.get(two, -2):
                score = self.linking.score(node[one], node[two])
                yield Candidate(*pair(one, two), TIE, score.total, dict(score.parts))

    def _conflicts(self) -> Iterator[Candidate]:
        """Pairs that would be linked but for official keys that differ: borrowed, mistyped, or two things."""
        times = Counter[int]()
        other = self.table.points["identifier_other"]
        for a, b in self.near:
            score = self.linking.score(a, b)
            if (
                G_IDENTIFIERS not in score.guards
                or not score.anchored
                or score.total - other < self.table.link
            ):
                continue
            if max(times[a], times[b]) >= MOST_CONFLICTS:
                continue
            times.update((a, b))
            one, two = self.linking.claims[a][0], self.linking.claims[b][0]
            if self.loose.get(one, -1) != self.loose.get(two, -2) and two not in self.apart.get(one, ()):
                yield Candidate(*pair(one, two), G_IDENTIFIERS, score.total, dict(score.parts))

    def _tree(self, group: Sequence[int]) -> list[Link]:
        """The best links that hold a group together."""
        found = []
        for u in group:
            unit = self.units[u]
            for other in unit.claims[1:]:
                if self.cluster.get(other, -1) != self.cluster.get(unit.claims[0], -2):
                    found.append(self._link(unit.claims[0], other, self.linking.score(unit.node, unit.node)))
        edges = sorted(
            (-self.linking.score(self._node(u), self._node(v)).total, u, v) for u, v in combinations(group, 2)
        )
        roots = {u: u for u in group}
        for u, v in combinations(group, 2):
            a, b = self.units[u].claims[0], self.units[v].claims[0]
            if a in self.cluster and self.cluster.get(b) == self.cluster[a]:
                _union(roots, u, v)
        for _score, u, v in edges:
            if _union(roots, u, v):
                score = self.linking.score(self._node(u), self._node(v))
                found.append(self._link(self.units[u].claims[0], self.units[v].claims[0], score))
        return found

    def _node(self, unit: int) -> int:
        return self.units[unit].node

    def _link(self, a: str, b: str, score: Score) -> Link:
        return Link(*pair(a, b), SCORED, score.total, dict(score.parts))

    def _open(self, of: dict[str, int], ties: set[tuple[int, int]]) -> list[Candidate]:
        """Inside each generous group, the best pairs that would join what the strict ones left apart."""
        whole: dict[int, list[str]] = defaultdict(list)
        for address, number in self.loose.items():
            whole[number].append(address)
        found: list[Candidate] = []
        nodes = {a: u.node for u in self.units for a in u.claims}
        for claims in whole.values():
            groups: dict[int, list[str]] = defaultdict(list)
            for address in sorted(claims):
                groups[of[address]].append(address)
            if len(groups) > 1:
                found += self._spanning(list(groups.values()), nodes)
        return found

    def _spanning(self, groups: Sequence[Sequence[str]], nodes: Mapping[str, int]) -> list[Candidate]:
        """As few questions as make one thing of several groups if all are answered with yes.

        First what each member says twice: without that answer only one of its claims has a seat, and a pair
        across members would take it from another. Then pairs across members that connect what is still apart.
        """
        of = {address: number for number, group in enumerate(groups) for address in group}
        whose: dict[str, list[str]] = defaultdict(list)
        for address in of:
            whose[address.partition("/")[0]].append(address)
        asked: list[tuple[str, str]] = []
        roots = {number: number for number in range(len(groups))}
        for claims in whose.values():
            own = {of[address]: of[address] for address in claims}
            pairs = [(a, b) for a, b in combinations(claims, 2) if of[a] != of[b]]
            for a, b in self._best_first(pairs, nodes):
                if _union(own, of[a], of[b]):
                    asked.append((a, b))
                    _union(roots, of[a], of[b])
        across = [(a, b) for a, b in combinations(of, 2) if a.partition("/")[0] != b.partition("/")[0]]
        for a, b in self._best_first(across, nodes):
            if _union(roots, of[a], of[b]):
                asked.append((a, b))
        return [self._question(a, b, self.linking.score(nodes[a], nodes[b])) for a, b in asked]

    def _best_first(
        self, pairs: Iterable[tuple[str, str]], nodes: Mapping[str, int]
    ) -> list[tuple[str, str]]:
        """In order of their score; without those that people keep apart."""
        may = [(a, b) for a, b in pairs if b not in self.apart.get(a, ())]
        return sorted(may, key=lambda p: (-self.linking.score(nodes[p[0]], nodes[p[1]]).total, p))

    def _question(self, a: str, b: str, score: Score) -> Candidate:
        return Candidate(*pair(a, b), self._why(a, b, score), score.total, dict(score.parts))

    def _why(self, a: str, b: str, score: Score) -> str:
        if a.partition("/")[0] == b.partition("/")[0]:
            return OWN
        if score.guards:
            return G_NAMES if score.guards[0] == G_WORDS else score.guards[0]
        if not score.anchored:
            return NAME_ONLY
        return BELOW if score.total < self.table.link else TIE


def _union(roots: dict[int, int], a: int, b: int) -> bool:
    """Join two; False where they were one already."""
    while roots[a] != a:
        a = roots[a]
    while roots[b] != b:
        b = roots[b]
    if a == b:
        return False
    roots[max(a, b)] = min(a, b)
    return True


def _merged(groups: Iterable[tuple[int, ...]], joined: Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
    """Groups, and what exact linking joined, as one partition."""
    roots: dict[int, int] = {}
    for group in (*groups, *joined):
        for unit in group:
            roots.setdefault(unit, unit)
            _union(roots, group[0], unit)
    found: dict[int, list[int]] = defaultdict(list)
    for unit in sorted(roots):
        at = unit
        while roots[at] != at:
            at = roots[at]
        found[at].append(unit)
    return [tuple(g) for g in found.values() if len(g) > 1]
