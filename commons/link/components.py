"""What hangs together by near pairs: components, to be grouped one by one. Pure; weighs nothing."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from commons.link.carried import Carried

_ASKED = 2_000  # nodes whose claims are asked for at a time


@dataclass(frozen=True)
class Claims:
    """Which claims each node stands for, and which of them are one thing already."""

    nodes: int  # how many there are
    of: Callable[[Sequence[int]], Sequence[Sequence[str]]]  # of some nodes the addresses of each, in order
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


def components(
    near: Sequence[int], scores: Carried, claims: Claims, clusters: Mapping[str, tuple[str, ...]]
) -> Iterator[Component]:
    """The components of the graph of pairs; in order of their least node.

    Args:
        near: pairs of nodes as a * 2³² + b with a < b.
        scores: of these pairs, in their order; none where they were not weighed today.
        clusters: address → its cluster of exact linking.
    """
    roots = _roots(near, claims)
    order = sorted(_held(near, claims), key=roots.__getitem__)
    places = iter(sorted(range(len(near)), key=lambda at: roots[near[at] >> 32]))
    at = next(places, None)
    for nodes, said in _with_claims(order, roots, claims):
        exact = {clusters[a] for group in said for a in group if a in clusters} if clusters else ()
        inside, least = [], nodes[0]
        while at is not None and roots[near[at] >> 32] == least:
            inside.append(at)
            at = next(places, None)
        pairs = [(near[n] >> 32, near[n] & 0xFFFFFFFF) for n in inside]
        known = [scores[n] for n in inside] if scores else ()
        yield Component(nodes, said, pairs, sorted(exact), known)


def _roots(near: Sequence[int], claims: Claims) -> array[int]:
    """Of each node the least that it hangs together with."""
    up = array("I", range(claims.nodes))

    def root(node: int) -> int:
        while (above := up[node]) != node:
            up[node] = up[above]
            node = above
        return node

    joined = [p for c in claims.clusters for p in pairwise(c)]
    for a, b in chain(((p >> 32, p & 0xFFFFFFFF) for p in near), joined):
        x, y = root(a), root(b)
        up[max(x, y)] = min(x, y)
    for node in chain((n for p in near for n in (p >> 32, p & 0xFFFFFFFF)), *joined):  # most are alone
        up[node] = root(node)
    return up


def _held(near: Iterable[int], claims: Claims) -> Iterator[int]:
    """The nodes that are anything but alone, in order."""
    held = bytearray(claims.nodes)
    for pair in near:
        held[pair >> 32] = held[pair & 0xFFFFFFFF] = 1
    for node in chain(claims.several, *claims.clusters):
        held[node] = 1
    return (node for node, is_held in enumerate(held) if is_held)


def _with_claims(
    order: Sequence[int], roots: Sequence[int], claims: Claims
) -> Iterator[tuple[list[int], list[Sequence[str]]]]:
    """The nodes of each component, with their claims, which are asked for many at a time."""
    nodes: list[int] = []
    said: list[Sequence[str]] = []
    for begin in range(0, len(order), _ASKED):
        part = order[begin : begin + _ASKED]
        for node, addresses in zip(part, claims.of(part), strict=True):
            if nodes and roots[node] != nodes[0]:
                yield nodes, said
                nodes, said = [], []
            nodes.append(node)
            said.append(addresses)
    if nodes:
        yield nodes, said
