"""Every act can be undone for ever, and so can the undo. Newer work is never lost by undoing older."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from commons.catalogue.errors import AlreadyShared, ChangedSince, NoSuchStep, NothingToRedo, NothingToUndo
from commons.catalogue.store import Catalogue
from commons.release.keys import new_identity

IDS = st.sampled_from(["a", "b", "c"])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["A", "B"]),
        "topics": st.lists(st.sampled_from(["food", "health"]), max_size=2),
        "minimum_age": st.integers(0, 5),
        "unknown": st.text("xy", max_size=2),
    },
)
DRAFTS = st.dictionaries(st.sampled_from(["phones", "title"]), st.text("abc", max_size=2), max_size=2)


def whole(catalogue):
    """Everything a person could see or share."""
    return {(r.type, r.id): (r.fields, r.drafts) for r in catalogue.records()} | {
        ("consent", c.id): c for c in catalogue.consents
    }


class UndoIsExact(RuleBasedStateMachine):
    """A stack of states kept outside must agree with the catalogue through any acts, undos and redos."""

    def __init__(self):
        super().__init__()
        from datetime import UTC, datetime

        self.folder = tempfile.TemporaryDirectory()
        self.at = datetime(2026, 1, 1, tzinfo=UTC)
        self.catalogue = Catalogue.create(
            Path(self.folder.name) / "a.db",
            keylog=new_identity().keylog_bytes,
            profile={"title": "X", "licence": "CC0-1.0", "language": "es"},
            at=self.at,
        )
        self.past = []
        self.future = []

    def later(self):
        self.at += timedelta(minutes=1)
        return self.at

    @rule(puts=st.lists(st.tuples(IDS, FIELDS, DRAFTS), min_size=1, max_size=3), gone=st.none() | IDS)
    def do(self, puts, gone):
        before = whole(self.catalogue)
        with self.catalogue.act("edit", at=self.later()) as act:
            for record_id, fields, drafts in puts:
                act.put("service", record_id, fields, drafts=drafts)
            if gone is not None and self.catalogue.get("service", gone):
                act.remove("service", gone)
        if whole(self.catalogue) != before:
            self.past.append(before)
            self.future = []

    @rule(record_id=IDS)
    def consent(self, record_id):
        before = whole(self.catalogue)
        with self.catalogue.act("consent", at=self.later()) as act:
            items = self.catalogue.consents.personal("service", record_id)
            self.catalogue.consents.grant(
                act, whose="J", asked_by="M", purpose="p", items=items, at="2026-01-01"
            )
        self.past.append(before)
        self.future = []

    @precondition(lambda self: self.past)
    @rule()
    def undo(self):
        self.future.append(whole(self.catalogue))
        self.catalogue.undo(at=self.later())
        assert whole(self.catalogue) == self.past.pop()

    @precondition(lambda self: self.future)
    @rule()
    def redo(self):
        self.past.append(whole(self.catalogue))
        self.catalogue.undo(redo=True, at=self.later())
        assert whole(self.catalogue) == self.future.pop()

    @rule()
    def reopen(self):
        before = whole(self.catalogue)
        self.catalogue.close()
        self.catalogue = Catalogue.open(self.catalogue.path)
        assert whole(self.catalogue) == before

    @invariant()
    def a_step_for_every_act(self):
        steps = list(self.catalogue.history())
        assert len({s.uid for s in steps}) == len(steps)

    def teardown(self):
        self.catalogue.close()
        self.folder.cleanup()


UndoIsExact.TestCase.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
test_undo_gives_back_exactly_the_state_before = UndoIsExact.TestCase


def put(catalogue, at, record_id, **fields):
    with catalogue.act("edit", at=at) as act:
        act.put("service", record_id, fields)
        return act.step


def test_an_older_step_is_undone_without_losing_newer_work(catalogue, at):
    """Only the fields that the step changed and nobody changed since go back; the rest is named."""
    put(catalogue, at, "a", title="A", summary="one")
    step = put(catalogue, at, "a", title="B", summary="two")
    put(catalogue, at, "a", title="C", summary="two")
    undone = catalogue.undo(step, at=at)
    fields = catalogue.get("service", "a").fields
    assert (fields["title"], fields["summary"]) == ("C", "one")
    assert undone.kept == (("service", "a", "title"),)


def test_a_step_whose_work_was_all_changed_again_is_refused(catalogue, at):
    first = put(catalogue, at, "a", title="A")
    put(catalogue, at, "a", title="B")
    with pytest.raises(ChangedSince, match=str(first)):
        catalogue.undo(first, at=at)


def test_an_undone_step_is_not_undone_twice(catalogue, at):
    step = put(catalogue, at, "a", title="A")
    catalogue.undo(step, at=at)
    with pytest.raises(ChangedSince):
        catalogue.undo(step, at=at)


def test_there_may_be_nothing_to_undo_or_redo(catalogue, at):
    """The beginning of a catalogue is not undone by accident; an edit ends what could be redone."""
    with pytest.raises(NothingToUndo):
        catalogue.undo(at=at)
    put(catalogue, at, "a", title="A")
    catalogue.undo(at=at)
    put(catalogue, at, "b", title="B")
    with pytest.raises(NothingToRedo):
        catalogue.undo(redo=True, at=at)
    with pytest.raises(NoSuchStep, match="99"):
        catalogue.undo(99, at=at)


def test_a_withdrawal_can_be_undone_until_it_was_shared(catalogue, at):
    """A signed word cannot be taken back; an unsigned one can."""
    put(catalogue, at, "a", title="A")
    with catalogue.act("withdraw", at=at) as act:
        act.withdraw("service", "a")
        step, stone = act.step, act.tombstone("service", "a")
    catalogue.undo(at=at)
    assert catalogue.get("service", "a").fields["title"] == "A"
    catalogue.undo(redo=True, at=at)
    with catalogue.act("release", at=at) as act:
        act.put("withdrawal", stone, {"kind": "record", "epoch": 0, "number": 1})
    with pytest.raises(AlreadyShared, match=str(step)):
        catalogue.undo(step, at=at)


def test_the_history_of_a_record_names_its_steps(catalogue, at):
    put(catalogue, at, "a", title="A")
    put(catalogue, at, "b", title="B")
    step = put(catalogue, at, "a", title="C")
    assert [s.n for s in catalogue.history("service", "a")] == [step, step - 2]
    (change,) = catalogue.step(step).changes
    assert (change.before.fields["title"], change.after.fields["title"]) == ("A", "C")
