"""What a pool.db looks like: every table, from one place, with a version. Writes nothing.

The pool is a pure function of a lock, so nothing here may hold a time of making, a path or a machine.
The tables of record types come from the schema; all others stand below. Their meaning, column by column,
is in docs/architecture.md ("The pool").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from commons.schema.spec import Field, RecordType, Schema, load_schema

CONTRACT = "1-draft.2"
APPLICATION_ID = 0x434D4E50  # "CMNP": file(1) and we know a pool by it
PAGE_BYTES = 4096

Kind = Literal["plain", "boolean", "json", "degrees", "reference"]

# Claims of these types speak about records; they are no things of their own and have no entity.
LISTS = ("relation", "judgement", "vouch")
WITHOUT_TABLE = ("catalogue", "withdrawal")
# How to reach somebody: not shown of a member whose release has run out, since a number that nobody stands by
# any more may ring at a stranger's.
CONTACTS = frozenset(
    ("phones", "email", "social_links", "contact_name", "contact_role", "contact_phone", "contact_email")
)
NOT_FUSED = "none"  # a field's `fuse`: it stays with its claim (the salt, licences, sources, `same_as` …)

_TABLES = """
CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE member (
  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, title TEXT, summary TEXT, url TEXT, email TEXT,
  phones TEXT, licence TEXT, language TEXT, state TEXT NOT NULL, epoch INTEGER, number INTEGER, release TEXT,
  issued_at TEXT, valid_until TEXT, fingerprint TEXT, added TEXT, on_behalf_of TEXT, succeeds TEXT,
  records INTEGER NOT NULL, refused INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE release (
  digest TEXT NOT NULL PRIMARY KEY, member TEXT NOT NULL REFERENCES member(id), epoch INTEGER NOT NULL,
  number INTEGER NOT NULL, form TEXT NOT NULL, manifest BLOB NOT NULL, signature BLOB NOT NULL,
  keylog BLOB NOT NULL
) STRICT;
CREATE TABLE leaf (
  member TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, place INTEGER NOT NULL, digest BLOB NOT NULL,
  status TEXT NOT NULL, PRIMARY KEY (member, type, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE claim (
  number INTEGER PRIMARY KEY, address TEXT NOT NULL, entity INTEGER REFERENCES entity(id),
  member TEXT NOT NULL REFERENCES member(id), type TEXT NOT NULL, id TEXT NOT NULL, schema TEXT NOT NULL,
  json TEXT NOT NULL, held TEXT
) STRICT;
CREATE TABLE entity (
  id INTEGER PRIMARY KEY, address TEXT NOT NULL, type TEXT NOT NULL, short TEXT NOT NULL, slug TEXT NOT NULL,
  title TEXT, language TEXT, claims INTEGER NOT NULL, subject TEXT REFERENCES member(id), district TEXT,
  confirmed_at TEXT, modified_at TEXT, expires_at TEXT
) STRICT;
CREATE TABLE alias (
  address TEXT NOT NULL PRIMARY KEY, entity INTEGER NOT NULL REFERENCES entity(id), short TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE entity_topic (
  entity INTEGER NOT NULL REFERENCES entity(id), topic TEXT NOT NULL, PRIMARY KEY (topic, entity)
) STRICT, WITHOUT ROWID;
CREATE TABLE candidate (
  a TEXT NOT NULL, b TEXT NOT NULL, score INTEGER NOT NULL, reason TEXT NOT NULL, evidence TEXT NOT NULL,
  PRIMARY KEY (a, b, reason)
) STRICT, WITHOUT ROWID;
CREATE TABLE link (
  a TEXT NOT NULL, b TEXT NOT NULL, score INTEGER NOT NULL, reason TEXT NOT NULL, evidence TEXT NOT NULL,
  PRIMARY KEY (a, b, reason)
) STRICT, WITHOUT ROWID;
CREATE TABLE related (
  a TEXT NOT NULL, b TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, evidence TEXT NOT NULL,
  PRIMARY KEY (a, b, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE disagreement (
  entity INTEGER NOT NULL REFERENCES entity(id), field TEXT NOT NULL, address TEXT NOT NULL,
  member TEXT NOT NULL REFERENCES member(id), value TEXT NOT NULL, shown INTEGER NOT NULL, confirmed_at TEXT,
  PRIMARY KEY (entity, field, address)
) STRICT, WITHOUT ROWID;
CREATE TABLE withdrawal (
  hash TEXT NOT NULL, member TEXT NOT NULL, kind TEXT NOT NULL, epoch INTEGER NOT NULL,
  number INTEGER NOT NULL, PRIMARY KEY (hash, member, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE hold (
  hash TEXT NOT NULL, field TEXT NOT NULL, until TEXT NOT NULL, PRIMARY KEY (hash, field)
) STRICT, WITHOUT ROWID;
CREATE TABLE receipt (member TEXT NOT NULL PRIMARY KEY REFERENCES member(id), json TEXT NOT NULL)
  STRICT, WITHOUT ROWID;
"""
SEARCH_TABLE = """CREATE VIRTUAL TABLE search USING fts5(
  exact, folded, stem, content='', tokenize="unicode61 remove_diacritics 0"
);"""

# Built after loading: one sort is much cheaper than a million insertions in random places.
_INDEXES = """
CREATE INDEX claim_entity ON claim (entity);
CREATE INDEX entity_type ON entity (type, district);
CREATE INDEX entity_district ON entity (district) WHERE district IS NOT NULL;
CREATE INDEX alias_short ON alias (short);
CREATE INDEX candidate_b ON candidate (b);
CREATE INDEX related_b ON related (b);
CREATE INDEX judgement_left ON judgement ("left");
CREATE INDEX judgement_right ON judgement ("right");
CREATE INDEX relation_subject ON relation (subject);
CREATE INDEX relation_object ON relation (object);
"""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a fused table: its name and SQL type, and the field it is made of."""

    name: str
    sql: str
    field: str
    kind: Kind


def _column(field: Field) -> Column:
    if field.name.endswith("_e6"):
        return Column(field.name.removesuffix("_e6"), "REAL", field.name, "degrees")
    if field.format == "reference" and field.type == "string":
        return Column(field.name, "INTEGER REFERENCES entity(id)", field.name, "reference")
    if field.type == "boolean":
        return Column(field.name, "INTEGER", field.name, "boolean")
    if field.type == "integer":
        return Column(field.name, "INTEGER", field.name, "plain")
    if field.type in ("array", "object"):
        return Column(field.name, "TEXT", field.name, "json")
    return Column(field.name, "TEXT", field.name, "plain")


def fused_columns(rtype: RecordType) -> tuple[Column, ...]:
    """The columns after `entity, address` of a record type's table, in the schema's order."""
    return tuple(_column(f) for f in rtype.released.values() if f.fuse != NOT_FUSED)


def entity_types(schema: Schema) -> tuple[RecordType, ...]:
    """The types whose claims become entities, in the schema's order."""
    return tuple(t for t in schema.types.values() if t.name not in LISTS + WITHOUT_TABLE)


def list_types(schema: Schema) -> tuple[RecordType, ...]:
    """Relations, judgements, vouches: one row per claim, addresses as released."""
    return tuple(t for t in schema.types.values() if t.name in LISTS)


def list_sql(column: Column) -> str:
    """The SQL type of a column of a list: references stay addresses there, whatever became of them."""
    return "TEXT" if column.kind == "reference" else column.sql


def quoted(name: str) -> str:
    """An SQL identifier. Names come from the schema, which allows a-z, 0-9 and _ only."""
    return f'"{name}"'


def _fused_tables(schema: Schema) -> Iterator[str]:
    for rtype in entity_types(schema):
        columns = "".join(f",\n  {quoted(c.name)} {c.sql}" for c in fused_columns(rtype))
        yield (
            f"CREATE TABLE {quoted(rtype.name)} (\n  entity INTEGER PRIMARY KEY REFERENCES entity(id), "
            f"address TEXT NOT NULL{columns}\n) STRICT;"
        )
    for rtype in list_types(schema):
        columns = "".join(f",\n  {quoted(c.name)} {list_sql(c)}" for c in fused_columns(rtype))
        yield (
            f"CREATE TABLE {quoted(rtype.name)} (\n  address TEXT NOT NULL PRIMARY KEY, "
            f"member TEXT NOT NULL REFERENCES member(id){columns},\n  counts INTEGER NOT NULL"
            f"\n) STRICT, WITHOUT ROWID;"
        )


def tables_sql(schema: Schema | None = None) -> str:
    """Every CREATE TABLE of a pool; run first."""
    return "\n".join([_TABLES + SEARCH_TABLE, *_fused_tables(schema or load_schema())]) + "\n"


def indexes_sql(schema: Schema | None = None) -> str:
    """Every CREATE INDEX of a pool; run when the rows are in."""
    own = []
    for rtype in entity_types(schema or load_schema()):
        for column in fused_columns(rtype):
            if column.kind == "reference":
                own.append(
                    f"CREATE INDEX {quoted(f'{rtype.name}_{column.name}')} ON {quoted(rtype.name)} "
                    f"({quoted(column.name)}) WHERE {quoted(column.name)} IS NOT NULL;"
                )
    return _INDEXES + "\n".join(own) + "\n"
