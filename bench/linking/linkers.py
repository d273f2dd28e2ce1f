"""The one place where the scorecard calls linking, and learns which pairs were compared at all."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.linking.imported import Told
from bench.linking.labelled import Pair
from commons.link import whole
from commons.link.model import Decision


@dataclass(frozen=True)
class Linked:
    """What linking decided, how long it took, and the pairs that it compared, if it tells."""

    decision: Decision
    seconds: float
    kept: set[Pair] | None = None
    compared: int | None = None


def link(records: Sequence[Told]) -> Linked:
    """All levels of linking, with the schema's own thresholds."""
    given = [(told.address, told.fields) for told in records]
    begun = time.perf_counter()
    decision = whole.run(given)
    return Linked(decision, time.perf_counter() - begun)
