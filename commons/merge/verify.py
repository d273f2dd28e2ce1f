"""Whether a pool is what its lock gives: merged again from the proof inside, then compared.

Nobody is believed: the releases are rebuilt from the pool's own tables (or taken as the portal serves them),
proven by their members' keys, merged under the pool's lock by the very `act` that made it, and every table is
compared with what came of it. What a pool shows in part only (a held field) cannot be checked; it is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from commons.errors import InputError
from commons.federation import lock as locks
from commons.federation.lock import Lock
from commons.federation.trust import prove
from commons.format import container
from commons.format.container import AnyFiles, ReleaseFiles
from commons.format.errors import FormatError
from commons.format.keylog import KeyLog
from commons.format.witness import lock_digest
from commons.intake.gate import Gate
from commons.merge.act import LockedReleaseRefused, Progress, Release, act
from commons.merge.claims import HELD, WITHDRAWN, WITHHELD, Admission
from commons.merge.rebuild import OtherRules, check_rules
from commons.messages import N_
from commons.pool import examine
from commons.pool.differences import EXTRA, MISSING, Difference
from commons.pool.examine import Held, HeldRelease
from commons.schema import territory as territories

BY_LOCK = frozenset({WITHDRAWN, HELD, WITHHELD})  # statuses that the lock itself explains
_PLAIN = re.compile(r"[\w-][\w.-]*\Z")  # of a file in this folder: no way to another, no drive, no share
Served = Callable[[str], AnyFiles | None]  # release digest → the release as the portal serves it


@dataclass(eq=False)
class NoLockInside(InputError):
    """A pool without a readable lock: nobody can say what it should be."""

    path: str
    template: ClassVar[str] = N_("The pool {path} holds no lock that can be read; nothing can be checked.")
    hint_template: ClassVar[str] = N_("Ask whoever made it for a pool that commons merge has written.")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of checking one pool.

    `root`: what the pool says; `merged`: what came of merging again, None where its proof is broken.
    `untold`: records that it leaves out by a code for which only the full release could show the reason;
    `held`: records shown in part, which nobody can check. `keys`: member → its key log, of members whose
    releases are proven.
    """

    root: str
    merged: str | None
    lock: Lock
    lock_digest: str
    differences: tuple[Difference, ...]
    names: Mapping[str, str]
    keys: Mapping[str, KeyLog] = field(default_factory=dict)
    claims: int = 0
    left_out: int = 0
    untold: Mapping[str, int] = field(default_factory=dict)
    held: int = 0

    @property
    def same_root(self) -> bool:
        """Whether everything that the root stands for is what the lock gives."""
        return self.root == self.merged and not any(d.covered for d in self.differences)

    @property
    def same(self) -> bool:
        """Whether nothing at all differs, also beside the root."""
        return self.same_root and not self.differences


def verify(
    pool: Path,
    scratch: Path,
    *,
    served: Served = lambda digest: None,
    progress: Progress = lambda what, n: None,
) -> Verdict:
    """Check the pool at `pool`, a stranger's file.

    Args:
        scratch: an empty folder with room for as much as the pool has.
        served: releases in full, where they lie beside the pool: then also what was left out can be checked.
    Raises:
        NoPool, NotAPool, OtherContract, PoolRefused, NoLockInside, LockRefused, OtherRules, UnreadableHere.
    """
    held = examine.held(pool, scratch)
    lock = _lock_of(pool, held)
    parts = _Parts.of(held, served)
    verdict = Verdict(
        root=held.meta.get("root", ""),
        merged=None,
        lock=lock,
        lock_digest=lock_digest(held.meta["lock"].encode()),
        differences=(*held.altered, *parts.differences, *_named_by(lock, parts)),
        names={m.id: m.name for m in lock.policy.members},
        keys=parts.keys,
        held=sum(r.held for r in held.releases),
    )
    progress("releases", len(parts.releases))
    if verdict.differences:
        return verdict
    merged = scratch / "merged.db"
    with Gate(scratch / "intake") as gate:
        told = _Told(lock)
        try:
            result = act(lock, told.watched(parts, gate), merged, progress=progress)
        except LockedReleaseRefused as refused:
            broken = Difference("release", member=refused.member, field=refused.code)
            return replace(verdict, differences=(broken,))
    found = examine.differences(pool, merged, whole=parts.whole)
    return replace(
        verdict,
        merged=result.root,
        differences=(*told.differences, *found),
        claims=int(result.counts.get("claims", 0)) or told.claims,
        left_out=told.left_out,
        untold=told.untold,
    )


def _lock_of(pool: Path, held: Held) -> Lock:
    """The pool's lock, whose rules this program must have. Opens no file that a stranger's lock names."""
    try:
        lock = locks.parse(held.meta["lock"].encode())
    except KeyError as error:
        raise NoLockInside(pool.name) from error
    for named in {t for t in (lock.territory and lock.territory.name, lock.policy.territory) if t}:
        known = named in territories.known_names()
        # Windows asks the network for what looks like a share, only to say whether it is there.
        if not known and not (_PLAIN.match(named) and Path(named).is_file()):
            raise OtherRules("territory", named[:60], "—")
    check_rules(lock)
    return lock


