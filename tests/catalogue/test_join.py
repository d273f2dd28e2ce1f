"""Two copies of one catalogue, edited apart, become one: no edit is lost, whichever is named first."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commons.catalogue import joining
from commons.catalogue.join import Joined, Question
from commons.catalogue.own_releases import OwnRelease
from commons.catalogue.person import Person
from commons.catalogue.rows import CONSENT
from commons.catalogue.store import Catalogue
from tests.catalogue.conftest import NOON, make

FIELDS = ("title", "summary", "email")
IDS = ("uno", "dos", "tres", "cuatro")
edits = st.lists(
    st.tuples(
        st.sampled_from(IDS),
        st.sampled_from([*FIELDS, "gone"]),
        st.sampled_from(["x@uno.mx", "y@dos.mx", "z@tres.mx"]),
    ),
    max_size=6,
)


@pytest.fixture
def copies(tmp_path: Path) -> tuple[Path, Path]:
    """Two copies of a catalogue with three records."""
    a, b = tmp_path / "a.db", tmp_path / "b.db"
    with make(a) as catalogue, catalogue.act("edit", at=NOON) as act:
        for id in IDS[:3]:
            act.put("organization", id, {"title": id, "summary": "antes"})
    shutil.copy(a, b)
    return a, b


def write(path: Path, id: str, minutes: int = 1, **fields: str | None) -> None:
    """Change fields of a record; None for all of it takes it out."""
    at = NOON + timedelta(minutes=minutes)
    with Catalogue.open(path) as catalogue, catalogue.act("edit", at=at) as act:
        found = catalogue.get("organization", id)
        act.put("organization", id, {**(found.fields if found else {"title": id}), **fields})


def remove(path: Path, id: str, minutes: int = 1) -> None:
    with (
        Catalogue.open(path) as catalogue,
        catalogue.act("remove", at=NOON + timedelta(minutes=minutes)) as act,
    ):
        act.remove("organization", id)


def join(a: Path, b: Path, answer=lambda q: q.newer) -> Joined:
    with Catalogue.open(a) as living, joining.aside(b) as other:
        pair = joining.look(living, other, named=b, at=NOON)
        joined = pair.join(answer)
        joining.apply(living, other, pair, joined, note=b.name, at=NOON + timedelta(hours=1))
        return joined


def content(path: Path) -> dict[str, dict[str, object]]:
    with Catalogue.open(path) as catalogue:
        return {r.id: {k: r.fields.get(k) for k in FIELDS} for r in catalogue.records("organization")}


def edited(path: Path, changes: list[tuple[str, str, str]]) -> None:
    for n, (id, field, value) in enumerate(changes):
        if field != "gone":
            write(path, id, n, **{field: value})
        elif id in content(path):
            remove(path, id, n)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits, edits)
def test_no_edit_is_lost_and_the_order_of_the_copies_is_nothing(tmp_path_factory, mine, theirs):
    """Every value of the joined copy is one copy's; one that was changed in one copy only is the new one;
    what both changed was a question."""
    folder = tmp_path_factory.mktemp("join")
    with make(folder / "a.db") as catalogue, catalogue.act("edit", at=NOON) as act:
        for id in IDS[:3]:
            act.put("organization", id, {"title": id, "summary": "antes"})
    before = content(folder / "a.db")
    shutil.copy(folder / "a.db", folder / "b.db")
    edited(folder / "a.db", mine)
    edited(folder / "b.db", theirs)
    a, b = content(folder / "a.db"), content(folder / "b.db")
    for name in ("a", "b"):
        shutil.copy(folder / f"{name}.db", folder / f"{name}{name}.db")
    asked = {(q.id, q.field) for q in join(folder / "a.db", folder / "b.db").answered}
    join(folder / "bb.db", folder / "aa.db")
    after = content(folder / "a.db")
    assert after == content(folder / "bb.db")
    nothing = dict.fromkeys(FIELDS)
    for id in IDS:
        if id not in before and id in a and id in b and a[id]["title"] != b[id]["title"]:
            assert a[id] in after.values() and b[id] in after.values()  # two things of one name
            continue
        whole = (id, "") in asked
        for field in FIELDS:
            old, x, y = (side.get(id, nothing)[field] for side in (before, a, b))
            now = after.get(id, nothing)[field]
            assert now in (x, y)
            if not whole and (id, field) not in asked:
                assert now == (x if y == old else y)


def test_what_both_changed_is_asked_and_nothing_else(copies):
    """Side by side, with the moments; whoever changed later is known."""
    a, b = copies
    write(a, "uno", 1, title="UNO A", email="a@uno.mx")
    write(b, "uno", 2, title="UNO B", summary="nuevo")
    remove(a, "dos")
    asked: list[Question] = []
    join(a, b, lambda q: asked.append(q) or "b")
    assert [(q.id, q.field, q.a.value, q.b.value, q.newer) for q in asked] == [
        ("uno", "title", "UNO A", "UNO B", "b")
    ]
    assert content(a)["uno"] == {"title": "UNO B", "summary": "nuevo", "email": "a@uno.mx"}
    assert "dos" not in content(a)


def test_taken_out_here_and_changed_there_is_a_question(copies):
    a, b = copies
    remove(a, "uno", 1)
    write(b, "uno", 2, summary="todavía está")
    assert [(q.field, q.a) for q in join(a, b, lambda q: "b").answered] == [("", None)]
    assert content(a)["uno"]["summary"] == "todavía está"


def test_a_joining_can_be_undone_and_done_again(copies):
    """Undone, the other copy's work is not taken for known: joining again brings it back."""
    a, b = copies
    write(a, "uno", 1, title="A")
    write(b, "dos", 1, title="B")
    before = content(a)
    join(a, b)
    with Catalogue.open(a) as catalogue:
        catalogue.undo(at=NOON)
    assert content(a) == before
    join(a, b)
    assert content(a)["dos"]["title"] == "B"


