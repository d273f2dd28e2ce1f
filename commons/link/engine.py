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
from itertools import chain, pairwise
from typing import Any, Protocol

from commons.link import block, carried, features, related
from commons.link.carried import Carried
from commons.link.judgements import NO_VERDICTS, Concerning, Verdicts
from commons.link.model import Related
from commons.link.outline import Outliner, Outlines
from commons.link.pile import PARTS, Pile
from commons.link.rarity import Rarity, atoms, buckets_of, hashed_word
from commons.link.score import Scorer
from commons.link.scored import Found, link
from commons.link.tables import Table
from commons.link.units import Linking

AT_ONCE = 2_000  # nodes of one task
COMPONENTS = 500  # of one task
PREPARED = 2_000  # records made ready that a process holds: some five kilobytes each
_SHIFT = 64 - 6

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


@dataclass(frozen=True)
class Kept:
    """Who wants to know the atoms and keys of nodes: given (hash, node), in order, a part at a time."""

    atoms: Callable[[Sequence[tuple[int, int]]], None]
    keys: Callable[[Sequence[tuple[int, int]]], None]


def _told(
    parts: Iterable[bytes], keep: Callable[[Sequence[tuple[int, int]]], None] | None
) -> Iterator[bytes]:
    for data in parts:
        if keep is not None:
            keep(_entries(data))
        yield data


def _entries(data: bytes) -> list[tuple[int, int]]:
    """(hash, node) of a part, in order."""
    values = array("Q", data)
    return sorted(zip(values[::2], values[1::2], strict=True))


