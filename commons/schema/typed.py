"""What a person typed in a cell, a form or the terminal, as a value of the schema, and the way back.

Law: `read(field, show(field, value))` is `value` for every valid value, save texts that mean nothing
("n/a"). What leaves a doubt is refused with a finding and stays as typed (a draft); nothing is guessed, cut
or made up. Finds no records by their names and asks nobody: that is the importer's and the desk's business.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from commons.findings import Finding
from commons.model import Value
from commons.schema import dates, hours, numbers, phones, vocabularies
from commons.schema.numbers import NotANumber
from commons.schema.shown import Habits, one_of, shown
from commons.schema.spec import Field, load_schema
from commons.schema.territory import Territory
from commons.schema.validate import check_value

# What sheets write where they have nothing to say.
_NOTHING = {"", "-", "--", "---", "–", "—", ".", "n/a", "#n/a", "n/d", "s/d", "null", "nan"}
_NOTHING_CODED = {
    "na", "nd", "sd", "sin dato", "sin datos", "no disponible", "none", "ninguno", "ninguna", "no aplica",
    "no tiene", "desconocido", "unknown", "no se sabe",
}  # fmt: skip
_ADDRESS = re.compile(r"https?://|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(/|\Z)")
_LONGEST_CELL = 5_000  # of what is read piece by piece; longer is prose, or meant to keep us busy
_FREE_TEXT = {"", "text", "markdown"}
_COMMA_LISTS = {"language", "district", "identifier", "email", "uri", "date", "reference"}


@dataclass(frozen=True, slots=True)
class Reading:
    """A value, or None with the finding that says why; a value with a note where something was read in."""

    value: Value | None
    finding: Finding | None = None


class _Refused(Exception):
    """Never leaves this module."""

    def __init__(self, code: str, value: str = "") -> None:
        super().__init__(code)
        self.code, self.value = code, value


# the value and a note's code; raises _Refused or NotADate
_Reader = Callable[[Field, str, Habits], "tuple[Value | None, str]"]


def read(
    field: Field,
    text: str,
    *,
    lang: str = "es",
    territory: Territory | None = None,
    order: dates.Order = "dmy",
    currency: str = "",
) -> Reading:
    """The value of `field` that `text` says. No text is no value and no finding."""
    habits = Habits(lang, territory, order, currency)
    clean = unicodedata.normalize("NFC", text).strip()
    as_json = _read_json(field, clean)
    if as_json is None and len(clean) > _LONGEST_CELL and field.format not in ("text", "markdown"):
        return Reading(None, Finding("too-long", field=field.name, value=_short(clean)))
    if as_json is None and _says_nothing(field, clean):
        return Reading(None)
    try:
        value, note = as_json or _reader(field)(field, clean, habits)
    except _Refused as refusal:
        return Reading(None, Finding(refusal.code, field=field.name, value=_short(refusal.value or clean)))
    except dates.NotADate as refusal:
        return Reading(None, Finding(str(refusal), field=field.name, value=_short(clean)))
    if value is None or value == []:
        return Reading(None)
    wrong = check_value(field, value)
    if wrong is not None and wrong.level == "error":
        return Reading(None, replace(wrong, value=wrong.value or _short(clean)))
    return Reading(value, Finding(note, field=field.name, value=_short(clean)) if note else wrong)


def show(
    field: Field,
    value: Value,
    *,
    lang: str = "es",
    territory: Territory | None = None,
    currency: str = "",
) -> str:
    """`value` as a person writes it; JSON where no plainer text would be read back as the same."""
    text = shown(field, value, Habits(lang, territory, currency=currency))
    if text is not None and field.type in ("array", "object"):
        again = read(field, text, lang=lang, territory=territory, currency=currency)
        text = text if again.value == value else None
    return text if text is not None else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _says_nothing(field: Field, text: str) -> bool:
    if text.casefold() in _NOTHING:
        return True
    if field.type == "string" and field.format in _FREE_TEXT and not field.vocabulary:
        return False
    # a list may have a term for "none", which then means itself
    if field.vocabulary and vocabularies.find(field.vocabulary, text):
        return False
    return vocabularies.fold(text) in _NOTHING_CODED


def _read_json(field: Field, text: str) -> tuple[Value, str] | None:
    """A list or object written as JSON, as `show` does where nothing plainer fits."""
    if field.type not in ("array", "object") or not text.startswith(("[", "{")):
        return None
    try:
        value: Value = json.loads(text)
    except ValueError:
        return None
    return (value, "") if isinstance(value, list if field.type == "array" else dict) else None


@cache
def _reader(field: Field) -> _Reader:
    """Which function reads a field: by its type, then by vocabulary or format."""
    if field.type == "array":
        return _ENTRIES.get(field.name, _json_only) if field.items else _list
    if field.type == "integer" and field.name.endswith("itude_e6"):
        return _degrees
    if field.type == "integer" and field.format == "money":
        return _money
    if field.type == "string" and field.vocabulary:
        return _term
    return _TYPES.get(field.type) or _FORMATS.get(field.format, _text)


def _text(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    if field.format in ("text", "markdown"):
        return text.replace("\r\n", "\n").replace("\r", "\n"), ""
    return re.sub(r"\s*[\r\n]+\s*", " ", text), ""


def _boolean(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    word = vocabularies.fold(text) or text
    if word in ("si", "s", "yes", "y", "x", "1", "true", "verdadero", "t", "✓", "✔", "☑", "cierto"):
        return True, ""
    if word in ("no", "n", "0", "false", "falso", "f", "✗", "✘"):
        return False, ""
    raise _Refused("not-boolean")


def _integer(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    try:
        return numbers.read_integer(text, unit=field.unit), ""
    except NotANumber as error:
        raise _Refused("not-integer") from error


def _money(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    try:
        return numbers.read_money(text, currency=habits.currency or habits.territory.currency), ""
    except NotANumber as error:
        raise _Refused("money-unclear") from error


def _degrees(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    try:
        return numbers.read_degrees(text), ""
    except NotANumber as error:
        raise _Refused("position-unclear") from error


def _date(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    try:
        return dates.read_date(text, order=habits.order).isoformat(), ""
    except dates.NotADate as error:
        if str(error) != "date-serial":
            raise
        return dates.from_serial(text).date().isoformat(), "date-serial"


def _datetime(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    note = ""
    try:
        instant = dates.read_instant(
            text, habits.territory.zone, day_ends=field.format == "day_end", order=habits.order
        )
    except dates.NotADate as error:
        if str(error) != "date-serial":
            raise
        local = dates.from_serial(text).replace(tzinfo=habits.territory.zone)
        instant, note = local.astimezone(dates.UTC), "date-serial"
    return dates.stamp(instant), note


def _time(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    return ("24:00" if text == "24:00" else dates.read_time(text).strftime("%H:%M")), ""


def _term(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    found = vocabularies.find(field.vocabulary, text)
    if found:
        return found.id, "" if found.exact else "spelling-forgiven"
    if load_schema().vocabularies[field.vocabulary].open and check_value(field, text) is None:
        return text, "term-unlisted"
    raise _Refused("term-malformed")


def _district(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    found = habits.territory.find_district(text)
    if found:
        return found.id, "" if found.exact else "spelling-forgiven"
    if any(c.isdigit() for c in text) and " " not in text and check_value(field, text) is None:
        return text, ""  # another territory's code
    raise _Refused("district-unknown")


def _phone(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    place = habits.territory
    found = phones.read(text, region=place.phone_region, area=place.phone_area)
    if len(found.entries) != 1 or found.refused or set(found.entries[0]) != {"number"}:
        raise _Refused("several-values" if len(found.entries) > 1 else "phone-malformed")
    return found.entries[0]["number"], "phone-area-added" if found.area_added else ""


def _phones(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    place = habits.territory
    found = phones.read(text, region=place.phone_region, area=place.phone_area)
    if found.refused:
        raise _Refused("phone-malformed", "; ".join(found.refused))
    return list(found.entries), "phone-area-added" if found.area_added else ""


def _schedules(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    found = hours.read(text)
    if found is None:
        raise _Refused("schedule-unclear")
    return list(found), ""


def _links(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    """Addresses, each with its name before it if there is one: `Guía: https://…`."""
    entries: list[Value] = []
    for part in re.split(r"[;\n]", text):
        name: list[str] = []
        for word in part.split():
            address = word.strip(",<>")
            if not _ADDRESS.match(address):
                name.append(word)
                continue
            entry: dict[str, Value] = {"url": numbers.web_address(address)}
            title = " ".join(name).strip(" :,")
            entries.append(entry | ({"title": title} if title else {}))
            name = []
        if name:
            raise _Refused("url-malformed", part.strip())
    return entries, ""


def _items(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    """`cobijas 40; colchonetas 20/50 piezas; agua`: thing, quantity met of wanted, unit."""
    entries: list[Value] = []
    for part in filter(None, (p.strip() for p in re.split(r"[;\n]|,(?!\d)", text))):
        found = re.match(r"(.*?[^\s\d])\s+(?:(\d+)\s*/\s*)?(\d+)(?:\s+([^\d]+))?\Z", part)
        unit = vocabularies.match("units", found[4]) if found and found[4] else None
        if not found or (found[4] and unit is None):
            entries.append({"name": part})
            continue
        entry: dict[str, Value] = {"name": found[1], "quantity": int(found[3])}
        entry |= {"met": int(found[2])} if found[2] else {}
        entries.append(entry | ({"unit": unit} if unit else {}))
    return entries, ""


def _json_only(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    raise _Refused("not-list")


def _uri(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    return numbers.web_address(text), ""


def _email(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    if len(re.findall(r"@", text)) > 1:
        raise _Refused("several-values")
    local, at, domain = text.removeprefix("mailto:").strip(" .,;<>").partition("@")
    return local + at + domain.lower(), ""


def _postal_code(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    """Sheets take postal codes for numbers: 3300.0 was 03300."""
    figures = re.fullmatch(r"(\d+)(?:\.0+)?", text)
    wanted = habits.territory.postal_code_figures
    if not figures or not wanted or len(figures[1]) > wanted:
        return text, ""
    full = figures[1].zfill(wanted)
    return full, "" if full == text else "postal-code-mended"


def _code(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    return (text.upper() if field.format == "country" else text.lower()), ""


def _list(field: Field, text: str, habits: Habits) -> tuple[Value, str]:
    """Entries parted by lines or semicolons, and by commas where an entry cannot hold one."""
    one = one_of(field)
    entries: list[Value] = []
    notes: list[str] = []
    for part in _parts(field, text):
        entry, note = _reader(one)(one, part, habits)
        if entry is not None and entry not in entries:
            entries.append(entry)
        notes += [note] if note else []
    return entries, notes[0] if notes else ""


def _parts(field: Field, text: str) -> list[str]:
    """The entries of a list's text, in order."""
    if field.vocabulary or field.format in _COMMA_LISTS or field.name in ("keywords", "technologies"):
        parts = [p for part in re.split(r"[;|\r\n]", text) for p in _comma_parts(field, part.strip())]
    elif "\n" in text and field.format in _FREE_TEXT:
        parts = re.split(r"[\r\n]+", text)
    else:
        parts = re.split(r"[;\r\n]", text)
    return [p.strip(" \t•*·") for p in parts if p.strip(" \t•*·-")]


