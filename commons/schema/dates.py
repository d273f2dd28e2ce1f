"""Dates, instants and times of day as people write them, and back. Refuses what leaves a doubt.

Day before month, as in Mexico, unless the year comes first or the caller says otherwise; no date is made up
from half of one. An instant is kept in UTC; what a person types and reads is the territory's clock.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from typing import Literal

from commons.schema.vocabularies import fold

Order = Literal["dmy", "mdy"]
UTC = dt.UTC
DAY_ENDS = dt.time(23, 59, 59)

_MONTHS = {
    name: n
    for n, names in enumerate(
        (
            "enero ene january jan", "febrero feb february", "marzo mar march", "abril abr april apr",
            "mayo may", "junio jun june", "julio jul july", "agosto ago august aug",
            "septiembre setiembre sep sept set september", "octubre oct october", "noviembre nov november",
            "diciembre dic december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_FIGURES = re.compile(r"(\d{1,4})\s*[/.\-\s]\s*(\d{1,2})\s*[/.\-\s]\s*(\d{1,4})\Z")
_WORDS_DMY = re.compile(
    r"(?:[a-z]+ )?(\d{1,2})(?:o|ro|st|nd|rd|th)? (?:de |of )?([a-z]+) (?:del? |of )?(\d{4}|\d{2})\Z"
)
_WORDS_MDY = re.compile(r"(?:[a-z]+ )?([a-z]+) (\d{1,2})(?:st|nd|rd|th)? (\d{4})\Z")
_TIME = re.compile(
    r"(\d{1,2})(?:\s*[:.h]\s*(\d{1,2}))?(?:[:.](\d{2}))?(?:\.\d+)?\s*"
    r"(a\s*\.?\s*m\b\.?|p\s*\.?\s*m\b\.?|hrs?\b\.?|horas?|h\b)?\s*(?:hrs?\.?)?\Z",
    re.I,
)
_ISO_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})?\Z", re.I
)
_SERIAL = re.compile(r"([2-6]\d{4})(?:[.,](\d+))?\Z")
_EPOCH_OF_SHEETS = dt.date(1899, 12, 30)


class NotADate(ValueError):
    """Why a text is no date: the code of a finding."""


def read_date(text: str, *, order: Order = "dmy") -> dt.date:
    """The day that `text` names.

    Raises:
        NotADate: `date-malformed`, `date-impossible` (no such day), `date-no-year`, `date-other-order`
            (only possible with the month first), `date-serial` (a spreadsheet's number).
    """
    text = text.strip().rstrip(".")
    found = _FIGURES.match(text)
    if found:
        return _from_figures(*found.groups(), order=order)
    folded = fold(text)
    found = _WORDS_DMY.match(folded)
    if found and found[2] in _MONTHS:
        return _day(_year(found[3]), _MONTHS[found[2]], int(found[1]))
    found = _WORDS_MDY.match(folded)
    if found and found[1] in _MONTHS:
        return _day(int(found[3]), _MONTHS[found[1]], int(found[2]))
    if _SERIAL.match(text):
        raise NotADate("date-serial")
    if re.match(r"\d{1,2}\s*[/.\-]\s*\d{1,2}\Z", text) or re.match(r"\d{1,2} (de )?[a-z]+\Z", folded):
        raise NotADate("date-no-year")
    raise NotADate("date-malformed")


def from_serial(text: str) -> dt.datetime:
    """The day and time behind a spreadsheet's number such as 42997.81. Raises NotADate."""
    found = _SERIAL.match(text.strip())
    if not found:
        raise NotADate("date-malformed")
    seconds = round(float("0." + (found[2] or "0")) * 86_400)
    day = dt.datetime.combine(_EPOCH_OF_SHEETS, dt.time()) + dt.timedelta(days=int(found[1]))
    return day + dt.timedelta(seconds=seconds)


def read_time(text: str) -> dt.time:
    """A time of day: 18:30, 6:30 pm, 18 hrs; 24:00 is midnight. Raises NotADate (`time-malformed`)."""
    found = _TIME.match(text.strip())
    if not found:
        raise NotADate("time-malformed")
    hour, minute, second = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    half = fold(found[4] or "").replace(" ", "")
    if half in ("am", "pm"):
        if hour > 12 and half == "am":
            raise NotADate("time-malformed")
        hour = hour if hour > 12 else hour % 12 + (12 if half == "pm" else 0)
    if (hour, minute, second) == (24, 0, 0):
        hour = 0
    if hour > 23 or minute > 59 or second > 59:
        raise NotADate("time-malformed")
    return dt.time(hour, minute, second)


def read_instant(
    text: str, zone: zoneinfo.ZoneInfo, *, day_ends: bool = False, order: Order = "dmy"
) -> dt.datetime:
    """An instant in UTC. A day without an hour is its beginning, or its end with `day_ends`.

    Raises:
        NotADate: as `read_date`, or `time-malformed`.
    """
    text = text.strip()
    found = _ISO_INSTANT.match(text)
    if found:
        return _iso_instant(found, zone)
    day, hour = _split_hour(text, order)
    return _at(day, hour if hour is not None else DAY_ENDS if day_ends else dt.time(), zone)


def stamp(instant: dt.datetime) -> str:
    """The kept form of an instant: 2026-11-21T18:00:00Z."""
    return instant.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def show_date(day: dt.date, lang: str) -> str:
    """31/12/2026 in Spanish, 2026-12-31 in English."""
    return day.isoformat() if lang == "en" or day.year < 1000 else day.strftime("%d/%m/%Y")


def show_instant(instant: dt.datetime, zone: zoneinfo.ZoneInfo, lang: str, *, day_ends: bool = False) -> str:
    """The territory's day and hour; the day alone where the hour says nothing."""
    try:
        local = instant.astimezone(zone)
        same = dt.datetime.combine(local.date(), local.time(), tzinfo=zone).astimezone(UTC) == instant
    except OverflowError:
        same = False
    if not same:
        return stamp(instant)  # the hour that a change of clocks repeats, and the ends of the calendar
    if local.time() == (DAY_ENDS if day_ends else dt.time()):
        return show_date(local.date(), lang)
    return f"{show_date(local.date(), lang)} {local.strftime('%H:%M:%S' if local.second else '%H:%M')}"


def _iso_instant(found: re.Match[str], zone: zoneinfo.ZoneInfo) -> dt.datetime:
    try:
        day = dt.date.fromisoformat(found[1])
    except ValueError as error:
        raise NotADate("date-impossible") from error
    try:
        time = dt.time.fromisoformat(found[2])
    except ValueError as error:
        raise NotADate("time-malformed") from error
    offset = found[3]
    if offset is None:
        return _at(day, time, zone)
    try:
        written = dt.datetime.fromisoformat(f"{day}T{time}{'+00:00' if offset in 'zZ' else offset}")
        return written.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise NotADate("date-malformed") from error


def _at(day: dt.date, time: dt.time, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    try:
        return dt.datetime.combine(day, time, tzinfo=zone).astimezone(UTC)
    except OverflowError as error:
        raise NotADate("date-impossible") from error


def _split_hour(text: str, order: Order) -> tuple[dt.date, dt.time | None]:
    """The day and, if one is written after it, the hour."""
    try:
        return read_date(text, order=order), None
    except NotADate as first:
        for gap in re.finditer(r"[,\s]+(?:a las?\s+|at\s+)?", text):
            day, hour = text[: gap.start()], text[gap.end() :]
            try:
                time = read_time(hour)
                return read_date(day, order=order), time
            except NotADate as error:
                if str(error) in ("date-impossible", "date-other-order"):
                    raise
        raise first


def _from_figures(first: str, second: str, third: str, *, order: Order) -> dt.date:
    if len(first) == 4:
        return _day(int(first), int(second), int(third))
    if len(first) > 2 or len(third) not in (2, 4):
        raise NotADate("date-malformed")
    year = _year(third)
    day, month = (int(first), int(second)) if order == "dmy" else (int(second), int(first))
    if month > 12 and day <= 12 and month <= 31:
        raise NotADate("date-other-order")
    return _day(year, month, day)


def _year(text: str) -> int:
    """Two figures: within 1970 and 2069."""
    return int(text) if len(text) == 4 else int(text) + (1900 if int(text) >= 70 else 2000)


def _day(year: int, month: int, day: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError as error:
        raise NotADate("date-impossible") from error


_NUMBERS = {
    name: n
    for n, names in enumerate(
        ("un una a an one", "dos two", "tres three", "cuatro four", "cinco five", "seis six", "siete seven",
         "ocho eight", "nueve nine", "diez ten"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_DAYS = {"dia": 1, "dias": 1, "day": 1, "days": 1, "semana": 7, "semanas": 7, "week": 7, "weeks": 7}
_MONTHLY = ("mes", "meses", "month", "months")
_SOON = {"hoy": 0, "today": 0, "manana": 1, "tomorrow": 1, "pasado manana": 2}
_AHEAD = re.compile(r"(?:en |dentro de |por |in |for )?(\d{1,3}|[a-z]+) ([a-z]+)\Z")


def read_day_ahead(text: str, today: dt.date, *, order: Order = "dmy") -> dt.date:
    """A day to come: a date, or words such as «mañana», «en 7 días», «dos semanas», «in a month».

    Raises NotADate as `read_date`.
    """
    folded = " ".join(fold(text).split())
    if folded in _SOON:
        return today + dt.timedelta(days=_SOON[folded])
    found = _AHEAD.match(folded)
    if found and (found[2] in _DAYS or found[2] in _MONTHLY):
        count = int(found[1]) if found[1].isdigit() else _NUMBERS.get(found[1])
        if count is None:
            raise NotADate("date-malformed")
        return _months_on(today, count) if found[2] in _MONTHLY else _days_on(today, count * _DAYS[found[2]])
    return read_date(text, order=order)


def _days_on(day: dt.date, count: int) -> dt.date:
    try:
        return day + dt.timedelta(days=count)
    except OverflowError as error:
        raise NotADate("date-impossible") from error


def _months_on(day: dt.date, count: int) -> dt.date:
    """The same day of a later month, or its last one."""
    month = day.month - 1 + count
    first = _day(day.year + month // 12, month % 12 + 1, 1)
    last = (_day(first.year + first.month // 12, first.month % 12 + 1, 1) - dt.timedelta(days=1)).day
    return first.replace(day=min(day.day, last))
