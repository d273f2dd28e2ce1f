"""How the portal says dates, freshness and numbers, in the current language. Knows no page.

Freshness is said as a help, never as blame; nothing here reads a clock: `today` is given, in the time zone
of the federation's territory.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from commons.messages import N_, language, ngettext
from commons.messages import translate as _

MONTHS = (
    N_("January"),
    N_("February"),
    N_("March"),
    N_("April"),
    N_("May"),
    N_("June"),
    N_("July"),
    N_("August"),
    N_("September"),
    N_("October"),
    N_("November"),
    N_("December"),
)
# Types that somebody goes to or calls; for the others "call before you go" makes no sense.
VISITED = frozenset({"service", "place", "service_at_place", "event", "organization", "need"})

# Instants are in UTC; a reader's day is that of the territory. Set for each request, as the language is.
_zone: ContextVar[datetime.tzinfo] = ContextVar("zone", default=datetime.UTC)

_ENDED_EVERYWHERE = datetime.timedelta(hours=36)  # after it began at Greenwich
_DATE = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")
_LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Freshness:
    """A sentence, and which of four kinds it is (the page's colour follows the kind)."""

    kind: Literal["confirmed", "look", "over", "unknown"]
    sentence: str


def parse_day(text: object) -> datetime.date | None:
    """The day of a date or instant, on the territory's clock; the first where only a month is given."""
    if isinstance(text, str) and "T" in text and (moment := _moment(text)):
        return moment.date()
    match = _DATE.match(text) if isinstance(text, str) else None
    if not match:
        return None
    year, month, day = (int(part) if part else 1 for part in match.groups())
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


@contextmanager
def on_the_clock_of(zone: datetime.tzinfo) -> Iterator[None]:
    """Within the block, instants are told on this clock."""
    token = _zone.set(zone)
    try:
        yield
    finally:
        _zone.reset(token)


def _moment(text: str) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        return moment.astimezone(_zone.get()) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None


def day_words(day: datetime.date) -> str:
    """3 October 2026 · 3 de octubre de 2026."""
    month = _(MONTHS[day.month - 1])
    return _("{day} {month} {year}").format(day=day.day, month=month, year=day.year)


def month_words(day: datetime.date) -> str:
    """March 2025 · marzo de 2025."""
    return _("{month} {year}").format(month=_(MONTHS[day.month - 1]), year=day.year)


def date_words(text: object) -> str:
    """A date or instant in words; the text itself where it is none."""
    day = parse_day(text)
    return day_words(day) if day else str(text)


def moment_words(text: str) -> str:
    """An instant in words, on the territory's clock: 3 October 2026, 18:30."""
    moment = _moment(text)
    if moment is None:
        return date_words(text)
    if moment.hour == moment.minute == 0:  # a day was meant
        return day_words(moment.date())
    return f"{day_words(moment.date())}, {moment:%H:%M}"


def end_words(text: str) -> str:
    """The last day, or hour, of what lasts until an instant. A day is over everywhere at 12 UTC next day."""
    moment = _moment(text)
    if moment is None or moment.tzinfo is None:
        return date_words(text)
    utc = moment.astimezone(datetime.UTC)
    if utc.time() == datetime.time(12):
        return day_words((utc - _ENDED_EVERYWHERE).date())
    return moment_words(text)


def ago_words(day: datetime.date, today: datetime.date) -> str:
    """today, yesterday, 5 days ago, 3 weeks ago, 4 months ago, 2 years ago."""
    days = (today - day).days
    if days <= 0:
        return _("today")
    if days == 1:
        return _("yesterday")
    if days < 14:
        return ngettext("{n} day ago", "{n} days ago", days).format(n=days)
    if days < 60:
        weeks = days // 7
        return ngettext("{n} week ago", "{n} weeks ago", weeks).format(n=weeks)
    months = (today.year - day.year) * 12 + today.month - day.month - (today.day < day.day)
    if months < 24:
        return ngettext("{n} month ago", "{n} months ago", months).format(n=months)
    years = months // 12
    return ngettext("{n} year ago", "{n} years ago", years).format(n=years)


def freshness(
    type_name: str,
    *,
    confirm_days: int,
    confirmed_at: str | None,
    expires_at: str | None,
    today: datetime.date,
    has_phone: bool = False,
) -> Freshness:
    """What a reader should know about how far this can be relied on today.

    `confirm_days`: after so many days somebody should look again; 0: what holds once holds for good.
    """
    expires = parse_day(expires_at)
    if expires and (expires < today or (expires == today and _is_midnight(expires_at))):
        return Freshness("over", _("Expired on {date}").format(date=day_words(expires)))
    confirmed = parse_day(confirmed_at)
    if confirmed and confirmed > today:
        confirmed = None  # a clock that runs ahead says nothing
    if confirmed is None and not confirm_days:
        return Freshness("unknown", "")  # a guide or a report does not go stale by itself
    if confirmed is None:
        return Freshness("unknown", _advised(_("No date of confirmation"), type_name, has_phone))
    if not confirm_days or (today - confirmed).days <= confirm_days:
        return Freshness("confirmed", _("Confirmed {ago}").format(ago=ago_words(confirmed, today)))
    since = _("Not confirmed since {month}").format(month=month_words(confirmed))
    return Freshness("look", _advised(since, type_name, has_phone))


def _is_midnight(text: str | None) -> bool:
    """Whether a day's first instant is meant: what expires then is over on that day."""
    moment = _moment(text) if text and "T" in text else None
    return moment is not None and moment.hour == moment.minute == 0


def _advised(sentence: str, type_name: str, has_phone: bool) -> str:
    if type_name not in VISITED:
        return sentence
    if has_phone:
        return _("{sentence}; call before you go").format(sentence=sentence)
    return _("{sentence}; ask before you go").format(sentence=sentence)


def number_words(n: int) -> str:
    """12,345 in both languages, as in Mexico."""
    return f"{n:,}"


def joined(names: list[str], *, most: int = 3) -> str:
    """Ana, Beto y Carla; "and 4 more" after `most`."""
    if len(names) > most:
        rest = len(names) - most
        shown = ", ".join(names[:most])
        return ngettext("{names} and {n} more", "{names} and {n} more", rest).format(names=shown, n=rest)
    if len(names) < 2:
        return "".join(names)
    head, last = ", ".join(names[:-1]), names[-1]
    # Spanish: "e" before the sound of i (Ana e Inés), but not before hie-
    if language() == "es" and re.match(r"h?i(?!e)", last.casefold()):
        return f"{head} e {last}"
    return _("{names} and {last}").format(names=head, last=last)


def has_letters(text: str) -> bool:
    """Whether there is anything to read in `text`."""
    return bool(_LETTERS.search(text))
