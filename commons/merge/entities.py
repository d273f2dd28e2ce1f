"""Claims of a stretch of a pool → the rows and leaves of their entities. Pure, so that children can do it.

Most of a merge's work is here: reading canonical records, fusing, preparing words for the index. A stretch
depends on nothing but what it is given; stretches can be done in any order and by anybody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from commons.merge.claims import fields_of
from commons.merge.fuse import Context, Fused, Plan, Said, fuse
from commons.merge.root import entity_leaf, leaf
from commons.pool.contract import entity_types
from commons.pool.rows import Entity, Filled, Row, Shaper
from commons.pool.words import word_list
from commons.schema.spec import load_schema

_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Group:
    """The claims of one entity: its number, its type, and (address, canonical JSON) of each."""

    number: int
    type: str
    claims: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Setting:
    """What all stretches share. `languages`: member → language of its release; `places`: district → name."""

    context: Context
    languages: Mapping[str, str]
    places: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Made:
    """The rows of a stretch, in order of their entities' numbers, by table; and the leaves, joined."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    filled: dict[str, list[Filled]] = field(default_factory=dict)  # record type → rows
    entity_leaves: bytes = b""
    fused_leaves: bytes = b""


class Maker:
    """Makes entities of groups of claims. One per process."""

    def __init__(self, setting: Setting) -> None:
        schema = load_schema()
        self._setting = setting
        self._plans = {t.name: Plan(t) for t in entity_types(schema)}
        self._shaper = Shaper(schema, word_list(schema, setting.places))

    def make(self, groups: Sequence[Group]) -> Made:
        """Everything the pool holds of these entities."""
        rows: dict[str, list[Row]] = {"entity": [], "entity_topic": [], "search": [], "disagreement": []}
        filled: dict[str, list[Filled]] = {}
        entity_leaves, fused_leaves = [], []
        for group in groups:
            fused = self._fused(group)
            shaped = self._shaper.rows(self._entity(group, fused))
            rows["entity"].append(shaped.entity)
            filled.setdefault(group.type, []).append(shaped.fused)
            rows["entity_topic"] += shaped.topics
            rows["search"].append(shaped.search)
            rows["disagreement"] += _rivals(group.number, fused)
            entity_leaves.append(entity_leaf(fused.address, fused.claims))
            fused_leaves.append(leaf(("fused", fused.address, fused.fields)))
        return Made(rows, filled, b"".join(entity_leaves), b"".join(fused_leaves))

    def _fused(self, group: Group) -> Fused:
        said = [Said(address, fields_of(text)) for address, text in group.claims]
        return fuse(said, self._plans[group.type], self._setting.context)

    def _entity(self, group: Group, fused: Fused) -> Entity:
        language = fused.fields.get("language")
        member = fused.address.partition("/")[0]
        return Entity(
            number=group.number,
            address=fused.address,
            type=group.type,
            fields=fused.fields,
            claims=len(fused.claims),
            subject=fused.subject,
            language=language if isinstance(language, str) else self._setting.languages.get(member),
            modified_at=fused.modified_at,
        )


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
