"""What two records' features say for and against their being one thing. Pure: a sum of named whole numbers.

Knows no cluster and no threshold but by name; the points are in `schemas/v1/linking/weights.yaml`. Symmetric:
the order of the two records does not matter. What is missing on either side counts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from commons.link import compare
from commons.link.compare import Alike, Read
from commons.link.features import Features
from commons.link.model import Part, Weighed
from commons.link.parts import is_body, is_part, other_kind, other_unit, where_only
from commons.link.rarity import Rarity, name_atom, street_atom
from commons.link.tables import Table, load_tables

# Guards: what forbids an automatic link, whatever the score.
G_NAMES, G_MARKS, G_IDENTIFIERS, G_TOWN, G_DATE, G_NUMBER, G_PLACE, G_WORDS, G_KINDS = (
    "names", "marks", "identifiers", "town", "date", "house-number", "place", "words", "kinds",
)  # fmt: skip
GUARDS = (G_NAMES, G_MARKS, G_IDENTIFIERS, G_TOWN, G_DATE, G_NUMBER, G_PLACE, G_WORDS, G_KINDS)
# Every name that a part of a score may have; see `carried`.
PARTS = (
    "name", "whole name", "other words", "acronym", "marks", "legal form", "spelling", "street", "distance",
    "postal code", "neighbourhood", "district", "city", "region", "place, at most", "phone", "e-mail", "web",
    "contact, at most", "identifier", "kind", "date",
)  # fmt: skip
_MOST_WEIGHTS = 20_000  # words whose weights a process holds


class Score(NamedTuple):
    """A pair weighed: points by part, the guards, and what beside the name agrees.

    `anchored`: a place, a contact or an identifier does. `firm`: a house, a spot or a contact does.
    `likeness`: of the lesser name so many percent are in the other.
    """

    total: int
    parts: tuple[tuple[str, int], ...]
    guards: tuple[str, ...]
    anchored: bool
    firm: bool
    likeness: int


class Prepared(NamedTuple):
    """A record's features, and its names as they are compared."""

    features: Features
    names: list[Read]


