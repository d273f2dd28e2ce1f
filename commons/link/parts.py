"""Whether one record may be of a part of what the other is, or of a body beside it, by their names. Pure.

"Clothing Bank at Hope House" is not Hope House, nor is "Hope House - Clothing Bank", nor "Friends of Hope
House", though each has the whole of its name. Where but a house or a web site is shared a person should look.
"""

from __future__ import annotations

from commons.link import compare
from commons.link.features import Features
from commons.link.normal import Name, Street
from commons.link.tables import Kinds, load_tables


def is_part(a: Features, b: Features) -> bool:
    """Whether in every two names of theirs with a word in common one has a piece that the other lacks."""
    beside = load_tables().words.beside
    if not any(name.pieces or not beside.isdisjoint(name.words) for name in (*a.names, *b.names)):
        return False  # most names by far
    where = _where(a) | _where(b)
    pairs = [(x, y) for x in a.names for y in b.names if not set(x.words).isdisjoint(y.words)]
    return bool(pairs) and all(_lacks(x, y, where) or _lacks(y, x, where) or _beside(x, y) for x, y in pairs)


def other_kind(a: Features, b: Features) -> bool:
    """Whether by their names they do other things (a kitchen, a toy library), are of other levels (primary,
    high school) or for other people (women, men): each says something, and nothing that the other says."""
    words = load_tables().words
    return any(_contradict(a, b, kinds) for kinds in (words.activities, words.levels, words.audiences))


def _contradict(a: Features, b: Features, kinds: Kinds) -> bool:
    one = _said(a, kinds)
    return bool(one and (other := _said(b, kinds)) and one.isdisjoint(other))


def _said(of: Features, kinds: Kinds) -> set[int]:
    return {kind for name in of.names for kind in kinds.of(name.words)}


def where_only(a: Features, b: Features) -> set[str]:
    """Words of one's names alone that say where both of them are."""
    alone = {w for name in a.names for w in name.words} ^ {w for name in b.names for w in name.words}
    return alone & (_where(a) | _where(b)) if alone else alone


def _where(of: Features) -> set[str]:
    return {*of.town.split(), *of.neighbourhood.split()}


def is_body(a: Features, b: Features) -> bool:
    """Whether only one of them is a foundation: often of the same name as the house that it pays for."""
    one, other = ([_names_body(name) for name in each.names] for each in (a, b))
    return bool(one and other) and not any(x == y for x in one for y in other)


def _names_body(name: Name) -> bool:
    bodies = load_tables().words.bodies
    return not (bodies.isdisjoint(name.words) and bodies.isdisjoint(name.legal))


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
