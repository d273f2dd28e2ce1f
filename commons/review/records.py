"""A record of a pool as its member says it: fields, district, what it refers to. Reads; judges nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from commons.pool.read import Pool
from commons.schema.spec import load_schema


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


class Records:
    """The records of one pool, by address."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.names = pool.member_names()

    def name(self, member: str) -> str:
        """What a member calls itself; its id where this pool does not know it."""
        return self.names.get(member, member)

    def side(self, address: str) -> Side | None:
        """A claim as its member says it; None where the pool has none."""
        sql = (
            "SELECT c.member, c.type, c.json, c.held, e.district FROM alias a "
            "JOIN entity e ON e.id = a.entity "
            "JOIN claim c ON c.entity = a.entity AND c.address = a.address WHERE a.address = ?"
        )
        row = self._pool.connection.execute(sql, (address,)).fetchone()
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
            row = self._pool.connection.execute(sql, (address,)).fetchone()
            if row is not None and row[0]:
                yield text, str(row[0])

    def has(self, address: str) -> bool:
        """Whether the pool shows what a member says under this address."""
        return fields_at(self._pool, address) is not None

    def fields(self, address: str) -> Mapping[str, Any] | None:
        """What a member says under this address; None where the pool has nothing."""
        return fields_at(self._pool, address)

    def district(self, address: str) -> str | None:
        """The code of the district that a record is in."""
        own = (self.fields(address) or {}).get("district")
        if own:
            return str(own)
        sql = "SELECT e.district FROM alias a JOIN entity e ON e.id = a.entity WHERE a.address = ?"
        row = self._pool.connection.execute(sql, (address,)).fetchone()
        return row[0] if row else None


def fields_at(pool: Pool, address: str) -> dict[str, Any] | None:
    """What the pool has under an address; None where it has nothing."""
    sql = (
        "SELECT c.json FROM alias a JOIN claim c ON c.entity = a.entity AND c.address = a.address "
        "WHERE a.address = ?"
    )
    row = pool.connection.execute(sql, (address,)).fetchone()
    return _parsed(row[0]) if row else None


def _parsed(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)[2]
    return found


def _parsed_list(text: str | None) -> list[str]:
    return list(json.loads(text)) if text else []
