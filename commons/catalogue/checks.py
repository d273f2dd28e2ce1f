"""`check`: what a person should look at in a catalogue, and how to mend it. Pure over records; mends nothing.

What a release would hold back (private numbers in texts, missing consents, broken references) is told by
`commons.release`, which decides it. Law: a finding never stops anybody from saving or sharing the rest.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from commons.catalogue.act import PROFILE
from commons.catalogue.identifiers import doubt
from commons.catalogue.ids import instant
from commons.catalogue.record import AUTOMATIC, StoredRecord
from commons.findings import Finding
from commons.folding import folded
from commons.schema.spec import RecordType, Schema
from commons.schema.territory import Territory
from commons.schema.validate import check_record

# After how many months a record should be looked at again.
CONFIRM_AFTER_MONTHS: Mapping[str, int] = {
    "service": 6,
    "service_at_place": 6,
    "organization": 12,
    "place": 12,
}
OTHERS_MONTHS = 12
# Types that are true for as long as their dates say so; nobody confirms them.
UNCONFIRMED_TYPES = frozenset({"event", "funding", "resource", "assessment"})
_MONTH = timedelta(days=30.44)
# What readers look for first; one of each group is enough.
WANTED: tuple[tuple[str, ...], ...] = (
    ("summary", "description"),
    ("kind",),
    ("phones", "email", "url", "social_links", "organization"),
    ("street_address", "latitude_e6", "neighbourhood", "place", "districts", "district"),
    ("schedules", "schedule_text"),
    ("starts_at", "starts_on"),
)
# How an organisation says that it can be reached, on the page that portals have of it.
REACHED_BY = ("phones", "email", "url")
SCHEDULED_TYPES = frozenset({"service", "service_at_place"})


def check(
    records: Iterable[StoredRecord], schema: Schema, territory: Territory, *, as_of: datetime
) -> list[Finding]:
    """All findings, by record in the given order; those about several records last."""
    found: list[Finding] = []
    names: dict[tuple[str, str], list[StoredRecord]] = defaultdict(list)
    for record in records:
        rtype = schema.types[record.type]
        found += _about(record, rtype, territory, as_of)
        if not rtype.small:
            names[record.type, folded(record.title)].append(record)
    return found + [f for group in names.values() for f in _namesakes(group)]


def _about(
    record: StoredRecord, rtype: RecordType, territory: Territory, as_of: datetime
) -> Iterator[Finding]:
    yield from _drafts(record, rtype)
    yield from _schema(record, rtype)
    yield from _identifiers(record)
    yield from _position(record, territory)
    if record.type == PROFILE and not any(name in record.fields for name in REACHED_BY):
        yield _at(record, "contact-wanted")
    if rtype.small:
        return
    if not record.private:
        yield from _wanted(record, rtype)
    yield from _times(record, rtype, as_of)


def _at(record: StoredRecord, code: str, field: str | None = None, **more: str | int) -> Finding:
    value = more.pop("value", None)
    return Finding(
        code,
        type=record.type,
        record=record.id,
        field=field,
        value=None if value is None else str(value),
        details=more,
    )


def _drafts(record: StoredRecord, rtype: RecordType) -> Iterator[Finding]:
    for name, text in record.drafts.items():
        yield _at(record, "draft-waiting", name, value=text[:80])


def _schema(record: StoredRecord, rtype: RecordType) -> Iterator[Finding]:
    """What does not keep the schema: written by another program, or true only of several fields together."""
    for finding in check_record(rtype, record.id, record.fields):
        by_itself = finding.code == "required" and finding.field in (*AUTOMATIC, "title") and record.drafts
        # a withdrawal waits for the release that carries it, which says its own number in it
        unsent = finding.code == "required" and record.type == "withdrawal"
        if finding.field not in AUTOMATIC and not by_itself and not unsent:
            yield finding


def _identifiers(record: StoredRecord) -> Iterator[Finding]:
    identifiers = record.fields.get("identifiers")
    for identifier in identifiers if isinstance(identifiers, list) else ():
        finding = doubt(str(identifier))
        if finding is not None:
            yield dataclasses.replace(finding, type=record.type, record=record.id, field="identifiers")


def _position(record: StoredRecord, territory: Territory) -> Iterator[Finding]:
    latitude, longitude = record.fields.get("latitude_e6"), record.fields.get("longitude_e6")
    if type(latitude) is not int or type(longitude) is not int or territory.holds(latitude, longitude):
        return
    shown = f"{latitude / 1e6:.5f}, {longitude / 1e6:.5f}"
    swapped = territory.holds(longitude, latitude) or territory.holds(latitude, -longitude)
    code = "position-mistaken" if swapped else "position-elsewhere"
    yield _at(record, code, "latitude_e6", value=shown, territory=territory.name)


def _wanted(record: StoredRecord, rtype: RecordType) -> Iterator[Finding]:
    for group in WANTED:
        names = [name for name in group if name in rtype.fields]
        if not names or names[0] not in group[:4]:
            continue
        if names[0] in ("schedules", "schedule_text") and record.type not in SCHEDULED_TYPES:
            continue
        if not any(name in record.fields or name in record.drafts for name in names):
            target = rtype.fields[names[0]].target
            if target:
                yield _at(record, "reference-wanted", names[0], target=target)
            else:
                yield _at(record, "field-wanted", names[0])


def _times(record: StoredRecord, rtype: RecordType, as_of: datetime) -> Iterator[Finding]:
    now = instant(as_of)
    expires = record.fields.get("expires_at")
    if isinstance(expires, str) and expires <= now:
        yield _at(record, "expired", "expires_at", value=expires[:10])
        return
    if "confirmed_at" not in rtype.fields or record.type in UNCONFIRMED_TYPES or record.private:
        return
    confirmed = record.fields.get("confirmed_at")
    if not isinstance(confirmed, str):
        yield _at(record, "never-confirmed", "confirmed_at")
        return
    months = CONFIRM_AFTER_MONTHS.get(record.type, OTHERS_MONTHS)
    if confirmed > now:
        yield _at(record, "confirmed-in-future", "confirmed_at", value=confirmed[:10])
    elif as_of.astimezone(UTC) - datetime.fromisoformat(confirmed) > months * _MONTH:
        yield _at(record, "confirm-again", "confirmed_at", value=confirmed[:10], months=months)


def _namesakes(group: list[StoredRecord]) -> Iterator[Finding]:
    first, *others = group
    for other in others:
        yield _at(other, "same-name", "title", value=other.title, other=first.id)
