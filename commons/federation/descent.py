"""Who follows whom among a member's releases, and whose word nobody disputes. Pure.

A release names those that it follows. What it says of them is kept as one bit for each release that can
matter, and only a stretch of these bits at a time: a member that sends releases without end costs memory in
proportion to them, not to their square. It does not choose: `trust` does.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from commons.federation.lock import Evidence
from commons.format.manifest import Manifest

Version = tuple[int, int]
MOST_BITS = 256 * 1024 * 1024  # kept at one time, of all releases together: 32 MB
_NO_GAP: Version = (-1, -1)


class Release(Protocol):
    """What of a release matters here."""

    @property
    def digest(self) -> str: ...

    @property
    def manifest(self) -> Manifest: ...

    @property
    def version(self) -> Version: ...


def line(release: Release, alive: Mapping[str, Release]) -> frozenset[str]:
    """Whom a release follows, as far as known."""
    found: set[str] = set()
    ways = [release]
    while ways:
        for digest in ways.pop().manifest.previous:
            if digest not in found:
                found.add(digest)
                ways += (alive[digest],) if digest in alive else ()
    return frozenset(found)


def followers(digest: str, seen: Iterable[Release]) -> frozenset[str]:
    """All that follow a release, itself known or not, as far as known."""
    found: set[str] = {digest}
    for release in _after_whom_they_follow({s.digest: s for s in seen}):
        if not found.isdisjoint(release.manifest.previous):
            found.add(release.digest)
    return frozenset(found - {digest})


def undisputed(
    alive: Mapping[str, Release], evidence: Sequence[Evidence], *, bits: int = MOST_BITS
) -> set[str]:
    """The releases that follow every older one of their epoch, and every disputed one.

    Where a release in between was never seen here, it has the benefit of the doubt as to what is older than
    that: members release more often than a federation looks.

    Args:
        bits: how many to keep at one time; changes nothing but the time and the memory it takes.
    """
    disputed = {(e.epoch, e.number) for e in evidence}
    ordered = list(_after_whom_they_follow(alive))
    gaps = _gaps(ordered, alive)
    found = {s.digest for s in ordered if s.version not in disputed}
    for spots in _Spots.stretches(alive, evidence, wide=max(1, bits // max(1, len(alive)))):
        lines: dict[str, int] = {}  # whom each follows, one bit each
        for release in ordered:
            line = 0
            for digest in release.manifest.previous:
                line |= spots.bit(digest) | lines.get(digest, 0)
            lines[release.digest] = line
            needed = spots.older(release.version, gaps[release.digest])
            needed |= spots.disputed_before(release.version)
            if line & needed != needed:
                found.discard(release.digest)
    return found


def _gaps(ordered: Iterable[Release], alive: Mapping[str, Release]) -> dict[str, Version]:
    """Of each release's line, the newest one with an unseen predecessor."""
    gaps: dict[str, Version] = {}
    for release in ordered:
        gap = _NO_GAP
        for digest in release.manifest.previous:
            gap = max(gap, gaps[digest] if digest in alive else release.version)
        gaps[release.digest] = gap
    return gaps


def _after_whom_they_follow(alive: Mapping[str, Release]) -> Iterator[Release]:
    """Every release after all that it names as its predecessors."""
    followers: dict[str, list[Release]] = {}
    waits_for: dict[str, int] = {}
    for release in alive.values():
        known = {d for d in release.manifest.previous if d in alive}
        waits_for[release.digest] = len(known)
        for digest in known:
            followers.setdefault(digest, []).append(release)
    ready = [s for s in alive.values() if not waits_for[s.digest]]
    while ready:
        release = ready.pop()
        yield release
        for follower in followers.get(release.digest, ()):
            waits_for[follower.digest] -= 1
            if not waits_for[follower.digest]:
                ready.append(follower)


@dataclass(frozen=True, slots=True)
class _Spots:
    """A stretch of bits: each stands for a release that can matter, by version: first those here, then those
    only remembered. `start`: which of all is the stretch's first.
    """

    places: Mapping[str, int]
    here: Sequence[Version]
    remembered: Sequence[Version]
    disputed: int
    start: int
    wide: int

    @classmethod
    def stretches(
        cls, alive: Mapping[str, Release], evidence: Sequence[Evidence], *, wide: int
    ) -> Iterator[_Spots]:
        here = sorted((s.version, digest) for digest, s in alive.items())
        named = {d: (e.epoch, e.number) for e in evidence for d in e.digests}
        remembered = sorted((version, d) for d, version in named.items() if d not in alive)
        places = {digest: at for at, (_version, digest) in enumerate([*here, *remembered])}
        versions = [v for v, _d in here], [v for v, _d in remembered]
        marked = sorted(places[digest] for digest in named)
        for start in range(0, len(places), wide):
            inside = marked[bisect_left(marked, start) : bisect_left(marked, start + wide)]
            marks = bytearray(min(wide, len(places) - start) // 8 + 1)
            for place in inside:
                marks[(place - start) // 8] |= 1 << (place - start) % 8
            yield cls(places, *versions, int.from_bytes(marks, "little"), start, wide)

    def bit(self, digest: str) -> int:
        place = self.places.get(digest, -1) - self.start
        return 1 << place if 0 <= place < self.wide else 0

    def older(self, version: Version, since: Version) -> int:
        """Those here of the same epoch before `version`, from `since` on."""
        return self._between(self.here, max(since, (version[0], 0)), version)

    def disputed_before(self, version: Version) -> int:
        """Every disputed one of the same epoch before `version`."""
        first = (version[0], 0)
        lost = self._between(self.remembered, first, version, shift=len(self.here))
        return self.disputed & (lost | self._between(self.here, first, version))

    def _between(self, versions: Sequence[Version], start: Version, end: Version, *, shift: int = 0) -> int:
        """The bits of the versions from `start` on and before `end`."""
        first = max(bisect_left(versions, start) + shift - self.start, 0)
        last = min(bisect_left(versions, end) + shift - self.start, self.wide)
        return (1 << last) - (1 << first) if first < last else 0
