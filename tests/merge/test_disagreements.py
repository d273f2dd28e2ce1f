"""Which members' differences are read again while the last pool becomes the next."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from commons.merge.pooling.disagreements import Row, Watch

MEMBERS = ("dos", "tres", "uno")
TABLE = """CREATE TABLE disagreement (
  entity INTEGER, field TEXT, address TEXT, member TEXT, value TEXT, shown INTEGER, confirmed_at TEXT,
  PRIMARY KEY (entity, field, address)
) WITHOUT ROWID"""
entities = st.dictionaries(
    st.sampled_from(("title", "summary", "latitude_e6", "longitude_e6")),
    st.dictionaries(st.sampled_from(MEMBERS), st.integers(0, 3), min_size=1),
    max_size=3,
)
pools = st.dictionaries(st.integers(1, 4), entities, max_size=4)


def rows_of(number: int, entity: dict[str, dict[str, int]]) -> list[Row]:
    """Voices of one entity, as `disagreement` has them."""
    return [
        (number, field, f"{member}/place/{number}", member, json.dumps(value * 1_000), int(value == 1), None)
        for field, voices in entity.items()
        for member, value in voices.items()
    ]


@given(pools, pools)
def test_who_is_not_read_again_has_the_differences_of_the_last_receipt(
    before: dict[int, dict[str, dict[str, int]]], after: dict[int, dict[str, dict[str, int]]]
) -> None:
    """Entities come, go and change: everybody's differences are those that reading everything gives."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(TABLE)
        insert = "INSERT INTO disagreement VALUES (?, ?, ?, ?, ?, ?, ?)"
        connection.executemany(insert, [row for n, e in before.items() for row in rows_of(n, e)])
        first, _none = Watch(connection, None).by_member()
        receipts = {m: json.dumps({"differences": first.get(m, [])}) for m in MEMBERS}
        watch = Watch(connection, receipts)
        for number in sorted({*before, *after}):
            if before.get(number) != after.get(number):
                connection.execute("DELETE FROM disagreement WHERE entity = ?", (number,))
                connection.executemany(insert, rows_of(number, after.get(number, {})))
        others, same = watch.by_member()
        told = others | {m: found for m, text in same.items() if (found := json.loads(text)["differences"])}
        assert told == Watch(connection, None).by_member()[0] and not others.keys() & same.keys()
