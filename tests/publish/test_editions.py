"""Publishing a real federation: nothing withdrawn or held since is ever put out."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from commons.addresses import tombstone
from commons.federation.lock import FILE_NAME
from commons.federation.policy.rules import Hold, Pause
from commons.federation.store.folder import Store
from commons.format import canonical, container, merkle, pruned, strict_json
from commons.format.container import PrunedFiles
from commons.format.manifest import Manifest
from commons.merge.editions import Editor, PausedSince
from commons.merge.rebuild import WithdrawnSince
from commons.merge.run import Options, merge
from commons.publish.folder import publish, roll_back
from tests.hostile.making import place, profile, salt, withdrawal
from tests.merge.world import AS_OF, Federation

PHONES = [{"number": "+525555555555"}]
POSITION = {"latitude_e6": 19_400_000, "longitude_e6": -99_100_000}


@pytest.fixture
def federation(tmp_path: Path) -> Federation:
    made = Federation(tmp_path / "federation")
    made.folder.mkdir()
    return made


def settle(federation: Federation, holds: list[dict[str, str]] | None = None) -> bytes:
    """Merge, and keep lock and rules where a maintainer has them; gives the lock."""
    federation.merge(canonical=True)
    assert federation.lock is not None
    federation.lock.write(federation.folder / FILE_NAME)
    members = [{"id": m.id, "name": name} for name, m in federation.members.items()]
    rules = {"name": {"es": "Prueba"}, "members": members, "licences": ["CC-BY-4.0"], "holds": holds or []}
    (federation.folder / "federation.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    return federation.lock.to_bytes()


def holding(federation: Federation, field: str) -> bytes:
    """Merge with a hold of one field of place/uno; gives the lock."""
    address, until = f"{federation.id('a')}/place/uno", AS_OF + timedelta(days=7)
    federation.holds = (Hold(address, field, "lo pidió", "Ana", until),)
    entry = {"address": address, "field": field, "reason": "x", "by": "Ana", "until": f"{until:%FT%TZ}"}
    return settle(federation, [entry])


def titles(out: Path) -> list[str]:
    with closing(sqlite3.connect(out / "current" / "data.db")) as pool:
        return [row[0] for row in pool.execute("SELECT title FROM entity ORDER BY title")]


def mentions(out: Path, text: str) -> list[str]:
    return [p.name for p in out.rglob("*") if p.is_file() and text.encode() in p.read_bytes()]


def rebuilt(out: Path, lock: bytes, scratch: Path) -> str:
    """The root that anybody gets of `lock` with the releases that are served."""
    store = Store(scratch / "elsewhere" / "store")
    for path in (out / "current" / "releases").iterdir():
        store.put(container.read_any(path))
    (store.root.parent / FILE_NAME).write_bytes(lock)
    merged = merge(store.root.parent, Options(AS_OF, locked=True, children=0))
    assert merged.result is not None
    return merged.result.root


def test_what_is_published_is_what_was_merged(federation: Federation, tmp_path: Path) -> None:
    """The same lock and root; the members' releases lie beside, byte by byte as they came."""
    files = federation.share("a", [place("uno"), place("dos")])
    lock = settle(federation)
    done = publish(tmp_path / "out", lock, Editor(federation.folder, AS_OF))
    assert (tmp_path / "out" / "current" / FILE_NAME).read_bytes() == lock
    assert [(done.shown.root,)] == federation.rows("SELECT value FROM meta WHERE key = 'root'")
    beside = tmp_path / "out" / "current" / "releases" / f"{files.digest}.entrega"
    assert container.read_any(beside) == files
    assert json.loads((tmp_path / "out" / "current" / "receipts" / f"{federation.id('a')}.json").read_bytes())


