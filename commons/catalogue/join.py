"""Two copies of one catalogue → one, record by record. Pure: reads no file, asks nobody.

What was changed in one copy only is taken from there; what was changed alike in both is no question; what was
changed differently in both is one, and somebody else answers it. Laws: no edit is lost without a question;
which copy is named first changes nothing but who is called «a»; a withdrawal or a revoked consent in either
copy holds in both.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from commons.addresses import Address, tombstone
from commons.catalogue.act import WITHDRAWAL
from commons.catalogue.history import Change
from commons.catalogue.record import AUTOMATIC
from commons.catalogue.rows import CONSENT, State
from commons.folding import folded
from commons.model import Fields, Value
from commons.schema.spec import Schema

Key = tuple[str, str]  # type, id
Side = Literal["a", "b"]
LOCAL = "extra:"  # a local column, as a field of its own
_LATER = ("confirmed_at",)  # of two dates the later one is no loss


@dataclass(frozen=True, slots=True)
class Unit:
    """What a copy says in one field: a value that fits, a text that does not yet, or both."""

    value: Value | None = None
    draft: str | None = None


NOTHING = Unit()


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy since the two parted.

    `states`: everything it holds now, consents among it. `before`: what it held at the parting, of what it
    touched since; None: was not there. `touched`: when (type, id, field) was changed last; field "" for a
    record that was made or taken out.
    """

    states: Mapping[Key, State]
    before: Mapping[Key, State | None] = field(default_factory=dict)
    touched: Mapping[tuple[str, str, str], str] = field(default_factory=dict)

    def at_parting(self, key: Key) -> State | None:
        return self.before[key] if key in self.before else self.states.get(key)


@dataclass(frozen=True, slots=True)
class Question:
    """One field that both copies changed, or, with field "", a record that one changed and one took out."""

    type: str
    id: str
    field: str
    title: str
    a: Unit | None
    b: Unit | None
    a_at: str = ""
    b_at: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.type, self.id, self.field

    @property
    def newer(self) -> Side:
        """Where it was changed last; of two changes within a second the one that says more."""
        if self.a_at != self.b_at:
            return "a" if self.a_at > self.b_at else "b"
        return "a" if _weight(self.a) >= _weight(self.b) else "b"


Answer = Callable[[Question], Side | None]


@dataclass(frozen=True, slots=True)
class Joined:
    """What comes of it. `states`: by key, None for what is gone; `open`: questions without an answer.

    `moved`: records of one name in both copies that are two things: (side, old key, new key).
    `from_a`, `from_b`: keys in which that copy says something that the other does not.
    """

    states: Mapping[Key, State | None]
    open: tuple[Question, ...]
    answered: tuple[Question, ...] = ()
    moved: tuple[tuple[Side, Key, Key], ...] = ()
    from_a: frozenset[Key] = frozenset()
    from_b: frozenset[Key] = frozenset()
    met: tuple[Key, ...] = ()  # made in both copies under one id and one title: taken for one thing


def rolled_back(now: Mapping[Key, State], changes: Iterable[Change]) -> dict[Key, State | None]:
    """What `changes` (newest first) have touched, as it was before the first of them."""
    before: dict[Key, State | None] = {}
    for change in changes:
        key = (change.type, change.id)
        state = before[key] if key in before else now.get(key)
        if change.before is None or change.after is None or state is None:
            before[key] = change.before
            continue
        fields = {k: v for k, v in state.fields.items() if k not in change.after.fields}
        drafts = {k: v for k, v in state.drafts.items() if k not in change.after.drafts}
        before[key] = State({**fields, **change.before.fields}, {**drafts, **change.before.drafts})
    return before


