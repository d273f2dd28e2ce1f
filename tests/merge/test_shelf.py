"""Claims that can be recognised by the same are one node, however many are read at one go."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.merge.linking import in_order
from commons.merge.linking.shelf import Aside

Rows = list[tuple[int, int]]  # digest, number
rows = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30)), unique_by=lambda row: row[1], max_size=12)


@given(rows, st.sets(st.integers(0, 30)), st.sampled_from([1, 2, 3, 100]))
def test_the_same_claims_are_the_same_nodes(said: Rows, without: set[int], at_once: int) -> None:
    """In order of digests and numbers; those of other types and those to leave out are not there."""
    with pytest.MonkeyPatch.context() as patch, closing(sqlite3.connect(":memory:")) as connection:
        patch.setattr(in_order, "AT_ONCE", at_once)
        connection.execute("ATTACH ':memory:' AS noted")
        with closing(Aside(connection)) as aside:
            aside.take([("place", bytes([d]) * 16, n, bytes([d]) * (d + 1)) for d, n in said])
            aside.take([("service", bytes(16), 99, b"x")])
            found = aside._nodes("place", without)
            aside._file.flush()
            data = aside.path.read_bytes()
    expected = groupby(sorted(row for row in said if row[1] not in without), key=lambda row: row[0])
    for node, (digest, members) in enumerate(expected):
        assert found.digests[node] == bytes([digest]) * 16
        assert list(found.of(node)) == [number for _digest, number in members]
        at, size = found.first[node], found.sizes[node]
        assert data[at : at + size] == bytes([digest]) * (digest + 1)
    assert len(found.digests) == len(found.starts) == len({d for d, n in said if n not in without})
