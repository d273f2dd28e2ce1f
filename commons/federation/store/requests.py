"""Join requests: releases of those who are no member, kept until somebody decides. Nothing of them is shown.

    store/requests/releases/<release digest>.entrega      the same layout as the store, and as well proven
    store/requests/intake/…
    store/requests/noted.json                             who never asked, and whom somebody declined

They are no part of the store's releases: no merge uses them, unless the policy's `admit` takes their member
up. Of each stranger the newest few wait, and of all of them only so many bytes: asking is free, and fills
no disk. This module decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

from commons.federation.store.folder import Store
from commons.federation.trust import Seen, Version
from commons.format import container, strict_json
from commons.format.container import AnyFiles
from commons.format.errors import FormatError
from commons.messages import N_

FOLDER = "requests"
MOST = 2_000  # releases of strangers: beyond, somebody is filling a disk
MOST_BYTES = 2 * 1024**3  # of all of them together
MOST_EACH = 3  # of one stranger: the newest
_NOTED = "noted.json"
_MOST_NOTED = 4 * 1024 * 1024


@dataclass(eq=False)
class TooManyRequests(FormatError):
    """The folder of join requests is full."""

    most: int
    code: ClassVar[str] = "requests-full"
    template: ClassVar[str] = N_("There are {most} releases of strangers already; no more are kept.")
    hint_template: ClassVar[str] = N_("Decide over them: commons federation requests")


@dataclass(eq=False)
class TooLargeRequests(TooManyRequests):
    """The folder of join requests takes no more bytes."""

    template: ClassVar[str] = N_("The releases of strangers fill {most} MiB already; no more are kept.")


@dataclass(eq=False)
class OlderRequest(FormatError):
    """Newer releases of the same stranger wait already."""

    most: int
    code: ClassVar[str] = "requests-older"
    template: ClassVar[str] = N_("{most} newer releases of the same stranger wait already.")
    hint_template: ClassVar[str] = N_("Decide over them: commons federation requests")


@dataclass(frozen=True, slots=True)
class Noted:
    """What is remembered of strangers.

    `heard`: who never asked and stands in somebody's pool, and in which. `declined`: the newest release that
    somebody declined; what merely lies somewhere is not looked at again, who sends a newer one asks again.
    """

    heard: Mapping[str, str] = field(default_factory=dict)
    declined: Mapping[str, Version] = field(default_factory=dict)

    def unwanted(self, member: str, version: Version, *, in_pool: bool) -> bool:
        """Whether somebody decided over this already."""
        return member in self.declined and (in_pool or version <= self.declined[member])


def noted(store: Store) -> Noted:
    """What is remembered; nothing where the file is lost or damaged."""
    try:
        said = strict_json.read(container.read_regular(requests_of(store).root / _NOTED, _MOST_NOTED))
        declined = {str(m): (int(v[0]), int(v[1])) for m, v in said["declined"].items()}
        return Noted({str(m): str(where) for m, where in said["heard"].items()}, declined)
    except (FormatError, strict_json.NotStrict, KeyError, TypeError, ValueError, AttributeError, IndexError):
        return Noted()


def _note(store: Store, heard: Mapping[str, str], declined: Mapping[str, Version]) -> None:
    root = requests_of(store).root
    if (heard, declined) != ((known := noted(store)).heard, known.declined):
        root.mkdir(parents=True, exist_ok=True)
        said = {
            "declined": {m: list(v) for m, v in sorted(declined.items())},
            "heard": dict(sorted(heard.items())),
        }
        container.write_bytes(root / _NOTED, strict_json.pretty(said))


def requests_of(store: Store) -> Store:
    """The store of join requests beside a store."""
    return Store(store.root / FOLDER)


def holder(digest: str, store: Store) -> Store:
    """Where a release lies: the store itself, or the join requests."""
    asked = requests_of(store)
    return asked if not store.has(digest) and asked.has(digest) else store


def keep(files: AnyFiles, store: Store, *, heard_in: str = "") -> Seen:
    """Keep a stranger's release, proven first; older ones of the same stranger give way to it.

    Args:
        heard_in: the pool of somebody else in which it stands: its member asks nothing. Empty: it does.
    Raises FormatError, TooManyRequests, OlderRequest.
    """
    requests = requests_of(store)
    displaced = () if requests.has(files.digest) else _room_for(files, requests)
    requests.take(files)
    for digest in displaced:
        requests.drop(digest)
    found = requests.look_up(files.digest)
    assert found is not None
    _let_go(found.manifest.member, requests)
    _remember(found.manifest.member, heard_in, store)
    return found


def _remember(member: str, heard_in: str, store: Store) -> None:
    """Whether a stranger asks; who asked once has asked, and who asks again was not declined for ever."""
    known = noted(store)
    heard, declined = dict(known.heard), dict(known.declined)
    if not heard_in:
        heard.pop(member, None)
        declined.pop(member, None)
    elif len([s for s in requests_of(store).seen() if s.manifest.member == member]) == 1:
        heard[member] = heard_in
    _note(store, heard, declined)


def _let_go(member: str, requests: Store) -> None:
    """Where a stranger's newest release withdraws something, what it said before is kept no longer."""
    same = sorted((s for s in requests.seen(member)), key=lambda s: s.version)
    newest = same[-1]
    if newest.manifest.counts.get("withdrawal"):
        for older in same:
            if older.version < newest.version:
                requests.drop(older.digest)


def _room_for(files: AnyFiles, requests: Store) -> list[str]:
    """Which older releases of the same stranger give way to a new one."""
    said, sizes = files.parsed_manifest, requests.sizes()
    whose = {digest: _version(requests, digest) for digest in sizes}
    same = [(found[1], digest) for digest, found in whose.items() if found and found[0] == said.member]
    newest = sorted([*same, (said.version, files.digest)], reverse=True)
    displaced = [digest for _version, digest in newest[MOST_EACH:]]
    if files.digest in displaced:
        raise OlderRequest(MOST_EACH)
    if len(sizes) - len(displaced) >= MOST:
        raise TooManyRequests(MOST)
    rest = sum(size for digest, size in sizes.items() if digest not in displaced)
    if rest + sum(map(len, files.contents())) > MOST_BYTES:
        raise TooLargeRequests(MOST_BYTES // 1024**2)
    return displaced


@lru_cache(maxsize=2 * MOST)  # a digest never says anything else; and each that comes is compared with all
def _version(requests: Store, digest: str) -> tuple[str, tuple[int, int]] | None:
    """Member and version of a release; None where it is damaged."""
    seen = requests.look_up(digest)
    return (seen.manifest.member, seen.version) if seen is not None else None


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
    """Delete what a stranger sent, or what was heard of it; gives how many releases that were."""
    requests = requests_of(store)
    gone = [seen for seen in requests.seen() if seen.manifest.member == member]
    for seen in gone:
        requests.drop(seen.digest)
    known = noted(store)
    heard = {m: where for m, where in known.heard.items() if m != member}
    newest = max((seen.version for seen in gone), default=known.declined.get(member, (0, 0)))
    _note(store, heard, {**known.declined, member: newest})
    return len(gone)
