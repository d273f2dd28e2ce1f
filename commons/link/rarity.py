"""How common words, names and contacts are among the records of one type. Pure counting.

Only the bucket of a count is ever used, in powers of four: 0 for up to 3 records, 1 for up to 15, 2 for up to
63 and so on. So a score does not drift with every added record, and whoever keeps scores knows which to make
again: those with something whose bucket changed.

Atoms are texts with a letter before them: w word, n whole name, p phone, e e-mail, s site, a house.
They are counted and kept as 64 bits of their hash: a million records have millions of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b

from commons.link.features import Features

HIGHEST = 7


def bucket_of(count: int) -> int:
    """0: 0–3, 1: 4–15, 2: 16–63 … 7: 16384 and more."""
    return min(max(count.bit_length() - 1, 0) // 2, HIGHEST)


def hashed(text: str) -> int:
    """64 bits that stand for a text, the same on every machine."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


hashed_word = lru_cache(maxsize=30_000)(hashed)  # for what comes again and again; a lost one costs little


def atoms(features: Features) -> list[str]:
    """What of a record is counted, each once."""
    found: dict[str, None] = {}
    for name in features.names:
        for word in name.words:
            found["w" + word] = None
        found[name_atom(name.words, name.marks)] = None
    for phone in features.phones:
        found["p" + phone[-7:]] = None
    for email in features.emails:
        found["e" + email] = None
    for site in features.sites:
        found["s" + site] = None
    if features.street is not None and features.street.number:
        found[street_atom(features)] = None
    return list(found)


def name_atom(words: tuple[str, ...], marks: tuple[str, ...]) -> str:
    """A whole name, whatever the order of its words."""
    return "n" + " ".join((*sorted(words), "/", *sorted(marks)))


def street_atom(features: Features) -> str:
    """House number and longest word of the street."""
    assert features.street is not None
    longest, size = "", 0
    for word in features.street.words:
        if len(word) > size or (len(word) == size and word > longest):
            longest, size = word, len(word)
    return f"a{features.street.number} {longest}"


class Rarity:
    """The buckets of one type's atoms, by hash; what is not in the mapping is rare."""

    def __init__(self, buckets: Mapping[int, int]) -> None:
        self.buckets = buckets

    def bucket(self, atom: str) -> int:
        return self.buckets.get(hashed_word(atom), 0)

    @classmethod
    def counted(cls, several: Iterable[Features]) -> Rarity:
        """Of distinct records: copies do not make a name common."""
        counts = Counter(hashed(atom) for features in several for atom in atoms(features))
        return cls(buckets_of(counts.items()))


def buckets_of(counts: Iterable[tuple[int, int]]) -> dict[int, int]:
    """The buckets above 0, from (hash, count)."""
    return {atom: bucket for atom, count in counts if (bucket := bucket_of(count))}
