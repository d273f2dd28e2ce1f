"""A neighbourhood inside a city: a pool delivers its members' releases, and decides nothing about them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from commons.addresses import tombstone
from commons.federation import lock as locks
from commons.federation.store import requests
from commons.federation.store.folder import Store
from commons.format import container, pruned
from commons.format.container import ReleaseFiles
from commons.format.errors import PrunedRefused
from commons.intake.gate import Gate
from commons.merge.editions import Editor
from commons.merge.run import Merged, Options
from commons.merge.run import merge as merge_folder
from commons.merge.verify import verify
from commons.model import Record
from commons.publish.folder import publish
from tests.hostile.making import Member, place, release, withdrawal
from tests.merge.world import AS_OF

A, B, C = (Member(name) for name in "abc")
BY_NAME = {"a": A, "b": B, "c": C, "d": Member("d")}


class Place:
    """A federation's folder: who is in it, where their releases come from."""

    def __init__(self, folder: Path, sources: Mapping[str, str], **rules: object) -> None:
        self.folder = folder
        folder.mkdir()
        members = [{"id": BY_NAME[n].id, "name": n, "sources": [s]} for n, s in sources.items()]
        said = {"name": {"es": "Prueba"}, "licences": ["CC-BY-4.0"], "members": members, **rules}
        (folder / "federation.yaml").write_text(yaml.safe_dump(said), "utf-8")

    def merge(self, **options: object) -> Merged:
        return merge_folder(self.folder, Options(as_of=AS_OF, children=0, **options))  # type: ignore[arg-type]

    def root(self) -> str:
        result = self.merge().result
        assert result is not None
        return result.root

    def titles(self) -> list[str]:
        with closing(sqlite3.connect(self.folder / "pool.db")) as pool:
            return [row[0] for row in pool.execute("SELECT title FROM entity ORDER BY title")]

    def receipt(self, member: Member) -> dict[str, object]:
        with closing(sqlite3.connect(self.folder / "pool.db")) as pool:
            sql = "SELECT json FROM receipt WHERE member = ?"
            return dict(json.loads(pool.execute(sql, (member.id,)).fetchone()[0]))


def deliver(folder: Path, member: Member, records: Sequence[Record], number: int = 1) -> ReleaseFiles:
    (folder / "entregas").mkdir(exist_ok=True)
    before = [container.read(p).digest for p in (folder / "entregas").glob(f"{member.name}-{number - 1}.*")]
    files = release(member, records, number=number, previous=before)
    container.write_file(folder / "entregas" / f"{member.name}-{number}.entrega", files)
    return files


def bytes_start(starts: Sequence[bytes], line: bytes) -> bool:
    return line.startswith(tuple(starts))


RECORDS = st.lists(st.sampled_from(["uno", "dos", "tres", "cuatro"]), unique=True, max_size=3)


