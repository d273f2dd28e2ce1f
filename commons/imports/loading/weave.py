"""What a sheet says now, said last time, and what the catalogue holds: one record out of three. Pure.

A value changes only where the sheet changed since its last import; what a person corrected in the catalogue
stays as long as the sheet repeats itself. Law: the same sheet twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from commons.catalogue.record import AUTOMATIC
from commons.model import Fields, Value

DRAFT = "draft:"  # before a field's name in `said`: a text that did not fit


@dataclass(frozen=True)
class Woven:
    """The record as it should be. `overwritten`: fields whose value in the catalogue was another, by hand."""

    fields: dict[str, Value]
    drafts: dict[str, str]
    overwritten: tuple[str, ...]
    changed: bool


def saying(fields: Fields, drafts: Mapping[str, str]) -> dict[str, Value]:
    """What a row says, as it is remembered."""
    return {**fields, **{DRAFT + name: text for name, text in drafts.items()}}


def weave(said: Fields, last: Fields | None, held: Fields | None, drafts_held: Mapping[str, str]) -> Woven:
    """`said` now and `last` time (None: never) woven into what is `held` (None: no such record)."""
    before, known = held or {}, last or {}
    fields = {name: value for name, value in before.items() if name not in ("salt", "modified_at")}
    drafts = dict(drafts_held)
    overwritten = []
    for name in {**known, **said}:
        now, then = said.get(name), known.get(name)
        if now == then and held is not None:
            continue
        if name.startswith(DRAFT):
            _set(drafts, name.removeprefix(DRAFT), now)
            continue
        if now is None and DRAFT + name in said:
            continue  # the last good value stays beside what does not fit
        if last is not None and before.get(name) not in (then, now):
            overwritten.append(name)
        _set(fields, name, now)
        if now is not None:
            drafts.pop(name, None)
    changed = held is None or drafts != dict(drafts_held) or _differ(fields, before)
    if changed and held is not None and "confirmed_at" not in said and _differ_in_content(fields, before):
        fields.pop("confirmed_at", None)  # who confirmed the record did not confirm this
    return Woven(fields, drafts, tuple(overwritten), changed)


def _set(target: dict[str, Value] | dict[str, str], name: str, value: Value | None) -> None:
    if value is None:
        target.pop(name, None)
    else:
        target[name] = value  # type: ignore[assignment]


def _differ(one: Fields, other: Fields) -> bool:
    names = {n for n in {**one, **other} if n not in ("salt", "modified_at")}
    return any(one.get(n) != other.get(n) for n in names)


def _differ_in_content(one: Fields, other: Fields) -> bool:
    names = {n for n in {**one, **other} if n not in (*AUTOMATIC, "extra", "confirmed_at", "source")}
    return any(one.get(n) != other.get(n) for n in names)
