"""Whole numbers, money, positions and web addresses as people write them. Rounds nothing away in silence."""

from __future__ import annotations

import re
from decimal import Decimal

E6 = 1_000_000
# Currencies without cents; all others here have two figures.
_NO_CENTS = {"CLP", "JPY", "KRW", "PYG", "VND", "ISK", "UGX", "XAF", "XOF", "RWF", "VUV", "KMF", "GNF", "DJF"}
_UNITS = {
    "people": r"personas?|gentes?|lugares|camas|people|persons?|places|beds|asistentes|adultos",
    "year": r"a[nñ]os?|years?|yrs?",
    "hour": r"horas?|hrs?\.?|hours?|h",
    "minute": r"minutos?|min\.?|minutes?",
    "kilometre": r"km\.?|kil[oó]metros?|kilometres?",
    "byte": r"bytes?",
}
_SYMBOLS = re.compile(
    r"(?i)mxn|m\.\s?n\.?|pesos?|usd|us\$|d[oó]lares?|dollars?|eur(?:os?)?|gbp|[$€£¥]|/100|mil\b"
)
_DMS = re.compile(
    r"(\d{1,3})\s*[°º]\s*(?:(\d{1,2})\s*['′’]\s*)?(?:(\d{1,2}(?:[.,]\d+)?)\s*(?:\"|″|”|'')\s*)?([NSEWO])?\Z",
    re.I,
)
_PAIR = re.compile(r"\(?\s*([+-]?\d{1,2}[.]\d+)\s*°?\s*[,;\s]\s*([+-]?\d{1,3}[.]\d+)\s*°?\s*\)?\Z")


class NotANumber(ValueError):
    """The text is not one plain number of the kind asked for."""


def read_integer(text: str, *, unit: str = "") -> int:
    """1,200 and 1.200 and 1 200 are 1200; 85.0 is 85; the field's own unit may follow. Raises NotANumber."""
    words = _UNITS.get(unit)
    if words:
        text = re.sub(rf"(?<=\d)\s*(?:{words})\Z", "", text.strip(), flags=re.I)
    value = _decimal(text)
    if value != value.to_integral_value():
        raise NotANumber(text)
    return int(value)


def read_money(text: str, *, currency: str) -> int:
    """Minor units of `currency`: $1,250.50 is 125050. Raises NotANumber."""
    if re.search(r"(?i)\bmil\b|\bmill?[oó]n", text):
        raise NotANumber(text)
    bare = _SYMBOLS.sub(" ", text)
    scaled = _decimal(bare) * (1 if currency in _NO_CENTS else 100)
    if scaled != scaled.to_integral_value():
        raise NotANumber(text)
    return int(scaled)


def show_money(value: int, *, currency: str) -> str:
    """1250.50: figures only, the currency has a field of its own."""
    if currency in _NO_CENTS:
        return str(value)
    sign, whole, cents = "-" if value < 0 else "", abs(value) // 100, abs(value) % 100
    return f"{sign}{whole}.{cents:02d}"


def read_degrees(text: str) -> int:
    """Millionths of a degree from 19.4326, 19,4326 or 19°25'57"N, rounded. Raises NotANumber."""
    text = text.strip()
    dms = _DMS.match(text)
    if dms:
        degrees = (
            Decimal(dms[1]) + Decimal(dms[2] or 0) / 60 + Decimal((dms[3] or "0").replace(",", ".")) / 3600
        )
        negative = (dms[4] or "").upper() in ("S", "W", "O")
        return int((-degrees if negative else degrees).scaleb(6).to_integral_value())
    plain = text.replace(",", ".").replace("−", "-").removesuffix("°").strip()
    if not re.fullmatch(r"[+-]?\d{1,3}(\.\d+)?", plain):
        raise NotANumber(text)
    return int(Decimal(plain).scaleb(6).to_integral_value())


def show_degrees(value: int) -> str:
    """19.432600: always six figures after the point."""
    return f"{'-' if value < 0 else ''}{abs(value) // E6}.{abs(value) % E6:06d}"


def read_position(text: str) -> tuple[int, int] | None:
    """(latitude_e6, longitude_e6) of one cell such as `19.4326, -99.1332`; None if it is no such pair."""
    found = _PAIR.match(text.strip().replace("−", "-"))
    if not found:
        return None
    latitude, longitude = read_degrees(found[1]), read_degrees(found[2])
    return (latitude, longitude) if abs(latitude) <= 90 * E6 and abs(longitude) <= 180 * E6 else None


def web_address(text: str) -> str:
    """The address with its https:// where somebody left that out; otherwise as it is."""
    text = text.strip().strip("<>").rstrip(".,;")
    bare = re.match(r"(?:www\.)?[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(?:[/?#]\S*)?\Z", text, re.I)
    return "https://" + text if bare else text


def _decimal(text: str) -> Decimal:
    """One number; thousands may be parted by comma, point, apostrophe or space."""
    text = re.sub(r"(?<=\d)[\s\u00a0'’](?=\d{3}(?:\D|\Z))", "", text.strip().replace("−", "-"))
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    elif re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?", text):
        text = text.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"[+-]?\d+,\d{1,2}", text):
        text = text.replace(",", ".")
    if not re.fullmatch(r"[+-]?\d{1,18}(\.\d{1,9})?", text):
        raise NotANumber(text)
    return Decimal(text)
