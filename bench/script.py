"""What a competent user would write: `python bench/script.py FOLDER`. Verifies nothing, links nothing.

Every catalogue's rows into one table per type with sqlite-utils, the catalogue's name as part of the key;
then a search index over the texts of each table.
"""
# ruff: noqa: T201

from __future__ import annotations

import sys
from pathlib import Path

import sqlite_utils

TEXTS = {
    "organization": ["title", "summary"],
    "place": ["title", "summary", "description", "street_address", "neighbourhood", "district"],
    "service": ["title", "summary", "description", "topics", "application_process"],
}

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "script.db").unlink(missing_ok=True)
    merged = sqlite_utils.Database(folder / "script.db")
    for path in sorted((folder / "catalogues").iterdir()):
        source = sqlite_utils.Database(path)
        for table in TEXTS:
            rows = ({"catalogue": path.stem, **row} for row in source[table].rows)
            merged[table].upsert_all(rows, pk=("catalogue", "id"))
        source.close()
    for table, texts in TEXTS.items():
        merged[table].enable_fts(texts)
    print(sum(merged[table].count for table in TEXTS))
