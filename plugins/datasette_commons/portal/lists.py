"""Lists of things: search, a topic, a district. Every filter is a link, every link works without a script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from commons.messages import N_, ngettext
from commons.messages import translate as _
from commons.pool.find import PAGE_SIZE, Asked, Found, search
from commons.pool.index import FACETS
from datasette_commons.portal.cards import card_views, type_title
from datasette_commons.portal.exports import found_json
from datasette_commons.portal.links import Links
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
DOOR_WORDS = {
    "help": (N_("I need help"), N_("Services and places near you")),
    "give": (N_("I want to help"), N_("Volunteering and what is lacking")),
    "resources": (N_("For my organisation"), N_("Funding, guides, tools")),
    "events": (N_("What is on this week"), N_("Meetings, workshops, activities")),
}
_NAMES_SHOWN = 8  # values of a facet that are shown before "all"
_VALUES_LISTED = 48
_MOST_VALUES = 40  # chosen values that are read from an address


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One choice of a filter: its name, how many it leaves, and where it leads."""

    name: str
    count: int
    url: str
    chosen: bool = False


def named_values(site: Site, links: Links, facet: str, counts: Mapping[str, int]) -> Iterator[FacetValue]:
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
    found = await site.ask(lambda pool: search(pool, asked, at=site.hour()))
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
    return Page("search.html", values, here.twin(), data=lambda: found_json(found, asked, site, links))


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
            yield _(DOOR_WORDS[self.door][0]), self.url(door="")
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
