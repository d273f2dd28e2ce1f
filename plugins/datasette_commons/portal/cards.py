"""Things as lists show them: type, title, one line, where, who says so, how fresh."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, replace

from commons.messages import in_language
from commons.messages import translate as _
from commons.pool.contract import CONTACTS
from commons.pool.read import Card
from datasette_commons.portal.links import Links
from datasette_commons.portal.markdown import plain
from datasette_commons.portal.site import Site
from datasette_commons.portal.words import Freshness, freshness, joined, moment_words

_LINE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class CardView:
    """A card in the current language."""

    kind: str
    title: str
    url: str
    lang: str | None  # of title and line, where it is not the page's
    line: str
    where: str
    when: str
    urgent: str
    who: str
    fresh: Freshness


def card_views(cards: Iterable[Card], site: Site, links: Links, today: datetime.date) -> tuple[CardView, ...]:
    """In the given order."""
    return tuple(card_view(card, site, links, today) for card in cards)


def card_view(card: Card, site: Site, links: Links, today: datetime.date) -> CardView:
    names = [site.member_name(member) for member in card.members]
    return CardView(
        kind=type_title(site, card.type),
        title=card.title or card.address,
        url=links.record(card.short, card.slug),
        lang=card.language if card.language != links.lang else None,
        line=one_line(card),
        where=where(card, site),
        when=when(card, site),
        urgent=urgent(card, site, links),
        who=joined(names),
        fresh=freshness_of(card, site, today),
    )


def without_lapsed(card: Card, site: Site) -> tuple[Card, bool]:
    """The card without contacts, and True, where every release that it rests on has run out: a number that
    nobody stands by any more may ring at a stranger's."""
    if not card.members or not all(site.has_lapsed(member) for member in card.members):
        return card, False
    fields = {name: value for name, value in card.fields.items() if name not in CONTACTS}
    return replace(card, fields=fields), len(fields) < len(card.fields)


def freshness_of(card: Card, site: Site, today: datetime.date) -> Freshness:
    """How far a card can be relied on."""
    return freshness(
        card.type,
        confirm_days=site.confirm_days(card.type),
        confirmed_at=card.confirmed_at,
        expires_at=card.expires_at,
        today=today,
        has_phone=bool(without_lapsed(card, site)[0].fields.get("phones")),
    )


def type_title(site: Site, name: str, *, plural: bool = False) -> str:
    rtype = site.schema.types.get(name)
    if rtype is None:
        return name
    return in_language(rtype.plural if plural else rtype.title)


def one_line(card: Card) -> str:
    """The summary, else the description or the keywords (two of one name are told apart), cut at a word."""
    keywords = card.fields.get("keywords")
    words = ", ".join(map(str, keywords)) if isinstance(keywords, list) else ""
    text = plain(str(card.fields.get("summary") or card.fields.get("description") or words))
    if len(text) <= _LINE_LENGTH:
        return text
    return text[:_LINE_LENGTH].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def when(card: Card, site: Site) -> str:
    """What a reader must not miss: when it begins, closes or is needed."""
    if card.type == "event" and card.fields.get("starts_at"):
        return moment_words(str(card.fields["starts_at"]))
    if card.fields.get("closes_at"):
        return _("Closes on {date}").format(date=moment_words(str(card.fields["closes_at"])))
    if card.fields.get("needed_by"):
        return _("Needed by {date}").format(date=moment_words(str(card.fields["needed_by"])))
    return ""


def urgent(card: Card, site: Site, links: Links) -> str:
    """How soon something is lacking, where that is now or today."""
    urgency = str(card.fields.get("urgency") or "")
    if urgency not in ("critical", "high"):
        return ""
    soon = site.schema.label("urgency", urgency, links.lang)
    return _("Urgent: {soon}").format(soon=soon[:1].lower() + soon[1:])


def where(card: Card, site: Site) -> str:
    """Neighbourhood and district, as far as known."""
    parts = [str(card.fields.get("neighbourhood") or ""), site.district_name(card.district)]
    return ", ".join(dict.fromkeys(part for part in parts if part))
