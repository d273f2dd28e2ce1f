"""Join requests: releases of those who are no member, kept until somebody decides. Nothing of them is shown.

    store/requests/releases/<release digest>.entrega      the same layout as the store, and as well proven
    store/requests/intake/…

They are no part of the store's releases: no merge uses them, unless the policy's `admit` takes their member
up. This module decides nothing.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import ClassVar

from commons.federation.store import Store
from commons.federation.trust import Seen
from commons.format.container import AnyFiles
from commons.format.errors import FormatError
from commons.messages import N_

FOLDER = "requests"
MOST = 2_000  # releases of strangers: beyond, somebody is filling a disk


@dataclass(eq=False)
class TooManyRequests(FormatError):
    """The folder of join requests is full."""

    most: int
    code: ClassVar[str] = "requests-full"
    template: ClassVar[str] = N_("There are {most} releases of strangers already; no more are kept.")
    hint_template: ClassVar[str] = N_("Decide over them: commons federation requests")


def requests_of(store: Store) -> Store:
    """The store of join requests beside a store."""
    return Store(store.root / FOLDER)


def holder(digest: str, store: Store) -> Store:
    """Where a release lies: the store itself, or the join requests."""
    asked = requests_of(store)
    return asked if not store.has(digest) and asked.has(digest) else store


def keep(files: AnyFiles, store: Store) -> Seen:
    """Keep a stranger's release, proven first. Raises FormatError, TooManyRequests."""
    requests = requests_of(store)
    if not requests.has(files.digest) and requests.count() >= MOST:
        raise TooManyRequests(MOST)
    requests.take(files)
    found = requests.look_up(files.digest)
    assert found is not None
    return found


def by_member(store: Store) -> dict[str, list[Seen]]:
    """Who asked, and with which releases, oldest first."""
    found: dict[str, list[Seen]] = {}
    for seen in requests_of(store).seen():
        found.setdefault(seen.manifest.member, []).append(seen)
    return {
        member: sorted(releases, key=lambda s: (s.version, s.digest))
        for member, releases in sorted(found.items())
    }


def accept(members: Set[str], store: Store) -> list[Seen]:
    """Move what these members sent into the store, since they are taken in now; gives what was moved."""
    requests, moved = requests_of(store), []
    for seen in list(requests.seen()):
        if seen.manifest.member in members:
            store.take(requests.read(seen.digest))
            requests.drop(seen.digest)
            moved.append(seen)
    return moved


def decline(member: str, store: Store) -> int:
    """Delete what a stranger sent; gives how many releases that were."""
    requests = requests_of(store)
    gone = [seen.digest for seen in requests.seen() if seen.manifest.member == member]
    for digest in gone:
        requests.drop(digest)
    return len(gone)
