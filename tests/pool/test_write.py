"""A pool is written whole, in one layout, with everything that the contract promises."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from commons.pool.contract import APPLICATION_ID
from commons.pool.rows import Entity
from commons.pool.search import query
from commons.pool.write import Content, write_pool, writing

MEMBER = "k3v7wq2mzt5xh4cabn6dpyjr2e"
KITCHEN = f"{MEMBER}/organization/cocina"
HALL = f"{MEMBER}/place/salon"
MEALS = f"{MEMBER}/service/comidas"


def small_pool() -> Content:
    place = {"title": "Salón", "district": "09007", "latitude_e6": 19357800, "longitude_e6": -99092000}
    meals = {"title": "Comidas", "organization": KITCHEN, "place": HALL, "topics": ["food"], "is_free": True}
    return Content(
        entities=[
            Entity(0, MEALS, "service", meals, language="es"),
            Entity(0, KITCHEN, "organization", {"title": "Cocina de la niña"}, language="es"),
            Entity(0, HALL, "place", place),
        ],
        claims=[(MEALS, MEALS, "[]", ["phones"]), (KITCHEN, KITCHEN, "[]", []), (HALL, HALL, "[]", [])],
        meta={"counts": {"service": 1}},
        rows={"member": [{"id": MEMBER, "name": "Cocina", "state": "current", "records": 3, "refused": 0}]},
    )


@pytest.fixture
def pool(tmp_path: Path) -> sqlite3.Connection:
    write_pool(tmp_path / "pool.db", small_pool())
    return sqlite3.connect(tmp_path / "pool.db")


def test_references_lead_to_entities_and_places_lend_their_district(pool: sqlite3.Connection) -> None:
    """A service names its organisation's entity, and stands in the district of its place."""
    sql = """SELECT o.title, e.district FROM service s JOIN entity o ON o.id = s.organization
             JOIN entity e ON e.id = s.entity"""
    assert pool.execute(sql).fetchall() == [("Cocina de la niña", "09007")]


def test_positions_are_decimals_and_json_is_json(pool: sqlite3.Connection) -> None:
    """Only here and in exports are positions decimals."""
    assert pool.execute("SELECT latitude, longitude FROM place").fetchone() == (19.3578, -99.092)
    assert pool.execute("SELECT topics, is_free FROM service").fetchone() == ('["food"]', 1)
    assert pool.execute("SELECT held FROM claim WHERE address = ?", (MEALS,)).fetchone() == ('["phones"]',)


@pytest.mark.parametrize("asked", ["niña", "NINAS", "cocinas", "cociná"])
def test_a_record_is_found_in_whatever_form_its_words_are_asked(pool: sqlite3.Connection, asked: str) -> None:
    """Case, accents, number and the ñ of a foreign keyboard do not matter."""
    rows = pool.execute("SELECT rowid FROM search WHERE search MATCH ?", (query(asked).match,)).fetchall()
    assert rows == pool.execute("SELECT id FROM entity WHERE address = ?", (KITCHEN,)).fetchall()


def test_a_topic_is_found_by_its_names_in_both_languages(pool: sqlite3.Connection) -> None:
    """Whoever searches in Spanish finds records whose topic is a code."""
    for word in ("alimentación", "food"):
        rows = pool.execute("SELECT rowid FROM search WHERE search MATCH ?", (query(word).match,)).fetchall()
        assert len(rows) == 1, word


def test_the_canonical_form_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    """Two runs give one file, whatever the order of what they were given."""
    content = small_pool()
    turned = Content(content.entities[::-1], content.claims[::-1], content.meta, content.rows)
    write_pool(tmp_path / "a.db", content, canonical=True)
    write_pool(tmp_path / "b.db", turned, canonical=True)
    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "b.db").read_bytes()


def test_a_failed_write_leaves_nothing_and_keeps_the_old_pool(tmp_path: Path) -> None:
    """An error in the middle changes no file."""
    path = tmp_path / "pool.db"
    write_pool(path, small_pool())
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError), writing(path):
        raise ZeroDivisionError
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["pool.db"]


def test_a_pool_is_known_by_its_first_bytes_and_is_sound(pool: sqlite3.Connection) -> None:
    """`application_id` names it; SQLite finds nothing wrong with it."""
    assert pool.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert pool.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert pool.execute("PRAGMA foreign_key_check").fetchall() == []
