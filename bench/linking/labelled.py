"""A labelled set and its halves. Pure; knows no file."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bench.linking.imported import Told

Pair = tuple[str, str]
REPORT_ONLY = "-"  # the `split` of a set that is too small to be tuned on


@dataclass(frozen=True)
class Labelled:
    """A set ready to be linked.

    `truth`: address → name of the thing it is about. `undecided`: pairs that count neither way, and why.
    Records without a truth are linked like all others and counted nowhere.
    """

    name: str
    records: tuple[Told, ...]
    truth: Mapping[str, str]
    undecided: Mapping[Pair, str] = field(default_factory=dict)
    split: str = ""  # whose halves these are, where two sets have the same things

    def half(self, which: str) -> Labelled:
        """The `tune` or `report` half, by things; `all` is everything."""
        if which == "all" or (self.split == REPORT_ONLY and which == "report"):
            return self
        if self.split == REPORT_ONLY:
            return replace(self, records=(), truth={}, undecided={})
        keep = {a for a, thing in self.truth.items() if half_of(self.split or self.name, thing) == which}
        told = tuple(t for t in self.records if t.address in keep or t.address not in self.truth)
        undecided = {p: why for p, why in self.undecided.items() if keep.issuperset(p)}
        return replace(self, records=told, truth={a: self.truth[a] for a in keep}, undecided=undecided)


def with_disputes(labelled: Labelled, disputes: Iterable[tuple[str, str, str]]) -> Labelled:
    """The set without the pairs that this project disputes.

    Args:
        disputes: what one record is, what the other is, why. A record is named by `thing:…` of the gold or by
            `title:…`.
    """
    of: dict[str, list[str]] = defaultdict(list)
    for told in labelled.records:
        if told.address in labelled.truth:
            of[f"thing:{labelled.truth[told.address]}"].append(told.address)
            of[f"title:{told.fields.get('title', '')}"].append(told.address)
    found = {pair(a, b): why for one, other, why in disputes for a in of[one] for b in of[other] if a != b}
    return replace(labelled, undecided={**found, **labelled.undecided})


def half_of(name: str, thing: str) -> str:
    """In which half a thing of a set is: by a hash, so that nobody chooses."""
    return "tune" if hashlib.sha256(f"{name}/{thing}".encode()).digest()[0] % 2 else "report"


def pair(a: str, b: str) -> Pair:
    return (a, b) if a < b else (b, a)
