"""The bench of linking beside Splink: the same invented records for both, every time."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from bench.linking import beside, invented

ROOT = Path(__file__).resolve().parents[2]


def test_invented_records_are_always_the_same(tmp_path: Path) -> None:
    """Same number, same bytes; no member says one place twice, and many places are said by several."""
    for name in ("one", "other"):
        invented.write(tmp_path / name, 500)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    rows = [json.loads(line) for line in (tmp_path / "one").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == len({row["address"] for row in rows}) == 500
    said = Counter((row["address"].partition("/")[0], row["place"]) for row in rows)
    assert set(said.values()) == {1}
    assert max(Counter(row["place"] for row in rows).values()) == 4


def test_our_way_says_what_it_compared_and_joined(tmp_path: Path) -> None:
    """The line that the table is made of, from a process of its own."""
    invented.write(tmp_path / "file", 300)
    command = [sys.executable, "-m", "bench.linking.our_way", tmp_path / "file"]
    timed, counted = beside.run(command), beside.run([*command, "--count"])
    assert timed.peak > 10_000_000 and timed.said["compared"] is None
    assert 0 <= timed.said["right"] <= timed.said["true"]
    assert 0 <= counted.said["kept"] <= 1
    assert beside.row(300, "ours", timed, counted).count("|") == 10
