"""What a person is asked: pairs that may be one thing, relations, readers' proposals; most useful first.

Reads a pool and what one catalogue has judged already; writes nothing (`answers` does). A pair inside another
member is never asked: nobody but that member can settle it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from commons.catalogue.record import StoredRecord
from commons.catalogue.store import Catalogue
from commons.link.judged import changed_since
from commons.link.judgements import (
    DIFFERENT,
    SAME,
    Judgement,
    Pair,
    Rules,
    Settled,
    Votes,
    owners_of,
    settle,
    votes_of,
)
from commons.link.model import pair
from commons.pool.read import Pool
from commons.pool.why import Evidence, candidates, proposals
from commons.review import whose
from commons.review.weighing import weigh
from commons.review.whose import Way
from commons.schema.spec import load_schema

ALIKE, RELATION, PROPOSED = "alike", "relation", "proposed"  # kinds of questions
DECLINED = "review.declined"  # settings of a catalogue: relations that were declined
TAKEN_IN = "review.proposals"  # … readers' proposals that wait for a judgement
_WEIGHED = 20_000  # claims of a type up to which nobody waits for a pair to be weighed again
_URGENT = ("disputed", "judge-again")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two records, as its member says it. `fields` with the salt; show what the schema shows.

    `named`: what a reference of it leads to in the pool → its title.
    """

    address: str
    member: str
    member_name: str
    type: str
    title: str
    district: str | None
    fields: Mapping[str, Any]
    held: tuple[str, ...]
    named: Mapping[str, str] = field(default_factory=dict)


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
        return pair(self.a, self.b)


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
        self._names = self.pool.member_names()
        self.rules = rules_of(self.pool)
        self._said: dict[Pair, list[tuple[Judgement, bool]]] = {}
        for judgement, counts in said_in(connection):
            if judgement.speaker != self.me:  # ours count as they stand in the catalogue now
                of = pair(judgement.left, judgement.right)
                self._said.setdefault(of, []).append((judgement, counts))
        self._votes: dict[Pair, Votes] = {}
        self.refresh()

    def refresh(self) -> None:
        """Look again at what the catalogue says; to be called after each answer."""
        records = list(self._catalogue.records("judgement"))
        self.mine = {pair(*_ends(r)): r for r in records if all(_ends(r))}
        self._relations = {_relation(r, self.me) for r in self._catalogue.records("relation")}
        self._declined = {tuple(d) for d in _texts(self._catalogue.settings.get(DECLINED))}

    @property
    def is_member(self) -> bool:
        """Whether this pool takes up releases of the catalogue, so that its word can count here."""
        return self.me in self._names

    # which questions

    def open(self, filters: Filters = Filters()) -> list[Ask]:
        """Every question that is open for this catalogue, most useful first.

        First what this catalogue's word settles, then what was disputed or overtaken, then by score: two that
        are much alike are most often one, and it shows at once.
        """
        found = [a for a in self._asks() if self._is_open(a) and self._wanted(a, filters)]
        return sorted(found, key=self._rank)

    def _asks(self) -> Iterator[Ask]:
        connection = self.pool.connection
        proposed = self._waiting()
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
        return {p for p in self._waiting() if not all(map(self.has, p))}

    def _waiting(self) -> set[Pair]:
        return {pair(*p) for p in _texts(self._catalogue.settings.get(TAKEN_IN)) if len(p) == 2}

    def has(self, address: str) -> bool:
        """Whether the pool shows what a member says under this address."""
        return self.side(address) is not None

    def _is_open(self, ask: Ask) -> bool:
        owners = owners_of(ask.pair)
        if len(owners) == 1 and self.me not in owners:
            return False
        known = self.mine.get(ask.pair)
        if known is not None and not self._overtaken(known):
            return False
        if ask.kind == RELATION:
            said = (ask.a, ask.relation, ask.b)
            return said not in self._relations and said not in self._declined
        return True

    def _overtaken(self, record: StoredRecord) -> bool:
        return bool(self.changed(record))

    def changed(self, record: StoredRecord) -> tuple[str, ...]:
        """What changed a lot since this catalogue judged; empty where its word still stands."""
        judgement = as_judgement(record, self.me)
        left, right = self._fields(judgement.left), self._fields(judgement.right)
        return changed_since(judgement, left, right)

    def _wanted(self, ask: Ask, filters: Filters) -> bool:
        if filters.type and filters.type not in (_type(ask.a), _type(ask.b)):
            return False
        if filters.member and filters.member not in owners_of(ask.pair):
            return False
        if filters.least is not None and ask.score < filters.least:
            return False
        if filters.most is not None and ask.score > filters.most:
            return False
        return not filters.district or filters.district in (self._district(ask.a), self._district(ask.b))

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
        return bool(changed_since(judgement, self._fields(judgement.left), self._fields(judgement.right)))

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
        return whose.ways(of, votes, self.rules, verdict, self._names, lasting=True)

    def voices(self, of: Pair) -> dict[str, tuple[str, ...]]:
        """Who else says what of a pair: verdict → names of members."""
        votes = self.votes(of)
        said = {SAME: votes.same, DIFFERENT: votes.different}
        return {v: tuple(sorted(self.name(m) for m in speakers)) for v, speakers in said.items() if speakers}

    # the two records

    def name(self, member: str) -> str:
        """What a member calls itself; its id where this pool does not know it."""
        return self._names.get(member, member)

    def question(self, ask: Ask) -> Question | None:
        """The question with both records; None where one of them is no longer in the pool."""
        left, right = self.side(ask.a), self.side(ask.b)
        if left is None or right is None:
            return None
        known = self.mine.get(ask.pair)
        return Question(
            self._with_evidence(ask),
            left,
            right,
            self.voices(ask.pair),
            str(known.fields.get("verdict") or "") if known else "",
            self.changed(known) if known else (),
        )

    def _with_evidence(self, ask: Ask) -> Ask:
        """What was disputed or overtaken, and a reader's proposal, with what speaks for and against it."""
        if ask.kind == RELATION or ask.evidence:
            return ask
        sql = "SELECT count(*) FROM (SELECT 1 FROM claim WHERE type = ? LIMIT ?)"
        (n,) = self.pool.connection.execute(sql, (_type(ask.a), _WEIGHED + 1)).fetchone()
        found = weigh(self.pool, ask.a, ask.b) if n <= _WEIGHED else None
        return replace(ask, score=found.total, evidence=found.parts) if found else ask

    def side(self, address: str) -> Side | None:
        """A claim as its member says it; None where the pool has none."""
        sql = (
            "SELECT c.member, c.type, c.json, c.held, e.district FROM alias a "
            "JOIN entity e ON e.id = a.entity "
            "JOIN claim c ON c.entity = a.entity AND c.address = a.address WHERE a.address = ?"
        )
        row = self.pool.connection.execute(sql, (address,)).fetchone()
        if row is None:
            return None
        member, type_name, text, held, district = row
        fields = _parsed(text)
        own = fields.get("district")
        return Side(
            address,
            member,
            self.name(member),
            type_name,
            str(fields.get("title") or address.rpartition("/")[2]),
            str(own) if own else district,
            fields,
            tuple(_parsed_list(held)),
            dict(self._named(type_name, member, fields)),
        )

    def _named(self, type_name: str, member: str, fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What the record's references are called, as far as they lead somewhere here."""
        for name, field_ in load_schema().types[type_name].fields.items():
            text = fields.get(name)
            if field_.format != "reference" or not isinstance(text, str):
                continue
            sql = "SELECT e.title FROM alias a JOIN entity e ON e.id = a.entity WHERE a.address = ?"
            address = text if text.count("/") == 2 else f"{member}/{text}"
            row = self.pool.connection.execute(sql, (address,)).fetchone()
            if row is not None and row[0]:
                yield text, str(row[0])

    def _fields(self, address: str) -> Mapping[str, Any] | None:
        found = self.side(address)
        return found.fields if found else None

    def _district(self, address: str) -> str | None:
        found = self.side(address)
        return found.district if found else None


def rules_of(pool: Pool) -> Rules:
    """Whose judgements count in this pool's federation."""
    judges: Any = (pool.meta.get("federation") or {}).get("judges") or {}
    return Rules(frozenset(judges.get("from") or ()), int(judges.get("quorum") or 2))


def said_in(connection: sqlite3.Connection, of: Pair | None = None) -> Iterator[tuple[Judgement, bool]]:
    """The judgements that a pool keeps, of one pair or all, as linking weighs them; whether each counts."""
    names = 'address, member, "left", "right", verdict, left_title, left_digest, right_title, right_digest'
    sql = f"SELECT counts, {names} FROM judgement"
    asked: tuple[str, ...] = ()
    if of is not None:
        sql += ' WHERE ("left" = ? AND "right" = ?) OR ("left" = ? AND "right" = ?)'
        asked = (*of, *of[::-1])
    for counts, *row in connection.execute(sql, asked):
        yield Judgement(*(text or "" for text in row)), bool(counts)


def as_judgement(record: StoredRecord, member: str) -> Judgement:
    """A judgement of a catalogue as linking weighs it."""
    said: Any = record.fields
    return Judgement(
        f"{member}/judgement/{record.id}",
        member,
        *_ends(record),
        str(said.get("verdict") or ""),
        str(said.get("left_title") or ""),
        str(said.get("left_digest") or ""),
        str(said.get("right_title") or ""),
        str(said.get("right_digest") or ""),
    )


def _ends(record: StoredRecord) -> tuple[str, str]:
    return str(record.fields.get("left") or ""), str(record.fields.get("right") or "")


def _relation(record: StoredRecord, member: str) -> tuple[str, str, str]:
    """Subject, kind, object, with full addresses."""
    said = [str(record.fields.get(name) or "") for name in ("subject", "kind", "object")]
    full = [text if text.count("/") != 1 else f"{member}/{text}" for text in said]
    return full[0], said[1], full[2]


def _texts(value: object) -> Iterator[list[str]]:
    """Lists of texts kept as a setting; anything else is passed over."""
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, list) and all(isinstance(t, str) for t in entry):
            yield [str(t) for t in entry]


