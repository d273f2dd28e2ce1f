"""Linking by what is certain: judgements, `same_as`, strong identifiers. Pure: claims in, decisions out.

Order, strongest first: judgements in force; the same strong identifier, if names do not contradict; whatever
`scored` brings (links by evidence, made elsewhere, under the same guards); then each claim with a `same_as`,
or with its own member's word, is attached to the one cluster it names. Nothing is linked through an attached
claim: whoever writes `same_as` cannot join two strangers.

Only claims that carry something to link by are needed here; all others are things of their own.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, islice

from commons.link import names
from commons.link.cluster import NAMES, SAME_AS, Clusters, gather
from commons.link.judgements import NO_VERDICTS, Verdicts
from commons.link.model import Candidate, Decision, Link, LinkClaim, in_order, pair

JUDGED, IDENTIFIER, SAME_SERVICE_AND_PLACE = "judged", "identifier", "service-and-place"
TIE, TWO_TARGETS, CHAIN, DISPUTED = "tie", "two-targets", "chain", "disputed"
AGAIN = "judge-again"  # it was judged, and one of the two has changed a lot since

MOST_NAMES = 40  # different names under one identifier: more say that it identifies nothing
MOST_ASKED = 20  # questions about one identifier and name: nobody may flood another's queue
_IDENTIFIER = re.compile(r"([A-Za-z][A-Za-z0-9.-]*):(.+)\Z", re.S)
_PLACEHOLDERS = frozenset(
    {"NA", "ND", "SN", "SIN", "NONE", "NULL", "NO", "PENDIENTE", "TRAMITE", "ENTRAMITE"}
)


def strong_identifier(text: str) -> str | None:
    """`scheme:value` as it is compared; None where it identifies nothing (malformed, zeros, "n/a")."""
    match = _IDENTIFIER.match(text.strip())
    if match is None:
        return None
    value = re.sub(r"[\s./_-]+", "", match[2]).upper()
    if len(value) < 3 or len(set(value)) == 1 or value in _PLACEHOLDERS or not value.isalnum():
        return None
    return f"{match[1].upper()}:{value}"


def decide(
    claims: Iterable[LinkClaim], verdicts: Verdicts = NO_VERDICTS, scored: Iterable[Link] = ()
) -> Decision:
    """The clusters of `claims`. The order of neither claims nor links matters.

    Args:
        claims: every claim that has a `same_as`, shares an identifier, or is named by a `same_as`,
            a judgement or a scored link.
        scored: links by evidence; their scores are below those given here.
    """
    known = {claim.address: claim for claim in claims}
    held: list[Link] = []
    clusters = Clusters(known, verdicts)
    following = {a for a, _to in verdicts.attached} | {a for a, c in known.items() if c.same_as is not None}
    free = known.keys() - following
    candidates = _join_judged(clusters, verdicts, known, held)
    contested = {address for both in verdicts.apart for address in both}
    links, ties = identifier_links((known[a] for a in free), contested, _settled_apart(verdicts))
    links += [Link(a, b, SAME_AS, 1_000) for a, b in _mutual(known)]
    links += [link for link in scored if link.a in free and link.b in free]
    more, refused = gather(clusters, links, last=verdicts.detached)
    attaching, unknown = _attach(clusters, known, verdicts, held)
    candidates += ties + refused + attaching
    return Decision(
        tuple(clusters.all()),
        tuple(sorted(held + more, key=in_order)),
        tuple(_open(candidates, clusters, verdicts)),
        tuple(unknown),
    )


def _settled_apart(verdicts: Verdicts) -> frozenset[frozenset[str]]:
    """Pairs that are different for everybody; a member's word alone keeps only its own claim away."""
    return frozenset(frozenset(p) for p in verdicts.apart if verdicts.detached.isdisjoint(p))


def _mutual(known: Mapping[str, LinkClaim]) -> list[tuple[str, str]]:
    """Pairs of claims whose `same_as` is answered by the other's."""
    named = {a: c.same_as for a, c in known.items() if c.same_as is not None}
    return sorted((a, b) for a, b in named.items() if a < b and named.get(b) == a)


def _join_judged(
    clusters: Clusters, verdicts: Verdicts, known: Mapping[str, LinkClaim], held: list[Link]
) -> list[Candidate]:
    """Join what people said is the same; people's word yields to people's "different" only."""
    refused = []
    ordered = sorted(verdicts.joined, key=lambda p: (p[0].partition("/")[0] != p[1].partition("/")[0], p))
    for a, b in ordered:  # a member's word about its own claims first
        if a not in known or b not in known:
            continue
        own = known[a].member == known[b].member
        objection = clusters.objection(a, b, judged=True, own=own)
        if objection is None:
            clusters.join(a, b)
            held.append(Link(a, b, JUDGED, 10_000))
        else:
            refused.append(Candidate(a, b, objection))
    return refused


