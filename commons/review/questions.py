"""What a person is asked: pairs that may be one thing, relations, readers' proposals; most useful first.

Reads a pool and what one catalogue has judged already; writes nothing (`answers` does). A pair inside another
member is never asked: nobody but that member can settle it. Records are read by `records`, what was said of
them by `said`, what waits in the catalogue by `waiting`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from commons.catalogue.record import StoredRecord
from commons.catalogue.store import Catalogue
from commons.link.judged import changed_since
from commons.link.judgements import (
    DIFFERENT,
    SAME,
    Judgement,
    Pair,
    Settled,
    Votes,
    owners_of,
    settle,
    votes_of,
)
from commons.link.model import pair
from commons.pool.read import Pool
from commons.pool.why import Evidence, candidates, proposals
from commons.review import waiting, whose
from commons.review.records import Records, Side
from commons.review.said import as_judgement, ends_of, relation_of, rules_of, said_in
from commons.review.weighing import Weight, weigh_all
from commons.review.whose import Way

ALIKE, RELATION, PROPOSED = "alike", "relation", "proposed"  # kinds of questions
_WEIGHED = 20_000  # claims of a type that are read while a person waits, in some two seconds
_URGENT = ("disputed", "judge-again")


@dataclass(frozen=True, slots=True)
class Ask:
    """A question before anybody has looked up the two records. `relation`: a term of `relation_kinds`."""

    kind: str
    a: str
    b: str
    score: int = 0
    reason: str = ""
    evidence: Evidence = field(default_factory=dict)
    relation: str = ""

    @property
    def pair(self) -> Pair:
        """The two addresses, the lesser one first."""
        return pair(self.a, self.b)

    @property
    def triple(self) -> tuple[str, str, str]:
        """The relation that is asked about."""
        return self.a, self.relation, self.b


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is asked. `mine`: what this catalogue said before; `changed`: what changed since."""

    ask: Ask
    left: Side
    right: Side
    others: Mapping[str, tuple[str, ...]]  # verdict → names of other members who say so
    mine: str = ""
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """Which questions are wanted; None and 0: all. `member` is a member's id, `district` its code."""

    type: str | None = None
    member: str | None = None
    district: str | None = None
    least: int | None = None
    most: int | None = None


