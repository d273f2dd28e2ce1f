"""The last pool is believed only if it is what the last merge wrote; it keeps nothing that was taken back."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from commons.merge import act, renew
from commons.merge.difference import standing as difference
from commons.merge.difference.last import FOLDER
from commons.merge.difference.standing import FIRST, GAPS, MANY, NOT_THERE, RULES
from commons.model import Record
from tests.hostile.making import place, salt
from tests.merge.histories import IDS, OLD, History, Step
from tests.merge.test_difference import Folder

WORD = "zanahoria"


def places(*ids: str, **fields: object) -> list[Record]:
    return [place(id, title=f"Comedor {id}", **fields) for id in ids]


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Three members; one record of `b` says a word that nobody else says."""
    said = {"a": places(*map(str, range(40))), "b": places("uno", "dos"), "c": places("tres")}
    said["b"].append(
        place("secreto", title=f"Comedor {WORD}", summary=f"Hay {WORD}", identifiers=["X-ID:777"])
    )
    said["c"].append(place("otro", title="Comedor", identifiers=["X-ID:777"]))
    return History.begin(tmp_path, said)


@pytest.fixture
def folder(tmp_path: Path, history: History) -> Folder:
    made = Folder(tmp_path)
    assert made.renew(history)[1].why == FIRST
    return made


def go_on(history: History, folder: Folder, step: Step) -> str:
    """One step; what stands then is what would be made of nothing. Gives why it was not by difference."""
    history.step(step)
    result, way = folder.renew(history)
    assert folder.differing(history, result) == []
    return way.why


def test_little_changed_is_made_by_difference(history: History, folder: Folder) -> None:
    """Also where nothing changed at all, and again and again."""
    for step in (Step({}), Step({"c": places("tres", "cuatro")}), Step({}), Step({"b": places("uno")})):
        assert go_on(history, folder, step) == ""


def test_what_is_withdrawn_is_in_no_byte_any_more(history: History, folder: Folder) -> None:
    """Neither in the pool nor in what is noted of it: no word, no stem, no stale page."""
    files = [folder.last.path, *(folder.path / "store" / FOLDER).iterdir()]
    assert [p.name for p in files if WORD[:-2].encode() in p.read_bytes()] == ["pool.db", "features"]
    assert go_on(history, folder, Step({}, stone=(f"{IDS['b']}/place/secreto", "record"))) == ""
    assert [p.name for p in files if WORD[:-2].encode() in p.read_bytes()] == []


def test_what_is_noted_does_not_grow_with_every_change(history: History, folder: Folder) -> None:
    """A member that changes every night leaves no room behind that nobody uses."""
    noted = folder.path / "store" / FOLDER / "features"
    first = noted.stat().st_size
    for n in range(60):
        told = Step({"b": places("uno", "dos", summary=f"Comida {n}, y una palabra más para cada noche")})
        history.step(told)
        assert folder.renew(history)[1].why == ""
        assert noted.stat().st_size < 3 * first
    assert go_on(history, folder, Step({})) == ""


def test_who_named_an_entity_is_hidden_and_what_led_there_leads_on(tmp_path: Path) -> None:
    """The others' claims have a name of their own then; their members refer to them as before."""
    order = sorted(IDS, key=lambda name: IDS[name])
    said: dict[str, list[Record]] = {name: [place("uno", identifiers=["X-ID:777"])] for name in order}
    for name in order[1:]:
        at = {"title": f"Taller {name}", "salt": salt(name), "place": f"{IDS[name]}/place/uno"}
        said[name] += [Record("service", "taller", at), *places(*map(str, range(9)))]
    history, folder = History.begin(tmp_path, said), Folder(tmp_path)
    folder.renew(history)
    assert go_on(history, folder, Step({}, withheld=f"{IDS[order[0]]}/place/uno")) == ""


def test_much_changed_is_made_anew(history: History, folder: Folder) -> None:
    """Beyond a share of the records, and where numbers move because somebody in the middle grew a lot."""
    assert go_on(history, folder, Step({"a": places(*map(str, range(1, 41)))})) == MANY


@pytest.mark.parametrize("name", ["pool.db", "store/last/notes.db", "store/last/features"])
@pytest.mark.parametrize("how", ["spoilt", "gone"])
def test_what_was_not_written_so_is_not_believed(
    name: str, how: str, history: History, folder: Folder
) -> None:
    """One byte is enough; the pool is what it would be without a last one."""
    path = folder.path / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    if how == "spoilt":
        path.write_bytes(data)
    why = go_on(history, folder, Step({"c": places("tres")}))
    assert why == (FIRST if (name, how) == ("pool.db", "gone") else NOT_THERE)
    assert go_on(history, folder, Step({"c": places("cuatro")})) == ""


def test_somebody_elses_pool_is_not_believed(history: History, folder: Folder, tmp_path: Path) -> None:
    """A pool that says the same root and another word, put in the place of ours."""
    other = tmp_path / "other.db"
    shutil.copy(folder.last.path, other)
    with closing(sqlite3.connect(other)) as pool, pool:
        pool.execute("UPDATE place SET summary = 'FALSO'")
    other.replace(folder.last.path)
    assert go_on(history, folder, Step({})) == NOT_THERE


def test_a_pool_with_many_gaps_is_made_anew(
    history: History, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And whoever merges hears that reason, not that somebody has touched the pool."""
    monkeypatch.setattr("commons.merge.difference.last._MOST_WASTED", -1)
    assert go_on(history, folder, Step({"c": places("tres")})) == GAPS


def test_another_program_or_other_rules_make_it_anew(
    history: History, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the last pool was made by, and under which licences, must be what is in force."""
    monkeypatch.setattr("commons.merge.difference.last.program", lambda: "another")
    assert go_on(history, folder, Step({})) == RULES
    assert go_on(history, folder, Step({})) == ""
    assert go_on(history, folder, Step({}, days=-1)) == RULES


def test_where_somebody_has_taken_anothers_place_little_is_little(history: History, folder: Folder) -> None:
    """Everything anew on the day of it, and when more turns out to be withdrawn under the old address."""
    at = {"title": "Taller", "salt": salt("taller"), "place": f"{OLD}/place/uno"}
    assert go_on(history, folder, Step({"c": [Record("service", "taller", at)]}, heir="b")) == RULES
    assert go_on(history, folder, Step({"b": places("dos")})) == ""
    assert go_on(history, folder, Step({"b": places("uno", "dos")})) == ""
    assert go_on(history, folder, Step({}, stone=(f"{OLD}/place/uno", "record"))) == RULES
    assert go_on(history, folder, Step({"c": places("tres")})) == ""
    assert go_on(history, folder, Step({}, heir="a")) == RULES


@pytest.mark.parametrize("where", ["_link", "_regroup", "_rest"])
def test_a_merge_that_fails_leaves_the_last_pool_and_its_notes(
    where: str, history: History, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped anywhere, it changes no byte; the next one starts from the same pool."""
    files = sorted(p for p in folder.path.rglob("*") if p.name in ("pool.db", "notes.db", "features"))
    before = [p.read_bytes() for p in files]
    history.step(Step({"c": places("tres", "nueve")}))
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(act._Merge, where, lambda *_: 1 / 0)
        folder.renew(history)
    assert [p.read_bytes() for p in files] == before
    result, way = folder.renew(history)
    assert (way.why, folder.differing(history, result)) == ("", [])


def test_every_reason_has_words() -> None:
    """Whoever merges reads why everything was made anew."""
    assert set(difference.WHY) == {difference.ASKED, FIRST, RULES, MANY, GAPS, NOT_THERE}
    assert renew.How(Path()).anew is False
