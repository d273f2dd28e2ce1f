"""From what somebody wrote to a term of a vocabulary. Invents no term; ties are no match.

Accents, case, punctuation and one or two slips of the keyboard are forgiven, since sheets are typed by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from rapidfuzz.distance import OSA

from commons.folding import folded
from commons.schema.spec import Vocabulary, load_schema

_NOT_WORD = re.compile(r"[^0-9a-z]+")


@dataclass(frozen=True, slots=True)
class Match:
    """The term that a text means; `exact` is False where spelling was forgiven."""

    id: str
    exact: bool


def fold(text: str) -> str:
    """Small letters without accents, words separated by one space. Equal folds are the same word to us."""
    return _NOT_WORD.sub(" ", folded(text)).strip()


def match(vocabulary: str, text: str) -> str | None:
    """The id of the term that `text` means in Spanish, English or as an id; None if none or several."""
    found = find(vocabulary, text)
    return found.id if found else None


def find(vocabulary: str, text: str) -> Match | None:
    """Like `match`, and says whether spelling was forgiven."""
    known = load_schema().vocabularies[vocabulary]
    if text in known.terms:
        return Match(text, exact=True)
    return best(fold(text), _names(known))


def best(wanted: str, names: Mapping[str, str], *, most_slips: int = 2) -> Match | None:
    """The one entry of `names` (folded name → id) that `wanted` is, or is a slip of.

    One slip is forgiven from five letters on, two from nine; two ids equally near are no match.
    """
    if not wanted:
        return None
    if wanted in names:
        return Match(names[wanted], exact=True)
    allowed = min(most_slips, 0 if len(wanted) < 5 else 1 if len(wanted) < 9 else 2)
    if not allowed or not wanted[0].isalpha():
        return None
    near: dict[str, int] = {}
    for name, id in names.items():
        if abs(len(name) - len(wanted)) > allowed or len(name) < 4:
            continue
        slips = OSA.distance(wanted, name, score_cutoff=allowed)
        if slips <= allowed:
            near[id] = min(slips, near.get(id, slips))
    if not near:
        return None
    least = min(near.values())
    winners = [id for id, slips in near.items() if slips == least]
    return Match(winners[0], exact=False) if len(winners) == 1 else None


def names_of(entries: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    """Folded name → id; a name that two entries claim belongs to the first."""
    found: dict[str, str] = {}
    for id, names in entries:
        for name in names:
            folded = fold(name)
            if folded:
                found.setdefault(folded, id)
    return found


@cache
def _names(vocabulary: Vocabulary) -> dict[str, str]:
    terms = vocabulary.terms.values()
    labels = names_of((t.id, (t.id, *t.title.values())) for t in terms)
    # labels before synonyms: what a form shows always means itself
    return names_of((t.id, t.synonyms) for t in terms) | labels
