"""What is not ours, newer than us or broken is refused in one sentence and left as it is."""

from __future__ import annotations

import os
import sqlite3

import pytest

from commons.catalogue import structure
from commons.catalogue.errors import (
    CatalogueExists,
    CatalogueMissing,
    CatalogueNotWritable,
    DamagedCatalogue,
    NewerCatalogue,
    NotACatalogue,
)
from commons.catalogue.store import Catalogue
from commons.release.keys import new_identity
from commons.schema.spec import load_schema


@pytest.fixture
def path(new_catalogue):
    with new_catalogue() as made:
        return made.path


def change(path, sql):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(sql)
    connection.close()


def other_database(path):
    path.unlink()
    change(path, "CREATE TABLE t (a)")


SPOILED = {
    "missing": (lambda p: p.unlink(), CatalogueMissing),
    "empty": (lambda p: p.write_bytes(b""), NotACatalogue),
    "a web page": (lambda p: p.write_bytes(b"<html>" * 100), NotACatalogue),
    "a folder": (lambda p: (p.unlink(), p.mkdir()), NotACatalogue),
    "another database": (other_database, NotACatalogue),
    "newer structure": (lambda p: change(p, "PRAGMA user_version=99"), NewerCatalogue),
    "newer schema": (lambda p: change(p, "UPDATE meta SET value='7' WHERE key='schema'"), NewerCatalogue),
    "unknown kind of version": (
        lambda p: change(p, "UPDATE meta SET value='z' WHERE key='schema'"),
        NewerCatalogue,
    ),
    "cut short": (lambda p: os.truncate(p, p.stat().st_size // 2), DamagedCatalogue),
    "no meta": (lambda p: change(p, "DELETE FROM meta"), NotACatalogue),
}


@pytest.mark.parametrize("spoil, error", SPOILED.values(), ids=SPOILED)
def test_what_cannot_be_opened_is_refused_and_untouched(path, spoil, error):
    """The sentence names the file; not one byte is changed."""
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(error, match=r"paz\.db") as caught:
        Catalogue.open(path)
    assert caught.value.hint
    assert (path.read_bytes() if path.is_file() else None) == before


def test_damage_inside_is_a_sentence_too(path, at):
    """Bytes gone wrong in the middle: found by `damage`, or refused where they are met."""
    data = bytearray(path.read_bytes())
    page = int.from_bytes(data[16:18], "big")
    for start in range(page, len(data), page):
        data[start : start + 40] = b"\xff" * 40
    path.write_bytes(data)
    with pytest.raises(DamagedCatalogue), Catalogue.open(path) as catalogue:
        catalogue.damage()
        list(catalogue.records())


def test_nothing_is_overwritten_and_nothing_half_made_is_left(path, at, tmp_path):
    profile = {"title": "X", "licence": "CC0-1.0", "language": "es"}
    with pytest.raises(CatalogueExists):
        Catalogue.create(path, keylog=new_identity().keylog_bytes, profile=profile, at=at)
    with pytest.raises(CatalogueNotWritable):
        Catalogue.create(tmp_path / "no" / "x.db", keylog=new_identity().keylog_bytes, profile=profile, at=at)
    with pytest.raises(RuntimeError):
        Catalogue.create(
            tmp_path / "y.db", keylog=new_identity().keylog_bytes, profile=profile, at=at, randomness=_fails
        )
    assert [p.name for p in tmp_path.iterdir()] == ["paz.db"]


def _fails(n):
    raise RuntimeError


@pytest.mark.parametrize(
    "lower, higher",
    [("1-draft.2", "1-draft.10"), ("1-draft.9", "1"), ("1", "2-draft.1"), ("2", "10"), ("9", "x")],
)
def test_schema_versions_have_an_order(lower, higher):
    assert structure.schema_order(lower) < structure.schema_order(higher)


def test_an_older_catalogue_is_brought_up_after_a_backup(path, at):
    """Columns it lacks are added; values of dropped columns move to `extra`, or to drafts."""
    change(path, "ALTER TABLE service DROP COLUMN summary")
    change(path, "ALTER TABLE service ADD COLUMN colour TEXT")
    change(path, "ALTER TABLE vouch ADD COLUMN colour TEXT")
    change(path, "INSERT INTO service (id, title, colour) VALUES ('a', 'A', 'blue')")
    change(path, "INSERT INTO vouch (id, colour) VALUES ('v', 'red')")
    change(path, "DROP TABLE event")
    change(path, "UPDATE meta SET value = '1-draft.0' WHERE key = 'schema'")
    with Catalogue.open(path) as catalogue:
        assert catalogue.get("service", "a").fields["extra"] == {"colour": "blue"}
        assert catalogue.get("vouch", "v").drafts == {"colour": "red"}
        with catalogue.act("edit", at=at) as act:
            act.put("service", "a", {"title": "A", "summary": "S"})
            act.put("event", "e", {"title": "E"})
    assert len(list((path.parent / "paz-respaldos").iterdir())) == 1
    with Catalogue.open(path) as catalogue:
        assert catalogue.get("service", "a").fields["summary"] == "S"
    assert change(path, "SELECT 1") is None and load_schema().version


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind root")
def test_a_catalogue_that_may_only_be_read_can_be_read(path, at):
    """On a stick that is write-protected one can still look."""
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        with Catalogue.open(path) as catalogue:
            assert catalogue.profile.title == "Comedor La Paz"
            with pytest.raises(CatalogueNotWritable), catalogue.act("edit", at=at):
                pass
    finally:
        path.parent.chmod(0o755)
