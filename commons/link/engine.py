"""From features to the pairs worth looking at, and to what they are, in little memory. Pure but for scratch.

A million records have ten million keys: they go through piles that are sorted one part at a time, and every
step is made of tasks that do not depend on each other, so that `spread` may give them to other processes.
Nothing of the result depends on how the work is divided or in which order records come.

    features → atoms → what is common → keys → blocks → pairs → scores → components → links and candidates
"""

from __future__ import annotations

import marshal
from array import array
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import islice
from typing import Any, Protocol

from commons.link import block, carried, features, related
from commons.link.carried import Carried
from commons.link.components import Claims, Component
from commons.link.judgements import NO_VERDICTS, Concerning, Verdicts
from commons.link.model import Related
from commons.link.outline import Outliner, Outlines
from commons.link.pile import Pile, bits_for
from commons.link.rarity import Rarity, atoms, buckets_of, hashed_word
from commons.link.score import Scorer
from commons.link.scored import Found, link
from commons.link.tables import Table
from commons.link.units import Linking

AT_ONCE = 2_000  # nodes of one task
COMPONENTS = 500  # of one task
PREPARED = 2_000  # records made ready that a process holds: some five kilobytes each
# Records or pairs that go through one step together: done many times over, and not in turn with other steps,
# each takes a tenth less.
TOGETHER = 250

Worker = Callable[[Any], Callable[[Any], bytes]]


class Spread(Protocol):
    """Does tasks, here or elsewhere, and gives what comes of each, in order."""

    def __call__(self, tasks: Iterable[Any], worker: Worker, shared: Any) -> Iterator[bytes]: ...


def here(tasks: Iterable[Any], worker: Worker, shared: Any) -> Iterator[bytes]:
    """Every task in this process."""
    do = worker(shared)
    return (do(task) for task in tasks)


class Shelf(Protocol):
    """The packed features of nodes, by number."""

    def __getitem__(self, node: int) -> bytes: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Shared:
    """What the tasks of one type have in common."""

    table: Table
    shelf: Shelf
    rarity: Rarity = field(default_factory=lambda: Rarity({}))
    tell: bool = False  # give every compared pair, too
    outlines: bytes | bytearray = b""


# Hash → the nodes that have it, in order. Some are in a third of all nodes: no value for each of these.
Holders = Mapping[int, Sequence[int]]


@dataclass(frozen=True)
class Kept:
    """Who wants to know the atoms and keys of nodes, a part at a time."""

    atoms: Callable[[Holders], None]
    keys: Callable[[Holders], None]


def _told(parts: Iterable[bytes], keep: Callable[[Holders], None] | None) -> Iterator[bytes]:
    for data in parts:
        if keep is not None:
            keep(_holders(data))
        yield data


def _holders(data: bytes) -> Holders:
    values = array("Q", data)
    found: dict[int, array[int]] = defaultdict(lambda: array("Q"))
    for value, node in zip(values[::2], values[1::2], strict=True):
        found[value].append(node)
    return found


def rarity_of(shelf: Shelf, table: Table, spread: Spread = here, kept: Kept | None = None) -> Rarity:
    """What is common among the nodes."""
    pile = Pile(bits_for(len(shelf)))
    shared = Shared(table, shelf, tell=kept is not None)
    for data in spread(_stretches(len(shelf)), count_worker, shared):
        pile.add(marshal.loads(data))  # noqa: S302  (written by `count_worker`)
    buckets: dict[int, int] = {}
    for data in spread(_told(pile.take(), kept.atoms if kept else None), sum_worker, shared.tell):
        buckets.update(marshal.loads(data))  # noqa: S302  (written by `sum_worker`)
    return Rarity(buckets)


@dataclass(frozen=True)
class Pairs:
    """Pairs of nodes as a * 2³² + b with a < b: what may be one thing, and what may be relatives.

    `scores`, `kin_scores`: in the same order; none where they were not weighed today.
    """

    near: array[int]
    related: array[int]
    scores: Carried = field(default_factory=Carried, compare=False)
    kin_scores: Carried = field(default_factory=Carried, compare=False)


