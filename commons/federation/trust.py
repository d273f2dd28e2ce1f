"""What a release proves, and which of a member's releases is used. Pure: no disk, no clock, no network.

Laws:
- The choice depends on the *set* of releases seen, the pause and what the last lock knew; never on the order
  in which they arrived, and never on a date inside them.
- (epoch, number) orders; nothing is voted down by being newer. Whoever holds the current key can publish but
  cannot rotate (pre-rotation), and a recovery can void what a thief published.
- The sheet outranks the laptop: a release under a later key is not disputed by what an earlier one signs,
  whether a thief, a finder or a forgotten copy signs it.
- Two copies of a catalogue are an everyday accident: both releases are kept, the last undisputed one is used,
  and a later release that descends from both heals it.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from commons.federation.lock import CURRENT, LATE, PAUSED, Evidence, LockedMember
from commons.federation.policy import MaxAge, Pause
from commons.findings import Finding
from commons.format import sshsig
from commons.format.errors import FormatError
from commons.format.keylog import KeyLog
from commons.format.manifest import Manifest, release_digest
from commons.messages import N_

Version = tuple[int, int]
MOST_TRIED = 20  # candidates; one that has twenty broken releases in a row needs a telephone, not a program


@dataclass(eq=False)
class NotProven(FormatError):
    """The parts of a release do not belong together."""

    member: str
    reason: str
    code: ClassVar[str] = "E_PROOF"
    template: ClassVar[str] = N_("This release of {member} does not prove itself: {reason}.")


@dataclass(eq=False)
class OtherMember(FormatError):
    """A release of another member than was asked for."""

    member: str
    expected: str
    code: ClassVar[str] = "E_MEMBER"
    template: ClassVar[str] = N_("This is a release of {member}, not of {expected}.")
    hint_template: ClassVar[str] = N_("Look at the sources of that member in federation.yaml.")


@dataclass(frozen=True, slots=True)
class Seen:
    """A release whose signature and key log hold: what choosing needs, without its catalogue."""

    digest: str
    manifest: Manifest
    keylog: KeyLog

    @property
    def version(self) -> Version:
        return self.manifest.version


def prove(
    manifest: bytes, signature: bytes, keylog: bytes, catalogue: bytes | None, *, expected: str | None = None
) -> Seen:
    """Check a release against itself: its member's key log, its signature, its files' digests.

    Args:
        catalogue: the bytes of catalogue.db; None for the pruned form, whose records prove themselves.
        expected: the member whose release was asked for; None takes any.
    Raises:
        FormatError: with the code that a receipt keeps (E_MANIFEST, E_KEYLOG, E_PREROTATION, E_PROOF,
            E_SIGNATURE, E_MEMBER).
    """
    said, log = Manifest.parse(manifest), KeyLog.parse(keylog)
    if expected is not None and said.member != expected:
        raise OtherMember(said.member, expected)
    if log.member_id != said.member:
        raise NotProven(said.member, N_("its key log is another member's"))
    if log.head != said.keylog_head or log.epoch != said.epoch:
        raise NotProven(said.member, N_("its key log is not the one it was signed under"))
    sshsig.verify(signature, manifest, sshsig.RELEASE_NAMESPACE, log.current)
    for name, data in (("keylog.jsonl", keylog), ("catalogue.db", catalogue)):
        entry = said.files[name]
        if data is not None and (len(data), hashlib.sha256(data).hexdigest()) != (entry.size, entry.sha256):
            raise NotProven(said.member, N_("a file in it is not the one that was signed"))
    return Seen(release_digest(manifest), said, log)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which release is to be used.

    `candidates`: best first; the first that intake accepts is used. `own`: every release that is the member's
    word, used or not, by version: what they withdraw is withdrawn. `disowned`: those that are not its word,
    since they are void or beyond a pause. `log`: the member's key log as far as it is undisputed. `findings`
    carry codes of this module: E_ROLLBACK, E_TWOCOPIES, E_KEYFORK, E_VOID, renewed.
    """

    candidates: tuple[Seen, ...]
    own: tuple[Seen, ...]
    disowned: tuple[Seen, ...]
    log: KeyLog | None
    evidence: tuple[Evidence, ...]
    findings: tuple[Finding, ...]


