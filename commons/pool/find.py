"""Search over a pool: words and filters in; a page of cards, counts and advice out. Never writes.

Common words are cheap on purpose: filters and counts run over masks in memory (`pool.index`), and ranking by
relevance, whose price grows with every hit, is done only while hits are few enough for it to say something.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain

from rapidfuzz import fuzz, process

from commons.pool.index import FACETS, PoolIndex, both
from commons.pool.read import Card, Pool
from commons.pool.search import COLUMNS, WEIGHTS, Query, index_text, query, words_of

MOST_TEXT = 200  # characters of a question; the rest is ignored
MOST_RANKED = 4_000  # hits; above, the most lately confirmed come first
PAGE_SIZE = 20
MOST_CORRECTED = 6  # words of a question that are compared with those of titles
NEAR_ENOUGH = 78  # of 100: a word of a title that may have been meant


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: words, chosen values by facet (any of a facet, all facets), and a page from 1 on."""

    text: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    page: int = 1
    size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Advice:
    """What to try where nothing was found."""

    spelling: str | None = None  # the question with its words corrected
    without_filters: int = 0  # hits of the words alone
    single_words: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results. Counts of a facet take all other filters into account, not its own."""

    total: int
    cards: tuple[Card, ...]
    counts: Mapping[str, Mapping[str, int]]
    pages: int
    advice: Advice | None = None


def search(pool: Pool, asked: Asked, *, at: str) -> Found:
    """The page asked for; the instant `at` (YYYY-MM-DDTHH:MM:SSZ) decides what has expired."""
    index = pool.index
    words = query(asked.text[:MOST_TEXT])
    hits = _hits(pool, words)
    current = index.current(at)
    base = current if hits is None else both(index.mask(hits), current)
    masks = {name: index.having(name, values) for name, values in asked.chosen.items() if values}
    mask = reduce(both, masks.values(), base)
    total = mask.count(1)
    counts = {
        name: index.counts(name, reduce(both, (m for other, m in masks.items() if other != name), base))
        for name in FACETS
    }
    pages = max(1, -(-total // asked.size))
    page = min(max(1, asked.page), pages)
    entities = _page(pool, words, hits, mask, (page - 1) * asked.size, asked.size)
    advice = None if total else _advice(pool, words, base.count(1))
    return Found(total, pool.cards(entities), counts, pages, advice)


def _hits(pool: Pool, words: Query) -> array[int] | None:
    """All entities that match, unranked; None where nothing was asked, nothing where no word was left."""
    if not words.match:
        return None
    cursor = pool.connection.cursor()
    cursor.row_factory = None  # plain tuples: a common word has a hundred thousand of them
    rows = cursor.execute("SELECT rowid FROM search WHERE search MATCH ?", (words.match,))
    return array("I", chain.from_iterable(rows))


def _page(
    pool: Pool, words: Query, hits: array[int] | None, mask: bytes, start: int, size: int
) -> Sequence[int]:
    unranked = hits is None or len(hits) > MOST_RANKED
    ordered: Iterable[int] = pool.index.by_freshness if unranked else _ranked(pool, words)
    page: list[int] = []
    for entity in ordered:
        if mask[entity]:
            if start:
                start -= 1
            else:
                page.append(entity)
                if len(page) == size:
                    break
    return page


def _ranked(pool: Pool, words: Query) -> list[int]:
    """Titles that hold every word first, then by relevance, then by number: the same on every machine."""
    weights = ", ".join(str(w) for w in WEIGHTS[: len(COLUMNS)])
    sql = (
        "SELECT s.rowid, e.title FROM search s JOIN entity e ON e.id = s.rowid "
        f"WHERE search MATCH ? ORDER BY bm25(search, {weights}), s.rowid"
    )
    rows = [(row[0], row[1] or "") for row in pool.connection.execute(sql, (words.match,))]
    asked = set(index_text(words.words, None).folded.split())
    named = [entity for entity, title in rows if asked <= set(index_text([title], None).folded.split())]
    first = set(named)
    return named + [entity for entity, _ in rows if entity not in first]


def _advice(pool: Pool, words: Query, without_filters: int) -> Advice:
    singles = {}
    if len(words.words) > 1:
        for word in words.words:
            hits = _hits(pool, query(word))
            if hits:
                singles[word] = len(hits)
    return Advice(None if without_filters else _spelling(pool, words), without_filters, singles)


def _spelling(pool: Pool, words: Query) -> str | None:
    """The question with each word that no record has replaced by the nearest word of a title."""
    known = _title_words(pool)
    corrected = []
    if len(words.words) > MOST_CORRECTED:
        return None
    for word in words.words:
        if word in known or (hits := _hits(pool, query(word))) is None or hits:
            corrected.append(word)
            continue
        near = process.extractOne(word, known.keys(), scorer=fuzz.ratio, score_cutoff=NEAR_ENOUGH)
        corrected.append(near[0] if near else word)
    return " ".join(corrected) if tuple(corrected) != words.words else None


def _title_words(pool: Pool) -> Mapping[str, None]:
    """Words of titles, four letters or more and no figures, in the order of the titles; read once a pool."""
    cache = pool.index.title_words
    if not cache:
        for (title,) in pool.connection.execute(
            "SELECT title FROM entity WHERE title IS NOT NULL ORDER BY id"
        ):
            cache.update(dict.fromkeys(word for word in words_of(title) if len(word) > 3 and word.isalpha()))
    return cache


def overview(index: PoolIndex, at: str) -> dict[str, dict[str, int]]:
    """How much there is of each facet's value at the instant `at`."""
    return {name: index.counts(name, index.current(at)) for name in FACETS}
