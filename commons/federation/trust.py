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
- What becomes of a release is decided by what all continuations of its own key log agree on. Where a key log
  is continued in two ways, the sheet is in two hands: nothing that either signs since is shown, and what
  either withdraws is withdrawn, as with two copies, until a pause says otherwise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from commons.federation import descent
from commons.federation.lock import CURRENT, LATE, PAUSED, Evidence, LockedMember
from commons.federation.policy.file import MaxAge, Pause
from commons.findings import Finding
from commons.format import sshsig
from commons.format.errors import FormatError
from commons.format.instants import moment
from commons.format.keylog import KeyLog
from commons.format.manifest import Manifest, release_digest
from commons.messages import N_

Version = descent.Version
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

    `candidates`: best first; the first that intake accepts is used. `own`: every release that is or may be
    the member's word, used or not, by version: what they withdraw is withdrawn. `disowned`: those that are
    not its word, since they are void or beyond a pause. `log`: the key log as far as it is undisputed.
    `findings` carry codes of this module: E_ROLLBACK, E_TWOCOPIES, E_KEYFORK, E_VOID, renewed.
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
    logs = _Continuations(s.keylog for s in releases.values())
    log = logs.beginning
    if logs.forked:
        findings.append(Finding("E_KEYFORK", member=member))
    alive, in_two_hands = {}, []
    for digest, release in releases.items():
        if logs.settled(release.keylog.head).is_void(*release.version):
            disowned.append(release)
            findings.append(_about(release, "E_VOID"))
        elif log is not None and log.epoch < release.manifest.epoch:
            in_two_hands.append(release)
        else:
            alive[digest] = release
    evidence = _evidence(alive, known, log, pause, forked=logs.forked)
    candidates = _candidates(alive, evidence)
    floor = _floor(known, log, forked=logs.forked) if pause is None else None
    if known is not None and known.release not in releases and floor is not None:
        findings += [_about(s, "E_ROLLBACK") for s in candidates if s.version < floor]
        candidates = [s for s in candidates if s.version >= floor]
    followed = descent.line(candidates[0], alive) if candidates else frozenset()
    findings += [
        Finding("E_TWOCOPIES", member=member, details={"epoch": e.epoch, "number": e.number})
        for e in evidence
        if not followed.issuperset(e.digests)
    ]
    own = tuple(sorted([*alive.values(), *in_two_hands], key=lambda s: (s.version, s.digest)))
    return Choice(tuple(candidates), own, tuple(disowned), log, evidence, tuple(findings))


def _floor(known: LockedMember | None, log: KeyLog | None, *, forked: bool) -> Version | None:
    """The version that was used last: if its release is lost here, nothing older replaces it."""
    if known is None or _is_gone(log, (known.epoch, known.number), forked=forked):
        return None
    return known.epoch, known.number


def _is_gone(log: KeyLog | None, version: Version, *, forked: bool) -> bool:
    """Whether what the last lock knew by this number is void, or in two hands since."""
    return log is not None and (log.is_void(*version) or (forked and version[0] > log.epoch))


def _about(release: Seen, code: str) -> Finding:
    epoch, number = release.version
    return Finding(code, member=release.manifest.member, details={"epoch": epoch, "number": number})


class _Continuations:
    """The key logs of one member, as the tree that they are.

    Where two continue one beginning differently, only the beginning counts.
    """

    def __init__(self, logs: Iterable[KeyLog]) -> None:
        self._with: dict[str, KeyLog] = {}  # a line's digest → the log that ends there
        self._after: dict[str, set[str]] = {}  # "": the first line
        for log in {log.head: log for log in logs}.values():
            before = ""
            for n, entry in enumerate(log.entries, start=1):
                digest = entry.digest
                self._with.setdefault(digest, KeyLog(log.entries[:n]))
                self._after.setdefault(before, set()).add(digest)
                before = digest

    @property
    def forked(self) -> bool:
        return any(len(after) > 1 for after in self._after.values())

    @property
    def beginning(self) -> KeyLog | None:
        """What all agree on; None: there is none."""
        return self.settled("") if self._with else None

    def settled(self, head: str) -> KeyLog:
        """How a log goes on, as far as all agree who continue it."""
        while len(after := self._after.get(head, set())) == 1:
            head = next(iter(after))
        return self._with[head]


def _evidence(
    alive: Mapping[str, Seen],
    known: LockedMember | None,
    log: KeyLog | None,
    pause: Pause | None,
    *,
    forked: bool,
) -> tuple[Evidence, ...]:
    """Every (epoch, number) with several digests, the last lock's memory included."""
    groups: dict[Version, set[str]] = {}
    for digest, release in alive.items():
        groups.setdefault(release.version, set()).add(digest)
    for old in known.evidence if known is not None else ():
        version = (old.epoch, old.number)
        gone = _is_gone(log, version, forked=forked)
        if not gone and (pause is None or version <= pause.at):
            groups.setdefault(version, set()).update(old.digests)
    return tuple(
        Evidence(epoch, number, tuple(sorted(digests)))
        for (epoch, number), digests in sorted(groups.items())
        if len(digests) > 1
    )


def _candidates(alive: Mapping[str, Seen], evidence: Sequence[Evidence]) -> list[Seen]:
    """The undisputed releases, newest first; if there is none, the oldest disputed one, by its digest."""
    newest_first = sorted(alive.values(), key=lambda s: s.version, reverse=True)
    clear = descent.undisputed(alive, evidence)
    undisputed = [s for s in newest_first if s.digest in clear][:MOST_TRIED]
    if undisputed or not alive:
        return undisputed
    # Everything is disputed: the member would vanish, though both copies are its own. Which one is shown must
    # not depend on which arrived first.
    return [min(alive.values(), key=lambda s: (s.version, s.digest))]


def former_key(release: Seen, known: LockedMember | None) -> Finding | None:
    """What is to be said of a release that came under a key which the last lock knew to be worth nothing."""
    if known is None:
        return None
    epoch, number = release.version
    if not any(void.covers(epoch, number) for void in known.voids) and epoch >= known.epoch:
        return None
    details: dict[str, str | int] = {"epoch": epoch, "number": number}
    return Finding("former-key", member=release.manifest.member, details=details)


def state(
    release: Manifest, *, as_of: datetime, pause: Pause | None = None, max_age: MaxAge | None = None
) -> tuple[str, bool]:
    """The state a lock records for the member whose `release` is used, and whether that is too old to use."""
    issued_at = min(moment(release.issued_at), as_of)  # a date in the future buys no time
    too_old = max_age is not None and as_of >= max_age.ends_at(issued_at)
    if pause is not None:
        return PAUSED, too_old
    return (CURRENT if as_of < moment(release.valid_until) else LATE), too_old
