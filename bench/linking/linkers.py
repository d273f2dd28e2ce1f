"""The one place where the scorecard calls linking, and learns which pairs were compared at all."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bench.linking.imported import Told
from bench.linking.labelled import Pair, pair
from commons.link import engine, features, whole
from commons.link.judgements import Verdicts
from commons.link.model import Decision
from commons.link.score import Score, Scorer
from commons.link.tables import load_tables


@dataclass(frozen=True)
class Linked:
    """What linking decided, how long it took, and the pairs that it compared (or holds for identical)."""

    decision: Decision
    judged: Decision  # if judges had said "the same" to every candidate
    seconds: float
    kept: set[Pair]


class Weigher:
    """Says what speaks for and against any two records, whether or not they were compared."""

    def __init__(self, records: Sequence[Told]) -> None:
        self._features: dict[str, features.Features] = {}
        shelves: dict[str, set[bytes]] = defaultdict(set)
        for told in records:
            found = features.of(told.type, told.fields)
            if found is not None:
                self._features[told.address] = found
                shelves[found.type].add(features.packed(found))
        tables = load_tables().types
        self._scorers = {
            name: Scorer(tables[name], engine.rarity_of(sorted(shelf), tables[name]))
            for name, shelf in shelves.items()
        }

    def score(self, a: str, b: str) -> Score | None:
        """The parts, their sum, the guards; None where one of the two is not scored at all."""
        left, right = self._features.get(a), self._features.get(b)
        if left is None or right is None or left.type != right.type:
            return None
        scorer = self._scorers[left.type]
        return scorer.score(scorer.prepared(left), scorer.prepared(right))


def link(records: Sequence[Told]) -> Linked:
    """All levels of linking, with the schema's own thresholds."""
    given = [(told.address, told.fields) for told in records]
    begun = time.perf_counter()
    decision = whole.run(given)
    seconds = time.perf_counter() - begun
    kept: set[Pair] = set()
    whole.run(given, watch=lambda a, b: kept.add(pair(a, b)))  # again, so that watching costs no time above
    said = Verdicts(joined=frozenset((c.a, c.b) for c in decision.candidates))
    return Linked(decision, whole.run(given, verdicts=said), seconds, kept)
