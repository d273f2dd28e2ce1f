"""Whose word could still settle a pair: the rule that decides (`link.judgements.settle`), asked beforehand.

Pure: voices in, ways out. Never names a word that was said already, and never promises what the rule would
not do. Says nothing of what keeps two things apart besides judgements (one record of each member, a third).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import combinations

from commons.link.judgements import DIFFERENT, SAME, Pair, Rules, Settled, Votes, owners_of, settle

_NAMED = 8  # members tried by name; a pair has two owners, and few others speak of it
_TOGETHER = 4  # of whom so many have to speak together, at most


@dataclass(frozen=True, slots=True)
class Way:
    """Words that together settle a pair: those of `members`, and of `others` more, whoever they are.

    `turned`: which of the members would have to change what they said. `own`: it moves only their own claims.
    """

    members: frozenset[str] = frozenset()
    others: int = 0
    turned: frozenset[str] = frozenset()
    own: bool = False


def holds(found: Settled, wanted: str, *, lasting: bool = False) -> bool:
    """Whether a pair stands as `wanted`; `lasting`: and not only for as long as it is disputed."""
    return found.verdict == wanted and not (lasting and found.disputed)


def with_words(votes: Votes, speakers: Collection[str], verdict: str) -> Votes:
    """The voices once these say `verdict` (or nothing, where it is none of the two)."""
    same, different = votes.same - set(speakers), votes.different - set(speakers)
    if verdict == SAME:
        return Votes({*same, *speakers}, different)
    return Votes(same, {*different, *speakers} if verdict == DIFFERENT else different)


def ways(
    of: Pair,
    votes: Votes,
    rules: Rules,
    wanted: str,
    members: Collection[str],
    *,
    lasting: bool = False,
) -> list[Way]:
    """The smallest ways to `wanted`, and that of strangers alone; none where it holds, or nobody could.

    Args:
        members: whoever can speak in this pool.
        lasting: a verdict that holds only for as long as the pair is disputed is not enough.
    """
    if holds(settle(of, votes, rules), wanted, lasting=lasting):
        return []
    owners = owners_of(of)
    said, against = votes.same, votes.different
    if wanted != SAME:
        said, against = against, said
    if len(owners) == 1:
        named, strangers = sorted(owners - said), []
    else:
        known = owners | set(rules.judges) | against
        named = sorted((known & {*members, *against}) - said, key=lambda m: (m not in owners, m))[:_NAMED]
        strangers = sorted(set(members) - known - said)

    def way(some: Collection[str], others: int) -> Way | None:
        then = settle(of, with_words(votes, [*some, *strangers[:others]], wanted), rules)
        if not holds(then, wanted, lasting=lasting):
            return None
        return Way(frozenset(some), others, frozenset(some) & against, bool(then.own))

    found: list[Way] = []
    for size in range(1, _TOGETHER + 1):
        sets = list(_sets(named, len(strangers), size))
        found = _plainest([w for some, others in sets if (w := way(some, others)) is not None])
        if found:
            break
    if not any(w.others and not w.members for w in found):  # beyond a quorum more voices change nothing
        alone = (way((), n) for n in range(1, min(rules.quorum, len(strangers)) + 1))
        found += [w for w in alone if w is not None][:1]
    return found


def _sets(named: Collection[str], strangers: int, size: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every `size` who may speak together: some by name, and so many others."""
    for others in range(min(size, strangers) + 1):
        for some in combinations(named, size - others):
            yield some, others


def _plainest(found: list[Way]) -> list[Way]:
    """Without those that ask more people to change their word, or name somebody where anybody would do."""
    if any(len(w.members) + w.others == 1 for w in found):
        return found
    fewest = min((len(w.turned) for w in found), default=0)
    kept = [w for w in found if len(w.turned) == fewest]
    return [w for w in kept if not any(v.turned == w.turned and v.others > w.others for v in kept)]
