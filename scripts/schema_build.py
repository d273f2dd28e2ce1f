"""Make what is generated from the schema: schema.json, linking.json, published.sql, its copy in drafts.

`python scripts/schema_build.py` writes; `--check` writes nothing and fails where something is old.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from commons.link import tables
from commons.schema import ddl, reading, spec

ROOT = Path(__file__).resolve().parent.parent / "schemas" / spec.FOLDER


def generated() -> dict[Path, str]:
    """Every generated file with its content."""
    plain = reading.read_folder(ROOT)
    schema = spec.schema_from(plain)
    sql = ddl.published_sql(schema)
    linking = {path.stem: reading.read_yaml(path) for path in sorted((ROOT / "linking").glob("*.yaml"))}
    tables.tables_from(linking)  # refuses what the program could not load
    return {
        ROOT / spec.COMPILED: json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n",
        ROOT / tables.COMPILED: json.dumps(linking, ensure_ascii=False, indent=1, sort_keys=True) + "\n",
        ROOT / "published.sql": sql,
        ROOT / "drafts" / schema.version / "published.sql": sql,
    }


def main(arguments: list[str]) -> int:
    old = [p for p, text in generated().items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        for path in old:
            print(f"{path.relative_to(ROOT.parent.parent)} is old: run make schema")
        return 1 if old else 0
    for path, text in generated().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
