"""What one merge uses: policy, last lock and releases seen → a new lock. Has memory, writes nothing.

Laws:
- Only a signed word withdraws. Whatever else happens to a member's sources, its last good release stays, up
  to its `max_age`.
- A release that lost more than max(5, 10 %) of its records without saying so (not withdrawn, not expired, the
  member not leaving) waits until a person has looked (`--allow-shrink`).
- What a member withdrew is remembered as long as it is in the policy, and after it left.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from itertools import islice, takewhile

from commons.addresses import tombstone
from commons.federation import descent, trust
from commons.federation import lock as locks
from commons.federation.lock import Lock, LockedMember, LockedTerritory, PassedOver, Tombstone
from commons.federation.policy.file import Member, Pause, Policy
from commons.federation.store.folder import NotInStore
from commons.federation.trust import MOST_TRIED, Seen
from commons.findings import Finding
from commons.format.instants import instant
from commons.format.keylog import KeyLog
from commons.format.words import spoken
from commons.intake.frames import Row
from commons.intake.gate import Intake
from commons.link.model import LINKER
from commons.merge.claims import COPY, LICENCE, Admission, fields_of
from commons.merge.planning.admit import admitted
from commons.merge.succession import held
from commons.said import release_words
from commons.schema.spec import Schema

SHRINK, OLD, HERE, ADMITTED = "E_SHRINK", "E_TOOOLD", "E_HERE", "admitted"
VOID, LEAVES, NEW_KEY = "E_VOID", "leaves", "new-key"
CATALOGUE = "catalogue"  # the record type of which each release has one
LEFT_OUT = "E_LEFTOUT"  # what shrank it is whoever passed it on
LOSS_ALLOWED, LOSS_PERCENT = 5, 10


@dataclass(frozen=True, slots=True)
class Loss:
    """How many records a new release lacks without saying why; `before`: how many the last one had.

    `left_out`: how many of them it has, as its signature says, and whoever passed it on left out.
    """

    lost: int
    before: int
    examples: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def too_many(self) -> bool:
        return self._is_too_many(self.lost)

    @property
    def code(self) -> str:
        """Whose doing it is."""
        return SHRINK if self._is_too_many(self.lost - self.left_out) or not self.left_out else LEFT_OUT

    def _is_too_many(self, lost: int) -> bool:
        return lost > max(LOSS_ALLOWED, self.before * LOSS_PERCENT // 100)


@dataclass(frozen=True, slots=True)
class MemberPlan:
    """What was decided of one member. `changed`: another release than the last lock had."""

    locked: LockedMember
    findings: tuple[Finding, ...] = ()
    changed: bool = False
    waits: Loss | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The new lock, and what a person should know of each member."""

    lock: Lock
    members: Mapping[str, MemberPlan] = field(default_factory=dict)

    @property
    def findings(self) -> list[Finding]:
        return [f for plan in self.members.values() for f in plan.findings]


def plan(
    policy: Policy,
    previous: Lock | None,
    seen: Callable[[str], Iterable[Seen]],
    take_in: Callable[[str], Intake],
    *,
    as_of: datetime,
    schema: Schema,
    territory: LockedTerritory | None,
    allow_shrink: Collection[str] = (),
) -> Plan:
    """Decide which release of each member is merged.

    Args:
        seen: member → every release of it that was ever proven here.
        take_in: digest → what intake found in it; asked for candidates only, and for what they replace.
        allow_shrink: members whose losses a person has looked at.
    """
    moment = locks.minute(as_of)
    known = previous.members if previous is not None else {}

    @cache
    def admission() -> Admission:
        assert previous is not None  # without a last lock there is nothing to compare with
        return Admission(replace(previous, policy=policy))

    def decide(member: Member) -> MemberPlan:
        before = previous.policy.member(member.id) if previous is not None else None
        paused = before.pause if before is not None else None
        case = _Deciding(member, known.get(member.id), take_in, moment, paused, admission)
        return case.decide(list(seen(member.id)), allowed=member.id in allow_shrink)

    left = policy.successors  # who has a successor is merged no more: its key is in nobody's or wrong hands
    members = [m for m in policy.members if m.id not in left]
    plans = {member.id: decide(member) for member in sorted(members, key=lambda m: m.id)}
    lock = Lock(
        schema=schema.version,
        linker=LINKER,
        as_of=moment,
        policy=policy,
        members=_members(plans, known),
        vocabularies=vocabularies_digest(schema),
        territory=territory,
        holds=held(policy, moment),
    )
    for _step in range(policy.admit.steps if policy.admit.vouches else 0):
        used = {id: s for id, p in plans.items() for s in seen(id) if s.digest == p.locked.release}
        by_vouches = admitted(policy, lock, used, take_in)
        new = {
            id: _admitted(id, decide(Member(id, id)), by, known.get(id))
            for id, by in by_vouches.items()
            if id not in plans and id not in left
        }
        new = {id: p for id, p in new.items() if p.locked.release or p.locked.tombstones}
        if not new:
            break
        plans |= new
        lock = replace(lock, members=_members(plans, known))
    return Plan(lock, plans)


