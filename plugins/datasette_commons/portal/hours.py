"""Opening hours in words. Expands no recurrence: it says a weekly rule as people do, the rest as given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from commons.messages import N_
from commons.messages import translate as _
from datasette_commons.portal.words import date_words

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NAMES = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


def schedule_words(schedule: Mapping[str, Any]) -> str:
    """One schedule: days, hours, season, note; unknown parts are left out, never guessed."""
    parts = [_days(str(schedule.get("rrule") or "")), _times(schedule)]
    if schedule.get("closed"):
        parts.append(_("closed"))
    sentence = ", ".join(part for part in parts if part)
    season = _season(schedule)
    note = str(schedule.get("description") or "")
    if season:
        sentence = f"{sentence} ({season})" if sentence else season
    if note:
        sentence = f"{sentence} · {note}" if sentence else note
    exceptions = [date_words(day) for day in schedule.get("except_dates") or ()]
    if exceptions:
        sentence += " · " + _("not on {dates}").format(dates=", ".join(exceptions))
    return sentence[:1].upper() + sentence[1:]


def _days(rrule: str) -> str:
    parts = dict(p.split("=", 1) for p in rrule.upper().removeprefix("RRULE:").split(";") if "=" in p)
    if parts.get("FREQ") == "DAILY" and parts.get("INTERVAL", "1") == "1":
        return _("every day")
    codes = [code for code in parts.get("BYDAY", "").split(",") if code]
    if parts.get("FREQ") == "MONTHLY" and codes:
        return _monthly(codes)
    if parts.get("FREQ") != "WEEKLY" or any(code not in _DAYS for code in codes):
        return rrule and _("on certain days")
    numbers = sorted(_DAYS.index(code) for code in codes)
    days = _("every day") if len(numbers) == 7 else ", ".join(_run(run) for run in _runs(numbers))
    every = parts.get("INTERVAL", "1")
    return days if every == "1" else _("{days} every {n} weeks").format(days=days, n=every)


def _monthly(codes: list[str]) -> str:
    names = []
    for code in codes:
        nth, day = code[:-2], code[-2:]
        if day not in _DAYS:
            return _("once a month")
        ordinal = {"1": _("first"), "2": _("second"), "3": _("third"), "4": _("fourth"), "-1": _("last")}.get(
            nth
        )
        if ordinal is None:
            return _("once a month")
        names.append(
            _("{ordinal} {day} of the month").format(ordinal=ordinal, day=_(_NAMES[_DAYS.index(day)]))
        )
    return ", ".join(names)


def _runs(numbers: list[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _run(run: list[int]) -> str:
    names = [_(_NAMES[number]) for number in run]
    if len(names) > 2:
        return _("{first} to {last}").format(first=names[0], last=names[-1])
    return ", ".join(names)


def _times(schedule: Mapping[str, Any]) -> str:
    opens, closes = schedule.get("opens_at"), schedule.get("closes_at")
    if opens and closes:
        return f"{opens}–{closes}"
    if opens:
        return _("from {time}").format(time=opens)
    return _("until {time}").format(time=closes) if closes else ""


def _season(schedule: Mapping[str, Any]) -> str:
    start, end = schedule.get("valid_from"), schedule.get("valid_to")
    if start and end:
        return _("from {start} to {end}").format(start=date_words(start), end=date_words(end))
    if start:
        return _("from {start}").format(start=date_words(start))
    return _("until {end}").format(end=date_words(end)) if end else ""
