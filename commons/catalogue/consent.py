"""Who agreed that something of theirs is public: whose, who asked, when, what for. Never leaves.

A consent is for values, not for fields: when a contact's telephone is changed, the new one was never agreed
to. Decides nothing about what leaves; `commons.release` asks here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from commons.catalogue.act import Act
from commons.catalogue.file import CatalogueFile
from commons.catalogue.rows import CONSENT, Rows, State
from commons.errors import InputError
from commons.messages import N_
from commons.model import Value

WHOLE = "*"  # instead of a field: the record as such
Item = tuple[str, str, str]  # type, id, field
Mark = tuple[str, str, str, str]  # type, id, field, and what stands for the value


@dataclass(eq=False)
class NoSuchConsent(InputError):
    """No consent has this id."""

    id: str
    template: ClassVar[str] = N_("There is no consent «{id}».")
    hint_template: ClassVar[str] = N_("commons consent list shows them all.")


@dataclass(eq=False)
class NothingToConsent(InputError):
    """The record holds no personal value that a consent could be for."""

    type: str
    id: str
    template: ClassVar[str] = N_("{type}/{id} has no personal data to agree to.")
    hint_template: ClassVar[str] = N_("Write the contact's name, telephone or e-mail first.")


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent. `covers` names what it was given for; `revoked_at` ends it."""

    id: str
    whose: str
    asked_by: str
    purpose: str
    granted_at: str
    revoked_at: str | None
    covers: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Active:
    """The consents in force at one moment; answers quickly for many records."""

    marks: frozenset[Mark]
    secret: bytes

    def covers(self, type_name: str, record_id: str, field: str, value: Value) -> bool:
        """Whether this very value may leave."""
        return (type_name, record_id, field, mark(self.secret, value)) in self.marks

    def covers_record(self, type_name: str, record_id: str) -> bool:
        """Whether the record as such may leave, where its type asks for consent."""
        return (type_name, record_id, WHOLE, "") in self.marks


class Consents:
    """The consents of a catalogue. Writing happens in an act, so that it can be undone."""

    def __init__(self, file: CatalogueFile, rows: Rows, secret: bytes) -> None:
        self._file = file
        self._rows = rows
        self._secret = secret

    def __iter__(self) -> Iterator[Consent]:
        for row in list(self._file.rows("SELECT id FROM consent ORDER BY granted_at, id")):
            state = self._rows.read(CONSENT, row["id"])
            if state is not None:
                yield _consent(row["id"], state)

    def get(self, consent_id: str) -> Consent:
        """Raises NoSuchConsent."""
        state = self._rows.read(CONSENT, consent_id)
        if state is None:
            raise NoSuchConsent(consent_id)
        return _consent(consent_id, state)

    def active(self) -> Active:
        """All consents in force now."""
        marks: set[Mark] = set()
        for row in self._file.rows("SELECT covers FROM consent WHERE revoked_at IS NULL"):
            marks |= marks_of(row["covers"])
        return Active(frozenset(marks), self._secret)

    def covers(self, type_name: str, record_id: str, field: str, value: Value) -> bool:
        """Whether this very value may leave; for many values take `active` once."""
        return self.active().covers(type_name, record_id, field, value)

    def personal(self, type_name: str, record_id: str) -> list[Item]:
        """What of a record needs consent: its personal values, or itself. Raises UnknownType."""
        rtype = self._rows.type(type_name)
        state = self._rows.read(type_name, record_id)
        if state is None:
            return []
        items = [
            (type_name, record_id, name)
            for name, field in rtype.fields.items()
            if field.release == "consent" and name in state.fields
        ]
        return items + ([(type_name, record_id, WHOLE)] if rtype.release == "consent" else [])

    def lacking(self, type_name: str, record_id: str, active: Active | None = None) -> list[str]:
        """Personal fields of a record that nobody agreed to, as they stand now. Raises UnknownType."""
        state = self._rows.read(type_name, record_id)
        agreed = active or self.active()
        return [
            field
            for _type, _id, field in self.personal(type_name, record_id)
            if state is not None
            and not (
                agreed.covers_record(type_name, record_id)
                if field == WHOLE
                else agreed.covers(type_name, record_id, field, state.fields[field])
            )
        ]

    def grant(
        self, act: Act, *, whose: str, asked_by: str, purpose: str, items: Iterable[Item], at: str
    ) -> str:
        """Write a consent to what the records hold now; returns its id. `at`: when the person agreed."""
        covers = []
        for type_name, record_id, field in items:
            state = self._rows.read(type_name, record_id)
            value = None if state is None else state.fields.get(field)
            if field == WHOLE and state is not None:
                covers.append({"type": type_name, "id": record_id, "field": WHOLE, "value": ""})
            elif value is not None:
                own = mark(self._secret, value)
                covers.append({"type": type_name, "id": record_id, "field": field, "value": own})
        words = {"whose": whose, "asked_by": asked_by, "purpose": purpose, "granted_at": at}
        return act.put_consent(None, {**words, "covers": covers})

    def revoke(self, act: Act, consent_id: str, *, at: str) -> None:
        """End a consent; what was shared under it is taken down with the next release.

        Raises NoSuchConsent.
        """
        state = self._rows.read(CONSENT, consent_id)
        if state is None:
            raise NoSuchConsent(consent_id)
        act.put_consent(consent_id, {**state.fields, "revoked_at": at})
        if self._file.execute("SELECT 1 FROM own_release LIMIT 1") is None:
            return
        for type_name, record_id in sorted({(t, i) for t, i, _ in _consent(consent_id, state).covers}):
            if self._rows.read(type_name, record_id) is not None:
                act.withdraw(type_name, record_id, "earlier")


def _consent(consent_id: str, state: State) -> Consent:
    f = state.fields
    covers = f.get("covers", [])
    assert isinstance(covers, list)
    items = tuple((str(c["type"]), str(c["id"]), str(c["field"])) for c in covers if isinstance(c, dict))
    revoked = f.get("revoked_at")
    return Consent(
        consent_id,
        str(f.get("whose", "")),
        str(f.get("asked_by", "")),
        str(f.get("purpose", "")),
        str(f.get("granted_at", "")),
        None if revoked is None else str(revoked),
        items,
    )


def marks_of(covers: str | None) -> set[Mark]:
    """What a stored consent is for."""
    return {(c["type"], c["id"], c["field"], c["value"]) for c in json.loads(covers or "[]")}


def mark(secret: bytes, value: Value) -> str:
    """A keyed hash: the consent table must not become a second copy of what it protects."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()[:32]
