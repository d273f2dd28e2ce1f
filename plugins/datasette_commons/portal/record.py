"""A thing's page, for its reader: what the reader of this type needs first stands first.

Says values and who says them; a value where members differ is shown beside its rivals, and nobody is called
wrong.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from commons.messages import in_language, ngettext
from commons.messages import translate as _
from commons.pool.contract import CONTACTS
from commons.pool.read import Card, Thing
from commons.schema.spec import Field, RecordType
from datasette_commons.portal.cards import (
    CardView,
    card_views,
    freshness_of,
    type_title,
    urgent,
    where,
    without_lapsed,
)
from datasette_commons.portal.differences import RivalView, differences
from datasette_commons.portal.layout import (
    BAD_NEWS,
    CALL,
    ELSEWHERE,
    IN_ORDER,
    LAYOUT,
    OTHERS,
    PLAIN_SPOKEN,
)
from datasette_commons.portal.links import Links
from datasette_commons.portal.markdown import tel_url
from datasette_commons.portal.site import Site
from datasette_commons.portal.values import Piece, money, phone_words, pieces
from datasette_commons.portal.words import Freshness, date_words, freshness, joined, month_words, parse_day


@dataclass(frozen=True, slots=True)
class FactRow:
    """One row of the facts: a heading and its lines."""

    label: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class VoiceView:
    """One member's word on this thing."""

    name: str
    url: str
    is_subject: bool
    fresh: Freshness
    since: str
    licence: str
    source: str
    address: str


