"""What each page says. Takes a request apart, asks the pool, hands values to a template; renders nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from commons.messages import N_, in_language, ngettext
from commons.messages import translate as _
from commons.pool.find import PAGE_SIZE, Asked, Found, overview, search
from commons.pool.index import FACETS
from commons.pool.read import Gone, Pool, Several, Thing
from datasette_commons.portal.cards import card_views, freshness_of, type_title
from datasette_commons.portal.exports import thing_json
from datasette_commons.portal.links import Links
from datasette_commons.portal.record import Reader, record_view
from datasette_commons.portal.rendering import Page
from datasette_commons.portal.site import Site
from datasette_commons.portal.words import number_words

Query = Mapping[str, Sequence[str]]

# What somebody comes for, and the types that answer it.
DOORS: dict[str, tuple[str, ...]] = {
    "help": ("service", "service_at_place", "place", "need"),
    "give": ("opportunity", "need"),
    "resources": ("funding", "resource"),
    "events": ("event",),
}
_DOOR_WORDS = {
    "help": (N_("I need help"), N_("Services and places near you")),
    "give": (N_("I want to help"), N_("Volunteering and what is lacking")),
    "resources": (N_("For my organisation"), N_("Funding, guides, tools")),
    "events": (N_("What is on this week"), N_("Meetings, workshops, activities")),
}
_NAMES_SHOWN = 8  # values of a facet that are shown before "all"
_VALUES_LISTED = 48
_MOST_VALUES = 40  # chosen values that are read from an address
_LISTED = 6


async def home(site: Site, links: Links, query: Query) -> Page:
    today = site.today()
    counts = overview(site.index, today.isoformat())
    lately = await site.ask(lambda pool: _lately(pool, today.isoformat()))
    fresh = [c for c in lately[1] if freshness_of(c, site, today).kind == "confirmed"]
    values = {
        "title": site.name,
        "sentence": _who_stands_behind(site),
        "doors": tuple(_doors(site, links, counts["type"])),
        "types": tuple(_named(site, links, "type", counts["type"])),
        "topics": tuple(_named(site, links, "topic", counts["topic"])),
        "districts": tuple(_named(site, links, "district", counts["district"])),
        "new": card_views(lately[0], site, links, today),
        "confirmed": card_views(fresh, site, links, today),
        "members": tuple(
            (m.name, links.page("member", m.id), counts["member"].get(m.id, 0)) for m in site.members
        ),
    }
    return Page("home.html", values, links.other.page("home"))


def _lately(pool: Pool, today: str) -> tuple[Any, Any]:
    current = pool.index.current(today)
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
            name, line = _DOOR_WORDS[door]
            yield _(name), _(line), links.page("search", query=[("door", door)])


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One choice of a filter: its name, how many it leaves, and where it leads."""

    name: str
    count: int
    url: str
    chosen: bool = False


def _named(site: Site, links: Links, facet: str, counts: Mapping[str, int]) -> Iterator[FacetValue]:
    """Values of a facet, the most frequent first, each leading to its own list."""
    for value, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if facet in ("topic", "district"):
            url = links.page(facet, value)
        else:
            url = links.page("search", query=[(facet, value)])
        yield FacetValue(value_name(site, links, facet, value), n, url)


def value_name(site: Site, links: Links, facet: str, value: str) -> str:
    """What a facet's value is called, for a reader."""
    if facet == "type":
        return type_title(site, value, plural=True)
    if facet == "topic":
        return site.schema.label("topics", value, links.lang)
    if facet == "district":
        return site.district_name(value)
    return site.member_name(value)


async def search_page(site: Site, links: Links, query: Query) -> Page:
    return await _results(site, links, query, "search", ())


async def topic_page(site: Site, links: Links, query: Query, value: str) -> Page | None:
    return await _one_value(site, links, query, "topic", value)


async def district_page(site: Site, links: Links, query: Query, value: str) -> Page | None:
    return await _one_value(site, links, query, "district", value)


async def _one_value(site: Site, links: Links, query: Query, facet: str, value: str) -> Page | None:
    value = unquote(value)
    known = value in site.index.values[facet]
    if facet == "topic":
        known = known or value in site.schema.vocabularies["topics"].terms
    else:
        known = known or (site.territory is not None and value in site.territory.districts)
    return await _results(site, links, query, facet, (value,)) if known else None