@settings(max_examples=8, deadline=None)
@given(st.tuples(RECORDS, RECORDS, RECORDS), st.sets(st.sampled_from("abc"), min_size=1))
def test_a_pool_of_pools_is_the_merge_of_all_members(said: tuple[list[str], ...], inside: set[str]) -> None:
    """Whoever comes through a pool and whoever comes directly: one root, and even one lock."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        for member, ids in zip((A, B, C), said, strict=True):
            records = [place(id, identifiers=[f"X-ID:{len(id)}0020"], summary=member.name) for id in ids]
            deliver(folder, member, records)
        inner = Place(folder / "barrio", dict.fromkeys(sorted(inside), "../entregas"))
        inner.merge()
        flat = Place(folder / "plana", dict.fromkeys("abc", "../entregas"))
        ways = {n: "../barrio/pool.db" if n in inside else "../entregas" for n in "abc"}
        outer = Place(folder / "ciudad", ways)
        assert outer.root() == flat.root()
        assert locks.read(outer.folder) == locks.read(flat.folder)


@pytest.fixture
def barrio(tmp_path: Path) -> Place:
    """An inner pool of two; one record is under a licence that it does not accept, one is on hold."""
    deliver(tmp_path, A, [place("uno"), place("dos"), place("tres", licence="ODbL-1.0")])
    deliver(tmp_path, B, [place("cuatro", summary="Comida caliente")])
    until = f"{AS_OF + timedelta(days=7):%FT%TZ}"
    hold = {"address": f"{A.id}/place/dos", "reason": "x", "by": "Ana", "until": until}
    part = {**hold, "address": f"{B.id}/place/cuatro", "field": "summary"}
    made = Place(tmp_path / "barrio", dict.fromkeys("ab", "../entregas"), holds=[hold, part])
    made.merge()
    return made


def test_what_the_inner_pool_refused_or_holds_is_counted(barrio: Place, tmp_path: Path) -> None:
    """It did not come along; the receipt says how much, the lock says which, by its hash."""
    rules = {"licences": ["CC-BY-4.0", "ODbL-1.0"]}
    outer = Place(tmp_path / "ciudad", dict.fromkeys("ab", "../barrio"), **rules)
    outer.merge()
    assert outer.titles() == ["Comedor uno"]
    assert (outer.receipt(A)["withheld"], outer.receipt(B)["withheld"]) == (2, 1)
    stone = tombstone(f"{B.id}/place/cuatro")
    assert locks.read(outer.folder).members[B.id].withheld == (stone,)


def test_one_lock_has_one_root_whoever_has_which_form(barrio: Place, tmp_path: Path) -> None:
    """Who has the full releases shows no more than the lock says; anybody can check the outer pool."""
    outer = Place(tmp_path / "ciudad", dict.fromkeys("ab", "../barrio"), licences=["CC-BY-4.0", "ODbL-1.0"])
    root = outer.root()
    other = Place(tmp_path / "otra", dict.fromkeys("ab", "../entregas"))
    other.merge()
    (other.folder / locks.FILE_NAME).write_bytes((outer.folder / locks.FILE_NAME).read_bytes())
    locked = merge_folder(other.folder, Options(as_of=AS_OF, locked=True)).result
    assert locked is not None and locked.root == root
    for made in (outer, other):
        (made.folder / "scratch").mkdir()
        assert verify(made.folder / "pool.db", made.folder / "scratch").same_root


def test_a_fuller_form_takes_its_place(barrio: Place, tmp_path: Path) -> None:
    """When the member's own release arrives, nothing is withheld any more."""
    outer = Place(tmp_path / "ciudad", dict.fromkeys("ab", "../barrio"))
    outer.merge()
    rules = yaml.safe_load((outer.folder / "federation.yaml").read_text("utf-8"))
    for member in rules["members"]:
        member["sources"].append("../entregas")
        member["sources"].reverse()
    (outer.folder / "federation.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    flat = Place(tmp_path / "plana", dict.fromkeys("ab", "../entregas"))
    assert outer.root() == flat.root()


def test_the_newest_counts_wherever_it_comes_from(barrio: Place, tmp_path: Path) -> None:
    """By (epoch, number), as always; withdrawals and voids travel in what the pool holds."""
    outer = Place(tmp_path / "ciudad", dict.fromkeys("ab", "../entregas"))
    outer.merge()
    stone = tombstone(f"{A.id}/place/uno")
    newer = deliver(tmp_path, A, [place("dos"), withdrawal(stone, number=2)], number=2)
    barrio.merge()
    (tmp_path / "entregas" / "a-2.entrega").unlink()  # it reaches the city only through the neighbourhood
    rules = (outer.folder / "federation.yaml").read_text("utf-8").replace("../entregas", "../barrio/pool.db")
    (outer.folder / "federation.yaml").write_text(rules, "utf-8")
    outer.merge()
    assert locks.read(outer.folder).members[A.id].release == newer.digest
    assert "Comedor uno" not in outer.titles()


def test_a_void_travels(tmp_path: Path) -> None:
    """The key log in the pool says which releases were not its member's."""
    member = BY_NAME["d"] = Member("d")
    deliver(tmp_path, member, [place("uno")])
    thief = release(member, [place("falso")], number=2)
    member.recover(void_from=(0, 2))
    good = release(member, [place("uno"), place("dos")], number=1)
    container.write_file(tmp_path / "entregas" / "d-good.entrega", good)
    inner = Place(tmp_path / "barrio", {"d": "../entregas"})
    inner.merge()
    (tmp_path / "robo").mkdir()
    container.write_file(tmp_path / "robo" / "x.entrega", thief)
    outer = Place(tmp_path / "ciudad", {"d": "../robo"})
    outer.merge()
    assert outer.titles() == ["Comedor falso"]
    rules = (outer.folder / "federation.yaml").read_text("utf-8").replace("../robo", "../barrio/pool.db")
    (outer.folder / "federation.yaml").write_text(rules, "utf-8")
    outer.merge()
    assert outer.titles() == ["Comedor dos", "Comedor uno"]


def test_who_stands_in_a_pool_did_not_ask_and_is_declined_for_good(barrio: Place, tmp_path: Path) -> None:
    """Named with the pool and not with a file of the merge's own; who sends something asks after all."""
    outer = Place(tmp_path / "ciudad", {"a": "../barrio/pool.db"})
    found = [f for f in outer.merge().findings if f.member == B.id]
    assert [(f.code, f.value) for f in found] == [("heard-of", "barrio/pool.db")]
    store = Store.beside(outer.folder)
    assert requests.noted(store).heard == {B.id: "barrio/pool.db"}
    assert requests.decline(B.id, store) == 1
    assert not [f for f in outer.merge().findings if f.member == B.id]
    assert requests.by_member(store) == {}
    requests.keep(deliver(tmp_path, B, [place("cinco")], number=2), store)
    assert requests.noted(store) == requests.Noted() and list(requests.by_member(store)) == [B.id]


def test_a_published_folder_is_a_source_too(barrio: Place, tmp_path: Path) -> None:
    """It serves releases as whole as they may be shown: what was only refused comes along."""
    lock = (barrio.folder / locks.FILE_NAME).read_bytes()
    publish(tmp_path / "portal", lock, Editor(barrio.folder, AS_OF))
    rules = {"licences": ["CC-BY-4.0", "ODbL-1.0"]}
    outer = Place(tmp_path / "ciudad", dict.fromkeys("ab", "../portal"), **rules)
    outer.merge()
    assert outer.titles() == ["Comedor tres", "Comedor uno"]


def test_a_hostile_pool_costs_only_its_turn(barrio: Place, tmp_path: Path) -> None:
    """Claims that nobody signed do not come along; a pool that is none is named, the last good stays."""
    pool = barrio.folder / "pool.db"
    outer = Place(tmp_path / "ciudad", dict.fromkeys("ab", "../barrio/pool.db"))
    root = outer.root()
    with closing(sqlite3.connect(pool, isolation_level=None)) as altered:
        altered.execute("UPDATE claim SET json = replace(json, 'Comedor', 'Cobrador')")
    fresh = Place(tmp_path / "fresca", dict.fromkeys("ab", "../barrio/pool.db"))
    fresh.merge()
    assert not any("Cobrador" in title for title in fresh.titles())
    pool.write_bytes(pool.read_bytes()[:-4096])
    merged = outer.merge()
    assert {f.code for f in merged.findings} == {"E_POOL"}
    assert merged.result is not None and merged.result.root == root


def test_a_form_that_hides_a_withdrawal_is_refused(tmp_path: Path) -> None:
    """Whoever delivers may leave out records, never what a member says of itself or took back."""
    full = deliver(tmp_path, A, [place("dos"), withdrawal(tombstone(f"{A.id}/place/uno"))])
    with Gate(at_once=1) as gate:
        lines = [row.data for row in gate.take_in(full).rows()]
    store = Store(tmp_path / "store")
    for kind in ("withdrawal", "catalogue"):
        others = [f'["{name}"'.encode() for name in ("withdrawal", "catalogue", "place") if name != kind]
        short = pruned.prune(full, lines, may_show=partial(bytes_start, others))
        with pytest.raises(PrunedRefused):
            store.take(short)
    assert not store.has(full.digest)
    assert store.take(pruned.prune(full, lines, may_show=lambda line: b"place" not in line[:9]))
    assert store.lacks(full.digest) and store.take(full) and store.is_complete(full.digest)
