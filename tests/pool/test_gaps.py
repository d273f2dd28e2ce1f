"""What lies in the unused middle of a page goes, and the sum is that of what is on the disk then."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commons.pool import gaps
from commons.pool.contract import PAGE_BYTES


def spoil(path: Path) -> int:
    """Write into the middle of every page of a table or an index; gives how many have one."""
    data, spoilt = bytearray(path.read_bytes()), 0
    for at in range(0, len(data), PAGE_BYTES):
        page = at + 100 if at == 0 else at
        if data[page] in (2, 5, 10, 13):
            head = 12 if data[page] < 10 else 8
            first = page + head + 2 * int.from_bytes(data[page + 3 : page + 5], "big")
            end = at + int.from_bytes(data[page + 5 : page + 7], "big")
            data[first:end] = b"?" * (end - first)
            spoilt += end > first
    path.write_bytes(data)
    return spoilt


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 9_000), max_size=60),
    st.sampled_from([PAGE_BYTES, 3 * PAGE_BYTES, 1024 * PAGE_BYTES]),
)
def test_what_lies_in_the_middle_of_a_page_goes_and_all_else_stays(sizes: list[int], at_once: int) -> None:
    """Whatever rows there are, and however many pages are looked at in one go."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(gaps, "_AT_ONCE", at_once)
        path = Path(name) / "some.db"
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            database.execute("CREATE TABLE said (word TEXT)")
            database.execute("CREATE INDEX by_word ON said (word)")
            database.executemany("INSERT INTO said VALUES (?)", [("x" * size,) for size in sizes])
        gaps.clear(path)
        before = path.read_bytes()
        assert spoil(path) and path.read_bytes() != before
        assert gaps.clear(path) == hashlib.sha256(before).hexdigest()
        assert path.read_bytes() == before
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
