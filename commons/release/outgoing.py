"""Decides what of each record leaves, and lists what stays home and why. Pure: records in, decisions out.

Law: a value leaves only if its field says so (`always`, or `consent` with consent to this very value), its
record is public, nothing private was found in it, and it keeps the schema. All else stays home, listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

from commons.addresses import Address, tombstone
from commons.catalogue.record import StoredRecord
from commons.errors import CommonsError
from commons.findings import Finding
from commons.format import canonical, characters
from commons.format.errors import FormatError
from commons.model import Value
from commons.release.scan import Found, Scanner
from commons.schema import validate
from commons.schema.spec import Field, RecordType, Schema

Key = tuple[str, str]  # type, id
PROFILE = "catalogue"
WITHDRAWAL = "withdrawal"
# What is written in a form that leaves no room for a text: nothing to look for in it.
_CODED = {
    "salt", "language", "licence", "country", "currency", "time", "rrule", "digest", "member", "district",
    "date", "reference", "address", "member_or_address", "identifier", "phone", "email",
}  # fmt: skip
_REFERENCES = {"reference", "address", "member_or_address"}


class Consented(Protocol):
    """The consents in force."""

    def covers(self, type_name: str, record_id: str, field: str, value: Value) -> bool:
        """Whether this very value may leave."""

    def covers_record(self, type_name: str, record_id: str) -> bool:
        """Whether the record as such may leave."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What every decision depends on."""

    schema: Schema
    member: str
    consented: Consented
    scanner: Scanner
    language: str
    tombstones: frozenset[str] = frozenset()  # of what is withdrawn for good


@dataclass(frozen=True, slots=True)
class Question:
    """Something that a person may answer "that is the organisation's" to. Kept apart from the findings, which
    are printed, exported and logged: a private value must not be repeated there."""

    type: str
    record: str
    field: str
    found: Found


@dataclass(slots=True)
class Leaving:
    """What leaves, by (type, id) in canonical order; what is held, in the same order; who stays by choice."""

    records: dict[Key, dict[str, Value]] = field(default_factory=dict)
    held: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    private: dict[str, int] = field(default_factory=dict)  # type → records that are "only here"


def select(records: Iterable[StoredRecord], rules: Rules) -> Leaving:
    """Decide for all records of a catalogue, but for its withdrawals, which `build` writes."""
    leaving = Leaving()
    everything = {(r.type, r.id): r for r in records if r.type != WITHDRAWAL}
    findings: dict[Key, list[Finding]] = {key: [] for key in everything}
    for key, record in everything.items():
        rtype = rules.schema.types[record.type]
        if record.private:
            leaving.private[record.type] = leaving.private.get(record.type, 0) + 1
        elif rtype.release == "consent" and not rules.consented.covers_record(*key):
            findings[key].append(_finding("record-no-consent", key))
        else:
            fields = _Choice(rtype, record, rules, findings[key], leaving.questions).fields()
            if fields is not None:
                leaving.records[key] = fields
    _resolve_references(leaving, everything, rules, findings)
    leaving.records = {key: leaving.records[key] for key in sorted(leaving.records)}
    every = [finding for key in sorted(findings) for finding in findings[key]]
    # a text may name somebody twice: one line says it
    leaving.held = list({(f.code, f.type, f.record, f.field, f.value): f for f in every}.values())
    return leaving


def _finding(code: str, key: Key, name: str | None = None, value: str | None = None) -> Finding:
    return Finding(code, type=key[0], record=key[1], field=name, value=value)


@cache
def _required(rtype: RecordType) -> frozenset[str]:
    """The fields without which a record cannot leave."""
    return frozenset(name for name, spec in rtype.released.items() if spec.required)


def is_reserved(rtype: RecordType, record: StoredRecord) -> frozenset[str]:
    """The fields that stay home because the record's place must not be known."""
    return frozenset(rtype.reserved) if record.fields.get("location_reserved") is True else frozenset()


