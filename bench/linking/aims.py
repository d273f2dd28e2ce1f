"""What linking should reach on each labelled set, and what other tools reach there. Measures nothing.

The others' figures were measured on the same files, tuned on all of them: precision, recall, F1, or F1 alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.linking.measure import Outcome, Score

MOST_ASKED = 2  # questions, in times of the true pairs
KEPT = 0.985  # share of true pairs that are compared


@dataclass(frozen=True)
class Least:
    """What a figure should at least be; 0: nothing is asked of it."""

    precision: float = 0.0
    recall: float = 0.0
    f1: float = 0.0

    def misses(self, found: Score) -> list[str]:
        """What it misses, in words."""
        pairs = (
            ("P", found.precision, self.precision),
            ("R", found.recall, self.recall),
            ("F1", found.f1, self.f1),
        )
        return [f"{name} {is_:.3f} < {least:.3f}" for name, is_, least in pairs if is_ < least]

    def __str__(self) -> str:
        said = (("P", self.precision), ("R", self.recall), ("F1", self.f1))
        return ", ".join(f"{name} ≥ {least:g}" for name, least in said if least) or "–"


@dataclass(frozen=True)
class Aim:
    """Of one set: with every candidate accepted, with automatic links alone, and what others reach."""

    accepted: Least = Least()
    automatic: Least = Least()
    others: str = "–"


_COLONIAS = Least(precision=0.999, recall=0.975)
AIMS = {
    "chicago": Aim(
        Least(f1=0.967), Least(precision=0.985),
        "Splink 5 F1 .957, dedupe 3 .977 (trained), recordlinkage .955, simple scorer .984 / .949 / .967",
    ),
    "colonias": Aim(
        _COLONIAS, _COLONIAS,
        "Splink 5 1 / .946, dedupe 3 1 / .948, recordlinkage 1 / .674, "
        "simple scorer 1 / .96, equal names .95 / .98",
    ),
    "fodors": Aim(
        Least(f1=0.98), Least(precision=0.99, recall=0.96),
        "Splink 5 .982 / .964 / .973, dedupe 3 .901 / .893, recordlinkage .962 / .911, "
        "simple scorer .981 / .946 / .964",
    ),
    "360giving": Aim(
        Least(precision=0.95, recall=0.87), Least(precision=0.99),
        "equal names .960 / .824 / .887, recordlinkage .896 / .874, "
        "simple scorer .916 / .856; Splink 5 and dedupe 3 fail",
    ),
    "360giving-ids": Aim(automatic=Least(precision=0.99)),
    "whatcom": Aim(Least(precision=0.98, recall=0.95), Least(precision=0.99)),
    "shelters": Aim(automatic=Least(precision=1.0)),
    "abt-buy": Aim(automatic=Least(precision=0.99), others="simple scorer .98 / .06"),
}  # fmt: skip
_UNASKED = ("febrl-3", "abt-buy")  # persons and products: nothing is asked of them but to do no harm

HEADINGS = "| set | aim, accepted | aim, automatic | missed | what others reach |\n|---|---|---|---|---|"


def misses(found: Outcome) -> list[str]:
    """What a set misses of its aims and of those of all sets."""
    aim = AIMS.get(found.name, Aim())
    missed = [f"accepted {m}" for m in aim.accepted.misses(found.accepted)]
    missed += [f"automatic {m}" for m in aim.automatic.misses(found.automatic)]
    if found.queue_times > MOST_ASKED:
        missed.append(f"asked {found.queue_times:.2f} × true > {MOST_ASKED}")
    if found.kept is not None and found.kept < KEPT and found.name not in _UNASKED:
        missed.append(f"compared {found.kept:.4f} < {KEPT}")
    return missed


def lines(several: Iterable[Outcome]) -> list[str]:
    """The second table: a row for each set that something is asked of."""
    rows = [HEADINGS]
    for found in several:
        aim = AIMS.get(found.name, Aim())
        missed = "; ".join(misses(found)) or "nothing"
        rows.append(f"| {found.name} | {aim.accepted} | {aim.automatic} | {missed} | {aim.others} |")
    return rows