def identifier_links(
    claims: Iterable[LinkClaim],
    contested: Collection[str] = (),
    apart: Collection[frozenset[str]] = (),
) -> tuple[list[Link], list[Candidate]]:
    """Links between claims of one type with one strong identifier, and the ties among them.

    A claim that fits two of one member links to the clearly better name, on a tie to neither. Claims of one
    name are taken together first, so that a thousand members with one identifier cost no million comparisons.
    They are linked to one of them, if possible to none of the `contested` (judged different from something):
    what is kept away from that one must not be lost to the others. Of two that are settled to be `apart`
    neither is linked by a name that both have: the others fit them equally.
    """
    groups: dict[tuple[str, str], list[LinkClaim]] = defaultdict(list)
    for claim in claims:
        for text in dict.fromkeys(filter(None, map(strong_identifier, claim.identifiers))):
            groups[claim.type, text].append(claim)
    links: dict[tuple[str, str], Link] = {}
    ties: dict[tuple[str, str], Candidate] = {}
    for (_type, text), group in sorted(groups.items()):
        if len(group) > 1:
            for found in _within(text, group, contested, apart):
                if isinstance(found, Link):
                    links.setdefault((found.a, found.b), found)
                else:
                    ties.setdefault((found.a, found.b), found)
    return list(links.values()), [t for p, t in ties.items() if p not in links]


def _within(
    text: str,
    group: Sequence[LinkClaim],
    contested: Collection[str],
    apart: Collection[frozenset[str]],
) -> Iterator[Link | Candidate]:
    evidence = {"identifier": text}
    buckets: dict[tuple[names.Name, ...], list[LinkClaim]] = defaultdict(list)
    for claim in sorted(group, key=lambda c: (c.address in contested, c.address)):
        buckets[tuple(names.normalised(n) for n in claim.names)].append(claim)
    clear = []  # of each name, the claims whose member says it once
    for bucket in buckets.values():
        times = Counter(c.member for c in bucket)
        once = [c for c in bucket if times[c.member] == 1]
        for twice in islice((c for c in bucket if times[c.member] > 1), MOST_ASKED):
            yield from (Candidate(*pair(twice.address, c.address), TIE, 0, evidence) for c in once[:1])
        torn = _torn(once, apart)
        if once:
            clear.append([c for c in once if c.address not in torn] or once[:1])
        for claim in once[1:]:
            of = pair(once[0].address, claim.address)
            if claim.address in torn or once[0].address in torn:
                yield Candidate(*of, TIE, 0, evidence)
            else:
                yield Link(*of, IDENTIFIER, 900 + names.EQUAL, evidence)
    if len(buckets) <= MOST_NAMES:
        yield from _in_one_list(buckets.values(), evidence)
    if len(clear) <= MOST_NAMES:
        yield from _between(clear, evidence)


def _in_one_list(
    buckets: Iterable[Sequence[LinkClaim]], evidence: Mapping[str, str | int]
) -> Iterator[Candidate]:
    """One identifier under names that contradict each other in one list: a question for its member.

    As few as name each of them once: a parent's number on thirty local groups is one mistake.
    """
    apart: dict[str, list[LinkClaim]] = defaultdict(list)  # member → claims of names that contradict
    for bucket in buckets:
        for claim in {c.member: c for c in reversed(bucket)}.values():
            others = apart[claim.member]
            if all(names.agreement(claim.names, o.names) == names.CONTRADICT for o in others):
                others.append(claim)
    for first, *others in apart.values():
        for other in others:
            yield Candidate(*pair(first.address, other.address), NAMES, names.CONTRADICT, evidence)


def _torn(bucket: Sequence[LinkClaim], apart: Collection[frozenset[str]]) -> set[str]:
    """The claims of one name that are settled to be different from another of that name."""
    if not apart:
        return set()
    here = {claim.address for claim in bucket}
    return {address for of in apart if of <= here for address in of}


def _between(
    buckets: Sequence[list[LinkClaim]], evidence: Mapping[str, str | int]
) -> Iterator[Link | Candidate]:
    """Claims of different names: each to its best partner per member, if there is one best."""
    agree: dict[tuple[int, int], int] = {}
    members = [{c.member for c in bucket} for bucket in buckets]
    for i, j in combinations(range(len(buckets)), 2):
        agree[i, j] = agree[j, i] = names.agreement(buckets[i][0].names, buckets[j][0].names)
    for i, j in combinations(range(len(buckets)), 2):
        a, b = buckets[i][0].address, buckets[j][0].address
        score = agree[i, j]
        if members[i] & members[j]:
            continue
        if score == names.CONTRADICT:
            yield Candidate(*pair(a, b), NAMES, score, evidence)
        elif _rivalled(i, j, agree, members) or _rivalled(j, i, agree, members):
            yield Candidate(*pair(a, b), TIE, score, evidence)
        else:
            yield Link(*pair(a, b), IDENTIFIER, 900 + score, evidence)


def _rivalled(
    i: int, j: int, agree: Mapping[tuple[int, int], int], members: Sequence[Collection[str]]
) -> bool:
    """Whether bucket i fits another bucket of one of j's members as well as j, or better."""
    return any(
        k not in (i, j) and not set(members[j]).isdisjoint(members[k]) and agree[i, k] >= agree[i, j]
        for k in range(len(members))
    )