@dataclass(slots=True)
class _Choice:
    """The decisions on one record; notes what stays home in `findings`."""

    rtype: RecordType
    record: StoredRecord
    rules: Rules
    findings: list[Finding]
    questions: list[Question]

    @property
    def key(self) -> Key:
        return self.record.type, self.record.id

    def note(self, code: str, name: str | None = None, value: str | None = None) -> None:
        self.findings.append(_finding(code, self.key, name, value))

    def fields(self) -> dict[str, Value] | None:
        """What leaves, references still as they were typed; None where the record cannot leave."""
        allowed = self._allowed()
        if self.rtype.composed:
            allowed["title"] = composed_title(self.rtype, allowed, self.rules)
        contacts = [str(allowed[n]) for n, f in self.rtype.fields.items() if f.personal and n in allowed]
        clean: dict[str, Value] = {}
        for name, value in allowed.items():
            kept = self._clean(self.rtype.fields[name], value, contacts)
            if kept not in (None, "", [], {}):
                clean[name] = kept
        return self._valid(clean)

    def _allowed(self) -> dict[str, Value]:
        """By the fields' own rule, consent, and reserved places."""
        reserved = is_reserved(self.rtype, self.record)
        if reserved & self.record.fields.keys():
            self.note("location-reserved")
        for name in self.record.drafts:
            if name in self.rtype.fields and self.rtype.fields[name].leaves and name not in reserved:
                self.note("draft-stays", name)
        found: dict[str, Value] = {}
        for name, value in self.record.fields.items():
            spec = self.rtype.fields.get(name)
            if spec is None or not spec.leaves or name in reserved:
                continue
            if spec.release == "consent" and not self.rules.consented.covers(*self.key, name, value):
                self.note("no-consent", name)
                continue
            found[name] = value
        return found

    def _clean(self, spec: Field, value: Value, contacts: Sequence[str]) -> Value | None:
        """The value without what must not leave; of a list only the entries are dropped."""
        if isinstance(value, list):
            kept = [self._clean_one(spec, item, contacts) for item in value]
            return [item for item in kept if item not in (None, "", {})]
        return self._clean_one(spec, value, contacts)

    def _clean_one(self, spec: Field, value: Value, contacts: Sequence[str]) -> Value | None:
        if isinstance(value, dict):
            parts = {n: self._part(spec, n, part, contacts) for n, part in value.items()}
            return {n: part for n, part in parts.items() if part not in (None, "", [])}
        if not isinstance(value, str):
            return value
        text = characters.tidy(value)
        if self._is_text(spec) and self._finds(spec, text, contacts):
            return None
        return text

    def _part(self, spec: Field, name: str, part: Value, contacts: Sequence[str]) -> Value | None:
        inner = spec.items.get(name)
        if isinstance(part, str) and inner is not None and self._is_text(inner):
            text = characters.tidy(part)
            return None if self._finds(spec, text, contacts) else text
        return part

    @staticmethod
    def _is_text(spec: Field) -> bool:
        is_string = spec.type == "string" or (spec.type == "array" and not spec.items)
        return is_string and not spec.vocabulary and not spec.personal and spec.format not in _CODED

    def _finds(self, spec: Field, text: str, contacts: Sequence[str]) -> bool:
        """Whether something private stands in `text`; it is listed."""
        name, running = spec.name, spec.format in ("text", "markdown")
        found = self.rules.scanner.scan(text, running=running, agreed=contacts)
        for one in found:
            self.note(f"held-{one.kind}", name, one.shown)
            if one.kind != "number":
                self.questions.append(Question(*self.key, name, one))
        return bool(found)

    def _valid(self, fields: dict[str, Value]) -> dict[str, Value] | None:
        """Only what keeps the schema; None where something required is missing."""
        for finding in validate.check_record(self.rtype, self.record.id, fields, published=True):
            if finding.level != "error":
                continue
            self.findings.append(finding)
            if finding.code == "half-position":
                fields.pop("latitude_e6", None)
                fields.pop("longitude_e6", None)
            name = str(finding.field)
            value = fields.pop(name, None)
            if isinstance(value, list) and name in self.rtype.fields:
                self._keep_good(self.rtype.fields[name], value, fields)
        self._writable(fields)
        if not _required(self.rtype) <= fields.keys():
            if not any(f.code == "required" for f in self.findings):
                self.note("record-incomplete")
            return None
        return fields

    @staticmethod
    def _keep_good(spec: Field, value: list[Value], fields: dict[str, Value]) -> None:
        """One bad entry of a list does not keep the others at home."""
        kept = [item for item in value if not _is_error(validate.check_value(spec, [item]))]
        if kept and not _is_error(validate.check_value(spec, kept)):
            fields[spec.name] = kept

    def _writable(self, fields: dict[str, Value]) -> None:
        try:
            canonical.canonical_bytes(*self.key, fields)
            return
        except FormatError:
            pass
        for name in list(fields):
            try:
                canonical.canonical_bytes(*self.key, {name: fields[name]})
            except FormatError as error:
                self.findings.append(Finding("format-refused", *self.key, field=name, details=_why(error)))
                del fields[name]


