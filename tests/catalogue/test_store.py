"""A catalogue keeps what it is given, mints what records need, and says truthfully what changed."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.addresses import RECORD_ID
from commons.catalogue.errors import NoSuchRecord, UnknownType, WithdrawnForGood
from commons.catalogue.ids import free_id
from commons.catalogue.store import Catalogue


def put(catalogue, at, *args, **kwargs):
    with catalogue.act("edit", at=at) as act:
        return act.put(*args, **kwargs)


def test_a_record_comes_back_as_it_was_put(catalogue, at):
    """Lists, objects, booleans and numbers survive the columns; salt and dates are added."""
    fields = {
        "title": "Clínica",
        "topics": ["food"],
        "is_emergency": False,
        "phones": [{"number": "+525555550134"}],
    }
    assert put(catalogue, at, "service", "clinica", fields) == "new"
    stored = catalogue.get("service", "clinica").fields
    assert {k: stored[k] for k in fields} == fields
    assert (
        len(stored["salt"]) == 26 and stored["created_at"] == stored["modified_at"] == "2026-11-21T12:00:00Z"
    )


def test_putting_the_same_again_changes_nothing(catalogue, at):
    """Same file twice: no new step, no later date."""
    put(catalogue, at, "service", "a", {"title": "A", "summary": "", "topics": []})
    steps = list(catalogue.history())
    assert put(catalogue, at + timedelta(days=1), "service", "a", {"title": "A"}) == "unchanged"
    assert list(catalogue.history()) == steps


def test_a_change_moves_modified_at_and_keeps_salt_and_birth(catalogue, at):
    put(catalogue, at, "service", "a", {"title": "A"})
    before = catalogue.get("service", "a").fields
    assert put(catalogue, at + timedelta(days=1), "service", "a", {**before, "title": "B"}) == "changed"
    after = catalogue.get("service", "a").fields
    assert (after["salt"], after["created_at"]) == (before["salt"], before["created_at"])
    assert after["modified_at"] == "2026-11-22T12:00:00Z"


def test_nothing_is_confirmed_by_itself(catalogue, at):
    """Only an explicit word confirms; saving and changing do not."""
    put(catalogue, at, "service", "a", {"title": "A"})
    put(catalogue, at, "service", "a", {"title": "B"})
    assert "confirmed_at" not in catalogue.get("service", "a").fields


def test_saving_always_works(catalogue, at):
    """What does not fit waits as typed; what the schema does not know goes to `extra`; nothing is lost."""
    put(
        catalogue,
        at,
        "service",
        "a",
        {"minimum_age": "como diez", "color": "azul"},
        drafts={"phones": "con Ana"},
    )
    stored = catalogue.get("service", "a")
    assert stored.drafts == {"minimum_age": "como diez", "phones": "con Ana"}
    assert stored.fields["extra"] == {"color": "azul"} and "minimum_age" not in stored.fields


def test_an_act_is_kept_whole_or_not_at_all(catalogue, at):
    with pytest.raises(RuntimeError), catalogue.act("edit", at=at) as act:
        act.put("service", "a", {"title": "A"})
        raise RuntimeError
    assert catalogue.get("service", "a") is None and [s.kind for s in catalogue.history()] == ["init"]


def test_ids_are_words_and_never_used_twice(catalogue, at):
    """A removed record keeps its address: the next of the same name gets another."""
    put(catalogue, at, "service", None, {"title": "Clínica dental"})
    with catalogue.act("remove", at=at) as act:
        act.remove("service", "clinica-dental")
    with catalogue.act("edit", at=at) as act:
        act.put("service", None, {"title": "Clínica dental"})
        assert act.last_id == "clinica-dental-2"


def test_an_offer_gets_an_id_that_tells_nothing(catalogue, at):
    with catalogue.act("edit", at=at) as act:
        act.put("offer", None, {"title": "Juana arregla computadoras"})
        assert "juana" not in act.last_id and len(act.last_id) == 26
        assert act.private_id("offer", "juana@example.org") == act.private_id("offer", "juana@example.org")


@given(wanted=st.text(max_size=90), taken=st.integers(0, 12))
def test_a_free_id_is_always_a_record_id(wanted, taken):
    """Whatever the title, however many of the same name."""
    used: set[str] = set()
    for _ in range(taken + 1):
        made = free_id(wanted, "service_at_place", used.__contains__)
        assert RECORD_ID.match(made) and made not in used
        used.add(made)


def test_a_withdrawn_address_never_comes_back(catalogue, at):
    put(catalogue, at, "service", "a", {"title": "A"})
    with catalogue.act("withdraw", at=at) as act:
        act.withdraw("service", "a")
    assert catalogue.get("service", "a") is None
    with pytest.raises(WithdrawnForGood, match="service/a"):
        put(catalogue, at, "service", "a", {"title": "A"})


def test_taking_down_earlier_versions_changes_the_salt(catalogue, at):
    """The old digest stays known; with the same salt a telephone could be guessed against it."""
    put(catalogue, at, "service", "a", {"title": "A"})
    before = catalogue.get("service", "a").fields["salt"]
    with catalogue.act("withdraw", at=at) as act:
        act.withdraw("service", "a", kind="earlier")
        stone = act.tombstone("service", "a")
    assert catalogue.get("service", "a").fields["salt"] != before
    assert catalogue.get("withdrawal", stone).fields == {"kind": "earlier"}


def test_search_forgives_accents_and_case(catalogue, at):
    put(catalogue, at, "service", "a", {"title": "Clínica dental", "phones": [{"number": "+525555550134"}]})
    put(catalogue, at, "place", "b", {"title": "Otro"}, drafts={"phones": "clinica de al lado"})
    assert [r.id for r in catalogue.records(search="CLINICA")] == ["b", "a"]
    assert [r.id for r in catalogue.records("service", "0134 dental")] == ["a"]


def test_writing_while_records_are_read_one_by_one_is_refused(catalogue, at):
    """What would be written then would silently vanish with the end of the reading."""
    put(catalogue, at, "service", "a", {"title": "A"})
    reading = catalogue.records()
    next(reading)
    with pytest.raises(RuntimeError, match="being read"):
        put(catalogue, at, "service", "b", {"title": "B"})
    reading.close()
    assert put(catalogue, at, "service", "b", {"title": "B"}) == "new"


def test_unknown_names_are_refused_in_a_sentence(catalogue, at):
    with pytest.raises(UnknownType, match="unicornio"):
        catalogue.get("unicornio", "a")
    with pytest.raises(NoSuchRecord, match="service/a"), catalogue.act("remove", at=at) as act:
        act.remove("service", "a")


def test_rows_written_by_another_program_get_what_ours_have(catalogue, at):
    """A row added with a database editor has no salt; the next act gives it one, undoably."""
    with sqlite3.connect(catalogue.path) as other:
        other.execute("INSERT INTO service (id, title) VALUES ('ajena', 'Ajena')")
    other.close()
    put(catalogue, at, "service", "mine", {"title": "Mine"})
    assert len(catalogue.get("service", "ajena").fields["salt"]) == 26


@pytest.mark.parametrize("value", [None, True, -3, "ñ", ["a", {"b": [1]}], {}])
def test_settings_keep_any_json(new_catalogue, value):
    with new_catalogue() as first:
        first.settings["answers"] = value
    with Catalogue.open(first.path) as again:
        assert again.settings["answers"] == value and list(again.settings) == ["answers"]
