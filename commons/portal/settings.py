"""How a portal's Datasette is set: bounded, read-only, without arbitrary SQL. Starts nothing."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commons.pool.contract import fused_columns, quoted
from commons.schema.spec import load_schema

DATABASE = "data"
HEAP_MIB = 96
_CHUNK = 1024 * 1024

# Each differs from Datasette's own for a reason: no visitor may keep the process busy or look at its insides.
SETTINGS: dict[str, object] = {
    "default_allow_sql": False,
    "allow_download": False,
    "allow_csv_stream": True,  # whole tables may be taken along …
    "max_csv_mb": 0,  # … and are never cut off in the middle under a status of 200
    "suggest_facets": False,  # each suggestion scans the table
    "default_page_size": 50,
    "max_returned_rows": 1_000,
    "sql_time_limit_ms": 1_000,
    "facet_time_limit_ms": 200,
    "num_sql_threads": 3,
    "cache_size_kb": 8_192,
    "default_cache_ttl": 300,
    "truncate_cells_html": 1_024,
    "template_debug": False,
    "trace_debug": False,
}
# Tables that are there for programs; Datasette lists them under "hidden".
_FOR_PROGRAMS = (
    "leaf", "alias", "claim", "release", "candidate", "link", "related", "entity_topic", "receipt",
)  # fmt: skip


def metadata(federation: Mapping[str, Any], *, heap_mib: int | None = HEAP_MIB) -> dict[str, Any]:
    """Datasette's metadata: whose portal it is, what columns mean, and the plugin's mode."""
    names = federation.get("name") or {}
    title = " · ".join(dict.fromkeys(v for v in names.values() if v)) if isinstance(names, Mapping) else names
    tables: dict[str, Any] = {}
    for rtype in load_schema().types.values():
        titles = {f.name: " · ".join(dict.fromkeys(f.title.values())) for f in rtype.fields.values()}
        columns = {c.name: titles[c.field] for c in fused_columns(rtype)}
        description = " · ".join(dict.fromkeys(rtype.plural.values()))
        tables[rtype.name] = {"description": description, "columns": columns}
    tables["entity"] = {"label_column": "title"}  # a reference shows a name and not a number
    for name in _FOR_PROGRAMS:
        tables.setdefault(name, {})["hidden"] = True
    plugin: dict[str, Any] = {"mode": "portal"}
    if heap_mib:
        plugin["heap_mib"] = heap_mib
    return {
        "title": str(title or "Commons"),
        "plugins": {"commons": plugin},
        "databases": {DATABASE: {"tables": tables}},
    }


def inspection(pool: Path) -> dict[str, Any]:
    """What `datasette inspect` would say of `pool`, as database `data`: digest, size, rows of each table."""
    digest = hashlib.sha256()
    with pool.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    connection = sqlite3.connect(f"{pool.resolve().as_uri()}?immutable=1", uri=True)
    try:
        names = [r[0] for r in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        counts = {n: connection.execute(f"SELECT count(*) FROM {quoted(n)}").fetchone()[0] for n in names}
    finally:
        connection.close()
    return {
        DATABASE: {
            "hash": digest.hexdigest(),
            "size": pool.stat().st_size,
            "file": f"{DATABASE}.db",
            "tables": {name: {"count": n} for name, n in counts.items()},
        }
    }


def to_json(value: object) -> bytes:
    """As the files of a published folder are written: sorted, one newline at the end."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