@dataclass(slots=True)
class _Parts:
    """The releases that the pool was merged of, each proven; what does not prove itself is a difference."""

    releases: dict[str, HeldRelease] = field(default_factory=dict)  # by digest
    members: dict[str, str] = field(default_factory=dict)  # member → digest
    keys: dict[str, KeyLog] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    served: Served = lambda digest: None
    whole: bool = True

    @classmethod
    def of(cls, held: Held, served: Served) -> _Parts:
        parts = cls(served=served)
        for release in held.releases:
            parts._add(release)
        return parts

    def _add(self, release: HeldRelease) -> None:
        member = ""
        try:
            files = container.read_any(release.path)
            member = files.parsed_manifest.member
            seen = prove(files.manifest, files.signature, files.keylog, None)
        except FormatError as error:
            self.differences.append(Difference("release", member=member, field=error.code))
            return
        self.releases[seen.digest] = release
        self.members[member] = seen.digest
        self.keys[member] = seen.keylog
        served = self._served(seen.digest)
        form = "full" if isinstance(served, ReleaseFiles) else "pruned"
        if served is None or form != release.form:
            self.whole = False

    def _files(self, digest: str) -> AnyFiles:
        """The release as it is served, where it is and proves itself; else as the pool shows it."""
        return self._served(digest) or container.read_any(self.releases[digest].path)

    def _served(self, digest: str) -> AnyFiles | None:
        files = self.served(digest)
        if files is not None:
            catalogue = files.catalogue if isinstance(files, ReleaseFiles) else None
            try:
                if prove(files.manifest, files.signature, files.keylog, catalogue).digest == digest:
                    return files
            except FormatError:
                pass  # the pool's own proof is what counts
        return None

    def files(self) -> Iterator[AnyFiles]:
        """In order of members' ids."""
        for _member, digest in sorted(self.members.items()):
            yield self._files(digest)


def _named_by(lock: Lock, parts: _Parts) -> Iterator[Difference]:
    """Whether the releases are those that the lock names, and its words about them true."""
    for member, locked in sorted(lock.members.items()):
        digest = parts.members.get(member)
        if locked.release != digest and not any(d.member == member for d in parts.differences):
            kind = MISSING if digest is None else EXTRA
            yield Difference("release", member=member, kind=kind)
    for member in sorted(parts.members.keys() - lock.members.keys()):
        yield Difference("release", member=member, kind=EXTRA)


@dataclass(slots=True)
class _Told:
    """What the releases say, as they go by on their way into `act`."""

    lock: Lock
    differences: list[Difference] = field(default_factory=list)
    untold: dict[str, int] = field(default_factory=dict)
    left_out: int = 0
    claims: int = 0

    def watched(self, parts: _Parts, gate: Gate) -> Iterator[Release]:
        """Each release taken in; notes what the pool leaves out and whether its lock explains that."""
        admission = Admission(self.lock)
        heads: list[tuple[bytes, bytes, bytes]] = []

        def files() -> Iterator[AnyFiles]:
            for each in parts.files():
                heads.append((each.manifest, each.signature, each.keylog))
                yield each

        for intake in gate.take_all(files()):
            release = Release(*heads.pop(0), intake)
            said, locked = release.said, self.lock.members[release.said.member]
            if (locked.content_root, locked.keylog_head) != (said.content_root, said.keylog_head):
                self.differences.append(Difference("meta", member=said.member, field="lock"))
            if (locked.epoch, locked.number) != said.version:
                self.differences.append(Difference("meta", member=said.member, field="lock"))
            self.claims += sum(intake.counts.values())
            unexplained = sum(not admission.explains(said.member, said.version, h) for h in intake.hidden)
            told = parts.releases[intake.release]
            self._note(told, said.member, unexplained, bool(intake.hidden))
            if told.held and intake.form == "pruned":
                self._held(release, admission)
            yield release

    def _held(self, release: Release, admission: Admission) -> None:
        """Records shown in part though the lock holds none of their fields."""
        said = release.said
        for row in release.intake.rows():
            if not admission.explains_row(said.member, said.version, row):
                self.differences.append(Difference("claim", said.member, row.type, row.id, "held"))

    def _note(self, release: HeldRelease, member: str, unexplained: int, pruned: bool) -> None:
        self.left_out += sum(release.left_out.values())
        if not pruned:
            return
        others = {s: n for s, n in release.left_out.items() if s not in BY_LOCK}
        for status, n in others.items():
            self.untold[status] = self.untold.get(status, 0) + n
        if unexplained > sum(others.values()) + release.held:
            self.differences.append(Difference("leaf", member=member, field="status"))