def join(
    a: Copy, b: Copy, answer: Answer, schema: Schema, member: str, *, parted: Sequence[Copy] | None = None
) -> Joined:
    """Join two copies.

    Args:
        answer: which side's word counts; None leaves the question open (and the side of «a» in its place).
        parted: whose memory of the parting counts; both, if not given. Where the two remember it
            differently, somebody wrote past the history, and nothing is taken for unchanged.
    """
    a, b, moved = _apart(a, b, schema)
    asking = _Asking(answer, parted or (a, b), a, b)
    withdrawals = _withdrawals(asking)
    gone = {k[1] for k, v in withdrawals.items() if v is not None and v.fields.get("kind") == "record"}
    states: dict[Key, State | None] = {}
    for key in sorted({*a.states, *b.states}):
        if key[0] == WITHDRAWAL:
            states[key] = withdrawals[key]
        elif gone and key[0] != CONSENT and tombstone(str(Address(member, *key))) in gone:
            states[key] = None
        else:
            states[key] = asking.record(key)
    return Joined(
        states,
        tuple(asking.open),
        tuple(asking.answered),
        moved,
        frozenset(k for k, s in states.items() if not same(s, b.states.get(k))),
        frozenset(k for k, s in states.items() if not same(s, a.states.get(k))),
        tuple(key for key in _made_in_both(a, b) if states[key] is not None),
    )


def same(one: State | None, other: State | None) -> bool:
    """Whether two states say the same, apart from what the program keeps by itself."""
    if one is None or other is None:
        return one is other
    return _units(one) == _units(other)


class _Asking:
    """One joining: where it looks, and what it had to ask."""

    def __init__(self, answer: Answer, parted: Sequence[Copy], a: Copy, b: Copy) -> None:
        self.answer, self.parted, self.a, self.b = answer, parted, a, b
        self.open: list[Question] = []
        self.answered: list[Question] = []

    def before(self, key: Key) -> list[State | None]:
        """What the record was when the copies parted, as those remember it who were asked."""
        return [copy.at_parting(key) for copy in self.parted]

    def record(self, key: Key) -> State | None:
        a, b = self.a.states.get(key), self.b.states.get(key)
        if a is None or b is None:
            return self._one_sided(key, a, b)
        before = self.before(key)
        units = {}
        mine, theirs = _units(a), _units(b)
        known = [_units(s) if s is not None else {} for s in before]
        for name in dict.fromkeys([*mine, *theirs]):
            unit = self._unit(
                key, name, mine.get(name, NOTHING), theirs.get(name, NOTHING),
                [k.get(name, NOTHING) for k in known],
            )  # fmt: skip
            units[name] = unit
        return _stamped(_state(units), a, b, before)

    def _one_sided(self, key: Key, a: State | None, b: State | None) -> State | None:
        """Only one copy has it: it is new there, or was taken out in the other."""
        there = a or b
        if there is None:
            return None
        before = self.before(key)
        if all(state is None for state in before):
            return there
        if key[0] == CONSENT:
            return None  # taken back, or its person forgotten
        if all(same(state, there) for state in before):
            return None
        a_unit, b_unit = (None if s is None else Unit(_title(s, key)) for s in (a, b))
        side = self._ask(key, "", a_unit, b_unit)
        return a if side == "a" else b

    def _unit(self, key: Key, name: str, a: Unit, b: Unit, before: Sequence[Unit]) -> Unit:
        if a == b or all(b == known for known in before):
            return a
        if all(a == known for known in before):
            return b
        if key[0] == CONSENT:
            return min((u for u in (a, b) if u != NOTHING), key=_weight)  # revoked: by the earlier word
        if name in _LATER and a.draft is None and b.draft is None:
            return max(a, b, key=lambda unit: str(unit.value or ""))
        return a if self._ask(key, name, a, b) == "a" else b

    def _ask(self, key: Key, name: str, a: Unit | None, b: Unit | None) -> Side:
        stored = self.a.states.get(key) or self.b.states.get(key)
        question = Question(
            *key, name, _title(stored, key), a, b, _when(self.a, key, name), _when(self.b, key, name)
        )
        side = self.answer(question)
        (self.open if side is None else self.answered).append(question)
        return side or "a"


