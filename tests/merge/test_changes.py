"""What changed between two pools, and what an older lock may still bring back."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from commons.addresses import tombstone
from commons.federation.policy.file import Hold
from commons.merge.planning.since import with_todays_word
from commons.merge.pooling.changes import compare
from tests.hostile.making import place, withdrawal
from tests.merge.world import AS_OF, Federation


@pytest.fixture
def federation(tmp_path: Path) -> Federation:
    return Federation(tmp_path)


def test_new_changed_removed_withdrawn_and_held_are_told_apart(federation: Federation) -> None:
    """Each in its word; what stayed the same is not mentioned."""
    federation.share("a", [place(n) for n in ("cambia", "igual", "pausa", "quita", "retira")])
    federation.merge()
    shutil.copy(federation.folder / "pool.db", federation.folder / "before.db")
    stone = withdrawal(tombstone(f"{federation.id('a')}/place/retira"), number=2)
    records = [place("cambia", summary="!"), place("igual"), place("pausa"), place("nueva"), stone]
    federation.share("a", records, number=2)
    federation.holds = (
        Hold(f"{federation.id('a')}/place/pausa", None, "x", "Eva", AS_OF + timedelta(days=1)),
    )
    federation.merge()
    found = compare(federation.folder / "before.db", federation.folder / "pool.db")[federation.id("a")]
    counts = {k: v for k, v in found.to_json().items() if k != "examples"}
    assert counts == {"new": 1, "changed": 1, "removed": 1, "withdrawn": 1, "held": 1}
    assert found.examples["removed"] == [f"{federation.id('a')}/place/quita"]


def test_an_old_lock_takes_todays_withdrawals_and_holds_along(federation: Federation) -> None:
    """A rollback shows the old records without what was withdrawn or held since, and has another root."""
    federation.share("a", [place("uno"), place("dos"), place("tres")])
    old_root = federation.merge().root
    old = federation.lock
    assert old is not None and with_todays_word(old, old) is old
    federation.share("a", [withdrawal(tombstone(f"{federation.id('a')}/place/uno"), number=2)], number=2)
    federation.holds = (Hold(f"{federation.id('a')}/place/dos", None, "x", "Eva", AS_OF + timedelta(days=9)),)
    federation.merge(as_of=AS_OF + timedelta(days=1))
    assert federation.titles() == []
    federation.lock = with_todays_word(old, federation.lock)
    assert federation.act().root != old_root
    assert federation.titles() == ["Comedor tres"]
