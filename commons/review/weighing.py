"""What two claims weigh, for whom the pool keeps no evidence: weighed again, by what is common in this pool.

Reads all claims of the type once for each pair; decides and keeps nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commons.link import features, rarity
from commons.link.score import Scorer
from commons.link.tables import load_tables
from commons.pool.read import Pool


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
    type_name = a.split("/")[1]
    table = load_tables().types.get(type_name)
    if table is None or b.split("/")[1] != type_name:
        return None
    both = [features.of(type_name, fields_at(pool, address)) for address in (a, b)]
    if both[0] is None or both[1] is None:
        return None
    wanted = {atom for found in both if found is not None for atom in rarity.atoms(found)}
    count: Counter[str] = Counter()
    seen: set[int] = set()  # copies make nothing common
    for (text,) in pool.connection.execute("SELECT json FROM claim WHERE type = ?", (type_name,)):
        found = features.of(type_name, json.loads(text)[2])
        if found is not None and hash(found) not in seen:
            seen.add(hash(found))
            count.update(wanted.intersection(rarity.atoms(found)))
    scorer = Scorer(
        table, rarity.Rarity({rarity.hashed(atom): rarity.bucket_of(n) for atom, n in count.items()})
    )
    score = scorer.score(scorer.prepared(both[0]), scorer.prepared(both[1]))
    own = ((pool.meta.get("federation") or {}).get("link") or {}).get(type_name) or {}
    ask, link = int(own.get("ask") or table.candidate), int(own.get("link") or table.link)
    return Weight(score.total, dict(score.parts), score.guards, score.anchored, ask, link)


def fields_at(pool: Pool, address: str) -> dict[str, Any]:
    sql = (
        "SELECT c.json FROM alias a JOIN claim c ON c.entity = a.entity AND c.address = a.address "
        "WHERE a.address = ?"
    )
    row = pool.connection.execute(sql, (address,)).fetchone()
    found: dict[str, Any] = json.loads(row[0])[2]
    return found
