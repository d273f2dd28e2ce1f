"""All levels of linking in one call: records in, decisions out. Pure; knows no disk and no process.

A merge does the same in steps, with what it kept of earlier merges (`commons.merge.linking.rounds`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations

from commons.link import engine, features
from commons.link.components import Claims, components
from commons.link.engine import Judged, Shared, Spread
from commons.link.exact import decide
from commons.link.judgements import NO_VERDICTS, Verdicts
from commons.link.model import Candidate, Decision, Link, LinkClaim, Related, pair
from commons.link.scored import Found
from commons.link.tables import Table, load_tables

Record = tuple[str, Mapping[str, object]]  # full address, fields of the canonical record


@dataclass(frozen=True, slots=True)
class Settings:
    """What a federation may set: record type → (link, candidate); other types keep the schema's."""

    thresholds: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def link_claim(address: str, fields: Mapping[str, object]) -> LinkClaim:
    """What exact linking needs of a record's fields."""
    title, others, named = fields.get("title"), fields.get("alternate_names"), fields.get("same_as")
    names = [title, *(others if isinstance(others, list) else ())]
    identifiers = fields.get("identifiers")
    return LinkClaim(
        address,
        tuple(n for n in names if isinstance(n, str)),
        tuple(i for i in (identifiers if isinstance(identifiers, list) else ()) if isinstance(i, str)),
        named if isinstance(named, str) else None,
    )


def run(
    records: Iterable[Record],
    settings: Settings | None = None,
    verdicts: Verdicts = NO_VERDICTS,
    *,
    spread: Spread = engine.here,
    watch: Callable[[str, str], None] | None = None,
) -> Decision:
    """What is one thing among `records`, what may be, and what is related. Order does not matter.

    Args:
        spread: who does the work; see `engine`.
        watch: told every pair of addresses that is compared at all.
    """
    told = dict(records)
    claims = {address: link_claim(address, fields) for address, fields in told.items()}
    exact = decide(claims.values(), verdicts)
    following = {a for a, _to in verdicts.attached} | {a for a, c in claims.items() if c.same_as is not None}
    by_type: dict[str, list[tuple[bytes, str]]] = defaultdict(list)
    for address, fields in told.items():
        found = features.of(claims[address].type, fields)
        if found is not None and found.comparable and address not in following:
            by_type[found.type].append((features.packed(found), address))
    links: list[Link] = []
    candidates: list[Candidate] = []
    related: list[Related] = []
    choices: list[Candidate] = []
    for name, several in sorted(by_type.items()):
        told_here, kin = _linked(_table(name, settings), several, exact, verdicts, spread, watch)
        links += told_here.links
        candidates += told_here.candidates
        related += kin
        choices += told_here.choices
    decided = decide(claims.values(), verdicts, links)
    return with_proposals(decided, candidates, related, choices, verdicts)


def _linked(
    table: Table,
    several: list[tuple[bytes, str]],
    exact: Decision,
    verdicts: Verdicts,
    spread: Spread,
    watch: Callable[[str, str], None] | None,
) -> tuple[Found, list[Related]]:
    """Scored linking of the records of one type, given as (packed features, address)."""
    several.sort()
    shelf: list[bytes] = []
    claims: list[list[str]] = []
    for data, address in several:
        if not shelf or shelf[-1] != data:
            shelf.append(data)
            claims.append([])
        claims[-1].append(address)
    node = {address: n for n, same in enumerate(claims) for address in same}
    shared = Shared(table, shelf, engine.rarity_of(shelf, table, spread), tell=watch is not None)
    pairs = engine.compared(shared, spread, _watcher(claims, watch))
    clusters = {a: c for c in exact.clusters for a in c if a in node}
    joined = [tuple(sorted({node[a] for a in c if a in node})) for c in dict.fromkeys(clusters.values())]
    several_said = [n for n, same in enumerate(claims) if len(same) > 1]
    standing = Claims(len(claims), lambda nodes: [claims[n] for n in nodes], several_said, joined)
    found = components(pairs.near, pairs.scores, standing, clusters)
    told = engine.grouped(found, Judged(shared, verdicts), spread)
    return told, list(engine.relatives(shared, pairs, standing))


def with_proposals(
    decided: Decision,
    candidates: Iterable[Candidate],
    related: Iterable[Related],
    choices: Iterable[Candidate],
    verdicts: Verdicts,
) -> Decision:
    """What is asked and proposed at all levels; what is settled or joined after all is asked no more."""
    of = {address: n for n, cluster in enumerate(decided.clusters) for address in cluster}

    def is_open(a: str, b: str) -> bool:
        return (a, b) not in verdicts.apart and of.get(a, -1) != of.get(b, -2)

    known = {(c.a, c.b): c for c in decided.candidates}
    for candidate in candidates:
        if is_open(candidate.a, candidate.b):
            known.setdefault((candidate.a, candidate.b), candidate)
    return replace(
        decided,
        candidates=tuple(known[p] for p in sorted(known)),
        related=tuple(
            sorted({r for r in related if is_open(*pair(r.a, r.b)) and pair(r.a, r.b) not in known})
        ),
        choices=tuple(sorted({c for c in choices if is_open(c.a, c.b) and (c.a, c.b) not in known})),
    )


def _table(name: str, settings: Settings | None) -> Table:
    table = load_tables().types[name]
    own = settings.thresholds.get(name) if settings is not None else None
    return table if own is None else replace(table, link=own[0], candidate=own[1])


def _watcher(
    claims: list[list[str]], watch: Callable[[str, str], None] | None
) -> Callable[[int, int], None] | None:
    """Tells addresses where nodes are compared; claims of one node are compared by being equal."""
    if watch is None:
        return None
    for same in claims:
        for one, other in combinations(same, 2):
            watch(one, other)

    def told(a: int, b: int) -> None:
        for one in claims[a]:
            for other in claims[b]:
                watch(one, other)

    return told
