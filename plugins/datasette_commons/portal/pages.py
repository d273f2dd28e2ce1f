"""What each page says. Takes a request apart, asks the pool, hands values to a template; renders nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from commons.addresses import SHORT_LENGTH, Address, NotAnAddress, short_code
from commons.messages import in_language, ngettext
from commons.messages import translate as _
from commons.pool.find import overview
from commons.pool.read import Answer, Gone, Held, Pool, Several, Thing
from commons.pool.why import Why
from datasette_commons.portal.cards import card_views, freshness_of
from datasette_commons.portal.exports import about_json, member_json, thing_json
from datasette_commons.portal.links import PATHS, Links
from datasette_commons.portal.lists import DOOR_WORDS, DOORS, Query, named_values
from datasette_commons.portal.people import about_view, member_view
from datasette_commons.portal.record import Reader, record_view
from datasette_commons.portal.rendering import Page
from datasette_commons.portal.site import Site
from datasette_commons.portal.standing import successor
from datasette_commons.portal.together import (
    Background,
    background,
    not_views,
    proposal_of,
    relation_views,
    together_view,
)
from datasette_commons.portal.words import end_words, number_words

_LISTED = 6
_WHOLE_CODE = re.compile(f"[a-z2-7]{{{SHORT_LENGTH}}}")
_HELD_STATUS = 403  # it is there, and is not shown: neither gone for good (410) nor unknown (404)


async def home(site: Site, links: Links, query: Query) -> Page:
    today = site.today()
    counts = overview(site.index, site.hour())
    lately = await site.ask(lambda pool: _lately(pool, site.hour()))
    fresh = [c for c in lately[1] if freshness_of(c, site, today).kind == "confirmed"]
    values = {
        "title": site.name,
        "sentence": _who_stands_behind(site),
        "doors": tuple(_doors(site, links, counts["type"])),
        "types": tuple(named_values(site, links, "type", counts["type"])),
        "topics": tuple(named_values(site, links, "topic", counts["topic"])),
        "districts": tuple(named_values(site, links, "district", counts["district"])),
        "new": card_views(lately[0], site, links, today),
        "confirmed": card_views(fresh, site, links, today),
        "members": tuple(
            (site.member_name(m.id), links.page("member", m.id), counts["member"].get(m.id, 0))
            for m in site.members
        ),
    }
    return Page("home.html", values, links.other.page("home"))


def _lately(pool: Pool, at: str) -> tuple[Any, Any]:
    current = pool.index.current(at)
    new = [e for e in pool.index.newest if current[e]][:_LISTED]
    confirmed = [e for e in pool.index.by_freshness[: _LISTED * 4] if current[e] and e not in new][:_LISTED]
    return pool.cards(new), pool.cards(confirmed)


def _who_stands_behind(site: Site) -> str:
    n = len(site.members)
    return ngettext(
        "What {n} organisation knows, shared without an owner.",
        "What {n} organisations know, gathered without an owner.",
        n,
    ).format(n=number_words(n))


def _doors(site: Site, links: Links, counts: Mapping[str, int]) -> Iterator[tuple[str, str, str]]:
    for door, types in DOORS.items():
        if any(counts.get(name) for name in types):
            name, line = DOOR_WORDS[door]
            yield _(name), _(line), links.page("search", query=[("door", door)])


@dataclass(frozen=True, slots=True)
class Redirect:
    """The page lives elsewhere."""

    url: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A small file that the reader takes away."""

    name: str
    body: bytes


def _with_background(pool: Pool, short: str) -> tuple[Answer, Background]:
    answer = pool.resolve(short)
    return answer, background(pool, answer) if isinstance(answer, Thing) else Background(Why(), {})


async def apart_file(site: Site, links: Links, query: Query, short: str) -> Attachment | None:
    """“They are not the same”: a file that says which records are meant; whoever gets it decides."""
    answer = await site.ask(lambda pool: pool.resolve(short))
    proposal = proposal_of(answer, short, site) if isinstance(answer, Thing) else None
    if proposal is None:
        return None
    return Attachment(f"{PATHS['apart'][links.lang]}-{short}.json", proposal.to_bytes())


