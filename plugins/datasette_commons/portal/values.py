"""A field's value as a reader sees it: words and links. Trusts no value: it was written by a member.

A value becomes a list of pieces; the template shows each on a line of its own and escapes all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from commons.messages import ngettext
from commons.messages import translate as _
from commons.pool.read import Card
from commons.schema.spec import Field
from datasette_commons.portal.hours import schedule_words
from datasette_commons.portal.links import Links
from datasette_commons.portal.markdown import mail_url, prose, safe_url, tel_url
from datasette_commons.portal.site import Site
from datasette_commons.portal.words import date_words, moment_words, number_words

_LONGEST_LINK_TEXT = 60
_WITH_HOUR = frozenset(
    {"starts_at", "ends_at", "closes_at", "registration_closes_at", "needed_by", "observed_at"}
)
_WITHOUT_CENTS = frozenset({"CLP", "JPY", "KRW", "PYG", "VND"})


@dataclass(frozen=True, slots=True)
class Piece:
    """One line of a value."""

    text: str = ""
    href: str | None = None
    html: Markup | None = None
    note: str = ""
    style: str = ""  # "tel" for a number that wants to be big
    own_words: bool = False  # written by the member, so in the record's language
    parts: tuple[Piece, ...] = ()  # several short things on one line


def pieces(
    field: Field, value: Any, *, site: Site, links: Links, targets: Mapping[str, Card] | None = None
) -> list[Piece]:
    """The lines of a value; none where there is nothing that may be shown."""
    if isinstance(value, list):
        if field.vocabulary and not field.items:
            return [Piece(parts=tuple(_term(field, str(item), site, links) for item in value))]
        if field.items:
            found = [_object(field, item, site, links) for item in value if isinstance(item, Mapping)]
        else:
            found = [_single(field, item, site, links) for item in value]
        return [piece for piece in found if piece is not None]
    if field.target and field.format == "reference":
        card = (targets or {}).get(field.name)
        return [Piece(card.title or card.address, href=links.record(card.short, card.slug))] if card else []
    piece = _single(field, value, site, links)
    return [piece] if piece is not None else []


def _single(field: Field, value: Any, site: Site, links: Links) -> Piece | None:
    if isinstance(value, bool):
        return Piece(_("yes") if value else _("no"))
    if isinstance(value, int):
        return Piece(_number(field, value))
    text = str(value)
    if field.vocabulary:
        return _term(field, text, site, links)
    made = _FORMATS.get(field.format)
    if made is not None:
        return made(text)
    if field.format == "district":
        return Piece(site.district_name(text), href=links.page("district", text))
    if field.type == "datetime" and field.name in _WITH_HOUR:
        return Piece(moment_words(text))
    if field.type in ("date", "datetime"):
        return Piece(date_words(text))
    return Piece(text, own_words=True)


def _term(field: Field, term: str, site: Site, links: Links) -> Piece:
    href = links.page("topic", term) if field.vocabulary == "topics" else None
    return Piece(site.schema.label(field.vocabulary, term, links.lang), href=href)


def _number(field: Field, value: int) -> str:
    if field.unit == "people":
        return ngettext("{n} person", "{n} people", value).format(n=number_words(value))
    if field.unit == "year" and "age" in field.name:
        return ngettext("{n} year", "{n} years", value).format(n=value)
    return str(value) if field.unit == "year" else number_words(value)


def money(amount: int, currency: str) -> str:
    """Minor units in words: $50 MXN, $50.50 MXN."""
    if currency in _WITHOUT_CENTS:
        text = number_words(amount)
    else:
        text = f"{amount // 100:,}" + (f".{amount % 100:02d}" if amount % 100 else "")
    return f"${text} {currency}".strip() if currency in ("", "MXN", "USD") else f"{text} {currency}"


def _markdown(text: str) -> Piece:
    return Piece(html=prose(text), own_words=True)


def _url(text: str) -> Piece | None:
    address = safe_url(text)
    if address is None:  # an address that may not be followed is of no use to a reader
        return None
    shown = text.removeprefix("https://").removeprefix("http://").rstrip("/")
    if len(shown) > _LONGEST_LINK_TEXT:
        shown = shown[: _LONGEST_LINK_TEXT - 1] + "…"
    return Piece(shown, href=address)


link_piece = _url


def _email(text: str) -> Piece:
    return Piece(text, href=mail_url(text))


def _phone(text: str) -> Piece:
    return Piece(phone_words(text), href=tel_url(text), style="tel")


_FORMATS = {"markdown": _markdown, "uri": _url, "email": _email, "phone": _phone}


def phone_words(number: str) -> str:
    """A number in groups that can be read aloud: +525512345678 as 55 1234 5678."""
    digits = number.removeprefix("+52") if number.startswith("+52") else number
    if digits.isdigit() and len(digits) == 10:
        if digits[:2] in ("55", "56", "33", "81"):
            return f"{digits[:2]} {digits[2:6]} {digits[6:]}"
        return f"{digits[:3]} {digits[3:6]} {digits[6:]}"
    return number


def _object(field: Field, item: Mapping[str, Any], site: Site, links: Links) -> Piece | None:
    if field.name == "phones":
        return _phone_object(field, item, site, links)
    if field.name == "schedules":
        words = schedule_words(item)
        return Piece(words) if words else None
    if "url" in item:
        return _link_object(field, item, site, links)
    return _listed_object(field, item, site, links)


def _link_object(field: Field, item: Mapping[str, Any], site: Site, links: Links) -> Piece | None:
    """A link with its name, format and size: whoever pays for data wants to know before they tap."""
    link = _url(str(item["url"]))
    if link is None:
        return None
    notes = []
    if item.get("format") and "format" in field.items:
        notes.append(site.schema.label(field.items["format"].vocabulary, str(item["format"]), links.lang))
    if isinstance(item.get("size_bytes"), int):
        notes.append(size_words(item["size_bytes"]))
    return Piece(str(item.get("title") or link.text), href=link.href, note=", ".join(notes))


def size_words(size: int) -> str:
    """2 MB, 340 kB."""
    return f"{max(1, round(size / 1000)):,} kB" if size < 1_000_000 else f"{size / 1_000_000:,.1f} MB"


def _listed_object(field: Field, item: Mapping[str, Any], site: Site, links: Links) -> Piece | None:
    parts = []
    for name, known in field.items.items():
        value = item.get(name)
        if value is None or isinstance(value, list | dict):
            continue
        text = str(value)
        parts.append(site.schema.label(known.vocabulary, text, links.lang) if known.vocabulary else text)
    return Piece(" ".join(parts), own_words=True) if parts else None


def _phone_object(field: Field, item: Mapping[str, Any], site: Site, links: Links) -> Piece | None:
    number = str(item.get("number") or "")
    if not number:
        return None
    notes = []
    if item.get("extension"):
        notes.append(_("ext. {n}").format(n=item["extension"]))
    kind = item.get("kind")
    if kind and kind != "voice":
        notes.append(site.schema.label(field.items["kind"].vocabulary, str(kind), links.lang))
    if item.get("description"):
        notes.append(str(item["description"]))
    return Piece(phone_words(number), href=tel_url(number), note=", ".join(notes), style="tel")
