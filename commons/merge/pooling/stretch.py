"""Some records of a release → all that a pool holds of them, while each claim is an entity of its own.

Most of a merge's work is here: admitting, reading canonical records, hashing, shaping rows, preparing words
for the index. A stretch depends on the lock and its release only, so stretches can be made in any order and
by anybody; what only linking can know (which claims are one thing) is mended afterwards by `regroup`.
"""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import count, islice, repeat
from operator import itemgetter
from pathlib import Path
from typing import Any

from commons.addresses import tombstone
from commons.federation.lock import Lock
from commons.format.instants import instant
from commons.intake.gate import Intake
from commons.merge.claims import TAKEN, WITHDRAWN, Admission, Taken, fields_of
from commons.merge.fuse import Context
from commons.merge.linking import rounds as linking
from commons.merge.pooling.entities import Alone, Maker
from commons.merge.pooling.receipts import RowTally, Tallied
from commons.merge.pooling.root import claim_leaf
from commons.pool.contract import LISTS, entity_types, fused_columns
from commons.pool.rows import Cell, Row
from commons.schema.spec import load_schema

NOWHERE = -1  # the number of a reference's target that is not in the pool
_MOSTLY_EMPTY = ("claim", "entity")  # tables some of whose columns hold nothing, of most records


@dataclass(frozen=True, slots=True)
class Stretch:
    """`count` records of a release from the `first` on, as intake yields them.

    `base`: the number of the claim in a release's first place, less one. `hidden`: places of its tree whose
    records a pruned release does not show.
    """

    intake: Intake
    version: tuple[int, int]
    licence: str
    language: str
    schema: str
    base: int
    hidden: frozenset[int]
    first: int
    count: int
    lapsed: bool = False  # the release had run out by the lock's `as_of`

    @property
    def member(self) -> str:
        return self.intake.member


@dataclass(slots=True)
class Made:
    """The rows of a stretch by table, and the leaves of its claims and entities, joined."""

    member: str
    tally: Tallied = ({}, {}, [], 0)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    lacking: dict[str, tuple[int, ...]] = field(default_factory=dict)  # columns that a table's rows leave out
    leaves: tuple[list[str], list[str], list[int], bytes, list[str]] = field(
        default_factory=lambda: ([], [], [], b"", [])
    )  # of the release: types, ids, places, digests joined, what became of it
    filled: dict[str, dict[tuple[str, ...], list[Row]]] = field(default_factory=dict)  # type → columns → rows
    keys: dict[str, list[Row]] = field(default_factory=dict)  # what can be linked by
    far: list[tuple[int, str, str, str]] = field(
        default_factory=list
    )  # number, type, column, address: of others' claims
    listed: list[tuple[int, str]] = field(default_factory=list)  # number, target of a list of references
    gone: list[int] = field(default_factory=list)  # numbers of records that this lock does not show
    said: list[tuple[str, str, str]] = field(default_factory=list)  # (type, address, JSON) of small types
    later: str = ""  # the first date after the lock's moment: from then on these records are shown otherwise
    numbers: bytes = b""  # of the things, 8 bytes each
    claim_leaves: bytes = b""
    entity_leaves: bytes = b""
    fused_leaves: bytes = b""


def worker(setting: Setting) -> Callable[[Sequence[Stretch]], bytes]:
    """The function that makes stretches: what `read` reads."""
    preparer = Preparer(setting)
    return lambda batch: _to_bytes([preparer.make(stretch) for stretch in batch])


def _to_bytes(made: Sequence[Made]) -> bytes:
    """For the way from a child of our own: plain values, which `marshal` writes twice as fast as pickle."""
    return marshal.dumps([[getattr(one, f.name) for f in fields(one)] for one in made])


def read(data: bytes) -> Iterator[Made]:
    """What `worker` made, in order."""
    for values in marshal.loads(data):  # noqa: S302  (written by a child of this process)
        yield Made(*values)


@dataclass(frozen=True, slots=True)
class Setting:
    """What all stretches of a merge share. `places`: district → name, from the federation's territory."""

    lock: Lock
    places: Mapping[str, str] = field(default_factory=dict)


class Preparer:
    """Makes stretches. One per process."""

    def __init__(self, setting: Setting) -> None:
        schema = load_schema()
        self._admission = Admission(setting.lock)
        self._maker = Maker(Context(instant(setting.lock.as_of)), {}, setting.places)
        self._references = {
            t.name: [c.name for c in fused_columns(t) if c.kind == "reference"] for t in entity_types(schema)
        }
        self.as_of = instant(setting.lock.as_of)
        self._lists = {
            t.name: [f.name for f in t.released.values() if f.format == "reference" and f.type == "array"]
            for t in entity_types(schema)
        }

        self._own: tuple[Path | None, Mapping[str, int]] = (None, {})

    def make(self, stretch: Stretch) -> Made:
        """Everything a pool holds of these records."""
        return _Making(stretch, self).made()

    def own_numbers(self, stretch: Stretch) -> Mapping[str, int]:
        """`type/id` → number, of all things of the stretch's release that intake took up."""
        if self._own[0] != stretch.intake.path:  # stretches of one release follow each other
            self._own = (stretch.intake.path, dict(self._numbered(stretch)))
        return self._own[1]

    def _numbered(self, stretch: Stretch) -> Iterator[tuple[str, int]]:
        numbers = (stretch.base + place + 1 for place in count() if place not in stretch.hidden)
        for type_name, ids, codes in stretch.intake.ids():
            is_thing = type_name in self._references
            for id, code, number in zip(ids, codes or repeat(""), numbers, strict=False):
                if is_thing and not code:
                    yield f"{type_name}/{id}", number