def _members(plans: Mapping[str, MemberPlan], known: Mapping[str, LockedMember]) -> dict[str, LockedMember]:
    """What the lock says of each, those who left included: what they withdrew stays withdrawn, and what they
    declared not their own is nobody's, also when somebody goes back to an older version."""
    members = {id: p.locked for id, p in plans.items()}
    for id, old in known.items():
        if id not in members and (old.tombstones or old.voids):
            members[id] = LockedMember(locks.LEFT, tombstones=old.tombstones, voids=old.voids)
    return members


def _admitted(id: str, plan: MemberPlan, by: tuple[str, ...], known: LockedMember | None) -> MemberPlan:
    """The plan of a member that is taken up because others vouch for it; told once."""
    new = () if known is not None and known.admitted else (Finding(ADMITTED, member=id),)
    return replace(plan, locked=replace(plan.locked, admitted=by), findings=plan.findings + new)


@dataclass(frozen=True, slots=True)
class _Deciding:
    """One member's case."""

    member: Member
    known: LockedMember | None
    take_in: Callable[[str], Intake]
    as_of: datetime
    last_pause: Pause | None
    admission: Callable[[], Admission]  # by the last lock and the policy of today

    def decide(self, seen: Sequence[Seen], *, allowed: bool) -> MemberPlan:
        choice = trust.choose(seen, member=self.member.id, known=self.known, pause=self.member.pause)
        findings = [f for f in choice.findings if not self._was_told(f)]
        passed: list[PassedOver] = []
        stones = set(self.known.tombstones) if self.known else set()
        stones -= self._words(self._unlearned(choice, seen))  # also those that claim to be of long before
        stones |= self._words(choice.own)  # which copy is right is open; what either withdrew is not
        chosen: Seen | None = None
        waits: Loss | None = None
        for candidate in choice.candidates[:MOST_TRIED]:
            intake = self.take_in(candidate.digest)
            code, loss = intake.code, None
            if code is None:
                stones.update(intake.withdrawals)  # a signed word counts, even if the rest has to wait
                free = allowed or self._is_disowned(choice.log)
                loss = None if free else self._loss(candidate, intake, stones, seen)
                if loss is not None and loss.too_many:
                    waits, code = waits or loss, loss.code
            if code is None and self._too_old(candidate):
                findings.append(Finding(OLD, member=self.member.id))
                break
            if code is None:
                chosen = candidate
                break
            passed.append(PassedOver(*candidate.version, candidate.digest, code))
            findings.append(self._finding(code, candidate, loss if code in (SHRINK, LEFT_OUT) else None))
        locked = self._locked(chosen, _counting(stones, choice.log, self.member.pause), choice, passed)
        if chosen is not None and locked.state != locks.PAUSED and _is_leaving(intake):
            locked = replace(locked, state=locks.LEAVING)
            if self.known is not None and self.known.state != locks.LEAVING:
                findings.append(Finding(LEAVES, member=self.member.id))  # or a thief says so
        if chosen is not None and locked.state != locks.PAUSED and self._has_new_key(chosen):
            findings.append(Finding(NEW_KEY, member=self.member.id, value=spoken(chosen.keylog.current)))
        was = self.known.release if self.known else None
        return MemberPlan(locked, tuple(findings), locked.release != was, waits)

    def _has_new_key(self, chosen: Seen) -> bool:
        """Whether what was used last was signed with an earlier key: people compared other words."""
        return (
            self.known is not None and self.known.release is not None and chosen.version[0] > self.known.epoch
        )

    def _was_told(self, finding: Finding) -> bool:
        """Whether it is a void that the last lock knew: said once, as the word of a day."""
        if finding.code != VOID or self.known is None:
            return False
        version = (int(finding.details["epoch"]), int(finding.details["number"]))
        return any(void.covers(*version) for void in self.known.voids)

    def _words(self, releases: Iterable[Seen]) -> set[Tombstone]:
        """What these releases withdraw; those that withdraw nothing are not read."""
        speaking = (s for s in releases if s.manifest.counts.get("withdrawal"))
        return {stone for s in speaking for stone in self.take_in(s.digest).withdrawals}

    def _unlearned(self, choice: trust.Choice, seen: Sequence[Seen]) -> list[Seen]:
        """The releases that are not the member's word, and whose words the last lock may have taken for it.

        A thief's release repeats honest withdrawals, too, and who said them first may be lost here. So what
        the last lock knew stays where it cannot have it from the thief: it did not count that release either,
        or had not seen it, since it would have used or named what follows the one that it used.
        """
        known = self.known
        if known is None:
            return []
        named = {p.release for p in known.passed_over} | {d for e in known.evidence for d in e.digests}
        after: Collection[str] = ()
        if known.release is not None and known.release not in named and not self._is_disowned(choice.log):
            after = descent.followers(known.release, seen)
            newer = (s for s in seen if (known.epoch, known.number) <= s.version < (known.epoch + 1, 0))
            if any(s.digest not in after for s in newer if s.digest != known.release):
                after = ()  # another copy may have kept it from being used

        def was_disowned(release: Seen) -> bool:
            beyond = self.last_pause is not None and release.version > self.last_pause.at
            return beyond or any(void.covers(*release.version) for void in known.voids)

        return [
            s for s in choice.disowned if not was_disowned(s) and (s.digest in named or s.digest not in after)
        ]

    def _finding(self, code: str, release: Seen, loss: Loss | None) -> Finding:
        epoch, number = release.version
        details: dict[str, str | int] = {"epoch": epoch, "number": number}
        if loss is not None:
            details |= {"lost": loss.lost, "before": loss.before}
        return Finding(code, member=self.member.id, value=release_words(epoch, number), details=details)

    def _too_old(self, release: Seen) -> bool:
        return trust.state(release.manifest, as_of=self.as_of, max_age=self.member.max_age)[1]

    def _is_disowned(self, log: KeyLog | None) -> bool:
        """Whether what was used last does not count any more, so that nothing can be lost against it.

        Else a thief who added a hundred records would hold up the recovery that takes them out again.
        """
        if self.known is None:
            return False
        last = (self.known.epoch, self.known.number)
        paused = self.member.pause is not None and last > self.member.pause.at
        in_two_hands = log is not None and last[0] > log.epoch
        return paused or in_two_hands or (log is not None and log.is_void(*last))

    def _loss(self, new: Seen, intake: Intake, stones: set[Tombstone], seen: Sequence[Seen]) -> Loss | None:
        """What a release lacks that the last one used had; None where that one cannot be compared."""
        if self.known is None or self.known.release in (None, new.digest):
            return None
        try:
            before = self.take_in(self.known.release or "")
        except NotInStore:
            return None
        if before.code is not None:
            return None
        last = next((s.manifest.licence for s in seen if s.digest == self.known.release), None)
        return unexplained_loss(
            self.member.id,
            self._offered(before, new.manifest.licence if last is None else last),
            self._offered(intake, new.manifest.licence),
            intake,
            {s.hash for s in stones if s.kind == "record"},
            instant(self.as_of),
        )

    def _offered(self, intake: Intake, licence: str) -> Iterator[Row]:
        """The rows of a release that would be taken up, by what they say of licence and origin, too."""
        admission = self.admission()
        accepted = admission.accepts(licence)
        for row in intake.rows():
            if row.code is None and admission.refusal(row.type, row.data, accepted) not in (LICENCE, COPY):
                yield row

    def _locked(
        self,
        chosen: Seen | None,
        stones: tuple[Tombstone, ...],
        choice: trust.Choice,
        passed: Sequence[PassedOver],
    ) -> LockedMember:
        voids = choice.log.voids if choice.log else (self.known.voids if self.known else ())
        if chosen is None:
            return LockedMember(  # the last version stays known: nothing older takes its place later
                locks.AWAITED,
                epoch=self.known.epoch if self.known else 0,
                number=self.known.number if self.known else 0,
                tombstones=stones,
                voids=voids,
                evidence=choice.evidence,
                passed_over=tuple(passed),
            )
        said = chosen.manifest
        state, _old = trust.state(said, as_of=self.as_of, pause=self.member.pause)
        return LockedMember(
            state=state,
            release=chosen.digest,
            epoch=said.epoch,
            number=said.number,
            keylog_head=said.keylog_head,
            content_root=said.content_root,
            tombstones=stones,
            voids=voids,
            evidence=choice.evidence,
            passed_over=tuple(passed),
        )