def test_going_back_leaves_out_what_was_withdrawn_since(federation: Federation, tmp_path: Path) -> None:
    """The old release is served pruned, proves itself, and nothing on the disk says what was withdrawn."""
    out, editor = tmp_path / "out", Editor(federation.folder, AS_OF)
    old = federation.share("a", [place("uno"), place("dos"), place("tres")])
    publish(out, settle(federation), editor)
    stone = tombstone(f"{federation.id('a')}/place/dos")
    federation.share("a", [place("uno"), withdrawal(stone, number=2)], number=2)
    publish(out, settle(federation), editor)
    roll_back(out, editor)
    assert titles(out) == ["Comedor tres", "Comedor uno"]
    served = container.read_any(out / "current" / "releases" / f"{old.digest}.entrega")
    assert isinstance(served, PrunedFiles) and served.digest == old.digest
    assert [s.id for s in pruned.shown(served) if s.type == "place"] == ["tres", "uno"]
    assert mentions(out, "Comedor dos") == mentions(out, '"dos"') == []
    with closing(sqlite3.connect(out / "current" / "data.db")) as pool:
        leaves = pool.execute("SELECT digest, id FROM leaf ORDER BY place").fetchall()
    assert Manifest.parse(old.manifest).content_root == merkle.root_of(d for d, _id in leaves).hex()
    assert stone in [id for _digest, id in leaves]


@pytest.mark.parametrize("field", ["phones", "title", "latitude_e6"])
def test_a_release_of_which_a_field_is_held_can_be_rebuilt_by_anybody(
    federation: Federation, tmp_path: Path, field: str
) -> None:
    """The record is served without that field and its salt, and gives the root of the full form."""
    out, editor = tmp_path / "out", Editor(federation.folder, AS_OF)
    files = federation.share("a", [place("dos"), place("uno", phones=PHONES, **POSITION)])
    served = publish(out, holding(federation, field), editor).shown
    assert [(served.root,)] == federation.rows("SELECT value FROM meta WHERE key = 'root'")
    pruned_form = container.read_any(out / "current" / "releases" / f"{files.digest}.entrega")
    assert isinstance(pruned_form, PrunedFiles) and pruned_form.digest == files.digest
    assert [s.held for s in pruned.shown(pruned_form) if s.type == "place"] == [(), (field,)]
    assert rebuilt(out, (out / "current" / FILE_NAME).read_bytes(), tmp_path) == served.root
    assert not mentions(out, salt("uno")) and (field != "phones" or not mentions(out, "5555555555"))


def test_what_a_mirror_says_of_a_partly_held_record_cannot_pass(
    federation: Federation, tmp_path: Path
) -> None:
    """Altered words give another root; a lock that holds less refuses the form."""
    out, editor = tmp_path / "out", Editor(federation.folder, AS_OF)
    files = federation.share("a", [place("uno", phones=PHONES)])
    bare = settle(federation)
    lock = holding(federation, "phones")
    served = publish(out, lock, editor).shown
    with pytest.raises(WithdrawnSince):
        rebuilt(out, bare, tmp_path)
    path = out / "current" / "releases" / f"{files.digest}.entrega"
    form = container.read_any(path)
    assert isinstance(form, PrunedFiles)
    altered = replace(form, records=form.records.replace(b"Comedor uno", b"Comedor dos"))
    path.unlink()
    container.write_file(path, altered)
    assert rebuilt(out, lock, tmp_path / "other") != served.root


def test_a_lock_is_never_rebuilt_to_another_root(federation: Federation, tmp_path: Path) -> None:
    """From what is served: the same root, or a sentence that something was taken back since."""
    out, editor = tmp_path / "out", Editor(federation.folder, AS_OF)
    other = tombstone(f"{federation.id('a')}/place/otro")
    federation.share("a", [place("uno"), place("dos"), withdrawal(other)])
    first = settle(federation)
    publish(out, first, editor)
    stones = [withdrawal(other), withdrawal(tombstone(f"{federation.id('a')}/place/dos"), number=2)]
    federation.share("a", [place("uno"), *stones], number=2)
    publish(out, settle(federation), editor)
    served = roll_back(out, editor).shown
    assert rebuilt(out, (out / "current" / FILE_NAME).read_bytes(), tmp_path) == served.root
    with pytest.raises(WithdrawnSince):
        rebuilt(out, first, tmp_path)


