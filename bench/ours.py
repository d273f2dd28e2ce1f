"""The whole merge, from signed releases to a pool: `python bench/ours.py FOLDER`."""
# ruff: noqa: T201

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from commons.merge.run import Options, merge

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    merged = merge(folder, Options(as_of=datetime(2026, 11, 21, tzinfo=UTC), out=folder / "ours.db"))
    assert merged.result is not None
    print(sum(merged.result.counts.values()))
