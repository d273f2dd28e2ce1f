"""Claims → the rows and leaves of their entities. Pure, so that children can do it.

Nothing here depends on anything but what it is given: entities can be made in any order and by anybody.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring as quote
from typing import Any, NamedTuple

from commons.addresses import short_code
from commons.merge.claims import fields_of
from commons.merge.fuse import Context, Fused, Plan, Said, fuse, standing
from commons.merge.pooling.root import entity_leaf, leaf
from commons.pool.contract import entity_types
from commons.pool.rows import Entity, EntityRows, Row, Shaper
from commons.pool.words import word_list
from commons.schema.spec import load_schema

_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Group:
    """The claims of one entity: its number, its type, and (address, canonical JSON) of each."""

    number: int
    type: str
    claims: Sequence[tuple[str, str]]


class Alone(NamedTuple):
    """A claim that is an entity by itself, with its canonical JSON and what was read of it."""

    number: int
    address: str
    type: str
    short: str
    json: str
    fields: dict[str, Any]
    language: str | None


class Made(NamedTuple):
    """What the pool holds of one entity, its leaves, and where its claims differ."""

    rows: EntityRows
    entity_leaf: bytes
    fused_leaf: bytes
    rivals: list[Row]


class Maker:
    """Makes entities of claims. One per process.

    Args:
        languages: member → language of its release.
        places: district → name.
    """

    def __init__(self, context: Context, languages: Mapping[str, str], places: Mapping[str, str]) -> None:
        schema = load_schema()
        self._context, self._languages = context, languages
        self._plans = {t.name: Plan(t) for t in entity_types(schema)}
        self._shaper = Shaper(schema, word_list(schema, places))

    def make(self, group: Group) -> Made:
        """An entity of any number of claims."""
        said = [self._said(address, fields_of(text)) for address, text in group.claims]
        fused = fuse(said, self._plans[group.type], self._context)
        language = self._languages.get(fused.address.partition("/")[0])
        rows = self._rows(group.number, group.type, short_code(fused.address), fused, language)
        fused_leaf = leaf(("fused", fused.address, fused.fields))
        return Made(rows, entity_leaf(fused.address, fused.claims), fused_leaf, _rivals(group.number, fused))

    def _said(self, address: str, fields: dict[str, Any]) -> Said:
        lapsed = self._context.lapsed
        return Said(address, standing(fields) if lapsed and address[:26] in lapsed else fields)

    def alone(self, claim: Alone, *, lapsed: bool = False) -> Made:
        """The same as `make` of a group of one, sooner. For a context without subjects and renamed claims.

        `lapsed`: its release had run out.
        """
        said, address = claim.fields, claim.address
        known = self._plans[claim.type].known
        shown = {n: v for n, v in said.items() if n in known}
        if lapsed:
            shown = dict(standing(shown))
        own, modified = shown.get("language"), said.get("modified_at")
        entity = Entity(
            claim.number, address, claim.type, shown, 1, None,
            own if isinstance(own, str) else claim.language,
            modified if modified is not None and modified <= self._context.as_of else None,
        )  # fmt: skip
        text = without(claim.json, {n: v for n, v in said.items() if n not in shown})
        if text is None:
            fused_leaf = leaf(("fused", address, shown))
        else:
            kept = text[len(claim.type) + len(address) - address.rindex("/") + 6 : -1]
            data = f'\x00["fused","{address}",{kept}]'
            fused_leaf = hashlib.sha256(data.encode()).digest()
        return Made(self._shaper.rows(entity, claim.short), entity_leaf(address, (address,)), fused_leaf, [])

    def _rows(self, number: int, type: str, short: str, fused: Fused, language: str | None) -> EntityRows:
        own = fused.fields.get("language")
        entity = Entity(
            number=number,
            address=fused.address,
            type=type,
            fields=fused.fields,
            claims=len(fused.claims),
            subject=fused.subject,
            language=own if isinstance(own, str) else language,
            modified_at=fused.modified_at,
        )
        return self._shaper.rows(entity, short)


def without(text: str, gone: Mapping[str, Any]) -> str | None:
    """A canonical record without these of its fields, not read anew; None where that cannot be told apart.

    A name and a colon after its quotation mark stand in no text, whose quotation marks are escaped; an object
    within the record may have the same key, and then nothing is cut.
    """
    for name, value in gone.items():
        key = f'"{name}":'
        at = text.find(key)
        if at < 0 or text.find(key, at + 1) >= 0:
            return None
        piece = key + (quote(value) if value.__class__ is str else _json(value))
        if not text.startswith(piece, at):
            return None
        end = at + len(piece)
        if text[end] == ",":
            text = text[:at] + text[end + 1 :]
        else:  # the last field: the comma before it goes too
            text = text[: at - (text[at - 1] == ",")] + text[end:]
    return text


def _rivals(number: int, fused: Fused) -> list[Row]:
    return [
        (
            number,
            rival.field,
            rival.address,
            rival.address.partition("/")[0],
            _json(rival.value),
            int(rival.shown),
            rival.confirmed_at,
        )
        for rival in fused.rivals
    ]
