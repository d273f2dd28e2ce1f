"""From claims in an unfinished pool to clusters. Decides nothing itself: `link` does.

Only claims that share something (an identifier, a `same_as`, a judgement) are ever held in memory; which ones
do is found by SQL over the merge's notes, so that a million claims of their own cost nothing here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from commons.link.exact import decide, decide_at_places, strong_identifier
from commons.link.judgements import Judgement, Verdicts
from commons.link.model import Candidate, Decision, Link, LinkClaim, Related
from commons.link.whole import link_claim, with_proposals
from commons.merge.claims import fields_of
from commons.merge.linking import shelf
from commons.merge.linking.shelf import Aside
from commons.merge.succession import heir
from commons.merge.workers import few_cycles

AT_PLACE = "service_at_place"
_TABLES = {
    "link_key": "type TEXT, value TEXT, number INTEGER",
    "link_to": "number INTEGER, target TEXT",
    "at_place": "address TEXT, service TEXT, place TEXT",
}
_IN_ORDER = {"link_key": ", PRIMARY KEY (type, value, number)) WITHOUT ROWID"}  # how the others end: ")"
_OF = {"link_key": "number", "link_to": "number", "at_place": "address"}  # whose row it is


@dataclass(frozen=True, slots=True)
class Linked:
    """What both rounds decided, together."""

    clusters: tuple[tuple[str, ...], ...]
    links: tuple[Link, ...]
    candidates: tuple[Candidate, ...]
    unknown: tuple[str, ...]
    related: tuple[Related, ...] = ()


def keys_of(
    number: int, address: str, type: str, fields: Mapping[str, object]
) -> Iterator[tuple[str, tuple[str | int | bytes, ...]]]:
    """What a claim of a type that has entities can be linked by: (table, row). Most have nothing."""
    if type == AT_PLACE:
        service, place = fields.get("service"), fields.get("place")
        if isinstance(service, str) and isinstance(place, str):
            yield "at_place", (address, service, place)
    named = fields.get("same_as")
    if isinstance(named, str):
        yield "link_to", (number, named)
    elif (row := shelf.row_of(number, type, fields)) is not None:
        yield shelf.TABLE, row
    identifiers = fields.get("identifiers")
    if isinstance(identifiers, list):
        for value in {strong_identifier(v) for v in identifiers if isinstance(v, str)}:
            if value is not None:
                yield "link_key", (type, value, number)


class Keys:
    """Gathers what claims can be linked by, in tables of the merge's notes (`memory`).

    Args:
        successors: old member id → who stands in its place.
        state: the file in which linking remembers, if it may.
        features: the file of what can be recognised, if it is to stay with the notes.
        empty: nothing was noted before.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        successors: Mapping[str, str] | None = None,
        state: Path | None = None,
        features: Path | None = None,
        *,
        empty: bool = True,
    ) -> None:
        self._connection = connection
        self._successors = successors or {}
        for name, columns in _TABLES.items() if empty else ():
            connection.execute(f"CREATE TABLE noted.{name} ({columns}{_IN_ORDER.get(name, ')')}")
        self.aside = Aside(connection, state, features, empty=empty)

    def close(self) -> None:
        """Let go of the disk."""
        self.aside.close()

    def take(self, noted: Mapping[str, Iterable[Sequence[object]]]) -> None:
        """Rows of `keys_of`, by table."""
        for table, rows in noted.items():
            if table == shelf.TABLE:
                self.aside.take(rows)
                continue
            marks = ", ".join("?" * len(_TABLES[table].split(",")))
            self._connection.executemany(f"INSERT INTO noted.{table} VALUES ({marks})", rows)

    def forget(self) -> None:
        """Everything of the claims in `temp.leaving` (number, address)."""
        for table, whose in _OF.items():
            sql = f"DELETE FROM noted.{table} WHERE {whose} IN (SELECT {whose} FROM temp.leaving)"
            self._connection.execute(sql)
        self.aside.forget()

    def claims(self, also: Iterable[str]) -> dict[str, LinkClaim]:
        """Every claim that shares something, by address; `also` names further ones, if they are here.

        To be called while every claim is still an entity of its own.
        """
        found = self._connection.execute(
            "SELECT number FROM link_key WHERE (type, value) IN "
            "(SELECT type, value FROM link_key GROUP BY type, value HAVING count(*) > 1)"
        )
        numbers = {row[0] for row in found}
        named = self._connection.execute("SELECT number, target FROM link_to").fetchall()
        numbers.update(number for number, _target in named)
        numbers.update(self._numbers({*also, *(target for _number, target in named)}))
        return {claim.address: claim for claim in self._read(sorted(numbers))}

    def _numbers(self, addresses: Iterable[str]) -> Iterator[int]:
        for address in addresses:
            row = self._connection.execute(
                "SELECT entity FROM alias WHERE address = ?", (address,)
            ).fetchone()
            if row is not None:
                yield row[0]

    def _read(self, numbers: Sequence[int]) -> Iterator[LinkClaim]:
        for number in numbers:
            sql = "SELECT address, json FROM claim WHERE number = ?"
            address, text = self._connection.execute(sql, (number,)).fetchone()
            claim = link_claim(address, fields_of(text))
            yield replace(claim, same_as=claim.same_as and heir(claim.same_as, self._successors))

    def same_service_and_place(self) -> list[tuple[str, int, int]]:
        """(address, service entity, place entity) where two and more claims agree in both.

        To be called when services and places are in the entities they belong to.
        """
        pairs = """SELECT a.address, s.entity AS service, p.entity AS place FROM at_place a
                   JOIN alias s ON s.address = a.service JOIN alias p ON p.address = a.place"""
        rows = self._connection.execute(
            "SELECT address, service, place FROM "
            f"(SELECT *, count(*) OVER (PARTITION BY service, place) AS n FROM ({pairs})) "
            "WHERE n > 1 ORDER BY address"
        )
        return [(row[0], row[1], row[2]) for row in rows]


