"""Values become SQLite columns and come back as they were."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.schema import columns, ddl
from commons.schema.columns import ColumnUnreadable
from tests.schema.values import SCHEMA, records


@pytest.fixture(scope="module")
def working() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.executescript(ddl.working_sql(SCHEMA))
    yield connection
    connection.close()


@given(st.data())
def test_a_record_survives_the_way_through_sqlite(working: sqlite3.Connection, data: st.DataObject) -> None:
    """Working tables take any valid record and give back the same values."""
    rtype = SCHEMA.types[data.draw(st.sampled_from(list(SCHEMA.types)))]
    fields = data.draw(records(rtype))
    row = columns.to_columns(rtype, fields)
    names = ", ".join(ddl.quoted(n) for n in columns.names(rtype))
    marks = ", ".join("?" * (len(row) + 1))
    working.execute(f"INSERT INTO {ddl.quoted(rtype.name)} (id, {names}) VALUES ({marks})", ["a", *row])
    stored = working.execute(f"SELECT {names} FROM {ddl.quoted(rtype.name)}").fetchone()
    working.rollback()
    assert columns.from_columns(rtype, stored) == fields


def test_published_columns_leave_out_what_never_leaves() -> None:
    """The names of the published columns are those of the published DDL, in order."""
    for rtype in SCHEMA.types.values():
        named = columns.names(rtype, published=True)
        assert not {"audience", "extra"} & set(named)
        row = columns.to_columns(rtype, {"extra": {"a": "b"}, "salt": "x"}, published=True)
        assert len(row) == len(named)
        assert columns.from_columns(rtype, row, published=True) == ({"salt": "x"} if "salt" in named else {})


@pytest.mark.parametrize("name, empty", [("title", None), ("title", ""), ("phones", []), ("extra", {})])
def test_no_value_is_null_and_comes_back_as_nothing(name: str, empty: object) -> None:
    """None, an empty text, list or object all mean that there is no value."""
    place = SCHEMA.types["place"]
    row = columns.to_columns(place, {name: empty})
    assert set(row) == {None}
    assert columns.from_columns(place, row) == {}


@pytest.mark.parametrize("text", ["[", '[{"a":1,"a":2}]', "[1.5]", "[NaN]", "[" * 100_000, 7])
def test_a_list_that_reads_in_two_ways_is_refused(text: object) -> None:
    """Broken JSON, a key given twice, a fraction: the column is named, nothing is guessed."""
    place = SCHEMA.types["place"]
    row = [text if name == "phones" else None for name in columns.names(place)]
    with pytest.raises(ColumnUnreadable, match="phones"):
        columns.from_columns(place, row)
