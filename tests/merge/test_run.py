"""One merge of a federation's folder, on a disk that may fail."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from commons.addresses import tombstone
from commons.federation.lock import AWAITED, FILE_NAME, LockRefused
from commons.format.container import write_file
from commons.merge import placing, run
from commons.merge.difference.standing import NOT_THERE
from commons.merge.rebuild import WithdrawnSince
from commons.merge.run import Options, merge
from tests.hostile.making import place, withdrawal
from tests.merge.world import AS_OF, Federation

OPTIONS = Options(as_of=AS_OF, children=0)


@pytest.fixture
def federation(tmp_path: Path) -> Federation:
    """Members `a` and `b`, merged once; the source of `a` still has its release."""
    made = Federation(tmp_path / "federation")
    made.folder.mkdir()
    write_file(made.folder / "a.entrega", made.share("a", [place("uno"), place("dos")]))
    made.share("b", [place("tres")], number=2)
    made.merge()
    assert made.lock is not None
    made.lock.write(made.folder / FILE_NAME)
    members = [{"id": m.id, "name": name, "sources": [f"{name}.entrega"]} for name, m in made.members.items()]
    rules = {"name": "Prueba", "licences": ["CC-BY-4.0"], "members": members}
    (made.folder / "federation.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    return made


def damage(federation: Federation, name: str) -> None:
    path = federation.store.release_path(federation.last[name])
    data = bytearray(path.read_bytes())
    data[-3_000] ^= 1
    path.write_bytes(data)


def test_a_release_that_the_disk_damaged_is_fetched_again(federation: Federation) -> None:
    """Its source still has it; nobody else is kept waiting."""
    damage(federation, "a")
    merge(federation.folder, OPTIONS)
    assert federation.titles() == ["Comedor dos", "Comedor tres", "Comedor uno"]


def test_a_damaged_release_that_no_source_has_is_made_again_out_of_the_last_pool(
    federation: Federation,
) -> None:
    """A failing disk wipes no member; whoever maintains it is told. The same root, now and with the lock."""
    before = merge(federation.folder, OPTIONS).result
    damage(federation, "b")
    merged = merge(federation.folder, OPTIONS)
    assert federation.titles() == ["Comedor dos", "Comedor tres", "Comedor uno"]
    assert ("store-mended", federation.id("b")) in [(f.code, f.member) for f in merged.findings]
    again = merge(federation.folder, replace(OPTIONS, locked=True)).result
    assert before and merged.result and again
    assert before.root == merged.result.root == again.root
    assert "store-mended" not in {f.code for f in merge(federation.folder, OPTIONS).findings}


@pytest.mark.parametrize("children", [0, 2])
def test_what_the_disk_damaged_of_an_examined_release_is_made_anew(
    federation: Federation, children: int
) -> None:
    """It may be deleted at any time, so that a flipped bit in it stops no merge, now or later."""
    before = merge(federation.folder, OPTIONS).result
    for path in federation.store.intake.iterdir():
        data = bytearray(path.read_bytes())
        data[len(data) // 3] ^= 1
        path.write_bytes(data)
    after = merge(federation.folder, replace(OPTIONS, children=children)).result
    assert before and after and before.root == after.root


def test_a_release_that_is_lost_with_its_pool_costs_only_its_member(federation: Federation) -> None:
    """The others are merged; the version stays known, so that nothing older takes its place, also later."""
    damage(federation, "b")
    (federation.folder / "pool.db").write_bytes(b"SQLite format 3\0, once")
    merged = merge(federation.folder, OPTIONS)
    assert federation.titles() == ["Comedor dos", "Comedor uno"]
    assert merged.lock.members[federation.id("b")].state == AWAITED
    federation.share("b", [place("viejo")], number=1, previous=[])
    findings = [f.code for _ in range(2) for f in merge(federation.folder, OPTIONS).findings]
    assert findings.count("E_ROLLBACK") == 2 and "Comedor viejo" not in federation.titles()


def withdraw_uno(federation: Federation, *, purge: bool = False) -> None:
    stone = withdrawal(tombstone(f"{federation.id('a')}/place/uno"), number=2)
    files = federation.share("a", [place("dos"), stone], number=2)
    write_file(federation.folder / "a.entrega", files)
    merge(federation.folder, replace(OPTIONS, purge=purge))


def kept(federation: Federation, text: str) -> set[str]:
    """The folders of the store in which a text stands."""
    files = (p for p in federation.store.root.rglob("*") if p.is_file())
    return {p.parent.name for p in files if text.encode() in p.read_bytes()}


def test_the_store_keeps_what_was_withdrawn_sealed_for_a_while(federation: Federation) -> None:
    """Pruned at the next merge, deleted after 14 days; the older lock says that it cannot be rebuilt."""
    lock = (federation.folder / FILE_NAME).read_bytes()
    assert kept(federation, "Comedor uno") == {"releases", "intake"}
    withdraw_uno(federation)
    assert kept(federation, "Comedor uno") == {"sealed"}
    later = datetime.now(UTC) + timedelta(days=15)
    merge(federation.folder, replace(OPTIONS, as_of=later))
    assert kept(federation, "Comedor uno") == set()
    (federation.folder / FILE_NAME).write_bytes(lock)
    with pytest.raises(WithdrawnSince):
        merge(federation.folder, replace(OPTIONS, locked=True))


def test_purging_keeps_nothing_sealed(federation: Federation) -> None:
    """Whoever must be sure today does not wait."""
    withdraw_uno(federation, purge=True)
    assert kept(federation, "Comedor uno") == set()


def test_a_withdrawal_beyond_a_pause_is_taken_back_from_what_was_sealed(federation: Federation) -> None:
    """The maintainer pauses the member before it: the release is whole again."""
    withdraw_uno(federation)
    path = federation.folder / "federation.yaml"
    rules = yaml.safe_load(path.read_text("utf-8"))
    rules["members"][0]["pause"] = {"at": [0, 1], "reason": "la llave se perdió"}
    path.write_text(yaml.safe_dump(rules), "utf-8")
    merge(federation.folder, OPTIONS)
    assert federation.titles() == ["Comedor dos", "Comedor tres", "Comedor uno"]


def test_a_lock_that_says_another_number_than_its_release_is_refused(federation: Federation) -> None:
    """A lock is data, not a wish."""
    path = federation.folder / FILE_NAME
    path.write_bytes(path.read_bytes().replace(b'"number": 2', b'"number": 3'))
    with pytest.raises(LockRefused):
        merge(federation.folder, replace(OPTIONS, locked=True))


def test_a_lost_store_does_not_stop_newer_releases(federation: Federation) -> None:
    """What the last lock used is made again out of the pool; the new one is taken."""
    shutil.rmtree(federation.store.root)
    federation.share("a", [place("uno")], number=2)
    merge(federation.folder, OPTIONS)
    assert federation.titles() == ["Comedor tres", "Comedor uno"]


def test_a_pool_that_takes_the_place_of_ours_at_once_is_not_believed(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seal names what this merge wrote, not what lies there when it is sealed."""

    def meanwhile(folder: Path) -> None:
        with closing(sqlite3.connect(folder / run.POOL)) as pool, pool:
            pool.execute("UPDATE entity SET title = 'FALSO'")

    with monkeypatch.context() as patch:
        patch.setattr(placing, "sync_folder", meanwhile)
        merge(federation.folder, OPTIONS)
    assert "FALSO" in federation.titles()
    way = merge(federation.folder, OPTIONS).way
    assert way is not None and way.why == NOT_THERE
    assert federation.titles() == ["Comedor dos", "Comedor tres", "Comedor uno"]