class Scorer:
    """Weighs pairs of one record type against one count of what is common."""

    def __init__(self, table: Table, rarity: Rarity) -> None:
        self.table, self.rarity = table, rarity
        self._points = dict(table.points)  # a proxy's look-up takes twice as long
        self._weights: dict[str, int] = {}
        self._generic = load_tables().generic
        self._share = lru_cache(maxsize=10_000)(self._share_of)

    def weight(self, word: str) -> int:
        """What a shared word counts."""
        found = self._weights.get(word)
        if found is None:
            found = self.table.rarity[self.rarity.bucket("w" + word)]
            if word in self._generic:
                found = min(found, self._points["generic"])
            if len(self._weights) >= _MOST_WEIGHTS:
                self._weights.clear()  # misspelt words come once; a million records have a million of them
            self._weights[word] = found
        return found

    def prepared(self, features: Features) -> Prepared:
        """A record made ready to be weighed with many others."""
        return Prepared(features, [Read(name, self.weight) for name in features.names])

    def score(self, one: Prepared, other: Prepared) -> Score:
        """Both records' points, part by part."""
        a, b = one.features, other.features
        parts: list[tuple[str, int]] = []
        guards: list[str] = []
        likeness = self._names(one, other, parts, guards)
        place, exact = self._place(a, b, parts, guards)
        contact = self._contact(a, b, parts, moved=G_NUMBER in guards)
        known = self._identifiers(a, b, parts, guards)
        self._rest(a, b, parts, guards)
        if exact < 0 and not contact:
            guards.append(G_PLACE)
        if likeness < self._points["alike"]:
            guards.append(G_NAMES)
        elif not known and other_kind(a, b):
            guards.append(G_KINDS)
        elif not known and self._is_other(a, b, parts, contact):
            guards.append(G_WORDS)
        if not known and other_unit(a.street, b.street) and not self._reached(parts):
            guards.append(G_NUMBER)
        anchored = known or contact > 0 or self._placed(place, exact, parts)
        firm = known or contact > 0 or exact >= self._points["firm"]
        return Score(_sum(parts), tuple(parts), tuple(guards), anchored, firm, likeness)

    def _placed(self, place: int, exact: int, parts: Sequence[tuple[str, int]]) -> bool:
        """Whether where they are is enough beside the name; the town alone is not if many have that name."""
        if place < self._points["place_anchor"]:
            return False
        near = self._points["name_near"]
        return exact > 0 or dict(parts).get("whole name", near) >= near

    # names

    def _names(self, a: Prepared, b: Prepared, parts: list[tuple[str, int]], guards: list[str]) -> int:
        """The best two of their names; returns how many percent of the lesser one are shared."""
        best: tuple[int, int, list[tuple[str, int]], bool] | None = None
        for x in a.names:
            for y in b.names:
                found, likeness, contradict = self._name_parts(x, y)
                total = _sum(found)
                if best is None or (total, likeness) > best[:2]:
                    best = (total, likeness, found, contradict)
        if best is None:
            return 0
        parts += best[2]
        if best[3]:
            guards.append(G_MARKS)
        return best[1]

    def _says_more(self, a: Features, b: Features, parts: Sequence[tuple[str, int]]) -> bool:
        """Whether a shared house may be all that they share: one name has many words of its own, or what both
        have is common.

        Words that say where both are do not count: half of all lists put the town behind the name.
        """
        points = dict(parts)
        if points.get("name", 0) < self._points["alike_least"] and points.keys().isdisjoint(_WHOLE):
            return True
        lone = -points.get("other words", 0) * 100 // self._points["extra"]
        lone -= sum(self.weight(word) for word in where_only(a, b))
        return points.get("name", 0) * 100 < (points.get("name", 0) + lone) * self._points["alike_greater"]

    def _is_other(self, a: Features, b: Features, parts: Sequence[tuple[str, int]], contact: int) -> bool:
        """Whether one may be a part of the other, or beside it, and but a house or a web site is shared."""
        if not contact and (self._says_more(a, b, parts) or is_body(a, b)):
            return True
        return not self._reached(parts) and is_part(a, b)

    def _reached(self, parts: Sequence[tuple[str, int]]) -> bool:
        """Whether both have one telephone or e-mail address."""
        return any(n in ("phone", "e-mail") and p >= self._points["contact_anchor"] for n, p in parts)

    def _name_parts(self, x: Read, y: Read) -> tuple[list[tuple[str, int]], int, bool]:
        points, alike = self._points, compare.names(x, y)
        found: list[tuple[str, int]] = []
        if alike.lesser and not alike.shared and compare.is_acronym(x.name, y.name):
            found.append(("acronym", points["acronym"]))
            likeness = 100
        else:
            likeness = self._word_parts(x, y, alike, found)
        if alike.marks == 2:
            found.append(("marks", points["marks"]))
        elif alike.marks:
            found.append(("marks", points["mark_missing" if alike.marks == 1 else "part_missing"]))
        elif alike.same_marks:
            found.append(("marks", points["mark_same"] * min(alike.same_marks, 2)))
        if alike.legal:
            found.append(("legal form", points[_FORMS[alike.legal]]))
        if alike.spelled:
            found.append(("spelling", points["spelling"]))
        return found, likeness, alike.marks == 2 or alike.legal == 3

    def _word_parts(self, x: Read, y: Read, alike: Alike, found: list[tuple[str, int]]) -> int:
        """Shared words count, lone words cost; returns how many percent of the lesser name are shared."""
        points = self._points
        shared = alike.shared + alike.near * points["near"] // 100
        found.append(("name", min(shared, points["name_most"])))
        if alike.equal and alike.marks != 2:
            found.append(("whole name", min(self._whole(x), self._whole(y))))
            return 100
        if not alike.left and not alike.right and alike.marks != 2:
            found.append(("whole name", points["name_near"]))
        lesser, rest = alike.lesser, alike.left + alike.right - 2 * alike.lesser
        cost = -(lesser * 2 * points["unlike"] + rest * points["extra"]) // 100
        cost = max(cost, points["name_least"]) if shared else points["name_none"]
        if cost:
            found.append(("other words", cost))
        return shared * 100 // (shared + lesser) if shared else 0

    def _whole(self, read: Read) -> int:
        """What an equal whole name counts more."""
        if read.whole is None:
            name = read.name
            common = self.rarity.bucket(name_atom(name.words, name.marks))
            by_count = self.table.whole_names
            read.whole = by_count[min(common, len(by_count) - 1)]
            if not name.marks and self._generic.issuperset(name.words):
                read.whole = min(read.whole, self._points["name_generic"])
        return read.whole

    # place

    def _place(
        self, a: Features, b: Features, parts: list[tuple[str, int]], guards: list[str]
    ) -> tuple[int, int]:
        """Returns the sum of what speaks for one place, and the sum of everything but the town."""
        points = self._points
        found: list[tuple[str, int]] = []
        if a.street is not None and b.street is not None:
            found.append(("street", self._street(a, b, guards)))
        if a.position is not None and b.position is not None:
            away = compare.metres(a.position, b.position)
            near = next((p for most, p in self.table.distances if away <= most), points["far"])
            found.append(("distance", near))
        if a.postal and b.postal:
            found.append(("postal code", self._postal(a.postal, b.postal)))
        if a.neighbourhood and b.neighbourhood:
            same = a.neighbourhood == b.neighbourhood or compare.near(a.neighbourhood, b.neighbourhood)
            found.append(("neighbourhood", points["neighbourhood" if same else "neighbourhood_other"]))
        exact = _sum(found)
        town = self._town(a, b)
        if town is not None:
            found.append(town)
            if town[1] < 0 and exact < points["firm"]:
                guards.append(G_TOWN)
        return self._within(found, parts, points["place_least"], points["place_most"], "place"), exact

    def _within(
        self, found: list[tuple[str, int]], parts: list[tuple[str, int]], least: int, most: int, what: str
    ) -> int:
        """Add parts that speak of one matter; together they count no more than so much either way.

        Returns the sum of what speaks for it.
        """
        total = good = 0
        for part in found:
            count = part[1]
            if count:
                parts.append(part)
                total += count
                if count > 0:
                    good += count
        if total > most or total < least:
            parts.append((f"{what}, at most", (most if total > most else least) - total))
        return good

    def _street(self, a: Features, b: Features, guards: list[str]) -> int:
        assert a.street is not None and b.street is not None
        points = self._points
        if compare.other_house(a.street, b.street):
            guards.append(G_NUMBER)
            return points["street_other_number"]  # whatever the street
        how = compare.streets(a.street, b.street)
        if how == compare.SAME:
            spelled = points["street_spelled"] if a.street.spelling == b.street.spelling else 0
            share = min(self._share(street_atom(a)), self._share(street_atom(b)))
            return points["street"] * share // 100 + spelled
        return points[_STREETS[how]]

    def _share_of(self, atom: str) -> int:
        """The percentage that is left of the points of something which many have."""
        shares = self.table.shares
        return shares[min(self.rarity.bucket(atom), len(shares) - 1)]

    def _postal(self, a: str, b: str) -> int:
        points = self._points
        if a == b:
            return points["postal" if a.isdigit() else "postal_fine"]
        if a[:3] == b[:3]:
            return points["postal_near"]
        return points["postal_other"]

    def _town(self, a: Features, b: Features) -> tuple[str, int] | None:
        points = self._points
        if a.district and b.district:
            return ("district", points["district" if a.district == b.district else "district_other"])
        if a.town and b.town:
            if a.town == b.town or compare.near(a.town, b.town) or _inside(a.town, b.town):
                return ("city", points["city"])
            return ("city", points["city_other"])
        if a.region and b.region and a.region != b.region:
            return ("region", points["region_other"])
        return None

    # contacts

    def _contact(self, a: Features, b: Features, parts: list[tuple[str, int]], *, moved: bool) -> int:
        """Phones, e-mail, web: what of them agrees, if it is enough for a link to rest on.

        Where house numbers differ a shared one is likely the head office's and counts nothing.
        """
        points = self._points
        if not ((a.phones and b.phones) or (a.emails and b.emails) or (a.sites and b.sites)):
            return 0
        found: list[tuple[str, int]] = []
        if a.phones and b.phones:
            found.append(("phone", self._phone(a, b)))
        if a.emails and b.emails:
            same = [e for e in a.emails if e in b.emails]
            count = max((points["email"] * self._share("e" + e) // 100 for e in same), default=0)
            found.append(("e-mail", count if same else points["email_other"]))
        if a.sites and b.sites:
            found.append(("web", self._site(a, b)))
        if moved:
            found = [(name, min(count, points["moved"])) for name, count in found]
        self._within(found, parts, points["contact_least"], points["contact_most"], "contact")
        good = sum(p for name, p in found if name != "web" or p != points["site_near"])
        return good if good >= points["contact_anchor"] and not moved else 0

    def _site(self, a: Features, b: Features) -> int:
        """A domain in common, or a page on a host of many; a domain may be misspelt, a page may not."""
        points = self._points
        same = [s for s in a.sites if s in b.sites]
        if same:
            count = max(points["site"] * self._share("s" + s) // 100 for s in same)
            return count if set(a.pages).isdisjoint(b.pages) else count + points["page"]
        near = any(compare.near(s, t) for s in a.sites for t in b.sites if "/" not in s + t)
        return points["site_near" if near else "site_other"]

    def _phone(self, a: Features, b: Features) -> int:
        points = self._points
        same = [p for p in a.phones for q in b.phones if _one_phone(p, q)]
        if not same:
            return points["phone_other"]
        return max(points["phone"] * self._share("p" + p[-7:]) // 100 for p in same)

    # the rest

    def _identifiers(self, a: Features, b: Features, parts: list[tuple[str, int]], guards: list[str]) -> bool:
        if not a.identifiers or not b.identifiers:
            return False
        if set(a.identifiers) & set(b.identifiers):
            parts.append(("identifier", self._points["identifier"]))
            return True
        if {i.partition(":")[0] for i in a.identifiers} & {i.partition(":")[0] for i in b.identifiers}:
            parts.append(("identifier", self._points["identifier_other"]))
            guards.append(G_IDENTIFIERS)
        return False

    def _rest(self, a: Features, b: Features, parts: list[tuple[str, int]], guards: list[str]) -> None:
        points = self._points
        if a.kind and b.kind and a.kind != b.kind:
            parts.append(("kind", points["kind_other"]))
        if a.date and b.date:
            same = a.date[:10] == b.date[:10]
            parts.append(("date", points["date" if same else "date_other"]))
            if not same:
                guards.append(G_DATE)


def _sum(parts: Iterable[tuple[str, int]]) -> int:
    total = 0
    for part in parts:
        total += part[1]
    return total


_WHOLE = ("whole name", "acronym")
_FORMS = {1: "legal", 2: "settlement_missing", 3: "settlement_other"}
_STREETS = {
    compare.NUMBER_MISSING: "street_only",
    compare.OTHER: "street_other",
    compare.NUMBER_ONLY: "number_only",
}


def _one_phone(a: str, b: str) -> bool:
    """Equal, or equal in seven figures where one lacks its area."""
    return a == b or (min(len(a), len(b)) < 10 and a[-7:] == b[-7:])


def _inside(a: str, b: str) -> bool:
    """Whether one town's name is the other's with more words (*Ciudad de México*, *México*)."""
    left, right = set(a.split()), set(b.split())
    return left <= right or right <= left


def explained(score: Score, a: Features, b: Features) -> Weighed:
    """A score with both sides' values, for a person."""
    parts = tuple(Part(name, points, _shown(name, a), _shown(name, b)) for name, points in score.parts)
    return Weighed(parts, score.guards, score.anchored)


def _shown(part: str, of: Features) -> str:
    street = of.street
    values: Mapping[str, str] = {
        "street": " ".join((*street.words, street.number + street.letter)).strip() if street else "",
        "distance": f"{of.position[0]},{of.position[1]}" if of.position else "",
        "postal code": of.postal,
        "neighbourhood": of.neighbourhood,
        "district": of.district,
        "city": of.town,
        "region": of.region,
        "phone": " ".join(of.phones),
        "e-mail": " ".join(of.emails),
        "web": " ".join(of.sites),
        "identifier": " ".join(of.identifiers),
        "kind": of.kind,
        "date": of.date,
        "place, at most": "",
        "contact, at most": "",
    }
    if part in values:
        return values[part]
    return " / ".join(" ".join((*n.words, *n.marks, *n.legal)) for n in of.names)
