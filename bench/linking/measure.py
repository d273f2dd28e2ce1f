"""What linking decided, beside what is true: pairs of clusters, the queue, the worst errors. Pure.

Precision is the share of joined pairs that are true, recall the share of true pairs that are joined. A pair
that counts neither way (`Labelled.undecided`) is left out of both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

from bench.linking.labelled import Labelled, Pair, pair
from commons.link.model import Candidate, Decision


@dataclass(frozen=True, slots=True)
class Score:
    """How many pairs were joined, how many of them are true, how many there are to find."""

    joined: int
    right: int
    true: int

    @property
    def precision(self) -> float:
        return self.right / self.joined if self.joined else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True)
class Outcome:
    """Everything that is reported of one set.

    `automatic`: clusters as linking makes them. `accepted`: if every candidate were accepted, whatever it
    joins. `judged`: if judges said so, and linking decided again by all its rules. `queue`: candidates;
    `choices`: further pairs of which at most one is right, so that nobody accepts them all.
    `kept`: share of the true pairs that were compared at all.
    """

    name: str
    half: str
    records: int
    automatic: Score
    accepted: Score
    judged: Score
    queue: int
    queue_right: int
    choices: int
    kept: float | None
    seconds: float
    compared: int | None

    @property
    def queue_times(self) -> float:
        """All that is asked, in times of the true pairs."""
        asked = self.queue + self.choices
        return asked / self.automatic.true if self.automatic.true else float(asked)


def pairs_of(groups: Iterable[Collection[str]], known: Collection[str]) -> set[Pair]:
    """All pairs within each group, of addresses that are known."""
    found: set[Pair] = set()
    for group in groups:
        found.update(combinations(sorted(a for a in group if a in known), 2))
    return found


def true_pairs(truth: Mapping[str, str]) -> set[Pair]:
    """The pairs that are about one thing."""
    things: dict[str, list[str]] = defaultdict(list)
    for address, thing in truth.items():
        things[thing].append(address)
    return pairs_of(things.values(), truth)


class Groups:
    """Grows clusters by joining."""

    def __init__(self, clusters: Iterable[Collection[str]]) -> None:
        self._of: dict[str, set[str]] = {}
        for cluster in clusters:
            one = set(cluster)
            self._of.update(dict.fromkeys(one, one))

    def of(self, address: str) -> set[str]:
        return self._of.setdefault(address, {address})

    def join(self, a: str, b: str) -> None:
        few, many = sorted((self.of(a), self.of(b)), key=len)
        if few is not many:
            many |= few
            self._of.update(dict.fromkeys(few, many))

    def all(self) -> list[set[str]]:
        return list({id(group): group for group in self._of.values()}.values())


def accepting(decision: Decision) -> list[set[str]]:
    """The clusters if every candidate is accepted, whatever that joins."""
    groups = Groups(decision.clusters)
    for candidate in decision.candidates:
        groups.join(candidate.a, candidate.b)
    return groups.all()


def score(joined: set[Pair], true: set[Pair], undecided: Collection[Pair]) -> Score:
    """The two sets beside each other, without what counts neither way."""
    joined, true = joined.difference(undecided), true.difference(undecided)
    return Score(len(joined), len(joined & true), len(true))


def measure(
    labelled: Labelled,
    decision: Decision,
    *,
    half: str,
    seconds: float,
    judged: Decision | None = None,
    kept: set[Pair] | None = None,
    compared: int | None = None,
    strict: bool = False,
) -> Outcome:
    """All figures of one set; `strict`: the gold counts as it is, disputed or not."""
    undecided: Collection[Pair] = () if strict else labelled.undecided.keys()
    truth, true = labelled.truth, true_pairs(labelled.truth)
    counting = [c for c in decision.candidates if c.a in truth and c.b in truth]
    found = true - set(undecided)
    choices = sum(c.a in truth and c.b in truth for c in decision.choices)
    return Outcome(
        labelled.name, half, len(labelled.records),
        score(pairs_of(decision.clusters, truth), true, undecided),
        score(pairs_of(accepting(decision), truth), true, undecided),
        score(pairs_of((judged or decision).clusters, truth), true, undecided),
        len(counting), sum(pair(c.a, c.b) in true for c in counting), choices,
        None if kept is None else len(found & kept) / max(len(found), 1),
        seconds, compared,
    )  # fmt: skip


def wilson(right: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """The interval in which a share lies in 95 of 100 samples of this size."""
    if not of:
        return 0.0, 1.0
    share, spread = right / of, z * z / of
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Errors:
    """Pairs that were wrongly joined, wrongly proposed, and true ones not even proposed."""

    joined: Sequence[Pair]
    proposed: Sequence[Pair]
    missed: Sequence[Pair]


def errors(labelled: Labelled, decision: Decision) -> Errors:
    """Each kind of error, in order of address; what counts neither way is none."""
    truth, true = labelled.truth, true_pairs(labelled.truth)
    joined = pairs_of(decision.clusters, truth)
    proposed = {pair(c.a, c.b) for c in decision.candidates if {c.a, c.b} <= truth.keys()}
    accepted = pairs_of(accepting(decision), truth)
    undecided = labelled.undecided.keys()
    return Errors(*(sorted(found - undecided) for found in (joined - true, proposed - true, true - accepted)))


def reasons(candidates: Iterable[Candidate]) -> dict[str, int]:
    """How many candidates there are for each reason."""
    found: dict[str, int] = defaultdict(int)
    for candidate in candidates:
        found[candidate.reason] += 1
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