def choose(
    seen: Iterable[Seen], *, member: str, known: LockedMember | None = None, pause: Pause | None = None
) -> Choice:
    """Order the releases of `member` by the laws above.

    Args:
        seen: every release of it that was ever proven here, in any order.
        known: what the last lock knew of it.
        pause: the maintainer's word: no release beyond it counts, nor its evidence.
    """
    releases = {s.digest: s for s in seen if s.manifest.member == member}
    findings: list[Finding] = []
    disowned: list[Seen] = []
    if pause is not None:
        disowned += (s for s in releases.values() if s.version > pause.at)
        if any(s.manifest.epoch > pause.at[0] for s in releases.values()):
            findings.append(Finding("renewed", member=member))
        releases = {d: s for d, s in releases.items() if s.version <= pause.at}
    log, forked = undisputed_log(s.keylog for s in releases.values())
    if forked:
        findings.append(Finding("E_KEYFORK", member=member))
    alive = {}
    for digest, release in releases.items():
        if log is None or release.manifest.epoch > log.epoch:
            continue
        if log.is_void(*release.version):
            disowned.append(release)
            findings.append(_about(release, "E_VOID"))
        else:
            alive[digest] = release
    evidence = _evidence(alive, known, log, pause)
    candidates = _candidates(alive, evidence)
    floor = _floor(known, log) if pause is None else None
    if known is not None and known.release not in releases and floor is not None:
        findings += [_about(s, "E_ROLLBACK") for s in candidates if s.version < floor]
        candidates = [s for s in candidates if s.version >= floor]
    followed = _line(candidates[0], alive) if candidates else frozenset()
    findings += [
        Finding("E_TWOCOPIES", member=member, details={"epoch": e.epoch, "number": e.number})
        for e in evidence
        if not followed.issuperset(e.digests)
    ]
    own = tuple(sorted(alive.values(), key=lambda s: (s.version, s.digest)))
    return Choice(tuple(candidates), own, tuple(disowned), log, evidence, tuple(findings))


def _floor(known: LockedMember | None, log: KeyLog | None) -> Version | None:
    """The version that was used last: if its release is lost here, nothing older replaces it."""
    if known is None or (log is not None and log.is_void(known.epoch, known.number)):
        return None
    return known.epoch, known.number


def _about(release: Seen, code: str) -> Finding:
    epoch, number = release.version
    return Finding(code, member=release.manifest.member, details={"epoch": epoch, "number": number})


def undisputed_log(logs: Iterable[KeyLog]) -> tuple[KeyLog | None, bool]:
    """The longest key log that all agree with, and whether some contradict each other.

    Where two continue one beginning differently (both keys are in two hands), only the beginning counts.
    """
    best: KeyLog | None = None
    forked = False
    for log in sorted(logs, key=lambda log: (len(log.entries), log.head), reverse=True):
        if best is None:
            best = log
        elif not best.extends(log) and not log.extends(best):
            forked = True
            shared = sum(1 for _ in _common(best, log))
            if not shared:  # never of one member id, which is the first entry's hash
                return None, True
            best = KeyLog(best.entries[:shared])
    return best, forked


def _common(one: KeyLog, other: KeyLog) -> Iterable[object]:
    for a, b in zip(one.entries, other.entries, strict=False):
        if a != b:
            return
        yield a


def _evidence(
    alive: Mapping[str, Seen], known: LockedMember | None, log: KeyLog | None, pause: Pause | None
) -> tuple[Evidence, ...]:
    """Every (epoch, number) with several digests, the last lock's memory included."""
    groups: dict[Version, set[str]] = {}
    for digest, release in alive.items():
        groups.setdefault(release.version, set()).add(digest)
    for old in known.evidence if known is not None else ():
        version = (old.epoch, old.number)
        void = log is not None and log.is_void(*version)
        if not void and (pause is None or version <= pause.at):
            groups.setdefault(version, set()).update(old.digests)
    return tuple(
        Evidence(epoch, number, tuple(sorted(digests)))
        for (epoch, number), digests in sorted(groups.items())
        if len(digests) > 1
    )


def _candidates(alive: Mapping[str, Seen], evidence: Sequence[Evidence]) -> list[Seen]:
    """The undisputed releases, newest first; if there is none, the oldest disputed one, by its digest."""
    newest_first = sorted(alive.values(), key=lambda s: s.version, reverse=True)
    clear = _undisputed(alive, evidence)
    undisputed = [s for s in newest_first if s.digest in clear][:MOST_TRIED]
    if undisputed or not alive:
        return undisputed
    # Everything is disputed: the member would vanish, though both copies are its own. Which one is shown must
    # not depend on which arrived first.
    return [min(alive.values(), key=lambda s: (s.version, s.digest))]