def test_a_record_that_was_refused_does_not_keep_a_release_from_being_pruned(
    federation: Federation, tmp_path: Path
) -> None:
    """One text that is not composed costs that record only, then and now."""
    out, editor = tmp_path / "out", Editor(federation.folder, AS_OF)
    records = [profile("a"), place("dos"), place("roto", summary="Cafe\u0301"), place("uno")]
    texts = [strict_json.compact([r.type, r.id, dict(sorted(r.fields.items()))]) for r in records]
    federation.share("a", records[1:], leaves=[canonical.leaf(text.encode()) for text in texts])
    publish(out, settle(federation), editor)
    stone = tombstone(f"{federation.id('a')}/place/dos")
    federation.share("a", [place("uno"), withdrawal(stone, number=2)], number=2)
    publish(out, settle(federation), editor)
    served = roll_back(out, editor).shown
    assert titles(out) == ["Comedor uno"] and served.root
    assert rebuilt(out, (out / "current" / FILE_NAME).read_bytes(), tmp_path) == served.root


def test_going_back_does_not_bring_back_what_was_never_its_members(
    federation: Federation, tmp_path: Path
) -> None:
    """A thief's release was published; its member recovered and declared it void."""
    out, editor = tmp_path / "out", Editor(federation.folder, AS_OF)
    first = federation.share("a", [place("uno")])
    publish(out, settle(federation), editor)
    federation.share("a", [place("ladron")], number=2)
    publish(out, settle(federation), editor)
    federation.members["a"].recover(void_from=(0, 2))
    federation.share("a", [place("uno"), place("dos")], number=3, previous=[first.digest])
    publish(out, settle(federation), editor)
    roll_back(out, editor)
    assert titles(out) == ["Comedor dos", "Comedor uno"]


def test_a_hold_counts_at_once(federation: Federation, tmp_path: Path) -> None:
    """Held after the merge, before publishing: not put out, and the root is another."""
    federation.share("a", [place("uno"), place("dos")])
    lock = settle(federation)
    until = date(2026, 11, 21) + timedelta(days=30)
    address = f"{federation.id('a')}/place/dos"
    held = {"address": address, "reason": "se revisa", "by": "Ana Ejemplo", "until": until.isoformat()}
    settle(federation, [held])
    done = publish(tmp_path / "out", lock, Editor(federation.folder, AS_OF))
    assert titles(tmp_path / "out") == ["Comedor uno"]
    assert [(done.shown.root,)] != federation.rows("SELECT value FROM meta WHERE key = 'root'")
    assert mentions(tmp_path / "out", "Comedor dos") == mentions(tmp_path / "out", "se revisa") == []


def test_what_repeats_a_held_record_is_not_served_and_one_root_comes_of_either_form(
    federation: Federation, tmp_path: Path
) -> None:
    """The copy's release is served without it; whoever rebuilds from that gets what was published."""
    until = AS_OF + timedelta(days=7)
    address = f"{federation.id('a')}/place/uno"
    federation.share("a", [place("uno"), place("dos")])
    files = federation.share("b", [place("tres"), place("suyo", title="Comedor uno", copied_from=address)])
    federation.holds = (Hold(address, None, "lo pidió", "Ana", until),)
    entry = {"address": address, "reason": "x", "by": "Ana", "until": f"{until:%FT%TZ}"}
    lock, out = settle(federation, [entry]), tmp_path / "out"
    done = publish(out, lock, Editor(federation.folder, AS_OF))
    served = container.read_any(out / "current" / "releases" / f"{files.digest}.entrega")
    assert isinstance(served, PrunedFiles)
    assert [h.origin for h in pruned.hidden(served)] == [tombstone(address)]
    assert not mentions(out, "Comedor uno")
    assert rebuilt(out, (out / "current" / FILE_NAME).read_bytes(), tmp_path) == done.shown.root
    assert [(done.shown.root,)] == federation.rows("SELECT value FROM meta WHERE key = 'root'")


