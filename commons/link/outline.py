"""A record in a few numbers: enough to say of most pairs that they score too little. Pure; weighs nothing.

Of a hundred pairs that share a key some twenty score enough to be looked at again. What the others could
score at best is seen at once: another house number, another district, a spot far away. It is never below what
`score.Scorer` gives (tests hold it to that), so that leaving such a pair out changes nothing. An outline is
bytes of one length, so that a million lie in one piece that many processes share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from struct import Struct
from zlib import crc32

from commons.link import compare
from commons.link.features import Features
from commons.link.tables import Table

WORDS = 8  # of all names together; with more nothing is said of the name
CONTACTS = 3  # phones, e-mail addresses, sites together; with more nothing is said of the pair
_MOST_COUNT = 255  # of a word
_NOWHERE = -(1 << 31)
_NONE = (0,) * WORDS

# Texts are 32 bits of a checksum, 0 for none: texts that share one only look more alike than they are.
# Where: north, east, house number, street, postal code, its beginning, neighbourhood, its letters, district,
# town, size of the neighbourhood. What: flags, what the words of the longest name count, kind, date and
# contacts. Then the words of all names, and what each counts.
_WHERE = Struct("<2i8IH")
_WHAT = Struct(f"<2H2I{CONTACTS}I")
_WORDS = Struct(f"<{WORDS}I{WORDS}B")
_WHAT_AT, _WORDS_AT = _WHERE.size, _WHERE.size + _WHAT.size
SIZE = _WORDS_AT + _WORDS.size
_FLAGS, _TOTAL, _KIND, _DATE, _CONTACTS = range(5)

# Too many words; several names; a name with marks; one of one word; to be weighed in any case; what it has.
_MANY, _SEVERAL, _MARKS, _SHORT, _WEIGH, _PHONE, _EMAIL, _SITE = (1 << n for n in range(8))

Row = tuple[int, ...]


class Outliner:
    """Draws outlines. `weight`: what a shared word counts."""

    def __init__(self, weight: Callable[[str], int]) -> None:
        self._word = lru_cache(maxsize=20_000)(lambda word: (_sum_of(word), weight(word)))

    def of(self, features: Features) -> bytes:
        """A record's outline."""
        names, street, area = features.names, features.street, features.neighbourhood
        flags, total = _SEVERAL if len(names) > 1 else 0, 0
        words: dict[int, int] = {}
        for name in names:
            own = [self._word(word) for word in name.words]
            words.update(own)
            total = max(total, sum([count for _word, count in own]))
            flags |= (_MARKS if name.marks else 0) | (_SHORT if len(name.words) == 1 else 0)
        if len(words) > WORDS or max(words.values(), default=0) > _MOST_COUNT:
            flags, words, total = flags | _MANY, {}, 0
        contacts = _contacts(features)
        spot = features.position or (_NOWHERE, _NOWHERE)
        if features.identifiers or len(contacts) > CONTACTS or max(map(abs, spot)) > -_NOWHERE:
            flags, contacts, spot = flags | _WEIGH, (), (0, 0)
        flags |= _PHONE if features.phones else 0
        flags |= _EMAIL if features.emails else 0
        flags |= _SITE if features.sites else 0
        where = _WHERE.pack(
            *spot,
            _sum_of(street.number) if street else 0,
            1 if street else 0,
            _sum_of(features.postal),
            _sum_of(features.postal[:3]),
            _sum_of(area),
            compare.letters_of(area) if area else 0,
            _sum_of(features.district),
            _sum_of(features.town),
            len(area),
        )
        date = _sum_of(features.date[:10])
        others = _NONE[len(contacts) : CONTACTS]
        what = _WHAT.pack(flags, total, _sum_of(features.kind), date, *contacts, *others)
        none = _NONE[len(words) :]
        return where + what + _WORDS.pack(*words, *none, *words.values(), *none)


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
                contacts = {*one[_CONTACTS:]} - {0}
            two = what(rows, other + _WHAT_AT)
            if (one[_FLAGS] | two[_FLAGS]) & _WEIGH or not contacts.isdisjoint(two[_CONTACTS:]):
                yield pair
                continue
            total = self._place(place, where(rows, other)) + self._rest(one, two)
            if total + self._most >= least and total + self._name(at, other, one, two) >= least:
                yield pair

    def _place(self, one: Row, two: Row) -> int:
        points, total = self._points, 0
        north, east, house, street, code, region, area, letters, district, town, size = one
        n, e, h, s, c, r, a, bits, d, t, z = two
        if street and s:
            if not house or not h:
                total = self._no_house
            else:
                total = self._house if house == h else points["street_other_number"]
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

    def _name(self, at: int, other: int, one: Row, two: Row) -> int:
        """As if every word that the names do not share were near one of the other's."""
        points, either = self._points, one[_FLAGS] | two[_FLAGS]
        total = self._forms + points["spelling"]
        if either & _MARKS:
            both = one[_FLAGS] & two[_FLAGS] & _MARKS
            total += 2 * points["mark_same"] if both or either & _SEVERAL else self._lone_marks
        if either & _MANY:
            return total + points["name_most"] + self._whole
        words = _WORDS.unpack_from(self._rows, at + _WORDS_AT)
        others = _WORDS.unpack_from(self._rows, other + _WORDS_AT)[:WORDS]
        most, shared = min(one[_TOTAL], two[_TOTAL]), 0
        for word, count in zip(words, words[WORDS:], strict=False):
            if word in others:
                shared += count
        shared = min(shared, most)
        name: int = min(shared + (most - shared) * points["near"] // 100, points["name_most"])
        is_whole = either & _SEVERAL or shared == one[_TOTAL] == two[_TOTAL]
        name += self._whole if is_whole else max(points["name_near"], 0)
        return total + (max(name, points["acronym"]) if either & _SHORT else name)
