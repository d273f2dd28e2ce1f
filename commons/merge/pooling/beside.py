"""What a pool holds beside its things: lists, links, members, receipts, what it says of itself.

Written whole at the end of every merge, also of one that starts from the last pool: it is little, and much of
it changes with the moment. Only receipts that say what they said are left as they are. Decides nothing; what
counts and what is linked is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from commons.federation.lock import Lock
from commons.format.instants import instant
from commons.link.judgements import Judgement, Verdicts
from commons.merge.claims import fields_of
from commons.merge.fuse import Vouch, standing
from commons.merge.linking.rounds import Linked
from commons.merge.pooling import receipts
from commons.merge.pooling.disagreements import Watch
from commons.merge.pooling.memory import Noted
from commons.merge.pooling.receipts import MemberTally, Receipt
from commons.merge.succession import heir
from commons.pool.contract import LISTS, quoted
from commons.pool.rows import Cell
from commons.pool.write import Writer

WHOLE = (*LISTS, "candidate", "link", "related", "withdrawal", "hold", "member", "meta")
Dangling = list[tuple[str, str, str]]  # type, field, address
_WHEN_JUDGED = ("left_title", "left_digest", "right_title", "right_digest")


@dataclass(slots=True)
class Gathered:
    """What a merge keeps of all claims: only lists that it needs whole."""

    judgements: list[Judgement] = field(default_factory=list)
    vouches: list[Vouch] = field(default_factory=list)
    catalogues: dict[str, dict[str, Any]] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    lapsed: set[str] = field(default_factory=set)
    tallies: dict[str, MemberTally] = field(default_factory=dict)

    def hear(self, said: Iterable[tuple[str, str, str]], successors: Mapping[str, str]) -> None:
        """Take up what is said about things and members: (type, address, JSON), in order of addresses."""
        for type_name, address, text in said:
            member = address.partition("/")[0]
            if type_name == "catalogue":
                self.catalogues[member] = fields_of(text)
            elif type_name == "judgement":
                values = map(fields_of(text).get, ("left", "right", "verdict", *_WHEN_JUDGED))
                left, right, *rest = (str(v or "") for v in values)
                left, right = heir(left, successors), heir(right, successors)
                if left != right:
                    self.judgements.append(Judgement(address, member, left, right, *rest))
            elif type_name == "vouch":
                fields = fields_of(text)
                more = (fields.get("digest"), fields.get("expires_at"))
                self.vouches.append(Vouch(member, str(fields.get("about")), str(fields.get("kind")), *more))


def last_receipts(writer: Writer) -> dict[str, str]:
    """Member → its receipt in the last pool, as JSON."""
    return dict(writer.connection.execute("SELECT member, json FROM receipt").fetchall())


def clear(writer: Writer) -> None:
    """Take out all of it that the last pool holds, but the receipts: most of them will be the same."""
    for table in WHOLE:
        writer.connection.execute(f"DELETE FROM {quoted(table)}")


@dataclass(frozen=True, slots=True)
class Beside:
    """One merge's lock and the lock's text, its writer, what it gathered, and its notes."""

    lock: Lock
    text: bytes
    writer: Writer
    gathered: Gathered
    noted: Noted

    @property
    def as_of(self) -> str:
        return instant(self.lock.as_of)

    def write(self, root: str, verdicts: Verdicts, linked: Linked) -> dict[str, int]:
        """Everything but the receipts; gives how many things of each type there are."""
        self._lists(verdicts)
        self._linked(linked)
        self._words()
        self._members()
        self.writer.flush()
        run = self.writer.connection.execute
        counts: dict[str, int] = dict(
            run("SELECT type, count(*) FROM entity GROUP BY type ORDER BY type").fetchall()
        )
        (claims,) = run("SELECT count(*) FROM claim").fetchone()
        self._meta(root, {**counts, "members": len(self.gathered.tallies), "claims": claims})
        return counts

    def receipts(self, linked: Linked, dangling: Dangling, watch: Watch) -> dict[str, Receipt]:
        """What each member reads; gives it by member."""
        return receipts.write(
            self.lock, self.writer, self.gathered.tallies, linked, dangling, watch, as_of=self.as_of
        )

    def _lists(self, verdicts: Verdicts) -> None:
        for type_name, address, text in self.noted.said():
            if type_name == "catalogue":
                continue
            fields = fields_of(text)
            counts = (
                type_name == "relation"
                or address in verdicts.counted
                or (type_name == "vouch" and self._vouch_counts(address, fields))
            )
            self._fill(type_name, address, fields, int(counts))

    def _fill(self, type_name: str, address: str, fields: Mapping[str, Any], counts: int) -> None:
        first: dict[str, Cell] = {"address": address, "member": address.partition("/")[0], "counts": counts}
        self.writer.fill(type_name, [self.writer.shaper.filled(type_name, first, fields)])

    def _vouch_counts(self, address: str, fields: Mapping[str, Any]) -> bool:
        """A word for oneself does not count, nor one that has run out."""
        own = str(fields["about"]).partition("/")[0] == address.partition("/")[0]
        return not own and str(fields.get("expires_at", "9")) > self.as_of

    def _linked(self, linked: Linked) -> None:
        add = self.writer.add
        for c in linked.candidates:
            add("candidate", (c.a, c.b, c.score, c.reason, receipts.as_json(dict(c.evidence))))
        for k in sorted(linked.links):
            add("link", (k.a, k.b, k.score, k.reason, receipts.as_json(dict(k.evidence))))
        for r in sorted(linked.related):
            add("related", (r.a, r.b, r.kind, r.reason, receipts.as_json(dict(r.evidence))))

    def _words(self) -> None:
        """What is withdrawn and what is held."""
        stones = [
            (s.hash, m, s.kind, s.epoch, s.number) for m, k in self.lock.members.items() for s in k.tombstones
        ]
        for stone in sorted(stones):
            self.writer.add("withdrawal", stone)
        holds = sorted((h.hash, h.field or "", instant(h.until)) for h in self.lock.holds)
        for what, until in {(hashed, name): until for hashed, name, until in holds}.items():
            self.writer.add("hold", (*what, until))  # held twice: until the later day

    def _members(self) -> None:
        names = {m.id: m for m in self.lock.policy.members}
        for member_id, tally in self.gathered.tallies.items():
            locked, policy = self.lock.members[member_id], names.get(member_id)
            said = self.gathered.catalogues.get(member_id, {})
            shown = standing(said) if member_id in self.gathered.lapsed else said
            row = receipts.member_row(tally, locked, policy, shown)
            tally.findings[:0] = receipts.unconfirmed(policy, said)
            self.writer.add("member", row)

    def _meta(self, root: str, counts: Mapping[str, int]) -> None:
        lock = self.lock
        self.writer.meta(
            {
                "protocol": str(lock.protocol),
                "linker": lock.linker,
                "root": root,
                "as_of": self.as_of,
                "lock": self.text.decode(),
                "federation": {**lock.policy.to_json(), "site": lock.policy.site},
                "counts": counts,
            }
        )