def rarity_of(shelf: Shelf, table: Table, spread: Spread = here, kept: Kept | None = None) -> Rarity:
    """What is common among the nodes."""
    pile = Pile()
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

    `scores`: of the near ones, in their order; none where they were not weighed today.
    """

    near: array[int]
    related: array[int]
    scores: Carried = field(default_factory=Carried, compare=False)


def compared(
    shared: Shared,
    spread: Spread = here,
    watch: Callable[[int, int], None] | None = None,
    kept: Kept | None = None,
) -> Pairs:
    """The pairs of nodes that share a key and are worth looking at again."""
    keys, pairs, outlines = Pile(), Pile(), bytearray()
    for data in spread(_stretches(len(shared.shelf)), key_worker, shared):
        parts, rows = marshal.loads(data)  # noqa: S302  (written by `key_worker`)
        keys.add(parts)
        outlines += rows
    width = max(len(shared.shelf) // PARTS, 1)
    for data in spread(_told(keys.take(), kept.keys if kept else None), block_worker, width):
        pairs.add(marshal.loads(data))  # noqa: S302  (written by `block_worker`)
    found = Pairs(array("Q"), array("Q"))
    shared = replace(shared, outlines=outlines)
    for data in spread(pairs.take(), score_worker, shared):
        near, scores, relatives, every = marshal.loads(data)  # noqa: S302  (written by `score_worker`)
        found.near.frombytes(near)
        found.scores.extend(scores)
        found.related.frombytes(relatives)
        if watch is not None:
            for pair in array("Q", every):
                watch(pair >> 32, pair & 0xFFFFFFFF)
    return found


def _stretches(n: int) -> Iterator[tuple[int, int]]:
    return ((at, min(at + AT_ONCE, n)) for at in range(0, n, AT_ONCE))


def count_worker(shared: Shared) -> Callable[[tuple[int, int]], bytes]:
    """Nodes → hashes of their atoms, by part; with the node if that is to be told."""

    def do(stretch: tuple[int, int]) -> bytes:
        parts: dict[int, array[int]] = defaultdict(lambda: array("Q"))
        for node in range(*stretch):
            for atom in atoms(features.unpacked(shared.shelf[node])):
                value = hashed_word(atom)
                parts[value >> _SHIFT].extend((value, node) if shared.tell else (value,))
        return marshal.dumps({part: values.tobytes() for part, values in parts.items()})

    return do


def sum_worker(with_nodes: bool) -> Callable[[bytes], bytes]:
    """Hashes of atoms → the buckets of those that are not rare."""
    step = 2 if with_nodes else 1
    return lambda data: marshal.dumps(buckets_of(Counter(array("Q", data)[::step]).items()))


def key_worker(shared: Shared) -> Callable[[tuple[int, int]], bytes]:
    """Nodes → (key, node), by part of the key; and their outlines."""
    outliner = Outliner(Scorer(shared.table, shared.rarity).weight)

    def do(stretch: tuple[int, int]) -> bytes:
        parts: dict[int, array[int]] = defaultdict(lambda: array("Q"))
        rows = []
        for node in range(*stretch):
            read = features.unpacked(shared.shelf[node])
            rows.append(outliner.of(read))
            for key in block.keys(read, shared.rarity):
                parts[key >> _SHIFT].extend((key, node))
        return marshal.dumps(({part: values.tobytes() for part, values in parts.items()}, b"".join(rows)))

    return do


def block_worker(width: int) -> Callable[[bytes], bytes]:
    """(key, node) of one part → pairs that share a key, as often as it weighs, by part of the first."""

    def do(data: bytes) -> bytes:
        values = array("Q", data)
        parts: dict[int, array[int]] = defaultdict(lambda: array("Q"))
        for key, nodes in block.blocks(values[::2], values[1::2]):
            times = block.weight(key)
            for at, node in enumerate(nodes[:-1]):
                first = node << 32
                found = [first | other for other in nodes[at + 1 :]]
                parts[min(node // width, PARTS - 1)].extend(found * times)
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
        near, relatives, scores = array("Q"), array("Q"), []
        for pair in outlines.worth(every, least):
            a, b = prepared(pair >> 32), prepared(pair & 0xFFFFFFFF)
            score = scorer.score(a, b)
            if related.is_near(score, least):
                near.append(pair)
                scores.append(carried.packed(score))
            elif related.reason(a.features, b.features, score):
                relatives.append(pair)
        told = every.tobytes() if shared.tell else b""
        return marshal.dumps((near.tobytes(), scores, relatives.tobytes(), told))

    return do


def relatives(shared: Shared, pairs: Iterable[int], claims: Claims) -> Iterator[Related]:
    """Proposals of relations; few for each record, the first by address."""
    scorer = Scorer(shared.table, shared.rarity)
    offered = []
    for pair in pairs:
        nodes = (pair >> 32, pair & 0xFFFFFFFF)
        (one, a), (other, b) = ((n, claims.of(n)[0]) for n in nodes)
        offered.append((min(a, b), max(a, b), (one, other) if a < b else (other, one)))
    times = Counter[str]()
    for a, b, nodes in sorted(offered):
        if max(times[a], times[b]) < related.MOST:
            times.update((a, b))
            left, right = (scorer.prepared(features.unpacked(shared.shelf[n])) for n in nodes)
            score = scorer.score(left, right)
            why = related.reason(left.features, right.features, score)
            kin = related.proposal(a, b, left.features, right.features, why)
            yield replace(kin, evidence=dict(score.parts))


@dataclass(frozen=True)
class Claims:
    """Which claims each node stands for, and which of them are one thing already."""

    of: Callable[[int], Sequence[str]]  # node → addresses, in order
    several: Sequence[int]  # nodes of more than one claim
    clusters: Sequence[tuple[int, ...]] = ()  # nodes that exact linking has in one cluster


@dataclass(frozen=True)
class Component:
    """Nodes that hang together, their claims, the pairs worth looking at, and their scores if known."""

    nodes: Sequence[int]
    claims: Sequence[Sequence[str]]
    near: Sequence[tuple[int, int]]
    clusters: Sequence[tuple[str, ...]]
    scores: Sequence[bytes] = ()


@dataclass(frozen=True)
class Judged:
    """What the tasks of grouping share."""

    shared: Shared
    verdicts: Verdicts = NO_VERDICTS


def components(found: Pairs, claims: Claims, clusters: Mapping[str, tuple[str, ...]]) -> Iterator[Component]:
    """The components of the graph of pairs; in order of their least node.

    Args:
        clusters: address → its cluster of exact linking.
    """
    up: dict[int, int] = {}

    def root(node: int) -> int:
        while (above := up.setdefault(node, node)) != node:
            up[node] = up[above]
            node = above
        return node

    near, scores = found.near, found.scores
    joined = (p for c in claims.clusters for p in pairwise(c))
    for a, b in chain(((p >> 32, p & 0xFFFFFFFF) for p in near), joined):
        x, y = root(a), root(b)
        up[max(x, y)] = min(x, y)
    for node in claims.several:
        root(node)
    of: dict[int, list[int]] = defaultdict(list)
    for node in sorted(up):
        of[root(node)].append(node)
    inside: dict[int, array[int]] = defaultdict(lambda: array("I"))  # where in `near`
    for at, p in enumerate(near):
        inside[root(p >> 32)].append(at)
    for least, nodes in of.items():
        said = [claims.of(node) for node in nodes]
        exact = {clusters[a] for group in said for a in group if a in clusters} if clusters else ()
        places = inside.get(least, ())
        pairs = [(near[at] >> 32, near[at] & 0xFFFFFFFF) for at in places]
        known = [scores[at] for at in places] if scores else ()
        yield Component(nodes, said, pairs, sorted(exact), known)


def group_worker(judged: Judged) -> Callable[[Sequence[Component]], bytes]:
    """Components → their links and candidates."""
    scorer = Scorer(judged.shared.table, judged.shared.rarity)
    concerning = Concerning(judged.verdicts)

    def do(batch: Sequence[Component]) -> bytes:
        return marshal.dumps([_outcome(component) for component in batch])

    def _outcome(component: Component) -> str:
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
        return link(linking, near, clusters=component.clusters, verdicts=verdicts).to_json()

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
        for component, text in zip(waiting.popleft(), marshal.loads(data), strict=True):  # noqa: S302  (ours)
            told.append(Found.from_json(text))
            if memory is not None:
                memory.keep(component, text)
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
