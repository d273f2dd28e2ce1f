"""Opening hours as people write them (lun-vie 9:00-18:00; sáb 10:00-14:00), and back. Guesses nothing.

What is not plainly days and times stays text (`schedule_text`): a wrong hour sends somebody to a closed door.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence

from commons.model import Value
from commons.schema.dates import NotADate, read_time
from commons.schema.vocabularies import fold

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SHORT = {
    "es": ("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_EVERY_DAY = {"es": "todos los días", "en": "every day"}
_CLOSED = {"es": "cerrado", "en": "closed"}
_NAMES = {
    name: day
    for day, names in zip(
        DAYS,
        (
            "l lu lun lunes mo mon monday mondays",
            "ma mar martes tu tue tues tuesday tuesdays",
            "mi mie mier miercoles we wed weds wednesday wednesdays x",
            "j ju jue jueves th thu thur thurs thursday thursdays",
            "v vi vie viernes fr fri friday fridays",
            "s sa sab sabado sabados sat saturday saturdays",
            "d do dom domingo domingos su sun sunday sundays",
        ),
        strict=True,
    )
    for name in names.split()
}
_GROUPS = {
    "todos los dias": DAYS, "diario": DAYS, "diariamente": DAYS, "cada dia": DAYS, "every day": DAYS,
    "daily": DAYS, "toda la semana": DAYS, "entre semana": DAYS[:5], "weekdays": DAYS[:5],
    "dias habiles": DAYS[:5], "fines de semana": DAYS[5:], "fin de semana": DAYS[5:], "weekends": DAYS[5:],
    # M alone may be martes or Monday; with these ends it is Monday
    "m hasta f": DAYS[:5], "m hasta th": DAYS[:4], "m hasta sa": DAYS[:6], "m hasta su": DAYS,
}  # fmt: skip
_ALL_DAY = re.compile(r"24\s*(?:/\s*7|horas|hrs?\.?|hours|h)\b|las 24 horas|todo el d[ií]a", re.I)
_TIME = r"\d{1,2}(?:\s*[:.h]\s*\d{2})?\s*(?:a\.?\s*m\b\.?|p\.?\s*m\b\.?|hrs?\b\.?|horas?\b|h\b)?"
_TIMES = re.compile(
    rf"(?:de\s+(?:las?\s+)?|from\s+)?({_TIME})\s*(?:-|–|—|\ba\b(?:\s+las?)?|\bto\b|\bhasta\b(?:\s+las?)?)\s*({_TIME})",
    re.I,
)
_LONGEST_PART = 300
_RULE = re.compile(r"FREQ=WEEKLY;BYDAY=((?:MO|TU|WE|TH|FR|SA|SU)(?:,(?:MO|TU|WE|TH|FR|SA|SU))*)\Z")


def read(text: str) -> list[dict[str, Value]] | None:
    """A `schedules` list; None if any part of the text is not plainly days and times."""
    entries: list[dict[str, Value]] = []
    for part in re.split(r"[;\n|]", text):
        if part.strip():
            read_part = _entries(part.strip()) or _entries_by_comma(part.strip())
            if read_part is None:
                return None
            entries += read_part
    return entries or None


def _entries_by_comma(part: str) -> list[dict[str, Value]] | None:
    """L-V 11:00-19:00, sáb 11:00-15:00: a comma (or «y») between a time and a day begins anew; else None."""
    if len(part) > _LONGEST_PART:
        return None
    pieces, begin = [], 0
    for sign in re.finditer(r",(?:\s*y\s)?|\sy\s", part):
        word = re.match(r"\s*(?:los?\s+)?([^\W\d_]+)", part[sign.end() :])
        if word and fold(word[1]) in _NAMES and re.search(rf"{_TIME}\s*\Z", part[begin : sign.start()], re.I):
            pieces.append(part[begin : sign.start()])
            begin = sign.end()
    read_pieces = [_entries(piece.strip()) for piece in (*pieces, part[begin:])]
    if not pieces or None in read_pieces:
        return None
    return [entry for piece in read_pieces for entry in piece or ()]


def show(schedules: Sequence[Mapping[str, Value]], lang: str) -> str | None:
    """The written form that `read` understands; None where it cannot say everything."""
    parts = []
    for entry in schedules:
        days = _days_shown(str(entry.get("rrule", "")), lang)
        if days is None or set(entry) - {"rrule", "opens_at", "closes_at", "closed"}:
            return None
        if entry.get("closed"):
            if "opens_at" in entry or "closes_at" in entry:
                return None
            parts.append(f"{days} {_CLOSED[lang]}")
        elif "opens_at" in entry and "closes_at" in entry:
            parts.append(f"{days} {_clock(entry['opens_at'])}-{_clock(entry['closes_at'])}")
        else:
            return None
    return "; ".join(parts)


def _entries(part: str) -> list[dict[str, Value]] | None:
    """The entries of `days times[, times]`."""
    if _ALL_DAY.search(part):
        days = _days(_ALL_DAY.sub(" ", part))
        # "24 horas" alone is said of every day
        days = DAYS if days is None and not fold(_ALL_DAY.sub(" ", part)) else days
        return [_entry(days, "00:00", "24:00")] if days else None
    closed = re.search(r"\b(cerrados?|closed|off)\b", part, re.I)
    if closed:
        days = _days(part[: closed.start()] + part[closed.end() :])
        return [{"rrule": _rule(days), "closed": True}] if days else None
    times = list(_TIMES.finditer(part))
    if not times:
        return None
    between = part[times[0].end() :] if times[0].start() else ""
    left = fold(_TIMES.sub(" ", between))
    days = _days(part[: times[0].start()]) if times[0].start() else _days(part[times[0].end() :])
    if days is None or left.strip("/ ") not in ("", "y", "and"):
        return None
    pairs = [_hours(t[1], t[2]) for t in times]
    return None if None in pairs else [_entry(days, *pair) for pair in pairs if pair]


def _hours(first: str, last: str) -> tuple[str, str] | None:
    """Both times; None where morning or afternoon is left open."""
    half = re.search(r"[ap]\.?\s*m", last, re.I)
    try:
        opens, closes = read_time(first), read_time(last)
        if half and closes.hour >= 12 and not re.search(r"[ap]\.?\s*m|h", first, re.I):
            in_the_afternoon = read_time(f"{first} {half[0]}") if opens.hour <= 12 else opens
            if in_the_afternoon < closes and opens.hour < 12:
                if opens.hour >= 6:
                    return None  # 8 a 11 pm: nobody can know
                opens = in_the_afternoon
    except NotADate:
        return None
    midnight = closes == dt.time()
    if midnight and (last.strip().startswith("24") or opens != closes):
        return opens.strftime("%H:%M"), "24:00"
    if not half and opens >= closes and opens.hour <= 12:
        return None  # 9 a 6: nobody can know
    return opens.strftime("%H:%M"), closes.strftime("%H:%M")


def _days(text: str) -> tuple[str, ...] | None:
    """The days that a text names, in the order of the week; None if it says anything else."""
    folded = fold(text.replace("-", " - ").replace("–", " - ").replace("—", " - ").replace("-", " hasta "))
    words = [w for w in folded.split() if w not in ("de", "los", "el", "from", "on", "en", "cada", "every")]
    whole = " ".join(folded.split()).strip()
    for name, days in _GROUPS.items():
        if whole in (name, f"{name} de"):
            return days
    found: set[str] = set()
    at = 0
    while at < len(words):
        day = _NAMES.get(words[at])
        if day is None:
            if words[at] in ("y", "e", "and") and found:
                at += 1
                continue
            return None
        if (
            at + 2 < len(words)
            and words[at + 1] in ("a", "al", "hasta", "to", "through")
            and words[at + 2] in _NAMES
        ):
            first, last = DAYS.index(day), DAYS.index(_NAMES[words[at + 2]])
            span = range(first, last + 1 if last >= first else last + 8)
            found |= {DAYS[i % 7] for i in span}
            at += 3
        else:
            found.add(day)
            at += 1
    return tuple(day for day in DAYS if day in found) or None


def _days_shown(rule: str, lang: str) -> str | None:
    found = _RULE.match(rule)
    if not found:
        return None
    given = found[1].split(",")
    if given != [day for day in DAYS if day in given]:
        return None
    if len(given) == 7:
        return _EVERY_DAY[lang]
    numbers = [DAYS.index(day) for day in given]
    names = _SHORT[lang]
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{names[numbers[0]]}-{names[numbers[-1]]}"
    return ", ".join(names[n] for n in numbers)


def _entry(days: Sequence[str], opens: str, closes: str) -> dict[str, Value]:
    return {"rrule": _rule(days), "opens_at": opens, "closes_at": closes}


def _rule(days: Sequence[str]) -> str:
    return f"FREQ=WEEKLY;BYDAY={','.join(days)}"


def _clock(text: Value) -> str:
    """9:00 reads better than 09:00."""
    return str(text).removeprefix("0") if str(text) != "00:00" else "0:00"
