"""A pool, as pages need it: one thing with everybody's word on it, a member, the whole. Never writes.

Knows no HTTP and no language: it hands out values as they stand in the pool, and people's sentences are
made where they are shown. Searching is in `pool.find`.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from commons.addresses import SHORT_LENGTH, SHORTEST_PREFIX, Address, NotAnAddress, tombstone
from commons.pool.contract import entity_types, fused_columns, list_types, quoted
from commons.pool.index import PoolIndex
from commons.schema.spec import RecordType, Schema, load_schema

MAX_CANDIDATES = 20  # of an ambiguous code, or records shown in a list of a page
_CODE = re.compile(r"[a-z2-7]+")


@dataclass(frozen=True, slots=True)
class Card:
    """One thing in a list: its entity row, its fused fields, and who says so."""

    entity: int
    address: str
    type: str
    short: str
    slug: str
    title: str
    language: str | None
    district: str | None
    confirmed_at: str | None
    modified_at: str | None
    expires_at: str | None
    fields: Mapping[str, Any]
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """What one member says about a thing, as signed."""

    address: str
    member: str
    fields: Mapping[str, Any]
    held: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rival:
    """One member's value where members differ."""

    address: str
    member: str
    value: Any
    shown: bool
    confirmed_at: str | None


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing's page: the card, the claims behind it, where they differ, and what refers to what."""

    card: Card
    subject: str | None
    claims: tuple[Claim, ...]
    rivals: Mapping[str, tuple[Rival, ...]]
    refers_to: Mapping[str, Card]  # by field
    referred_by: Mapping[str, tuple[Card, ...]]  # by type
    held: tuple[str, ...]  # fields that a federation hides here

    def speakers(self, field: str, value: Any) -> tuple[str, ...]:
        """The members whose claim has exactly this value; several claims of one member count once."""
        found = (c.member for c in self.claims if c.fields.get(field) == value)
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Several:
    """A code that more than one thing has."""

    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Gone:
    """An address that was withdrawn; nothing else is known or told. `own`: by its own member; else only the
    short code was asked for, and somebody says to have withdrawn what had it."""

    own: bool = True


