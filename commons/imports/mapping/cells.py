"""One row's cells to the text of one field, as a rule says. Knows no types of values and no records."""

from __future__ import annotations

import datetime as dt
import re
import string
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from commons.addresses import slug
from commons.imports.mapping.dates import as_iso, read_date
from commons.imports.mapping.rules import Condition, Mapping, Rule

_FLOAT = re.compile(r"(\d+)(\.0+)?\Z|\d(\.\d+)?E\+?\d{1,2}\Z", re.IGNORECASE)
_GUARD = re.compile(r"'(?=[=+\-@])")  # what CSV files put before a formula so that it stays text


@dataclass(frozen=True)
class NoDate(Exception):
    """The text is not a date in any of the ways that the mapping allows."""

    text: str


class Cells:
    """One row's cells by column, with what counts as empty taken out."""

    def __init__(
        self, columns: Sequence[str], cells: Sequence[str], blank: frozenset[str], whole: Sequence[str] = ()
    ) -> None:
        self._raw = dict(zip(columns, cells, strict=True))
        self._blank = blank
        self._whole = frozenset(whole)

    def __getitem__(self, column: str) -> str:
        """The cell's text, "" where it says nothing; a spreadsheet's formula guard is taken off."""
        cell = self._raw.get(column, "")
        if cell.startswith("'"):
            cell = _GUARD.sub("", cell, count=1)
        if not cell or (self._blank and folded(cell) in self._blank):
            return ""
        return plain_number(cell) if column in self._whole else cell

    def raw(self, column: str) -> str:
        """The cell as it stands."""
        return self._raw.get(column, "")

    def blanked(self) -> int:
        """How many cells hold a text that means "nothing"."""
        if not self._blank:
            return 0
        return sum(1 for cell in self._raw.values() if cell and folded(cell) in self._blank)

    def with_entry(self, entry: MappingOf[str, str]) -> Cells:
        """The same row, seen from one entry of a list in it: the entry's own columns come in front."""
        other = Cells((), (), self._blank, tuple(self._whole))
        other._raw = {**self._raw, **entry}
        return other

    def fit(self, condition: Condition) -> bool:
        """Whether the row meets the condition. The raw cell counts, so that boilerplate can be named too."""
        cell = self.raw(condition.column)
        if condition.matches is not None:
            return _compiled(condition.matches).search(cell) is not None
        found = folded(cell) in {folded(text) for text in condition.texts}
        return found != condition.not_


@lru_cache(maxsize=100_000)  # cells repeat; a million that do not must not fill the memory
def folded(text: str) -> str:
    """`text` for comparing: words without case and accents; signs only where there is nothing else."""
    return slug(text, longest=10_000) or text.strip()


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def holds(rule: Rule, cells: Cells) -> bool:
    """Whether the rule is for this row at all."""
    return not rule.only or all(cells.fit(condition) for condition in rule.only)


def text_of(rule: Rule, cells: Cells) -> str:
    """The text that the rule's source gives for this row, before splitting and translating."""
    if not holds(rule, cells):
        return ""
    if rule.value is not None:
        return rule.value
    if rule.marks:
        ticked = dict.fromkeys(value for column, value in rule.marks.items() if _ticked(cells[column]))
        return (rule.join if rule.join != " " else "; ").join(ticked)
    if rule.template is not None:
        text = _filled_in(rule.template, cells)
    else:
        filled = list(dict.fromkeys(text for column in rule.columns if (text := cells[column])))
        text = rule.join.join(filled[:1] if rule.first else filled)
    for old, new in rule.replace:
        text = text.replace(old, new)
    if rule.pattern is not None and text:
        found = _compiled(rule.pattern).search(text[:20_000])
        text = (found.group(1) if found.re.groups else found.group(0)) or "" if found else ""
    return text.strip()


def _ticked(cell: str) -> bool:
    """Whether an X, a yes or anything but a no stands in the cell."""
    return folded(cell) not in ("", "no", "n", "0", "false", "falso", "f")


def _filled_in(template: str, cells: Cells) -> str:
    """The template with the row's cells; "" where every named column is empty."""
    parsed = list(string.Formatter().parse(template))
    values = {name: cells[name] for _, name, _, _ in parsed if name}
    if values and not any(values.values()):
        return ""
    text = "".join(literal + (values[name] if name else "") for literal, name, _, _ in parsed)
    # an empty column leaves its comma or brackets behind: "Calle 4, , Centro ()"
    text = re.sub(r"\s*\(\s*\)", "", text)
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
    """`text` as an ISO date or instant; as it is where the mapping names no forms. Raises NoDate."""
    forms = rule.dates or mapping.dates
    if not forms and not (rule.plus_days or mapping.time_zone):
        return text  # the schema's own reading knows the usual forms
    year = rule.year if rule.year is not None else mapping.year
    found = read_date(text.strip(), forms or ("iso", "dd/mm/yyyy"), year=year, zone=zone)
    if found is None:
        raise NoDate(text)
    alone = not isinstance(found, dt.datetime) and mapping.time_zone is None
    try:
        # a day alone stays one: whether it means its beginning or its end is the field's business
        return as_iso(found, days=rule.plus_days, with_time=with_time and not alone, zone=zone)
    except (OverflowError, ValueError):
        raise NoDate(text) from None


def filled(cells: Cells, columns: Sequence[str]) -> MappingOf[str, str]:
    """The non-empty ones of `columns`."""
    return {column: cells[column] for column in columns if cells[column]}
