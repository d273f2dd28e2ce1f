"""Who is taken up though nobody wrote them into the list: those for whom enough members vouch. Pure.

Laws:
- Only vouches in releases that this lock uses count, of those whom the policy names; own words never do, nor
  such as have run out or are withdrawn or held.
- It goes in rounds: round one counts vouches of the policy's own members, a later one those of whom the
  rounds before took up, too, as many rounds as the policy's `steps`. Within a round all are counted at once,
  so no order of arrival matters.
- An admission lasts as long as its vouches: who is no longer vouched for is not merged any more. What they
  withdrew stays withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set

from commons.federation.lock import Lock
from commons.federation.policy.file import Policy
from commons.federation.trust import Seen
from commons.format.instants import instant
from commons.intake.gate import Intake
from commons.merge.claims import Admission, fields_of
from commons.merge.fuse import Vouch, speakers_for

VOUCH = "vouch"


def admitted(
    policy: Policy, lock: Lock, used: Mapping[str, Seen], take_in: Callable[[str], Intake]
) -> dict[str, tuple[str, ...]]:
    """One round: who has enough vouches and is neither in the list nor shut out → who vouches, sorted.

    Args:
        lock: as planned so far; its members that an earlier round admitted may vouch in this one.
        used: member → the release of it that `lock` uses.
    """
    rule = policy.admit
    listed = {m.id for m in policy.members}
    may = (set(rule.among) or listed) | {id for id, member in lock.members.items() if member.admitted}
    found = speakers_for(spoken(lock, used, may, take_in), instant(lock.as_of))
    return {
        about: tuple(sorted(speakers))
        for about, speakers in sorted(found.items())
        if len(speakers) >= rule.vouches and about not in listed and about not in rule.never
    }


def spoken(
    lock: Lock, used: Mapping[str, Seen], speakers: Set[str], take_in: Callable[[str], Intake]
) -> Iterator[Vouch]:
    """The vouches of `speakers` that a merge of `lock` takes up as claims."""
    admission = Admission(lock)
    for member in sorted(speakers & used.keys()):
        said = used[member].manifest
        if not said.counts.get(VOUCH):
            continue
        intake = take_in(used[member].digest)
        rows = (row for row in intake.rows() if row.type == VOUCH)
        for taken in admission.rows(member, said.version, said.licence, rows):
            if taken.code is None and "about" not in taken.held:
                yield vouch_of(member, fields_of(taken.json))


def vouch_of(speaker: str, fields: Mapping[str, object]) -> Vouch:
    """A vouch as its record says it."""
    about, kind, digest, expires_at = (fields.get(n) for n in ("about", "kind", "digest", "expires_at"))
    return Vouch(
        speaker,
        str(about),
        str(kind),
        digest if isinstance(digest, str) else None,
        expires_at if isinstance(expires_at, str) else None,
    )
