"""Values of the schema as people write them: a cell, a form, the terminal. Reads nothing back.

`typed.show` is the door: it proves that what is written here is read back as the same value.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import cache

from commons.model import Value
from commons.schema import dates, hours, numbers, phones, territory, vocabularies
from commons.schema.spec import Field, load_schema
from commons.schema.territory import Territory


@dataclass(frozen=True, slots=True)
class Habits:
    """How whoever typed writes: language, place, order of dates, currency where it is known."""

    lang: str = "es"
    place: Territory | None = None
    order: dates.Order = "dmy"
    currency: str = ""

    @property
    def territory(self) -> Territory:
        return self.place or territory.load("none")


@cache
def one_of(field: Field) -> Field:
    return replace(field, type="string")


def shown(field: Field, value: Value, habits: Habits) -> str | None:
    """None where only JSON can say it."""
    if isinstance(value, bool):
        return ("sí" if value else "no") if habits.lang == "es" else ("yes" if value else "no")
    if isinstance(value, int):
        if field.name.endswith("itude_e6"):
            return numbers.show_degrees(value)
        if field.format == "money":
            return numbers.show_money(value, currency=habits.currency or habits.territory.currency)
        return str(value)
    if isinstance(value, str):
        return _shown_text(field, value, habits)
    if isinstance(value, list):
        return _shown_list(field, value, habits)
    return None


def _shown_text(field: Field, value: str, habits: Habits) -> str:
    kind = field.type if field.type in ("date", "datetime") else field.format
    if field.vocabulary:
        label = load_schema().label(field.vocabulary, value, habits.lang)
        return label if vocabularies.match(field.vocabulary, label) == value else value
    try:
        if kind == "date":
            return dates.show_date(dt.date.fromisoformat(value), habits.lang)
        if kind == "datetime":
            instant = dt.datetime.fromisoformat(value)
            ends = field.format == "day_end"
            return dates.show_instant(instant, habits.territory.zone, habits.lang, day_ends=ends)
    except ValueError:
        return value
    if kind == "district":
        return habits.territory.district_name(value)
    if kind == "phone":
        return phones.show_number(value, region=habits.territory.phone_region)
    return value


def _shown_list(field: Field, value: list[Value], habits: Habits) -> str | None:
    if not field.items:
        texts = [_shown_text(one_of(field), v, habits) for v in value if isinstance(v, str)]
        return ("\n" if any(";" in t or "," in t for t in texts) else "; ").join(texts)
    entries = [v for v in value if isinstance(v, dict)]
    if field.name == "phones":
        return phones.show(entries, region=habits.territory.phone_region, lang=habits.lang)
    if field.name == "schedules":
        return hours.show(entries, habits.lang)
    if field.name == "links":
        return "; ".join(f"{e['title']}: {e['url']}" if "title" in e else str(e["url"]) for e in entries)
    if field.name == "items":
        return "; ".join(_shown_item(e, habits.lang) for e in entries)
    return None


def _shown_item(entry: dict[str, Value], lang: str) -> str:
    if "quantity" not in entry:
        return str(entry["name"])
    met = f"{entry['met']}/" if "met" in entry else ""
    unit = " " + load_schema().label("units", str(entry["unit"]), lang).lower() if "unit" in entry else ""
    return f"{entry['name']} {met}{entry['quantity']}{unit}"
