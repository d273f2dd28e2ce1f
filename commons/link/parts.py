"""Whether one record may be of a part of what the other is, or of a body beside it, by their names. Pure.

"Clothing Bank at Hope House" is not Hope House, nor is "Hope House - Clothing Bank", nor "Friends of Hope
House", though each has the whole of its name. Where but a house or a web site is shared a person should look.
"""

from __future__ import annotations

from functools import cache, lru_cache

from commons.link import compare
from commons.link.features import Features
from commons.link.normal import Name, Street
from commons.link.tables import load_tables


def is_part(a: Features, b: Features) -> bool:
    """Whether in every two names of theirs with a word in common one has a piece that the other lacks."""
    where = _where(a) | _where(b)
    pairs = [(x, y) for x in a.names for y in b.names if not set(x.words).isdisjoint(y.words)]
    return bool(pairs) and all(_lacks(x, y, where) or _lacks(y, x, where) or _beside(x, y) for x, y in pairs)


def other_level(a: Features, b: Features) -> bool:
    """Whether every name of the one is of another level than the names of the other: primary, high school."""
    levels = [{level for name in each.names for level in _levels(name.words)} for each in (a, b)]
    return bool(levels[0] and levels[1]) and levels[0].isdisjoint(levels[1])


@lru_cache(maxsize=10_000)
def _levels(words: tuple[str, ...]) -> frozenset[int]:
    said = frozenset(words)
    if said.isdisjoint(_level_words()):
        return frozenset()  # most names by far
    levels = load_tables().words.levels
    return frozenset(n for n, several in enumerate(levels) if any(one <= said for one in several))


@cache
def _level_words() -> frozenset[str]:
    return frozenset(word for several in load_tables().words.levels for one in several for word in one)


def where_only(a: Features, b: Features) -> set[str]:
    """Words of one's names alone that say where both of them are."""
    left, right = ({w for name in each.names for w in name.words} for each in (a, b))
    alone = left ^ right
    return alone & (_where(a) | _where(b)) if alone else alone


def _where(of: Features) -> set[str]:
    return {*of.town.split(), *of.neighbourhood.split()}


def is_body(a: Features, b: Features) -> bool:
    """Whether only one of them is a foundation: often of the same name as the house that it pays for."""
    bodies = load_tables().words.bodies
    return bool(a.names and b.names) and all(
        bodies.isdisjoint((*x.words, *x.legal)) != bodies.isdisjoint((*y.words, *y.legal))
        for x in a.names
        for y in b.names
    )


def other_unit(a: Street | None, b: Street | None) -> bool:
    """Whether both are in one house behind different doors."""
    if a is None or b is None or not a.inner or not b.inner:
        return False
    return set(a.inner.split()).isdisjoint(b.inner.split()) and a.inner.replace(" ", "") != b.inner.replace(
        " ", ""
    )


def _lacks(name: Name, other: Name, where: set[str]) -> bool:
    """Whether a piece of `name` has nothing to do with `other`, and is not where it is either."""
    for begin, end in zip(name.pieces[::2], name.pieces[1::2], strict=True):
        piece = name.words[begin:end]
        if (
            piece
            and not where.issuperset(piece)
            and not any(w in other.words or _near(w, other) for w in piece)
        ):
            return True
    return False


def _near(word: str, other: Name) -> bool:
    return any(compare.near(word, o) for o in other.words)


def _beside(a: Name, b: Name) -> bool:
    beside = load_tables().words.beside
    return beside.isdisjoint(a.words) != beside.isdisjoint(b.words)
