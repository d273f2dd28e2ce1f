"""The values of linking: what goes in, what comes out. Decides nothing.

Decisions are data with their reason and evidence, so that they can be shown to a person and judged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field

LINKER = "1"  # raised whenever the same claims would be linked otherwise; stands in the lock

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


@dataclass(frozen=True, slots=True)
class Decision:
    """What linking decided.

    `clusters`: addresses that are one thing, two or more each, sorted within and among each other.
    `links`: the links that hold them together. `unknown`: addresses whose `same_as` leads nowhere.
    """

    clusters: tuple[tuple[str, ...], ...] = ()
    links: tuple[Link, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    unknown: tuple[str, ...] = ()


def pair(a: str, b: str) -> tuple[str, str]:
    """The two addresses, the lesser one first."""
    return (a, b) if a <= b else (b, a)
