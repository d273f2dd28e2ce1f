"""The log of releases that left this catalogue: their numbers are never used twice. Makes none itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from commons.catalogue.file import CatalogueFile

Leaves = Mapping[tuple[str, str], str]  # (type, id) → leaf digest, hex
_HEADS = "heads"


@dataclass(frozen=True, slots=True)
class OwnRelease:
    """One release of ours. `leaves` is kept for the newest only: to tell what changes with the next."""

    epoch: int
    number: int
    digest: str
    issued_at: str
    leaves: Leaves = field(default_factory=lambda: MappingProxyType({}))


class OwnReleases:
    """Own releases, oldest first."""

    def __init__(self, file: CatalogueFile) -> None:
        self._file = file

    def __iter__(self) -> Iterator[OwnRelease]:
        for row in list(self._file.rows("SELECT * FROM own_release ORDER BY epoch, number, digest")):
            leaves = {(t, i): d for t, i, d in json.loads(row["leaves"] or "[]")}
            yield OwnRelease(row["epoch"], row["number"], row["digest"], row["issued_at"], leaves)

    @property
    def latest(self) -> OwnRelease | None:
        """The newest by (epoch, number), or None."""
        return max(self, key=lambda r: (r.epoch, r.number), default=None)

    @property
    def heads(self) -> tuple[str, ...]:
        """Digests of the releases that none of ours follows yet, sorted: the last one; after two copies were
        joined the last one of each."""
        kept = self._file.scalar("SELECT value FROM meta WHERE key = ?", (_HEADS,))
        if isinstance(kept, str):
            return tuple(sorted(json.loads(kept)))
        last = self.latest
        if last is None:
            return ()
        return tuple(sorted({r.digest for r in self if (r.epoch, r.number) == (last.epoch, last.number)}))

    def keep_heads(self, digests: Iterable[str]) -> None:
        """What the next release has to follow."""
        with self._file.writing():
            text = json.dumps(sorted(set(digests)))
            self._file.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_HEADS, text))

    def unite(self, other: OwnReleases) -> None:
        """Note what another copy of this catalogue has released; both last releases are followed by the next.

        What one copy released before its last one is followed by that one already.
        """
        ours, theirs = {r.digest for r in self}, {r.digest for r in other}
        heads, their_heads = set(self.heads), set(other.heads)
        behind = (ours - heads) | (theirs - their_heads)
        with self._file.writing():
            for release in other:
                leaves = json.dumps([[t, i, d] for (t, i), d in sorted(release.leaves.items())])
                self._file.execute(
                    "INSERT OR IGNORE INTO own_release (epoch, number, digest, issued_at, step, leaves)"
                    " VALUES (?, ?, ?, ?, 0, ?)",
                    (release.epoch, release.number, release.digest, release.issued_at, leaves),
                )
            self.keep_heads((heads | their_heads) - behind)

    def add(self, release: OwnRelease) -> None:
        """Note a release that is made; part of the open act, or a transaction of its own."""
        leaves = json.dumps(
            [[t, i, d] for (t, i), d in sorted(release.leaves.items())], separators=(",", ":")
        )
        with self._file.writing():
            self._file.execute("UPDATE own_release SET leaves = NULL")
            self._file.execute(
                "INSERT INTO own_release (epoch, number, digest, issued_at, step, leaves)"
                " VALUES (?, ?, ?, ?, (SELECT coalesce(max(n), 0) FROM step), ?)",
                (release.epoch, release.number, release.digest, release.issued_at, leaves),
            )
            self.keep_heads([release.digest])

    @property
    def newest_step(self) -> int:
        """The last step of the history that any release can have told of."""
        n = self._file.scalar("SELECT max(step) FROM own_release")
        return n if isinstance(n, int) else 0
