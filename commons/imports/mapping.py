"""What each column of a sheet becomes: the values behind a mapping file. Reads no file, touches no record.

A mapping accounts for every column: it feeds a field, is kept at home (`extra`) or is left out by name
(`ignore`). Columns that it does not know are kept at home, with a note.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from typing import Literal

Owner = Literal["organisation", "person"]
REASON_COLUMN = "commons:reason"  # of an error file: why the row is there; never imported
ID_COLUMN = "commons:id"  # of an error file: the record that the row became, if any
OWN_COLUMNS = (REASON_COLUMN, ID_COLUMN)


@dataclass(frozen=True, slots=True)
class Condition:
    """A cell is one of `texts` (case and accents aside) or fits `matches`; `not_` turns it round."""

    column: str
    texts: tuple[str, ...] = ()
    matches: str | None = None
    not_: bool = False


@dataclass(frozen=True, slots=True)
class Consent:
    """That the persons of a column agreed: who asked them, when, for what."""

    asked_by: str
    when: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Rule:
    """How a field gets its value. One of columns, value, template and record is its source."""

    columns: tuple[str, ...] = ()
    value: str | None = None
    template: str | None = None
    record: str | None = None
    first: bool = False  # take the first filled column instead of joining all
    join: str = " "
    split: tuple[str, ...] = ()
    part: int | None = None  # which part after splitting, from 1
    pattern: str | None = None  # the first group of this expression, nothing where it does not fit
    replace: tuple[tuple[str, str], ...] = ()
    values: MappingOf[str, str] = field(default_factory=dict)
    only_known: bool = False  # of a list keep what the vocabulary knows; the rest stands in another field
    otherwise: str | None = None  # for cells that `values` does not name
    dates: tuple[str, ...] = ()
    year: int | None = None  # of dates without one
    plus_days: int = 0
    digits: int | None = None  # 3300.0 → 03300
    only: tuple[Condition, ...] = ()  # all must hold, else the field stays empty
    owner: Owner | None = None
    unless: Condition | None = None  # rows in which the owner is the other one
    consent: Consent | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees within which positions are believed, in rows that meet `when`."""

    south: float
    west: float
    north: float
    east: float
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class RecordPlan:
    """One record that each row makes: its type, what names it, its fields."""

    name: str
    type: str
    fields: MappingOf[str, Rule]
    key: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()  # else the row makes no such record


@dataclass(frozen=True)
class Mapping:
    """A whole mapping file. The first of `records` is the row's own; the others hang on it."""

    records: tuple[RecordPlan, ...]
    key_of_person: bool = False  # the key column is about a person: ids are secret hashes, never readable
    skip: tuple[Condition, ...] = ()
    blank: tuple[str, ...] = ()  # texts that mean "nothing": form boilerplate, "-", "n/a"
    dates: tuple[str, ...] = ()
    year: int | None = None
    time_zone: str | None = None
    within: tuple[Box, ...] = ()  # the first whose conditions hold counts
    extra: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    sheet: str | None = None

    @property
    def main(self) -> RecordPlan:
        return self.records[0]

    def columns_used(self) -> frozenset[str]:
        """Every column that some rule, key or condition reads."""
        used: set[str] = set()
        for plan in self.records:
            used |= set(plan.key) | {c.column for c in plan.when}
            for rule in plan.fields.values():
                used |= columns_of(rule)
        boxes = {c.column for box in self.within for c in box.when}
        return frozenset(used | boxes | {c.column for c in self.skip})

    def columns_carried(self) -> frozenset[str]:
        """Columns whose contents reach a field; those that only name or choose rows are kept at home too."""
        return frozenset(
            c for plan in self.records for rule in plan.fields.values() for c in columns_of(rule, read=True)
        )


def columns_of(rule: Rule, *, read: bool = False) -> set[str]:
    """The columns a rule reads; with `read` only those whose contents go into the value."""
    import string

    columns = set(rule.columns)
    if rule.template:
        columns |= {name for _, name, _, _ in string.Formatter().parse(rule.template) if name}
    if not read:
        columns |= {c.column for c in rule.only} | ({rule.unless.column} if rule.unless else set())
    return columns