def compared(
    shared: Shared,
    spread: Spread = here,
    watch: Callable[[int, int], None] | None = None,
    kept: Kept | None = None,
) -> Pairs:
    """The pairs of nodes that share a key and are worth looking at again."""
    bits, outlines = bits_for(len(shared.shelf)), bytearray()
    keys, pairs = Pile(bits), Pile(bits)
    for data in spread(_stretches(len(shared.shelf)), key_worker, shared):
        parts, rows = marshal.loads(data)  # noqa: S302  (written by `key_worker`)
        keys.add(parts)
        outlines += rows
    for data in spread(_told(keys.take(), kept.keys if kept else None), block_worker, len(shared.shelf)):
        pairs.add(marshal.loads(data))  # noqa: S302  (written by `block_worker`)
    found = Pairs(array("Q"), array("Q"))
    shared = replace(shared, outlines=outlines)
    for data in spread(pairs.take(), score_worker, shared):
        near, scores, relatives, kin, every = marshal.loads(data)  # noqa: S302  (written by `score_worker`)
        found.near.frombytes(near)
        found.scores.extend(scores)
        found.related.frombytes(relatives)
        found.kin_scores.extend(kin)
        if watch is not None:
            for pair in array("Q", every):
                watch(pair >> 32, pair & 0xFFFFFFFF)
    return found


def _stretches(n: int) -> Iterator[tuple[int, int]]:
    return ((at, min(at + AT_ONCE, n)) for at in range(0, n, AT_ONCE))


def _as_bytes(parts: Iterable[Sequence[int]]) -> dict[int, bytes]:
    """The numbers of each part that has any."""
    return {part: array("Q", values).tobytes() for part, values in enumerate(parts) if values}


def count_worker(shared: Shared) -> Callable[[tuple[int, int]], bytes]:
    """Nodes → hashes of their atoms, by part; with the node if that is to be told."""

    bits = bits_for(len(shared.shelf))
    shift = 64 - bits

    def do(stretch: tuple[int, int]) -> bytes:
        parts: list[list[int]] = [[] for _ in range(1 << bits)]
        for node in range(*stretch):
            for value in map(hashed_word, atoms(features.unpacked(shared.shelf[node]))):
                parts[value >> shift] += (value, node) if shared.tell else (value,)
        return marshal.dumps(_as_bytes(parts))

    return do


def sum_worker(with_nodes: bool) -> Callable[[bytes], bytes]:
    """Hashes of atoms → the buckets of those that are not rare."""
    step = 2 if with_nodes else 1
    return lambda data: marshal.dumps(buckets_of(Counter(array("Q", data)[::step]).items()))


def key_worker(shared: Shared) -> Callable[[tuple[int, int]], bytes]:
    """Nodes → (key, node), by part of the key; and their outlines."""
    outliner = Outliner(Scorer(shared.table, shared.rarity).weight)
    keys = block.Keyer(shared.rarity).of
    bits = bits_for(len(shared.shelf))
    shift = 64 - bits

    def do(stretch: tuple[int, int]) -> bytes:
        parts: list[list[int]] = [[] for _ in range(1 << bits)]
        rows: list[bytes] = []
        for first in range(*stretch, TOGETHER):
            nodes = range(first, min(first + TOGETHER, stretch[1]))
            read = [features.unpacked(shared.shelf[node]) for node in nodes]
            rows += map(outliner.of, read)
            for node, found in zip(nodes, map(keys, read), strict=True):
                for key in found:
                    parts[key >> shift] += (key, node)
        return marshal.dumps((_as_bytes(parts), b"".join(rows)))

    return do


