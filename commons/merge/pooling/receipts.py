"""What a merge did with one member's release, as its member reads it. Holds only what the lock determines.

What changed since the last merge is no part of it (`changes`): two people with one lock get one receipt.
A receipt keeps codes and places; sentences are made when it is shown, in the reader's language.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from commons.federation import lock as locks
from commons.federation.lock import Lock, LockedMember
from commons.federation.policy import file as policies
from commons.findings import Finding
from commons.folding import folded
from commons.format.keylog import KeyLog
from commons.format.manifest import Manifest
from commons.format.words import fingerprint_words
from commons.intake.gate import Intake
from commons.link.model import Candidate
from commons.merge.claims import HELD, HELD_COPY, WITHDRAWN, WITHHELD, Taken
from commons.merge.linking.rounds import Linked
from commons.merge.pooling.disagreements import Watch
from commons.pool.contract import LISTS, WITHOUT_TABLE
from commons.pool.rows import Row
from commons.pool.write import Writer

HELD_FIELD = "R_HELDFIELD"
DIFFERENCES = "differences"  # of a receipt; to read them is most of the work
_NO_REFUSAL = frozenset({WITHDRAWN, HELD, HELD_COPY, WITHHELD})  # somebody's word, no fault of the record
KEPT = 100  # findings and candidates of one receipt, one by one; all are counted
Receipt = Mapping[str, Any]

as_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


# Claims by type, refused records by code, findings as (code, type, record, field), fields held.
Tallied = tuple[dict[str, int], dict[str, int], list[tuple[str, str, str, str | None]], int]


class RowTally:
    """Counts of some rows of one release, as they go by. `known`: codes of which intake tells more itself."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self._by_type: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._findings: list[tuple[str, str, str, str | None]] = []
        self._held_fields = 0

    def count(self, row: Taken) -> None:
        if row.code is None:
            self._by_type[row.type] += 1
            if row.held:
                self._held_fields += len(row.held)
                self._findings += [(HELD_FIELD, row.type, row.id, name) for name in row.held]
            return
        self._refused[row.code] += 1
        if row.code == WITHDRAWN:  # a receipt is public: it does not name what is gone
            return
        if row.code not in self._known:
            self._findings.append((row.code, row.type, row.id, None))

    def plain(self) -> Tallied:
        return dict(self._by_type), dict(self._refused), self._findings[:KEPT], self._held_fields


