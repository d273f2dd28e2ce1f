"""What a reader sees when a page cannot be shown: a sentence and the next step, never a traceback."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import Response
from datasette.database import QueryInterrupted
from datasette.utils.asgi import Base400
from datasette.views.base import DatasetteError

from commons.messages import LANGUAGES, speaking
from commons.messages import translate as _
from datasette_commons.portal.links import Links, preferred
from datasette_commons.portal.rendering import Page, respond
from datasette_commons.portal.site import site_of

_log = logging.getLogger("commons.portal")


def language_of(request: Any) -> str:
    """The page's own language; below /data, the reader's."""
    first = request.path.lstrip("/").split("/")[0]
    return first if first in LANGUAGES else preferred(request.headers.get("accept-language", ""))


def status_of(exception: Exception) -> int:
    if isinstance(exception, Base400 | DatasetteError):
        return int(exception.status)
    interrupted = isinstance(exception, sqlite3.OperationalError) and "interrupted" in str(exception)
    return 503 if interrupted or isinstance(exception, QueryInterrupted) else 500


def sentences(status: int) -> tuple[str, str]:
    """What happened, and what to do."""
    if status == 404:
        return (
            _("There is no page here."),
            _("Perhaps the address was cut when it was copied. Search for the name instead."),
        )
    if status == 503:
        return (
            _("This question takes too long to answer."),
            _("Ask for less at once: add a word or a filter."),
        )
    if status == 500:
        return (
            _("This page could not be made."),
            _("It is not your fault. Try again in a while, or search for something else."),
        )
    return (_("This address asks for something that is not possible here."), _("Search instead."))


def answer(datasette: Any, request: Any, exception: Exception) -> Callable[[], Awaitable[Response]]:
    """Pluggable into Datasette's `handle_exception`."""

    async def inner() -> Response:
        status = status_of(exception)
        if status == 500:
            _log.error("a page failed: %s", request.path, exc_info=exception)
        lang = language_of(request)
        with speaking(lang):
            what, next_step = sentences(status)
            if request.path.endswith(".json"):
                return Response.json({"ok": False, "status": status, "error": what}, status=status)
            links = Links(lang, datasette.setting("base_url"))
            site = None if status == 500 else await site_of(datasette)
            values = {"title": what, "sentence": what, "next_step": next_step, "cards": ()}
            return respond(site, links, Page("message.html", values, links.other.page("home"), status=status))

    return inner
