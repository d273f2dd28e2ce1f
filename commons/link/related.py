"""Not one thing, but of one house: branches, sections, units. Pure; proposes relations, joins nothing.

What makes two records relatives: they are reached the same way (phone, e-mail or web), one name is within the
other's, and still they are told apart: by the house number, the town, or a number in the name.
"""

from __future__ import annotations

from commons.link.features import Features
from commons.link.model import Related
from commons.link.score import G_MARKS, G_NUMBER, G_TOWN, Score

BRANCH, UNIT = "branch", "unit"
PART_OF, SAME_KIND = "part_of", "same_kind_as"
LIKENESS = 90  # percent of the lesser name that the other has
MOST = 3  # proposals about one record


def is_near(score: Score, least: int) -> bool:
    """Whether a pair may be one thing: points enough, and nothing that rules it out."""
    return score.total >= least and G_MARKS not in score.guards


def reason(a: Features, b: Features, score: Score) -> str:
    """Why two records that are not one thing are relatives; "" if they are none."""
    if score.likeness < LIKENESS or not _one_contact(a, b):
        return ""
    if G_MARKS in score.guards:
        return UNIT
    return BRANCH if G_NUMBER in score.guards or G_TOWN in score.guards else ""


def _one_contact(a: Features, b: Features) -> bool:
    either = ((a.phones, b.phones), (a.emails, b.emails), (a.sites, b.sites))
    return any(not set(one).isdisjoint(other) for one, other in either)


def proposal(a: str, b: str, one: Features, other: Features, why: str) -> Related:
    """The relation: who has the longer name is part of the other; of equal names none is."""
    left, right = _size(one), _size(other)
    if left == right:
        return Related(min(a, b), max(a, b), SAME_KIND, why)
    return Related(a, b, PART_OF, why) if left > right else Related(b, a, PART_OF, why)


def _size(features: Features) -> tuple[int, int]:
    name = features.names[0] if features.names else None
    return (len(name.words), len(name.marks)) if name is not None else (0, 0)
