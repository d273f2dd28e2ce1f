"""Which records are compared at all: those that share a key. Pure.

A key is something that two records of one thing nearly always share, and few others: a rare word of the name,
a phone, a house. A common word is a key only together with another or with the area. A key that more than
`MOST` records have is none; it is then the finer keys that must bring them together. What is a key depends on
buckets of rarity only, so that keys change as seldom as scores do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from commons.link.features import Features
from commons.link.normal import Name
from commons.link.rarity import Rarity, hashed, name_atom, street_atom

MOST = 40  # records that share a key
RARE = 1  # the highest bucket of a word that is a key alone
COMMON_WORDS = 4  # of a name, the rarest ones, that are keys in pairs
CELL_E6 = 10_000  # about a kilometre

_VOWELS = re.compile(r"[aeiouhy]+")
_TWICE = re.compile(r"(.)\1+")


def keys(features: Features, rarity: Rarity) -> set[int]:
    """The hashes of a record's keys."""
    return {hashed(key) for key in _texts(features, rarity)}


def _texts(features: Features, rarity: Rarity) -> Iterator[str]:
    areas = list(_areas(features))
    for name in features.names:
        yield from _of_name(name, areas, rarity)
    for phone in features.phones:
        yield "p" + phone[-7:]
    for email in features.emails:
        yield "e" + email
    for site in features.sites:
        yield "s" + site
    street = features.street
    if street is not None and street.number:
        yield street_atom(features)
        yield from (f"m{street.number} {area}" for area in areas)
    if street is not None and features.postal:
        yield f"q{max(street.words, key=len, default='')} {features.postal}"
    if not features.names:
        yield from ("-" + area for area in areas)


def _of_name(name: Name, areas: Sequence[str], rarity: Rarity) -> Iterator[str]:
    yield name_atom(name.words, name.marks)
    spelled = "".join(name.words)
    yield "k" + _skeleton(spelled)
    words = [(rarity.bucket("w" + word), word) for word in name.words]
    if len(name.letters) > 1:
        yield "i" + name.letters
    elif spelled:
        yield "i" + spelled
    for bucket, word in words:
        if bucket <= RARE:
            yield "w" + word
    for _bucket, word in sorted(words)[:COMMON_WORDS]:
        stem = _skeleton(word)
        for area in areas:
            yield f"x{stem} {area}"
    common = sorted(words)[:COMMON_WORDS]
    for (_b, one), (_c, other) in combinations(common, 2):
        if _b > RARE or _c > RARE:
            yield "y" + " ".join(sorted((one, other)))
    stems = sorted({_skeleton(w) for _b, w in common})
    for one, other in combinations(stems[:3], 2):
        yield f"j{one} {other}"


def _skeleton(word: str) -> str:
    """What is left of a word in most misspellings: its first letter and its consonants but n, none twice."""
    return word[:1] + _TWICE.sub(r"\1", _VOWELS.sub("", word[1:]).replace("n", ""))[:7]


def _areas(features: Features) -> Iterator[str]:
    """Where a record is, coarsely; a position in two grids, so that neighbours share a cell of one."""
    if features.district:
        yield "d" + features.district
    elif features.town:
        yield "t" + features.town
    if features.postal:
        yield "z" + features.postal
    if features.position is not None:
        north, east = features.position
        yield f"g{north // CELL_E6},{east // CELL_E6}"
        half = CELL_E6 // 2
        yield f"h{(north + half) // CELL_E6},{(east + half) // CELL_E6}"


def blocks(entries: Iterable[tuple[int, int]], most: int = MOST) -> Iterator[tuple[int, list[int]]]:
    """(key, records that share it) of (key, record) in order; a key of one record or of too many is none."""
    last: int | None = None
    members: list[int] = []
    for key, record in entries:
        if key != last:
            if last is not None and 1 < len(members) <= most:
                yield last, members
            last, members = key, []
        members.append(record)
    if last is not None and 1 < len(members) <= most:
        yield last, members
