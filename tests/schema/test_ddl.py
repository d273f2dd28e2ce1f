"""Both DDLs come from one schema; the published one is a file that never changes by itself."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.schema import columns, ddl
from commons.schema.spec import schema_folder
from tests.schema.values import SCHEMA, records


@pytest.fixture(scope="module")
def published() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.executescript(ddl.published_sql(SCHEMA))
    yield connection
    connection.close()


def test_the_published_tables_are_the_file_that_intake_compares_with() -> None:
    """`published.sql` and its copy among the drafts say what the schema says."""
    golden = (schema_folder() / "published.sql").read_text(encoding="utf-8")
    assert golden == ddl.published_sql(SCHEMA)
    assert golden == (schema_folder() / "drafts" / SCHEMA.version / "published.sql").read_text("utf-8")


@pytest.mark.parametrize("sql", [ddl.published_sql(SCHEMA), ddl.working_sql(SCHEMA)])
def test_every_table_is_strict_and_knows_no_real_and_no_foreign_key(sql: str) -> None:
    """One table per type; whole numbers and texts only; a reference is text."""
    assert sql.count("CREATE TABLE") == sql.count(") STRICT, WITHOUT ROWID;") == len(SCHEMA.types)
    assert " REAL" not in sql and "FOREIGN KEY" not in sql and "REFERENCES" not in sql


def test_the_catalogue_requires_nothing_but_the_id() -> None:
    """Saving always works: a record may be empty."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(ddl.working_sql(SCHEMA))
    for name in SCHEMA.types:
        connection.execute(f"INSERT INTO {ddl.quoted(name)} (id) VALUES ('a')")
    connection.close()


@given(st.data())
def test_the_published_tables_take_every_valid_record(
    published: sqlite3.Connection, data: st.DataObject
) -> None:
    """What validation passes, the constraints pass."""
    rtype = SCHEMA.types[data.draw(st.sampled_from(list(SCHEMA.types)))]
    fields = data.draw(records(rtype, published=True))
    row = columns.to_columns(rtype, fields, published=True)
    marks = ", ".join("?" * (len(row) + 1))
    published.execute(f"INSERT INTO {ddl.quoted(rtype.name)} VALUES ({marks})", ["a-1", *row])
    published.rollback()


@pytest.mark.parametrize(
    "column, value",
    [("title", ""), ("title", "a" * 201), ("latitude_e6", 90_000_001), ("location_reserved", 2),
     ("capacity", -1), ("confirmed_at", "21/11/2026"), ("phones", "{}"), ("phones", "[]"), ("salt", None),
     ("title", None),
     ("id", "Á"), ("id", ""), ("id", "-a"), ("id", "a" * 64), ("capacity", "viele")],
)  # fmt: skip
def test_the_published_tables_refuse_what_cannot_be(
    published: sqlite3.Connection, column: str, value: object
) -> None:
    """Lengths, ranges, kinds and the shape of dates are held by SQLite itself."""
    good: dict[str, object] = {"id": "a", "title": "A", "salt": "a" * 26}
    names = ", ".join(ddl.quoted(n) for n in good | {column: value})
    marks = ", ".join("?" * len(good | {column: value}))
    with pytest.raises(sqlite3.IntegrityError):
        published.execute(
            f"INSERT INTO place ({names}) VALUES ({marks})", list((good | {column: value}).values())
        )
