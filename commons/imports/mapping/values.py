"""The text of one field's rule to the field's value, with what could not be read kept and said.

A bad cell costs its field only: the text waits in `drafts`, or stands where the rule says (`unread`). Of a
list from several sources the good entries count and the bad stay at home.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from commons.findings import Finding
from commons.imports.mapping.cells import NoDate, date_of, parts_of, plain_number
from commons.imports.mapping.made import Made, Reader
from commons.imports.mapping.rules import Rule, columns_of
from commons.imports.mapping.unite import among
from commons.imports.mapping.week import plainly
from commons.imports.reading.plain_text import is_html, without_html
from commons.imports.reading.table import Row
from commons.model import Value
from commons.schema import phones, typed
from commons.schema.spec import Field
from commons.schema.territory import Territory
from commons.schema.territory import load as load_territory

_EXTENSIONS = re.compile(r"[\s,.(]*\bext", re.IGNORECASE)
_FOR_READING = ("", "text", "markdown")  # texts that people read, as against keys and addresses


@dataclass(frozen=True)
class Into:
    """Where a value goes, and where is told what was found on the way."""

    made: Made
    spec: Field
    row: Row
    reader: Reader
    findings: list[Finding]

    def note(self, finding: Finding, rule: Rule, text: str) -> None:
        """Tell of `finding` with its place."""
        column = " + ".join(rule.columns) or None
        where = {
            "type": self.made.plan.type,
            "field": self.spec.name,
            "row": self.row.number,
            "column": column,
        }
        value = told(self.spec, finding.value or text[:200])
        self.findings.append(replace(finding, value=value, **where))  # type: ignore[arg-type]


def told(spec: Field, text: str) -> str:
    """`text` as a finding may repeat it. Reports get printed and sent on: a person's data is hinted at."""
    return text if spec.release == "always" and not spec.personal else f"{text[:2]}…"


def read_values(into: Into, rule: Rule, texts: list[tuple[Rule, str]]) -> None:
    """Read what the rule's sources gave into the record, and note which columns are in it now."""
    made = into.made
    if rule.together and into.spec.type == "array":
        _read_together(into, texts)
        return
    if rule.together:
        whole = rule.join.join(dict.fromkeys(text for _, text in texts))
        columns = tuple(sorted({c for part, _ in texts for c in columns_of(part, read=True)}))
        texts = [(replace(rule, columns=columns, together=()), whole)]
    for part, text in texts:
        if _read(into, part, text) and part.pattern is None and part.part is None:
            made.read |= columns_of(part, read=True)  # of what was cut out of a cell the rest stays home


def _read_together(into: Into, texts: list[tuple[Rule, str]]) -> None:
    """A list from several sources: the good ones count, a bad one stays at home with a finding."""
    found: list[Value] = []
    for rule, text in texts:
        good = True
        for part in parts_of(rule, text):
            value, problem = _values(into.spec, [plain_number(part)], rule, into.reader)
            if value is None and problem is not None:
                good = False
                if not rule.only_known:
                    into.note(problem, rule, text)
            entries = value if isinstance(value, list) else [] if value is None else [value]
            found += [entry for entry in entries if not among(entry, found)]
        if good:
            into.made.read |= columns_of(rule, read=True)
    if found:
        into.made.fields[into.spec.name] = found


def _read(into: Into, rule: Rule, text: str) -> bool:
    """Put the value into the record's fields, or the text into its drafts with a finding.

    Returns whether all of the text is in the record now; what is not stays in its `extra`.
    """
    spec, made = into.spec, into.made
    if spec.type == "string" and spec.format in _FOR_READING and not spec.vocabulary and is_html(text):
        into.note(Finding("html-unwrapped"), rule, text)
        text = without_html(text)
    try:
        parts = _ready_parts(into, rule, parts_of(rule, text))
    except NoDate:
        made.drafts[spec.name] = text
        into.note(Finding("date-unreadable"), rule, text)
        return True
    if not parts and rule.hours is None:
        return True
    value, problem = _values(spec, parts, rule, into.reader) if parts else (None, None)
    if value is not None:
        made.fields[spec.name] = value
        if problem is not None:  # read, with something that a person may want to know
            into.note(replace(problem, value=text[:200]), rule, text)
        return not rule.only_known or all(_values(spec, [part], rule, into.reader)[0] for part in parts)
    if rule.unread is not None and (problem is not None or not parts):
        return _read_elsewhere(into, rule, text)
    if rule.only_known:
        return False
    if problem is None and parts:  # "none", "--": the cell says that there is nothing
        return True
    several = _first_of_several(spec, text, rule, into.reader)
    if several is not None:
        made.fields[spec.name] = several
        made.extra[" + ".join(rule.columns) or spec.name] = text
        into.note(Finding("first-of-several"), rule, text)
        return True
    made.drafts[spec.name] = text
    into.note(problem or Finding("schedule-unclear"), rule, text)
    return True


