"""Does a value, does a record, keep the schema? Pure: data in, findings out; mends nothing, asks no database.

What must hold is settled once per record type, since the gate checks a million records. An error keeps a
value from leaving; a warning is shown and stops nothing. The sentences are in `commons.findings`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from commons.addresses import MEMBER_ID, RECORD_ID, TYPE_NAME
from commons.findings import Finding
from commons.schema.spec import Field, RecordType, load_schema

Problem = tuple[str, str] | None  # finding code, the part of the value that it is about
Check = Callable[[object], Problem]

MOST_NUMBER = 2**53 - 1
TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,59}\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")
_RFC_PERSON = re.compile(r"(?<![A-Z0-9Ñ&])[A-ZÑ&]{4}[0-9]{6}[A-Z0-9]{3}(?![A-Z0-9])", re.I)
_CURP = re.compile(r"(?<![A-Z0-9Ñ])[A-ZÑ]{4}[0-9]{6}[HMX][A-ZÑ]{5}[A-Z0-9][0-9](?![A-Z0-9])", re.I)

# format → (pattern, code). What passes here may still be wrong in the world; it cannot do harm.
_FORMATS: dict[str, tuple[re.Pattern[str], str]] = {
    "uri": (re.compile(r"https?://[^\s/?#@\\<>\"'`]+([/?#][^\s\\<>\"`]*)?\Z"), "url-malformed"),
    "email": (re.compile(r"[^\s@<>\"(),:;\\\[\]]{1,64}@[^\s@<>\"(),:;\\\[\]]+\.[^\s@<>\"(),:;\\\[\].]{2,}\Z"),
              "email-malformed"),
    "phone": (re.compile(r"\+[1-9][0-9]{6,14}\Z|[0-9*#]{3,6}\Z"), "phone-malformed"),
    "member": (MEMBER_ID, "member-malformed"),
    "district": (re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,11}\Z"), "code-malformed"),
    "language": (re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z"), "code-malformed"),
    "licence": (re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,59}\Z"), "code-malformed"),
    "country": (re.compile(r"[A-Z]{2}\Z"), "code-malformed"),
    "currency": (re.compile(r"[A-Z]{3}\Z"), "code-malformed"),
    "time": (re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z|24:00\Z"), "time-malformed"),
    "salt": (re.compile(r"[a-z2-7]{26}\Z"), "salt-malformed"),
    "digest": (re.compile(r"[0-9a-f]{64}\Z"), "digest-malformed"),
    "rrule": (re.compile(r"FREQ=(YEARLY|MONTHLY|WEEKLY|DAILY|HOURLY)(;[A-Z]+=[A-Z0-9+,-]+)*\Z"),
              "rrule-malformed"),
}  # fmt: skip


def check_value(field: Field, value: object) -> Finding | None:
    """What is wrong with one value of `field`; None if nothing is, or if there is no value."""
    problem = _check_of(field)(value)
    return None if problem is None else Finding(problem[0], field=field.name, value=problem[1] or None)


def check_record(
    rtype: RecordType, id: str, fields: Mapping[str, object], *, published: bool = False
) -> list[Finding]:
    """Everything that is wrong with one record, in the order of its fields.

    With `published`, fields that never leave are not the record's business, as if the type did not have them.
    """
    findings: list[Finding] = []

    def note(code: str, name: str, value: str = "") -> None:
        findings.append(Finding(code, type=rtype.name, record=id, field=name, value=value or None))

    if not RECORD_ID.match(id):
        note("id-malformed", "id", id[:80])
    checks, required = plan(rtype, published)
    for name, value in fields.items():
        check = checks.get(name)
        if check is None:
            note("field-unknown", name[:60])
        elif (problem := check(value)) is not None:
            note(problem[0], name, problem[1])
    for name in required:
        if fields.get(name) in (None, "", []):
            note("required", name)
    for code, name in together(fields):
        note(code, name)
    return findings


def personal_number(text: str) -> str | None:
    """A CURP or a person's RFC (13 characters) standing in `text`; None if there is none."""
    found = _CURP.search(text) or _RFC_PERSON.search(text)
    return found[0] if found else None


@cache
def plan(rtype: RecordType, published: bool) -> tuple[dict[str, Check], tuple[str, ...]]:
    """The check of each field, and the required fields' names: what the gate asks of a million records."""
    fields = rtype.released if published else rtype.fields
    return (
        {name: _check_of(f) for name, f in fields.items()},
        tuple(name for name, f in fields.items() if f.required),
    )


@cache
def _check_of(field: Field) -> Check:
    """The check of one field, made once."""
    if field.type == "array":
        return _array_check(field)
    if field.type == "object":
        return lambda value: None if value is None or isinstance(value, dict) else ("not-object", "")
    return _one_check(field)


def _one_check(field: Field) -> Check:
    if field.type == "integer":
        return _integer_check(field)
    if field.type == "boolean":
        return lambda value: (
            None if value is None or isinstance(value, bool) else ("not-boolean", _short(value))
        )
    if field.type in ("date", "datetime"):
        return _moment_check(field.type)
    return _text_check(field)


def _integer_check(field: Field) -> Check:
    low = -MOST_NUMBER if field.minimum is None else field.minimum
    high = MOST_NUMBER if field.maximum is None else field.maximum

    def check(value: object) -> Problem:
        if value is None:
            return None
        if type(value) is not int:
            return "not-integer", _short(value)
        return None if low <= value <= high else ("out-of-range", str(value))

    return check


