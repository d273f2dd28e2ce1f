"""How alike two names, streets and positions are, in whole numbers. Pure; knows no record and no threshold.

Whole numbers only, and no function of a maths library: the same answer on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import isqrt
from typing import NamedTuple

from rapidfuzz.distance import OSA

from commons.link.normal import Name, Street
from commons.link.tables import load_tables

Weight = Callable[[str], int]

_ONCE = (1 << 32) - 1
_SHORTEST = 4  # letters of a word that may be misspelt
_PREFIX = 3  # letters of a word that may stand for a longer one

# Cosines of whole degrees, times 1024: a position's east-west step shrinks towards the poles.
_COSINES = (
    1024, 1024, 1023, 1023, 1022, 1020, 1018, 1016, 1014, 1011, 1008, 1005, 1002, 998, 994, 989, 984,
    979, 974, 968, 962, 956, 949, 943, 935, 928, 920, 912, 904, 896, 887, 878, 868, 859, 849, 839, 828,
    818, 807, 796, 784, 773, 761, 749, 737, 724, 711, 698, 685, 672, 658, 644, 630, 616, 602, 587, 573,
    558, 543, 527, 512, 496, 481, 465, 449, 433, 416, 400, 384, 367, 350, 333, 316, 299, 282, 265, 248,
    230, 213, 195, 178, 160, 143, 125, 107, 89, 71, 54, 36, 18, 0,
)  # fmt: skip
_DEGREE_M = 111_195


class Alike(NamedTuple):
    """Two names, word by word: what the words count that both have, that are near, and that only one has.

    `marks`: 0 none or the same, 1 only one side has some (or more), 2 they contradict, 3 only one side says
    that it is an extension.
    """

    shared: int
    near: int
    left: int
    right: int
    equal: bool
    marks: int
    same_marks: int
    spelled: bool
    legal: int  # 1 legal forms differ, 2 only one side has a kind of settlement, 3 these differ, else 0

    @property
    def lesser(self) -> int:
        return min(self.left, self.right)


@lru_cache(maxsize=16_000)
def near(a: str, b: str) -> bool:
    """Whether one word may be the other misspelt: about one slip in five letters; or cut short."""
    if len(a) > len(b):
        a, b = b, a
    if len(a) < _SHORTEST:
        if len(b) == len(a) + 1 == _SHORTEST and b.replace("n", "", 1) == a:
            return True  # an ñ that a conversion lost
        return len(a) >= _PREFIX and len(b) >= 7 and b.startswith(a)
    most = slips(len(b))
    if len(b) - len(a) <= most and OSA.distance(a, b, score_cutoff=most) <= most:
        return True
    return b.startswith(a)


def may_be_near(a: int, b: int, size: int) -> bool:
    """Whether words of these letters, the longer one of this size, may be `near`: by a slip, or as a part."""
    unlike = a ^ b
    return not unlike & a or not unlike & b or unlike.bit_count() <= 2 * slips(size)


def slips(letters: int) -> int:
    """How many letters of a word may be wrong."""
    return letters // 5 if letters >= 5 else 1


@lru_cache(maxsize=16_000)
def letters_of(word: str) -> int:
    """Which letters and figures a text has, and which twice, as bits: a slip changes two at most."""
    once = twice = 0
    for letter in word:
        bit = 1 << (ord(letter) & 31)
        twice |= once & bit
        once |= bit
    return twice << 32 | once


def letters_together(several: Iterable[int]) -> int:
    """`letters_of` texts that are run together, of those of each."""
    once = twice = 0
    for bits in several:
        twice |= bits >> 32 | once & bits
        once |= bits & _ONCE
    return twice << 32 | once


class Read:
    """A name made ready to be compared with many others.

    `counts`: what each of its words counts where both names have it; `total`: all of them together; `whole`:
    what the whole name counts more, once it was asked.
    """

    __slots__ = ("_joined", "_longest", "counts", "name", "total", "whole", "words")

    def __init__(self, name: Name, weight: Weight) -> None:
        self.name = name
        self.counts = {word: weight(word) for word in name.words}
        self.total = sum(self.counts.values())
        self.words = frozenset(name.words)
        self.whole: int | None = None
        self._longest: list[str] | None = None
        self._joined: tuple[str, int] | None = None

    @property
    def longest(self) -> list[str]:
        """Its words, the longest first."""
        found = self._longest
        if found is None:
            found = self._longest = sorted(self.name.words, key=_longest_first)
        return found

    @property
    def joined(self) -> tuple[str, int]:
        """Its words run together, and the letters of that."""
        found = self._joined
        if found is None:
            text = "".join(self.name.words)
            found = self._joined = (text, letters_of(text))
        return found


def _longest_first(word: str) -> tuple[int, str]:
    return -len(word), word


def _within(a: str, b: str, a_bits: int, b_bits: int, most: int) -> bool:
    """Whether two texts are at most so many slips apart; most are ruled out by their letters."""
    if abs(len(a) - len(b)) > most or (a_bits ^ b_bits).bit_count() > 2 * most:
        return False
    return OSA.distance(a, b, score_cutoff=most) <= most


def _run_together(a: list[str], b: list[str]) -> bool:
    """Whether the words are the same but for where they are cut, and some slips."""
    left, right = "".join(a), "".join(b)
    longer = max(len(left), len(right))
    return longer >= 6 and _within(left, right, letters_of(left), letters_of(right), longer // 5)


def names(a: Read, b: Read) -> Alike:
    """Two names of one form each. Symmetric."""
    if b.name.words < a.name.words:
        a, b = b, a
    one, other = a.name, b.name
    marks, same_marks = _marks(one.marks, other.marks) if one.marks or other.marks else (0, 0)
    legal = _forms(one.legal, other.legal) if one.legal != other.legal else 0
    spelled = one.spelling == other.spelling
    shared = a.words & b.words
    if len(shared) == len(a.words) == len(b.words):
        return Alike(a.total, 0, 0, 0, True, marks, same_marks, spelled, legal)
    counted, counts = 0, a.counts
    for word in shared:
        counted += counts[word]
    alone, rest, close = a.total - counted, b.total - counted, 0
    if len(a.words) > len(shared) < len(b.words):
        left = [w for w in a.longest if w not in shared]
        right = [w for w in b.longest if w not in shared]
        close, taken, given = _near_words(left, right, counts, b.counts)
        alone, rest = alone - taken, rest - given
        if left and right and _same_letters(a, b, left, right):
            close += min(alone, rest)
            alone = rest = 0
    return Alike(counted, close, alone, rest, False, marks, same_marks, spelled, legal)


def _same_letters(a: Read, b: Read, left: list[str], right: list[str]) -> bool:
    """Whether what is left of both names is the same run together, or the whole names nearly are."""
    (one, one_bits), (other, other_bits) = a.joined, b.joined
    most = max(len(one), len(other)) // 8
    if most and _within(one, other, one_bits, other_bits, most):
        return True
    return _run_together([w for w in a.name.words if w in left], [w for w in b.name.words if w in right])


def _near_words(
    left: list[str], right: list[str], left_counts: Mapping[str, int], right_counts: Mapping[str, int]
) -> tuple[int, int, int]:
    """Take out of both lists the words that may be one misspelt.

    Both lists are in order of length, the longest words first.
    Returns:
        What they count, by the commoner of two; what those of the left count, and those of the right.
    """
    close = taken = given = 0
    for word in left.copy():
        bits, size = letters_of(word), len(word)
        for other in right:
            if may_be_near(bits, letters_of(other), size if size > len(other) else len(other)) and near(
                word, other
            ):
                one, two = left_counts[word], right_counts[other]
                close, taken, given = close + min(one, two), taken + one, given + two
                left.remove(word)
                right.remove(other)
                break
    return close, taken, given


def _forms(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    settlement = load_tables().words.settlement
    left, right = settlement.intersection(a), settlement.intersection(b)
    if left or right:
        return 2 if not left or not right else 0 if left & right else 3
    return 1 if a and b and not set(a) & set(b) else 0


def _marks(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[int, int]:
    """How the marks stand (see Alike) and how many are shared; numbers contradict numbers, points points."""
    if a == b:
        return 0, len(a)
    both = set(a) & set(b)
    if len(both) == len(a) == len(b):
        return 0, len(a)
    for kind in (str.isdigit, str.isalpha):
        one, other = tuple(filter(kind, a)), tuple(filter(kind, b))
        few, many = (one, other) if len(one) <= len(other) else (other, one)
        if many[: len(few)] == few or set(few) == set(many):
            continue
        if kind is str.isdigit or not set(few) <= set(many):
            return 2, len(both)
    parts = load_tables().words.parts
    return (1 if parts.isdisjoint(a) == parts.isdisjoint(b) else 3), len(both)


def is_acronym(a: Name, b: Name) -> bool:
    """Whether one name is the initials of the other's words (three and more)."""
    for short, long in ((a, b), (b, a)):
        one = short.words[0] if len(short.words) == 1 else ""
        if len(one) >= 3 and len(long.letters) > 1 and one == long.letters:
            return True
    return False