@dataclass(frozen=True, slots=True)
class RecordView:
    """All that the page shows."""

    kind: str
    title: str
    lang: str | None
    summary: str
    description: str
    text: str
    place_words: str
    fresh: Freshness
    urgent: str
    alert: str
    status: str
    is_urgent: bool
    call: tuple[str, str] | None  # words, tel: address
    way: str | None  # geo: address
    facts: tuple[FactRow, ...]
    more: tuple[FactRow, ...]
    held: bool
    lapsed: bool  # contacts are not shown: nobody has confirmed them for more than a release is valid
    voices: tuple[VoiceView, ...]
    origins: tuple[tuple[str, str], ...]  # where several speak: who, and what of it is their word
    rivals: tuple[tuple[str, str, tuple[RivalView, ...]], ...]  # label, sentence, values
    related: tuple[tuple[str, tuple[CardView, ...]], ...]
    code: str
    address: str
    citation: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: this portal, this language, this day."""

    site: Site
    links: Links
    today: datetime.date


def _left_out(thing: Thing, site: Site) -> bool:
    """Whether the merge left contacts out, since whoever said them let their release run out."""
    return not thing.card.fields.keys() & CONTACTS and any(
        claim.fields.keys() & CONTACTS for claim in thing.claims if site.has_lapsed(claim.member)
    )


def record_view(thing: Thing, reader: Reader) -> RecordView:
    """The page of `thing` in the current language."""
    site = reader.site
    card, hidden = without_lapsed(thing.card, site)
    lapsed = hidden or _left_out(thing, site)
    thing = replace(thing, card=card)
    rtype = site.schema.types[card.type]
    facts, more = _facts(thing, rtype, reader)
    status = str(card.fields.get("status") or "")
    return RecordView(
        kind=type_title(site, card.type),
        title=card.title or card.address,
        lang=card.language if card.language != reader.links.lang else None,
        summary=str(card.fields.get("summary") or ""),
        description=str(card.fields.get("description") or ""),
        text=str(card.fields.get("text") or ""),
        place_words=where(card, site),
        fresh=freshness_of(card, site, reader.today),
        urgent=urgent(card, site, reader.links),
        alert=str(card.fields.get("alert") or ""),
        status="" if status in IN_ORDER else _label(rtype, "status", status, reader),
        is_urgent=status in BAD_NEWS,
        call=_call(card),
        way=_way(card) or _way(thing.refers_to.get("place")),
        facts=tuple(facts),
        more=tuple(more),
        held=bool(thing.held),
        lapsed=lapsed,
        voices=tuple(_voice(thing, i, reader) for i in range(len(thing.claims))),
        origins=tuple(_origins(thing, rtype, reader)),
        rivals=tuple(differences(thing, rtype, site, reader.links, lapsed=lapsed)),
        related=tuple(_related(thing, reader)),
        code=card.short,
        address=card.address,
        citation=_citation(thing, reader),
    )


def _facts(thing: Thing, rtype: RecordType, reader: Reader) -> tuple[list[FactRow], list[FactRow]]:
    rows = LAYOUT.get(rtype.name, OTHERS)
    placed = {name for _heading, names in rows for name in names} | ELSEWHERE
    first = [row for heading, names in rows for row in _row(thing, rtype, heading, names, reader)]
    rest = [name for name in rtype.fields if name not in placed]
    more = [row for name in rest for row in _row(thing, rtype, "", (name,), reader)]
    return first, more


def _row(
    thing: Thing, rtype: RecordType, heading: str, names: tuple[str, ...], reader: Reader
) -> Iterator[FactRow]:
    known = [name for name in names if name in rtype.fields and name in thing.card.fields]
    named = bool(heading) and len(names) > 1
    lines = [piece for name in known for piece in _lines(thing, rtype.fields[name], reader, named=named)]
    if lines:
        if heading == CALL[0] and not {"phones", "email"}.intersection(known):
            heading = ""  # nobody is called or written to by a page
        label = _(heading) if heading else in_language(rtype.fields[known[0]].title)
        yield FactRow(label, tuple(lines))


def _lines(thing: Thing, field: Field, reader: Reader, *, named: bool) -> list[Piece]:
    values = thing.card.fields
    value = values[field.name]
    if field.name == "is_free":
        return [Piece(_("Free of charge") if value else _("Not free of charge"))]
    if field.name in ("hours_minimum", "hours_maximum"):
        return _hours(field.name, thing, reader)
    if field.format == "money":
        lines = [Piece(money(int(value), str(values.get("currency") or "")))]
        return _with_name(field, lines) if named else lines
    if field.name == "capacity" and values.get("counted_at"):
        counted = _("counted on {date}").format(date=date_words(values["counted_at"]))
        return [replace(piece, note=counted) for piece in _plain(field, value, thing, reader)]
    if field.name == "phones":
        return _phones(field, value, thing, reader)
    lines = _plain(field, value, thing, reader)
    if field.name == "place" and lines:
        return [*lines, *_address_of(thing.refers_to.get("place"), reader)]
    if named and (field.name == "postal_code" or field.type in ("integer", "boolean", "date", "datetime")):
        return _with_name(field, lines)
    return lines


def _hours(name: str, thing: Thing, reader: Reader) -> list[Piece]:
    """2 to 4 hours a week: said once, in place of the least."""
    values = thing.card.fields
    least, most = values.get("hours_minimum"), values.get("hours_maximum")
    if name == "hours_maximum" and least is not None:
        return []
    if least is not None and most is not None and least != most:
        words = _("{least} to {most} hours").format(least=least, most=most)
    else:
        hours = int(least if least is not None else most or 0)
        words = ngettext("{n} hour", "{n} hours", hours).format(n=hours)
    per = str(values.get("hours_per") or "")
    return [
        Piece(f"{words} · {reader.site.schema.label('hours_per', per, reader.links.lang)}" if per else words)
    ]


def _phones(field: Field, value: list[Any], thing: Thing, reader: Reader) -> list[Piece]:
    """Every number; where not all members give it, who does: people ask "which one do I go by?"."""
    everybody = {claim.member for claim in thing.claims}
    lines = []
    for item in value:
        number = item.get("number") if isinstance(item, Mapping) else None
        sayers = [c.member for c in thing.claims if number in _numbers(c.fields.get("phones"))]
        for piece in _plain(field, [item], thing, reader):
            if sayers and set(sayers) != everybody:
                names = joined([reader.site.member_name(m) for m in dict.fromkeys(sayers)])
                said = _("{names} says so").format(names=names)
                piece = replace(piece, note=f"{piece.note}; {said}" if piece.note else said)
            lines.append(piece)
    return lines


def _numbers(phones: Any) -> set[str]:
    found = phones if isinstance(phones, list) else []
    return {str(phone.get("number")) for phone in found if isinstance(phone, Mapping)}


def _with_name(field: Field, lines: list[Piece]) -> list[Piece]:
    if field.name in PLAIN_SPOKEN:
        return lines
    title = in_language(field.title)
    return [replace(piece, text=f"{title}: {piece.text}") for piece in lines]


def _address_of(place: Card | None, reader: Reader) -> list[Piece]:
    """Where a place is, for the page of what happens there."""
    if place is None:
        return []
    rtype = reader.site.schema.types[place.type]
    names = [n for n in ("street_address", "neighbourhood", "directions") if n in place.fields]
    return [
        piece
        for name in names
        for piece in pieces(rtype.fields[name], place.fields[name], site=reader.site, links=reader.links)
    ]


def _plain(field: Field, value: Any, thing: Thing, reader: Reader) -> list[Piece]:
    return pieces(field, value, site=reader.site, links=reader.links, targets=thing.refers_to)


def _label(rtype: RecordType, name: str, value: str, reader: Reader) -> str:
    field = rtype.fields.get(name)
    return reader.site.schema.label(field.vocabulary, value, reader.links.lang) if field and value else value


def _call(card: Card) -> tuple[str, str] | None:
    for phone in card.fields.get("phones") or ():
        number = str(phone.get("number") or "") if isinstance(phone, Mapping) else ""
        address = tel_url(number)
        if address and phone.get("kind") != "fax":
            return phone_words(number), address
    return None


def _way(card: Card | None) -> str | None:
    if card is None:
        return None
    latitude, longitude = card.fields.get("latitude"), card.fields.get("longitude")
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    return f"geo:{latitude:.6f},{longitude:.6f}"


def _voice(thing: Thing, number: int, reader: Reader) -> VoiceView:
    claim = thing.claims[number]
    fields = claim.fields
    licence = str(fields.get("licence") or "") or reader.site.licence_of(claim.member)
    created = parse_day(fields.get("created_at"))
    return VoiceView(
        name=reader.site.member_name(claim.member),
        url=reader.links.page("member", claim.member),
        is_subject=claim.member == thing.subject,
        fresh=freshness(
            thing.card.type,
            confirm_days=reader.site.confirm_days(thing.card.type),
            confirmed_at=fields.get("confirmed_at"),
            expires_at=fields.get("expires_at"),
            today=reader.today,
            has_phone=bool(fields.get("phones")),
        ),
        since=_("Here since {month}").format(month=month_words(created)) if created else "",
        licence=licence,
        source=str(fields.get("source") or ""),
        address=claim.address,
    )


def _origins(thing: Thing, rtype: RecordType, reader: Reader) -> Iterator[tuple[str, str]]:
    """(who, which of the shown values are their word); computed from the claims: it can say nothing else.

    What the same members say stands together: else one name would stand beside every field.
    """
    if len({claim.member for claim in thing.claims}) < 2:
        return
    said: dict[str, list[str]] = {}
    for name, value in thing.card.fields.items():
        field = rtype.fields.get(name)
        if field is None or field.format == "reference":
            continue
        members = [claim.member for claim in thing.claims if _says(claim.fields.get(name), value)]
        if members:
            names = [reader.site.member_name(member) for member in dict.fromkeys(members)]
            said.setdefault(joined(names), []).append(in_language(field.title))
    for names_said, labels in said.items():
        yield names_said, ", ".join(labels)


def _says(said: Any, shown: Any) -> bool:
    """Whether a claim's value is the one that is shown, or a part of it where values are united."""
    if isinstance(said, list) and isinstance(shown, list):
        return any(item in shown for item in said)
    return said is not None and bool(said == shown)


def _related(thing: Thing, reader: Reader) -> Iterator[tuple[str, tuple[CardView, ...]]]:
    for name, cards in thing.referred_by.items():
        views = card_views(cards, reader.site, reader.links, reader.today)
        yield type_title(reader.site, name, plural=True), views


def _citation(thing: Thing, reader: Reader) -> str:
    names = [reader.site.member_name(member) for member in thing.card.members]
    return _("{names}: “{title}”. In: {federation}. Read on {date}.").format(
        names=joined(names),
        title=thing.card.title,
        federation=reader.site.name,
        date=date_words(reader.today.isoformat()),
    )
