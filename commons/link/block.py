"""Which records are compared at all: those that share a key. Pure.

A key is something that two records of one thing nearly always share, and few others: a rare word of the name,
a phone, a house. A common word is a key only together with another or with the area. A strong key is enough;
of weak ones (words as they may be misspelt, a number and the area) it takes two. A key that too many records
have (`most_of`) is none; it is then the finer keys that must bring them together. What is a key depends on
buckets of rarity and of size only, so that keys change as seldom as scores do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from commons.link.features import Features
from commons.link.rarity import Rarity, hashed, hashed_word, name_atom, street_atom
from commons.link.tables import load_tables

MOST = 20  # records that share a key, among not more than …
LARGE = 17  # … two to the power of this; with each doubling twice as many, …
MOST_DOUBLED = 3  # … so often: words that tell records apart in a town are common in a country
ENOUGH = 2  # what two records' keys must weigh together: a strong key weighs so much, a weak one half
RARE = 1  # the highest bucket of a word that is a key alone
PROPER = 3  # words of a name that make keys: those that are no words of kinds, the rarest ones first
CELL_E6 = 10_000  # about a kilometre

_ACRONYMS = frozenset({"organization", "project"})  # types whose names are shortened to initials
_GONE = str.maketrans("", "", "aeiouhyn")
_BITS = (1 << 64) - 1
_ONE, _OTHER = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F  # odd, and without a pattern


class Word(NamedTuple):
    """A word of a name as keys are made of it; in order of what is told by it: rare words first."""

    is_generic: bool
    bucket: int
    text: str
    alone: int  # hashes: of the word, …
    stem: int  # … of what is left of it misspelt, beside an area …
    beside: int  # … and beside another word


class Keyer:
    """Makes keys of records, by one count of what is common."""

    def __init__(self, rarity: Rarity) -> None:
        self._rarity, self._generic = rarity, load_tables().generic
        self._word = lru_cache(maxsize=20_000)(self._word_of)

    def of(self, features: Features) -> set[int]:
        """The hashes of a record's keys; an odd one is a strong key."""
        areas = [hashed_word(area) for area in _areas(features)]
        strong, weak = self._of_names(features, areas)
        strong += [hashed("p" + phone[-7:]) for phone in features.phones]
        strong += [hashed("e" + email) for email in features.emails]
        strong += [hashed("s" + site) for site in features.sites]
        street = features.street
        if street is not None:
            if street.number:
                strong.append(hashed(street_atom(features)))
                number = hashed_word("m" + street.number)
                weak += [_both(number, area) for area in areas]
            if features.postal:
                way = hashed_word("q" + max(street.words, key=len, default=""))
                strong.append(_both(way, hashed_word(features.postal)))
        if not features.names:
            strong += areas
        return {*[key | 1 for key in strong], *[key & ~1 for key in weak]}

    def _of_names(self, features: Features, areas: Sequence[int]) -> tuple[list[int], list[int]]:
        """The strong keys and the weak ones: whole names, initials, rare words; stems with what is beside."""
        strong: list[int] = []
        weak: list[int] = []
        for name in features.names:
            words = sorted(map(self._word, name.words))[:PROPER]
            own = [word for word in words if not word.is_generic]
            strong.append(hashed(name_atom(name.words, name.marks)))
            strong.append(hashed("k" + skeleton("".join(name.words))))
            strong += [word.alone for word in own if word.bucket <= RARE]
            own = own or words
            weak += [_both(word.stem, area) for word in own[:2] for area in areas]
            weak += [(one.beside + other.beside) * _ONE & _BITS for one, other in combinations(own, 2)]
            if features.type in _ACRONYMS and len(name.letters) > 2:
                strong.append(hashed("i" + name.letters))
            elif features.type in _ACRONYMS and len(name.words) == 1:
                strong.append(hashed("i" + name.words[0]))
        return strong, weak

    def _word_of(self, text: str) -> Word:
        alone, stem = hashed_word("w" + text), skeleton(text)
        bucket = self._rarity.buckets.get(alone, 0)
        return Word(
            text in self._generic, bucket, text, alone, hashed_word("x" + stem), hashed_word("j" + stem)
        )


def _both(one: int, other: int) -> int:
    """A hash of two hashes in this order."""
    return (one * _ONE + other * _OTHER) & _BITS


def weight(key: int) -> int:
    """How much it weighs that two records have this key in common."""
    return ENOUGH if key & 1 else 1


def skeleton(word: str) -> str:
    """What is left of a word in most misspellings: its first letter and its consonants but n, none twice."""
    found, last = word[:1], ""
    for letter in word[1:].translate(_GONE):
        if letter != last:
            found += letter
            last = letter
    return found[:8]


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


def most_of(records: int) -> int:
    """How many of so many records may share a key. At a million a twentieth of the true pairs hangs on it."""
    return MOST << min((records >> LARGE).bit_length(), MOST_DOUBLED)


def blocks(keys: Sequence[int], records: Sequence[int], most: int) -> Iterator[tuple[int, list[int]]]:
    """(key, records that share it) of keys and whose they are; a key of one record or of too many is none."""
    times = Counter(keys)
    found: dict[int, list[int]] = {}
    for key, record in zip(keys, records, strict=True):
        if 1 < times[key] <= most:
            found.setdefault(key, []).append(record)
    return ((key, sorted(several)) for key, several in found.items())
