"""The table of characters is the protocol's, and says the same as Unicode 14.0 on every Python."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.format import characters

ROOT = Path(__file__).resolve().parents[2]


@given(st.characters())
def test_the_quick_way_and_the_table_agree(character: str) -> None:
    """What the first search lets through is in the table and composed."""
    if characters.unusual(character) is None:
        assert characters._refused().search(character) is None
        assert unicodedata.is_normalized("NFC", character)


def test_everything_that_the_quick_way_lets_through_composes_with_nothing_before_it() -> None:
    """No usual character joins with a usual one before it: texts of usual characters are always in NFC."""
    usual = [chr(n) for n in range(0x3000) if characters.unusual(chr(n)) is None]
    assert len(usual) > 300
    assert all(unicodedata.combining(c) == 0 for c in usual)
    whole = "".join(a + b for a in usual for b in usual)
    assert unicodedata.normalize("NFC", whole) == whole


def test_newer_emoji_neither_combine_nor_decompose() -> None:
    """Whatever Unicode this Python has, NFC leaves them where they are."""
    table = (ROOT / "schemas" / "v1" / "characters.txt").read_text("utf-8")
    for line in table.partition("# newer\n")[2].splitlines():
        first, last = (int(part, 16) for part in line.split("-"))
        for point in range(first, last + 1):
            assert characters.refuse(chr(point)) is None
            assert unicodedata.combining(chr(point)) == 0 and not unicodedata.decomposition(chr(point))


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="only Python 3.11 has Unicode 14.0")
def test_the_table_is_what_its_script_writes() -> None:
    """Nobody edits the table by hand."""
    script = "import sys; sys.path[:0] = ['scripts']; import characters; print(characters.ranges())"
    out = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    table = (ROOT / "schemas" / "v1" / "characters.txt").read_text("utf-8").partition("# newer\n")[0]
    written = [line.split("-") for line in table.splitlines() if not line.startswith("#")]
    assert out.stdout.strip() == str([(int(a, 16), int(b, 16)) for a, b in written])