def _comma_parts(field: Field, text: str) -> list[str]:
    if field.format == "uri":
        return re.split(r"[,\s]\s*(?=\S+\.\S)", text)
    if field.vocabulary and vocabularies.find(field.vocabulary, text):
        return [text]  # a label may hold a comma or an "and"
    parts = re.split(r",|\s/\s", text)
    if field.vocabulary or field.format == "district":
        # "Iztapalapa y Tláhuac"; a label that holds the word was found whole above
        parts = [p for part in parts for p in _and_parts(field, part)]
    return parts


def _and_parts(field: Field, text: str) -> list[str]:
    whole = field.vocabulary and vocabularies.find(field.vocabulary, text.strip())
    return [text] if whole else re.split(r"\s(?:y|e|and|&)\s", text)


_TYPES: dict[str, _Reader] = {
    "boolean": _boolean, "integer": _integer, "date": _date, "datetime": _datetime, "object": _json_only,
}  # fmt: skip
_FORMATS: dict[str, _Reader] = {
    "uri": _uri, "email": _email, "phone": _phone, "district": _district, "postal_code": _postal_code,
    "time": _time, "date": _date, "country": _code, "salt": _code, "digest": _code,
}  # fmt: skip
_ENTRIES: dict[str, _Reader] = {
    "phones": _phones, "schedules": _schedules, "links": _links, "items": _items,
}  # fmt: skip


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
