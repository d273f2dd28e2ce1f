"""What waits in a catalogue beside its records: readers' proposals, and declined relations. Asks nothing.

Both are settings of the catalogue: they say something of the person's work, and leave in no release.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from commons.catalogue.store import Catalogue
from commons.link.judgements import Pair
from commons.link.model import pair

DECLINED = "review.declined"  # relations that were looked at and do not hold
TAKEN_IN = "review.proposals"  # pairs of which a reader says that they are not the same

Relation = tuple[str, str, str]  # subject, kind, object


def proposals(catalogue: Catalogue) -> set[Pair]:
    """The pairs of readers' proposals that wait for a judgement."""
    return {pair(*p) for p in _texts(catalogue.settings.get(TAKEN_IN)) if len(p) == 2}


def declined(catalogue: Catalogue) -> set[Relation]:
    """The relations that were declined."""
    return {(d[0], d[1], d[2]) for d in _texts(catalogue.settings.get(DECLINED)) if len(d) == 3}


def wait_for(catalogue: Catalogue, pairs: Iterable[Pair]) -> int:
    """Keep readers' proposals until somebody judges them; how many are new."""
    known = list(_texts(catalogue.settings.get(TAKEN_IN)))
    new = [list(p) for p in dict.fromkeys(pair(*p) for p in pairs) if list(p) not in known]
    if new:
        catalogue.settings[TAKEN_IN] = [*known, *new]  # type: ignore[list-item]
    return len(new)


def answered(catalogue: Catalogue, of: Pair) -> None:
    """A reader's proposal was judged: it waits no longer."""
    known = list(_texts(catalogue.settings.get(TAKEN_IN)))
    left = [p for p in known if pair(*p[:2]) != of]
    if len(left) != len(known):
        catalogue.settings[TAKEN_IN] = left  # type: ignore[assignment]


def decline(catalogue: Catalogue, relation: Relation) -> None:
    """Remember that a relation was looked at and does not hold, so that it is not asked again."""
    known = list(_texts(catalogue.settings.get(DECLINED)))
    catalogue.settings[DECLINED] = [*known, list(relation)]  # type: ignore[list-item]


def accept_again(catalogue: Catalogue, relation: Relation) -> None:
    """Take a declined relation back: it is asked again."""
    known = _texts(catalogue.settings.get(DECLINED))
    catalogue.settings[DECLINED] = [d for d in known if d != list(relation)]  # type: ignore[misc]


def _texts(value: object) -> Iterator[list[str]]:
    """Lists of texts kept as a setting; anything else is passed over."""
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, list) and all(isinstance(t, str) for t in entry):
            yield [str(t) for t in entry]
