"""Hostile catalogues, made and never stored: name → (records, bytes of catalogue.db, the code expected).

Each is signed by its member when it is tried, so that the signature stops none of them.
"""

from __future__ import annotations

import os
import random
import re
import sqlite3
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from commons.format import canonical
from commons.intake.tables import tables
from commons.model import Record
from tests.hostile.making import SCHEMA, database, place, profile, salt

GOOD = (profile("Comedor"), place("a", summary="Comida caliente"), place("b"), place("c"))


@dataclass(frozen=True, slots=True)
class Hostile:
    """What to sign, and what must come of it: a code of the release, or of one record."""

    code: str
    catalogue: bytes
    records: Sequence[Record] = GOOD[1:]
    leaves: tuple[bytes, ...] | None = None
    refused: dict[str, int] = field(default_factory=dict)


def _good(**options: int) -> bytes:
    return database(GOOD, **options)


def _edited(sql: str, *, records: Sequence[Record] = GOOD) -> bytes:
    """A good database after `sql`, run with every protection off."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(database(records))
    connection.execute("PRAGMA writable_schema=ON")
    connection.execute("PRAGMA ignore_check_constraints=ON")
    connection.executescript(sql)
    data = connection.serialize()
    connection.close()
    return data


def _header(at: int, value: bytes) -> bytes:
    data = bytearray(_good())
    data[at : at + len(value)] = value
    return bytes(data)


def _other_ddl(name: str, changes: dict[str, str], *, records: Sequence[Record] = GOOD) -> bytes:
    """The rows of a table that was made otherwise, forged to read as published."""
    known = tables(SCHEMA) or {}
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints=ON")
    for table in known.values():
        ddl = table.ddl
        for old, new in changes.items() if table.name == name else ():
            ddl = ddl.replace(old, new)
        connection.execute(ddl)
    for record in records:
        columns = ", ".join(f'"{n}"' for n in ("id", *record.fields))
        marks = ", ".join("?" * (len(record.fields) + 1))
        sql = f'INSERT INTO "{record.type}" ({columns}) VALUES ({marks})'
        connection.execute(sql, [record.id, *record.fields.values()])
    connection.execute("PRAGMA writable_schema=ON")
    connection.execute("UPDATE sqlite_schema SET sql=? WHERE name=?", [known[name].ddl, name])
    data = connection.serialize()
    connection.close()
    return data


def empty() -> Hostile:
    return Hostile("E_NOTSQLITE", b"\0")


def web_page() -> Hostile:
    return Hostile("E_NOTSQLITE", b"<!doctype html><title>502 Bad Gateway</title>" * 40)


def archive() -> Hostile:
    return Hostile("E_NOTSQLITE", b"PK\x03\x04" + os.urandom(4000))


def truncated() -> Hostile:
    return Hostile("E_SIZE", _good()[:-4096])


def appended() -> Hostile:
    return Hostile("E_SIZE", _good() + b"\0" * 4096)


def bit_rot() -> Hostile:
    """A bit fell over after the content was hashed, before the file was."""
    data = bytearray(_good())
    data[data.index(b"Comida caliente") + 3] ^= 4
    return Hostile("E_ROOT", bytes(data))


def wal_header() -> Hostile:
    return Hostile("E_WALMODE", _header(18, b"\2\2"))


def utf_16() -> Hostile:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA encoding='UTF-16'")
    for table in (tables(SCHEMA) or {}).values():
        connection.execute(table.ddl)
    return Hostile("E_ENCODING", connection.serialize())


def loop_in_tree() -> Hostile:
    many = [*GOOD, *(place(f"x{n}", description="x" * 900) for n in range(60))]
    data = bytearray(database(many))
    pages = len(data) // 4096
    for number in range(1, pages):  # every inner page's right child is itself
        if data[number * 4096] == 2:
            data[number * 4096 + 8 : number * 4096 + 12] = struct.pack(">I", number + 1)
    return Hostile("E_INTEGRITY", bytes(data), many[1:])


def bad_cell_count() -> Hostile:
    data = bytearray(_good())
    root = _root_page("place", data)
    data[(root - 1) * 4096 + 3 : (root - 1) * 4096 + 5] = b"\xff\xff"
    return Hostile("E_INTEGRITY|E_SQLITE", bytes(data))


def _root_page(name: str, data: bytes | bytearray) -> int:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(bytes(data))
    page: int = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name=?", [name]).fetchone()[0]
    return page


def shared_root_page() -> Hostile:
    sql = "UPDATE sqlite_schema SET rootpage=(SELECT rootpage FROM sqlite_schema WHERE name='place')"
    return Hostile("E_INTEGRITY|E_SQLITE", _edited(f"{sql} WHERE name='service'"))


def view_for_table() -> Hostile:
    return Hostile("E_SCHEMA", _edited("DROP TABLE service; CREATE VIEW service AS SELECT 'x' AS id;"))


def endless_view() -> Hostile:
    endless = "WITH RECURSIVE r(id) AS (SELECT 1 UNION ALL SELECT id+1 FROM r) SELECT id FROM r"
    return Hostile("E_SCHEMA", _edited(f"DROP TABLE service; CREATE VIEW service AS {endless};"))


def memory_view() -> Hostile:
    bomb = "CREATE VIEW service AS SELECT hex(zeroblob(400000000)) AS id;"
    return Hostile("E_SCHEMA", _edited(f"DROP TABLE service; {bomb}"))


def generated_column() -> Hostile:
    ddl = "CREATE TABLE service (id TEXT PRIMARY KEY, title TEXT AS (hex(zeroblob(100000000))));"
    return Hostile("E_SCHEMA", _edited(f"DROP TABLE service; {ddl} INSERT INTO service(id) VALUES ('a');"))


def full_text_table() -> Hostile:
    sql = "CREATE VIRTUAL TABLE f USING fts5(x); UPDATE f_data SET block=x'ff' WHERE id=1;"
    return Hostile("E_SCHEMA", _edited(sql))


def trigger() -> Hostile:
    return Hostile("E_SCHEMA", _edited("CREATE TRIGGER t AFTER INSERT ON place BEGIN SELECT 1; END;"))


def extension_in_check() -> Hostile:
    ddl = "CREATE TABLE service (id TEXT PRIMARY KEY CHECK (load_extension('x')));"
    return Hostile("E_SCHEMA", _edited(f"DROP TABLE service; {ddl}"))


def extension_in_default() -> Hostile:
    ddl = "CREATE TABLE service (id TEXT PRIMARY KEY, title TEXT DEFAULT (load_extension('x')));"
    return Hostile(
        "E_SCHEMA", _edited(f"DROP TABLE service; {ddl} INSERT INTO service(id, title) VALUES ('a', 'b');")
    )


def extra_table() -> Hostile:
    return Hostile("E_SCHEMA", _edited("CREATE TABLE volunteers (name, phone);"))


def missing_table() -> Hostile:
    return Hostile("E_SCHEMA", _edited("DROP TABLE service;"))


def real_columns() -> Hostile:
    ddl = (
        "CREATE TABLE service (id TEXT PRIMARY KEY, latitude REAL); INSERT INTO service VALUES ('a', 9e999);"
    )
    return Hostile("E_SCHEMA", _edited(f"DROP TABLE service; {ddl}"))


def many_columns() -> Hostile:
    columns = ", ".join(f"c{n}" for n in range(1900))
    return Hostile("E_SCHEMA|E_SQLITE|E_TOOBIG", _edited(f"CREATE TABLE wide ({columns});"))


def schema_garbage() -> Hostile:
    sql = f"UPDATE sqlite_schema SET sql='CREATE TABLE service ({'9' * 400_000})' WHERE name='service';"
    return Hostile("E_SQLITE|E_TOOBIG", _edited(sql))


def long_value() -> Hostile:
    sql = "UPDATE place SET description=hex(zeroblob(5000000)) WHERE id='a';"
    return Hostile("E_TOOBIG", _edited(sql))


def claimed_value() -> Hostile:
    """A row that says of itself that it is 300 MB long, in a file of a few pages."""
    data = bytearray(_good())
    page = (_root_page("place", data) - 1) * 4096
    cell = page + struct.unpack(">H", data[page + 8 : page + 10])[0]
    length = 300_000_000
    sevens = [length >> shift & 127 for shift in (28, 21, 14, 7, 0)]
    data[cell : cell + 5] = bytes([*(part | 128 for part in sevens[:-1]), sevens[-1]])
    return Hostile("E_INTEGRITY|E_SQLITE|E_TOOBIG", bytes(data))


def broken_utf8() -> Hostile:
    sql = "UPDATE place SET summary=CAST(x'63616cff69656e7465' AS TEXT) WHERE id='a';"
    return Hostile("E_UTF8", _edited(sql))


def _in_record(value: str, code: str, name: str = "summary") -> Hostile:
    """A good file with one bad record, whose leaf the hostile signer computes as intake will."""
    quoted = value.replace("'", "''").replace("\0", "' || char(0) || '")
    bad = place("a", **{name: value})
    text = canonical.strict_json.compact([bad.type, bad.id, dict(sorted(bad.fields.items()))])
    others = [r for r in GOOD if r.id != "a"]
    pairs = [
        ((r.type, r.id), canonical.leaf(canonical.canonical_bytes(r.type, r.id, r.fields))) for r in others
    ]
    pairs.append((("place", "a"), canonical.leaf(text.encode())))
    leaves = tuple(leaf for _, leaf in sorted(pairs))
    data = _edited(f"UPDATE place SET {name}='{quoted}' WHERE id='a';", records=[*others, place("a")])
    return Hostile("", data, leaves=leaves, refused={code: 1})


def nul_in_text() -> Hostile:
    return _in_record("Comida\0caliente", "R_CHAR")


def direction_override() -> Hostile:
    return _in_record("Comida \u202etneilac", "R_CHAR")


def accents_apart() -> Hostile:
    return _in_record("Nutricio\u0301n", "R_NFC")


def script_address() -> Hostile:
    return _in_record("javascript:alert(1)", "url-malformed", "url")


def formula_address() -> Hostile:
    return _in_record('=HYPERLINK("http://x","y")', "url-malformed", "url")


def _in_list(text: str, code: str) -> Hostile:
    """A list column with JSON that can be read in two ways: its leaf is that of the text."""
    return _in_record(text, code, "phones")


def double_keys() -> Hostile:
    return _in_list('[{"number":"+525511112222","number":"+525533334444"}]', "R_JSON")


def deep_json() -> Hostile:
    return _in_list("[" * 90_000 + "]" * 90_000, "R_JSON")


def spaced_json() -> Hostile:
    return _in_list('[ {"number":"+525511112222"} ]', "R_JSON")


def fraction_in_json() -> Hostile:
    return _in_list('[{"number":1.5}]', "R_JSON")


def other_content() -> Hostile:
    """Perfect in form, but not the records whose root was signed."""
    return Hostile("E_ROOT", _edited("UPDATE place SET title='Otro' WHERE id='a';"))


def two_catalogue_rows() -> Hostile:
    second = Record("catalogue", "otro", {**GOOD[0].fields})
    return Hostile("E_CATALOGUE", database([*GOOD, second]), [*GOOD[1:], second])


def foreign_namespace() -> Hostile:
    other = f"{'a' * 26}/place/x"
    return Hostile("E_INTEGRITY", _edited(f"UPDATE place SET id='{other}' WHERE id='a';"))


def path_for_an_id() -> Hostile:
    return Hostile("E_INTEGRITY", _edited("UPDATE place SET id='../../etc/passwd' WHERE id='a';"))


def duplicate_keys_as_made() -> Hostile:
    """A table that lets an id stand twice, and says so."""
    ddl = "CREATE TABLE service (id TEXT, title TEXT);"
    rows = "INSERT INTO service VALUES ('a', 'A'), ('a', 'B');"
    return Hostile("E_SCHEMA", _edited(f"DROP TABLE service; {ddl} {rows}"))


def duplicate_keys_in_pages() -> Hostile:
    """Made by the published words, then changed byte for byte: one id stands twice."""
    data = bytearray(_good())
    data[data.index(b"bComedor b")] = ord("a")
    return Hostile("E_INTEGRITY|E_ROOT", bytes(data))


def duplicate_keys() -> Hostile:
    """A key of two columns lays rows out as the published one does, but lets one id stand twice."""
    twice = Record("place", "b", {"title": "Otro", "salt": salt("z")})
    changes = {"PRIMARY KEY": "", "\n) STRICT": ',\n PRIMARY KEY ("id", "title")\n) STRICT'}
    return Hostile("E_INTEGRITY", _other_ddl("place", changes, records=[*GOOD, twice]))


def forged_types() -> Hostile:
    text = Record("place", "b", {"title": "B", "latitude_e6": "norte", "longitude_e6": 1, "salt": salt("b")})
    return Hostile("E_INTEGRITY", _other_ddl("place", {" STRICT,": ""}, records=[*GOOD[:2], text]))


def forged_infinity() -> Hostile:
    """Infinity where a whole number belongs, in a table that was made without types."""
    far = Record("place", "b", {"title": "B", "latitude_e6": 9e999, "longitude_e6": 1, "salt": salt("b")})  # type: ignore[dict-item]
    signed = Record("place", "b", {"title": "B", "latitude_e6": 1, "longitude_e6": 1, "salt": salt("b")})
    data = _other_ddl("place", {" STRICT,": ""}, records=[*GOOD[:2], far])
    return Hostile("E_INTEGRITY", data, [GOOD[1], signed])


def forged_length() -> Hostile:
    data = _edited("UPDATE place SET title='' WHERE id='a';")
    return Hostile("E_INTEGRITY", data)


def unknown_schema() -> Hostile:
    return Hostile("E_SCHEMAVERSION", _good())


CASES: dict[str, Callable[[], Hostile]] = {
    made.__name__: made
    for made in (
        empty, web_page, archive, truncated, appended, bit_rot, wal_header, utf_16, loop_in_tree,
        bad_cell_count, shared_root_page, view_for_table, endless_view, memory_view,
        generated_column, full_text_table, trigger, extension_in_check, extension_in_default,
        extra_table, missing_table, real_columns, many_columns, schema_garbage, long_value,
        claimed_value, broken_utf8, nul_in_text, direction_override, accents_apart, script_address,
        formula_address, double_keys, deep_json, spaced_json, fraction_in_json, other_content,
        two_catalogue_rows, foreign_namespace, path_for_an_id, duplicate_keys, duplicate_keys_as_made,
        duplicate_keys_in_pages, forged_types, forged_infinity, forged_length, unknown_schema,
    )
}  # fmt: skip


def mutations(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Random damage, as disks, chat programs and strangers do it; one at a time, the same for one seed."""
    chance = random.Random(seed)
    for _ in range(count):
        yield _mutation(data, chance)


def _mutation(data: bytes, chance: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 5, 40))):
        at = chance.randrange(len(made))
        kind = chance.randrange(5)
        if kind == 0:
            made[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            made[at : at + 4] = chance.randbytes(4)[: len(made) - at]
        elif kind == 2:
            other = chance.randrange(len(made) - 64)
            made[at : at + 64] = made[other : other + 64][: len(made) - at]
        elif kind == 3:
            words = [m.start() for m in re.finditer(rb"Comedor|Comida", made)]
            made[chance.choice(words) if words else at] ^= 0x20
        else:
            made[at : at + 16] = bytes(min(16, len(made) - at))
    return bytes(made)
