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
from datasette_commons.portal.words import date_words, number_words

_LONGEST_LINK_TEXT = 60
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


def pieces(
    field: Field, value: Any, *, site: Site, links: Links, targets: Mapping[str, Card] | None = None
) -> list[Piece]:
    """The lines of a value; none where there is nothing that may be shown."""
    if isinstance(value, list):
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
        return Piece(site.schema.label(field.vocabulary, text, links.lang))
    made = _FORMATS.get(field.format)
    if made is not None:
        return made(text)
    if field.format == "district":
        return Piece(site.district_name(text), href=links.page("district", text))
    if field.type in ("date", "datetime"):
        return Piece(date_words(text))
    return Piece(text, own_words=True)


def _number(field: Field, value: int) -> str:
    if field.unit == "people":
        return ngettext("{n} person", "{n} people", value).format(n=number_words(value))
    if field.unit == "year" and "age" in field.name:
        return ngettext("{n} year", "{n} years", value).format(n=value)
    return str(value) if field.unit == "year" else number_words(value)


def money(amount: int, currency: str) -> str:
    """Minor units in words: $50.00 MXN."""
    text = number_words(amount) if currency in _WITHOUT_CENTS else f"{amount // 100:,}.{amount % 100:02d}"
    return f"${text} {currency}".strip() if currency in ("", "MXN", "USD") else f"{text} {currency}"


def _markdown(text: str) -> Piece:
    return Piece(html=prose(text), own_words=True)


def _url(text: str) -> Piece:
    address = safe_url(text)
    shown = text.removeprefix("https://").removeprefix("http://").rstrip("/")
    if len(shown) > _LONGEST_LINK_TEXT:
        shown = shown[: _LONGEST_LINK_TEXT - 1] + "…"
    return Piece(shown if address else text, href=address)


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
    words = " · ".join(str(v) for v in item.values() if isinstance(v, str | int))
    return Piece(words, own_words=True) if words else None


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
