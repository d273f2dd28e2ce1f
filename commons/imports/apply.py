"""A table and a mapping to records, row by row. Pure: knows no catalogue, gives no ids.

A bad cell costs its field only: the text waits in `drafts`. A row is refused only where nothing names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from commons.findings import Finding
from commons.imports.cells import (
    Cells,
    NoDate,
    date_of,
    filled,
    folded,
    parts_of,
    plain_number,
    text_of,
    unmapped,
)
from commons.imports.mapping import OWN_COLUMNS, Box, Consent, Mapping, Owner, RecordPlan, Rule
from commons.imports.table import Row, Table
from commons.model import Value, without_empty
from commons.schema import typed
from commons.schema.spec import Field, RecordType, Schema
from commons.schema.territory import Territory

# A channel of the organisation and where the same thing of a person goes.
PERSONAL_TWIN = {"phones": "contact_phone", "email": "contact_email"}
CHANNELS = ("phones", "email", "social_links")
_DEGREES = {"latitude": "latitude_e6", "longitude": "longitude_e6"}


@dataclass
class Made:
    """One record that a row makes. `refers` names, by field, another record of the same row."""

    plan: RecordPlan
    key: str
    fields: dict[str, Value] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    refers: dict[str, str] = field(default_factory=dict)
    consents: list[tuple[str, Consent]] = field(default_factory=list)
    own: bool = False  # the row's own record, not one that hangs on it


@dataclass
class RowResult:
    """What became of one row: records, or the code of why there are none."""

    row: Row
    records: list[Made] = field(default_factory=list)
    skipped: str | None = None
    refused: Finding | None = None
    findings: list[Finding] = field(default_factory=list)
    blanked: int = 0


@dataclass(frozen=True)
class Reader:
    """What reading a cell needs besides the rule."""

    schema: Schema
    mapping: Mapping
    lang: str
    zone: ZoneInfo
    territory: Territory | None = None


def rows_to_records(table: Table, reader: Reader) -> Iterator[RowResult]:
    """Every row of the table, in order."""
    mapping = reader.mapping
    blank = frozenset(folded(text) for text in mapping.blank)
    at_home = [c for c in unmapped(table.columns, mapping) if c not in OWN_COLUMNS]
    for row in table.rows:
        cells = Cells(table.columns, row.cells, blank)
        yield _row_result(row, cells, reader, at_home)


def _row_result(row: Row, cells: Cells, reader: Reader, at_home: list[str]) -> RowResult:
    mapping = reader.mapping
    result = RowResult(row, blanked=cells.blanked())
    if any(cells.fit(condition) for condition in mapping.skip):
        result.skipped = "row-skipped"
        return result
    for plan in mapping.records:
        if not all(cells.fit(condition) for condition in plan.when):
            continue
        key = "\x1f".join(cells[column] for column in plan.key)
        if plan.key and not key.strip("\x1f"):
            if plan is mapping.main:
                column = " + ".join(plan.key)
                result.refused = Finding("row-key-missing", type=plan.type, row=row.number, column=column)
                result.records.clear()
                return result
            continue
        made = _record(plan, key, row, cells, reader, result.findings)
        if made is not None:
            result.records.append(made)
    own = next((m for m in result.records if m.plan is mapping.main), None)
    if own is None and not result.records:
        result.skipped = "row-without-content"
        return result
    own = own or result.records[0]
    own.own = True
    own.extra = {**dict(filled(cells, at_home)), **own.extra}
    _settle_references(result.records)
    return result


def _settle_references(records: list[Made]) -> None:
    """Drop references to records that this row did not make."""
    there = {made.plan.name for made in records}
    for made in records:
        made.refers = {name: target for name, target in made.refers.items() if target in there}


def _record(
    plan: RecordPlan, key: str, row: Row, cells: Cells, reader: Reader, findings: list[Finding]
) -> Made | None:
    rtype = reader.schema.types[plan.type]
    made = Made(plan, key)
    constants = 0
    for name, rule in plan.fields.items():
        if rule.record is not None:
            made.refers[name] = rule.record
            continue
        text = text_of(rule, cells)
        if not text:
            continue
        constants += rule.value is not None
        target = _place_for(name, rule, cells, rtype, made)
        if target is None:
            made.extra[" + ".join(rule.columns) or name] = text
            continue
        _read_into(made, rtype.fields[target], rule, text, row, reader, findings)
    if len(made.fields) + len(made.drafts) <= constants:  # nothing but what the mapping itself says
        return None
    _check_position(made, row, cells, reader, findings)
    findings += [
        Finding("required", type=plan.type, field=spec.name, row=row.number)
        for spec in rtype.fields.values()
        if spec.required and spec.name != "salt" and not _given(spec.name, made)
    ]
    made.fields = dict(without_empty(made.fields))
    return made


def _given(name: str, made: Made) -> bool:
    return name in made.fields or name in made.drafts or name in made.refers


def _place_for(name: str, rule: Rule, cells: Cells, rtype: RecordType, made: Made) -> str | None:
    """The field that the value goes to; None: it is a person's and has no field, so it stays at home."""
    name = _DEGREES.get(name, name)
    owner: Owner | None = rule.owner
    if name in CHANNELS and owner is None:
        owner = "person"  # unasked, a telephone is somebody's own
    if owner and rule.unless is not None and cells.fit(rule.unless):
        owner = "organisation" if owner == "person" else "person"
    if owner == "person" and name in CHANNELS:
        twin = PERSONAL_TWIN.get(name, "")
        name = twin if twin in rtype.fields else ""
    elif owner == "organisation" and name in PERSONAL_TWIN.values():
        back = {personal: own for own, personal in PERSONAL_TWIN.items()}[name]
        name = back if back in rtype.fields else name
    if not name or name in made.fields or name in made.drafts:
        return None
    if rule.consent is not None and rtype.fields[name].release == "consent":
        made.consents.append((name, rule.consent))
    return name


