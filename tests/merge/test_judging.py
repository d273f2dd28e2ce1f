"""Judgements in a merge: whose count, what they join and part, and what happens when they are taken back."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from commons.addresses import tombstone
from commons.format.container import PrunedFiles
from commons.intake.gate import Gate
from commons.link.judged import digest
from commons.link.judgements import DIFFERENT, SAME
from commons.merge.act import act
from commons.merge.releases.sealing import seal
from commons.model import Record
from tests.hostile.making import place, salt, withdrawal
from tests.merge.test_laws import LAW, World, worlds
from tests.merge.unsigned import IDS, NAMES, lock_of, taken_in
from tests.merge.world import Federation

A, B, C = (IDS[name] for name in NAMES)


def merged(folder: str, world: World, **policy: Any) -> sqlite3.Connection:
    """The pool of what everybody says, under these rules."""
    releases = sorted(
        (taken_in(Path(folder), name, records) for name, records in world.items()),
        key=lambda r: r.intake.member,
    )
    lock = lock_of(releases)
    lock = dataclasses.replace(lock, policy=dataclasses.replace(lock.policy, **policy))
    path = act(lock, releases, Path(folder) / "pool.db").path
    return sqlite3.connect(path)


def judgement(left: str, right: str, verdict: str, **fields: Any) -> Record:
    """One member's word about two addresses."""
    said = {
        "left": min(left, right),
        "right": max(left, right),
        "verdict": verdict,
        "salt": salt(left + right),
    }
    return Record("judgement", f"j-{salt(left + right)[:8]}", {**said, **fields})


@LAW
@given(worlds, st.sets(st.sampled_from(NAMES)), st.integers(1, 3))
def test_different_in_force_is_never_merged_across(world: World, judges: set[str], quorum: int) -> None:
    """Whoever judges, however many it takes, and through whatever third record."""
    rules = {"judges": tuple(IDS[j] for j in judges), "quorum": quorum}
    with tempfile.TemporaryDirectory() as folder, closing(merged(folder, world, **rules)) as pool:
        entity = dict(pool.execute("SELECT address, entity FROM alias").fetchall())
        apart = pool.execute(
            'SELECT "left", "right" FROM judgement WHERE counts AND verdict = ?', (DIFFERENT,)
        ).fetchall()
        disputed = pool.execute("SELECT a, b FROM candidate WHERE reason = 'disputed'").fetchall()
    for a, b in [*apart, *disputed]:
        if a != b and {a, b} <= entity.keys():
            assert entity[a] != entity[b]


def two(**more: Any) -> World:
    """One kitchen in two lists, under two names."""
    return {
        "a": [place("uno", title="Comedor La Paz")],
        "b": [place("dos", title="Cocina de doña Luz", **more)],
    }


ONE, OTHER = f"{A}/place/uno", f"{B}/place/dos"


def test_a_judge_of_the_federation_joins_and_another_federation_declines(tmp_path: Path) -> None:
    """One release, two federations: each decides whose word counts."""
    world = {**two(), "c": [judgement(ONE, OTHER, SAME)]}
    with closing(merged(str(tmp_path), world, judges=(C,))) as pool:
        assert pool.execute("SELECT count(*) FROM entity").fetchone() == (1,)
        assert pool.execute("SELECT reason FROM link").fetchall() == [("judged",)]
    with closing(merged(str(tmp_path), world)) as pool:
        assert pool.execute("SELECT count(*) FROM entity").fetchone() == (2,)
        assert pool.execute("SELECT counts FROM judgement").fetchall() == [(0,)]


def test_what_changed_a_lot_is_asked_again_and_no_longer_joined(tmp_path: Path) -> None:
    """The judgement says what it was about; the record has become another thing."""
    was = place("dos", title="Cocina de doña Luz").fields
    seen = {"title": "Cocina de doña Luz", "digest": digest(was)}
    side = "left" if OTHER < ONE else "right"
    said = judgement(ONE, OTHER, SAME, **{f"{side}_{what}": value for what, value in seen.items()})
    world = {**two(), "c": [said]}
    with closing(merged(str(tmp_path), world, judges=(C,))) as pool:
        assert pool.execute("SELECT count(*) FROM entity").fetchone() == (1,)
    world["b"] = [place("dos", title="Taller de bicicletas")]
    with closing(merged(str(tmp_path), world, judges=(C,))) as pool:
        assert pool.execute("SELECT count(*) FROM entity").fetchone() == (2,)
        assert pool.execute("SELECT reason FROM candidate").fetchall() == [("judge-again",)]


def test_differences_stand_first_in_a_receipt_but_not_those_nobody_sees(tmp_path: Path) -> None:
    """What I say, what the other says; accents, dots and some steps on the map are no difference."""
    here = {"identifiers": ["X-ID:10020"], "latitude_e6": 19_355_600, "longitude_e6": -99_062_100}
    there = {**here, "latitude_e6": 19_355_700}
    world = {
        "a": [place("uno", title="Comedor La Paz", street_address="Av. Ocho 12", capacity=80, **here)],
        "b": [place("dos", title="Comedor La Paz", street_address="Av Ocho 12", capacity=60, **there)],
    }
    with closing(merged(str(tmp_path), world)) as pool:
        receipts = dict(pool.execute("SELECT member, json FROM receipt").fetchall())
    found = json.loads(receipts[A])["differences"]
    assert [(d["field"], d["value"], [o["value"] for o in d["others"]]) for d in found] == [
        ("capacity", 80, [60])
    ]


def test_what_was_judged_takes_its_judgement_along(tmp_path: Path) -> None:
    """A judgement names both records; once one is withdrawn, nothing that is kept may tell its name."""
    federation = Federation(tmp_path)
    gone = f"{federation.id('a')}/place/casa-segura"
    other = f"{federation.id('b')}/place/dos"
    said = judgement(gone, other, DIFFERENT, left_title="Casa Segura", right_title="Casa Segura")
    federation.share("a", [place("casa-segura", title="Casa Segura"), place("uno")])
    federation.share("b", [place("dos")])
    federation.share("c", [said, place("tres")])
    federation.merge()
    assert b"Casa Segura" in (tmp_path / "pool.db").read_bytes()
    federation.share("a", [place("uno"), withdrawal(tombstone(gone), number=2)], number=2)
    root = federation.merge(canonical=True).root
    assert b"asa Segura" not in (tmp_path / "pool.db").read_bytes()
    assert federation.receipt("c")["refused"] == {"R_COPY": 1}
    assert federation.lock is not None
    with Gate(federation.store.root / "intake", at_once=1) as gate:
        receipts = {federation.id("c"): federation.receipt("c")}
        seal(
            federation.lock, None, federation.store, gate, arrived={}, receipts=receipts, text=b"", purge=True
        )
    assert isinstance(federation.store.read(federation.last["c"]), PrunedFiles)
    assert federation.act().root == root
