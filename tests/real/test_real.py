"""What real publishers' files become; skipped with a word where they are not on this computer."""

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from commons.portal.serving import datasette_for
from scripts import real

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]
DATA = real.data_folder()
no_files = pytest.mark.skipif(
    DATA is None, reason="the publishers' files are not on this computer (COMMONS_REAL_DATA)"
)
CITY = "sf"


@cache
def built_once(key: str, folder: Path) -> real.Built:
    assert DATA is not None
    return real.build(real.load_world(key), DATA, folder, lambda text: None)


@pytest.fixture(scope="session", params=real.worlds())
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> real.Built:
    """One world, built once by the same script that `make real` runs."""
    return built_once(request.param, tmp_path_factory.getbasetemp() / f"real-{request.param}")


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> real.Built:
    return built_once(CITY, tmp_path_factory.getbasetemp() / f"real-{CITY}")


@pytest.mark.parametrize("key", real.worlds())
def test_every_mapping_of_a_world_is_used(key: str) -> None:
    """No mapping lies about that nobody runs; none is missing."""
    world = real.load_world(key)
    named = {file.mapping for member in world.members for file in member.files}
    there = {path.name for path in world.home.glob("*.yaml")} - {"world.yaml", world.territory}
    assert named == there


@no_files
def test_every_row_is_accounted_for_and_most_become_records(built: real.Built) -> None:
    """Rows in = imported + unchanged + left out + refused, for every publisher."""
    for each in built.figures:
        told = each.imported + each.unchanged + sum(each.skipped.values()) + sum(each.refused.values())
        assert told == each.read
        assert each.imported + each.unchanged > 0.5 * each.read, each.lines()
        assert sum(each.released.values()) == each.taken, each.lines()


@no_files
def test_what_must_stay_home_is_in_the_catalogue_and_in_nothing_that_left(city: real.Built) -> None:
    """Marked values are kept where their owner is; no release, pool, index, page or print-out has them."""
    at_home = b"".join(path.read_bytes() for path in city.folder.glob("211-san-francisco/*.db"))
    assert at_home.count(b"PRIVATE-CANARY") >= 190
    assert real.private_texts(city) == []


@cache
def marked_records() -> frozenset[str]:
    """The keys of rows in which something is marked private."""
    assert DATA is not None
    text = (DATA / "sf-federation/p1-211sf/sf_only.csv").read_text(encoding="utf-8").replace("\r", "\n")
    rows = list(csv.DictReader(text.splitlines()))
    return frozenset(
        row["ResourceAgencyNum"] for row in rows if any("PRIVATE-CANARY" in str(v) for v in row.values())
    )


@pytest.fixture
def portal(city: real.Built) -> Iterator[Any]:
    datasette = datasette_for(city.portal / "current" / "data.db", heap_mib=None)
    yield datasette
    datasette.executor.shutdown()
    for database in datasette.databases.values():
        database.close()


@no_files
async def test_no_page_of_a_marked_record_shows_what_was_marked(city: real.Built, portal: Any) -> None:
    """Every page, JSON and CSV of the records concerned is read, as a visitor would."""
    with closing(sqlite3.connect(city.pool)) as pool:
        shown = pool.execute("SELECT short, slug, address FROM entity").fetchall()
    concerned = [(short, slug) for short, slug, address in shown if address.split("/")[2] in marked_records()]
    assert len(concerned) > 30
    paths = [f"/{lang}/f/{short}-{slug}" for short, slug in concerned for lang in ("es", "en")]
    paths += [f"/en/f/{short}.json" for short, _ in concerned]
    tables = ("organization", "place", "service", "claim", "entity", "receipt")
    paths += [f"/data/{table}.{form}?_size=max" for table in tables for form in ("json", "csv")]
    paths += ["/es/", "/en/about", "/en/data", "/en/search?q=shelter", "/es/buscar?q=women"]
    for path in paths:
        page = (await portal.client.get(path)).text
        assert not [word for word in city.world.never if word in page], path


@no_files
@pytest.mark.parametrize(
    "title, field, value",
    [
        ("TENDERLOIN HOUSING CLINIC", "street_address", "126 Hyde Street"),
        ("CURRY SENIOR CENTER", "email", "info@curryseniorcenter.org"),
        ("Showers", "kind", "hygiene"),
        ("Bank on San Francisco account, Wells Fargo", "price", 900),
        ("Chase, Chinatown", "postal_code", "94133"),
    ],
)
def test_well_known_records_say_what_their_sheet_says(
    city: real.Built, title: str, field: str, value: object
) -> None:
    """A few records of each publisher, looked up in the pool by name."""
    with closing(sqlite3.connect(city.pool)) as pool:
        tables = [t for (t,) in pool.execute("SELECT DISTINCT type FROM entity")]
        values = [
            found
            for table in tables
            if field in {c[1] for c in pool.execute(f"PRAGMA table_info({table})")}
            for (found,) in pool.execute(f"SELECT {field} FROM {table} WHERE title = ?", (title,))
        ]
    assert value in values