def _type(address: str) -> str:
    return address.split("/")[1]


def _parsed(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)[2]
    return found


def _parsed_list(text: str | None) -> list[str]:
    return list(json.loads(text)) if text else []


def wait_for(catalogue: Catalogue, pairs: Iterable[Pair]) -> int:
    """Keep readers' proposals until somebody judges them; how many are new."""
    known = [list(p) for p in _texts(catalogue.settings.get(TAKEN_IN))]
    new = [list(p) for p in dict.fromkeys(pair(*p) for p in pairs) if list(p) not in known]
    if new:
        catalogue.settings[TAKEN_IN] = [*known, *new]  # type: ignore[list-item]
    return len(new)


def answered(catalogue: Catalogue, of: Pair) -> None:
    """A reader's proposal was judged: it waits no longer."""
    known = [list(p) for p in _texts(catalogue.settings.get(TAKEN_IN))]
    left = [p for p in known if pair(*p[:2]) != of]
    if len(left) != len(known):
        catalogue.settings[TAKEN_IN] = left  # type: ignore[assignment]


def decline(catalogue: Catalogue, ask: Ask) -> None:
    """Remember that a relation was looked at and does not hold, so that it is not asked again."""
    known = [list(d) for d in _texts(catalogue.settings.get(DECLINED))]
    catalogue.settings[DECLINED] = [*known, [ask.a, ask.relation, ask.b]]  # type: ignore[list-item]


def accept_again(catalogue: Catalogue, ask: Ask) -> None:
    """Take a declined relation back: it is asked again."""
    said = [ask.a, ask.relation, ask.b]
    known = [list(d) for d in _texts(catalogue.settings.get(DECLINED))]
    catalogue.settings[DECLINED] = [d for d in known if d != said]  # type: ignore[misc]


def kinds(asks: Collection[Ask]) -> dict[str, int]:
    """How many questions of each kind."""
    return {kind: n for kind in (PROPOSED, ALIKE, RELATION) if (n := sum(a.kind == kind for a in asks))}
