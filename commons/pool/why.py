"""Why claims are together, apart or in question, as the pool keeps it: links, candidates, judgements.

Reads rows and parses them; weighs nothing again and makes no sentences (`commons.evidence` has the words).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SAME, DIFFERENT = "same", "different"
_MOST = 400  # addresses in one question to SQLite

Evidence = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Tie:
    """Two claims that are linked, or may be (then `reason` says why they are not)."""

    a: str
    b: str
    score: int
    reason: str
    evidence: Evidence = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A relation that linking proposes: `a` is `kind` of `b`."""

    a: str
    b: str
    kind: str
    reason: str
    evidence: Evidence = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Word:
    """One member's judgement of two claims. `counts`: it is among those in force."""

    address: str
    member: str
    left: str
    right: str
    verdict: str
    reason: str
    judged_at: str
    counts: bool
    left_title: str = ""
    right_title: str = ""

    def other(self, address: str) -> str:
        """The one that `address` is judged with."""
        return self.right if address == self.left else self.left


@dataclass(frozen=True, slots=True)
class Why:
    """Why an entity's claims are shown together: what links them, who says so, what they are not."""

    links: tuple[Tie, ...] = ()
    same: tuple[Word, ...] = ()
    different: tuple[Word, ...] = ()  # in force, and of one of these claims and something else


def why(connection: sqlite3.Connection, addresses: Sequence[str]) -> Why:
    """What holds these claims of one entity together, and what one of them was judged not to be."""
    here = frozenset(addresses)
    words = [w for w in judgements(connection, addresses) if w.counts]
    return Why(
        tuple(links(connection, addresses)),
        tuple(w for w in words if w.verdict == SAME and {w.left, w.right} <= here),
        tuple(w for w in words if w.verdict == DIFFERENT and not {w.left, w.right} <= here),
    )


def links(connection: sqlite3.Connection, addresses: Iterable[str]) -> Iterator[Tie]:
    """The links that hold claims of one entity together, best first."""
    found = (_tie(row) for row in _asked(connection, "SELECT * FROM link WHERE a IN ({})", addresses))
    yield from sorted(found, key=lambda t: (-t.score, t.a, t.b))


def candidates(connection: sqlite3.Connection, addresses: Iterable[str] | None = None) -> Iterator[Tie]:
    """What needs a person, about any of the claims named; best first. None: all of the pool."""
    if addresses is None:
        rows: Iterable[tuple[Any, ...]] = connection.execute("SELECT * FROM candidate")
    else:
        asked = list(addresses)
        rows = {
            row
            for side in ("a", "b")
            for row in _asked(connection, f"SELECT * FROM candidate WHERE {side} IN ({{}})", asked)
        }
    yield from sorted(map(_tie, rows), key=lambda t: (-t.score, t.a, t.b))


def proposals(connection: sqlite3.Connection) -> Iterator[Proposed]:
    """All relations that linking proposes, in order of their addresses."""
    for a, b, kind, reason, evidence in connection.execute("SELECT * FROM related ORDER BY a, b, kind"):
        yield Proposed(a, b, kind, reason, json.loads(evidence))


def judgements(connection: sqlite3.Connection, addresses: Iterable[str]) -> list[Word]:
    """Every judgement that names one of the claims, in force or not; in order of their addresses."""
    asked = list(addresses)
    names = 'address, member, "left", "right", verdict, reason, judged_at, counts, left_title, right_title'
    found = {
        row
        for side in ("left", "right")
        for row in _asked(connection, f'SELECT {names} FROM judgement WHERE "{side}" IN ({{}})', asked)
    }
    return sorted((_word(row) for row in found), key=lambda w: w.address)


@dataclass(frozen=True, slots=True)
class Related:
    """A relation as one member says it, about one of some claims: subject is `kind` of object."""

    member: str
    subject: str
    kind: str
    object: str
    note: str = ""

    def other(self, addresses: Iterable[str]) -> str:
        """The end that is none of `addresses`."""
        return self.object if self.subject in set(addresses) else self.subject


def relations(connection: sqlite3.Connection, addresses: Sequence[str]) -> list[Related]:
    """What members say that these claims have to do with others; not among themselves."""
    here = frozenset(addresses)
    sql = "SELECT member, subject, kind, object, note FROM relation WHERE {side} IN ({{}})"
    rows = {
        row for side in ("subject", "object") for row in _asked(connection, sql.format(side=side), addresses)
    }
    found = (Related(member, one, kind, other, note or "") for member, one, kind, other, note in rows)
    outward = (r for r in found if not {r.subject, r.object} <= here)
    return sorted(outward, key=lambda r: (r.kind, r.subject, r.object, r.member))


def _asked(connection: sqlite3.Connection, sql: str, addresses: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """Rows of a question about any number of addresses."""
    asked = list(addresses)
    for at in range(0, len(asked), _MOST):
        some = asked[at : at + _MOST]
        for row in connection.execute(sql.format(",".join("?" * len(some))), some):
            yield tuple(row)


def _tie(row: tuple[Any, ...]) -> Tie:
    a, b, score, reason, evidence = row
    return Tie(a, b, score, reason, json.loads(evidence))


def _word(row: tuple[Any, ...]) -> Word:
    address, member, left, right, verdict, reason, judged_at, counts, left_title, right_title = row
    return Word(
        address, member, left, right, verdict, reason or "", judged_at or "", bool(counts),
        left_title or "", right_title or "",
    )  # fmt: skip