SAME, NUMBER_MISSING, OTHER, NUMBER_ONLY = range(4)


def other_house(a: Street, b: Street) -> bool:
    """Whether their house numbers differ, or the letters behind one number; one without says nothing."""
    if not a.number or not b.number:
        return False
    return a.number != b.number or bool(a.letter and b.letter and a.letter != b.letter)


def streets(a: Street, b: Street) -> int:
    """How two addresses stand to each other that are not of two houses for sure."""
    same_way = _same_way(a.words, b.words)
    if a.number and b.number:
        return SAME if same_way else NUMBER_ONLY
    return NUMBER_MISSING if same_way else OTHER


def _same_way(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether the words name one way: points of the compass and what one side leaves out do not matter."""
    if a == b:
        return True
    left = [w for w in a if len(w) > 1 or w.isdigit()]
    right = [w for w in b if len(w) > 1 or w.isdigit()]
    if not left or not right:
        return False
    few, many = (left, right) if (len(left), left) <= (len(right), right) else (right, left)
    hits = sum([word in many or _is_near_any(word, many) for word in few])
    return hits == len(few) or hits * 2 > len(few) or _run_together(left, right)


def _is_near_any(word: str, others: list[str]) -> bool:
    if word.isdigit():
        return False
    bits, size = letters_of(word), len(word)
    for other in others:
        if may_be_near(bits, letters_of(other), max(size, len(other))) and near(word, other):
            return True
    return False


def metres(a: Sequence[int], b: Sequence[int]) -> int:
    """The distance of two positions in millionths of a degree; exact enough below some kilometres."""
    north = abs(a[0] - b[0])
    east = abs(a[1] - b[1])
    if east > 180_000_000:
        east = 360_000_000 - east
    east = east * _COSINES[min(abs(a[0] + b[0]) // 2_000_000, 90)] // 1024
    return isqrt(north * north + east * east) * _DEGREE_M // 1_000_000