def block_worker(nodes: int) -> Callable[[bytes], bytes]:
    """(key, node) of one part, among so many nodes → pairs that share a key, as often as it weighs."""
    most, bits = block.most_of(nodes), bits_for(nodes)
    width, last = max(nodes >> bits, 1), (1 << bits) - 1

    def do(data: bytes) -> bytes:
        values = array("Q", data)
        parts: dict[int, array[int]] = defaultdict(lambda: array("Q"))
        for key, several in block.blocks(values[::2], values[1::2], most):
            times = block.weight(key)
            for at, node in enumerate(several[:-1]):
                first = node << 32
                found = [first | other for other in several[at + 1 :]]
                parts[min(node // width, last)].extend(found * times)
        return marshal.dumps({part: pairs.tobytes() for part, pairs in parts.items()})

    return do


def score_worker(shared: Shared) -> Callable[[bytes], bytes]:
    """Pairs, as often as their keys weigh → those that score enough, and those that are relatives."""
    scorer = Scorer(shared.table, shared.rarity)
    prepared = lru_cache(maxsize=PREPARED)(
        lambda node: scorer.prepared(features.unpacked(shared.shelf[node]))
    )
    least = shared.table.candidate
    outlines = Outlines(shared.outlines, shared.table)

    def do(data: bytes) -> bytes:
        weights = Counter(array("Q", data))
        every = array("Q", sorted([pair for pair, weight in weights.items() if weight >= block.ENOUGH]))
        near, relatives = array("Q"), array("Q")
        scores, kin = [], []
        worth = outlines.worth(every, least)
        while pairs := list(islice(worth, TOGETHER)):
            both = [(prepared(pair >> 32), prepared(pair & 0xFFFFFFFF)) for pair in pairs]
            found = [scorer.score(a, b) for a, b in both]
            for pair, (a, b), score in zip(pairs, both, found, strict=True):
                if related.is_near(score, least):
                    near.append(pair)
                    scores.append(carried.packed(score))
                elif related.reason(a.features, b.features, score):
                    relatives.append(pair)
                    kin.append(carried.packed(score))
        told = every.tobytes() if shared.tell else b""
        return marshal.dumps((near.tobytes(), scores, relatives.tobytes(), kin, told))

    return do


def relatives(shared: Shared, found: Pairs, claims: Claims) -> Iterator[Related]:
    """Proposals of relations; few for each record, the first by address."""
    scorer = Scorer(shared.table, shared.rarity)
    offered = []
    both = [(pair >> 32, pair & 0xFFFFFFFF) for pair in found.related]
    for first in range(0, len(both), AT_ONCE):
        part = both[first : first + AT_ONCE]
        said = claims.of([node for nodes in part for node in nodes])
        for at, ((a, *_more), (b, *_rest)) in enumerate(zip(said[::2], said[1::2], strict=True), first):
            offered.append((min(a, b), max(a, b), at, a < b))
    times = Counter[str]()
    for a, b, at, is_forward in sorted(offered):
        if max(times[a], times[b]) < related.MOST:
            times.update((a, b))
            one, other = (features.unpacked(shared.shelf[n]) for n in both[at])
            score = (
                carried.unpacked(found.kin_scores[at])
                if found.kin_scores
                else scorer.score(scorer.prepared(one), scorer.prepared(other))
            )
            left, right = (one, other) if is_forward else (other, one)
            kin = related.proposal(a, b, left, right, related.reason(left, right, score))
            yield replace(kin, evidence=dict(score.parts))


@dataclass(frozen=True)
class Judged:
    """What the tasks of grouping share."""

    shared: Shared
    verdicts: Verdicts = NO_VERDICTS


def group_worker(judged: Judged) -> Callable[[Sequence[Component]], bytes]:
    """Components → their links and candidates."""
    scorer = Scorer(judged.shared.table, judged.shared.rarity)
    concerning = Concerning(judged.verdicts)

    def do(batch: Sequence[Component]) -> bytes:
        return marshal.dumps([_outcome(component).plain() for component in batch])

    def _outcome(component: Component) -> Found:
        shelf = judged.shared.shelf
        nodes = component.nodes
        at = {node: n for n, node in enumerate(nodes)}
        near = [(at[a], at[b]) for a, b in component.near]
        known = (
            dict(zip(near, map(carried.unpacked, component.scores), strict=True)) if component.scores else {}
        )
        record = cache(lambda n: scorer.prepared(features.unpacked(shelf[nodes[n]])))
        linking = Linking(scorer, record, component.claims, known)
        verdicts = concerning([a for claims in component.claims for a in claims])
        return link(linking, near, clusters=component.clusters, verdicts=verdicts)

    return do


class Memory(Protocol):
    """What came of components in an earlier run, if it is known."""

    def recall(self, component: Component) -> str | None: ...

    def keep(self, component: Component, found: str) -> None: ...


def grouped(
    found: Iterable[Component], judged: Judged, spread: Spread = here, memory: Memory | None = None
) -> Found:
    """Links and candidates of all components."""
    told: list[Found] = []
    waiting: deque[list[Component]] = deque()

    def unknown() -> Iterator[list[Component]]:
        for batch in _batches(_unknown(found, memory, told)):
            waiting.append(batch)
            yield batch

    for data in spread(unknown(), group_worker, judged):
        for component, plain in zip(waiting.popleft(), marshal.loads(data), strict=True):  # noqa: S302  (ours)
            outcome = Found.from_plain(plain)
            told.append(outcome)
            if memory is not None:
                memory.keep(component, outcome.to_json())
    return Found.of(told)


def _unknown(found: Iterable[Component], memory: Memory | None, told: list[Found]) -> Iterator[Component]:
    """The components of which nothing is remembered; what is known of others goes to `told`."""
    for component in found:
        known = memory.recall(component) if memory is not None else None
        if known is None:
            yield component
        else:
            told.append(Found.from_json(known))


def _batches(found: Iterable[Component]) -> Iterator[list[Component]]:
    batch: list[Component] = []
    size = 0
    for component in found:
        batch.append(component)
        size += len(component.nodes)
        if size >= COMPONENTS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