def _attach(
    clusters: Clusters, known: Mapping[str, LinkClaim], verdicts: Verdicts, held: list[Link]
) -> tuple[list[Candidate], list[str]]:
    """Attach each claim that names one other thing; all are settled before any is joined."""
    mutual = {address for both in _mutual(known) for address in both}
    targets: dict[str, set[str]] = defaultdict(set)
    for address, to in verdicts.attached:
        if address in known:
            targets[address].add(to)
    for address, claim in known.items():
        if claim.same_as is not None and address not in mutual:
            targets[address].add(claim.same_as)
    following = set(targets)
    plan: list[tuple[str, str]] = []
    refused: list[Candidate] = []
    unknown: list[str] = []
    for address, named in sorted(targets.items()):
        there = sorted(t for t in named if t in known and t != address)
        if not there:
            unknown.append(address)
        elif len({id(clusters.of(t)) for t in there}) > 1 or _is_elsewhere(address, there[0], clusters):
            refused += [Candidate(*pair(address, t), TWO_TARGETS) for t in there]
        elif there[0] in following:
            refused.append(Candidate(*pair(address, there[0]), CHAIN))
        else:
            plan.append((address, there[0]))
    return refused + _attach_planned(clusters, known, plan, verdicts, held), unknown


def _is_elsewhere(address: str, to: str, clusters: Clusters) -> bool:
    """Whether others put the claim together with somebody else's: attaching it would join two strangers."""
    its = clusters.of(address)
    return its is not clusters.of(to) and len(its.members) > 1


def _attach_planned(
    clusters: Clusters,
    known: Mapping[str, LinkClaim],
    plan: Sequence[tuple[str, str]],
    verdicts: Verdicts,
    held: list[Link],
) -> list[Candidate]:
    """Two claims of one member to one thing: neither. All others if no guard objects; names do not matter."""
    wanted: dict[tuple[int, str], list[str]] = defaultdict(list)
    for address, to in plan:
        wanted[id(clusters.of(to)), known[address].member].append(address)
    several = {a for group in wanted.values() if len(group) > 1 for a in group}
    refused = []
    for address, to in plan:
        own = known[address].member == known[to].member
        objection = TIE if address in several else clusters.objection(address, to, judged=True, own=own)
        if objection is None:
            clusters.join(address, to)
            reason = JUDGED if (address, to) in verdicts.attached else SAME_AS
            held.append(Link(address, to, reason, 800))
        else:
            refused.append(Candidate(*pair(address, to), objection))
    return refused


def _open(candidates: Iterable[Candidate], clusters: Clusters, verdicts: Verdicts) -> list[Candidate]:
    """The candidates that still need a person: not joined after all, not settled; and what is disputed, or
    has to be judged again."""
    found: dict[tuple[str, str], Candidate] = {}
    for candidate in sorted(candidates, key=in_order):
        of = (candidate.a, candidate.b)
        if clusters.of(candidate.a) is clusters.of(candidate.b) or of in verdicts.apart:
            continue
        found.setdefault(of, candidate)
    for a, b in verdicts.disputed:
        if clusters.knows(a) and clusters.knows(b):
            found[a, b] = Candidate(a, b, DISPUTED)
    for a, b in verdicts.again - verdicts.disputed:
        if clusters.knows(a) and clusters.knows(b) and clusters.of(a) is not clusters.of(b):
            found[a, b] = Candidate(a, b, AGAIN)
    return [found[key] for key in sorted(found)]


def service_at_place_links(
    rows: Iterable[tuple[str, int, int]], contested: Collection[str] = ()
) -> tuple[list[Link], list[Candidate]]:
    """Links between `service_at_place` claims of one service entity and one place entity.

    Args:
        rows: (address, service entity, place entity). To be gathered after services and places.
        contested: as of `identifier_links`.
    """
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for address, service, place in rows:
        groups[service, place].append(address)
    links, ties = [], []
    for group in groups.values():
        members = [a.partition("/")[0] for a in group]
        alone = (a for a in group if members.count(a.partition("/")[0]) == 1)
        once = sorted(alone, key=lambda a: (a in contested, a))
        twice = sorted(set(group) - set(once))
        links += [Link(*pair(once[0], a), SAME_SERVICE_AND_PLACE, 900) for a in once[1:]]
        ties += [Candidate(*pair(a, once[0]), TIE) for a in twice if once]
    return sorted(links), sorted(ties)


def decide_at_places(
    claims: Iterable[LinkClaim], rows: Iterable[tuple[str, int, int]], verdicts: Verdicts = NO_VERDICTS
) -> Decision:
    """The clusters of `service_at_place` claims, by service and place; judgements as everywhere."""
    claims = list(claims)
    following = {a for a, _to in verdicts.attached} | {c.address for c in claims if c.same_as is not None}
    contested = {address for both in verdicts.apart for address in both}
    links, ties = service_at_place_links((row for row in rows if row[0] not in following), contested)
    decided = decide(claims, verdicts, links)
    extra = [t for t in ties if not any({t.a, t.b} <= set(c) for c in decided.clusters)]
    return Decision(
        decided.clusters, decided.links, tuple(sorted({*decided.candidates, *extra})), decided.unknown
    )
