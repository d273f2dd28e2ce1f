"""What links and questions rest on, in words: one table, so that a pool stores names and points only.

A part speaks for or against two records being one thing; a reason says by what they were joined, or why the
program asks instead of joining. Decides nothing; whoever shows it is in `cli` or on the portal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from commons.messages import N_, translate

# part → what it says where it counts for, and where it counts against (or nothing)
_WHOLE = "whole name"
_SPELLED = "spelling"
_OTHERWISE = N_("the names are the same, written in another way")  # abbreviated, with a slip, an article
_AT_MOST = ", at most"  # a part that bounds what others count together
_PARTS: dict[str, tuple[str, str]] = {
    "name": (N_("the names have words in common"), N_("the names have few words in common")),
    "whole name": (N_("the names are the same"), ""),
    "other words": ("", N_("one name has words that the other lacks")),
    "spelling": (N_("the names are spelled alike"), ""),
    "acronym": (N_("one name is the initials of the other"), ""),
    "marks": (N_("the same number in the name"), N_("the names differ in a number or in north and south")),
    "legal form": ("", N_("different legal forms or kinds of settlement")),
    "street": (N_("the same street"), N_("different streets or house numbers")),
    "distance": (N_("close to each other on the map"), N_("apart from each other on the map")),
    "postal code": (N_("the same postal code"), N_("different postal codes")),
    "neighbourhood": (N_("the same neighbourhood"), N_("different neighbourhoods")),
    "district": (N_("the same district"), N_("different districts")),
    "city": (N_("the same city"), N_("different cities")),
    "region": (N_("the same region"), N_("different regions")),
    "phone": (N_("the same telephone"), N_("different telephones")),
    "e-mail": (N_("the same e-mail"), N_("different e-mails")),
    "web": (N_("the same web page"), N_("different web pages")),
    "identifier": (N_("the same official key"), N_("different official keys")),
    "kind": (N_("the same kind"), N_("different kinds")),
    "date": (N_("the same date"), N_("different dates")),
    "organization": (N_("the same organisation offers it"), N_("different organisations offer it")),
    "place": (N_("at the same place"), N_("at different places")),
}
# bound → the parts that count no more than so many points together, and how that is said: for, and against
_BOUNDS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "place, at most": (
        ("street", "distance", "postal code", "neighbourhood", "district", "city", "region"),
        N_("street, map, area and postcode together count {n} at most"),
        N_("street, map, area and postcode together count {n} at most against it"),
    ),
    "contact, at most": (
        ("phone", "e-mail", "web"),
        N_("telephone, e-mail and web page together count {n} at most"),
        N_("telephone, e-mail and web page together count {n} at most against it"),
    ),
}

_JOINED = {
    "identifier": N_("they have the same official key"),
    "same-as": N_("whoever publishes one of them says that it is the other"),
    "judged": N_("people looked at them and say that they are the same"),
    "service-and-place": N_("they are the same service at the same place"),
    "scored": N_("what they say agrees in more than the name"),
}
_ASKED = {
    "names": N_("the names contradict each other"),
    "one-per-member": N_("one of them is with another record of the same organisation already"),
    "same-member": N_("both are of one organisation"),
    "own": N_("both are of one organisation"),
    "types": N_("they are of different types"),
    "town": N_("they are in different districts or cities"),
    "place": N_("they are in different places"),
    "date": N_("their dates differ"),
    "house-number": N_("the house numbers differ"),
    "apart": N_("somebody says that they are different, of these or of one that goes with them"),
    "tie": N_("two fit equally well"),
    "two-targets": N_("one says that it is two different things"),
    "chain": N_("one names a record that itself names another"),
    "disputed": N_("some say that they are the same, others that they are different"),
    "judge-again": N_("they were judged, and one of them has changed a lot since"),
    "name-only": N_("only the names agree: no place, telephone or key does"),
    "unanchored": N_("only the names agree: no place, telephone or key does"),
    "words": N_("little more than the house or the web site agrees, and one may be a part of the other"),
    "kinds": N_("by their names they do different things, or are for different people"),
    "identifiers": N_("their official keys differ"),
    "marks": N_("the names differ in a number or in north and south"),
    "score": N_("they are much alike, but not enough to join them without asking"),
    "below": N_("they are much alike, but not enough to join them without asking"),
    "scored": N_("they are much alike, but not enough to join them without asking"),
    "cluster": N_("one of them goes with a record that the other does not resemble enough"),
    "proposed": N_("somebody who read the page says that they are not the same"),
}


_PROPOSED = {
    "branch": N_("they are reached the same way under one name, in different houses"),
    "unit": N_("they are reached the same way, and the names differ in a number or a section"),
    "programme": N_("one may be something that the other does"),
    "parent": N_("one may belong to the other"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """One part in words: what it says and its points; `value`: what both have, where that is known."""

    words: str
    points: int
    value: str = ""


def parts(evidence: Mapping[str, str | int], *, every: bool = False) -> tuple[list[Said], list[Said]]:
    """What speaks for, and what against, each weightiest first; in the current language.

    Args:
        every: also what only says that something counts no more than so much; for who adds up the points.
    """
    said = [_said(n, v, evidence) for n, v in evidence.items() if every or n not in _implied(evidence)]
    known = [s for s in said if s is not None]
    return (
        sorted((s for s in known if s.points > 0), key=lambda s: (-s.points, s.words)),
        sorted((s for s in known if s.points < 0), key=lambda s: (s.points, s.words)),
    )


def _implied(evidence: Mapping[str, str | int]) -> set[str]:
    """Parts that need no saying beside others: bounds, and what equal names have in common."""
    found = {name for name in evidence if name.endswith(_AT_MOST)}
    whole = evidence.get(_WHOLE)
    if isinstance(whole, int) and whole > 0 and "other words" not in evidence:
        found |= {"name", _SPELLED}
    return found


def _said(name: str, value: str | int, evidence: Mapping[str, str | int]) -> Said | None:
    if name in _BOUNDS and isinstance(value, int):
        return _bound(name, value, evidence)
    words = _PARTS.get(name) or (name, name)
    if isinstance(value, str):
        return Said(translate(words[0]), 1, value) if words[0] else None
    text = words[0] if value > 0 else words[1] or words[0]
    if name == _WHOLE and _SPELLED not in evidence:
        text = _OTHERWISE
    return Said(translate(text), value) if value and text else None


def _bound(name: str, correction: int, evidence: Mapping[str, str | int]) -> Said:
    """How much some parts count together; its points are what that takes from their sum."""
    bounded, most, least = _BOUNDS[name]
    points = (evidence.get(part) for part in bounded)
    total = sum(n for n in points if isinstance(n, int)) + correction
    return Said(translate(most if total > 0 else least).format(n=abs(total)), correction)


def joined_by(reason: str) -> str:
    """Why two records were joined, in the current language."""
    return translate(_JOINED.get(reason, _JOINED["scored"]))


def asked_because(reason: str) -> str:
    """Why the program asks instead of joining, in the current language."""
    return translate(_ASKED.get(reason, _ASKED["score"]))


def related_because(reason: str) -> str:
    """Why a relation is proposed, in the current language; empty where nothing is known."""
    return translate(_PROPOSED.get(reason, ""))


def in_words(said: Iterable[Said], *, points: bool = False) -> str:
    """The parts as one line; with their points where somebody wants to add them up."""
    texts = []
    for part in dict.fromkeys(said):
        text = f"{part.words} ({part.value})" if part.value else part.words
        texts.append(f"{text} {part.points:+d}" if points and not part.value else text)
    return ", ".join(dict.fromkeys(texts))