class _Making:
    """One stretch on its way."""

    def __init__(self, stretch: Stretch, by: Preparer) -> None:
        self.stretch, self.by = stretch, by
        self.own = by.own_numbers(stretch)
        self.result = Made(stretch.member)
        self.rows: dict[str, list[Row]] = {
            name: [] for name in ("claim", "alias", "entity", "entity_topic", "search")
        }
        self.types: list[str] = []
        self.ids: list[str] = []
        self.places: list[int] = []
        self.digests: list[bytes] = []
        self.codes: list[str] = []
        self.numbers = array("q")
        self.claim_leaves: list[bytes] = []
        self.leaves: list[tuple[bytes, bytes]] = []

    def made(self) -> Made:
        stretch, result = self.stretch, self.result
        offered = islice(stretch.intake.rows(stretch.first), stretch.count)
        taken = self.by._admission.rows(stretch.member, stretch.version, stretch.licence, offered)
        tally = RowTally(stretch.intake.refused)
        for place, row in zip(_places(stretch), taken, strict=False):
            tally.count(row)
            self._leaf(place, row)
            if row.code is None:
                self._claim(stretch.base + place + 1, row)
            else:
                result.gone.append(stretch.base + place + 1)
        result.tally = tally.plain()
        result.leaves = (self.types, self.ids, self.places, b"".join(self.digests), self.codes)
        result.rows = self.rows
        for table in _MOSTLY_EMPTY:
            result.lacking[table], self.rows[table] = _without_empty(self.rows[table])
        result.numbers = self.numbers.tobytes()
        result.claim_leaves = b"".join(self.claim_leaves)
        result.entity_leaves = b"".join([entity for entity, _fused in self.leaves])
        result.fused_leaves = b"".join([fused for _entity, fused in self.leaves])
        return result

    def _leaf(self, place: int, row: Taken) -> None:
        withdrawn = row.code == WITHDRAWN
        self.types.append("" if withdrawn else row.type)
        self.ids.append(tombstone(row.address) if withdrawn else row.id)
        self.places.append(place)
        self.digests.append(row.leaf)
        self.codes.append(row.code or TAKEN)

    def _claim(self, number: int, row: Taken) -> None:
        stretch, rows = self.stretch, self.rows
        is_thing = row.type in self.by._references
        held = '["' + '","'.join(row.held) + '"]' if row.held else None
        rows["claim"].append(
            (
                number, row.address, number if is_thing else None, stretch.member, row.type, row.id,
                stretch.schema, row.json, held,
            )
        )  # fmt: skip
        self.claim_leaves.append(claim_leaf(row.address, row.leaf, row.held))
        if is_thing:
            rows["alias"].append((row.address, number, row.short))
            self._thing(number, row)
        elif row.type in LISTS or row.type == "catalogue":
            self.result.said.append((row.type, row.address, row.json))

    def _thing(self, number: int, row: Taken) -> None:
        result, fields = self.result, fields_of(row.json)
        self._look_ahead(fields.get("modified_at"), fields.get("confirmed_at"))
        for table, key in linking.keys_of(number, row.address, row.type, fields):
            result.keys.setdefault(table, []).append(key)
        made = self.by._maker.alone(
            Alone(number, row.address, row.type, row.short, row.json, fields, self.stretch.language),
            lapsed=self.stretch.lapsed,
        )
        self.rows["entity"].append(made.rows.entity)
        self.rows["entity_topic"] += made.rows.topics
        self.rows["search"].append(made.rows.search)
        columns, cells = made.rows.fused
        by_columns = result.filled.setdefault(row.type, {})
        by_columns.setdefault(columns, []).append(self._led(number, row.type, columns, cells, fields))
        self.numbers.append(number)
        self.leaves.append((made.entity_leaf, made.fused_leaf))

    def _look_ahead(self, *dates: object) -> None:
        """Note a date that has not come: until then it counts for nothing."""
        for date in dates:
            if isinstance(date, str) and date > self.by.as_of:
                self.result.later = min(self.result.later or date, date)

    def _led(
        self, number: int, type: str, columns: tuple[str, ...], cells: Row, fields: Mapping[str, Any]
    ) -> Row:
        """The row with numbers in place of addresses; those of other releases are looked for later."""
        references, own = self.by._references[type], self.own
        found: list[Cell] | None = None
        for name in references:
            target = fields.get(name)
            if isinstance(target, str):
                found = list(cells) if found is None else found
                known = own.get(target[27:], NOWHERE) if target[:26] == self.stretch.member else None
                found[columns.index(name)] = NOWHERE if known is None else known
                if known is None:
                    self.result.far.append((number, type, name, target))
        for name in self.by._lists[type]:
            value = fields.get(name)
            self.result.listed += [(number, v) for v in value or () if isinstance(v, str)]
        return cells if found is None else found


def _without_empty(rows: list[Row]) -> tuple[tuple[int, ...], list[Row]]:
    """Which columns are empty in all rows, and the rows without them: to bind an empty value costs the
    merge's own process more than to leave it out costs here."""
    columns = enumerate(zip(*rows, strict=True))
    empty = {n for n, cells in columns if cells[0] is None and cells.count(None) == len(cells)}
    if not empty:
        return (), rows
    kept = itemgetter(*(n for n in range(len(rows[0])) if n not in empty))
    return tuple(sorted(empty)), list(map(kept, rows))


def _places(stretch: Stretch) -> Iterable[int]:
    """Where in its release's tree each record of the stretch stands."""
    if not stretch.hidden:
        return range(stretch.first, stretch.first + stretch.count)
    shown = (place for place in count() if place not in stretch.hidden)
    return islice(shown, stretch.first, stretch.first + stretch.count)
