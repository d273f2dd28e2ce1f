"""Releases that the store has lost, made again out of the pool that was merged of them. Believes nothing.

A disk loses files. A member whose source is gone as well would vanish from the next pool, though only its
own signed word may do that. The last pool holds what its releases said, and their signatures; what is rebuilt
of it proves itself like whatever comes from elsewhere, and a fuller form that arrives later takes its place.
"""

from __future__ import annotations

from pathlib import Path

from commons.federation.lock import Lock
from commons.federation.sources import fetching, pools
from commons.federation.store.folder import Store
from commons.findings import Finding
from commons.format import container
from commons.format.errors import FormatError

MENDED = "store-mended"


def mend(previous: Lock | None, store: Store, pool: Path) -> list[Finding]:
    """Put back what the last merge used and is no longer here, as far as the pool shows it; tells of whom."""
    used = {m.release: id for id, m in previous.members.items() if m.release} if previous else {}
    lost = {digest: member for digest, member in used.items() if not store.has(digest)}
    if not lost or pools.pool_at(pool) is None:
        return []
    found = []
    with fetching.scratch_of(store.root) as scratch:
        inside = pools.Pools(scratch).inside(pool)
        for path in sorted(inside.folder.iterdir()):
            try:
                files = container.read_any(path)
                if files.digest in lost and store.take(files):
                    found.append(Finding(MENDED, member=lost[files.digest]))
            except FormatError:  # what does not prove itself stays lost
                continue
    return found
