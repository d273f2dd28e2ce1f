"""A table and a mapping to records, row by row. Pure: knows no catalogue, gives no ids.

A bad cell costs its field only: the text waits in `drafts`. A row is refused only where nothing names it.
"""

from __future__ import annotations

from collections.abc import Iterator

from commons.findings import Finding
from commons.imports.mapping.cells import Cells, filled, folded, holds, text_of
from commons.imports.mapping.entries import Entry, entries_of
from commons.imports.mapping.identity import KEY_SEPARATOR
from commons.imports.mapping.made import Made, Reader, RowResult
from commons.imports.mapping.rules import OWN_COLUMNS, Box, Mapping, Owner, RecordPlan, Rule, columns_of
from commons.imports.mapping.values import Into, read_values
from commons.imports.reading.table import Row, Table
from commons.model import Value, without_empty
from commons.schema.spec import RecordType
from commons.schema.territory import Territory

# A channel of the organisation and where the same thing of a person goes.
PERSONAL_TWIN = {"phones": "contact_phone", "email": "contact_email"}
CHANNELS = ("phones", "email", "social_links")
_DEGREES = {"latitude": "latitude_e6", "longitude": "longitude_e6"}


def rows_to_records(table: Table, reader: Reader) -> Iterator[RowResult]:
    """Every row of the table, in order."""
    mapping = reader.mapping
    blank = frozenset(folded(text) for text in mapping.blank)
    aside = {*OWN_COLUMNS, *mapping.ignore, mapping.id}
    at_home = [c for c in table.columns if c not in aside]
    for row in table.rows:
        cells = Cells(table.columns, row.cells, blank, mapping.whole_numbers)
        yield _row_result(row, cells, reader, at_home)


def _row_result(row: Row, cells: Cells, reader: Reader, at_home: list[str]) -> RowResult:
    mapping = reader.mapping
    result = RowResult(row, blanked=cells.blanked())
    if any(cells.fit(condition) for condition in mapping.skip):
        result.skipped = "row-skipped"
        return result
    for plan in (p for p in mapping.records if p.fields):
        for entry in _entries(plan, row, cells, result):
            seen = cells if entry is None else cells.with_entry(entry.cells)
            if not all(seen.fit(condition) for condition in plan.when):
                continue
            key = KEY_SEPARATOR.join(seen[column] for column in plan.key)
            if plan.key and not key.strip(KEY_SEPARATOR):
                if plan is mapping.main:
                    column = " + ".join(plan.key)
                    result.refused = Finding("row-key-missing", type=plan.type, row=row.number, column=column)
                    result.records.clear()
                    return result
                continue
            made = _record(plan, key, row, seen, reader, result.findings)
            if made is not None:
                made.entry = entry
                result.records.append(made)
    own = next((m for m in result.records if m.plan is mapping.main), None)
    if own is None and not result.records:
        result.skipped = "row-without-content"
        return result
    own = own or result.records[0]
    own.own = True
    read = {column for made in result.records for column in made.read}
    own.extra = {**dict(filled(cells, [c for c in at_home if c not in read])), **own.extra}
    _keep_rest_of_entries(result.records, mapping)
    _settle_references(result.records)
    result.records = [made for made in result.records if made.own or _whole(made, reader)]
    return result


def _entries(plan: RecordPlan, row: Row, cells: Cells, result: RowResult) -> list[Entry | None]:
    """The entries of the plan's list, or [None] for a plan that makes one record of the row."""
    if plan.each is None:
        return [None]
    cell = cells[plan.each.column]
    found = entries_of(plan.each, cell)
    if found is None:
        where = {"type": plan.type, "row": row.number, "column": plan.each.column}
        result.findings.append(Finding("value-unreadable", value=cell[:200], **where))  # type: ignore[arg-type]
        return []
    return list(found)


