"""What a visitor cannot do."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette
from hypothesis import given
from hypothesis import strategies as st

from datasette_commons.csv_guard import CsvGuard, guarded
from datasette_commons.harden import MAX_VALUE_BYTES, harden_connection
from tests.portal.running import closing_datasette

HIDDEN = [
    "/-/databases", "/-/databases.json", "/-/metadata.json", "/-/plugins", "/-/settings.json", "/-/threads",
    "/-/versions.json", "/-/actor", "/-/auth-token", "/-/logout", "/-/permissions", "/-/messages",
    "/-/config", "/-/allow-debug", "/-/patterns", "/_internal", "/_internal/databases.json", "/_memory",
]  # fmt: skip
REFUSED = [
    "SELECT printf('%.*c', 100000000, 'x')",
    "SELECT zeroblob(1000000000)",
    "SELECT group_concat(title) FROM entity",
    "ATTACH DATABASE 'other.db' AS other",
    "PRAGMA database_list = 1; SELECT 1",
    "PRAGMA writable_schema = 1",
    "PRAGMA query_only = 0",
    "CREATE TEMP TABLE t (a)",
    "DELETE FROM entity",
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c",
]


@pytest.mark.parametrize("path", HIDDEN)
async def test_rooms_that_tell_paths_or_settings_are_closed(portal: Any, path: str) -> None:
    """Datasette's own pages about itself answer 404."""
    assert (await portal.client.get(path)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/es/", "/data", "/data/service", "/es/nada", "/data/service.json", "/-/databases"]
)
async def test_every_answer_is_bounded_by_headers(portal: Any, path: str) -> None:
    """nosniff, a policy that lets no other host in, no cookie, no path of this machine."""
    answer = await portal.client.get(path, cookies={"ds_actor": "x"})
    policy = answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in policy and "http" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1]
    assert "set-cookie" not in answer.headers and "Cookie" not in answer.headers.get("vary", "")
    assert "private" not in answer.headers.get("cache-control", "")
    assert "pool.db" not in answer.text and "/tmp" not in answer.text


@pytest.mark.parametrize(
    "path", ["/data?sql=select+1", "/data/service?_where=1=1", "/data/pool?_trace=1&sql=select+1"]
)
async def test_visitors_have_no_sql_of_their_own(portal: Any, path: str) -> None:
    """Neither a query nor a condition. The file itself they may have: it is what `verify` asks for."""
    assert (await portal.client.get(path)).status_code in (400, 403, 404)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
async def test_the_portal_is_only_read(portal: Any, method: str) -> None:
    """Every method but GET and HEAD is refused before anything looks at it."""
    answer = await portal.client.request(method.upper(), "/es/buscar")
    assert answer.status_code == 405 and answer.headers["allow"] == "GET, HEAD"


async def test_addresses_without_end_are_refused(portal: Any) -> None:
    """Before Datasette parses them."""
    assert (await portal.client.get("/es/" + "a" * 2000)).status_code == 414
    assert (await portal.client.get("/es/buscar?q=" + "a" * 5000)).status_code == 414


@pytest.mark.parametrize("sql", REFUSED)
def test_a_hardened_connection_reads_and_nothing_else(pool: Path, sql: str) -> None:
    """No memory bombs, no writing, no other file, no endless recursion, even for SQL of our own making."""
    connection = sqlite3.connect(f"file:{pool}?immutable=1", uri=True)
    harden_connection(connection, heap_mib=None)
    with pytest.raises((sqlite3.DatabaseError, sqlite3.ProgrammingError, sqlite3.Warning)):
        connection.execute(sql).fetchall()
    assert connection.execute("SELECT count(*) FROM entity").fetchone()[0] == 7
    assert connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) == MAX_VALUE_BYTES
    connection.close()


async def test_a_datasette_without_our_mode_is_left_alone(pool: Path) -> None:
    """The plugin loads into every Datasette of its environment, and then does nothing."""
    with closing_datasette(Datasette([], immutables=[str(pool)])) as plain:
        assert (await plain.client.get("/-/databases.json")).status_code == 200
        answer = await plain.client.get("/")
        assert "content-security-policy" not in answer.headers
        assert (await plain.client.get("/es/acerca")).status_code == 404


def test_formulas_are_guarded_and_numbers_and_telephones_are_not() -> None:
    """What a spreadsheet would run gets an apostrophe; what people calculate or call stays as it is."""
    for cell in ("=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "\r=1", "-"):
        assert guarded(cell) == "'" + cell
    for cell in ("-12.5", "+52 55 5555 0134", "+525555550134", "-99.062100", "1e-6", "Comedor", "", "+1,5"):
        assert guarded(cell) == cell


@given(
    st.lists(st.lists(st.text(alphabet="ab=+-@\"',\n \r0", max_size=8), min_size=2, max_size=4), max_size=5)
)
def test_a_guarded_csv_has_the_same_cells_but_for_the_apostrophes(rows: list[list[str]]) -> None:
    """Whatever the cells, in whatever pieces they come: same shape, nothing lost."""
    import csv
    import io

    guard, out = CsvGuard(), b""
    for row in rows:
        piece = io.StringIO()
        csv.writer(piece).writerow(row)
        out += guard.feed(piece.getvalue().encode(), last=False)
    out += guard.feed(b"", last=True)
    back = list(csv.reader(io.StringIO(out.decode(), newline="")))
    assert back == [[guarded(cell) for cell in row] for row in rows]


async def test_csv_of_the_tables_is_guarded(portal: Any) -> None:
    """The formula in a title leaves with its apostrophe; JSON gives it as it is."""
    table = await portal.client.get("/data/place.csv?_stream=1")
    assert "\"'=HYPERLINK(" in table.text
    rows = (await portal.client.get("/data/place.json?_shape=array")).json()
    assert any(row["title"].startswith("=HYPERLINK(") for row in rows)