def _line(release: Seen, alive: Mapping[str, Seen]) -> frozenset[str]:
    """Whom a release follows, as far as known."""
    found: set[str] = set()
    ways = [release]
    while ways:
        for digest in ways.pop().manifest.previous:
            if digest not in found:
                found.add(digest)
                ways += (alive[digest],) if digest in alive else ()
    return frozenset(found)


def followers(digest: str, seen: Iterable[Seen]) -> frozenset[str]:
    """All that follow a release, itself known or not, as far as known."""
    found: set[str] = {digest}
    for release in _after_whom_they_follow({s.digest: s for s in seen}):
        if not found.isdisjoint(release.manifest.previous):
            found.add(release.digest)
    return frozenset(found - {digest})


def _undisputed(alive: Mapping[str, Seen], evidence: Sequence[Evidence]) -> set[str]:
    """The releases that follow every older one of their epoch, and every disputed one.

    Where a release in between was never seen here, it has the benefit of the doubt as to what is older than
    that: members release more often than a federation looks.
    """
    spots = _Spots.of(alive, evidence)
    disputed = {(e.epoch, e.number) for e in evidence}
    gaps: dict[str, Version] = {}  # of a line: the newest release with an unseen predecessor
    lines: dict[str, int] = {}  # whom it follows, one bit each
    found = set()
    for release in _after_whom_they_follow(alive):
        line, gap = 0, _NO_GAP
        for digest in release.manifest.previous:
            line |= spots.bit(digest) | lines.get(digest, 0)
            gap = max(gap, gaps[digest] if digest in alive else release.version)
        lines[release.digest], gaps[release.digest] = line, gap
        needed = spots.older(release.version, gap) | spots.disputed_before(release.version)
        if release.version not in disputed and line & needed == needed:
            found.add(release.digest)
    return found


_NO_GAP: Version = (-1, -1)


def _after_whom_they_follow(alive: Mapping[str, Seen]) -> Iterator[Seen]:
    """Every release after all that it names as its predecessors."""
    followers: dict[str, list[Seen]] = {}
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
    """One bit for each release that can matter, by version: first those here, then those only remembered."""

    places: Mapping[str, int]
    here: Sequence[Version]
    remembered: Sequence[Version]
    disputed: int

    @classmethod
    def of(cls, alive: Mapping[str, Seen], evidence: Sequence[Evidence]) -> _Spots:
        here = sorted((s.version, digest) for digest, s in alive.items())
        named = {d: (e.epoch, e.number) for e in evidence for d in e.digests}
        remembered = sorted((version, d) for d, version in named.items() if d not in alive)
        places = {digest: at for at, (_version, digest) in enumerate([*here, *remembered])}
        marks = bytearray(len(places) // 8 + 1)
        for digest in named:
            marks[places[digest] // 8] |= 1 << places[digest] % 8
        disputed = int.from_bytes(marks, "little")
        return cls(places, [v for v, _d in here], [v for v, _d in remembered], disputed)

    def bit(self, digest: str) -> int:
        return 1 << self.places[digest] if digest in self.places else 0

    def older(self, version: Version, since: Version) -> int:
        """Those here of the same epoch before `version`, from `since` on."""
        return _between(self.here, max(since, (version[0], 0)), version)

    def disputed_before(self, version: Version) -> int:
        """Every disputed one of the same epoch before `version`."""
        start = (version[0], 0)
        lost = _between(self.remembered, start, version) << len(self.here)
        return self.disputed & (lost | _between(self.here, start, version))


def _between(versions: Sequence[Version], start: Version, end: Version) -> int:
    """The bits of the versions from `start` on and before `end`."""
    first, last = bisect_left(versions, start), bisect_left(versions, end)
    return (1 << last) - (1 << first) if first < last else 0


def state(
    release: Manifest, *, as_of: datetime, pause: Pause | None = None, max_age: MaxAge | None = None
) -> tuple[str, bool]:
    """The state a lock records for the member whose `release` is used, and whether that is too old to use."""
    issued_at = min(_moment(release.issued_at), as_of)  # a date in the future buys no time
    too_old = max_age is not None and as_of >= max_age.ends_at(issued_at)
    if pause is not None:
        return PAUSED, too_old
    return (CURRENT if as_of < _moment(release.valid_until) else LATE), too_old


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