def test_who_goes_on_with_the_other_copy_is_asked_only_about_what_is_new(copies):
    a, b = copies
    write(a, "uno", 1, title="A")
    write(b, "uno", 2, title="B")
    join(a, b, lambda q: "a")
    write(b, "tres", 3, summary="después")
    joined = join(a, b, lambda q: pytest.fail(str(q)))
    assert content(a)["uno"]["title"] == "A" and content(a)["tres"]["summary"] == "después"
    assert not joined.answered


def test_drafts_consents_sources_and_local_columns_come_along(copies):
    a, b = copies
    with Catalogue.open(b) as catalogue, catalogue.act("edit", at=NOON) as act:
        act.put("organization", "uno", {"title": "uno", "Color": "azul"}, drafts={"phones": "pregunta a Ana"})
        act.put_consent("c1", {"whose": "Ana", "granted_at": "2026-11-20"})
    with Catalogue.open(a) as catalogue, catalogue.act("edit", at=NOON) as act:
        act.put("organization", "uno", {"title": "uno", "summary": "antes", "Piso": "2"})
    join(a, b)
    with Catalogue.open(a) as catalogue:
        record = catalogue.get("organization", "uno")
        assert record.fields["extra"] == {"Color": "azul", "Piso": "2"}
        assert record.drafts == {"phones": "pregunta a Ana"}
        assert catalogue.rows.read(CONSENT, "c1").fields["whose"] == "Ana"


def test_two_things_of_one_name_become_two_records(copies):
    """Made in both copies under one id, with different titles; references of the moved one follow."""
    a, b = copies
    write(a, "nuevo", 1, title="Taller de pan")
    write(b, "nuevo", 2, title="Taller de bici")
    with Catalogue.open(b) as catalogue, catalogue.act("edit", at=NOON + timedelta(minutes=3)) as act:
        act.put("service", "curso", {"title": "Curso", "organization": "nuevo"})
    ((side, _old, (_type, new)),) = join(a, b, lambda q: pytest.fail(str(q))).moved
    assert side == "b" and content(a)["nuevo"]["title"] == "Taller de pan"
    assert content(a)[new]["title"] == "Taller de bici"
    with Catalogue.open(a) as catalogue:
        assert catalogue.get("service", "curso").fields["organization"] == new


