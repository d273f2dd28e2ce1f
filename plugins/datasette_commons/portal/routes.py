"""Which address leads to which page. Finds the language, calls the page, answers; holds no page's words."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from datasette import NotFound, Response

from commons.messages import LANGUAGES, speaking
from datasette_commons.portal import assets, lists, pages, proof
from datasette_commons.portal.links import PATHS, Links, preferred
from datasette_commons.portal.rendering import CACHE_S, Page, respond
from datasette_commons.portal.site import Site, site_of
from datasette_commons.portal.words import on_the_clock_of

Handler = Callable[..., Awaitable[Any]]
_YEAR_S = 31_536_000
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?")
_MOST_FIELDS = 100  # of a query

ROBOTS = "User-agent: *\nDisallow: /data/\nDisallow: /-/\n"


def routes() -> list[tuple[str, Callable[..., Any]]]:
    """For Datasette's `register_routes`; ours come before its own."""
    return [
        (r"/$", front),
        (r"/robots\.txt$", robots),
        *proof.routes(),
        (r"/-/commons/(?P<stem>[a-z]+)\.(?P<digest>[0-9a-f]+)\.(?P<suffix>[a-z0-9]+)$", asset),
        *(_route(name, lang, handler) for name, handler in _HANDLERS.items() for lang in LANGUAGES),
    ]


_HANDLERS: dict[str, Handler] = {
    "home": pages.home,
    "search": lists.search_page,
    "record": pages.record_page,
    "address": pages.address_page,
    "apart": pages.apart_file,
    "topic": lists.topic_page,
    "district": lists.district_page,
    "member": pages.member_page,
    "about": pages.about_page,
    "data": pages.data_page,
}
_RESTS = {
    "home": "",
    "search": "",
    "about": "",
    "data": "",
    "address": r"/(?P<rest>[^?]{1,400})",
    "record": r"/(?P<rest>[^/?]{1,200})",
    "apart": r"/(?P<rest>[a-z2-7]{8})",
    "topic": r"/(?P<rest>[^/?.]{1,100})",
    "district": r"/(?P<rest>[^/?.]{1,100})",
    "member": r"/(?P<rest>[a-z2-7]{26})",
}


_WITH_DATA = frozenset({"search", "topic", "district", "member", "about"})


def _route(name: str, lang: str, handler: Handler) -> tuple[str, Callable[..., Any]]:
    path = PATHS[name][lang]
    suffix = r"(?P<json>\.json)?" if name in _WITH_DATA else ""
    pattern = f"/{lang}/?$" if name == "home" else f"/{lang}/{re.escape(path)}{_RESTS[name]}{suffix}/?$"

    async def page(request: Any, datasette: Any) -> Response:
        site = await site_of(datasette)
        links = Links(lang, datasette.setting("base_url"), _origin(request))
        rest = request.url_vars.get("rest")
        with speaking(lang), on_the_clock_of(site.zone):
            answer = await handler(site, links, _query(request), *(() if rest is None else (rest,)))
            if isinstance(answer, Page) and answer.data is not None:
                if request.url_vars.get("json"):
                    answer = answer.data()
                else:
                    answer = replace(answer, json=_json_url(request, links))
            return _response(site, links, answer)

    return pattern, page


def _origin(request: Any) -> str:
    """As the browser named this portal; nothing where it named no plain host: the page repeats it."""
    host = request.headers.get("host", "")
    return f"{request.scheme}://{host}" if _HOST.fullmatch(host) else ""


def _json_url(request: Any, links: Links) -> str:
    """The same address with `.json`, below the base path."""
    path = request.scope.get("route_path", request.path).rstrip("/").lstrip("/")
    query = f"?{request.query_string}" if request.query_string else ""
    return f"{links.base}{path}.json{query}"


def _query(request: Any) -> dict[str, list[str]]:
    try:
        return parse_qs(request.query_string, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}


def _response(site: Site, links: Links, answer: Any) -> Response:
    if isinstance(answer, Page):
        return respond(site, links, answer)
    if isinstance(answer, pages.Redirect):
        return Response.redirect(answer.url, status=302)
    if isinstance(answer, pages.Attachment):
        return Response(
            answer.body.decode(),
            headers={
                "Content-Disposition": f'attachment; filename="{answer.name}"',
                "Cache-Control": f"public, max-age={CACHE_S}",
                "X-Robots-Tag": "noindex",
            },
            content_type="application/json; charset=utf-8",
        )
    if isinstance(answer, dict):
        body = json.dumps(answer, ensure_ascii=False, indent=1, sort_keys=True)
        headers = {"Cache-Control": f"public, max-age={CACHE_S}", "Access-Control-Allow-Origin": "*"}
        return Response(body, headers=headers, content_type="application/json; charset=utf-8")
    raise NotFound("No such page")


async def front(request: Any, datasette: Any) -> Response:
    """`/` leads to the reader's language; no cookie remembers it."""
    lang = preferred(request.headers.get("accept-language", ""))
    headers = {"Vary": "Accept-Language", "Cache-Control": f"public, max-age={CACHE_S}"}
    return Response.redirect(Links(lang, datasette.setting("base_url")).page("home"), headers=headers)


async def robots(request: Any) -> Response:
    """Readers' pages may be indexed; Datasette's tables are for people with questions."""
    return Response.text(ROBOTS, headers={"Cache-Control": f"public, max-age={CACHE_S}"})


async def asset(request: Any) -> Response:
    found = assets.by_url(**request.url_vars)
    if found is None:
        raise NotFound("No such file")
    body, media = found
    return Response(
        body, headers={"Cache-Control": f"public, max-age={_YEAR_S}, immutable"}, content_type=media
    )
