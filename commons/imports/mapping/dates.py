"""Dates as sheets have them, in one of the ways a mapping allows, to ISO. Refuses prose, guesses no order.

03/04/2017 is two different days; which one is the mapping's word (dd/mm/yyyy or mm/dd/yyyy), never a guess.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

# name in a mapping → (expression, order of its groups)
_SEPARATED = r"[/.\-]"
FORMATS = (
    "iso", "dd/mm/yyyy", "mm/dd/yyyy", "yyyy/mm/dd", "dd/mm/yy", "mm/dd/yy", "dd/mm", "mm/dd",
    "excel", "unix",
)  # fmt: skip
_EXCEL_DAY_0 = dt.datetime(1899, 12, 30)
_TIME = re.compile(
    r"(?:[T,]|\s)+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([ap]\.?\s?m\.?)?\s*(Z|[+-]\d\d:?\d\d|GMT(?:[+-]\d{1,2})?|UTC|[CEMP][SD]T)?\Z",
    re.IGNORECASE,
)
# 20251120 and 20251120T180000Z, as calendars write them
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z)?)?\Z")
_HOURS_OF_NORTH_AMERICA = {
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
_NUMBER = re.compile(r"\d+([.,]\d+)?\Z")


def is_day(text: str) -> bool:
    """Whether `text` is a day that exists, written as 2026-11-21."""
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text) is not None and _day(text, "iso", None) is not None


def read_date(
    text: str, formats: Sequence[str], *, year: int | None, zone: ZoneInfo
) -> dt.date | dt.datetime | None:
    """A date, or an aware instant where a time stands with it; None where nothing fits or no such day is."""
    for name in formats or ("iso",):
        found = _as_number(text, name) if name in ("excel", "unix") else _as_written(text, name, year)
        if isinstance(found, dt.datetime):
            return found if found.tzinfo else found.replace(tzinfo=zone)
        if found is not None:
            return found
    return None


def as_iso(value: dt.date | dt.datetime, *, days: int, with_time: bool, zone: ZoneInfo) -> str:
    """YYYY-MM-DD, or with `with_time` an instant in UTC; a date alone begins at midnight of its zone."""
    value = value + dt.timedelta(days=days)
    if not with_time:
        return (value.astimezone(zone).date() if isinstance(value, dt.datetime) else value).isoformat()
    if not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time(), zone)
    return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _as_number(text: str, name: str) -> dt.datetime | dt.date | None:
    if not _NUMBER.match(text):
        return None
    number = float(text.replace(",", "."))
    try:
        if name == "unix":
            return dt.datetime.fromtimestamp(number, dt.UTC) if number > 86_400 else None
        if not 20_000 <= number < 80_000:  # 1954 to 2119: smaller numbers are counts, not days
            return None
        moment = _EXCEL_DAY_0 + dt.timedelta(seconds=round(number * 86_400))
    except (OverflowError, OSError, ValueError):
        return None
    return moment.date() if number.is_integer() else moment


def _as_written(text: str, name: str, year: int | None) -> dt.date | dt.datetime | None:
    if name == "iso" and (compact := _COMPACT.match(text)):
        year_, month, day_, hour_, minute_, second_, utc = compact.groups()
        clock = f" {hour_}:{minute_}:{second_ or '00'}{utc or ''}" if hour_ else ""
        text = f"{year_}-{month}-{day_}{clock}"
    time = _TIME.search(text)
    day_text = text[: time.start()] if time else text
    day = _day(day_text.strip(), name, year)
    if day is None or time is None:
        return day
    hour, minute, second, half, offset = time.groups()
    hours = int(hour)
    if half and hours > 12:
        if half[0].lower() == "a":  # "20:00 AM" is evening or a slip: nobody knows
            return None
    elif half:
        hours = hours % 12 + (12 if half[0].lower() == "p" else 0)
    try:
        moment = dt.datetime.combine(day, dt.time(hours, int(minute), int(second or 0)))
    except ValueError:
        return None
    if offset:
        return dt.datetime.fromisoformat(moment.isoformat() + _offset(offset.upper()))
    return moment


def _offset(said: str) -> str:
    """+hh:mm of Z, GMT-6 and of the hours of North America that forms write: CST, PDT."""
    if said[0] in "+-":
        return said
    hours = int(said[3:] or 0) if said.startswith("GMT") else 0
    if said in _HOURS_OF_NORTH_AMERICA:
        hours = _HOURS_OF_NORTH_AMERICA[said]
    return f"{'-' if hours < 0 else '+'}{abs(hours) % 24:02d}:00"


def _day(text: str, name: str, year: int | None) -> dt.date | None:
    order = {"iso": "yyyy/mm/dd"}.get(name, name).split("/")
    widths = {"dd": r"(\d{1,2})", "mm": r"(\d{1,2})", "yyyy": r"(\d{4})", "yy": r"(\d{2})"}
    found = re.fullmatch(_SEPARATED.join(widths[part] for part in order), text)
    if not found:
        return None
    parts = dict(zip(order, (int(g) for g in found.groups()), strict=True))
    if "yy" in parts:
        parts["yyyy"] = 2000 + parts["yy"] if parts["yy"] < 70 else 1900 + parts["yy"]
    full = parts.get("yyyy", year)
    if full is None:
        return None
    try:
        return dt.date(full, parts["mm"], parts["dd"])
    except ValueError:
        return None
