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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
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

    def besides(self, release: Seen | None) -> Iterator[Seen]:
        """The member's own releases that `release` does not follow, as far as known.

        A release repeats what those before it withdrew, so only these have a word of their own.
        """
        alive = {s.digest: s for s in self.own}
        followed = _Line.of(release, alive).digests if release is not None else frozenset()
        return (s for s in self.own if s.digest not in followed and s is not release)


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
    findings += [
        Finding("E_TWOCOPIES", member=member, details={"epoch": e.epoch, "number": e.number})
        for e in evidence
        if not (candidates and _Line.of(candidates[0], alive).heals(e))
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
    undisputed = list(islice((s for s in newest_first if _is_undisputed(s, alive, evidence)), MOST_TRIED))
    if undisputed or not alive:
        return undisputed
    # Everything is disputed: the member would vanish, though both copies are its own. Which one is shown must
    # not depend on which arrived first.
    return [min(alive.values(), key=lambda s: (s.version, s.digest))]


@dataclass(frozen=True, slots=True)
class _Line:
    """Whom a release follows, as far as known; `gap`: the newest one with an unseen predecessor."""

    digests: frozenset[str]
    gap: Version | None

    @classmethod
    def of(cls, release: Seen, alive: Mapping[str, Seen]) -> _Line:
        found: set[str] = set()
        gap: Version | None = None
        ways = [release]
        while ways:
            node = ways.pop()
            for digest in node.manifest.previous:
                if digest in found:
                    continue
                found.add(digest)
                before = alive.get(digest)
                if before is not None:
                    ways.append(before)
                elif gap is None or node.version > gap:
                    gap = node.version
        return cls(frozenset(found), gap)

    def heals(self, dispute: Evidence) -> bool:
        return self.digests.issuperset(dispute.digests)

    def leaves_out(self, other: Seen) -> bool:
        """Whether it provably does not follow `other`, an older release of the same member.

        Where a release in between was never seen here, it has the benefit of the doubt: members release more
        often than a federation looks.
        """
        unsure = self.gap is not None and self.gap > other.version
        return other.digest not in self.digests and not unsure


def _is_undisputed(release: Seen, alive: Mapping[str, Seen], evidence: Sequence[Evidence]) -> bool:
    line, epoch = _Line.of(release, alive), release.manifest.epoch
    for dispute in evidence:
        version = (dispute.epoch, dispute.number)
        if version == release.version:
            return False
        if dispute.epoch == epoch and version < release.version and not line.heals(dispute):
            return False
    earlier = (s for s in alive.values() if s.manifest.epoch == epoch and s.version < release.version)
    return not any(line.leaves_out(s) for s in earlier)


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
