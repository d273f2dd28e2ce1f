"""What pairs weigh of which the pool keeps no evidence: weighed again, by what is common in this pool.

Reads all claims of a type once for all of its pairs; decides and keeps nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from commons.link import features, rarity
from commons.link.features import Features
from commons.link.judgements import Pair
from commons.link.score import Scorer
from commons.link.tables import load_tables
from commons.pool.read import Pool
from commons.review.records import fields_at


@dataclass(frozen=True, slots=True)
class Weight:
    """What a pair weighs: parts and their points, and how many it takes to be asked or linked."""

    total: int
    parts: Mapping[str, int]
    guards: tuple[str, ...]
    anchored: bool
    candidate: int
    link: int


def weigh(pool: Pool, a: str, b: str) -> Weight | None:
    """What the pair weighs in this pool; None where their types are not compared at all."""
    return weigh_all(pool, [(a, b)]).get((a, b))


def weigh_all(pool: Pool, pairs: Iterable[Pair]) -> dict[Pair, Weight]:
    """What each of the pairs weighs in this pool, but for those that are not compared at all."""
    by_type: dict[str, list[Pair]] = {}
    for a, b in pairs:
        if (type_name := _type(a)) == _type(b) and type_name in load_tables().types:
            by_type.setdefault(type_name, []).append((a, b))
    found: dict[Pair, Weight] = {}
    for type_name, several in by_type.items():
        found |= _weigh_of(pool, type_name, several)
    return found


def _weigh_of(pool: Pool, type_name: str, pairs: Iterable[Pair]) -> dict[Pair, Weight]:
    table = load_tables().types[type_name]
    read = {a: _features_at(pool, type_name, a) for pair in pairs for a in pair}
    both = {(a, b): (x, y) for a, b in pairs if (x := read[a]) is not None and (y := read[b]) is not None}
    if not both:
        return {}
    scorer = Scorer(table, _rarity(pool, type_name, [f for of in both.values() for f in of]))
    own = ((pool.meta.get("federation") or {}).get("link") or {}).get(type_name) or {}
    ask, link = int(own.get("ask") or table.candidate), int(own.get("link") or table.link)
    found = {}
    for of, (one, other) in both.items():
        score = scorer.score(scorer.prepared(one), scorer.prepared(other))
        found[of] = Weight(score.total, dict(score.parts), score.guards, score.anchored, ask, link)
    return found


def _rarity(pool: Pool, type_name: str, several: Iterable[Features]) -> rarity.Rarity:
    """How common in this pool is what these records are compared by."""
    wanted = {atom for found in several for atom in rarity.atoms(found)}
    count: Counter[str] = Counter()
    seen: set[int] = set()  # copies make nothing common
    for (text,) in pool.connection.execute("SELECT json FROM claim WHERE type = ?", (type_name,)):
        found = features.of(type_name, json.loads(text)[2])
        if found is not None and hash(found) not in seen:
            seen.add(hash(found))
            count.update(wanted.intersection(rarity.atoms(found)))
    return rarity.Rarity(rarity.buckets_of((rarity.hashed(atom), n) for atom, n in count.items()))


def _features_at(pool: Pool, type_name: str, address: str) -> Features | None:
    fields = fields_at(pool, address)
    return features.of(type_name, fields) if fields is not None else None


def _type(address: str) -> str:
    return address.split("/")[1]
