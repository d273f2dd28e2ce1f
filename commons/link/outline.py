"""A record in a few numbers: enough to say of most pairs that they score too little. Pure; weighs nothing.

Of a hundred pairs that share a key some twenty score enough to be looked at again. What the others could
score at best is seen at once: another house number, another district, a spot far away. It is never below what
`score.Scorer` gives (tests hold it to that), so that leaving such a pair out changes nothing. An outline is
bytes of one length, so that a million lie in one piece that many processes share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from struct import Struct
from zlib import crc32

from commons.link import compare
from commons.link.features import Features
from commons.link.normal import Street
from commons.link.tables import Table

WORDS = 8  # of all names together; with more nothing is said of the name
WAY = 3  # words of a street; with more nothing is said of it
CONTACTS = 3  # phones, e-mail addresses, sites together; with more nothing is said of the pair
_MOST_COUNT = 255  # of a word
_NOWHERE = -(1 << 31)
_NONE = (0,) * WORDS

# Texts are 32 bits of a checksum, 0 for none: texts that share one only look more alike than they are.
# Where: north, east, house number, street, postal code, its beginning, neighbourhood, its letters, district,
# town, size of the neighbourhood. What: flags, what the words of the longest name count, kind, date and
# contacts. Then of the words of all names each a checksum, what it counts, its letters and its size; of those
# of the street the letters and the size.
_WHERE = Struct("<2i5IQ2IH")
_WHAT = Struct(f"<2H2I{CONTACTS}I")
_WORD, _WORDS = Struct("<IBQB"), Struct("<" + WORDS * "IBQB")
_STEP, _STEPS = Struct("<QB"), Struct("<" + WAY * "QB")
_HEAD = Struct(_WHERE.format + _WHAT.format[1:])
_WHAT_AT, _WORDS_AT = _WHERE.size, _HEAD.size
_WAY_AT = _WORDS_AT + _WORDS.size
SIZE = _WAY_AT + _STEPS.size
_FLAGS, _TOTAL, _KIND, _DATE, _CONTACTS = range(5)

# Too many words; several names; a name with marks; one of one word; to be weighed in any case; what it has.
_MANY, _SEVERAL, _MARKS, _SHORT, _WEIGH, _PHONE, _EMAIL, _SITE = (1 << n for n in range(8))

_LOOSE = _SEVERAL | _SHORT  # of such names less is known

Row = tuple[int, ...]


class Outliner:
    """Draws outlines. `weight`: what a shared word counts."""

    def __init__(self, weight: Callable[[str], int]) -> None:
        self._weight = weight
        self._word = lru_cache(maxsize=20_000)(self._word_of)

    def _word_of(self, word: str) -> tuple[int, bytes]:
        """What it counts, and the word in an outline; nothing where that is too much."""
        count, size = self._weight(word), len(word)
        if max(count, size) > _MOST_COUNT:
            return count, b""
        return count, _WORD.pack(crc32(word.encode()) | 1, count, compare.letters_of(word), size)

    def of(self, features: Features) -> bytes:
        """A record's outline."""
        names, street, area, spot = features.names, features.street, features.neighbourhood, features.position
        flags, total = _SEVERAL if len(names) > 1 else 0, 0
        words: dict[bytes, None] = {}
        for name in names:
            count = 0
            for word in name.words:
                counts, packed = self._word(word)
                words[packed] = None
                count += counts
            total = max(total, count)
            flags |= (_MARKS if name.marks else 0) | (_SHORT if len(name.words) == 1 else 0)
        lost = len(names) == 1 and len(words) < len(names[0].words)  # two words that nothing here tells apart
        if lost or len(words) > WORDS or b"" in words:
            flags, words, total = flags | _MANY, {}, 0
        contacts = _contacts(features)
        if spot is not None and max(map(abs, spot)) > -_NOWHERE:
            flags, spot = flags | _WEIGH, None
        if features.identifiers or len(contacts) > CONTACTS:
            flags, contacts = flags | _WEIGH, ()
        flags |= (_PHONE if features.phones else 0) | (_EMAIL if features.emails else 0)
        flags |= _SITE if features.sites else 0
        way = _way_of(street) if street else b""
        head = _HEAD.pack(
            *(spot or (_NOWHERE, _NOWHERE)),
            _sum_of(street.number) if street else 0,
            len(way) + 1 if street else 0,
            _sum_of(features.postal),
            _sum_of(features.postal[:3]),
            _sum_of(area),
            compare.letters_of(area) if area else 0,
            _sum_of(features.district),
            _sum_of(features.town),
            len(area),
            flags,
            total,
            _sum_of(features.kind),
            _sum_of(features.date[:10]),
            *(contacts + _NONE)[:CONTACTS],
        )
        return head + b"".join(words).ljust(_WORDS.size, b"\0") + way.ljust(_STEPS.size, b"\0")


def _way_of(street: Street) -> bytes:
    """The words by which a street is known as another; nothing where that is not said."""
    steps = [_step_of(word) for word in street.words if len(word) > 1 or word.isdigit()]
    return b"".join(steps) if len(steps) <= WAY and all(steps) else b""