def _read_into(
    made: Made, spec: Field, rule: Rule, text: str, row: Row, reader: Reader, findings: list[Finding]
) -> None:
    """Put the value into the record's fields, or the text into its drafts with a finding."""
    column = " + ".join(rule.columns) or None
    where = {"type": made.plan.type, "field": spec.name, "row": row.number, "column": column}
    parts = parts_of(rule, text)
    if not parts:
        return
    if spec.type in ("date", "datetime") or spec.format == "date":
        try:
            with_time = spec.type == "datetime"
            ready = [
                date_of(rule, reader.mapping, p, with_time=with_time, zone=reader.zone) for p in parts[:1]
            ]
        except NoDate:
            made.drafts[spec.name] = text
            findings.append(Finding("date-unreadable", value=text[:200], **where))  # type: ignore[arg-type]
            return
        parts = ready
    elif spec.format == "phone" or spec.name == "phones" or spec.type == "integer":
        parts = [plain_number(part) for part in parts]
    value, problem = _values(spec, parts, rule, reader)
    if value is not None:
        made.fields[spec.name] = value
        if problem is not None:  # read, with something that a person may want to know
            findings.append(replace(problem, value=text[:200], **where))  # type: ignore[arg-type]
        return
    if rule.only_known or problem is None:  # "none", "--": the cell says that there is nothing
        return
    several = _first_of_several(spec, text, reader)
    if several is not None:
        made.fields[spec.name] = several
        made.extra[column or spec.name] = text
        findings.append(Finding("first-of-several", value=text[:200], **where))  # type: ignore[arg-type]
        return
    made.drafts[spec.name] = text
    findings.append(replace(problem, value=problem.value or text[:200], **where))  # type: ignore[arg-type]


def _values(spec: Field, parts: list[str], rule: Rule, reader: Reader) -> tuple[Value | None, Finding | None]:
    """Parts read by the schema's own reader; lists part by part, so that a name with a comma stays whole."""
    read: Callable[[str], typed.Reading] = lambda part: typed.read(  # noqa: E731
        spec, part, lang=reader.lang, territory=reader.territory
    )
    if spec.type != "array" or not rule.split:
        reading = read(rule.join.join(parts) if len(parts) > 1 else parts[0])
        return reading.value, reading.finding
    together: list[Value] = []
    note: Finding | None = None
    for part in parts:
        reading = read(part)
        if reading.value is None and reading.finding is not None and not rule.only_known:
            return None, reading.finding
        note = note or (reading.finding if reading.value is not None else None)
        found = reading.value if isinstance(reading.value, list) else [reading.value]
        together += [item for item in found if item is not None and item not in together]
    return together or None, note


def _first_of_several(spec: Field, text: str, reader: Reader) -> Value | None:
    """The first of several telephones or e-mails in a cell, where the field holds one only."""
    if spec.type == "array" or spec.format not in ("phone", "email"):
        return None
    for part in text.replace("/", ",").replace(";", ",").replace("\n", ",").replace(" y ", ",").split(","):
        reading = typed.read(spec, plain_number(part.strip()), lang=reader.lang, territory=reader.territory)
        if part.strip() and reading.value is not None:
            return reading.value
    return None


def _check_position(made: Made, row: Row, cells: Cells, reader: Reader, findings: list[Finding]) -> None:
    """Hold back a position that cannot be true: half of one, 0/0, or outside what the mapping believes."""
    latitude, longitude = made.fields.get("latitude_e6"), made.fields.get("longitude_e6")
    if latitude is None and longitude is None:
        return
    code = None
    if not isinstance(latitude, int) or not isinstance(longitude, int):
        code = "position-half"
    elif latitude == 0 and longitude == 0:
        code = "position-zero"
    else:
        box = next((b for b in reader.mapping.within if all(cells.fit(c) for c in b.when)), None)
        if box is None and made.fields.get("district"):
            box = _bounds(made.fields["district"], reader.territory)
        if box is not None and not _inside(box, latitude, longitude):
            code = "position-swapped" if _inside(box, longitude, latitude) else "position-outside"
    if code is None:
        return
    texts: dict[str, str] = {
        n: _degrees(made.fields.pop(n)) for n in ("latitude_e6", "longitude_e6") if n in made.fields
    }
    made.drafts |= texts
    said = ", ".join(texts.values())
    findings.append(Finding(code, type=made.plan.type, field="latitude_e6", row=row.number, value=said))


def _bounds(district: Value, territory: Territory | None) -> Box | None:
    """Where a record of one of the territory's districts must lie: not on the coast."""
    if territory is None or district not in territory.districts or len(territory.bounds_e6) != 4:
        return None
    south, west, north, east = (side / 1e6 for side in territory.bounds_e6)
    return Box(south, west, north, east)


def _inside(box: Box, latitude_e6: int, longitude_e6: int) -> bool:
    return box.south <= latitude_e6 / 1e6 <= box.north and box.west <= longitude_e6 / 1e6 <= box.east


def _degrees(value: Value) -> str:
    return f"{value / 1e6:.6f}" if isinstance(value, int) else str(value)
