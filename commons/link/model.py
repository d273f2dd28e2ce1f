"""The values of linking: what goes in, what comes out. Decides nothing.

Decisions are data with their reason and evidence, so that they can be shown to a person and judged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from operator import attrgetter
from typing import NamedTuple

LINKER = "5"  # raised whenever the same claims would be linked otherwise; stands in the lock

Evidence = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class LinkClaim:
    """What linking needs of a claim. `address` is `<member>/<type>/<id>`."""

    address: str
    names: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    same_as: str | None = None

    @property
    def member(self) -> str:
        return self.address.partition("/")[0]

    @property
    def type(self) -> str:
        return self.address.split("/", 2)[1]


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """Two claims that belong together, if no guard objects. `score` orders links: higher goes first."""

    a: str
    b: str
    reason: str
    score: int
    evidence: Evidence = dataclass_field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """Two claims that may belong together; a person decides. `reason` says why the program does not."""

    a: str
    b: str
    reason: str
    score: int = 0
    evidence: Evidence = dataclass_field(default_factory=dict, compare=False)


class Part(NamedTuple):
    """One reason for or against two records being one thing: what is compared, what it counts, both sides."""

    name: str
    points: int
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """Everything that speaks for or against a pair; the score is the sum of its parts and nothing else.

    `guards`: names of what forbids an automatic link whatever the score. `anchored`: a place, a contact or an
    identifier agrees, not the name alone.
    """

    parts: tuple[Part, ...] = ()
    guards: tuple[str, ...] = ()
    anchored: bool = False

    @property
    def total(self) -> int:
        return sum(part.points for part in self.parts)

    @property
    def evidence(self) -> Evidence:
        """Points by part, as links and candidates carry them; both sides' values are in the claims."""
        return {part.name: part.points for part in self.parts}


@dataclass(frozen=True, slots=True, order=True)
class Related:
    """Two claims that are not one thing and belong together otherwise: `a` is `kind` of `b`, proposed only.

    `kind` is a term of the vocabulary `relation_kinds`; `reason` says what was seen: branch, unit …
    """

    a: str
    b: str
    kind: str
    reason: str
    evidence: Evidence = dataclass_field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """What linking decided.

    `clusters`: addresses that are one thing, two or more each, sorted within and among each other.
    `links`: the links that hold them together. `unknown`: addresses whose `same_as` leads nowhere.
    `related`: proposals of relations; nothing is joined by them. `choices`: a claim that fits two and more
    things equally, pair by pair; at most one of its pairs can be right, so that they are no candidates each.
    """

    clusters: tuple[tuple[str, ...], ...] = ()
    links: tuple[Link, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    unknown: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    choices: tuple[Candidate, ...] = ()


in_order = attrgetter(
    "a", "b", "reason", "score"
)  # of links or candidates; comparing them takes ten times as long


def pair(a: str, b: str) -> tuple[str, str]:
    """The two addresses, the lesser one first."""
    return (a, b) if a <= b else (b, a)
