"""Registration numbers that contradict what was linked, or what was not: each must be a candidate. Pure.

A conflict passed over in silence is the costly kind of error: two charities shown as one, or one number under
two names that nobody was asked about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.linking.imported import Told
from bench.linking.labelled import Pair, pair
from bench.linking.measure import Groups
from commons.folding import folded
from commons.link.exact import strong_identifier
from commons.link.model import Decision


@dataclass(frozen=True)
class Conflicts:
    """`merged`: joined though both have a number of one register and none agrees. `unlisted`: one number and
    not joined, or one name and postal code under different numbers, and no candidate either. `listed`: those
    that are.
    """

    merged: Sequence[Pair]
    unlisted: Sequence[Pair]
    listed: int


def numbers(told: Told) -> dict[str, set[str]]:
    """register → numbers, as linking compares them."""
    found: dict[str, set[str]] = defaultdict(set)
    for text in filter(None, map(strong_identifier, told.fields.get("identifiers", ()))):
        found[text.partition(":")[0]].add(text)
    return found


def contradict(a: Told, b: Told) -> bool:
    """Whether one register has both under different numbers, and none has them under one."""
    left, right = numbers(a), numbers(b)
    both = left.keys() & right.keys()
    return bool(both) and all(left[r].isdisjoint(right[r]) for r in both)


def find(records: Iterable[Told], decision: Decision) -> Conflicts:
    """Every conflict among the records, one pair for each two clusters that stand in it."""
    by = {told.address: told for told in records}
    merged = []
    for cluster in decision.clusters:
        known = [by[a] for a in cluster if a in by]
        first = {tuple(sorted(x for n in numbers(t).values() for x in n)): t for t in known}
        different = list(first.values())
        merged += [
            pair(a.address, b.address)
            for i, a in enumerate(different)
            for b in different[i + 1 :]
            if contradict(a, b)
        ]
    wanted = _to_be_listed(by.values())
    asked = Groups(decision.clusters)
    for candidate in (*decision.candidates, *decision.choices):
        asked.join(candidate.a, candidate.b)
    apart = Groups(decision.clusters)
    open_pairs = [p for p in wanted if apart.of(p[0]) is not apart.of(p[1])]
    unlisted = [p for p in open_pairs if asked.of(p[0]) is not asked.of(p[1])]
    return Conflicts(merged, unlisted, len(open_pairs) - len(unlisted))


def _to_be_listed(records: Iterable[Told]) -> list[Pair]:
    """Pairs (each record beside the first of its group) that are either linked or a question."""
    groups: dict[object, list[Told]] = defaultdict(list)
    for told in records:
        for register, found in numbers(told).items():
            for text in found:
                groups[register, text].append(told)
        name, code = told.fields.get("title"), told.fields.get("postal_code")
        if name and code:
            groups["name", folded(name), code].append(told)
    return sorted({pair(group[0].address, t.address) for group in groups.values() for t in group[1:]})
