"""The words of the search index and of a question to it. Opens no database.

Each record is indexed three times: `exact` (lower case, accents kept), `folded` (accents gone) and `stem`
(Snowball, Spanish or English by the record's language). A question is prepared the same way, so that
*talleres* finds *taller*, *clinica* finds *clínica*, and *año* is not *ano*: a word with ñ keeps it in every
column, and its form without ñ stands at the end of the text for those whose keyboard has none.

The standard sqlite3 offers no tokenizer of one's own; hence the words are prepared here. Everything is cached
by word: a million records use some ten thousand words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import Stemmer

VERSION = "1"
COLUMNS = ("exact", "folded", "stem")
WEIGHTS = (4.0, 2.0, 1.0)  # for bm25(): a word as written counts more than a word like it
NAME_TIMES = 2  # a record's names stand this often in its text, so that they weigh more
MOST_WORDS = 16  # of a question; the rest is ignored
SNIPPET_LENGTH = 180
_ALGORITHMS = {"es": "spanish", "en": "english"}
_WORD = re.compile(r"[^\W_]+")
_MARKS = re.compile("[\u0300-\u036f]")
_TILDE_N = "n\u0303"
_CACHE_WORDS = 200_000  # per language; emptied when full, so that hostile texts cannot fill the memory


def words_of(text: str) -> list[str]:
    """The words of `text` in lower case, accents kept."""
    return _WORD.findall(text.lower())


def _without_accents(word: str) -> str:
    """`word` without accents, its ñ kept."""
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFD", word).replace(_TILDE_N, "ñ")
    return unicodedata.normalize("NFC", _MARKS.sub("", parts))


def _folding_table() -> bytes:
    """For each byte of Latin-1: its letter or figure in lower case without accent, or a space."""
    table = bytearray(b" " * 256)
    for code in range(256):
        if _WORD.fullmatch(chr(code)):
            folded = _without_accents(chr(code).lower())
            table[code] = ord(folded) if len(folded) == 1 and ord(folded) < 256 else ord(chr(code).lower())
    return bytes(table)


_FOLDING = _folding_table()


def _folded_words(text: str) -> list[str]:
    """The words of `text` in lower case without accents; Latin-1, by far the most texts, in one stroke."""
    try:
        return text.encode("latin-1").translate(_FOLDING).decode("latin-1").split()
    except UnicodeEncodeError:
        return [_without_accents(word) for word in words_of(text)]


class _Stems(dict[str, str]):
    """folded word → stem in one language, made when first asked for."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._stem = Stemmer.Stemmer(_ALGORITHMS[language], 0).stemWord
        self._spanish = language == "es"

    def __missing__(self, folded: str) -> str:
        if len(self) >= _CACHE_WORDS:
            self.clear()
        # Accents are gone on both sides, but the Spanish stemmer knows "-ción" only with its accent.
        accented = self._spanish and folded.endswith(("cion", "sion"))
        self[folded] = stem = _without_accents(self._stem(folded[:-2] + "ón" if accented else folded))
        return stem


@lru_cache(maxsize=4)
def _stems(language: str) -> _Stems:
    return _Stems(language)


def algorithm_language(language: str | None) -> str:
    """`es` or `en`: whose stemmer a text in `language` gets; Spanish where there is none of its own."""
    return "en" if language is not None and language[:2] == "en" else "es"


class IndexText(NamedTuple):
    """What a record gives to the columns of the index, in their order."""

    exact: str
    folded: str
    stem: str


def index_text(texts: Iterable[str], language: str | None) -> IndexText:
    """The three columns for `texts`, which are in `language`. The index itself puts `exact` in lower case."""
    exact = "\n".join(texts)
    words = _folded_words(exact)
    stems = _stems(algorithm_language(language))
    folded = " ".join(words)
    stem = " ".join(map(stems.__getitem__, words))
    if "ñ" in folded:
        plain = [word for word in words if "ñ" in word]
        folded += "".join(f" {word.replace('ñ', 'n')}" for word in plain)
        stem += "".join(f" {stems[word].replace('ñ', 'n')}" for word in plain)
    return IndexText(exact, folded, stem)


@dataclass(frozen=True, slots=True)
class Query:
    """A question, ready: `match` is FTS5's expression; empty where nothing was asked."""

    words: tuple[str, ...]
    match: str
    _folded: frozenset[str]
    _stems: frozenset[str]
    _prefix: str | None

    def hits(self, word: str) -> bool:
        """Whether a word of a text is one of those asked for."""
        lower = word.lower()
        folded = _without_accents(lower)
        if folded in self._folded or (self._prefix is not None and folded.startswith(self._prefix)):
            return True
        return any(_stems(language)[folded] in self._stems for language in _ALGORITHMS)


def query(text: str, *, prefix: bool = False) -> Query:
    """The question `text`: every word must be there in some form.

    Args:
        prefix: the last word may be the beginning of one, as while somebody types.
    """
    words = tuple(dict.fromkeys(words_of(unicodedata.normalize("NFC", text))))[:MOST_WORDS]
    parts = []
    folded_words, stems = set(), set()
    for word in words:
        folded = _without_accents(word)
        word_stems = sorted({_stems(language)[folded] for language in _ALGORITHMS})
        folded_words.add(folded)
        stems.update(word_stems)
        options = [f'exact:"{word}"', f'folded:"{folded}"', *(f'stem:"{stem}"' for stem in word_stems)]
        if prefix and word is words[-1]:
            options.append(f'folded:"{folded}"*')
        parts.append(f"({' OR '.join(options)})")
    beginning = _without_accents(words[-1]) if prefix and words else None
    return Query(words, " AND ".join(parts), frozenset(folded_words), frozenset(stems), beginning)


class Piece(NamedTuple):
    """A stretch of text, and whether it was asked for (to be shown in bold)."""

    text: str
    hit: bool


def pieces(text: str, asked: Query) -> Iterator[Piece]:
    """`text` in order, cut where words that were asked for begin and end."""
    at = 0
    for found in _WORD.finditer(text):
        if asked.hits(found.group()):
            if found.start() > at:
                yield Piece(text[at : found.start()], False)
            yield Piece(found.group(), True)
            at = found.end()
    if at < len(text):
        yield Piece(text[at:], False)


def snippet(texts: Sequence[str], asked: Query, *, length: int = SNIPPET_LENGTH) -> list[Piece]:
    """About `length` characters of the first text in which a word was asked for; else of the first text."""
    for text in texts:
        first = next((f for f in _WORD.finditer(text) if asked.hits(f.group())), None)
        if first is not None:
            return list(pieces(_window(text, first.start(), length), asked))
    return [Piece(_window(texts[0], 0, length), False)] if texts and texts[0] else []


def _window(text: str, at: int, length: int) -> str:
    """A stretch around position `at`, cut between words, with an ellipsis where something is left out."""
    if len(text) <= length:
        return text
    start = 0 if at < length // 2 else text.find(" ", max(0, at - length // 3), at) + 1
    cut = text[start : start + length]
    if start + length < len(text) and " " in cut:
        cut = cut.rsplit(" ", 1)[0] + "…"
    return ("…" if start else "") + cut
