"""What was noted in order is, after any changes, what the rows say in order."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.merge.linking import in_order
from commons.merge.linking.in_order import InOrder

TABLE = "link_features"
Numbered = dict[int, int]  # number of a claim → its digest, as a small number
nights = st.lists(
    st.tuples(st.sets(st.integers(0, 12)), st.dictionaries(st.integers(0, 12), st.integers(0, 3))), max_size=4
)


def read(connection: sqlite3.Connection, gone: set[int], come: Numbered, *, empty: bool) -> list[object]:
    """One merge: claims go and come, then all are read, and noted for the next."""
    order = InOrder(connection, TABLE, stays=True, empty=empty)
    rows = [("place", bytes([d]) * 16, n, 100 * n, n + 1) for n, d in sorted(come.items())]
    connection.executemany(f"DELETE FROM {TABLE} WHERE number = ?", ((n,) for n in gone))
    connection.executemany(f"INSERT INTO {TABLE} VALUES (?, ?, ?, ?, ?)", rows)
    order.go(gone)
    order.come(rows)
    assert list(order.of("service")) == []
    return [row for columns in order.of("place") for row in zip(*columns, strict=True)]


@given(st.dictionaries(st.integers(0, 12), st.integers(0, 3)), nights, st.sampled_from([1, 2, 100]))
def test_by_changes_it_is_the_same_order(
    first: Numbered, changes: list[tuple[set[int], Numbered]], at_once: int
) -> None:
    """Whatever goes and comes, also the same claim again with something else to recognise it by."""
    with pytest.MonkeyPatch.context() as patch, closing(sqlite3.connect(":memory:")) as connection:
        patch.setattr(in_order, "AT_ONCE", at_once)
        connection.execute("ATTACH ':memory:' AS noted")
        columns = "type TEXT, digest BLOB, number INTEGER PRIMARY KEY, first INTEGER, size INTEGER"
        connection.execute(f"CREATE TABLE {TABLE} ({columns})")
        read(connection, set(), first, empty=True)
        said = set(first)
        for go, come in changes:
            gone = said & (go | come.keys())
            said = said - gone | come.keys()
            sql = f"SELECT digest, number, first, size FROM {TABLE} ORDER BY digest, number"
            assert read(connection, gone, come, empty=False) == connection.execute(sql).fetchall()


def test_rows_that_moved_are_read_again() -> None:
    """Where features lie elsewhere than was noted."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("ATTACH ':memory:' AS noted")
        columns = "type TEXT, digest BLOB, number INTEGER PRIMARY KEY, first INTEGER, size INTEGER"
        connection.execute(f"CREATE TABLE {TABLE} ({columns})")
        read(connection, set(), {1: 0, 2: 1}, empty=True)
        connection.execute(f"UPDATE {TABLE} SET first = first + 7")
        order = InOrder(connection, TABLE, stays=True, empty=False)
        order.forget()
        assert [list(c.firsts) for c in order.of("place")] == [[107, 207]]
