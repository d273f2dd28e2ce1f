"""After linking: what was written of claims as entities of their own → the entities that they are.

Most claims stay what they are. Those of one entity are fused into it; whatever refers to a claim that is now
part of another entity is made anew, since a reference leads to the entity. What was written of them is taken
out again, word by word from the index, which keeps no texts. The same goes for entities of the last pool,
where a merge starts from it.
"""

from __future__ import annotations

import marshal
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

from commons.addresses import short_code
from commons.merge.claims import fields_of
from commons.merge.fuse import Context
from commons.merge.pooling.entities import Alone, Group, Maker
from commons.pool.contract import entity_types, fused_columns, quoted
from commons.pool.rows import Row
from commons.pool.write import Writer
from commons.schema.spec import Schema

AT_ONCE = 100  # entities that are made at one go
Groups = Mapping[int, tuple[int, ...]]  # number of an entity's naming claim → its claims'; () for the others
Claim = tuple[int, str, str, str]  # number, type, address, canonical JSON


@dataclass(frozen=True, slots=True)
class Setting:
    """What all of it shares. `languages`: member → language of its release; `places`: district → name."""

    context: Context
    languages: Mapping[str, str]
    places: Mapping[str, str] = field(default_factory=dict)
    last: Last | None = None


@dataclass(frozen=True, slots=True)
class Last:
    """What the last pool's entities were made with, where this one starts from it."""

    context: Context
    languages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one number.

    `alone`: the claim of this number stands as an entity of its own, and goes. `left`: the claims of the
    entity that stands there since the last pool, and goes. `coming`: those of the entity that comes.
    """

    alone: bool = True
    left: tuple[int, ...] = ()
    coming: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """Claims whose own entities go, entities of the last pool that go, and those that come."""

    gone: list[Claim] = field(default_factory=list)
    left: list[Group] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)


@dataclass(slots=True)
class Regrouped:
    """Rows that go and rows that come, by table; leaves by the number of their entity."""

    gone: list[tuple[int, str]] = field(default_factory=list)  # number, type
    gone_topics: list[Row] = field(default_factory=list)
    gone_search: list[Row] = field(default_factory=list)
    left: list[int] = field(default_factory=list)  # which of those that go stood in the last pool
    rows: dict[str, list[Row]] = field(default_factory=dict)
    filled: dict[str, dict[tuple[str, ...], list[Row]]] = field(default_factory=dict)
    leaves: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """For the way from a child of our own."""
        return marshal.dumps([getattr(self, f.name) for f in fields(self)])

    @classmethod
    def from_bytes(cls, data: bytes) -> Regrouped:
        return cls(*marshal.loads(data))  # noqa: S302  (written by a child of this process)


def worker(setting: Setting) -> Callable[[Task], bytes]:
    """The function that does one task."""
    before = Maker(Context(setting.context.as_of), {}, setting.places)
    after = Maker(setting.context, setting.languages, setting.places)
    last = Maker(setting.last.context, setting.last.languages, setting.places) if setting.last else after

    def do(task: Task) -> bytes:
        found = Regrouped()
        for number, type_name, address, text in task.gone:
            member = address.partition("/")[0]
            language, lapsed = setting.languages.get(member), member in setting.context.lapsed
            read = fields_of(text)
            claim = Alone(number, address, type_name, short_code(address), text, read, language)
            was = before.alone(claim, lapsed=lapsed)
            found.gone.append((number, type_name))
            found.gone_topics += was.rows.topics
            found.gone_search.append(was.rows.search)
        for group in task.left:
            stood = last.make(group)
            found.gone.append((group.number, group.type))
            found.gone_topics += stood.rows.topics
            found.gone_search.append(stood.rows.search)
            found.left.append(group.number)
        rows: dict[str, list[Row]] = {"entity": [], "entity_topic": [], "search": [], "disagreement": []}
        for group in task.groups:
            made = after.make(group)
            rows["entity"].append(made.rows.entity)
            rows["entity_topic"] += made.rows.topics
            rows["search"].append(made.rows.search)
            rows["disagreement"] += made.rivals
            columns, cells = made.rows.fused
            found.filled.setdefault(group.type, {}).setdefault(columns, []).append(cells)
            found.leaves[group.number] = (made.entity_leaf, made.fused_leaf)
        found.rows = rows
        return found.to_bytes()

    return do


def anew(groups: Groups, referring: Iterable[int]) -> dict[int, Step]:
    """What there is to do while every claim stands as an entity of its own.

    Args:
        referring: numbers of claims that are made anew because of what they refer to.
    """
    own = {n: (n,) for n in referring if n not in groups}
    return {n: Step(coming=members) for n, members in {**groups, **own}.items()}


def tasks(connection: sqlite3.Connection, steps: Mapping[int, Step]) -> Iterator[Task]:
    """What there is to do, in order of numbers."""
    task = Task()
    for number, step in sorted(steps.items()):
        if step.alone:
            task.gone.append(_claim(connection, number))
        if step.left:
            task.left.append(_group(connection, number, step.left))
        if step.coming:
            task.groups.append(_group(connection, number, step.coming))
        if len(task.gone) + len(task.left) >= AT_ONCE:
            yield task
            task = Task()
    if task.gone or task.left or task.groups:
        yield task


def _group(connection: sqlite3.Connection, number: int, members: Sequence[int]) -> Group:
    claims = [_claim(connection, n) for n in members]
    return Group(number, claims[0][1], [(c[2], c[3]) for c in claims])


def _claim(connection: sqlite3.Connection, number: int) -> Claim:
    found: Claim = connection.execute(
        "SELECT number, type, address, json FROM claim WHERE number = ?", (number,)
    ).fetchone()
    return found


def referring(
    connection: sqlite3.Connection, schema: Schema, numbers: Iterable[int], addresses: Iterable[str]
) -> list[int]:
    """Numbers of the entities whose references lead to one of `numbers`, and of the claims that have one of
    `addresses` in a list; in order."""
    connection.execute("CREATE TEMP TABLE moved (number INTEGER PRIMARY KEY)")
    connection.execute("CREATE TEMP TABLE moved_address (address TEXT PRIMARY KEY) WITHOUT ROWID")
    connection.executemany("INSERT OR IGNORE INTO moved VALUES (?)", ((n,) for n in numbers))
    connection.executemany("INSERT OR IGNORE INTO moved_address VALUES (?)", ((a,) for a in addresses))
    found: set[int] = set()
    for rtype in entity_types(schema):
        for column in fused_columns(rtype):
            if column.kind == "reference":
                table, name = quoted(rtype.name), quoted(column.name)
                sql = f"SELECT t.entity FROM {table} t JOIN moved m ON m.number = t.{name}"
                found.update(row[0] for row in connection.execute(sql))
    sql = "SELECT l.number FROM noted.listed l JOIN moved_address m ON m.address = l.target"
    found.update(row[0] for row in connection.execute(sql))
    connection.execute("DROP TABLE temp.moved")
    connection.execute("DROP TABLE temp.moved_address")
    return sorted(found)


def put(writer: Writer, made: Regrouped) -> None:
    """Take out what goes and insert what comes. The aliases must lead to the new entities."""
    writer.remove(made.gone, made.gone_topics, made.gone_search)
    rivals = "DELETE FROM disagreement WHERE entity = ?"
    writer.connection.executemany(rivals, ((number,) for number in made.left))
    for table, rows in made.rows.items():
        writer.many(table, rows)
    for type_name, by_columns in made.filled.items():
        for columns, cells in by_columns.items():
            writer.fill_alike(type_name, columns, cells)
