"""Telephone numbers as people write them, several in one cell, and back. Calls nobody and checks no owner.

Kept as +525512345678 (E.164), or as the three to six figures of a short number such as 911.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import phonenumbers

from commons.model import Value
from commons.schema import vocabularies
from commons.schema.spec import load_schema

_PARTS = re.compile(
    r"\s*(?:[;\n|]|,(?=\s*(?:\+|\(|\d|[^\d,]{0,25}\d))|\s/\s|/(?=\s*\(?\+?\d{2,})|\s+[yóou]\s+(?:al\s+)?(?=\+?\(?\d))\s*"
)
_EXTENSION = re.compile(
    r"[\s,.(]*(?:\b(?:extensi[oó]n(?:es)?|extn?|exts?)\b|(?<=\d)\s*x(?=\s?\d))[\s.:#]*(\d{1,10})\)?", re.I
)
_NUMBER = re.compile(r"[+(]?\d[\d\s().\-–·]{2,}\d|\*?\d{3,6}#?")
_AS_FLOAT = re.compile(r"(\d(?:\.\d+)?)E\+?(\d{1,2})\Z", re.I)
_OLD_PREFIX = re.compile(r"(?:01|044|045)(?=\d{10}\Z)")
_SAYS_NOTHING = re.compile(r"\b(?:tel[eé]fonos?|tels?|phones?|n[uú]meros?|n[uú]m)\b[.:]*", re.I)
_IN_BRACKETS = re.compile(r"\(([^()]*[^\W\d_][^()]*)\)")
_LONGEST = 2_000  # a cell of phones is short; what is longer would only keep us busy
_SHORT = re.compile(r"[0-9*#]{3,6}\Z")


@dataclass(frozen=True, slots=True)
class Phones:
    """The entries of a `phones` list, the texts that are no number, whether an area code was added."""

    entries: tuple[dict[str, Value], ...]
    refused: tuple[str, ...] = ()
    area_added: bool = False


def read(text: str, *, region: str, area: str = "") -> Phones:
    """All numbers of one cell with their extensions, kinds and notes."""
    if len(text) > _LONGEST:
        return Phones((), (text,))
    entries: list[dict[str, Value]] = []
    refused: list[str] = []
    added = False
    for part in _PARTS.split(text.strip()):
        if not part.strip(" .,-"):
            continue
        read_part = _entry(part, region, area)
        if read_part is None:
            refused.append(part.strip())
            continue
        entry, lengthened = read_part
        added = added or lengthened
        if entry not in entries:
            entries.append(entry)
    return Phones(tuple(entries), tuple(refused), added)


def show_number(number: str, *, region: str) -> str:
    """55 5555 0134 at home, +44 20 7946 0000 abroad."""
    if not number.startswith("+"):
        return number
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    at_home = parsed.country_code == phonenumbers.country_code_for_region(region)
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, style.NATIONAL if at_home else style.INTERNATIONAL)


def show(entries: Sequence[Mapping[str, Value]], *, region: str, lang: str) -> str:
    """The cell of a sheet; `read` makes the same list of it, save for languages."""
    schema = load_schema()
    texts = []
    for entry in entries:
        text = show_number(str(entry["number"]), region=region)
        if entry.get("extension"):
            text += f" ext. {entry['extension']}"
        if entry.get("kind"):
            text += f" {schema.label('phone_kinds', str(entry['kind']), lang)}"
        if entry.get("description"):
            text += f" ({entry['description']})"
        texts.append(text)
    return "; ".join(texts)


def _entry(part: str, region: str, area: str) -> tuple[dict[str, Value], bool] | None:
    extension = _EXTENSION.search(part)
    rest = part[: extension.start()] + " " + part[extension.end() :] if extension else part
    as_float = _AS_FLOAT.match(rest.strip())
    if as_float:  # a spreadsheet took the number for an amount
        rest = str(round(float(as_float[1]) * 10 ** int(as_float[2])))
    # what stands in brackets with words is a note: «415 621 2929 (24 horas)»
    bare = _IN_BRACKETS.sub(lambda note: " " * len(note[0]), rest)
    numerals = list(_NUMBER.finditer(bare if _NUMBER.search(bare) else rest))
    readings = [(m, n) for m in numerals if (n := _numeral(m[0], region, area)) is not None]
    if len(readings) != 1:
        return None
    found, (number, lengthened) = readings[0]
    entry: dict[str, Value] = {"number": number}
    if extension:
        entry["extension"] = extension[1]
    words = rest[: found.start()] + " " + rest[found.end() :]
    if re.search(r"\d{4,}", words):
        return None  # more figures than the number has: two numbers glued together, or one mistyped
    note = _words(words, entry)
    if note:
        entry["description"] = note[:200]
    return entry, lengthened


def _words(text: str, entry: dict[str, Value]) -> str:
    """Sets the kind of the entry from the words around the number; what is left is its note."""
    inside = _IN_BRACKETS.search(text)
    outside = text.replace(inside[0], " ") if inside else text
    outside = _SAYS_NOTHING.sub(" ", outside).strip(" .,:;-–()[]")
    words = outside.split()
    kind = vocabularies.match("phone_kinds", outside) if outside else None
    if kind is None and words:
        kinds = [k for w in words if (k := vocabularies.match("phone_kinds", w))]
        kind = kinds[0] if len(kinds) == 1 and len(words) == 1 else None
    if kind:
        entry["kind"] = kind
        outside = ""
    note = inside[1].strip() if inside else ""
    if note and not kind and not outside and (kind := vocabularies.match("phone_kinds", note)):
        entry["kind"] = kind
        return ""
    return " ".join(filter(None, (outside, note)))


def _numeral(text: str, region: str, area: str) -> tuple[str, bool] | None:
    """(kept form, whether the area code was added)."""
    figures = re.sub(r"[^\d+*#]", "", text)
    if _SHORT.match(figures) and len(figures) <= 6:
        return figures, False
    lengthened = False
    if region == "MX" and not figures.startswith("+"):
        figures = _OLD_PREFIX.sub("", figures)
        if re.match(r"52(\d{10}|1\d{10})\Z", figures):
            figures = "+" + figures
    # «55 5550 00» is a long number cut short, not a short one without its area
    cut = re.match(rf"\(?{area}\)?[\s-]", text)
    if area and not cut and figures.isdigit() and len(figures) == 10 - len(area):
        figures, lengthened = area + figures, True
    if figures.startswith("+521") and len(figures) == 14:
        figures = "+52" + figures[4:]  # the 1 of mobiles, given up in 2019
    try:
        parsed = phonenumbers.parse(figures, region or None)
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), lengthened
