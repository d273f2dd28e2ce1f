"""Joins another copy of a catalogue into this one: reads both, writes one. The other copy is not touched.

    with joining.aside(path) as other:
        pair = joining.look(living, other)
        joined = pair.join(answer)
        joining.apply(living, other, pair, joined, at=now)

What is decided stands in `join`. What left the house (own releases, withdrawals that were said, the key log)
is united and stays united when the joining is undone; everything else is one step of the history.
"""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from commons.catalogue.act import WITHDRAWAL
from commons.catalogue.file import guarded
from commons.catalogue.file import look as look_at_file
from commons.catalogue.join import Answer, Copy, Joined, Key, join, rolled_back, touched_by
from commons.catalogue.rows import CONSENT, State
from commons.catalogue.sources import SourceRow
from commons.catalogue.store import Catalogue
from commons.errors import CommonsError, InputError
from commons.format.keylog import KeyLog
from commons.messages import N_
from commons.model import Value
from commons.schema.spec import Schema

KNOWN = (
    "join.known"  # the setting that remembers which steps of other copies are in here, by the joining's uid
)


@dataclass(eq=False)
class NotACopy(InputError):
    """The two files are not copies of one catalogue."""

    path: Path
    other: Path
    template: ClassVar[str] = N_("{other} is not a copy of {path}: it is another organisation's catalogue.")
    hint_template: ClassVar[str] = N_(
        "Two copies have one beginning; take one that was copied from the other."
    )


@dataclass(eq=False)
class OneFile(InputError):
    """Both names lead to one file."""

    path: Path
    template: ClassVar[str] = N_("{path} was named twice; there is nothing to join.")
    hint_template: ClassVar[str] = N_("Name the two copies, as in: commons join paz.db /media/usb/paz.db")


@dataclass(eq=False)
class KeysApart(CommonsError):
    """The key was changed in both copies, each in its own way."""

    path: Path
    other: Path
    template: ClassVar[str] = N_(
        "The key was changed in {path} and, otherwise, in {other}; a program cannot tell which one is right."
    )
    hint_template: ClassVar[str] = N_(
        "Ask the federations whose words they know (commons keys show), and go on with that copy; "
        "what the other one has can be brought in with commons import."
    )


@dataclass(eq=False)
class CopyChanged(CommonsError):
    """Somebody wrote to the catalogue while the questions were answered."""

    path: Path
    template: ClassVar[str] = N_("{path} was changed meanwhile; nothing was joined.")
    hint_template: ClassVar[str] = N_("Close the other program and call commons join again.")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two copies as they were looked at, and whose memory of the parting counts."""

    a: Copy
    b: Copy
    parted: tuple[Copy, ...]
    schema: Schema
    member: str
    step: int
    steps_a: int  # since the parting
    steps_b: int

    def join(self, answer: Answer) -> Joined:
        return join(self.a, self.b, answer, self.schema, self.member, parted=self.parted)


@contextlib.contextmanager
def aside(path: Path) -> Iterator[Catalogue]:
    """A copy's catalogue, open on a passing copy of its own: the file at `path` stays as it is.

    Raises what `Catalogue.open` raises.
    """
    look_at_file(path)
    with tempfile.TemporaryDirectory(prefix="commons-join-") as folder:
        target = Path(folder) / "other.db"
        with (
            guarded(path),
            contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as source,
            contextlib.closing(sqlite3.connect(target)) as copied,
        ):
            source.backup(copied)
        try:
            with Catalogue.open(target) as catalogue:
                yield catalogue
        except CommonsError as error:
            if getattr(error, "path", None) == target:
                error.path = path  # type: ignore[attr-defined]  # a sentence names the file that was meant
            raise


def look(living: Catalogue, other: Catalogue, *, named: Path, at: datetime, own: Path | None = None) -> Pair:
    """Both copies, and where they parted.

    Args:
        named: what the other copy is called in sentences.
        own: what the living one is called, where it is open aside.
    Raises:
        NotACopy, KeysApart.
    """
    if living.member_id != other.member_id:
        raise NotACopy(own or living.path, named)
    mine, theirs = KeyLog.parse(living.keylog), KeyLog.parse(other.keylog)
    if not (mine.extends(theirs) or theirs.extends(mine)):
        raise KeysApart(own or living.path, named)
    for catalogue in (living, other):
        with catalogue.act("edit", at=at):
            pass  # rows that another program wrote get their salt and dates before anybody compares
    a_steps, b_steps = _steps(living), _steps(other)
    a_heard, b_heard = _heard(living), _heard(other)
    a_known, b_known = {u for _, u in a_steps} | a_heard, {u for _, u in b_steps} | b_heard
    a_shared, b_shared = _leading(a_steps, b_known), _leading(b_steps, a_known)
    a, b = _read(living, a_steps, a_shared), _read(other, b_steps, b_shared)
    # who joined the other before knows it up to a later moment than the first parting
    knows_b = any(uid in a_heard for _, uid in b_steps[:b_shared])
    knows_a = any(uid in b_heard for _, uid in a_steps[:a_shared])
    parted = (b,) if knows_b and not knows_a else (a,) if knows_a and not knows_b else (a, b)
    return Pair(
        a, b, parted, living.schema, living.member_id, a_steps[-1][0] if a_steps else 0,
        len(a_steps) - a_shared, len(b_steps) - b_shared,
    )  # fmt: skip


def _steps(catalogue: Catalogue) -> list[tuple[int, str]]:
    """(number, uid) of all steps, oldest first."""
    return [(step.n, step.uid) for step in catalogue.history()][::-1]


def _heard(catalogue: Catalogue) -> set[str]:
    """The uids of other copies' steps that earlier joinings, as far as they are in force, brought here."""
    kept = catalogue.settings.get(KNOWN, {})
    if not isinstance(kept, dict):
        return set()
    in_force = {step.uid for step in catalogue.history() if not step.undone} | {""}
    return {str(u) for uid, uids in kept.items() if uid in in_force and isinstance(uids, list) for u in uids}


