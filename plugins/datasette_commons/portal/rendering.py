"""Turns a page's template and values into an answer. Decides nothing about what a page says.

The portal has its own template environment: nothing of Datasette's, and nothing a member writes, can
replace a template of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from datasette import Response
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from commons.messages import language, ngettext, translate
from datasette_commons.portal import markdown, words
from datasette_commons.portal.assets import url_of
from datasette_commons.portal.links import Links
from datasette_commons.portal.site import Site

_TEMPLATES = Path(__file__).parent / "templates"
CACHE_S = 300  # a page says "today", so it may not live long; its parts do


@dataclass(frozen=True, slots=True)
class Page:
    """A template, its values, and where the same page is in the other language."""

    template: str
    values: Mapping[str, Any]
    twin: str
    status: int = 200
    json: str | None = None  # the address of the page's data
    data: Callable[[], dict[str, Any]] | None = None  # the page's data, where the page makes them itself
    headers: Mapping[str, str] = field(default_factory=dict)


@cache
def environment() -> Environment:
    """Ours alone; every value is escaped, an unknown name is an error in tests and not a gap on a page."""
    env = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(_=translate, ngettext=ngettext, asset=url_of)
    env.filters.update(
        prose=markdown.prose,
        plain=markdown.plain,
        date=words.date_words,
        number=words.number_words,
        joined=words.joined,
    )
    return env


def respond(site: Site | None, links: Links, page: Page) -> Response:
    """The page in its frame, in the current language."""
    values = {
        "links": links,
        "lang": language(),
        "other_lang": links.other.lang,
        "twin": page.twin,
        "json_url": page.json,
        "site": site,
        "site_name": site.name if site else "",
        "here": page.template.removesuffix(".html"),
        "indexed": page.status == 200,
        **page.values,
    }
    body = environment().get_template(page.template).render(values)
    caching = f"public, max-age={CACHE_S}" if page.status == 200 else "no-store"
    headers = {"Cache-Control": caching, "Content-Language": links.lang, **page.headers}
    return Response.html(body, status=page.status, headers=headers)


def dress_datasette(env: Environment) -> None:
    """Give Datasette's own pages our frame: a language, landmarks, a way back, one inline script less."""
    loader = env.loader
    assert loader is not None
    env.loader = ChoiceLoader([FileSystemLoader(_TEMPLATES / "datasette"), loader])