@dataclass(frozen=True, slots=True)
class Held:
    """An address that the federation holds back for now, as a whole; it lapses by itself at `until`."""

    until: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A code or address that this pool does not have."""


Answer = Thing | Several | Gone | Held | Unknown


@dataclass(frozen=True, slots=True)
class Member:
    """A row of `member`, and its receipt."""

    row: Mapping[str, Any]
    receipt: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def name(self) -> str:
        return str(self.row["title"] or self.row["name"])


class Pool:
    """Reads one pool over one connection. `index` may be shared by several."""

    def __init__(self, connection: sqlite3.Connection, index: PoolIndex | None = None) -> None:
        self.connection = connection
        self._index = index

    @cached_property
    def index(self) -> PoolIndex:
        return self._index or PoolIndex.read(self.connection)

    @cached_property
    def schema(self) -> Schema:
        return load_schema()

    @cached_property
    def meta(self) -> dict[str, Any]:
        """`meta` as values: federation and counts parsed, the lock as its one text."""
        rows = dict(self._rows("SELECT key, value FROM meta"))
        return {k: json.loads(v) if k in ("federation", "counts") else v for k, v in rows.items()}

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        cursor = self.connection.execute(sql, values)
        for row in cursor:
            yield tuple(row)

    def _dicts(self, sql: str, values: Sequence[Any] = ()) -> Iterator[dict[str, Any]]:
        cursor = self.connection.execute(sql, values)
        names = [d[0] for d in cursor.description]
        for row in cursor:
            yield dict(zip(names, tuple(row), strict=True))

    # Things

    def cards(self, entities: Iterable[int]) -> tuple[Card, ...]:
        """Cards in the order asked for; three queries and one a type, however many."""
        wanted = list(dict.fromkeys(entities))
        if not wanted:
            return ()
        marks = ",".join("?" * len(wanted))
        rows = {r["id"]: r for r in self._dicts(f"SELECT * FROM entity WHERE id IN ({marks})", wanted)}
        members: dict[int, list[str]] = {}
        sql = f"SELECT entity, member FROM claim WHERE entity IN ({marks}) ORDER BY entity, number"
        for entity, member in self._rows(sql, wanted):
            if member not in members.setdefault(entity, []):
                members[entity].append(member)
        fields = self._fused(rows.values())
        return tuple(
            _card(rows[e], fields.get(e, {}), tuple(members.get(e, ()))) for e in wanted if e in rows
        )

    def _fused(self, rows: Iterable[Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
        by_type: dict[str, list[int]] = {}
        for row in rows:
            by_type.setdefault(row["type"], []).append(row["id"])
        found: dict[int, dict[str, Any]] = {}
        for rtype in entity_types(self.schema):
            ids = by_type.get(rtype.name, [])
            if ids:
                sql = f"SELECT * FROM {quoted(rtype.name)} WHERE entity IN ({','.join('?' * len(ids))})"
                for row in self._dicts(sql, ids):
                    found[row["entity"]] = _fields(rtype, row)
        return found

    def resolve(self, code: str) -> Answer:
        """A short code (any unique prefix of at least four characters) or a full address."""
        if "/" in code:
            return self._by_address(code)
        code = code.lower()
        if not SHORTEST_PREFIX <= len(code) <= SHORT_LENGTH or not _CODE.fullmatch(code):
            return Unknown()
        sql = "SELECT DISTINCT entity FROM alias WHERE short >= ? AND short < ? ORDER BY short LIMIT ?"
        found = [row[0] for row in self._rows(sql, (code, code + "~", MAX_CANDIDATES))]
        if not found:
            # A tombstone begins as the withdrawn or held record's short code did. Of a part of a code one
            # cannot say whose it was.
            return self._said_gone(code) if len(code) == SHORT_LENGTH else Unknown()
        return self.thing(found[0]) if len(found) == 1 else Several(self.cards(found))

    def _by_address(self, text: str) -> Answer:
        try:
            address = Address.parse(text)
        except NotAnAddress:
            return Unknown()
        for (entity,) in self._rows("SELECT entity FROM alias WHERE address = ?", (str(address),)):
            return self.thing(entity)
        stone = tombstone(str(address))
        sql = "SELECT 1 FROM withdrawal WHERE kind = 'record' AND hash = ? AND member = ?"
        if next(self._rows(sql, (stone, address.member)), None):
            return Gone()
        return self._held(stone)

    def _said_gone(self, code: str) -> Answer:
        """Whether somebody says to have withdrawn a record with this short code.

        The tombstone hides the address, so nobody can tell here whether it was the speaker's own record; what
        stands under the code today is found before anybody asks this.
        """
        sql = "SELECT 1 FROM withdrawal WHERE kind = 'record' AND hash >= ? AND hash < ?"
        return Gone(own=False) if next(self._rows(sql, (code, code + "~")), None) else self._held(code)

    def _held(self, begun: str) -> Held | Unknown:
        """Whether the federation holds back what has this tombstone, or one that begins so."""
        sql = "SELECT max(until) FROM hold WHERE field = '' AND hash >= ? AND hash < ?"
        until = next(self._rows(sql, (begun, begun + "~")))[0]
        return Held(str(until)) if until else Unknown()

    def thing(self, entity: int) -> Thing:
        """Everything a thing's page says."""
        card = self.cards([entity])[0]
        subject = next(self._rows("SELECT subject FROM entity WHERE id = ?", (entity,)))[0]
        claims = tuple(self._claims(entity))
        return Thing(
            card=card,
            subject=subject,
            claims=claims,
            rivals=self._rivals(entity),
            refers_to=self._refers_to(card),
            referred_by=self._referred_by(entity),
            held=tuple(dict.fromkeys(name for claim in claims for name in claim.held)),
        )

    def _claims(self, entity: int) -> Iterator[Claim]:
        sql = "SELECT address, member, json, held FROM claim WHERE entity = ? ORDER BY number"
        for address, member, text, held in self._rows(sql, (entity,)):
            yield Claim(address, member, json.loads(text)[2], tuple(json.loads(held) if held else ()))

    def _rivals(self, entity: int) -> dict[str, tuple[Rival, ...]]:
        sql = (
            "SELECT field, address, member, value, shown, confirmed_at FROM disagreement WHERE entity = ? "
            "ORDER BY field, shown DESC, address"
        )
        found: dict[str, list[Rival]] = {}
        for field, address, member, value, shown, confirmed_at in self._rows(sql, (entity,)):
            rival = Rival(address, member, _value(value), bool(shown), confirmed_at)
            found.setdefault(field, []).append(rival)
        return {field: tuple(rivals) for field, rivals in found.items()}

    def _references(self, rtype: RecordType) -> list[str]:
        return [c.name for c in fused_columns(rtype) if c.kind == "reference"]

    def _refers_to(self, card: Card) -> dict[str, Card]:
        targets = {name: card.fields.get(name) for name in self._references(self.schema.types[card.type])}
        known = {name: target for name, target in targets.items() if isinstance(target, int)}
        cards = {c.entity: c for c in self.cards(known.values())}
        return {name: cards[target] for name, target in known.items() if target in cards}

    def _referred_by(self, entity: int) -> dict[str, tuple[Card, ...]]:
        found: dict[str, tuple[Card, ...]] = {}
        for rtype in entity_types(self.schema):
            columns = self._references(rtype)
            if not columns:
                continue
            union = " UNION ".join(
                f"SELECT entity FROM {quoted(rtype.name)} WHERE {quoted(c)} = ?" for c in columns
            )
            ids = [r[0] for r in self._rows(f"{union} ORDER BY 1 LIMIT ?", [*[entity] * len(columns), 50])]
            if ids:
                found[rtype.name] = self.cards(ids)
        return found

    # Members, and the whole

    def members(self) -> tuple[Member, ...]:
        """All members, by name."""
        rows = self._dicts("SELECT * FROM member ORDER BY coalesce(title, name) COLLATE NOCASE, id")
        return tuple(self._member(row) for row in rows)

    def member(self, member_id: str) -> Member | None:
        for row in self._dicts("SELECT * FROM member WHERE id = ?", (member_id,)):
            return self._member(row)
        return None

    def member_names(self) -> dict[str, str]:
        """What members call themselves, else what the federation calls them."""
        return dict(self._rows("SELECT id, coalesce(title, name) FROM member"))

    def _member(self, row: Mapping[str, Any]) -> Member:
        receipts = self._rows("SELECT json FROM receipt WHERE member = ?", (row["id"],))
        receipt = next(receipts, ("{}",))[0]
        parsed = {**row, "phones": _value(row["phones"]), "added": _value(row["added"])}
        return Member(parsed, json.loads(receipt))

    def vouches_for(self, member_id: str) -> tuple[str, ...]:
        """The members who vouch for this one, own vouches left out."""
        if "vouch" not in {t.name for t in list_types(self.schema)}:
            return ()
        sql = "SELECT DISTINCT member FROM vouch WHERE about = ? AND member <> ? ORDER BY member"
        return tuple(row[0] for row in self._rows(sql, (member_id, member_id)))

    def withdrawn(self) -> int:
        """How many addresses and earlier versions were taken back: a number, never which."""
        return int(next(self._rows("SELECT count(*) FROM withdrawal"))[0])

    def held(self) -> int:
        """How many addresses or fields the federation hides for now."""
        return int(next(self._rows("SELECT count(*) FROM hold"))[0])


def _value(text: str | None) -> Any:
    """A JSON column, or plain text where it is not JSON."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _fields(rtype: RecordType, row: Mapping[str, Any]) -> dict[str, Any]:
    """A fused row as values: lists and objects parsed, references as entity numbers, nothing empty."""
    fields: dict[str, Any] = {}
    for column in fused_columns(rtype):
        value = row.get(column.name)
        if value is None or value == "":
            continue
        if column.kind == "json":
            value = _value(value)
        elif column.kind == "boolean":
            value = bool(value)
        fields[column.name] = value
    return fields


def _card(row: Mapping[str, Any], fields: Mapping[str, Any], members: tuple[str, ...]) -> Card:
    return Card(
        entity=row["id"],
        address=row["address"],
        type=row["type"],
        short=row["short"],
        slug=row["slug"],
        title=row["title"] or "",
        language=row["language"],
        district=row["district"],
        confirmed_at=row["confirmed_at"],
        modified_at=row["modified_at"],
        expires_at=row["expires_at"],
        fields=fields,
        members=members,
    )