def pausing(federation: Federation, at: list[int]) -> None:
    """What `commons federation pause` writes; no merge follows."""
    path = federation.folder / "federation.yaml"
    rules = yaml.safe_load(path.read_text("utf-8"))
    rules["members"][0]["pause"] = {"at": at, "reason": "les robaron la computadora"}
    path.write_text(yaml.safe_dump(rules), "utf-8")


def test_nothing_is_put_out_between_a_pause_and_its_merge(federation: Federation, tmp_path: Path) -> None:
    """Only a merge decides what is shown instead; until then neither the newest nor an older pool is."""
    out, editor = tmp_path / "out", Editor(federation.folder, AS_OF)
    federation.share("a", [place("uno")])
    publish(out, settle(federation), editor)
    federation.share("a", [place("uno", phones=PHONES)], number=2)
    lock = settle(federation)
    publish(out, lock, editor)
    assert not editor.rules_changed()
    pausing(federation, [0, 1])
    assert editor.rules_changed()
    for again in (lambda: publish(out, lock, editor), lambda: roll_back(out, editor)):
        with pytest.raises(PausedSince, match="a ") as refused:
            again()
        assert f"commons merge -f {federation.folder}" in refused.value.hint


def test_going_back_shows_nothing_beyond_a_pause_of_today(federation: Federation, tmp_path: Path) -> None:
    """And whom it pauses stands as paused, also where the old version used an honest release."""
    out, editor = tmp_path / "out", Editor(federation.folder, AS_OF)
    for number in (1, 2, 3):
        federation.share("a", [place(f"n{number}")], number=number)
        publish(out, settle(federation), editor)
    federation.pauses["a"] = Pause((0, 1), "robo")
    publish(out, settle(federation), editor)
    pausing(federation, [0, 1])
    for _back in range(3):
        roll_back(out, editor)
        assert titles(out) == ["Comedor n1"]
        with closing(sqlite3.connect(out / "current" / "data.db")) as pool:
            assert pool.execute("SELECT state FROM member").fetchall() == [("paused",)]


def test_going_back_does_not_bring_back_contacts_that_have_lapsed(
    federation: Federation, tmp_path: Path
) -> None:
    """The old version is shown as of today where a release has run out since; else it stays what it was."""
    out, early, late = tmp_path / "out", Editor(federation.folder, AS_OF), AS_OF + timedelta(days=200)
    federation.share("a", [place("uno", phones=PHONES)], valid_until="2027-02-01T00:00:00Z")
    federation.share("b", [place("dos", phones=PHONES)])
    first = publish(out, settle(federation), early).shown
    publish(out, settled(federation, AS_OF + timedelta(days=1)), early)
    assert roll_back(out, early).shown == first
    publish(out, settled(federation, late), early)
    done = roll_back(out, Editor(federation.folder, late))
    assert done.shown.root != done.wanted
    with closing(sqlite3.connect(out / "current" / "data.db")) as pool:
        assert pool.execute("SELECT title FROM place WHERE phones IS NOT NULL").fetchall() == [
            ("Comedor dos",)
        ]
        assert dict(pool.execute("SELECT name, state FROM member")) == {"a": "late", "b": "current"}


def settled(federation: Federation, at: datetime) -> bytes:
    """As `settle`, at some moment."""
    settle(federation)
    federation.merge(as_of=at, canonical=True)
    assert federation.lock is not None
    federation.lock.write(federation.folder / FILE_NAME)
    return federation.lock.to_bytes()
