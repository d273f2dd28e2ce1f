"""One act on a catalogue: puts, removals, withdrawals, consents; together one step of the history.

Made by `Catalogue.act`, inside its transaction. Keeps salts and dates by itself; confirms nothing by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from commons.addresses import RECORD_ID, Address, base32, tombstone
from commons.catalogue.drafts import fitting, known
from commons.catalogue.errors import AlreadyShared, NoSuchRecord, OwnRecord, WithdrawnForGood
from commons.catalogue.file import CatalogueFile
from commons.catalogue.history import History, Step, difference, taken_back
from commons.catalogue.ids import Randomness, free_id, private_id, salt
from commons.catalogue.record import AUTOMATIC
from commons.catalogue.rows import CONSENT, Rows, State
from commons.model import Value, without_empty
from commons.schema.spec import RecordType

PROFILE, PROFILE_ID = "catalogue", "catalogue"
WITHDRAWAL = "withdrawal"
Outcome = Literal["new", "changed", "unchanged"]
Kind = Literal["record", "earlier"]


@dataclass(frozen=True, slots=True)
class Context:
    """What every change of one act shares."""

    kind: str
    note: str
    at: str
    member_id: str
    secret: bytes
    randomness: Randomness
    undoes: int | None = None


class Act:
    """The open act. `step` is its number once something changed; an act without changes leaves no step."""

    def __init__(self, rows: Rows, history: History, file: CatalogueFile, context: Context) -> None:
        self._rows = rows
        self._history = history
        self._file = file
        self._context = context
        self.step: int | None = None
        self.last_id = ""
        self._touched: set[tuple[str, str]] = set()
        self._none_withdrawn: bool | None = None  # asked once: most catalogues never withdrew anything

    def put(
        self,
        type_name: str,
        record_id: str | None,
        fields: Mapping[str, object],
        *,
        drafts: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Make the record hold exactly these fields and drafts; None as id gives it a new one (`last_id`).

        Salt and dates are kept; values that do not fit the schema become drafts, fields that it does not
        know go to `extra`. Raises UnknownType, WithdrawnForGood; ValueError for an id of a wrong form.
        """
        rtype = self._rows.type(type_name)
        content, waiting = fitting(
            rtype, without_empty(fields), {k: v for k, v in (drafts or {}).items() if v}
        )
        if record_id is None:
            record_id = self.mint_id(type_name, str(content.get("title") or waiting.get("title") or ""))
        self.last_id = record_id
        before = self._rows.read(type_name, record_id)
        if before is None:
            self._refuse_unusable(type_name, record_id)
        after = self._stamped(rtype, before, content, waiting)
        if after is before:
            return "unchanged"
        self._write(type_name, record_id, after, was=(before,))
        return "new" if before is None else "changed"

    def mint_id(self, type_name: str, title: str) -> str:
        """An id that was never used in this catalogue; tells nothing where the type asks for that."""
        rtype = self._rows.type(type_name)
        if rtype.secret_ids:
            return private_id(self._context.secret, type_name, salt(self._context.randomness))
        return free_id(title, type_name, lambda candidate: self._ever_used(type_name, candidate))

    def private_id(self, type_name: str, text: str) -> str:
        """The id for a row whose key is a person's: always the same, and tells nothing."""
        return private_id(self._context.secret, type_name, text)

    def remove(self, type_name: str, record_id: str) -> None:
        """Take the record out; it can come back under its address. Raises NoSuchRecord, OwnRecord."""
        if type_name == PROFILE:
            raise OwnRecord
        if self._rows.read(type_name, record_id) is None:
            raise NoSuchRecord(type_name, record_id)
        self._write(type_name, record_id, None)

    def withdraw(self, type_name: str, record_id: str, kind: Kind = "record") -> None:
        """Our signed word, with the next release. `record`: gone for good. `earlier`: the record lives, every
        version before the next release is taken down; its salt is changed, since the old digests stay known
        and a short value such as a telephone could be guessed against them.

        Also works for what is no longer here, if this catalogue once had it.
        Raises NoSuchRecord, UnknownType.
        """
        self._rows.type(type_name)
        state = self._rows.read(type_name, record_id)
        if state is None and not self._ever_used(type_name, record_id):
            raise NoSuchRecord(type_name, record_id)
        if kind == "record" and state is not None:
            self._write(type_name, record_id, None)
        elif state is not None and "salt" in self._rows.type(type_name).fields:
            self._write(
                type_name,
                record_id,
                State({**state.fields, "salt": salt(self._context.randomness)}, state.drafts),
            )
        stone = self.tombstone(type_name, record_id)
        known = self._rows.read(WITHDRAWAL, stone)
        if known is None or known.fields.get("kind") != "record":
            # without epoch and number: the release that says it first fills them in
            self._write(WITHDRAWAL, stone, State({"kind": kind}))

    def put_consent(self, consent_id: str | None, fields: Mapping[str, object]) -> str:
        """Write a consent (see `consent.Consents`); returns its id."""
        consent_id = consent_id or salt(self._context.randomness)[:10]
        self._write(CONSENT, consent_id, State(without_empty(fields)))
        return consent_id

    def restore(self, type_name: str, record_id: str, state: State | None) -> None:
        """Make the record exactly `state`, stamps and all, as part of an undo."""
        fitting_now = state if type_name == CONSENT else known(self._rows.type(type_name), state)
        self._write(type_name, record_id, fitting_now)

    def hear(self, stone: str, state: State) -> None:
        """Keep a withdrawal that another copy of this catalogue has shared. No part of the step: what was
        shared stays said, also when the step is undone."""
        cells = [state.fields.get(name) for name in ("kind", "epoch", "number")]
        self._file.execute(
            "INSERT OR REPLACE INTO withdrawal (id, kind, epoch, number) VALUES (?, ?, ?, ?)",
            (stone, *(c if isinstance(c, str | int) else None for c in cells)),
        )
        self._none_withdrawn = None

    def is_shared_withdrawal(self, type_name: str, record_id: str) -> bool:
        """Whether a release has said that the address is gone for good."""
        if type_name == CONSENT or not self.is_withdrawn(type_name, record_id):
            return False
        state = self._rows.read(WITHDRAWAL, self.tombstone(type_name, record_id))
        return state is not None and "number" in state.fields

    def adopt(self) -> None:
        """Rows that another program wrote get what ours have: a salt and dates. Part of this act's step."""
        for rtype in self._rows.types():
            for record_id in list(self._rows.without_stamps(rtype)):
                before = self._rows.read(rtype.name, record_id)
                if before is not None and RECORD_ID.match(record_id):
                    self.put(rtype.name, record_id, before.fields, drafts=before.drafts)

    def close(self) -> None:
        """The end of the act: changes that cancelled each other out leave no step."""
        if self.step is not None and self._history.is_empty(self.step):
            self._history.drop(self.step)
            self.step = None

    def tombstone(self, type_name: str, record_id: str) -> str:
        """What stands for the record's address once it is withdrawn."""
        return tombstone(str(Address(self._context.member_id, type_name, record_id)))

    def is_withdrawn(self, type_name: str, record_id: str) -> bool:
        """Whether the address is gone for good."""
        if self._none_withdrawn is None:
            self._none_withdrawn = self._file.execute("SELECT 1 FROM withdrawal LIMIT 1") is None
        if self._none_withdrawn:
            return False
        state = self._rows.read(WITHDRAWAL, self.tombstone(type_name, record_id))
        return state is not None and state.fields.get("kind") == "record"

    def refuse_shared(self, step: Step) -> None:
        """Raises AlreadyShared where `step` withdrew something and a release has said so since."""
        for change in step.changes:
            if change.type == WITHDRAWAL and change.after is not None:
                now = self._rows.read(WITHDRAWAL, change.id)
                if now is not None and "number" in now.fields:
                    raise AlreadyShared(step.n)

    def _ever_used(self, type_name: str, record_id: str) -> bool:
        return (
            self._rows.read(type_name, record_id) is not None
            or self._file.execute(
                "SELECT 1 FROM change WHERE type = ? AND id = ? LIMIT 1", (type_name, record_id)
            )
            is not None
            or self._rows.read(WITHDRAWAL, self.tombstone(type_name, record_id)) is not None
        )

    def _refuse_unusable(self, type_name: str, record_id: str) -> None:
        if not RECORD_ID.match(record_id):
            raise ValueError(f"not a record id: {record_id!r}")
        if self.is_withdrawn(type_name, record_id):
            raise WithdrawnForGood(type_name, record_id)

    def _stamped(
        self, rtype: RecordType, before: State | None, content: dict[str, Value], drafts: dict[str, str]
    ) -> State:
        """The new state with salt and dates; `before` itself where nothing differs."""
        old = before.fields if before is not None else {}
        given = {name: content.pop(name, None) for name in AUTOMATIC}
        same = (
            before is not None
            and drafts == before.drafts
            and content == {k: v for k, v in old.items() if k not in AUTOMATIC}
        )
        now = self._context.at
        moved = given["modified_at"] not in (None, old.get("modified_at"))  # a source's own date
        created_moved = given["created_at"] not in (None, old.get("created_at"))
        complete = all(
            name in old for name in AUTOMATIC if name in rtype.fields
        )  # else another program wrote it
        if same and complete and before is not None and not moved and not created_moved:
            return before
        stamps: dict[str, Value] = {
            "salt": old.get("salt") or given["salt"] or salt(self._context.randomness),
            "created_at": given["created_at"] or old.get("created_at") or now,
            "modified_at": given["modified_at"] if moved and given["modified_at"] else now,
        }
        return State({**content, **{k: v for k, v in stamps.items() if k in rtype.fields}}, drafts)

    def _write(
        self, type_name: str, record_id: str, state: State | None, *, was: tuple[State | None] | None = None
    ) -> None:
        """Write and remember; `was` holds what the record is now where the caller has just read it."""
        (old,) = was or (self._rows.read(type_name, record_id),)
        if difference(type_name, record_id, old, state) is None:
            return
        key = (type_name, record_id)
        again = self.step is not None and key in self._touched
        earlier = self._history.change(self.step, *key) if self.step is not None and again else None
        if self.step is None:
            c = self._context
            uid = base32(c.randomness(16))
            self.step = self._history.begin(uid=uid, kind=c.kind, note=c.note, at=c.at, undoes=c.undoes)
        # a record that this act touches twice has one change: from what it was before the act
        before = old if earlier is None else taken_back(earlier, old, self._context.at)[0]
        self._rows.write(type_name, record_id, state, over=old)
        self._touched.add(key)
        if type_name == WITHDRAWAL:
            self._none_withdrawn = False
        self._history.keep(self.step, type_name, record_id, difference(type_name, record_id, before, state))
