"""What of a release comes back, or cannot, where withdrawals do not count. Pure in the lock and the rows.

A pause names a release; what was withdrawn later does not count while it lasts, since it may be a thief's. So
people are told what is seen again. And where the store was pruned by such a word and the sealed form is gone,
what it took out stays away: the lock names it like whatever did not come along (`withheld`), and nobody else
waits for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from commons.federation.lock import PAUSED, Lock, Tombstone
from commons.federation.trust import Seen, Version
from commons.findings import Finding
from commons.intake.gate import Intake
from commons.merge.claims import COPY, WITHDRAWN, Admission
from commons.said import release_words

BACK, GONE = "pause-back", "pause-gone"
_NAMED = 20  # addresses in a finding


@dataclass(frozen=True, slots=True)
class Undone:
    """Of one release: the addresses that are seen again though they were withdrawn later; how many of its
    records nothing here can show though nothing that counts hides them."""

    back: tuple[str, ...] = ()
    gone: int = 0

    def findings(self, member: str, version: Version) -> Iterator[Finding]:
        for code, n in ((BACK, len(self.back)), (GONE, self.gone)):
            if n:
                details: dict[str, str | int] = {"n": n, "release": release_words(*version)}
                which = " ".join(self.back[:_NAMED]) if code == BACK else None
                yield Finding(code, member=member, value=which, details=details)


def unexplained(admission: Admission, intake: Intake, version: Version) -> int:
    """How many records a pruned release lacks, wholly or in part, that its lock would show."""
    if intake.form != "pruned":
        return 0
    explained = [admission.explains(intake.member, version, hidden) for hidden in intake.hidden]
    explained += [admission.explains_row(intake.member, version, row) for row in intake.rows()]
    return explained.count(False)


def undone(lock: Lock, used: Seen, intake: Intake, later: Iterable[Tombstone]) -> Undone:
    """What of the release in use comes back, and what cannot.

    Args:
        lock: before it names what did not come along.
        intake: of the fullest form that can be had.
        later: what its member's later releases withdraw.
    """
    member, said = used.manifest.member, used.manifest
    locked, admission = lock.members[member], Admission(lock)
    stones = tuple(sorted({*locked.tombstones, *later}))
    with_later = Admission(
        replace(lock, members={**lock.members, member: replace(locked, tombstones=stones)})
    )
    back: list[str] = []
    if stones != locked.tombstones:
        now = admission.rows(member, said.version, said.licence, intake.rows())
        then = with_later.rows(member, said.version, said.licence, intake.rows())
        pairs = zip(now, then, strict=True)
        back = [n.address for n, t in pairs if n.code is None and t.code in (WITHDRAWN, COPY)]
    return Undone(tuple(back), unexplained(admission, intake, said.version))


def later_words(lock: Lock, used: Seen, seen: Iterable[Seen]) -> list[Seen]:
    """The releases beyond a pause that withdraw something, but for those that are nobody's word anyway."""
    locked, accepted = lock.members[used.manifest.member], lock.policy.member(used.manifest.member)
    if accepted is None or accepted.pause is None:
        return []
    return [
        s
        for s in seen
        if s.version > accepted.pause.at
        and s.manifest.counts.get("withdrawal")
        and not any(void.covers(*s.version) for void in locked.voids)
    ]


def suspects(lock: Lock, previous: Lock | None) -> Collection[str]:
    """Members of whose release something may have been pruned that this lock would show."""
    before = previous.members if previous is not None else {}
    fewer = any(
        not set(old.tombstones) <= set(lock.members[id].tombstones if id in lock.members else ())
        for id, old in before.items()
        if old.tombstones
    )
    return [
        id
        for id, member in lock.members.items()
        if member.release is not None and (fewer or member.voids or member.state == PAUSED)
    ]