async def _results(site: Site, links: Links, query: Query, page_name: str, rest: tuple[str, ...]) -> Page:
    today = site.today()
    text = " ".join((query.get("q") or ("",))[0].split())
    chosen = {f: tuple(dict.fromkeys(v for v in query.get(f, ()) if v))[:_MOST_VALUES] for f in FACETS}
    door = (query.get("door") or ("",))[0]
    if rest:
        chosen[page_name] = rest
    door = door if door in DOORS else ""
    asked_for = dict(chosen)
    if door and not chosen["type"]:
        asked_for["type"] = DOORS[door]
    asked = Asked(text, asked_for, page=_page_number(query))
    found = await site.ask(lambda pool: search(pool, asked, today=today.isoformat()))
    here = _Here(links, page_name, rest, text, chosen, door)
    values = {
        "title": _results_title(site, links, page_name, rest, text),
        "heading": value_name(site, links, page_name, rest[0]) if rest else "",
        "text": text,
        "total": found.total,
        "count_words": _count_words(found, text),
        "cards": card_views(found.cards, site, links, today),
        "chosen": tuple(here.removable(site)),
        "kept": here.query(keep_text=False),
        "filters": tuple(_filters(site, here, found)),
        "page": min(asked.page, found.pages),
        "pages": found.pages,
        "before": here.url(page=min(asked.page, found.pages) - 1) if asked.page > 1 else None,
        "after": here.url(page=asked.page + 1) if asked.page < found.pages else None,
        "advice": _advice(here, found),
        "first": (min(asked.page, found.pages) - 1) * PAGE_SIZE + 1,
    }
    return Page("search.html", values, here.twin())


def _page_number(query: Query) -> int:
    text = (query.get("page") or ("1",))[0]
    return min(int(text), 100_000) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _results_title(site: Site, links: Links, page_name: str, rest: tuple[str, ...], text: str) -> str:
    if rest:
        return value_name(site, links, page_name, rest[0])
    return _("{text}: search").format(text=text) if text else _("Search")


def _count_words(found: Found, text: str) -> str:
    n = number_words(found.total)
    if not found.total:
        return _("Nothing found for “{text}”").format(text=text) if text else _("Nothing found")
    if text:
        return ngettext("{n} result for “{text}”", "{n} results for “{text}”", found.total).format(
            n=n, text=text
        )
    return ngettext("{n} record", "{n} records", found.total).format(n=n)


@dataclass(frozen=True, slots=True)
class _Here:
    """A list's own address, and its neighbours: one filter more, one less, another page."""

    links: Links
    page_name: str
    rest: tuple[str, ...]
    text: str
    chosen: Mapping[str, tuple[str, ...]]
    door: str

    def query(
        self,
        *,
        keep_text: bool = True,
        chosen: Mapping[str, tuple[str, ...]] | None = None,
        door: str | None = None,
    ) -> list[tuple[str, str]]:
        pairs = [("q", self.text)] if self.text and keep_text else []
        door = self.door if door is None else door
        pairs += [("door", door)] if door else []
        for facet, values in (self.chosen if chosen is None else chosen).items():
            if facet != self.page_name:
                pairs += [(facet, value) for value in values]
        return pairs

    def url(self, *, page: int = 1, text: str | None = None, **changed: Any) -> str:
        pairs = self.query(**changed)
        if text is not None:
            pairs = [("q", text), *[p for p in pairs if p[0] != "q"]]
        if page > 1:
            pairs.append(("page", str(page)))
        return self.links.page(self.page_name, *self.rest, query=pairs)

    def twin(self) -> str:
        return self.links.other.page(self.page_name, *self.rest, query=self.query())

    def toggled(self, facet: str, value: str) -> str:
        values = self.chosen[facet]
        changed = tuple(v for v in values if v != value) if value in values else (*values, value)
        return self.url(chosen={**self.chosen, facet: changed})

    def removable(self, site: Site) -> Iterator[tuple[str, str]]:
        """(name, where it leads without it) of every filter that is on."""
        if self.door:
            yield _(_DOOR_WORDS[self.door][0]), self.url(door="")
        for facet, values in self.chosen.items():
            if facet != self.page_name:
                for value in values:
                    yield value_name(site, self.links, facet, value), self.toggled(facet, value)


_FACET_NAMES = {
    "type": N_("What"),
    "topic": N_("Topic"),
    "district": N_("Where"),
    "member": N_("Who says so"),
}


