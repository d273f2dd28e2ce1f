"""What linking remembers: it changes no result, and losing it only costs time."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from commons.intake.gate import Gate
from commons.link import block, engine, features
from commons.link.engine import Pairs, Shared
from commons.link.tables import load_tables
from commons.merge.act import Result, act
from commons.merge.linking.link_state import LinkState, Nodes, _OfType
from commons.merge.releases.inputs import locked_releases
from commons.model import Record
from tests.hostile.making import place
from tests.merge.world import Federation

TABLE = load_tables().types["place"]
WORDS = ["casa", "luz", "ollin", "tonal", "xochitl", "nahui", "comedor", "centro", "papalotl", "ehecatl"]


def record(random_: random.Random) -> dict[str, Any]:
    """One of few places, so that many share something and buckets change often."""
    fields: dict[str, Any] = {"title": " ".join(random_.sample(WORDS, random_.randrange(1, 4)))}
    if random_.random() < 0.6:
        fields["street_address"] = f"Calle {random_.choice(WORDS)} {random_.randrange(9)}"
    if random_.random() < 0.5:
        fields["district"] = f"0900{random_.randrange(3)}"
    if random_.random() < 0.3:
        fields["phones"] = [{"number": f"+52555555000{random_.randrange(9)}"}]
    return fields


def nodes(records: list[dict[str, Any]]) -> Nodes:
    found = {f for r in records if (f := features.of("place", r)) is not None}
    shelf = sorted(map(features.packed, found))
    return Nodes(shelf, Shared(TABLE, shelf))


def anew(of: Nodes) -> Pairs:
    shelf = of.shared.shelf
    return engine.compared(Shared(TABLE, shelf, engine.rarity_of(shelf, TABLE)))


@pytest.mark.parametrize("seed", range(6))
def test_looking_at_changes_finds_what_looking_at_everything_finds(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records come, go and change; buckets and blocks with them, also past the cap, which moves, too."""
    monkeypatch.setattr("commons.merge.linking.link_state.MOST_CHANGED", 200)
    monkeypatch.setattr("commons.merge.linking.link_state.AT_ONCE", 7)
    monkeypatch.setattr(block, "MOST", 3)
    monkeypatch.setattr(block, "LARGE", 6)
    random_ = random.Random(seed)
    records = [record(random_) for _ in range(90)]
    for _step in range(8):
        today = nodes(records)
        with LinkState(tmp_path / "links.db") as state:
            found = state.compared("place", today, engine.here)
        assert found.pairs == anew(today)
        assert found.rarity.buckets == engine.rarity_of(today.shared.shelf, TABLE).buckets
        for _change in range(random_.randrange(12)):
            records[random_.randrange(len(records))] = record(random_)
        del records[: random_.randrange(6)]
        records += [record(random_) for _ in range(random_.randrange(9))]


def test_few_changes_are_not_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One record of many: what was compared is not compared again."""
    random_ = random.Random(1)
    records = [record(random_) for _ in range(300)]
    for change in (False, True):
        if change:
            records[0] = record(random_)
            monkeypatch.setattr(_OfType, "anew", None)
        with LinkState(tmp_path / "links.db") as state:
            assert state.compared("place", nodes(records), engine.here).pairs == anew(nodes(records))


@pytest.mark.parametrize("damage", [b"", b"no database", None])
def test_a_damaged_file_only_costs_time(damage: bytes | None, tmp_path: Path) -> None:
    """Empty, something else, or torn in the middle."""
    path = tmp_path / "links.db"
    random_ = random.Random(2)
    today = nodes([record(random_) for _ in range(200)])
    with LinkState(path) as state:
        state.compared("place", today, engine.here)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\0" * (len(whole) - 4096) if damage is None else damage)
    with LinkState(path) as state:
        assert state.compared("place", today, engine.here).pairs == anew(today)


def test_what_failed_is_not_kept(tmp_path: Path) -> None:
    """A merge that stops leaves the file as it was."""
    random_ = random.Random(3)
    records = [record(random_) for _ in range(100)]
    path = tmp_path / "links.db"
    with LinkState(path) as state:
        state.compared("place", nodes(records), engine.here)
    before = path.read_bytes()
    with pytest.raises(RuntimeError), LinkState(path) as state:
        state.compared("place", nodes(records[:-1]), engine.here)
        raise RuntimeError
    assert path.read_bytes() == before


def test_a_merge_that_remembers_gives_the_same_root(tmp_path: Path) -> None:
    """Members come with new releases, judgements are said; the second merge remembers the first."""
    federation = Federation(tmp_path)
    random_ = random.Random(4)
    said = {name: [_record(random_, n) for n in range(30)] for name in ("a", "b", "c")}
    for number in range(1, 5):
        for name, records in said.items():
            if number == 1 or name == "b":
                federation.share(name, records, number=number)
        plain = federation.merge()
        before = _told(federation)
        assert _remembering(federation).root == plain.root
        assert _told(federation) == before
        said["b"][random_.randrange(30)] = _record(random_, 100 + number)


def _record(random_: random.Random, n: int) -> Record:
    return place(f"r{n}", **record(random_))


def _remembering(federation: Federation) -> Result:
    assert federation.lock is not None
    with Gate(federation.store.root / "intake", at_once=1) as gate:
        releases = locked_releases(federation.lock, federation.store, gate)
        links = federation.folder / "links.db"
        return act(federation.lock, releases, federation.folder / "pool.db", children=0, links=links)


def _told(federation: Federation) -> list[tuple[Any, ...]]:
    asked = federation.rows("SELECT * FROM candidate ORDER BY a, b")
    return asked + federation.rows("SELECT address, entity FROM alias ORDER BY address")
