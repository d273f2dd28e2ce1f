"""What each column of a sheet becomes: the values behind a mapping file. Reads no file, touches no record.

A mapping accounts for every column: it feeds a field, is kept at home (`extra`) or is left out by name
(`ignore`). Columns that it does not know are kept at home, with a note; so is a cell whose rule does not hold
in its row (`only`), such as a telephone that a column beside it calls private.
"""

from __future__ import annotations

import string
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from typing import Literal

from commons.imports.mapping.week import Way
from commons.schema.spec import Field

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
    """How a field gets its value. Its one source: columns, value, template, marks, together or record."""

    columns: tuple[str, ...] = ()
    value: str | None = None
    template: str | None = None
    record: str | None = None
    key: tuple[str, ...] = ()  # with `record`: the one that the row with this key makes
    marks: MappingOf[str, str] = field(default_factory=dict)  # column → value, where the column is ticked
    together: tuple[Rule, ...] = ()  # several sources, each with its own conditions, one after the other
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
    phone_region: str | None = None  # the country of telephones without +
    digits: int | None = None  # 3300.0 → 03300
    hours: Way | None = None  # how hours are written, where that cannot be seen
    first_day: str = "sunday"  # day 0 of hours in figures
    unread: str | None = None  # the field that takes the text where it cannot be read
    only: tuple[Condition, ...] = ()  # all must hold, else the field stays empty
    owner: Owner | None = None
    unless: Condition | None = None  # rows in which the owner is the other one
    consent: Consent | None = None
    make: bool = False  # of a reference by name: a new record where none is so called
    line: int = 0


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees within which positions are believed, in rows that meet `when`."""

    south: float
    west: float
    north: float
    east: float
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Each:
    """The column whose cell is a list: JSON, whose names become `column.name`, or a text split at `split`."""

    column: str
    split: tuple[str, ...] = ()

    def owns(self, name: str) -> bool:
        """Whether `name` is one of an entry's own columns."""
        return name == self.column or name.startswith(f"{self.column}.")


@dataclass(frozen=True)
class RecordPlan:
    """One record that each row makes: its type, what names it, its fields.

    Without fields it is only referred to: another file tells what it is.
    """

    name: str
    type: str
    fields: MappingOf[str, Rule]
    key: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()  # else the row makes no such record
    needs: tuple[str, ...] = ()  # fields of which one must have come out filled, else the same
    each: Each | None = None  # one record for each entry of a list in a cell


@dataclass(frozen=True)
class Mapping:
    """A whole mapping file. The first of `records` is the row's own; the others hang on it."""

    records: tuple[RecordPlan, ...]
    id: str | None = None  # a column with the records' own ids; rows without one are known by their content
    key_of_person: bool = False  # the key column is about a person: ids are secret hashes, never readable
    skip: tuple[Condition, ...] = ()
    whole_numbers: tuple[str, ...] = ()  # columns in which 25.0 means 25
    blank: tuple[str, ...] = ()  # texts that mean "nothing": form boilerplate, "-", "n/a"
    dates: tuple[str, ...] = ()
    year: int | None = None
    time_zone: str | None = None
    phone_region: str | None = None  # the country of telephones without +; the territory's, if not said
    within: tuple[Box, ...] = ()  # the first whose conditions hold counts
    extra: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    sheet: str | None = None

    @property
    def main(self) -> RecordPlan:
        return self.records[0]

    def columns_used(self) -> frozenset[str]:
        """Every column that some rule, key or condition reads; of an entry's own columns, its list's."""
        used: set[str] = set()
        for plan in self.records:
            names = {c.column for c in plan.when} | (set(plan.key) if plan.fields else set())
            for rule in plan.fields.values():
                names |= columns_of(rule)
            each = plan.each
            used |= {each.column if each is not None and each.owns(name) else name for name in names}
            used |= {each.column} if each is not None else set()
        boxes = {c.column for box in self.within for c in box.when}
        own = {self.id} if self.id is not None else set()
        return frozenset(used | boxes | own | {c.column for c in self.skip})


def columns_of(rule: Rule, *, read: bool = False) -> set[str]:
    """The columns a rule reads; with `read` only those whose contents go into the value."""
    columns = set(rule.columns) | set(rule.marks)
    if rule.template:
        columns |= {name for _, name, _, _ in string.Formatter().parse(rule.template) if name}
    for part in rule.together:
        columns |= columns_of(part, read=read)
    if not read:
        columns |= {c.column for c in rule.only} | ({rule.unless.column} if rule.unless else set())
        columns |= set(rule.key)
    return columns


def is_by_name(spec: Field | None, rule: Rule) -> bool:
    """Whether the rule puts a text of the sheet into a field that holds one record of one type."""
    return (
        spec is not None
        and spec.format == "reference"
        and spec.type == "string"
        and bool(spec.target)
        and spec.target != "*"
        and rule.record is None
    )
