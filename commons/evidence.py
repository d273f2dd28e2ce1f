"""What links and questions rest on, in words: one table, so that a pool stores names and points only.

A part speaks for or against two records being one thing; a reason says by what they were joined, or why the
program asks instead of joining. Decides nothing; whoever shows it is in `cli` or on the portal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from commons.messages import N_, translate

# part → what it says where it counts for, and where it counts against (or nothing)
_PARTS: dict[str, tuple[str, str]] = {
    "name": (N_("the names have words in common"), N_("the names have few words in common")),
    "name_equal": (N_("the names are the same"), N_("the names differ")),
    "extra": (N_("one name has more words"), N_("one name has more words")),
    "unlike": (N_("each name has words of its own"), N_("each name has words of its own")),
    "acronym": (N_("one name is the initials of the other"), ""),
    "former": (N_("one name is a former name of the other"), ""),
    "marks": (N_("the same number in the name"), N_("the names differ in a number or in north and south")),
    "mark_missing": ("", N_("only one name has a number")),
    "legal": ("", N_("different legal forms")),
    "street": (N_("the same street and number"), N_("different streets")),
    "street_only": (N_("the same street"), N_("different streets")),
    "street_other_number": ("", N_("the same street, another number")),
    "street_other": ("", N_("different streets")),
    "number_only": (N_("the same house number"), N_("different house numbers")),
    "postal": (N_("the same postal code"), N_("different postal codes")),
    "postal_near": (N_("nearly the same postal code"), N_("different postal codes")),
    "postal_other": ("", N_("different postal codes")),
    "neighbourhood": (N_("the same neighbourhood"), N_("different neighbourhoods")),
    "neighbourhood_other": ("", N_("different neighbourhoods")),
    "town": (N_("the same district"), N_("different districts")),
    "town_other": ("", N_("different districts")),
    "distance": (N_("close to each other on the map"), N_("apart from each other on the map")),
    "near": (N_("close to each other on the map"), N_("apart from each other on the map")),
    "far": ("", N_("far from each other on the map")),
    "place": (N_("they are in one place"), N_("they are in different places")),
    "phone": (N_("the same telephone"), N_("different telephones")),
    "phone_shared": (N_("a telephone in common that others have, too"), N_("different telephones")),
    "phone_other": ("", N_("different telephones")),
    "email": (N_("the same e-mail"), N_("different e-mails")),
    "email_other": ("", N_("different e-mails")),
    "site": (N_("the same web page"), N_("different web pages")),
    "site_shared": (N_("the same host of web pages"), N_("different web pages")),
    "site_other": ("", N_("different web pages")),
    "contact": (N_("they are reached the same way"), N_("they are reached in different ways")),
    "identifier": (N_("the same official key"), N_("different official keys")),
    "identifier_other": ("", N_("different official keys")),
    "kind": (N_("the same kind"), N_("different kinds")),
    "kind_other": ("", N_("different kinds")),
    "date": (N_("the same date"), N_("different dates")),
    "date_other": ("", N_("different dates")),
    "organization": (N_("the same organisation offers it"), N_("different organisations offer it")),
    "organization_other": ("", N_("different organisations offer it")),
    "service": (N_("the same service"), N_("different services")),
    "same_as": (N_("one says of itself that it is the other"), ""),
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
    "apart": N_("somebody says that they are different, of these or of one that goes with them"),
    "tie": N_("two fit equally well"),
    "two-targets": N_("one says that it is two different things"),
    "chain": N_("one names a record that itself names another"),
    "disputed": N_("some say that they are the same, others that they are different"),
    "judge-again": N_("they were judged, and one of them has changed a lot since"),
    "name-only": N_("only the names agree: no place, telephone or key does"),
    "unanchored": N_("only the names agree: no place, telephone or key does"),
    "identifiers": N_("their official keys differ"),
    "identifier": N_("their official keys differ"),
    "place": N_("they are in different places"),
    "marks": N_("the names differ in a number or in north and south"),
    "score": N_("they are much alike, but not enough to join them without asking"),
    "below": N_("they are much alike, but not enough to join them without asking"),
    "scored": N_("they are much alike, but not enough to join them without asking"),
    "cluster": N_("one of them goes with a record that the other does not resemble enough"),
    "proposed": N_("somebody who read the page says that they are not the same"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """One part in words: what it says and its points; `value`: what both have, where that is known."""

    words: str
    points: int
    value: str = ""


def parts(evidence: Mapping[str, str | int]) -> tuple[list[Said], list[Said]]:
    """What speaks for, and what against, each weightiest first; in the current language."""
    said = [_said(name, value) for name, value in evidence.items()]
    known = [s for s in said if s is not None]
    return (
        sorted((s for s in known if s.points > 0), key=lambda s: (-s.points, s.words)),
        sorted((s for s in known if s.points < 0), key=lambda s: (s.points, s.words)),
    )


def _said(name: str, value: str | int) -> Said | None:
    words = _PARTS.get(name) or _PARTS.get(name.rpartition("_")[0]) or (name, name)
    if isinstance(value, str):
        return Said(translate(words[0]), 1, value) if words[0] else None
    text = words[0] if value > 0 else words[1] or words[0]
    return Said(translate(text), value) if value and text else None


def joined_by(reason: str) -> str:
    """Why two records were joined, in the current language."""
    return translate(_JOINED.get(reason, _JOINED["scored"]))


def asked_because(reason: str) -> str:
    """Why the program asks instead of joining, in the current language."""
    return translate(_ASKED.get(reason, _ASKED["score"]))


def in_words(said: Iterable[Said], *, points: bool = False) -> str:
    """The parts as one line; with their points where somebody wants to add them up."""
    texts = []
    for part in dict.fromkeys(said):
        text = f"{part.words} ({part.value})" if part.value else part.words
        texts.append(f"{text} {part.points:+d}" if points and not part.value else text)
    return ", ".join(dict.fromkeys(texts))
