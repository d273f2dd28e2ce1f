"""A merge by difference proves only what it has not proven before; what it believes is sealed or proven."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from commons.addresses import tombstone
from commons.federation.store import folder as stored
from commons.format.container import write_file
from commons.merge.difference import standing as difference
from commons.merge.difference.standing import NOT_THERE
from commons.merge.run import Merged, Options, merge
from tests.hostile.making import place, withdrawal
from tests.merge.side_by_side import differing
from tests.merge.world import AS_OF, Federation

OPTIONS = Options(as_of=AS_OF, children=0)


@pytest.fixture
def federation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Federation:
    """Three members with a source each, merged once."""
    monkeypatch.setattr(difference, "MOST_CHANGED", 100)
    made = Federation(tmp_path / "federation")
    made.folder.mkdir()
    for name in "abc":
        share(made, name, 1, "uno", "dos")
    members = [{"id": m.id, "name": name, "sources": [f"{name}.entrega"]} for name, m in made.members.items()]
    rules = {"name": "Prueba", "licences": ["CC-BY-4.0"], "members": members}
    (made.folder / "federation.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    merge(made.folder, OPTIONS)
    return made


def share(federation: Federation, name: str, number: int, *ids: str, **more: Any) -> None:
    records = [*(place(id, title=f"Comedor {name} {id}") for id in ids), *more.pop("also", ())]
    files = federation.share(name, records, number=number, **more)
    write_file(federation.folder / f"{name}.entrega", files)


def again(federation: Federation, **options: Any) -> Merged:
    """Merge; the pool is the one that a merge of the same lock from nothing makes."""
    merged = merge(federation.folder, replace(OPTIONS, **options))
    anew = federation.folder / "anew.db"
    merge(federation.folder, replace(OPTIONS, locked=True, out=anew))
    assert differing(federation.folder / "pool.db", anew) == []
    return merged


@pytest.fixture
def proven(federation: Federation, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whose releases were proven since, by the members' names."""
    found, prove = list[str](), stored.prove
    names = {member.id: name for name, member in federation.members.items()}

    def noting(manifest: bytes, *more: Any, **named: Any) -> Any:
        seen = prove(manifest, *more, **named)
        found.append(names[seen.manifest.member])
        return seen

    monkeypatch.setattr(stored, "prove", noting)
    return found


def test_only_what_is_new_is_proven(federation: Federation, proven: list[str]) -> None:
    """By difference; everything, if everything is asked for."""
    share(federation, "b", 2, "uno", "tres")
    merged = merge(federation.folder, OPTIONS)
    assert merged.way is not None and merged.way.why == "" and set(proven) == {"b"}
    proven.clear()
    merge(federation.folder, OPTIONS)
    assert proven == []
    merge(federation.folder, replace(OPTIONS, full=True))
    assert set(proven) == set("abc")


def test_what_is_pruned_is_proven_once(federation: Federation, proven: list[str]) -> None:
    """A release that lost its withdrawn records is another file, and known from then on."""
    stone = withdrawal(tombstone(f"{federation.id('a')}/place/uno"), number=2)
    share(federation, "a", 2, "dos", "uno", also=[stone])
    merge(federation.folder, OPTIONS)  # of the full form, which is pruned after it
    (federation.folder / "a.entrega").unlink(missing_ok=True)  # else it is compared with what is left
    again(federation)
    proven.clear()
    assert merge(federation.folder, OPTIONS).way == difference.Way("", frozenset(federation.ids), 3)
    assert proven == []


def test_what_was_examined_and_is_lost_is_examined_again(federation: Federation, proven: list[str]) -> None:
    shutil.rmtree(federation.store.intake)
    assert again(federation).way == difference.Way("", frozenset(federation.ids), 3)
    assert set(proven) == set("abc")


def test_a_byte_that_the_disk_has_spoilt_is_found_all_the_same(federation: Federation) -> None:
    """Though its member stands: its source still has the release, and it is fetched tonight."""
    path = federation.store.release_path(federation.last["b"])
    whole = path.read_bytes()
    path.write_bytes(whole[:-3_000] + bytes([whole[-3_000] ^ 1]) + whole[-2_999:])
    merged = again(federation)
    assert merged.way is not None and merged.way.why == "" and path.read_bytes() == whole


def test_notes_that_somebody_has_changed_prove_nothing(federation: Federation) -> None:
    """A release with another signature, and its sum in the notes: the seal does not name such notes."""
    path = federation.store.release_path(federation.last["b"])
    whole = path.read_bytes()
    at = whole.index(b"-----BEGIN SSH SIGNATURE-----") + 200
    path.write_bytes(forged := whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    with closing(sqlite3.connect(federation.store.root / "last" / "notes.db")) as notes, notes:
        row = (hashlib.sha256(forged).hexdigest(), federation.last["b"])
        assert notes.execute("UPDATE proof SET sum = ? WHERE release = ?", row).rowcount == 1
    merged = again(federation)
    assert merged.way is not None and merged.way.why == NOT_THERE and path.read_bytes() == whole