def test_what_a_killed_merge_left_is_gone_with_the_next_one(federation: Federation) -> None:
    """It may show what is withdrawn later, and nobody would look there."""
    merge(federation.folder, OPTIONS)
    intake = federation.store.intake
    left = [federation.folder / ".pool.db.next", federation.folder / "..pool.db.next.6fa2a918.new"]
    left += [Path(f"{left[1]}.vacuum"), intake / ".new-old", intake / ".new-young"]
    left.append(federation.store.release_path(federation.last["a"]).with_name(".ab.entrega.1a2b3c4d.tmp"))
    for path in left:
        path.write_bytes(b"what is withdrawn later")
    for path in (left[3], left[5]):
        os.utime(path, (0, 0))
    merge(federation.folder, OPTIONS)
    assert [path.name for path in left if path.exists()] == [".new-young"]


def test_notes_of_a_pool_whose_lock_has_gone_are_not_kept(federation: Federation, tmp_path: Path) -> None:
    """Who has the pool written elsewhere has a newer lock; what was noted may tell what is withdrawn now."""
    merge(federation.folder, OPTIONS)
    noted = federation.folder / "store" / "last"
    before = sorted(path.name for path in noted.iterdir())
    merge(federation.folder, replace(OPTIONS, out=tmp_path / "same.db"))
    assert sorted(path.name for path in noted.iterdir()) == before
    federation.share("b", [place("cuatro")], number=3)
    merge(federation.folder, replace(OPTIONS, out=tmp_path / "elsewhere.db"))
    assert list(noted.iterdir()) == []
