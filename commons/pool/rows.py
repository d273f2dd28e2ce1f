"""How an entity becomes rows of a pool: its own, its type's, its topics', and what is searched. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring as quote
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from commons.addresses import Address, short_code, slug
from commons.model import Fields
from commons.pool.contract import entity_types, fused_columns, list_types
from commons.pool.words import WordList, word_list
from commons.schema.spec import RecordType, Schema, load_schema

Cell: TypeAlias = "str | int | float | bytes | None"
Row: TypeAlias = Sequence[Cell]

_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def _text_of(value: Any) -> str:
    """A list or an object as JSON; most are lists of texts, for which no encoder has to be set up."""
    if value.__class__ is list and all(one.__class__ is str for one in value):
        return f"[{','.join(map(quote, value))}]"
    return _json(value)


class Filled(NamedTuple):
    """A row of a record type's table: the columns that have a value, and their values."""

    columns: tuple[str, ...]
    cells: Row


columns_of = attrgetter("columns")


class EntityRows(NamedTuple):
    """All rows of one entity, ready to insert."""

    entity: Row
    fused: Filled
    topics: Sequence[Row]
    search: Row


class Entity(NamedTuple):
    """One entity with its fused values. References are addresses of entities; `number` orders entities."""

    number: int
    address: str
    type: str
    fields: Fields
    claims: int = 1
    subject: str | None = None
    language: str | None = None
    modified_at: str | None = None


class _Type:
    """How a record type's fields become a row: settled once, used a million times."""

    def __init__(self, rtype: RecordType) -> None:
        columns = fused_columns(rtype)
        makers: dict[str, Callable[[Any], Cell]] = {
            "json": _text_of,
            "boolean": int,
            "degrees": lambda value: value / 1_000_000,
        }
        self._places = {c.field: (c.name, makers.get(c.kind)) for c in columns}

    def filled(self, fields: Fields) -> tuple[list[str], list[Cell]]:
        """Names and values of the columns that have one, in the order of the fields."""
        names: list[str] = []
        cells: list[Cell] = []
        places = self._places
        value: Any
        for name, value in fields.items():
            place = places.get(name)
            if place is not None:
                names.append(place[0])
                cells.append(value if place[1] is None else place[1](value))
        return names, cells


class Shaper:
    """Turns entities into rows. Pure; one per process."""

    def __init__(self, schema: Schema | None = None, words: WordList | None = None) -> None:
        schema = schema or load_schema()
        self._types = {t.name: _Type(t) for t in entity_types(schema) + list_types(schema)}
        self._words = words or word_list(schema)

    def filled(self, type: str, first: Mapping[str, Cell], fields: Fields) -> Filled:
        """A row of a record type's table: `first`, then what `fields` say."""
        names, cells = self._types[type].filled(fields)
        return Filled((*first, *names), (*first.values(), *cells))

    def rows(self, entity: Entity, short: str | None = None) -> EntityRows:
        """Everything that the pool holds of an entity, apart from its claims; `short` where it is known."""
        fields, number, address = entity.fields, entity.number, entity.address
        get: Any = fields.get
        title = get("title")
        districts: list[str] = get("districts") or []
        topics = dict.fromkeys(get("topics") or ())
        text = self._words.index_text(entity.type, fields, entity.language)
        district = get("district") or (districts[0] if len(districts) == 1 else None)
        names, cells = self._types[entity.type].filled(fields)
        named = slug(title or "") or Address.parse(address).id
        row: Row = (
            number, address, entity.type, short or short_code(address), named,
            title, entity.language, entity.claims, entity.subject, district, get("confirmed_at"),
            entity.modified_at, get("expires_at"),
        )  # fmt: skip
        return EntityRows(
            row,
            Filled(("entity", "address", *names), (number, address, *cells)),
            [(number, topic) for topic in topics],
            (number, text.exact, text.folded, text.stem),
        )
