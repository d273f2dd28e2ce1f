"""A pool by difference is the pool: row by row what a merge makes that starts from nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from commons.merge.act import Result, act
from commons.merge.difference import standing as difference
from commons.merge.difference.last import LastPool
from commons.merge.difference.standing import Way
from commons.merge.renew import How, Previous, renew
from commons.model import Record
from tests.merge.histories import History, Step, histories
from tests.merge.side_by_side import differing

LAW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Folder:
    """One folder whose pool is renewed; beside it the same lock is merged from nothing."""

    def __init__(self, path: Path) -> None:
        self.path, self.last = path, LastPool(path / "pool.db", path / "store")
        self.previous: Previous | None = None

    def renew(self, history: History) -> tuple[Result, Way]:
        how = How(self.path / "links.db", children=0)
        fresh = self.path / ".pool.db.next"
        result, way = renew(
            history.lock, lambda _known: iter(history.releases), self.last, fresh, how, previous=self.previous
        )
        fresh.replace(self.last.path)
        self.last.keep(history.lock.to_bytes(), *result.sums)
        self.previous = Previous(history.lock, history.lock.to_bytes())
        return result, way

    def differing(self, history: History, result: Result) -> list[str]:
        anew = act(history.lock, history.releases, self.path / "anew.db", children=0)
        assert dict(anew.receipts) == dict(result.receipts)
        return differing(self.last.path, anew.path) + ["root"] * (anew.root != result.root)


@pytest.fixture(autouse=True, scope="module")
def whatever_changed():  # type: ignore[no-untyped-def]
    """However much changed in a federation of three: by difference, if it can be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(difference, "MOST_CHANGED", 100)
        yield


@LAW
@given(histories)
def test_by_difference_it_is_the_same_pool(told: tuple[Mapping[str, Sequence[Record]], list[Step]]) -> None:
    """After every step of a history: root, receipts, every row of every table, what every word finds."""
    first, steps = told
    with tempfile.TemporaryDirectory() as name:
        history, folder = History.begin(Path(name), first), Folder(Path(name))
        folder.renew(history)
        for step in steps:
            history.step(step)
            result, _way = folder.renew(history)
            assert folder.differing(history, result) == []
