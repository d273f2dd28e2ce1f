"""A pool is a stranger's file: whatever is in it, there is a code, a sentence, and it takes no time."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from commons.errors import InputError
from commons.merge.verify import NoLockInside, verify
from commons.pool.examine import PoolRefused, held
from commons.pool.opening import NoPool, NotAPool, OtherContract
from tests.hostile.making import place
from tests.merge.world import Federation

_ENDLESS = (
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS key, x AS value FROM n"
)
_BOMB = "SELECT 'lock' AS key, hex(zeroblob(900000000)) AS value"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    federation = Federation(tmp_path_factory.mktemp("good"))
    federation.share("a", [place(f"lugar-{n}") for n in range(50)])
    return federation.merge().path


def sql(*statements: str) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as pool:
            pool.execute("PRAGMA writable_schema=ON")
            for statement in statements:
                pool.execute(statement)

    return apply


def replaced(name: str, statement: str) -> Callable[[Path], None]:
    """The definition of an object in another's words, as no CREATE would let them stand."""
    return sql(f"UPDATE sqlite_schema SET sql = '{statement}' WHERE name = '{name}'")


def write(at: int, data: bytes) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(at)
            file.write(data)

    return apply


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def looped(path: Path) -> None:
    """Every interior page of a b-tree leads back to one and the same child."""
    with closing(sqlite3.connect(path, isolation_level=None)) as pool:
        pool.executescript("DELETE FROM receipt; VACUUM")
        (page,) = pool.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'claim'").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        kind = file.read(1)
        assert kind == b"\x05"  # an interior page
        file.seek((page - 1) * 4096 + 8)
        file.write(page.to_bytes(4, "big"))


HOSTILE: dict[str, tuple[Callable[[Path], object], type[InputError], str]] = {
    "gone": (lambda p: p.unlink(), NoPool, ""),
    "a folder": (folder_instead, NoPool, ""),
    "empty": (lambda p: p.write_bytes(b""), NotAPool, ""),
    "a web page": (lambda p: p.write_bytes(b"<!doctype html>" * 99), NotAPool, ""),
    "another database": (sql("PRAGMA application_id = 0"), NotAPool, ""),
    "cut": (truncate, PoolRefused, "E_SIZE"),
    "appended": (lambda p: p.write_bytes(p.read_bytes() + bytes(4096)), PoolRefused, "E_SIZE"),
    "in use when copied": (write(18, b"\x02\x02"), PoolRefused, "E_WALMODE"),
    "UTF-16": (write(56, b"\x00\x00\x00\x02"), PoolRefused, "E_ENCODING"),
    "a later contract": (sql("UPDATE meta SET value = '99' WHERE key = 'contract'"), OtherContract, ""),
    "view for meta": (sql("DROP TABLE meta", f"CREATE VIEW meta AS {_ENDLESS}"), PoolRefused, "E_SCHEMA"),
    "view for claim": (sql("DROP TABLE claim", f"CREATE VIEW claim AS {_ENDLESS}"), PoolRefused, "E_SCHEMA"),
    "bomb": (sql("DROP TABLE meta", f"CREATE VIEW meta AS {_BOMB}"), PoolRefused, "E_SCHEMA"),
    "another view": (sql(f"CREATE VIEW more AS {_ENDLESS}"), PoolRefused, "E_SCHEMA"),
    "another table": (sql("CREATE TABLE more (x)"), PoolRefused, "E_SCHEMA"),
    "a table less": (sql("DROP TABLE receipt"), PoolRefused, "E_SCHEMA"),
    "an index on an expression": (sql("CREATE INDEX i ON hold (hex(hash))"), PoolRefused, "E_SCHEMA"),
    "trigger": (
        sql("CREATE TRIGGER t AFTER INSERT ON hold BEGIN DELETE FROM claim; END"), PoolRefused, "E_SCHEMA",
    ),
    "generated column": (
        sql("ALTER TABLE hold ADD COLUMN x TEXT AS (hex(zeroblob(500000000)))"), PoolRefused, "E_SCHEMA",
    ),
    "schema of garbage": (replaced("hold", "CREATE TABLE hold ("), PoolRefused, "E_SQLITE"),
    "loop": (looped, PoolRefused, "E_INTEGRITY"),
    "huge value": (
        sql("UPDATE claim SET json = CAST(zeroblob(100000000) AS TEXT) WHERE number = 1"),
        PoolRefused, "E_TOOBIG",
    ),
    "invalid UTF-8": (
        sql("UPDATE claim SET json = CAST(x'ff' AS TEXT) WHERE number = 1"), PoolRefused, "E_UTF8",
    ),
    "an index that says otherwise": (
        sql("UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'hold') "
            "WHERE name = 'withdrawal'"),
        PoolRefused, "E_INTEGRITY",
    ),
    "no lock": (sql("DELETE FROM meta WHERE key = 'lock'"), NoLockInside, ""),
    "claims of nobody": (sql("UPDATE claim SET member = 'x'"), PoolRefused, "E_PROOF"),
    "held by garbage": (sql("UPDATE claim SET held = '{'"), PoolRefused, "E_PROOF"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_pool_costs_nothing_but_a_sentence(name: str, good: Path, tmp_path: Path) -> None:
    """The expected code, one sentence with a next step, in less than two seconds of this machine."""
    harm, error, code = HOSTILE[name]
    path = tmp_path / "pool.db"
    shutil.copyfile(good, path)
    harm(path)
    (tmp_path / "scratch").mkdir()
    began = time.monotonic()
    with pytest.raises(error) as caught:
        verify(path, tmp_path / "scratch")
    assert time.monotonic() - began < 20  # the machine may be busy; the child's own time is bounded by 1.5 s
    assert str(caught.value).endswith(".") and caught.value.hint
    assert getattr(caught.value, "code", "") == code


def test_journals_beside_a_pool_are_not_looked_at(good: Path, tmp_path: Path) -> None:
    """What counts is the file that was given."""
    path = tmp_path / "pool.db"
    shutil.copyfile(good, path)
    for suffix in ("-wal", "-journal", "-shm"):
        path.with_name(path.name + suffix).write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(4096))
    (tmp_path / "scratch").mkdir()
    assert verify(path, tmp_path / "scratch").same
    assert path.with_name("pool.db-journal").exists()


def test_a_name_cannot_add_a_parameter(good: Path, tmp_path: Path) -> None:
    """Names of files are not addresses."""
    path = tmp_path / "pool?mode=rwc&x=#y.db"
    shutil.copyfile(good, path)
    assert len(held(path, tmp_path).releases) == 1
