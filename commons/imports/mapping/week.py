"""Opening hours in ways that only a mapping can know: a 12-hour clock without am and pm, or figures by day.

Pure: text in, text out that the schema's reader of hours understands without a doubt, or None. What could be
morning or evening stays unread: a wrong hour sends somebody to a closed door.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Literal

Way = Literal["12h", "hhmm", "minutes"]
WAYS: tuple[Way, ...] = ("12h", "hhmm", "minutes")
_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
FIRST_DAYS = ("sunday", "monday")

_PAIR = re.compile(
    r"(?<![\d:])(\d{1,2})(?:[:.](\d{2}))?\s*(?:([ap])\.?\s*m\.?)?\s*(?:-|–|—|\bto\b|\ba\b)\s*"
    r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:([ap])\.?\s*m\b\.?)?(?![\d:])",
    re.I,
)
_NAMED = ((re.compile(r"\b(noon|mediod[ií]a)\b", re.I), "12:00 pm"),
          (re.compile(r"\b(midnight|medianoche)\b", re.I), "12:00 am"))  # fmt: skip
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun|lun|mar|mi[eé]|jue|vie|s[aá]b|dom)"
# "9AM-6PMSaturday, 9AM-1PM" (a line break was lost) and "9-5 and Saturday 10-2": a new day begins a new part
_NEXT_DAY = re.compile(rf"(?<=[\dmM.])[\s,;&]*(?:\b(?:and|y)\b\s*)?(?={_DAY}[a-zé]*\b)", re.I)


def plainly(text: str, way: Way, *, first_day: str = "sunday") -> str | None:
    """`text` with every hour on the 24-hour clock; None where it cannot be told."""
    return _from_12h(text) if way == "12h" else _from_figures(text, way, first_day)


def _from_12h(text: str) -> str | None:
    for name, hour in _NAMED:
        text = name.sub(hour, text)
    doubt = False

    def exactly(found: re.Match[str]) -> str:
        nonlocal doubt
        times = _times(found)
        doubt = doubt or times is None
        return f"{_clock(times[0])}-{_clock(times[1], end=True)}" if times else found[0]

    # each day's hours are read apart, so that "9-12, 1-5" keeps its two pairs
    parts = _NEXT_DAY.sub("; ", text)
    plain = _PAIR.sub(exactly, parts)
    return None if doubt else plain


def _times(found: re.Match[str]) -> tuple[int, int] | None:
    """Minutes since midnight of both times; None where morning or evening is open."""
    hour, minute, half, end_hour, end_minute, end_half = found.groups()
    opens, closes = int(hour), int(end_hour)
    rests = (int(minute or 0), int(end_minute or 0))
    if opens > 12 or closes > 12 or opens == 0 or closes == 0:
        if half or end_half or opens > 24 or closes > 24:
            return None
        return opens * 60 + rests[0], closes * 60 + rests[1]
    first = opens % 12 * 60 + rests[0]
    last = closes % 12 * 60 + rests[1]
    if half and end_half:
        return first + _noon(half), last + _noon(end_half)
    if end_half:
        return _opens_before(first, last + _noon(end_half))
    if half:
        return _closes_after(first + _noon(half), last)
    return _without_halves(first, last)


def _noon(half: str) -> int:
    return 720 if half.lower() == "p" else 0


def _opens_before(first: int, closes: int) -> tuple[int, int] | None:
    """`3-9pm` opens at three in the afternoon, `9-5pm` at nine in the morning; `8-11pm` may be either."""
    if closes == 0:
        return None
    morning, afternoon = first, first + 720
    if afternoon < closes and first >= 360:
        return None
    return (afternoon if afternoon < closes else morning, closes) if morning < closes else None


def _closes_after(opens: int, last: int) -> tuple[int, int] | None:
    """`9am-5` closes in the afternoon; `9am-11` may be either."""
    later = [time for time in (last, last + 720) if time > opens]
    return (opens, later[0]) if len(later) == 1 else None


def _without_halves(first: int, last: int) -> tuple[int, int] | None:
    """`9-5`, `8:30-12`, `1-4` and `12-3` are said of the day; `6-9` may be morning or evening."""
    if first < 60:  # twelve o'clock is noon
        return (first + 720, last + 720) if last > first else None
    if last <= first:  # over noon
        return (first, last + 720) if first >= 360 else None
    return (first + 720, last + 720) if first < 360 else None


def _clock(minutes: int, *, end: bool = False) -> str:
    if end and minutes in (0, 1440):
        return "24:00"
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _from_figures(text: str, way: Way, first_day: str) -> str | None:
    """{"1": [[700, 1200], [1400, 1900]], …}: days by number or name, times as 700 or as minutes."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(whole, list):
        whole = {str(number): pairs for number, pairs in enumerate(whole)}
    if not isinstance(whole, dict):
        return None
    days: dict[str, list[str]] = {}
    for key, pairs in whole.items():
        day, times = _day(str(key), first_day), _pairs(pairs, way)
        if day is None or times is None:
            return None
        if times:
            days.setdefault(", ".join(times), []).append(day)
    return "; ".join(f"{_in_order(names)} {times}" for times, names in days.items())


def _in_order(names: Sequence[str]) -> str:
    return ", ".join(day for day in (*_DAYS[1:], _DAYS[0]) if day in names)


def _day(key: str, first_day: str) -> str | None:
    if key.isdigit() and int(key) <= 7:
        return _DAYS[(int(key) + (first_day == "monday")) % 7]
    named = [day for day in _DAYS if key.lower().startswith(day.lower())]
    return named[0] if named else None


def _pairs(pairs: object, way: Way) -> list[str] | None:
    """The times of one day; a pair may be a list or say its ends by name."""
    if not isinstance(pairs, list):
        return None
    if len(pairs) == 2 and not any(isinstance(p, list | dict) for p in pairs):
        pairs = [pairs]
    found = []
    for pair in pairs:
        ends = list(pair.values()) if isinstance(pair, Mapping) else pair
        if not isinstance(ends, list) or len(ends) != 2:
            return None
        times = [_minutes(end, way) for end in ends]
        if times[0] is None or times[1] is None:
            return None
        found.append(f"{_clock(times[0])}-{_clock(1440 if times[1] == 1439 else times[1], end=True)}")
    return found


def _minutes(value: object, way: Way) -> int | None:
    """700 → 420 for `hhmm`; minutes as they are."""
    text = str(value).strip()
    if not text.isdigit() or len(text) > 4:
        return None
    number = int(text)
    if way == "hhmm":
        if number % 100 > 59:
            return None
        number = number // 100 * 60 + number % 100
    return number if number <= 1440 else None
