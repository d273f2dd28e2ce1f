"""The commons' plugin for Datasette: hardening, and the public's pages.

It loads into every Datasette of its environment, so it does nothing and imports nothing heavy unless a
configuration asks for it: `plugins: {commons: {mode: portal}}`. Holds hooks only; the work is in `harden`
and `portal`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import pluggy

hookimpl = pluggy.HookimplMarker("datasette")  # as datasette.hookimpl, but typed
PORTAL = "portal"


def mode_of(datasette: Any) -> str | None:
    """The configured mode; None where this Datasette is not ours."""
    configuration = datasette.plugin_config("commons")
    mode = configuration.get("mode") if isinstance(configuration, dict) else None
    return mode if mode == PORTAL else None


@hookimpl
def prepare_connection(conn: sqlite3.Connection, database: str, datasette: Any) -> None:
    """A visitor's connection can read, in bounds, and nothing else."""
    if mode_of(datasette) and database != "_internal":  # that one is Datasette's own, and is written
        from datasette_commons.harden import harden_connection

        harden_connection(conn, heap_mib=datasette.plugin_config("commons").get("heap_mib"))


@hookimpl
def register_routes(datasette: Any) -> list[tuple[str, Callable[..., Any]]]:
    """The public's pages."""
    if not mode_of(datasette):
        return []
    from datasette_commons.portal.routes import routes

    return routes()


@hookimpl
def prepare_jinja2_environment(env: Any, datasette: Any) -> None:
    """Datasette's own pages get a language, landmarks and the way back."""
    if mode_of(datasette):
        from datasette_commons.portal.rendering import dress_datasette

        dress_datasette(env)


@hookimpl
def extra_css_urls(datasette: Any) -> list[str]:
    """Our colours on Datasette's own pages."""
    if not mode_of(datasette):
        return []
    from datasette_commons.portal.assets import url_of

    return [url_of("data.css")]


@hookimpl(tryfirst=True)
def handle_exception(
    datasette: Any, request: Any, exception: Exception
) -> Callable[[], Awaitable[Any]] | None:
    """A sentence instead of a traceback, in the page's language."""
    if not mode_of(datasette):
        return None
    from datasette_commons.portal.failures import answer

    return answer(datasette, request, exception)


@hookimpl(trylast=True)
def asgi_wrapper(datasette: Any) -> Callable[[Any], Any]:
    """Bounds on what comes in, safe headers on what goes out."""
    if not mode_of(datasette):
        return lambda app: app
    from datasette_commons.harden import HardenedApp

    return HardenedApp
