"""After linking: what was written of claims as entities of their own → the entities that they are.

Most claims stay what they are. Those of one entity are fused into it; whatever refers to a claim that is now
part of another entity is made anew, since a reference leads to the entity. What was written of them is taken
out again, word by word from the index, which keeps no texts.
"""

from __future__ import annotations

import marshal
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

from commons.addresses import short_code
from commons.merge.claims import fields_of
from commons.merge.entities import Alone, Group, Maker
from commons.merge.fuse import Context
from commons.pool.contract import entity_types, fused_columns, quoted
from commons.pool.rows import Row
from commons.pool.write import Writer
from commons.schema.spec import Schema

AT_ONCE = 500  # entities that are made at one go
Groups = Mapping[int, tuple[int, ...]]  # number of an entity's naming claim → its claims'; () for the others
Claim = tuple[int, str, str, str]  # number, type, address, canonical JSON


@dataclass(frozen=True, slots=True)
class Setting:
    """What all of it shares. `languages`: member → language of its release; `places`: district → name."""

    context: Context
    languages: Mapping[str, str]
    places: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """Claims whose own entities go, and the groups that come."""

    gone: Sequence[Claim]
    groups: Sequence[Group]


@dataclass(slots=True)
class Regrouped:
    """Rows that go and rows that come, by table; leaves by the number of their entity."""

    gone: list[tuple[int, str]] = field(default_factory=list)  # number, type
    gone_topics: list[Row] = field(default_factory=list)
    gone_search: list[Row] = field(default_factory=list)
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


def tasks(connection: sqlite3.Connection, groups: Groups, referring: Iterable[int]) -> Iterator[Task]:
    """What there is to do, in order of numbers.

    Args:
        referring: numbers of claims that are made anew because of what they refer to.
    """
    own = ((n, (n,)) for n in referring if n not in groups)
    gone: list[Claim] = []
    coming: list[Group] = []
    for number, members in sorted([*groups.items(), *own]):
        gone.append(_claim(connection, number))
        if members:
            claims = [_claim(connection, n) for n in members]
            coming.append(Group(number, gone[-1][1], [(c[2], c[3]) for c in claims]))
        if len(gone) >= AT_ONCE:
            yield Task(gone, coming)
            gone, coming = [], []
    if gone:
        yield Task(gone, coming)


def _claim(connection: sqlite3.Connection, number: int) -> Claim:
    found: Claim = connection.execute(
        "SELECT number, type, address, json FROM claim WHERE number = ?", (number,)
    ).fetchone()
    return found


def referring(connection: sqlite3.Connection, schema: Schema, renamed: Mapping[int, str]) -> list[int]:
    """Numbers of the entities that refer to one of the `renamed` claims (number → address), in order."""
    connection.execute("CREATE TEMP TABLE renamed (number INTEGER PRIMARY KEY, address TEXT)")
    connection.executemany("INSERT INTO renamed VALUES (?, ?)", sorted(renamed.items()))
    found: set[int] = set()
    if renamed:
        for rtype in entity_types(schema):
            for column in fused_columns(rtype):
                if column.kind == "reference":
                    table, name = quoted(rtype.name), quoted(column.name)
                    sql = f"SELECT t.entity FROM {table} t JOIN renamed r ON r.number = t.{name}"
                    found.update(row[0] for row in connection.execute(sql))
        sql = "SELECT l.number FROM listed l JOIN renamed r ON r.address = l.target"
        found.update(row[0] for row in connection.execute(sql))
    connection.execute("DROP TABLE temp.renamed")
    return sorted(found)


def put(writer: Writer, made: Regrouped) -> None:
    """Take out what goes and insert what comes. The aliases must lead to the new entities."""
    writer.remove(made.gone, made.gone_topics, made.gone_search)
    for table, rows in made.rows.items():
        writer.many(table, rows)
    for type_name, by_columns in made.filled.items():
        for columns, cells in by_columns.items():
            writer.fill_alike(type_name, columns, cells)
