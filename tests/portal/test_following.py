"""What is served is what is shown at this moment, whole, and never half of two versions."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from commons.portal.following import Following, _Version
from tests.portal.sample import write_sample


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two pools that differ in a member's name, which stands on every home page."""
    folder = tmp_path_factory.mktemp("two")
    old, new = write_sample(folder / "old.db"), folder / "new.db"
    shutil.copyfile(old, new)
    with sqlite3.connect(new) as pool:
        pool.execute("UPDATE member SET title = 'Nombre nuevo'")
    pool.close()
    return old, new


@pytest.fixture
def out(tmp_path: Path, two: tuple[Path, Path]) -> Path:
    """A published folder of two versions that shows the first."""
    for name, pool in zip(("old", "new"), two, strict=True):
        (tmp_path / name).mkdir()
        shutil.copyfile(pool, tmp_path / name / "data.db")
    point(tmp_path, "old")
    return tmp_path


def point(out: Path, name: str) -> None:
    (out / "next").symlink_to(name)
    (out / "next").replace(out / "current")


@asynccontextmanager
async def portal(target: Path) -> AsyncIterator[tuple[Following, httpx.AsyncClient]]:
    app = Following(target, heap_mib=None)
    await app._version.warm()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://portal") as client:
        yield app, client
    app._version.close()


async def is_new(client: httpx.AsyncClient) -> bool:
    answer = await client.get("/es/")
    assert answer.status_code == 200
    return "Nombre nuevo" in answer.text


async def test_the_first_reader_after_a_publish_sees_what_was_published(out: Path) -> None:
    """There, and back again after a rollback; without a restart, and already at the first request."""
    async with portal(out) as (_app, client):
        assert not await is_new(client)
        point(out, "new")
        assert await is_new(client)
        point(out, "old")
        assert not await is_new(client)


async def test_everybody_who_comes_while_a_version_is_opened_gets_that_version(out: Path) -> None:
    """It is opened once, however many ask."""
    async with portal(out) as (app, client):
        opened: list[Any] = []
        real = _Version.open

        def counted(*arguments: Any) -> _Version:
            opened.append(arguments)
            return real(*arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_Version, "open", counted)
            point(out, "new")
            assert all(await asyncio.gather(*(is_new(client) for _ in range(12))))
        assert len(opened) == 1 and app._version.readers == 0


async def test_a_request_that_has_begun_ends_on_its_version(out: Path) -> None:
    """Even when the old version's file is deleted meanwhile; then it is closed, and lets go of the disk."""
    async with portal(out) as (app, client):
        old = app._version
        old.readers += 1  # somebody reads a long table
        point(out, "new")
        shutil.rmtree(out / "old")
        assert await is_new(client) and old.retired
        answers = [await old.datasette.client.get(f"/data/service.json?_size={n}") for n in (1, 2, 3, 4)]
        assert {a.status_code for a in answers} == {200}
        old.readers -= 1
        old.close()
        with pytest.raises(RuntimeError):
            old.datasette.executor.submit(print)


async def test_an_old_version_is_closed_when_its_last_reader_leaves(out: Path) -> None:
    """A portal that runs for a year of nights must not keep a year of pools open."""
    async with portal(out) as (app, client):
        old = app._version
        point(out, "new")
        assert await is_new(client)
        with pytest.raises(sqlite3.ProgrammingError):
            old.datasette.get_database("data")._all_file_connections[0].execute("SELECT 1")


def no_pool(pool: Path) -> bytes:
    return b"SQLite format 3\0 but no more"


def half_a_pool(pool: Path) -> bytes:
    return pool.read_bytes()[:60_000]


@pytest.mark.parametrize("broken", [no_pool, half_a_pool])
async def test_what_cannot_be_opened_leaves_the_version_before(
    out: Path, broken: Callable[[Path], bytes]
) -> None:
    """And is not tried at every request; what is published next is."""
    (out / "new" / "data.db").write_bytes(broken(out / "old" / "data.db"))
    async with portal(out) as (app, client):
        point(out, "new")
        assert not await is_new(client) and app._refused is not None
        (out / "current").unlink()  # nothing is shown at this moment
        assert not await is_new(client)
        shutil.copytree(out / "old", out / "third")
        point(out, "third")
        assert not await is_new(client) and app._version.place[0].parent.name == "third"


async def test_a_version_that_goes_while_it_is_opened_is_let_go_of(out: Path) -> None:
    """Its file is deleted under it, say: nothing of it stays open, and not every reader tries again."""
    async with portal(out) as (app, client):
        closed: list[_Version] = []
        real = _Version.close

        async def gone(_version: _Version) -> bool:
            raise sqlite3.OperationalError("unable to open database file")

        def counted(version: _Version) -> None:
            closed.append(version)
            real(version)

        point(out, "new")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_Version, "warm", gone)
            patch.setattr(_Version, "close", counted)
            assert [await is_new(client) for _ in range(3)] == [False, False, False]
        assert len(closed) == 1 and app._refused is not None


async def test_a_pool_that_is_merged_anew_is_followed_too(two: tuple[Path, Path], tmp_path: Path) -> None:
    """`commons serve ciudad/pool.db`: a merge puts another file in its place."""
    pool = tmp_path / "pool.db"
    shutil.copyfile(two[0], pool)
    async with portal(pool) as (_app, client):
        assert not await is_new(client)
        shutil.copyfile(two[1], tmp_path / "next.db")
        (tmp_path / "next.db").replace(pool)
        assert await is_new(client)
