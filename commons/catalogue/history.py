"""Every act as a step that can be undone for ever. Plans an undo; does not apply it.

A step holds, for each record it touched, what differs before and after (only the fields that differ). An
undo is a step of its own, so it can be undone too. Law: undoing the newest step gives the state before it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from commons.catalogue.errors import NoSuchStep, NothingToRedo, NothingToUndo
from commons.catalogue.file import CatalogueFile
from commons.catalogue.rows import State
from commons.model import Fields

_V = TypeVar("_V")
_STAMP = "modified_at"
FINAL = (
    "init",
    "release",
    "restore",
    "forget",
)  # what left the house, or began it, is not taken back by an undo


@dataclass(frozen=True, slots=True)
class Change:
    """One record in one step. `before`/`after` hold what differs; None where the record was not there."""

    type: str
    id: str
    before: State | None
    after: State | None


@dataclass(frozen=True, slots=True)
class Step:
    """One act: number, what kind, a note, when; `undoes` names the step that it took back.

    `kept` lists (type, id, field) that an undo left alone, since they were changed again later.
    """

    n: int
    uid: str
    kind: str
    note: str
    at: str
    undoes: int | None
    undone: bool = False
    changes: tuple[Change, ...] = ()
    kept: tuple[tuple[str, str, str | None], ...] = field(default=())


def difference(type_name: str, record_id: str, before: State | None, after: State | None) -> Change | None:
    """What changes from `before` to `after`; None where nothing does."""
    if before is None or after is None:
        return None if before is after else Change(type_name, record_id, before, after)
    old, new = _only_different(before.fields, after.fields), _only_different(after.fields, before.fields)
    old_drafts = {k: v for k, v in before.drafts.items() if after.drafts.get(k) != v}
    new_drafts = {k: v for k, v in after.drafts.items() if before.drafts.get(k) != v}
    if not (old or new or old_drafts or new_drafts):
        return None
    return Change(type_name, record_id, State(old, old_drafts), State(new, new_drafts))


def _only_different(one: Fields, other: Fields) -> Fields:
    return {k: v for k, v in one.items() if k not in other or other[k] != v}


def taken_back(change: Change, now: State | None, at: str) -> tuple[State | None, list[str | None]]:
    """The state without `change`, and the fields that stay since they were changed again (None: all).

    `now` is what the record holds today. What a later step changed is newer work and is not lost.
    """
    if change.before is None or change.after is None:
        if (now is None) != (change.after is None):
            return now, [None]  # made again, or removed again, since
        if now is not None and change.after is not None and _content(now) != _content(change.after):
            return now, [None]
        return change.before, []
    if now is None:
        return now, [None]
    fields, kept = _reverted(now.fields, change.before.fields, change.after.fields)
    drafts, kept_drafts = _reverted(now.drafts, change.before.drafts, change.after.drafts)
    left: list[str | None] = [n for n in dict.fromkeys([*kept, *kept_drafts]) if n != _STAMP]
    if _STAMP in kept:
        fields[_STAMP] = at
    return State(fields, drafts), left


def _reverted(
    now: Mapping[str, _V], before: Mapping[str, _V], after: Mapping[str, _V]
) -> tuple[dict[str, _V], list[str]]:
    result = dict(now)
    kept = []
    for name in {**before, **after}:
        if now.get(name) != after.get(name):
            kept.append(name)
        elif name in before:
            result[name] = before[name]
        else:
            del result[name]
    return result, kept


def _content(state: State) -> tuple[Fields, dict[str, str]]:
    return {k: v for k, v in state.fields.items() if k != _STAMP}, dict(state.drafts)


class History:
    """The steps of a catalogue, newest last."""

    def __init__(self, file: CatalogueFile) -> None:
        self._file = file

    def begin(self, *, uid: str, kind: str, note: str, at: str, undoes: int | None) -> int:
        """Write a step's head; returns its number."""
        row = self._file.execute(
            "INSERT INTO step (uid, kind, note, at, undoes) VALUES (?, ?, ?, ?, ?) RETURNING n",
            (uid, kind, note, at, undoes),
        )
        assert row is not None
        return int(row[0])

    def keep(self, step: int, type_name: str, record_id: str, change: Change | None) -> None:
        """Keep what the step changed in one record, in place of what it said before of this record."""
        if change is None:
            self._file.execute(
                "DELETE FROM change WHERE step = ? AND type = ? AND id = ?", (step, type_name, record_id)
            )
        else:
            self._file.execute(
                "INSERT OR REPLACE INTO change VALUES (?, ?, ?, ?, ?)",
                (step, type_name, record_id, _to_json(change.before), _to_json(change.after)),
            )

    def change(self, step: int, type_name: str, record_id: str) -> Change | None:
        """What a step changed in one record."""
        row = self._file.execute(
            "SELECT * FROM change WHERE step = ? AND type = ? AND id = ?", (step, type_name, record_id)
        )
        return None if row is None else _change(row)

    def is_empty(self, step: int) -> bool:
        """Whether a step changed nothing."""
        return self._file.execute("SELECT 1 FROM change WHERE step = ? LIMIT 1", (step,)) is None

    def drop(self, step: int) -> None:
        """Take out an empty step."""
        self._file.execute("DELETE FROM step WHERE n = ?", (step,))

    def steps(self, type_name: str | None = None, record_id: str | None = None) -> Iterator[Step]:
        """Newest first, without their changes; only those that touched the record where one is named."""
        undone = self._undone()
        sql, parameters = "SELECT * FROM step ORDER BY n DESC", tuple[str, ...]()
        if type_name is not None:
            wanted = [type_name] if record_id is None else [type_name, record_id]
            by_id = "" if record_id is None else " AND id = ?"
            touched = f"SELECT step FROM change WHERE type = ?{by_id}"
            sql, parameters = f"SELECT * FROM step WHERE n IN ({touched}) ORDER BY n DESC", tuple(wanted)
        for row in self._file.rows(sql, parameters):
            yield Step(
                row["n"], row["uid"], row["kind"], row["note"], row["at"], row["undoes"], row["n"] in undone
            )

    def step(self, n: int) -> Step:
        """One step with its changes. Raises NoSuchStep."""
        # what does not fit into a column is no step either
        row = self._file.execute("SELECT * FROM step WHERE n = ?", (n,)) if abs(n) < 2**63 else None
        if row is None:
            raise NoSuchStep(n)
        return Step(
            n,
            row["uid"],
            row["kind"],
            row["note"],
            row["at"],
            row["undoes"],
            n in self._undone(),
            self.changes(n),
        )

    def root(self, step: Step) -> Step:
        """The act behind a chain of undos and redos."""
        while step.undoes is not None:
            step = self.step(step.undoes)
        return step

    def changes(self, n: int) -> tuple[Change, ...]:
        """What a step changed, by type and id."""
        return tuple(
            _change(r) for r in self._file.rows("SELECT * FROM change WHERE step = ? ORDER BY type, id", (n,))
        )

    def last(self) -> int:
        """The newest step's number; 0 in an empty history."""
        n = self._file.scalar("SELECT max(n) FROM step")
        return n if isinstance(n, int) else 0

    def to_undo(self) -> int:
        """The newest step that is in force and is not itself an undo. Raises NothingToUndo."""
        for step in self.steps():
            if step.undoes is None and not step.undone and step.kind not in FINAL:
                return step.n
        raise NothingToUndo

    def to_redo(self) -> int:
        """The newest undo that is in force, if nothing else was done since. Raises NothingToRedo."""
        for step in self.steps():
            if step.undone:
                continue
            if step.undoes is None:
                break
            if self._is_undo(step):
                return step.n
        raise NothingToRedo

    def _is_undo(self, step: Step) -> bool:
        """A redo is an undo of an undo."""
        depth = 0
        undoes = step.undoes
        while undoes is not None:
            depth += 1
            target = self._file.scalar("SELECT undoes FROM step WHERE n = ?", (undoes,))
            undoes = target if isinstance(target, int) else None
        return depth % 2 == 1

    def _undone(self) -> set[int]:
        """Steps that are not in force: taken back by a step that is in force itself."""
        undone: set[int] = set()
        for row in self._file.rows("SELECT n, undoes FROM step WHERE undoes IS NOT NULL ORDER BY n DESC"):
            if row["n"] not in undone:
                undone.add(row["undoes"])
        return undone


def _change(row: sqlite3.Row) -> Change:
    return Change(row["type"], row["id"], _from_json(row["before"]), _from_json(row["after"]))


def _to_json(state: State | None) -> str | None:
    if state is None:
        return None
    return json.dumps(
        {"fields": dict(state.fields), "drafts": state.drafts}, ensure_ascii=False, sort_keys=True
    )


def _from_json(text: str | None) -> State | None:
    if text is None:
        return None
    data = json.loads(text)
    return State(data["fields"], data["drafts"])