class Kept(Mapping[str, Any]):
    """A receipt whose differences are those of the last one: they are read when somebody asks for them.

    Args:
        rest: all but the differences. `differences`: their JSON.
    """

    def __init__(self, rest: Mapping[str, Any], differences: str) -> None:
        self._rest, self._differences = rest, differences

    def __getitem__(self, name: str) -> Any:
        return json.loads(self._differences) if name == DIFFERENCES else self._rest[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._rest
        yield DIFFERENCES

    def __len__(self) -> int:
        return len(self._rest) + 1


class MemberTally:
    """Counts of one release: what intake found, and what became of its rows."""

    def __init__(self, said: Manifest, intake: Intake, keylog: bytes = b"") -> None:
        self.said, self.intake, self.keylog = said, intake, keylog
        self.by_type: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.findings: list[Finding] = list(intake.findings[:KEPT])
        self.held_fields = 0

    @property
    def taken(self) -> int:
        """Claims, those of small types included."""
        return sum(self.by_type.values())

    @property
    def records(self) -> int:
        """Claims about things."""
        small = {*LISTS, *WITHOUT_TABLE}
        return sum(n for name, n in self.by_type.items() if name not in small)

    def add(self, tallied: Tallied) -> None:
        """The next rows of the release."""
        by_type, refused, findings, held_fields = tallied
        self.by_type.update(by_type)
        self.refused.update(refused)
        self.held_fields += held_fields
        room = KEPT - len(self.findings)
        self.findings += [
            Finding(code, type=t, record=id, field=name) for code, t, id, name in findings[:room]
        ]


def member_row(
    tally: MemberTally, locked: LockedMember, policy: policies.Member | None, catalogue: Mapping[str, Any]
) -> Row:
    """A row of the pool's `member`: what it says of itself, beside what the federation knows."""
    said = tally.said
    phones = catalogue.get("phones")
    added = policy.to_json()["added"] if policy else {"vouched_by": list(locked.admitted)}
    name = policy.name if policy else catalogue.get("title") or said.member
    refused = sum(n for code, n in tally.refused.items() if code not in _NO_REFUSAL)
    return (
        said.member, name, catalogue.get("title"), catalogue.get("summary"),
        catalogue.get("url"), catalogue.get("email"), as_json(phones) if phones else None, said.licence,
        said.language, _public_state(locked), said.epoch, said.number, tally.intake.release, said.issued_at,
        said.valid_until, _fingerprint(tally.keylog), as_json(added),
        _on_behalf_of(policy, catalogue), policy.succeeds.member if policy and policy.succeeds else None,
        tally.records, refused,
    )  # fmt: skip


def _on_behalf_of(policy: policies.Member | None, catalogue: Mapping[str, Any]) -> str | None:
    """For whom the member publishes, as the federation knows; nobody becomes that by saying so.

    Once they have taken their catalogue over and it bears their own name, nobody publishes for them any more.
    """
    name = policy.on_behalf_of if policy else ""
    return name if name and folded(name) != folded(str(catalogue.get("title") or "")) else None


def unconfirmed(policy: policies.Member | None, catalogue: Mapping[str, Any]) -> list[Finding]:
    """What a catalogue says of its standing and the federation does not: to be found out, not believed."""
    said = {
        "says-for": (catalogue.get("on_behalf_of"), policy.on_behalf_of if policy else ""),
        "says-continues": (catalogue.get("succeeds"), policy.succeeds if policy else None),
    }
    return [Finding(code, value=str(claim)) for code, (claim, known) in said.items() if claim and not known]


def _public_state(locked: LockedMember) -> str:
    """One of three words: whoever leaves is up to date until it has left."""
    return locks.CURRENT if locked.state == locks.LEAVING else locked.state


def _fingerprint(keylog: bytes) -> str | None:
    """The eight words of the member's key, as they are read over the telephone."""
    return " ".join(fingerprint_words(KeyLog.parse(keylog).current)) if keylog else None


def write(
    lock: Lock,
    writer: Writer,
    tallies: Mapping[str, MemberTally],
    linked: Linked,
    dangling: Iterable[tuple[str, str, str]],
    watch: Watch,
    *,
    as_of: str,
) -> dict[str, Receipt]:
    """Write a receipt for every member with a release; gives them by member.

    One that says what the last one said stands as it is: nearly all of them do.
    """
    shared = Counter(a.partition("/")[0] for cluster in linked.clusters for a in cluster)
    run = writer.connection.execute
    rivals = dict(run("SELECT member, count(DISTINCT entity) FROM disagreement GROUP BY member").fetchall())
    sql = """SELECT c.member, count(*) FROM entity e JOIN claim c ON c.number = e.id
             WHERE e.expires_at <= ? GROUP BY c.member"""
    expired = dict(run(sql, (as_of,)).fetchall())
    lost: dict[str, list[Finding]] = {}
    for type_name, field, address in dangling:
        member, _type, id = address.split("/", 2)
        lost.setdefault(member, []).append(Finding("dangling", type=type_name, record=id, field=field))
    for address in linked.unknown:
        member, type_name, id = address.split("/", 2)
        lost.setdefault(member, []).append(Finding("dangling", type=type_name, record=id, field="same_as"))
    candidates = _by_member(linked.candidates)
    differing, same = watch.by_member()
    holds = frozenset(h.hash for h in lock.holds if h.field is None)
    found: dict[str, Receipt] = {}
    others: dict[str, str] = {}
    for member, tally in tallies.items():
        findings = (tally.findings + lost.get(member, []))[:KEPT]
        told = {
            **_of_release(tally, lock.members[member], holds),
            "findings": [f.to_json() for f in findings],
            "shared": shared.get(member, 0),
            "disagreements": rivals.get(member, 0),
            "expired": expired.get(member, 0),
            "dangling": len(lost.get(member, [])),
            "candidates": len(candidates.get(member, [])),
            "questions": [
                {"a": c.a, "b": c.b, "reason": c.reason} for c in candidates.get(member, [])[:KEPT]
            ],
        }
        parts = _around(told)
        between = _between(same.get(member), *parts)
        if between is None:
            last = same.get(member)
            differences = differing.get(member, []) if last is None else json.loads(last)[DIFFERENCES]
            found[member] = {**told, DIFFERENCES: differences}
            others[member] = as_json(differences).join(parts)
        else:
            found[member] = Kept(told, between)
    gone = watch.receipts.keys() - (found.keys() - others.keys())
    writer.connection.executemany("DELETE FROM receipt WHERE member = ?", ((m,) for m in sorted(gone)))
    writer.many("receipt", sorted(others.items()))
    return found


def _around(told: Mapping[str, Any]) -> tuple[str, str]:
    """A receipt's JSON before its differences and after them; it has names on both sides of theirs."""
    before = as_json({name: value for name, value in told.items() if name < DIFFERENCES})
    after = as_json({name: value for name, value in told.items() if name > DIFFERENCES})
    return f'{before[:-1]},"{DIFFERENCES}":', f",{after[1:]}"


def _between(last: str | None, before: str, after: str) -> str | None:
    """The differences in the last receipt if all around them is the same; else None.

    What comes after begins with a name that no other object of a receipt has, and within a text its quotes
    would be escaped: so it is found at its one place.
    """
    if last is None or not (last.startswith(before) and last.endswith(after)):
        return None
    return last[len(before) : len(last) - len(after)]


def _by_member(candidates: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    found: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        for member in sorted({a.partition("/")[0] for a in (candidate.a, candidate.b)}):
            found.setdefault(member, []).append(candidate)
    return found


def _of_release(tally: MemberTally, locked: LockedMember, holds: Collection[str]) -> dict[str, Any]:
    """What one release and the lock's word about its member settle. `holds`: of whole records, by hash."""
    said = tally.said
    # The next merge finds the release pruned of them, and then it does not say why one is hidden.
    held = tally.refused[HELD] + sum(hidden.hash in holds for hidden in tally.intake.hidden)
    return {
        "member": said.member,
        "state": locked.state,
        **({"admitted": list(locked.admitted)} if locked.admitted else {}),
        "release": tally.intake.release,
        "epoch": said.epoch,
        "number": said.number,
        "issued_at": said.issued_at,
        "valid_until": said.valid_until,
        "form": tally.intake.form,
        "records": tally.records,
        "taken": dict(sorted(tally.by_type.items())),
        "refused": dict(sorted(tally.refused.items())),
        "hidden": len(tally.intake.hidden),
        "held": held,
        "withheld": len(locked.withheld),
        "held_fields": tally.held_fields,
        "withdrawn": len(locked.tombstones),
        "passed_over": [{"epoch": p.epoch, "number": p.number, "code": p.code} for p in locked.passed_over],
        "two_copies": [[e.epoch, e.number] for e in locked.evidence],
    }
