"""One row's cells to the text of one field, as a rule says. Knows no types of values and no records."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

from commons.addresses import slug
from commons.imports.dates import as_iso, read_date
from commons.imports.mapping import Condition, Mapping, Rule

_FLOAT = re.compile(r"(\d+)(\.0+)?\Z|\d(\.\d+)?E\+?\d{1,2}\Z", re.IGNORECASE)
_GUARD = re.compile(r"'(?=[=+\-@])")  # what CSV files put before a formula so that it stays text


@dataclass(frozen=True)
class NoDate(Exception):
    """The text is not a date in any of the ways that the mapping allows."""

    text: str


class Cells:
    """One row's cells by column, with what counts as empty taken out."""

    def __init__(self, columns: Sequence[str], cells: Sequence[str], blank: frozenset[str]) -> None:
        self._raw = dict(zip(columns, cells, strict=True))
        self._blank = blank

    def __getitem__(self, column: str) -> str:
        """The cell's text, "" where it says nothing; a spreadsheet's formula guard is taken off."""
        cell = _GUARD.sub("", self._raw.get(column, ""), count=1) if column in self._raw else ""
        return "" if folded(cell) in self._blank else cell

    def raw(self, column: str) -> str:
        """The cell as it stands."""
        return self._raw.get(column, "")

    def blanked(self) -> int:
        """How many cells hold a text that means "nothing"."""
        return sum(1 for cell in self._raw.values() if cell and folded(cell) in self._blank)

    def fit(self, condition: Condition) -> bool:
        """Whether the row meets the condition. The raw cell counts, so that boilerplate can be named too."""
        cell = self.raw(condition.column)
        if condition.matches is not None:
            return _compiled(condition.matches).search(cell) is not None
        found = folded(cell) in {folded(text) for text in condition.texts}
        return found != condition.not_


@cache
def folded(text: str) -> str:
    """`text` for comparing: words without case and accents; signs only where there is nothing else."""
    return slug(text, longest=10_000) or text.strip()


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def text_of(rule: Rule, cells: Cells) -> str:
    """The text that the rule's source gives for this row, before splitting and translating."""
    if not all(cells.fit(condition) for condition in rule.only):
        return ""
    if rule.value is not None:
        return rule.value
    if rule.template is not None:
        return _filled_in(rule.template, cells)
    texts = [cells[column] for column in rule.columns]
    filled = list(dict.fromkeys(text for text in texts if text))
    if rule.first:
        filled = filled[:1]
    text = rule.join.join(filled)
    for old, new in rule.replace:
        text = text.replace(old, new)
    if rule.pattern is not None and text:
        found = _compiled(rule.pattern).search(text[:20_000])
        text = (found.group(1) if found.re.groups else found.group(0)) or "" if found else ""
    return text.strip()


def _filled_in(template: str, cells: Cells) -> str:
    """The template with the row's cells; "" where every named column is empty."""
    parsed = list(string.Formatter().parse(template))
    values = {name: cells[name] for _, name, _, _ in parsed if name}
    if values and not any(values.values()):
        return ""
    text = "".join(literal + (values[name] if name else "") for literal, name, _, _ in parsed)
    # an empty column leaves its comma behind: "Calle 4, , Centro"
    return re.sub(r"\s{2,}", " ", re.sub(r"(\s*[,;·])(\s*[,;·])+", r"\1", text)).strip(" ,;·-:")


def parts_of(rule: Rule, text: str) -> list[str]:
    """The text's parts, split and translated as the rule says; [] for nothing."""
    parts = [text]
    for sign in rule.split:
        parts = [piece for part in parts for piece in part.split(sign)]
    parts = [part.strip() for part in parts if part.strip()]
    if rule.part is not None:
        parts = parts[rule.part - 1 : rule.part]
    if rule.digits is not None:
        parts = [_padded(part, rule.digits) for part in parts]
    if rule.values or rule.otherwise is not None:
        known = {folded(old): new for old, new in rule.values.items()}
        fallback = rule.otherwise
        parts = [known.get(folded(part), part if fallback is None else fallback) for part in parts]
    return [part for part in parts if part]


def _padded(text: str, digits: int) -> str:
    """3300.0 → 03300; what is no whole number stays as it is."""
    found = re.fullmatch(r"(\d+)(?:\.0+)?", text)
    return found.group(1).zfill(digits) if found else text


def plain_number(text: str) -> str:
    """5.555500306E9 → 5555500306, 120.0 → 120: how spreadsheets write what a person typed as digits."""
    if not _FLOAT.match(text) or not ("." in text or "e" in text.lower()):
        return text
    number = float(text)
    return str(int(number)) if number.is_integer() else text


def date_of(rule: Rule, mapping: Mapping, text: str, *, with_time: bool, zone: ZoneInfo) -> str:
    """`text` as an ISO date or instant. Raises NoDate."""
    year = rule.year if rule.year is not None else mapping.year
    found = read_date(text.strip(), rule.dates or mapping.dates, year=year, zone=zone)
    if found is None:
        raise NoDate(text)
    try:
        return as_iso(found, days=rule.plus_days, with_time=with_time, zone=zone)
    except (OverflowError, ValueError):
        raise NoDate(text) from None


def unmapped(columns: Sequence[str], mapping: Mapping) -> list[str]:
    """Columns whose contents reach no field and that are not left out by name: they stay at home."""
    carried = mapping.columns_carried()
    return [c for c in columns if c not in carried and c not in mapping.ignore]


def filled(cells: Cells, columns: Sequence[str]) -> MappingOf[str, str]:
    """The non-empty ones of `columns`."""
    return {column: cells[column] for column in columns if cells[column]}
