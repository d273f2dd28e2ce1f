"""The one place where the scorecard calls linking, and learns which pairs were compared at all."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bench.linking.imported import Told
from bench.linking.labelled import Pair, pair
from commons.link import features, whole
from commons.link.judgements import Verdicts
from commons.link.model import Decision
from commons.link.score import Score
from commons.link.scored import Linking
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
        by_type: dict[str, dict[str, features.Features]] = defaultdict(dict)
        for told in records:
            found = features.of(told.type, told.fields)
            if found is not None:
                by_type[found.type][told.address] = found
        self._linking = {
            name: Linking(load_tables().types[name], several) for name, several in by_type.items()
        }
        self._nodes = {
            address: (name, node)
            for name, linking in self._linking.items()
            for node, claims in enumerate(linking.claims)
            for address in claims
        }

    def score(self, a: str, b: str) -> Score | None:
        """The parts, their sum, the guards; None where one of the two is not scored at all."""
        if a not in self._nodes or b not in self._nodes or self._nodes[a][0] != self._nodes[b][0]:
            return None
        return self._linking[self._nodes[a][0]].score(self._nodes[a][1], self._nodes[b][1])


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