def _when(copy: Copy, key: Key, name: str) -> str:
    """When a copy changed the field last, or the record where it was made or taken out as a whole."""
    if name:
        found = copy.touched.get((*key, name.removeprefix(LOCAL) if name == LOCAL else name), "")
        return max(found, copy.touched.get((*key, ""), ""))
    return max((at for (t, i, _), at in copy.touched.items() if (t, i) == key), default="")


def _title(state: State | None, key: Key) -> str:
    if state is None:
        return key[1]
    return str(state.fields.get("title") or state.drafts.get("title") or key[1])


def _weight(unit: Unit | None) -> str:
    return "" if unit is None else json.dumps([unit.value, unit.draft], ensure_ascii=False, sort_keys=True)


def _units(state: State) -> dict[str, Unit]:
    """A record's fields one by one; of the local columns each."""
    found: dict[str, Unit] = {}
    for name in dict.fromkeys([*state.fields, *state.drafts]):
        value, draft = state.fields.get(name), state.drafts.get(name)
        if name in AUTOMATIC:
            continue
        if name == "extra" and isinstance(value, dict):
            found.update({LOCAL + column: Unit(inner) for column, inner in value.items()})
            value = None
        if value is not None or draft is not None:
            found[name] = Unit(value, draft)
    return found


def _state(units: Mapping[str, Unit]) -> State:
    fields: dict[str, Value] = {}
    drafts: dict[str, str] = {}
    local: dict[str, Value] = {}
    for name, unit in units.items():
        if unit.value is not None and name.startswith(LOCAL):
            local[name.removeprefix(LOCAL)] = unit.value
        elif unit.value is not None:
            fields[name] = unit.value
        if unit.draft is not None:
            drafts[name] = unit.draft
    return State({**fields, **({"extra": local} if local else {})}, drafts)


def _stamped(state: State, a: State, b: State, before: Sequence[State | None]) -> State:
    """The joined record with its salt and dates: of whom it is like, else the later change."""
    stamps: dict[str, Value] = {}
    salts = [s.fields.get("salt") for s in before if s is not None]
    changed = [s for s in (a.fields.get("salt"), b.fields.get("salt")) if s is not None and s not in salts]
    kept = changed or [s for s in (a.fields.get("salt"), b.fields.get("salt")) if s is not None]
    if kept:
        stamps["salt"] = min(kept, key=str)
    for name, choose in (("created_at", min), ("modified_at", max)):
        dates = [str(s.fields[name]) for s in (a, b) if name in s.fields]
        if dates:
            stamps[name] = choose(dates)
    for side, other in ((a, b), (b, a)):
        if same(state, side) and not same(state, other) and "modified_at" in side.fields:
            stamps["modified_at"] = side.fields["modified_at"]
    return State({**state.fields, **stamps}, state.drafts)


def _withdrawals(asking: _Asking) -> dict[Key, State | None]:
    """A word that was given in either copy is given: the final one over the other, the one that a release
    has said over the one that waits, of two that were said the one that reaches further."""
    found: dict[Key, State | None] = {}
    for key in {k for k in (*asking.a.states, *asking.b.states) if k[0] == WITHDRAWAL}:
        said = [s for s in (asking.a.states.get(key), asking.b.states.get(key)) if s is not None]
        unsent = [s for s in said if "number" not in s.fields]
        if len(said) == 1 and unsent and all(same(s, said[0]) for s in asking.before(key)):
            found[key] = None  # the other copy took its word back before it was shared
            continue
        final = [s for s in said if s.fields.get("kind") == "record"] or said
        sent = [s for s in final if "number" in s.fields]
        if final[0].fields.get("kind") == "record":
            found[key] = min(sent, key=_version) if sent else final[0]
        else:  # a word that waits takes down what either has released
            waiting = [s for s in final if "number" not in s.fields]
            found[key] = waiting[0] if waiting else max(sent, key=_version)
    return found


def _version(state: State) -> tuple[int, int]:
    epoch, number = state.fields.get("epoch"), state.fields.get("number")
    return (epoch if isinstance(epoch, int) else 0, number if isinstance(number, int) else 0)