def _filters(
    site: Site, here: _Here, found: Found
) -> Iterator[tuple[str, bool, tuple[FacetValue, ...], tuple[FacetValue, ...]]]:
    """(name, whether one of it is chosen, first values, further values) of every filter worth offering."""
    for facet, counts in found.counts.items():
        on = here.chosen[facet]
        if facet == here.page_name or (len(counts) < 2 and not on):
            continue
        ordered = sorted(counts.items(), key=lambda item: (item[0] not in on, -item[1], item[0]))
        values = [
            FacetValue(value_name(site, here.links, facet, v), n, here.toggled(facet, v), v in on)
            for v, n in ordered[:_VALUES_LISTED]
        ]
        yield _(_FACET_NAMES[facet]), bool(on), tuple(values[:_NAMES_SHOWN]), tuple(values[_NAMES_SHOWN:])


def _advice(here: _Here, found: Found) -> list[tuple[str, str, str]]:
    """(sentence before, link text, address): what to try instead."""
    advice = found.advice
    if advice is None:
        return []
    lines = []
    if advice.without_filters:
        n = number_words(advice.without_filters)
        text = ngettext("{n} result without filters", "{n} results without filters", advice.without_filters)
        lines.append(
            ("", text.format(n=n), here.links.page("search", query=[("q", here.text)] if here.text else None))
        )
    if advice.spelling:
        url = here.links.page("search", query=[("q", advice.spelling)])
        lines.append((_("Did you mean:"), advice.spelling, url))
    for word, n_hits in advice.single_words.items():
        url = here.links.page("search", query=[("q", word)])
        lines.append((_("Only this word:"), f"{word} ({number_words(n_hits)})", url))
    return lines


@dataclass(frozen=True, slots=True)
class Redirect:
    """The page lives elsewhere."""

    url: str


async def record_page(
    site: Site, links: Links, query: Query, code: str
) -> Page | Redirect | dict[str, Any] | None:
    """A thing by its short code; with `.json` its data; several, where the code is too short."""
    as_json = code.endswith(".json")
    code = code.removesuffix(".json")
    short, _dash, _slug = code.partition("-")
    answer = await site.ask(lambda pool: pool.resolve(short))
    if isinstance(answer, Thing):
        card = answer.card
        if as_json:
            return thing_json(answer, site)
        if short != card.short and not _is_alias(answer, short):
            return Redirect(links.record(card.short, card.slug))
        today = site.today()
        view = record_view(answer, Reader(site, links, today))
        twin = links.other.record(card.short, card.slug)
        status = 200
        return Page(
            "record.html",
            {"title": view.title, "r": view},
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
    return None


def _is_alias(thing: Thing, short: str) -> bool:
    from commons.addresses import short_code

    return any(short_code(claim.address) == short for claim in thing.claims)


async def address_page(site: Site, links: Links, query: Query, address: str) -> Page | Redirect | None:
    """The long form leads to the short one; a withdrawn address says so and nothing else."""
    answer = await site.ask(lambda pool: pool.resolve(unquote(address)))
    if isinstance(answer, Thing):
        return Redirect(links.record(answer.card.short, answer.card.slug))
    if isinstance(answer, Gone):
        values = {
            "title": _("This record was withdrawn"),
            "sentence": _("Whoever published this record has withdrawn it."),
            "next_step": _(
                "What it said is no longer kept here. Search for something like it, or ask the organisation."
            ),
            "cards": (),
        }
        return Page("message.html", values, links.other.page("address", unquote(address)), status=410)
    return None


async def member_page(site: Site, links: Links, query: Query, member_id: str) -> Page | None:
    member = next((m for m in site.members if m.id == member_id), None)
    if member is None:
        return None
    vouches = await site.ask(lambda pool: pool.vouches_for(member_id))
    from datasette_commons.portal.people import member_view

    values = {"title": member.name, "m": member_view(member, vouches, site, links)}
    return Page("member.html", values, links.other.page("member", member_id))


async def about_page(site: Site, links: Links, query: Query) -> Page:
    from datasette_commons.portal.people import about_view

    values = {"title": _("About"), "a": about_view(site, links)}
    return Page("about.html", values, links.other.page("about"))


async def data_page(site: Site, links: Links, query: Query) -> Page:
    counts = overview(site.index, site.today().isoformat())["type"]
    rows = [
        (in_language(t.plural), counts.get(t.name, 0), t.name)
        for t in site.schema.types.values()
        if t.name in site.index.values["type"]
    ]
    return Page("data.html", {"title": _("Take the data with you"), "rows": rows}, links.other.page("data"))
