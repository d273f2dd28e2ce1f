"""Copies beside the catalogue: the newest ten, and a way back that never says a number twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from commons.catalogue import backup
from commons.catalogue.errors import NotACatalogue, OtherCatalogue
from commons.catalogue.own_releases import OwnRelease
from commons.catalogue.store import Catalogue


def put(catalogue, at, record_id, title):
    with catalogue.act("edit", at=at) as act:
        act.put("service", record_id, {"title": title})


def test_the_newest_ten_copies_are_kept(catalogue, at):
    """Also two within one second."""
    made = [catalogue.backup(at=at + timedelta(seconds=n // 2)) for n in range(14)]
    assert backup.copies(catalogue.path) == made[:3:-1]


def test_going_back_brings_the_records_and_can_itself_be_taken_back(catalogue, at):
    put(catalogue, at, "a", "A")
    copy = catalogue.backup(at=at)
    put(catalogue, at, "a", "B")
    before = catalogue.restore(copy, at=at)
    assert catalogue.get("service", "a").title == "A"
    catalogue.restore(before, at=at)
    assert catalogue.get("service", "a").title == "B"


def test_going_back_unsays_nothing_that_left_the_house(catalogue, at):
    """Numbers of releases and shared withdrawals stay: else one number would be given twice."""
    put(catalogue, at, "a", "A")
    copy = catalogue.backup(at=at)
    with catalogue.act("withdraw", at=at) as act:
        act.withdraw("service", "a")
        stone = act.tombstone("service", "a")
    with catalogue.act("release", at=at) as act:
        act.put("withdrawal", stone, {"kind": "record", "epoch": 0, "number": 1})
        catalogue.releases.add(
            OwnRelease(0, 1, "d" * 64, "2026-11-21T12:00:00Z", {("service", "a"): "e" * 64})
        )
    catalogue.restore(copy, at=at)
    assert catalogue.get("service", "a") is None
    assert catalogue.releases.latest.number == 1
    assert catalogue.get("withdrawal", stone).fields["number"] == 1


def test_a_copy_of_another_catalogue_is_refused(catalogue, new_catalogue, at, tmp_path):
    with new_catalogue("other.db") as other:
        put(other, at, "x", "X")
    (tmp_path / "page.db").write_text("<html>")
    put(catalogue, at, "a", "A")
    with pytest.raises(OtherCatalogue):
        catalogue.restore(other.path, at=at)
    with pytest.raises(NotACatalogue):
        catalogue.restore(tmp_path / "page.db", at=at)
    assert catalogue.get("service", "a").title == "A" and catalogue.get("service", "x") is None


def test_the_list_of_own_releases_remembers_the_newest_leaves(catalogue):
    for n in (1, 2):
        catalogue.releases.add(
            OwnRelease(0, n, f"{n}" * 64, "2026-11-21T12:00:00Z", {("place", "p"): "f" * 64})
        )
    first, second = catalogue.releases
    assert (first.leaves, second.leaves) == ({}, {("place", "p"): "f" * 64})
    assert catalogue.releases.latest == second


def test_a_copy_can_go_anywhere(catalogue, tmp_path):
    catalogue.copy_to(tmp_path / "stick.db")
    with Catalogue.open(tmp_path / "stick.db") as copy:
        assert copy.member_id == catalogue.member_id
