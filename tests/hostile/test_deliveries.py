"""Whatever a member delivers ends in its code, and what the other members say is merged as without it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from commons.merge.run import Options, merge
from tests.hostile.deliveries import DELIVERIES, HOSTILE, Delivery
from tests.hostile.federation import AS_OF, founded
from tests.hostile.watching import codes, what_others_say

SECONDS = 2.0


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    """What the others say where the hostile member delivers nothing."""
    folder = founded(tmp_path_factory.mktemp("without") / "federation")
    result = merge(folder, Options(as_of=AS_OF, children=0)).result
    assert result is not None
    return what_others_say(result.path, HOSTILE.id)


@pytest.mark.parametrize("delivery", DELIVERIES, ids=lambda d: d.name)
def test_a_hostile_delivery_ends_in_its_code_and_harms_nobody_else(
    delivery: Delivery, without: tuple[object, ...], tmp_path: Path
) -> None:
    """Through the whole merge: sources, proofs, gate, linking, pool."""
    folder = founded(tmp_path / "federation")
    delivery.put(folder / "hostile")
    began = time.process_time()
    merged = merge(folder, Options(as_of=AS_OF, children=0))
    assert time.process_time() - began < SECONDS
    found = codes(merged)
    assert not delivery.code or found & set(delivery.code.split("|")), found
    assert merged.result is not None
    assert what_others_say(merged.result.path, HOSTILE.id) == without


def test_the_corpus_is_large_and_every_name_is_its_own() -> None:
    """At least forty kinds; two of one name would be one in the table."""
    names = [d.name for d in DELIVERIES]
    assert len(names) == len(set(names)) >= 40