@few_cycles()
def first_round(
    keys: Keys,
    judgements: Sequence[Judgement],
    verdicts: Verdicts,
    thresholds: Mapping[str, tuple[int, int]] | None = None,
) -> tuple[Decision, list[LinkClaim]]:
    """Everything but `service_at_place`, whose claims are given back for the second round.

    Args:
        thresholds: of the federation, by type; see `shelf.table_of`.
    """
    claims = keys.claims([a for j in judgements for a in (j.left, j.right)])
    later = [c for c in claims.values() if c.type == AT_PLACE]
    sooner = {a: c for a, c in claims.items() if c.type != AT_PLACE}
    certain = decide(sooner.values(), verdicts)
    following = {a for a, _to in verdicts.attached} | {a for a, c in sooner.items() if c.same_as is not None}
    scored, related = keys.aside.linked(thresholds or {}, verdicts, certain.clusters, following)
    for address in {a for k in scored.links for a in (k.a, k.b)} - sooner.keys():
        sooner[address] = LinkClaim(address)  # names were weighed with everything else
    decided = decide(sooner.values(), verdicts, scored.links) if scored.links else certain
    # A pool asks about each pair of a choice: whoever says yes to one of them settles the others, too.
    asked = (*scored.candidates, *scored.choices)
    return with_proposals(decided, asked, related, (), verdicts), later


def second_round(keys: Keys, later: Iterable[LinkClaim], verdicts: Verdicts) -> Decision:
    """`service_at_place`, once services and places are in their entities."""
    rows = keys.same_service_and_place()
    claims = {address: LinkClaim(address) for address, _service, _place in rows}
    # Names of a service at a place contradict nothing: the two things it joins decide.
    claims |= {c.address: LinkClaim(c.address, (), c.identifiers, c.same_as) for c in later}
    return decide_at_places(claims.values(), rows, verdicts)


def together(first: Decision, second: Decision) -> Linked:
    """Both rounds as one answer."""
    return Linked(
        tuple(sorted(first.clusters + second.clusters)),
        tuple(sorted(first.links + second.links)),
        tuple(sorted(first.candidates + second.candidates)),
        tuple(sorted(first.unknown + second.unknown)),
        tuple(sorted({*first.related, *second.related})),
    )
