"""Links by evidence among the records of one type: who is one thing, who may be, and why. Pure.

In order: equal features are one node; nodes that share a key are compared; groups grow by average linkage,
twice. First generously, within one member's list, too: such a group is what would be one thing if people said
yes to everything. Then strictly inside each: one claim per member, every pair without a guard, more than the
name. What the strict groups leave open of a generous one are the candidates, as few as join it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType

from commons.link import asked
from commons.link.average import FORBIDDEN, Groups
from commons.link.cluster import SCORED
from commons.link.judgements import NO_VERDICTS, Verdicts
from commons.link.model import Candidate, Link, in_order, pair
from commons.link.score import Score
from commons.link.units import Fit, Linking, Part, Unit, joined_by, rules_out

Plain = list[list[tuple[str, str, str, int, dict[str, str | int]]]]  # links, candidates, choices

MARGIN = 4  # points by which an automatic link must be better than any other
MOST_ALIKE = 40  # claims with equal features that are compared one by one


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it. `choices`: of one claim that fits several equally, and only one can be right."""

    links: tuple[Link, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    choices: tuple[Candidate, ...] = ()

    def plain(self) -> Plain | None:
        """Lists that `from_plain` reads back; None where nothing came of it."""
        kinds = (self.links, self.candidates, self.choices)
        if not any(kinds):
            return None
        return [[(k.a, k.b, k.reason, k.score, dict(k.evidence)) for k in kind] for kind in kinds]

    def to_json(self) -> str:
        """One line that `from_json` reads back; "" where nothing came of it."""
        plain = self.plain()
        return "" if plain is None else json.dumps(plain, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Found:
        """What `to_json` wrote. Raises ValueError where it is nothing of the kind."""
        return cls.from_plain(json.loads(text) if text else None)

    @classmethod
    def from_plain(cls, plain: Plain | None) -> Found:
        """What `plain` gave."""
        if plain is None:
            return NOTHING
        links, candidates, choices = plain
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
            tuple(sorted([k for f in found for k in f.links], key=in_order)),
            tuple(sorted([c for f in found for c in f.candidates], key=in_order)),
            tuple(sorted([c for f in found for c in f.choices], key=in_order)),
        )


NOTHING = Found()


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
    ordered, joined = sorted(near), list(clusters)
    if not joined and not verdicts.apart and not verdicts.detached:
        plain = plainly(linking, ordered)
        if plain is not None:
            return plain
    return grown(linking, ordered, joined, verdicts)


def grown(
    linking: Linking,
    ordered: Sequence[tuple[int, int]],
    joined: Sequence[tuple[str, ...]],
    verdicts: Verdicts,
) -> Found:
    """What comes of growing groups."""
    run = _Run(linking, ordered, verdicts)
    links = list(run.links())
    if joined:
        links, known = _on_top(linking, joined, links, run.apart, verdicts.detached)
        run = _Run(linking, ordered, verdicts, known)
        links += run.links()
    questions = asked.Questions(linking, run.apart, run.loose)
    candidates = questions.candidates(ordered, run.strict)
    return Found(tuple(sorted(links)), candidates, questions.choices(run.undecided))


def plainly(linking: Linking, near: Sequence[tuple[int, int]]) -> Found | None:
    """What comes of most components, without looking for groups: None where that has to be done.

    Records that all fit each other without a doubt are one thing in whatever order they grow together; of two
    that do not there is nothing to weigh against each other. Tests hold it to what the groups would be.
    """
    claims = [several[0] for several in linking.claims]
    if sum(map(len, linking.claims)) > len(claims) or len(claims) > MOST_ALIKE:
        return None
    table, members = linking.table, {a.partition("/")[0] for a in claims}
    pairs = [] if len(members) < len(claims) else list(combinations(range(len(claims)), 2))
    edges = []
    for u, v in pairs:
        score = linking.score(u, v)
        if score.guards or not score.anchored or score.total < table.link or score.total < table.candidate:
            break
        edges.append((-score.total, u, v))
    else:
        if pairs:
            return Found(tuple(sorted(_spanning(linking, claims, sorted(edges)))))
    if len(claims) > 2 or len(near) != 1:
        return None
    score, own = linking.score(0, 1), len(members) == 1
    may = not rules_out(score, table, one_list=own)
    least = table.candidate - (table.points["own_list_firm" if score.firm else "own_list"] if own else 0)
    loose = {claims[0]: 0, claims[1]: 0 if may and score.total >= least else 1}
    questions = asked.Questions(linking, {}, loose)
    return Found((), questions.candidates(near, {claims[0]: 0, claims[1]: 1}))


def _spanning(
    linking: Linking, claims: Sequence[str], edges: Iterable[tuple[int, int, int]]
) -> Iterator[Link]:
    """The best links that hold all claims together."""
    roots = {n: n for n in range(len(claims))}
    for _total, u, v in edges:
        if asked.union(roots, u, v):
            yield _link(claims[u], claims[v], linking.score(u, v))


def _on_top(
    linking: Linking,
    clusters: Iterable[tuple[str, ...]],
    links: Iterable[Link],
    apart: Mapping[str, set[str]],
    detached: Collection[str],
) -> tuple[list[Link], dict[str, int]]:
    """Links by evidence alone, on top of what is joined already; so a yes parts nothing.

    Returns:
        the links that nothing speaks against, and of each address the number of what it is in then.
    """
    node = {a: n for n, claims in enumerate(linking.claims) for a in claims}
    units = [Unit([(node[a], (a,)) for a in cluster if a in node]) for cluster in clusters]
    of = {a: n for n, unit in enumerate(units) for a in unit.claims}
    fit = Fit(linking, units, apart)
    held = []
    for found in sorted(links, key=lambda k: (k.a in detached or k.b in detached, -k.score, k.a, k.b)):
        for address in (found.a, found.b):
            if address not in of:
                of[address] = len(units)
                units.append(Unit([(node[address], (address,))]))
        u, v = of[found.a], of[found.b]
        if u != v and units[u].members.isdisjoint(units[v].members) and fit.may(u, v) != FORBIDDEN:
            both = Unit(units[u].parts + units[v].parts)
            of.update(dict.fromkeys(both.claims, len(units)))
            units.append(both)
            held.append(found)
    return held, of


class _Run:
    """One run over one type: generous groups, and strict ones inside each.

    Args:
        cluster: address → number of what it is in already; empty: as if nothing were joined.
    """

    def __init__(
        self,
        linking: Linking,
        near: Sequence[tuple[int, int]],
        verdicts: Verdicts,
        cluster: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.linking, self.table, self.verdicts = linking, linking.table, verdicts
        self.apart: dict[str, set[str]] = defaultdict(set)
        for a, b in verdicts.apart:
            self.apart[a].add(b)
            self.apart[b].add(a)
        self.near, self.cluster = near, cluster
        self._are_alone = all(len(claims) == 1 for claims in linking.claims)
        self._make_units(self._loosely)
        loose, ties = self._groups(self.fit.may, self.table.candidate, self.fit.own)
        self.undecided = [self.fit.best(u, v) for u, v in sorted(ties)]
        self.loose = self._numbered(loose)
        if not self._are_alone:
            self._make_units(self._strictly)
        self._groups_held, _ties = self._groups(self._must, self.table.link, lambda _u, _v: FORBIDDEN, MARGIN)
        self.strict = self._numbered(self._groups_held)

    def links(self) -> Iterator[Link]:
        """What holds the strict groups together, but for what is joined already."""
        for group in self._groups_held:
            yield from self._tree(group)

    def _numbered(self, groups: Iterable[Sequence[int]]) -> dict[str, int]:
        return {a: n for n, group in enumerate(groups) for u in group for a in self.units[u].claims}

    # units

    def _make_units(self, splits: Callable[[int, Sequence[str]], Iterable[tuple[str, ...]]]) -> None:
        touched = {n for p in self.near for n in p}
        parts: list[Part] = []
        for node, claims in enumerate(self.linking.claims):
            if len(claims) > 1:
                parts += [(node, part) for part in splits(node, claims)]
            elif node in touched or claims[0] in self.cluster:
                parts.append((node, (claims[0],)))
        detached = self.verdicts.detached
        self.units = list(joined_by(parts, lambda a: None if a in detached else self.cluster.get(a)))
        self.fit = Fit(self.linking, self.units, self.apart)

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
        near = self._near()
        detached = self.verdicts.detached
        late = {n for n, u in enumerate(self.units) if detached and not detached.isdisjoint(u.claims)}
        joined: dict[int, list[int]] = defaultdict(list)
        for number, unit in enumerate(self.units if self.cluster else ()):
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
            if waiting:
                together = _merged(made, joined.values())
        return made, tied

    def _near(self) -> set[tuple[int, int]]:
        """The pairs of units that are worth looking at: those of nodes that are, and of equal features."""
        if self._are_alone and not self.cluster:
            of = {unit.parts[0][0]: number for number, unit in enumerate(self.units)}
            return {(of[a], of[b]) for a, b in self.near}
        of_node: dict[int, list[int]] = defaultdict(list)
        for number, unit in enumerate(self.units):
            for node in dict.fromkeys(node for node, _claims in unit.parts):
                of_node[node].append(number)
        near = {(u, v) for a, b in self.near for u in of_node.get(a, ()) for v in of_node.get(b, ())}
        for several in of_node.values():
            if len(several) <= MOST_ALIKE:
                near.update(combinations(several, 2))
        return {(u, v) for u, v in near if u != v}

    def _must(self, u: int, v: int) -> int:
        """Points by which two units are one thing without asking."""
        one, other = self.units[u], self.units[v]
        if self.loose.get(one.claims[0]) != self.loose.get(other.claims[0]):
            return FORBIDDEN
        return self.fit.must(u, v)

    # links

    def _tree(self, group: Sequence[int]) -> Iterator[Link]:
        """The best links that hold a group together."""
        for u in group:
            for node, claims in self.units[u].parts:
                if len(claims) > 1 and claims[0] not in self.cluster:
                    score = self.linking.score(node, node)
                    yield from (_link(claims[0], other, score) for other in claims[1:])
        edges = [(self.fit.best(u, v), u, v) for u, v in combinations(group, 2)]
        roots = {u: u for u in group}
        for u, v in combinations(group, 2):
            a, b = self.units[u].claims[0], self.units[v].claims[0]
            if a in self.cluster and self.cluster.get(b) == self.cluster[a]:
                asked.union(roots, u, v)
        for (score, a, b), u, v in sorted(edges, key=lambda e: (-e[0][0].total, e[1:])):
            if asked.union(roots, u, v):
                yield _link(a, b, score)


def _link(a: str, b: str, score: Score) -> Link:
    return Link(*pair(a, b), SCORED, score.total, dict(score.parts))


def _merged(groups: Iterable[tuple[int, ...]], joined: Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
    """Groups, and what exact linking joined, as one partition."""
    roots: dict[int, int] = {}
    for group in (*groups, *joined):
        for unit in group:
            roots.setdefault(unit, unit)
            asked.union(roots, group[0], unit)
    found: dict[int, list[int]] = defaultdict(list)
    for unit in sorted(roots):
        at = unit
        while roots[at] != at:
            at = roots[at]
        found[at].append(unit)
    return [tuple(g) for g in found.values() if len(g) > 1]