async def record_page(
    site: Site, links: Links, query: Query, code: str
) -> Page | Redirect | dict[str, Any] | None:
    """A thing by its short code; with `.json` its data; several, where the code is too short."""
    as_json = code.endswith(".json")
    code = code.removesuffix(".json")
    short, _dash, _slug = code.partition("-")
    answer, found = await site.ask(lambda pool: _with_background(pool, short))
    if isinstance(answer, Thing):
        card = answer.card
        if as_json:
            return thing_json(answer, site, found.why)
        if short != card.short and not _is_alias(answer, short):
            return Redirect(links.record(card.short, card.slug))
        today = site.today()
        view = record_view(answer, Reader(site, links, today))
        twin = links.other.record(card.short, card.slug)
        status = 200
        return Page(
            "record.html",
            {
                "title": view.title,
                "r": view,
                "together": together_view(answer, found, site, links),
                "not_same": not_views(answer, found, site, links),
                "relations": relation_views(answer, found, site, links),
            },
            twin,
            status,
            links.record(card.short, card.slug, json=True),
        )
    if isinstance(answer, Several):
        values = {
            "title": _("Which one?"),
            "sentence": _("More than one record begins with “{code}”.").format(code=short),
            "next_step": _("Choose one of them, or type more of the code."),
            "cards": card_views(answer.cards, site, links, site.today()),
        }
        return Page("message.html", values, links.other.record(short), status=300)
    if isinstance(answer, Gone):
        return _gone(links.other.record(short), own=answer.own)
    if isinstance(answer, Held):
        return _held(answer, site, links.other.record(short))
    return _unknown(links.other.record(short)) if _WHOLE_CODE.fullmatch(short) else None


def _unknown(twin: str) -> Page:
    """Nothing has this address today. A pool knows of today's releases only: what was taken out of them and
    may come back looks as if it had never been."""
    values = {
        "title": _("This record is not here any more, or never was"),
        "sentence": _(
            "The address is whole. Perhaps whoever published the record has taken it out; it may come back, "
            "and then this address leads to it again."
        ),
        "next_step": _("Search for the name, or ask the organisation."),
        "cards": (),
    }
    return Page("message.html", values, twin, status=404)


def _gone(twin: str, *, own: bool = True) -> Page:
    """A withdrawn record's page says so and nothing else; of a short code, as much as anybody can know: a
    tombstone does not show whose record it was, so that it was withdrawn is its speaker's word only."""
    known = _("Whoever published this record has withdrawn it.")
    values = {
        "title": _("This record was withdrawn") if own else _("This record is no longer here"),
        "sentence": known
        if own
        else _("A member of this portal says that it withdrew the record that was here."),
        "next_step": _(
            "What it said is no longer kept here. Search for something like it, or ask the organisation."
        ),
        "cards": (),
    }
    return Page("message.html", values, twin, status=410)


def _held(held: Held, site: Site, twin: str) -> Page:
    """A held record's page says so, and until when at the latest; never why, and nothing of the record."""
    told = _("This portal does not show it for now.")
    if held.until > site.hour():
        told = _("This portal does not show it for now: at the latest until {day}.")
    values = {
        "title": _("This record is on pause"),
        "sentence": told.format(day=end_words(held.until)),
        "next_step": _(
            "Search for something like it. If it is yours or you need it, ask those who keep this portal:"
            " “About” says who they are."
        ),
        "cards": (),
    }
    return Page("message.html", values, twin, status=_HELD_STATUS)


def _is_alias(thing: Thing, short: str) -> bool:
    return any(short_code(claim.address) == short for claim in thing.claims)


async def address_page(site: Site, links: Links, query: Query, address: str) -> Page | Redirect | None:
    """The long form leads to the short one; a withdrawn address says so and nothing else."""
    answer = await site.ask(lambda pool: pool.resolve(unquote(address)))
    if isinstance(answer, Thing):
        return Redirect(links.record(answer.card.short, answer.card.slug))
    if isinstance(answer, Gone):
        return _gone(links.other.page("address", unquote(address)))
    if isinstance(answer, Held):
        return _held(answer, site, links.other.page("address", unquote(address)))
    try:
        Address.parse(unquote(address))
    except NotAnAddress:
        return None
    return _unknown(links.other.page("address", unquote(address)))


async def member_page(site: Site, links: Links, query: Query, member_id: str) -> Page | Redirect | None:
    member = next((m for m in site.members if m.id == member_id), None)
    if member is None:
        heir = successor(site, member_id)
        return Redirect(links.page("member", heir)) if heir else None
    vouches = await site.ask(lambda pool: pool.vouches_for(member_id))
    values = {"title": member.name, "m": member_view(member, vouches, site, links)}
    twin = links.other.page("member", member_id)
    return Page("member.html", values, twin, data=lambda: member_json(member, site))


async def about_page(site: Site, links: Links, query: Query) -> Page:
    values = {"title": _("About"), "a": about_view(site, links)}
    return Page("about.html", values, links.other.page("about"), data=lambda: about_json(site))


async def data_page(site: Site, links: Links, query: Query) -> Page:
    counts = overview(site.index, site.hour())["type"]
    rows = [
        (in_language(t.plural), counts.get(t.name, 0), t.name)
        for t in site.schema.types.values()
        if t.name in site.index.values["type"]
    ]
    return Page("data.html", {"title": _("Take the data with you"), "rows": rows}, links.other.page("data"))