def test_a_withdrawal_that_one_copy_shared_holds_and_is_not_undone(copies):
    a, b = copies
    write(a, "uno", 5, summary="editado aquí")
    write(b, "dos", 5, summary="editado allá")
    with Catalogue.open(b) as catalogue:
        with catalogue.act("withdraw", at=NOON) as act:
            act.withdraw("organization", "uno")
            stone = act.tombstone("organization", "uno")
        with catalogue.act("release", at=NOON) as act:
            act.put("withdrawal", stone, {"kind": "record", "epoch": 0, "number": 2})
            catalogue.releases.add(OwnRelease(0, 2, "b" * 64, "2026-11-21T12:00:00Z"))
    join(a, b, lambda q: pytest.fail(str(q)))
    with Catalogue.open(a) as catalogue:
        assert catalogue.releases.heads == ("b" * 64,)
        assert catalogue.get("organization", "uno") is None
        catalogue.undo(at=NOON)
        assert catalogue.get("organization", "dos").fields["summary"] == "antes"
        assert catalogue.get("withdrawal", stone).fields["number"] == 2
        assert catalogue.get("organization", "uno") is None


def test_the_other_copy_keeps_its_bytes_and_another_catalogue_is_refused(copies, tmp_path):
    a, b = copies
    write(a, "uno", 1, title="A")
    bytes_before = b.read_bytes()
    join(a, b)
    assert b.read_bytes() == bytes_before
    with make(tmp_path / "otro.db"):
        pass
    with pytest.raises(joining.NotACopy):
        join(a, tmp_path / "otro.db")


def test_the_next_release_follows_the_last_of_each_copy(copies):
    """What each copy released before its last release is followed by that one already."""
    a, b = copies

    def released(path: Path, *numbers: int) -> None:
        with Catalogue.open(path) as catalogue:
            for n in numbers:
                catalogue.releases.add(OwnRelease(0, n, f"{path.stem}{n}", "2026-11-21T12:00:00Z"))

    released(a, 1)
    behind = a.with_name("behind.db")
    shutil.copy(a, behind)
    shutil.copy(a, b)
    released(a, 2, 3)
    released(b, 2)
    join(a, behind)
    with Catalogue.open(a) as catalogue:
        assert catalogue.releases.heads == ("a3",)
    join(a, b)
    with Catalogue.open(a) as catalogue:
        assert catalogue.releases.heads == ("a3", "b2") and catalogue.releases.latest.number == 3
        copy = catalogue.backup(at=NOON)
        catalogue.restore(copy, at=NOON)
        assert catalogue.releases.heads == ("a3", "b2")
        catalogue.releases.add(OwnRelease(0, 4, "a4", "2026-11-21T12:00:00Z"))
        assert catalogue.releases.heads == ("a4",)


def test_who_was_forgotten_in_one_copy_does_not_come_back_unasked(copies):
    """A consent stays gone; a contact that the other copy still has is a question."""
    a, b = copies
    with Catalogue.open(b) as catalogue, catalogue.act("edit", at=NOON) as act:
        act.put("service", "taller", {"title": "Taller", "contact_name": "Ana Pérez"})
        act.put_consent("c1", {"whose": "Ana Pérez", "granted_at": "2026-11-20"})
    join(a, b)
    shutil.copy(a, b)
    with Catalogue.open(a) as catalogue:
        catalogue.forget(Person.of(["Ana Pérez"]), at=NOON)
    asked: list[Question] = []
    join(a, b, lambda q: asked.append(q) or q.newer)
    assert [(q.id, q.field) for q in asked] == [("taller", "contact_name")]
    with Catalogue.open(a) as catalogue:
        assert not list(catalogue.consents)
        assert "contact_name" not in catalogue.get("service", "taller").fields
