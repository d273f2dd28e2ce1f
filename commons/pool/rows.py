"""How an entity becomes rows of a pool: its own, its type's, its topics', and what is searched. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from json.encoder import encode_basestring as quote
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple, TypeAlias

from commons.addresses import Address, short_code, slug
from commons.model import Fields
from commons.pool.contract import entity_types, fused_columns, list_types
from commons.pool.search import index_text
from commons.pool.words import Searched, WordList, word_list
from commons.schema.spec import RecordType, Schema, load_schema

Cell: TypeAlias = "str | int | float | bytes | None"
Row: TypeAlias = Sequence[Cell]

_SHAPES = 2_000  # kept; nobody's odd records may fill the memory
_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def _text_of(value: Any) -> str:
    """A list or an object as JSON; most are lists of texts, for which no encoder has to be set up."""
    if value.__class__ is list and all(one.__class__ is str for one in value):
        return f"[{','.join(map(quote, value))}]"
    return _json(value)


# A field that has a column: its name, the column's, and what makes its cell of its value.
_Shown: TypeAlias = "tuple[str, str, Callable[[Any], Cell] | None]"


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

    def shown(self, names: Iterable[str]) -> list[_Shown]:
        """Those of these fields that have a column."""
        return [(name, *self._places[name]) for name in names if name in self._places]

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


def _picking(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """A function that gives the values of these names, all of which are there."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda fields: tuple(fields[name] for name in names)


class _Shape:
    """What becomes of the records of a type that have the same fields, as most have: settled once for all."""

    __slots__ = ("_made", "_pick", "columns", "searched")

    def __init__(self, shown: Sequence[_Shown], searched: Sequence[Searched]) -> None:
        self.columns = ("entity", "address", *(column for _name, column, _maker in shown))
        self._pick = _picking([name for name, _column, _maker in shown])
        self._made = [(at, maker) for at, (_n, _c, maker) in enumerate(shown, 2) if maker is not None]
        self.searched = searched

    def cells(self, number: int, address: str, fields: Fields) -> Row:
        """The values of `columns`."""
        if not self._made:
            return (number, address, *self._pick(fields))
        cells: list[Cell] = [number, address, *self._pick(fields)]
        for at, maker in self._made:
            cells[at] = maker(cells[at])
        return cells


class Shaper:
    """Turns entities into rows. Pure; one per process."""

    def __init__(self, schema: Schema | None = None, words: WordList | None = None) -> None:
        schema = schema or load_schema()
        self._types = {t.name: _Type(t) for t in entity_types(schema) + list_types(schema)}
        self._words = words or word_list(schema)
        self._shapes: dict[tuple[str, ...], _Shape] = {}

    def _shape(self, type: str, fields: Fields) -> _Shape:
        key = (type, *fields)
        found = self._shapes.get(key)
        if found is None:
            if len(self._shapes) >= _SHAPES:
                self._shapes.clear()
            searched = self._words.searched(type, fields)
            found = self._shapes[key] = _Shape(self._types[type].shown(fields), searched)
        return found

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
        shape = self._shape(entity.type, fields)
        text = index_text(self._words.texts(shape.searched, fields), entity.language)
        district = get("district") or (districts[0] if len(districts) == 1 else None)
        named = slug(title or "") or Address.parse(address).id
        row: Row = (
            number, address, entity.type, short or short_code(address), named,
            title, entity.language, entity.claims, entity.subject, district, get("confirmed_at"),
            entity.modified_at, get("expires_at"),
        )  # fmt: skip
        return EntityRows(
            row,
            Filled(shape.columns, shape.cells(number, address, fields)),
            [(number, topic) for topic in topics],
            (number, text.exact, text.folded, text.stem),
        )
