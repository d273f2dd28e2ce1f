"""Which records are compared at all: those that share a key. Pure.

A key is something that two records of one thing nearly always share, and few others: a rare word of the name,
a phone, a house. A common word is a key only together with another or with the area. A strong key is enough;
of weak ones (words as they may be misspelt, a number and the area) it takes two. A key that more than `MOST`
records have is none; it is then the finer keys that must bring them together. What is a key depends on
buckets of rarity only, so that keys change as seldom as scores do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations

from commons.link.features import Features
from commons.link.normal import Name
from commons.link.rarity import Rarity, hashed, name_atom, street_atom
from commons.link.tables import load_tables

MOST = 20  # records that share a key
ENOUGH = 2  # what two records' keys must weigh together: a strong key weighs so much, a weak one half
RARE = 1  # the highest bucket of a word that is a key alone
PROPER = 3  # words of a name that make keys: those that are no words of kinds, the rarest ones first
CELL_E6 = 10_000  # about a kilometre

_ACRONYMS = frozenset({"organization", "project"})  # types whose names are shortened to initials
_STRONG = frozenset("napesqi-kw")  # whole name, house, phone, e-mail, site, street, initials, rare word
_VOWELS = re.compile(r"[aeiouhy]+")
_TWICE = re.compile(r"(.)\1+")


def keys(features: Features, rarity: Rarity) -> set[int]:
    """The hashes of a record's keys; an odd one is a strong key."""
    found = set()
    for key in _texts(features, rarity):
        value = hashed(key)
        found.add(value | 1 if key[0] in _STRONG else value & ~1)
    return found


def weight(key: int) -> int:
    """How much it weighs that two records have this key in common."""
    return ENOUGH if key & 1 else 1


def _texts(features: Features, rarity: Rarity) -> Iterator[str]:
    areas = _areas(features)
    for name in features.names:
        yield from _of_name(name, areas, rarity)
        if features.type in _ACRONYMS and len(name.letters) > 2:
            yield "i" + name.letters
        elif features.type in _ACRONYMS and len(name.words) == 1:
            yield "i" + name.words[0]
    for phone in features.phones:
        yield "p" + phone[-7:]
    for email in features.emails:
        yield "e" + email
    for site in features.sites:
        yield "s" + site
    street = features.street
    if street is not None:
        if street.number:
            yield street_atom(features)
            yield from [f"m{street.number} {area}" for area in areas]
        if features.postal:
            yield f"q{max(street.words, key=len, default='')} {features.postal}"
    if not features.names:
        yield from ["-" + area for area in areas]


def _of_name(name: Name, areas: Sequence[str], rarity: Rarity) -> Iterator[str]:
    yield name_atom(name.words, name.marks)
    yield "k" + skeleton("".join(name.words))
    generic, bucket = load_tables().generic, rarity.bucket
    words = sorted([(word in generic, bucket("w" + word), word) for word in name.words])[:PROPER]
    own = [word for of_kind, _bucket, word in words if not of_kind] or [word for *_both, word in words]
    stems = [_stem(word) for word in own]
    for of_kind, common, word in words:
        if common <= RARE and not of_kind:
            yield "w" + word
    for stem in stems[:2]:
        yield from [f"x{stem} {area}" for area in areas]
    yield from [f"j{min(one, other)} {max(one, other)}" for one, other in combinations(stems, 2)]


def skeleton(word: str) -> str:
    """What is left of a word in most misspellings: its first letter and its consonants but n, none twice."""
    return word[:1] + _TWICE.sub(r"\1", _VOWELS.sub("", word[1:]).replace("n", ""))[:7]


_stem = lru_cache(maxsize=20_000)(skeleton)


def _areas(features: Features) -> list[str]:
    """Where a record is, coarsely; a position in two grids, so that neighbours share a cell of one."""
    areas = []
    if features.postal:
        areas.append("z" + features.postal)
    if features.district:
        areas.append("d" + features.district)
    elif features.town:
        areas.append("t" + features.town)
    if not areas and features.position is not None:
        north, east = features.position
        half = CELL_E6 // 2
        areas.append(f"g{north // CELL_E6},{east // CELL_E6}")
        areas.append(f"h{(north + half) // CELL_E6},{(east + half) // CELL_E6}")
    return areas


def blocks(keys: Sequence[int], records: Sequence[int], most: int = MOST) -> Iterator[tuple[int, list[int]]]:
    """(key, records that share it) of keys and whose they are; a key of one record or of too many is none."""
    times = Counter(keys)
    found: dict[int, list[int]] = {}
    for key, record in zip(keys, records, strict=True):
        if 1 < times[key] <= most:
            found.setdefault(key, []).append(record)
    return ((key, sorted(several)) for key, several in found.items())