class Questions:
    """The questions of one pool to one catalogue."""

    def __init__(self, connection: sqlite3.Connection, catalogue: Catalogue) -> None:
        self.pool = Pool(connection)
        self.me = catalogue.member_id
        self._catalogue = catalogue
        self.records = Records(self.pool)
        self.rules = rules_of(self.pool)
        self._said: dict[Pair, list[tuple[Judgement, bool]]] = {}
        for judgement, counts in said_in(connection):
            if judgement.speaker != self.me:  # ours count as they stand in the catalogue now
                of = pair(judgement.left, judgement.right)
                self._said.setdefault(of, []).append((judgement, counts))
        self._votes: dict[Pair, Votes] = {}
        self._weights: dict[Pair, Weight | None] = {}
        self._unweighed: set[Pair] = set()
        self.refresh()

    def refresh(self) -> None:
        """Look again at what the catalogue says; to be called after each answer."""
        records = list(self._catalogue.records("judgement"))
        self.mine = {pair(*ends_of(r)): r for r in records if all(ends_of(r))}
        self._relations = {relation_of(r, self.me) for r in self._catalogue.records("relation")}
        self._declined = waiting.declined(self._catalogue)

    @property
    def is_member(self) -> bool:
        """Whether this pool takes up releases of the catalogue, so that its word can count here."""
        return self.me in self.records.names

    # which questions

    def open(self, filters: Filters = Filters()) -> list[Ask]:
        """Every question that is open for this catalogue, most useful first.

        First what this catalogue's word settles, then what was disputed or overtaken, then by score: two that
        are much alike are most often one, and it shows at once.
        """
        asks = [a for a in self._asks() if self._is_open(a)]
        self._unweighed = {a.pair for a in asks if _lacks_evidence(a)} - self._weights.keys()
        if filters.least is not None or filters.most is not None:
            asks = [self._with_evidence(a) for a in asks]
        return sorted([a for a in asks if self._wanted(a, filters)], key=self._rank)

    def _asks(self) -> Iterator[Ask]:
        connection = self.pool.connection
        proposed = waiting.proposals(self._catalogue)
        for a, b in sorted(proposed - self.gone()):
            yield Ask(PROPOSED, a, b, 0, "proposed")
        related = {pair(p.a, p.b): p for p in proposals(connection)}
        for tie in candidates(connection):
            if (tie.a, tie.b) not in proposed and (tie.a, tie.b) not in related:
                yield Ask(ALIKE, tie.a, tie.b, tie.score, tie.reason, tie.evidence)
        for p in related.values():
            yield Ask(RELATION, p.a, p.b, 0, p.reason, p.evidence, p.kind)

    def gone(self) -> set[Pair]:
        """Readers' proposals that wait though this pool lacks a record: withdrawn, or another pool's."""
        return {p for p in waiting.proposals(self._catalogue) if not all(map(self.records.has, p))}

    def asks_if_proposed(self, of: Pair) -> bool:
        """Whether this catalogue would be asked about a pair if a reader said that it is not one thing."""
        return self._is_open(Ask(PROPOSED, *pair(*of)))

    def _is_open(self, ask: Ask) -> bool:
        owners = owners_of(ask.pair)
        if len(owners) == 1 and self.me not in owners:
            return False
        known = self.mine.get(ask.pair)
        if known is not None and not self.changed(known):
            # a reader who contradicts what was said here is heard; who says the same says nothing new
            return ask.kind == PROPOSED and known.fields.get("verdict") != DIFFERENT
        if ask.kind == RELATION:
            return ask.triple not in self._relations and ask.triple not in self._declined
        return True

    def changed(self, record: StoredRecord) -> tuple[str, ...]:
        """What changed a lot since this catalogue judged; empty where its word still stands."""
        judgement = as_judgement(record, self.me)
        fields = self.records.fields
        return changed_since(judgement, fields(judgement.left), fields(judgement.right))

    def _wanted(self, ask: Ask, filters: Filters) -> bool:
        if filters.type and filters.type not in (_type(ask.a), _type(ask.b)):
            return False
        if filters.member and filters.member not in owners_of(ask.pair):
            return False
        if filters.least is not None and ask.score < filters.least:
            return False
        if filters.most is not None and ask.score > filters.most:
            return False
        district = self.records.district
        return not filters.district or filters.district in (district(ask.a), district(ask.b))

    def _rank(self, ask: Ask) -> tuple[bool, bool, bool, bool, int, str, str]:
        return (
            ask.kind != PROPOSED,
            not self.settles(ask.pair),
            ask.reason not in _URGENT,
            ask.kind == RELATION,
            -ask.score,
            ask.a,
            ask.b,
        )

    # whose word counts

    def votes(self, of: Pair) -> Votes:
        """The voices of others that stand: "same" of what has changed a lot since is none."""
        if of not in self._votes:
            said = self._said.get(of, [])
            changed = {
                j.address for j, counts in said if j.verdict == SAME and not counts and self._is_other(j)
            }
            self._votes[of] = votes_of((j for j, _counts in said), changed).get(of, Votes())
        return self._votes[of]

    def _is_other(self, judgement: Judgement) -> bool:
        fields = self.records.fields
        return bool(changed_since(judgement, fields(judgement.left), fields(judgement.right)))

    def settles(self, of: Pair) -> bool:
        """Whether one word of this catalogue would settle the pair, at least for its own claim."""
        return any(self.settles_as(of, verdict) for verdict in (SAME, DIFFERENT))

    def settles_as(self, of: Pair, verdict: str) -> bool:
        """Whether the pair would stand as `verdict`, and undisputed, if this catalogue said so."""
        return self.is_member and whose.holds(self.outcome(of, verdict), verdict, lasting=True)

    def outcome(self, of: Pair, verdict: str) -> Settled:
        """How the pair would stand if this catalogue said `verdict` of it."""
        return settle(of, whose.with_words(self.votes(of), (self.me,), verdict), self.rules)

    def ways_after(self, of: Pair, verdict: str) -> list[Way]:
        """Whose words would still be needed for `verdict`, after this catalogue said it."""
        votes = whose.with_words(self.votes(of), (self.me,), verdict)
        return whose.ways(of, votes, self.rules, verdict, self.records.names, lasting=True)

    def voices(self, of: Pair) -> dict[str, tuple[str, ...]]:
        """Who else says what of a pair: verdict → names of members."""
        votes = self.votes(of)
        said = {SAME: votes.same, DIFFERENT: votes.different}
        name = self.records.name
        return {v: tuple(sorted(name(m) for m in speakers)) for v, speakers in said.items() if speakers}

    # the two records

    def question(self, ask: Ask, *, weighed: bool = True) -> Question | None:
        """The question with both records; None where one of them is no longer in the pool.

        Args:
            weighed: with what speaks for and against, also where that takes a reading of the pool.
        """
        left, right = self.records.side(ask.a), self.records.side(ask.b)
        if left is None or right is None:
            return None
        known = self.mine.get(ask.pair)
        return Question(
            self._with_evidence(ask) if weighed else ask,
            left,
            right,
            self.voices(ask.pair),
            str(known.fields.get("verdict") or "") if known else "",
            self.changed(known) if known else (),
        )

    def _with_evidence(self, ask: Ask) -> Ask:
        """What was disputed or overtaken, and a reader's proposal, with what speaks for and against it."""
        if not _lacks_evidence(ask):
            return ask
        if ask.pair not in self._weights and self._are_few(_type(ask.a)):
            self.weigh([of for of in {ask.pair, *self._unweighed} if _type(of[0]) == _type(ask.a)])
        found = self._weights.get(ask.pair)
        return replace(ask, score=found.total, evidence=found.parts) if found else ask

    def _are_few(self, type_name: str) -> bool:
        sql = "SELECT count(*) FROM (SELECT 1 FROM claim WHERE type = ? LIMIT ?)"
        (n,) = self.pool.connection.execute(sql, (type_name, _WEIGHED + 1)).fetchone()
        return bool(n <= _WEIGHED)

    def weigh(self, pairs: Iterable[Pair] | None = None) -> None:
        """Weigh pairs of which the pool keeps no evidence, however many claims it has; None: those open.

        Each type's claims are read once for all of them. Who does not ask for it has them weighed with the
        first such question, where that takes little time.
        """
        asked = set(self._unweighed if pairs is None else pairs) - self._weights.keys()
        found = weigh_all(self.pool, asked)
        self._weights.update((of, found.get(of)) for of in asked)


def _lacks_evidence(ask: Ask) -> bool:
    return ask.kind != RELATION and not ask.evidence


def _type(address: str) -> str:
    return address.split("/")[1]