# two things that got one id


def _apart(a: Copy, b: Copy, schema: Schema) -> tuple[Copy, Copy, tuple[tuple[Side, Key, Key], ...]]:
    """Give what was made in both copies under one id, with two names, two ids: they are two things.

    The one made first keeps it. References within the other's copy follow.
    """
    moved: list[tuple[Side, Key, Key]] = []
    for key in _made_in_both(a, b):
        mine, theirs = a.states[key], b.states[key]
        if folded(_title(mine, key)) == folded(_title(theirs, key)):
            continue
        side: Side = "b" if _age(mine) <= _age(theirs) else "a"
        mark = str((theirs if side == "b" else mine).fields.get("salt", ""))[:6]
        moved.append((side, key, (key[0], f"{key[1][:56].rstrip('-')}-{mark}")))
    return (
        _moved(a, {old: new for side, old, new in moved if side == "a"}, schema),
        _moved(b, {old: new for side, old, new in moved if side == "b"}, schema),
        tuple(moved),
    )


def _made_in_both(a: Copy, b: Copy) -> Iterator[Key]:
    """The ids that each copy gave to a record of its own since the two parted."""
    for key in sorted(a.states.keys() & b.states.keys()):
        if key[0] in (CONSENT, WITHDRAWAL, "catalogue") or a.at_parting(key) or b.at_parting(key):
            continue
        if a.states[key].fields.get("salt") != b.states[key].fields.get("salt"):
            yield key


def _age(state: State) -> tuple[str, str]:
    return str(state.fields.get("created_at", "")), str(state.fields.get("salt", ""))


def _moved(copy: Copy, names: Mapping[Key, Key], schema: Schema) -> Copy:
    if not names:
        return copy
    states = {names.get(k, k): _referring(k[0], s, names, schema) for k, s in copy.states.items()}
    before = {names.get(k, k): s for k, s in copy.before.items()}
    touched = {(*names.get((t, i), (t, i)), f): at for (t, i, f), at in copy.touched.items()}
    return Copy(states, before, touched)


def _referring(type_name: str, state: State, names: Mapping[Key, Key], schema: Schema) -> State:
    """The record with its references led to the new ids; of a consent, what it covers."""
    if type_name == CONSENT:
        covers = state.fields.get("covers")
        if not isinstance(covers, list):
            return state
        led = [dict(c, **_named(c, names)) if isinstance(c, dict) else c for c in covers]
        return State({**state.fields, "covers": led}, state.drafts)
    fields: dict[str, Value] = dict(state.fields)
    for name, value in state.fields.items():
        spec = schema.types[type_name].fields.get(name)
        if spec is not None and spec.format == "reference":
            fields[name] = _led(value, spec.target, names)
    return State(fields, state.drafts)


def _named(cover: Mapping[str, Value], names: Mapping[Key, Key]) -> Fields:
    new = names.get((str(cover.get("type")), str(cover.get("id"))))
    return {} if new is None else {"id": new[1]}


def _led(value: Value, target: str, names: Mapping[Key, Key]) -> Value:
    if isinstance(value, list):
        return [_led(item, target, names) for item in value]
    if not isinstance(value, str):
        return value
    kind, slash, record_id = value.rpartition("/")
    new = names.get((kind if slash else target, record_id))
    if new is None:
        return value
    return f"{new[0]}/{new[1]}" if slash else new[1]


def touched_by(changes: Iterable[tuple[Change, str]]) -> Iterator[tuple[tuple[str, str, str], str]]:
    """When each field was changed last. `changes`: newest first, each with the moment of its step."""
    seen = set()
    for change, at in changes:
        names = [""] if change.before is None or change.after is None else []
        for state in (change.before, change.after):
            if state is not None:
                names += [n for n in (*state.fields, *state.drafts) if n not in AUTOMATIC]
        for name in names:
            key = (change.type, change.id, name)
            if key not in seen:
                seen.add(key)
                yield key, at