def _leading(steps: list[tuple[int, str]], known: set[str]) -> int:
    """How many of the first steps are known."""
    for n, (_, uid) in enumerate(steps):
        if uid not in known:
            return n
    return len(steps)


def _read(catalogue: Catalogue, steps: list[tuple[int, str]], shared: int) -> Copy:
    states = {(r.type, r.id): State(r.fields, dict(r.drafts)) for r in catalogue.records()}
    for consent in catalogue.consents:
        state = catalogue.rows.read(CONSENT, consent.id)
        if state is not None:
            states[CONSENT, consent.id] = state
    changes = [
        (change, step.at)
        for n, _uid in reversed(steps[shared:])
        for step in [catalogue.step(n)]
        for change in step.changes
    ]
    before = rolled_back(states, (change for change, _at in changes))
    return Copy(states, before, dict(touched_by(changes)))


def apply(
    living: Catalogue, other: Catalogue, pair: Pair, joined: Joined, *, note: str, at: datetime
) -> int | None:
    """Write what came of it into the living copy; gives the step, None where the records were the same.

    Raises CopyChanged, CatalogueInUse, CatalogueNotWritable.
    """
    with living.act("join", note=note, at=at) as act:
        if next((step.n for step in living.history()), 0) != pair.step:
            raise CopyChanged(living.path)
        for (type_name, record_id), state in joined.states.items():
            before = living.rows.read(type_name, record_id)
            if type_name == WITHDRAWAL and state is not None and "number" in state.fields:
                if state != before:
                    act.hear(record_id, state)
            elif state != before:
                act.restore(type_name, record_id, state)
        if KeyLog.parse(other.keylog).extends(KeyLog.parse(living.keylog)):
            living.set_keylog(other.keylog)
        living.releases.unite(other.releases)
        _unite_sources(living, other, {old: new for side, old, new in joined.moved if side == "b"})
        _unite_settings(living, other)
        uid = "" if act.step is None else living.step(act.step).uid
        _remember(living, other, uid)
    return act.step


def _unite_sources(living: Catalogue, other: Catalogue, moved: Mapping[Key, Key]) -> None:
    """Every remembered source and its rows; of one that both know, what was read last."""
    for source in other.sources:
        mine = living.sources.get(source.name)
        newer = mine is None or (source.last_run_at or "") > (mine.last_run_at or "")
        if newer:
            living.sources.put(source)
        known = living.sources.rows(source.name)
        for key, row in other.sources.rows(source.name).items():
            if newer or key not in known:
                type_name, record_id = moved.get((row.type, row.id), (row.type, row.id))
                living.sources.link(source.name, SourceRow(row.key, type_name, record_id, row.fields))


def _unite_settings(living: Catalogue, other: Catalogue) -> None:
    for name, theirs in other.settings.items():
        mine = living.settings.get(name)
        if name != KNOWN and mine != theirs:
            living.settings[name] = theirs if mine is None else _united(mine, theirs)


def _united(mine: Value, theirs: Value) -> Value:
    """Both lists' entries, both mappings' keys; else ours."""
    if isinstance(mine, list) and isinstance(theirs, list):
        return [*mine, *(item for item in theirs if item not in mine)]
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return {**theirs, **mine}
    return mine


def _remember(living: Catalogue, other: Catalogue, uid: str) -> None:
    """Which of the other copy's steps are in here now, so that joining it again asks nothing twice."""
    own = {u for _, u in _steps(living)}
    heard = sorted({u for _, u in _steps(other)} | _heard(other) - own)
    kept = living.settings.get(KNOWN, {})
    before = dict(kept) if isinstance(kept, dict) else {}
    earlier = before.get(uid)
    united = sorted({*heard, *(str(u) for u in earlier)}) if isinstance(earlier, list) else heard
    living.settings[KNOWN] = {**before, uid: list(united)}


__all__ = ["CopyChanged", "KeysApart", "NotACopy", "OneFile", "Pair", "apply", "aside", "look"]
