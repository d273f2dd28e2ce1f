"""The vectors as a whole: what the script would write, and the names of records."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from commons import addresses
from commons.format import errors, manifest

ROOT = Path(__file__).resolve().parents[2]


def test_the_script_writes_the_vectors_that_are_checked_in(vectors: dict[str, Any]) -> None:
    """No vector changes unseen."""
    script = (
        "import sys, json; sys.path[:0] = ['scripts']; import vectors; print(json.dumps(vectors.vectors()))"
    )
    out = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(out.stdout) == vectors


def test_the_vectors_of_addresses_hold(vectors: dict[str, Any]) -> None:
    """Tombstones and short codes."""
    for vector in vectors["addresses"]:
        assert addresses.tombstone(vector["address"]) == vector["tombstone"]
        assert addresses.short_code(vector["address"]) == vector["short_code"]


def test_the_page_shows_the_vectors() -> None:
    """docs/formats.md cannot drift from what the program does."""
    done = subprocess.run([sys.executable, "scripts/formats_doc.py", "--check"], cwd=ROOT)
    assert done.returncode == 0, "run scripts/formats_doc.py"


def test_the_page_names_every_code_and_every_key() -> None:
    """All codes of refusal, all keys of release.json."""
    page = (ROOT / "docs" / "formats.md").read_text("utf-8")
    codes = {cls.code for cls in vars(errors).values() if isinstance(cls, type) and hasattr(cls, "code")}
    assert all(f"`{name}`" in page for name in codes - {"E_FORMAT"})
    assert all(f"`{name}`" in page for name in manifest._KEYS)
