"""Whether two names can be of one thing. Pure; knows no record.

Names that differ in a number, an ordinal or a point of the compass are of two things (*Taxqueña I / II*).
Legal forms and small words say nothing, abbreviations what they stand for (*Sta.*, *Santa*). Everything is
whole numbers, so the answer is the same everywhere.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from commons.folding import folded
from commons.link.tables import load_tables

CONTRADICT, SIMILAR, WITHIN, EQUAL = 0, 1, 2, 3

_WORD = re.compile(r"[a-z0-9]+")
_ABBREVIATION = re.compile(r"\b(?:[a-z]\.\s?){2,}")


def _numbered(words: str) -> dict[str, str]:
    return {word: str(n) for n, word in enumerate(words.split(), 1)}


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SMALL = _set("a al and at by con de del e el en for in la las lo los of on para por the to y")
_LEGAL = _set(
    "ac iap sc cv sa srl sapi abp inc ltd llc plc cic cio corp co foundation fundacion asociacion civil "
    "association charity trust limited incorporated"
)
_ROMAN = _numbered("i ii iii iv v vi vii viii ix x xi xii xiii xiv xv")
_ORDINAL = {
    **_numbered("primera segunda tercera cuarta quinta sexta septima octava novena decima"),
    **_numbered("primero segundo tercero cuarto quinto sexto septimo octavo noveno decimo"),
    **_numbered("first second third fourth fifth sixth seventh eighth"),
    **{"primer": "1", "tercer": "3"},
}
_COMPASS = {
    "norte": "n", "north": "n", "sur": "s", "south": "s", "oriente": "e", "este": "e", "east": "e",
    "poniente": "w", "oeste": "w", "west": "w",
}  # fmt: skip
_LONG = 5  # letters of a word that may be misspelt by one
_SHARED = (2, 3)  # of all words: names with words of their own on both sides need so many in common


class Name(tuple[frozenset[str], frozenset[str]]):
    """A name as (its words, its numbers and compass points)."""

    __slots__ = ()


@lru_cache(maxsize=65_536)
def normalised(text: str) -> Name:
    """`text` as the words that tell it from other names."""
    plain = _ABBREVIATION.sub(lambda m: re.sub(r"[.\s]", "", m.group()) + " ", folded(text))
    words: set[str] = set()
    marks: set[str] = set()
    short = load_tables().words.short
    for word in (whole for said in _WORD.findall(plain) for whole in short.get(said, (said,))):
        if word in _COMPASS:
            marks.add(_COMPASS[word])
        elif word in _ROMAN and (len(word) > 1 or word in "iv"):
            marks.add(_ROMAN[word])
        elif word in _ORDINAL or any(c.isdigit() for c in word):
            marks.add(_ORDINAL.get(word) or word.lstrip("0") or "0")
        elif word not in _SMALL:
            words.add(word)
    return Name((frozenset(words - _LEGAL or words), frozenset(marks)))


@lru_cache(maxsize=65_536)
def _agreement(a: Name, b: Name) -> int:
    (words_a, marks_a), (words_b, marks_b) = a, b
    if marks_a and marks_b and marks_a != marks_b:
        return CONTRADICT
    only_a, only_b = _unmatched(words_a - words_b, words_b - words_a)
    shared = len(words_a) - only_a
    if not shared:
        return SIMILAR if not (words_a and words_b) else CONTRADICT
    if not only_a and not only_b:
        return EQUAL if marks_a == marks_b else WITHIN
    if not only_a or not only_b:
        return WITHIN
    return SIMILAR if shared * _SHARED[1] >= (shared + only_a + only_b) * _SHARED[0] else CONTRADICT


def _unmatched(a: frozenset[str], b: frozenset[str]) -> tuple[int, int]:
    """How many words of each side are not even misspelt on the other."""
    swapped = sorted(a) > sorted(b)  # so that the answer is the same from either side
    left, right = (sorted(b), sorted(a)) if swapped else (sorted(a), sorted(b))
    for word in list(left):
        for other in right:
            if min(len(word), len(other)) >= _LONG and Levenshtein.distance(word, other, score_cutoff=1) <= 1:
                left.remove(word)
                right.remove(other)
                break
    return (len(right), len(left)) if swapped else (len(left), len(right))


@lru_cache(maxsize=65_536)
def agreement(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """How well the best two of the names agree: CONTRADICT, SIMILAR, WITHIN or EQUAL.

    A thing without any name contradicts nothing.
    """
    names_a, names_b = [normalised(t) for t in a], [normalised(t) for t in b]
    if not names_a or not names_b:
        return SIMILAR
    return max(_agreement(x, y) for x in names_a for y in names_b)