@lru_cache(maxsize=20_000)
def _step_of(word: str) -> bytes:
    return _STEP.pack(compare.letters_of(word), len(word)) if len(word) <= _MOST_COUNT else b""


@lru_cache(maxsize=20_000)
def _sum_of(text: str) -> int:
    return crc32(text.encode()) | 1 if text else 0


def _contacts(features: Features) -> tuple[int, ...]:
    """What a record is reached by; of a phone the figures that are compared where an area is missing."""
    texts = (*(p[-7:] for p in features.phones), *features.emails, *features.sites)
    return tuple(crc32(text.encode()) | 1 for text in texts)


class Outlines:
    """The outlines of many records, one after the other."""

    def __init__(self, rows: bytes | bytearray, table: Table) -> None:
        self._rows, self._distances = rows, table.distances
        points = self._points = dict(table.points)
        self._whole = max(*table.whole_names, points["name_near"], 0)
        self._house = max(
            points["street"] + max(points["street_spelled"], 0), points["number_only"], points["street_other"]
        )
        self._no_house = max(points["street_only"], points["street_other"])
        self._postal = max(points["postal"], points["postal_fine"])
        self._area = max(points["neighbourhood"], points["neighbourhood_other"])
        self._place_most, self._place_least = points["place_most"], points["place_least"]
        self._town = max(points["city"], points["city_other"])
        self._site = max(points["site_near"], points["site_other"])
        self._lone_marks = max(points["mark_missing"], points["part_missing"])
        self._near = max(points["name_near"], 0)
        self._forms = max(points["legal"], points["settlement_missing"], points["settlement_other"], 0)
        self._most = self._forms + points["name_most"] + self._whole + 2 * points["mark_same"]
        self._most += points["spelling"]

    def worth(self, pairs: Iterable[int], least: int) -> Iterator[int]:
        """Those of the pairs (a * 2³² + b, quickest in order) that may score so much, and have to be weighed.

        A pair with a contact in common is among them in any case: it may be of relatives.
        """
        rows, where, what = self._rows, _WHERE.unpack_from, _WHAT.unpack_from
        last = -1
        for pair in pairs:
            at, other = (pair >> 32) * SIZE, (pair & 0xFFFFFFFF) * SIZE
            if at != last:
                last, place, one = at, where(rows, at), what(rows, at + _WHAT_AT)
                contacts, words = {*one[_CONTACTS:]} - {0}, _told(_WORDS.unpack_from(rows, at + _WORDS_AT))
            two = what(rows, other + _WHAT_AT)
            if (one[_FLAGS] | two[_FLAGS]) & _WEIGH or not contacts.isdisjoint(two[_CONTACTS:]):
                yield pair
                continue
            total = self._place(place, where(rows, other)) + self._rest(one, two)
            if total + self._most < least:
                continue
            needed = least - self._name(words, other, one, two, least - total)
            if total < needed:
                continue
            if not self._may_be_one_way(at, other):
                total = self._place(place, where(rows, other), one_way=False) + self._rest(one, two)
            if total >= needed:
                yield pair

    def _place(self, one: Row, two: Row, *, one_way: bool = True) -> int:
        points, total = self._points, 0
        north, east, house, street, code, region, area, letters, district, town, size = one
        n, e, h, s, c, r, a, bits, d, t, z = two
        if street and s:
            if not house or not h:
                total = self._no_house if one_way else points["street_other"]
            elif house == h:
                total = self._house if one_way else points["number_only"]
            else:
                total = points["street_other_number"]
        if north != _NOWHERE != n:
            away, near = compare.metres((north, east), (n, e)), points["far"]
            for most, count in self._distances:
                if away <= most:
                    near = count
                    break
            total += near
        if code and c:
            total += self._postal if code == c else points["postal_near" if region == r else "postal_other"]
        if area and a:
            may_be = area == a or compare.may_be_near(letters, bits, size if size > z else z)
            total += self._area if may_be else points["neighbourhood_other"]
        if district and d:
            total += points["district" if district == d else "district_other"]
        elif town and t:
            total += self._town
        if total > self._place_most:
            return self._place_most
        return total if total > self._place_least else self._place_least

    def _rest(self, one: Row, two: Row) -> int:
        """Contacts, none of which both have; the kind; dates."""
        points, both, total = self._points, one[_FLAGS] & two[_FLAGS], 0
        if both > _WEIGH:
            total = points["phone_other"] if both & _PHONE else 0
            total += points["email_other"] if both & _EMAIL else 0
            total += self._site if both & _SITE else 0
            total = max(points["contact_least"], min(total, points["contact_most"]))
        if one[_KIND] != two[_KIND] and one[_KIND] and two[_KIND]:
            total += points["kind_other"]
        if one[_DATE] and two[_DATE]:
            total += points["date" if one[_DATE] == two[_DATE] else "date_other"]
        return total

    def _name(self, words: Mapping[int, Row], other: int, one: Row, two: Row, needed: int) -> int:
        """As if every word that the names do not share were near one of the other's; if that were enough,
        with those that can be."""
        points, either = self._points, one[_FLAGS] | two[_FLAGS]
        total = self._forms + points["spelling"]
        if either & _MARKS:
            both = one[_FLAGS] & two[_FLAGS] & _MARKS
            total += 2 * points["mark_same"] if both or either & _SEVERAL else self._lone_marks
        if either & _MANY:
            return total + points["name_most"] + self._whole
        others = _WORDS.unpack_from(self._rows, other + _WORDS_AT)
        most, shared = min(one[_TOTAL], two[_TOTAL]), 0
        for word in others[::4]:
            if word in words:
                shared += words[word][2]
        shared = min(shared, most)
        name: int = min(shared + (most - shared) * points["near"] // 100, points["name_most"])
        is_whole = either & _SEVERAL or shared == one[_TOTAL] == two[_TOTAL]
        name += self._whole if is_whole else self._near
        if either & _SHORT:
            name = max(name, points["acronym"])
        told = most and not is_whole and not either & _LOOSE  # a name without words costs nothing
        if not told or total + name < needed:
            return total + name
        return total + min(name, self._unlike(words, _told(others), shared, name))

    def _may_be_one_way(self, at: int, other: int) -> bool:
        """Whether two streets may be one, by the letters of their words: half, or all run together."""
        rows = self._rows
        way, others = _STEPS.unpack_from(rows, at + _WAY_AT), _STEPS.unpack_from(rows, other + _WAY_AT)
        left = [told for told in zip(way[::2], way[1::2], strict=True) if told[1]]
        right = [told for told in zip(others[::2], others[1::2], strict=True) if told[1]]
        if not left or not right:
            return True
        near, close = _near_each_other(left, right)
        if 2 * len(near) > len(left) or 2 * len(close) > len(right):
            return True
        size, length = sum([told[1] for told in left]), sum([told[1] for told in right])
        slips: int = max(size, length) // 5
        unlike = _letters(left) ^ _letters(right)
        return -slips <= size - length <= slips and unlike.bit_count() <= 2 * slips

    def _unlike(self, one: Mapping[int, Row], two: Mapping[int, Row], shared: int, most: int) -> int:
        """What two names count at most, by the letters of their words; `most` where they may be the same but
        for where they are cut."""
        points = self._points
        left = [told for word, told in one.items() if word not in two]
        right = [told for word, told in two.items() if word not in one]
        near, close = _near_each_other(left, right)
        far = [told for n, told in enumerate(left) if n not in near]
        away = [told for n, told in enumerate(right) if n not in close]
        if left and right and (_may_be_cut(left, far, right, away) or _may_be_one(one, two)):
            return most
        alone, rest = sum([told[2] for told in far]), sum([told[2] for told in away])
        taken, given = sum([told[2] for told in left]) - alone, sum([told[2] for told in right]) - rest
        shared += min(taken, given) * points["near"] // 100
        lesser = min(alone, rest)
        cost = -(lesser * 2 * points["unlike"] + (alone + rest - 2 * lesser) * points["extra"]) // 100
        cost = max(cost, points["name_least"]) if shared else points["name_none"]
        return min(shared, points["name_most"]) + cost + (0 if alone or rest else self._near)


def _told(words: Row) -> dict[int, Row]:
    """By word: its letters, its size, what it counts."""
    told = zip(words[::4], words[1::4], words[2::4], words[3::4], strict=True)
    return {word: (bits, size, count) for word, count, bits, size in told if word}


def _letters(words: Iterable[Row]) -> int:
    return compare.letters_together([told[0] for told in words])


def _near_each_other(left: Iterable[Row], right: Iterable[Row]) -> tuple[set[int], set[int]]:
    """Which words of either side may be one of the other's misspelt, or cut short."""
    near, close = set(), set()
    for n, (bits, size, *_count) in enumerate(left):
        for m, (letters, length, *_other) in enumerate(right):
            unlike = bits ^ letters
            if unlike & bits and unlike & letters:
                slips = compare.slips(size if size > length else length)
                if not -slips <= size - length <= slips or unlike.bit_count() > 2 * slips:
                    continue
            near.add(n)
            close.add(m)
    return near, close


def _may_be_one(names: Mapping[int, Row], others: Mapping[int, Row]) -> bool:
    """Whether whole names may be the same but for some slips."""
    one, two = names.values(), others.values()
    size, other = sum([told[1] for told in one]), sum([told[1] for told in two])
    slips = max(size, other) // 8
    return abs(size - other) <= slips and (_letters(one) ^ _letters(two)).bit_count() <= 2 * slips


def _may_be_cut(one: Sequence[Row], far: Sequence[Row], two: Sequence[Row], away: Sequence[Row]) -> bool:
    """Whether these words may be those but for where they are cut, with some slips; of those that are not
    `far` or `away` some may be gone."""
    size, other = sum([told[1] for told in one]), sum([told[1] for told in two])
    slips = max(size, other) // 5
    if max(sum([told[1] for told in far]) - other, sum([told[1] for told in away]) - size) > slips:
        return False
    unlike = _letters(far) & ~_letters(two) | _letters(away) & ~_letters(one)
    return unlike.bit_count() <= 2 * slips