def _moment_check(kind: str) -> Check:
    pattern = _DATE if kind == "date" else _DATETIME
    parse = datetime.date.fromisoformat if kind == "date" else datetime.datetime.fromisoformat
    code = "date-malformed" if kind == "date" else "instant-malformed"

    def check(value: object) -> Problem:
        if value is None or value == "":
            return None
        if not isinstance(value, str) or not pattern.match(value):
            return code, _short(value)
        try:
            parse(value)
        except ValueError:
            return "date-impossible", value
        return None

    return check


def _text_check(field: Field) -> Check:
    """Length, format, pattern, vocabulary, in this order; the first that fails is told."""
    longest = field.max_length
    shape = _shape_check(field)
    one_line = field.format not in ("text", "markdown")

    def check(value: object) -> Problem:
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return "not-text", _short(value)
        if len(value) > longest:
            return "too-long", _short(value)
        if one_line and ("\n" in value or "\r" in value):
            return "several-lines", _short(value)
        return shape(value) if shape else None

    return check


def _shape_check(field: Field) -> Callable[[str], Problem] | None:
    if field.format in ("reference", "address", "member_or_address"):
        return _reference_check(field)
    if field.format == "identifier":
        return _identifier
    if field.format == "date":
        return _moment_check("date")
    pattern, code = _FORMATS.get(field.format, (None, ""))
    if field.pattern:
        pattern, code = re.compile(field.pattern + r"\Z"), "code-malformed"
    if field.vocabulary:
        vocabulary = load_schema().vocabularies[field.vocabulary]
        return _term_check(set(vocabulary.terms), pattern if vocabulary.open else None)
    if pattern is None:
        return None
    match = pattern.match
    return lambda value: None if match(value) else (code, _short(value))


def _term_check(terms: set[str], open_pattern: re.Pattern[str] | None) -> Callable[[str], Problem]:
    """A term of a newer schema is a warning: it is kept as signed and understood later."""

    def check(value: str) -> Problem:
        if value in terms or (open_pattern is not None and open_pattern.match(value)):
            return None
        return ("term-unknown" if TERM.match(value) else "term-malformed"), _short(value)

    return check


def _reference_check(field: Field) -> Callable[[str], Problem]:
    """An own id (`comedor`), an own type and id where any type fits, or a full address."""
    own = field.format == "reference"
    member = field.format == "member_or_address"

    def check(value: str) -> Problem:
        parts = value.split("/")
        if (
            len(parts) == 3
            and MEMBER_ID.match(parts[0])
            and TYPE_NAME.match(parts[1])
            and RECORD_ID.match(parts[2])
        ):
            return None if field.target in ("*", parts[1]) else ("reference-type", value)
        if member and MEMBER_ID.match(value):
            return None
        if own and field.target != "*" and RECORD_ID.match(value):
            return None
        if (
            own
            and field.target == "*"
            and len(parts) == 2
            and TYPE_NAME.match(parts[0])
            and RECORD_ID.match(parts[1])
        ):
            return None
        return "reference-malformed", _short(value)

    return check


def _identifier(value: str) -> Problem:
    scheme, colon, key = value.partition(":")
    if not colon or not key.strip() or not re.match(r"[A-Za-z][A-Za-z0-9.-]{0,40}\Z", scheme):
        return "identifier-malformed", _short(value)
    return ("identifier-personal", "") if personal_number(key) else None


def _array_check(field: Field) -> Check:
    one = None if field.items else _one_check(replace(field, type="string"))
    inner = {name: _check_of(item) for name, item in field.items.items()}
    needed = [name for name, item in field.items.items() if item.required]

    def check(value: object) -> Problem:
        if value is None:
            return None
        if not isinstance(value, list):
            return "not-list", _short(value)
        if len(value) > field.max_items:
            return "too-many", str(len(value))
        for item in value:
            problem = one(item) if one else _object(item, inner, needed)
            if problem is not None:
                return problem
            if not item:
                return "empty-item", ""
        return None

    return check


def _object(item: object, inner: Mapping[str, Check], needed: list[str]) -> Problem:
    if not isinstance(item, dict):
        return "not-object", _short(item)
    for key, value in item.items():
        if key not in inner:
            return "key-unknown", _short(key)
        problem = inner[key](value)
        if problem is not None:
            return problem
    missing = next((name for name in needed if not item.get(name)), None)
    return None if missing is None else ("key-missing", missing)


def together(fields: Mapping[str, object]) -> list[tuple[str, str]]:
    """What no field can tell alone."""
    found = []
    if ("latitude_e6" in fields) != ("longitude_e6" in fields):
        found.append(("half-position", "latitude_e6" if "longitude_e6" in fields else "longitude_e6"))
    for low, high in (("minimum_age", "maximum_age"), ("starts_on", "ends_on"), ("starts_at", "ends_at"),
                      ("opens_on", "closes_on"), ("amount_minimum", "amount_maximum"),
                      ("hours_minimum", "hours_maximum")):  # fmt: skip
        first, last = fields.get(low), fields.get(high)
        if type(first) is type(last) and first is not None and first > last:  # type: ignore[operator]
            found.append(("ends-before", high))
    for money in ("price", "amount", "amount_minimum", "amount_maximum"):
        if fields.get(money) is not None and not fields.get("currency"):
            found.append(("currency-missing", "currency"))
            break
    return found


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
