"""A person as they may stand in any text: by name, telephone or e-mail. Pure; reads no catalogue.

Names are found whatever their accents, capitals and the marks between their words; telephones whatever stands
between their figures, with or without the country's code. Nothing is found within a longer word or number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from commons.errors import InputError
from commons.messages import N_
from commons.model import Value

GAP = "…"  # what stands where something was taken out of a longer text
_BETWEEN = r"[\s().\-–/]*"
_PHONE = re.compile(r"\+?[\d\s().\-–/]{7,}\Z")
_LEAST_FIGURES, _MOST_FIGURES = 7, 10
_LEAST_LETTERS = 4
_NUMBERS = ("number", "email", "phone")  # keys of list items that are nothing without this value


@dataclass(eq=False)
class TooLittle(InputError):
    """What was given would fit nearly everybody."""

    text: str
    template: ClassVar[str] = N_("«{text}» is too little to find a person by.")
    hint_template: ClassVar[str] = N_(
        "Give the whole name, a telephone or an e-mail, each in quotation marks."
    )


@dataclass(frozen=True, slots=True)
class Person:
    """What to look for. `texts`: as given; the patterns look at folded text."""

    texts: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Person:
        """Raises TooLittle."""
        given = tuple(dict.fromkeys(" ".join(t.split()) for t in texts))
        return cls(given, tuple(_pattern(text) for text in given))

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where in `text` the person stands, in order, without overlaps."""
        plain, places = _folded(text)
        found = sorted(
            (places[m.start()], places[m.end() - 1] + 1) for p in self.patterns for m in p.finditer(plain)
        )
        joined: list[tuple[int, int]] = []
        for start, end in found:
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined

    def without(self, text: str) -> str:
        """The text without the person; empty where nothing else stood in it."""
        spans = self.spans(text)
        if not spans:
            return text
        parts, at = [], 0
        for start, end in spans:
            parts.append(text[at:start])
            at = end
        parts.append(text[at:])
        if not any(c.isalnum() for part in parts for c in part):
            return ""
        return GAP.join(parts)

    def erased(self, value: Value) -> Value | None:
        """A value without the person; None where nothing is left of it."""
        if isinstance(value, str):
            return self.without(value) or None if self.spans(value) else value
        if isinstance(value, list):
            kept = [self.erased(item) for item in value]
            return [item for item in kept if item is not None] or None
        if isinstance(value, dict):
            inner = {self.without(k) or GAP: self.erased(v) for k, v in value.items()}
            if any(value.get(name) is not None and inner.get(name) is None for name in _NUMBERS):
                return None
            return {k: v for k, v in inner.items() if v is not None} or None
        return value

    def stands_in(self, value: object) -> bool:
        """Whether any text of a value, or a key within it, holds the person."""
        return any(self.spans(text) for text in texts_of(value))


def texts_of(value: object) -> Iterator[str]:
    """Every text within a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)


def _pattern(text: str) -> re.Pattern[str]:
    plain = _folded(text)[0].strip()
    if "@" in plain and " " not in plain and len(plain) > 4:
        return re.compile(rf"(?<![\w.+-]){re.escape(plain)}(?![\w-])")
    figures = re.sub(r"\D", "", plain)
    if _PHONE.match(plain) and len(figures) >= _LEAST_FIGURES:
        own = figures[-_MOST_FIGURES:]
        return re.compile(rf"(?<!\d)(?:\+?\d{{1,3}}{_BETWEEN})?{_BETWEEN.join(own)}(?!\d)")
    words = re.findall(r"[^\W_]+", plain)
    letters = "".join(words)
    if len(letters) < _LEAST_LETTERS or (letters.isdigit() and len(letters) < _LEAST_FIGURES):
        raise TooLittle(text)
    return re.compile(r"(?<![^\W_])" + r"[\W_]+".join(map(re.escape, words)) + r"(?![^\W_])")


def _folded(text: str) -> tuple[str, list[int]]:
    """Lower case without accents, and for each of its letters the place in `text` that it comes from."""
    letters: list[str] = []
    places: list[int] = []
    for n, char in enumerate(text):
        for part in unicodedata.normalize("NFKD", char.casefold()):
            if not unicodedata.combining(part):
                letters.append(part)
                places.append(n)
    return "".join(letters), places