def _counting(stones: Iterable[Tombstone], log: KeyLog | None, pause: Pause | None) -> tuple[Tombstone, ...]:
    """The withdrawals that count: none of a void, none beyond a pause. The earliest word of each is kept."""
    found: dict[tuple[str, str], Tombstone] = {}
    for stone in sorted(stones, key=lambda s: (s.epoch, s.number, s.hash, s.kind)):
        version = (stone.epoch, stone.number)
        if (log is not None and log.is_void(*version)) or (pause is not None and version > pause.at):
            continue
        key = (stone.hash, stone.kind)
        if stone.kind == "earlier" or key not in found:  # of "earlier" the latest word reaches furthest
            found[key] = stone
    return tuple(sorted(found.values()))


def unexplained_loss(
    member: str,
    before: Iterable[Row],
    offered: Iterable[Row],
    after: Intake,
    withdrawn: Collection[str],
    as_of: str,
) -> Loss:
    """The rows of `before` that `after` lacks: not withdrawn, not expired, the member not leaving.

    A record that is refused or did not come along is not there: neither a program that spoils a field or the
    licence of each nor a mirror that leaves all of them out may empty a member.

    Args:
        offered: what would be taken up of `after`.
    """
    still = {(row.type, row.id) for row in offered}
    total, lost = 0, []
    for row in before:
        if row.type in ("withdrawal", CATALOGUE):
            continue
        total += 1
        if (row.type, row.id) in still:
            continue
        address = f"{member}/{row.type}/{row.id}"
        if tombstone(address) in withdrawn:
            continue
        expires: object = fields_of(row.data).get("expires_at") if b'"expires_at":' in row.data else None
        if not (isinstance(expires, str) and expires <= as_of):
            lost.append(address)
    if lost and _is_leaving(after):
        lost = []
    hidden = {h.hash for h in after.hidden}
    left_out = sum(tombstone(address) in hidden for address in lost) if hidden else 0
    return Loss(len(lost), total, tuple(lost[:20]), left_out)


def _is_leaving(intake: Intake) -> bool:
    """Whether its one catalogue record says so; rows come in order of their types, few before that one, and
    none after it is read: every merge asks for every member."""
    rows = takewhile(lambda row: row.type <= CATALOGUE, intake.rows())
    said = (row for row in rows if row.type == CATALOGUE)
    first = islice(said, intake.counts.get(CATALOGUE, 0))
    return any(fields_of(row.data).get("status") == "leaving" for row in first)


def vocabularies_digest(schema: Schema) -> str:
    """SHA-256, in hex, of the terms of all vocabularies: names may change, terms may not."""
    terms = {name: list(v.terms) for name, v in schema.vocabularies.items()}
    return hashlib.sha256(json.dumps(terms, sort_keys=True).encode()).hexdigest()


def territory_digest(data: bytes) -> str:
    """SHA-256, in hex, of a territory's file."""
    return hashlib.sha256(data).hexdigest()