def _is_error(finding: Finding | None) -> bool:
    return finding is not None and finding.level == "error"


def _why(error: CommonsError) -> Mapping[str, str]:
    return {"error": getattr(error, "code", ""), "why": str(error)}


def composed_title(rtype: RecordType, fields: Mapping[str, Value], rules: Rules) -> str:
    """A title made of coded values only, so that nobody's name stands in it."""
    parts: list[str] = []
    for name in rtype.composed:
        value = fields.get(name)
        spec = rtype.fields[name]
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and one:
                parts.append(rules.schema.label(spec.vocabulary, one, rules.language))
    return " · ".join(parts)[:200] or rtype.title.get(rules.language, rtype.name)


def _resolve_references(
    leaving: Leaving,
    everything: Mapping[Key, StoredRecord],
    rules: Rules,
    findings: dict[Key, list[Finding]],
) -> None:
    """Own references become whole addresses; those to what stays home are left empty.

    Repeats while records fall for want of a reference that they need: others may refer to them.
    """
    while True:
        resolved: dict[Key, dict[str, Value]] = {}
        notes: dict[Key, list[Finding]] = {}
        for key, fields in leaving.records.items():
            rtype = rules.schema.types[key[0]]
            judge = _References(rules, leaving.records, everything, key)
            fields = judge.resolved(rtype, fields)
            notes[key] = judge.findings
            if _required(rtype) <= fields.keys():
                resolved[key] = fields
            else:
                findings[key] += [*judge.findings, _finding("record-incomplete", key)]
        if len(resolved) == len(leaving.records):
            leaving.records = resolved
            for key, found in notes.items():
                findings[key] += found
            return
        leaving.records = {key: leaving.records[key] for key in resolved}


def named_by(record: StoredRecord, rules: Rules) -> Iterator[Key]:
    """The own records that a record refers to; they need not exist."""
    judge = _References(rules, {}, {}, (record.type, record.id))
    for name, value in record.fields.items():
        spec = rules.schema.types[record.type].fields.get(name)
        if spec is None or spec.format not in _REFERENCES:
            continue
        for text in value if isinstance(value, list) else [value]:
            address = judge.address(spec, str(text))
            if address is not None and address.member == rules.member:
                yield address.type, address.id


@dataclass(slots=True)
class _References:
    """The references of one record."""

    rules: Rules
    leaving: Mapping[Key, object]
    everything: Mapping[Key, StoredRecord]
    key: Key
    findings: list[Finding] = field(default_factory=list)

    def resolved(self, rtype: RecordType, fields: Mapping[str, Value]) -> dict[str, Value]:
        found = dict(fields)
        for name, value in fields.items():
            spec = rtype.fields[name]
            if spec.format not in _REFERENCES:
                continue
            if isinstance(value, list):
                kept: Value = [t for v in value if (t := self._one(spec, str(v))) is not None]
            else:
                kept = self._one(spec, str(value)) or ""
            if kept:
                found[name] = kept
            else:
                del found[name]
        return found

    def _one(self, spec: Field, text: str) -> str | None:
        """The whole address; None where the reference must be left empty."""
        address = self.address(spec, text)
        if address is None or address.member != self.rules.member:
            return text
        target = (address.type, address.id)
        if target in self.leaving:
            return str(address)
        if target in self.everything or tombstone(str(address)) in self.rules.tombstones:
            self.findings.append(_finding("reference-private", self.key, spec.name, text))
            return None
        self.findings.append(_finding("reference-dangling", self.key, spec.name, text))
        return str(address)

    def address(self, spec: Field, text: str) -> Address | None:
        parts = text.split("/")
        if len(parts) == 3:
            return Address(*parts)
        if spec.format == "reference" and len(parts) == 2:
            return Address(self.rules.member, *parts)
        if spec.format == "reference":
            return Address(self.rules.member, spec.target, text)
        return None  # a member's id