def _keep_rest_of_entries(records: list[Made], mapping: Mapping) -> None:
    """What no rule read of an entry stays at home with the first record that the entry made."""
    together: dict[tuple[str, int], list[Made]] = {}
    for made in records:
        if made.entry is not None and made.plan.each is not None:
            together.setdefault((made.plan.each.column, made.entry.number), []).append(made)
    for group in together.values():
        first, read = group[0], {column for made in group for column in made.read}
        assert first.entry is not None
        rest = {
            name: text
            for name, text in first.entry.cells.items()
            if text and name not in read and name not in mapping.ignore
        }
        first.extra = {**rest, **first.extra}


def _whole(made: Made, reader: Reader) -> bool:
    """Whether the records that it cannot be without are there: a service at no place is none."""
    fields = reader.schema.types[made.plan.type].fields
    wanted = [
        name for name, rule in made.plan.fields.items() if rule.record is not None and fields[name].required
    ]
    return all(_given(name, made) for name in wanted)


def _settle_references(records: list[Made]) -> None:
    """Drop references to records that this row did not make."""
    there = {(made.plan.name, made.number) for made in records}
    for made in records:
        made.refers = {
            name: target
            for name, target in made.refers.items()
            if (target, made.number) in there or (target, 0) in there
        }


def _record(
    plan: RecordPlan, key: str, row: Row, cells: Cells, reader: Reader, findings: list[Finding]
) -> Made | None:
    rtype = reader.schema.types[plan.type]
    made = Made(plan, key)
    constants = 0
    if plan.each is not None:
        made.read.add(plan.each.column)
    for name, rule in plan.fields.items():
        if rule.record is not None:
            _refer(made, name, rule, cells)
            continue
        if not holds(rule, cells):
            continue
        sources = [part for part in rule.together if holds(part, cells)] if rule.together else [rule]
        constants += any(part.value is not None and not part.only for part in sources)
        values = [(part, text) for part in sources if (text := text_of(part, cells))]
        if not values:
            continue
        target = _place_for(name, rule, cells, rtype, made)
        if target is None:
            for part, text in values:
                made.extra[" + ".join(part.columns) or name] = text
                made.read |= columns_of(part, read=True)
            continue
        read_values(Into(made, rtype.fields[target], row, reader, findings), rule, values)
    # a record that joins others (a service at a place) says something by its references alone
    joins = sum(1 for name in (*made.refers, *made.refers_by_key) if rtype.fields[name].required)
    if len(made.fields) + len(made.drafts) + joins <= constants:  # nothing but what the mapping itself says
        return None
    if plan.needs and not any(name in made.fields or name in made.drafts for name in plan.needs):
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
    kept = (made.fields, made.drafts, made.refers, made.refers_by_key)
    return any(name in names for names in kept)


def _refer(made: Made, name: str, rule: Rule, cells: Cells) -> None:
    assert rule.record is not None
    if not rule.key:
        made.refers[name] = rule.record
        return
    key = KEY_SEPARATOR.join(cells[column] for column in rule.key)
    if holds(rule, cells) and key.strip(KEY_SEPARATOR):
        made.refers_by_key[name] = (rule.record, key)


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


def _check_position(made: Made, row: Row, cells: Cells, reader: Reader, findings: list[Finding]) -> None:
    """Hold back a position that cannot be true: half of one, 0/0, or outside what the mapping believes."""
    latitude, longitude = made.fields.get("latitude_e6"), made.fields.get("longitude_e6")
    if latitude is None and longitude is None:
        return
    code = None
    if not isinstance(latitude, int) or not isinstance(longitude, int):
        code = "position-swapped" if _beyond_the_pole(made.drafts.get("latitude_e6")) else "position-half"
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


def _beyond_the_pole(text: str | None) -> bool:
    """A latitude of -99 is a longitude that stands in the wrong column."""
    try:
        return text is not None and 90 < abs(float(text)) <= 180
    except ValueError:
        return False


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
