"""Sentences in the reader's language. Does not decide what to say, only in which language.

English is the key; Spanish stands in `locale/es/*.po`, compiled to `locale/es.mo` by `make messages`.
The language is a context variable: the terminal sets it once, the portal once a request.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LANGUAGES = ("es", "en")
DEFAULT = "es"

_language: ContextVar[str] = ContextVar("language", default=DEFAULT)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    compiled = Path(__file__).parent / "locale" / f"{language}.mo"
    if language == "en" or not compiled.exists():
        return gettext.NullTranslations()
    with compiled.open("rb") as file:
        return gettext.GNUTranslations(file)


def translate(message: str) -> str:
    """`message` in the current language; itself where no translation exists."""
    return _catalogue(_language.get()).gettext(message) if message else ""


def ngettext(one: str, many: str, n: int) -> str:
    """The form of the sentence that fits `n`, in the current language; `{n}` is left to the caller."""
    return _catalogue(_language.get()).ngettext(one, many, n)


_ = translate


def N_(message: str) -> str:  # noqa: N802  (gettext's own name for "translate later")
    """Marks a sentence that is translated where it is shown."""
    return message


def language() -> str:
    """The current language, `es` or `en`."""
    return _language.get()


def use_language(code: str) -> None:
    """Set the language for the rest of this context."""
    _language.set(code if code in LANGUAGES else DEFAULT)


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Within the block, sentences come in `code`."""
    token = _language.set(code if code in LANGUAGES else DEFAULT)
    try:
        yield
    finally:
        _language.reset(token)


def language_of(environ: Mapping[str, str]) -> str:
    """The language that a terminal's environment asks for; Spanish unless it says English."""
    for name in ("COMMONS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(name, "")
        if value:
            return "en" if value.lower().startswith("en") else DEFAULT
    return DEFAULT


def in_language(texts: Mapping[str, str], code: str | None = None) -> str:
    """One of bilingual `texts` (`{es, en}`): the wanted language, else the first that is there."""
    wanted = code or _language.get()
    return texts.get(wanted) or next((t for t in texts.values() if t), "")
