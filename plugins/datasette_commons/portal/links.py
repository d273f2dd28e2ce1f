"""Addresses of the portal's pages, in both languages. Opens nothing.

Every page has its twin in the other language under the same query; a record's address is the same 8
characters in both, followed by a slug that nobody reads but people.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from commons.messages import LANGUAGES

# page → language → path below /es/ or /en/
PATHS: dict[str, dict[str, str]] = {
    "home": {"es": "", "en": ""},
    "search": {"es": "buscar", "en": "search"},
    "record": {"es": "f", "en": "f"},
    "address": {"es": "ficha", "en": "record"},
    "apart": {"es": "no-son-lo-mismo", "en": "not-the-same"},
    "topic": {"es": "tema", "en": "topic"},
    "district": {"es": "alcaldia", "en": "district"},
    "member": {"es": "miembro", "en": "member"},
    "about": {"es": "acerca", "en": "about"},
    "data": {"es": "datos", "en": "data"},
}


@dataclass(frozen=True, slots=True)
class Links:
    """Makes addresses for one language below one base path (Datasette's `base_url`, "/" as a rule)."""

    lang: str
    base: str = "/"
    origin: str = ""  # `https://portal.example.org`, as the reader's browser called it

    def page(self, name: str, *rest: str, query: list[tuple[str, str]] | None = None) -> str:
        """`/es/buscar?q=…`; what stands in `rest` is quoted, slashes too, but for a full address."""
        tail = "/".join(quote(part, safe="/" if name == "address" else "") for part in rest)
        path = "/".join(p for p in (PATHS[name][self.lang], tail) if p)
        return f"{self.base}{self.lang}/{path}" + (f"?{urlencode(query)}" if query else "")

    def record(self, short: str, slug: str = "", *, json: bool = False) -> str:
        """`/es/f/7k3m9q2x-comedor-la-paz`."""
        return self.page("record", f"{short}-{slug}" if slug else short) + (".json" if json else "")

    def table(self, path: str) -> str:
        """Below /data, Datasette's own."""
        return f"{self.base}data{'/' + path if path else ''}"

    def asset(self, url: str) -> str:
        return self.base + url.lstrip("/")

    @property
    def other(self) -> Links:
        """The same for the other language."""
        return Links(next(code for code in LANGUAGES if code != self.lang), self.base, self.origin)


def preferred(accept_language: str) -> str:
    """The language for `/`: the reader's first one that we have; Spanish where none is named."""
    best, chosen = 0.0, LANGUAGES[0]
    for part in accept_language.split(","):
        code, _, weight = part.strip().partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        code = code.split("-")[0].lower()
        if code in LANGUAGES and quality > best:
            best, chosen = quality, code
    return chosen