def _ready_parts(into: Into, rule: Rule, parts: list[str]) -> list[str]:
    """The parts as the schema's reader takes them: dates in ISO, figures as digits, hours without doubt."""
    spec, reader = into.spec, into.reader
    if spec.type in ("date", "datetime") or spec.format == "date":
        with_time = spec.type == "datetime"
        return [date_of(rule, reader.mapping, p, with_time=with_time, zone=reader.zone) for p in parts[:1]]
    if spec.format == "phone" or spec.name == "phones" or spec.type == "integer":
        return [plain_number(part) for part in parts]
    if rule.hours is not None:
        plain = [plainly(part, rule.hours, first_day=rule.first_day) for part in parts]
        return [part for part in plain if part] if None not in plain else []
    return parts


def _read_elsewhere(into: Into, rule: Rule, text: str) -> bool:
    """The text into the field that the rule names for what cannot be read, behind what stands there."""
    assert rule.unread is not None
    spec = into.reader.schema.types[into.made.plan.type].fields[rule.unread]
    before = into.made.fields.get(spec.name)
    whole = f"{before}\n{text}" if isinstance(before, str) and text not in before else text
    return _read(replace(into, spec=spec), Rule(columns=rule.columns), whole)


def with_region(territory: Territory | None, code: str | None) -> Territory | None:
    """The territory with telephones read as those of `code`; another country has no area code of ours."""
    if code is None or (territory is not None and territory.phone_region == code):
        return territory
    return _changed(territory, code)


@lru_cache(maxsize=64)  # territories are told apart by being the same one
def _changed(territory: Territory | None, code: str) -> Territory:
    return replace(territory or load_territory("none"), phone_region=code, phone_area="")


@lru_cache(maxsize=20_000)
def _reading(spec: Field, text: str, lang: str, territory: Territory | None) -> typed.Reading:
    """Columns say the same things again and again, and spelling is dear to forgive."""
    return typed.read(spec, text, lang=lang, territory=territory)


def _values(spec: Field, parts: list[str], rule: Rule, reader: Reader) -> tuple[Value | None, Finding | None]:
    """Parts read by the schema's own reader; lists part by part, so that a name with a comma stays whole."""
    read: Callable[[str], typed.Reading] = lambda part: _reading(  # noqa: E731
        spec, part, reader.lang, with_region(reader.territory, rule.phone_region)
    )
    if spec.type != "array" or not rule.split:
        reading = read(rule.join.join(parts) if len(parts) > 1 else parts[0])
        value = reading.value
        return (list(value) if isinstance(value, list) else value), reading.finding  # never the kept one
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


def _first_of_several(spec: Field, text: str, rule: Rule, reader: Reader) -> Value | None:
    """The first telephone or e-mail of a cell with more than one field can hold: several, or an extension."""
    if spec.type == "array" or spec.format not in ("phone", "email"):
        return None
    place = with_region(reader.territory, rule.phone_region) or load_territory("none")
    pieces = text.replace("/", ",").replace(";", ",").replace("\n", ",").replace(" y ", ",").split(",")
    for part in pieces:
        reading = _reading(spec, plain_number(part.strip()), reader.lang, place)
        if part.strip() and reading.value is not None:
            return reading.value
    if spec.format == "phone":
        # "CEL. 983 131 90 08", "55 5512 3456 ext. 12 / 13", "… ext 101-103": a list has room for the rest
        for part in (text, pieces[0], _EXTENSIONS.split(text)[0]):
            found = phones.read(part, region=place.phone_region, area=place.phone_area)
            if found.entries and not found.refused:
                return found.entries[0]["number"]
    return None
