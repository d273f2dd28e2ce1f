"""As `ours`, but without links by evidence, which the script and the floor do not have: what those cost.

`python bench/exact.py FOLDER`. Nobody merges like this: records are joined only where identifiers, `same_as`
or people say so.
"""
# ruff: noqa: T201

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from commons.merge.linking import shelf
from commons.merge.run import Options, merge

if __name__ == "__main__":
    shelf.row_of = lambda number, type, fields: None
    folder = Path(sys.argv[1])
    merged = merge(folder, Options(as_of=datetime(2026, 11, 21, tzinfo=UTC), out=folder / "exact.db"))
    assert merged.result is not None
    print(sum(merged.result.counts.values()))
