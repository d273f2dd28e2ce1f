"""The two DDLs, from one schema: what a catalogue's tables and a release's tables look like.

Working (the catalogue): only `id` is required, so that saving always works. Published (the release): STRICT,
with what SQLite itself can hold a value to: kinds, lengths, ranges, the shape of dates. Terms of vocabularies
are not in it, else every new term would be a new schema. Runs no SQL.
"""

from __future__ import annotations

from commons.schema.spec import Field, RecordType, Schema

RECORD_ID_CHECK = "CHECK (length(id) BETWEEN 1 AND 63 AND id NOT GLOB '*[^a-z0-9-]*' AND id NOT GLOB '-*')"
_DATE = "[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]"
_DATETIME = _DATE + "T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z"
ARRAY_BYTES = 200_000


def sql_type(field: Field) -> str:
    """INTEGER or TEXT: nothing else is ever stored."""
    return "INTEGER" if field.type in ("integer", "boolean") else "TEXT"


def quoted(name: str) -> str:
    """A name of the schema as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def published_sql(schema: Schema) -> str:
    """One STRICT table per type with every column that may leave. Equals schemas/v1/published.sql."""
    tables = [_published_table(rtype) for rtype in schema.types.values()]
    return f"-- The published tables of schema {schema.version}. Generated; do not edit.\n" + "\n".join(
        tables
    )


def working_sql(schema: Schema) -> str:
    """One STRICT table per type with every column; only `id` is required."""
    return "\n".join(_working_table(rtype) for rtype in schema.types.values())


def _published_table(rtype: RecordType) -> str:
    lines = [f"  {quoted('id')} TEXT NOT NULL PRIMARY KEY {RECORD_ID_CHECK}"]
    for field in rtype.released.values():
        null = " NOT NULL" if field.required else ""
        lines.append(f"  {quoted(field.name)} {sql_type(field)}{null} CHECK ({_check(field)})")
    return f"CREATE TABLE {quoted(rtype.name)} (\n" + ",\n".join(lines) + "\n) STRICT, WITHOUT ROWID;\n"


def _working_table(rtype: RecordType) -> str:
    lines = [f"  {quoted('id')} TEXT NOT NULL PRIMARY KEY"]
    lines += [f"  {quoted(f.name)} {sql_type(f)}" for f in rtype.fields.values()]
    return f"CREATE TABLE {quoted(rtype.name)} (\n" + ",\n".join(lines) + "\n) STRICT, WITHOUT ROWID;\n"


def _check(field: Field) -> str:
    """What a value of the field must look like; a null passes every CHECK."""
    name = quoted(field.name)
    if field.type == "boolean":
        return f"{name} IN (0, 1)"
    if field.type == "integer":
        low = -(2**53 - 1) if field.minimum is None else field.minimum
        high = 2**53 - 1 if field.maximum is None else field.maximum
        return f"{name} BETWEEN {low} AND {high}"
    if field.type == "date":
        return f"{name} GLOB '{_DATE}'"
    if field.type == "datetime":
        return f"{name} GLOB '{_DATETIME}'"
    if field.type == "array":
        return f"length({name}) BETWEEN 3 AND {ARRAY_BYTES} AND {name} GLOB '[[]*]'"
    return f"length({name}) BETWEEN 1 AND {field.max_length}"
