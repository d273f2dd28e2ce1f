"""Two pools of one lock, side by side: what a stranger's says otherwise than the honest one. Only reads.

Every table is read in the order of its key from both; memory does not grow with them. A difference names the
member, the record and the field. `covered` tells what the root stands for; what stands beside it (the search
index, slugs, receipts …) follows from the same claims and is compared as well.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from commons.pool.contract import LISTS, entity_types, fused_columns, quoted
from commons.pool.stranger import Table, tables
from commons.schema.spec import load_schema

ALTERED, MISSING, EXTRA = "altered", "missing", "extra"
MOST = 200  # differences that are told one by one; comparing a table stops there
MOST_TEXT = 200  # characters of a value that are shown
_COVERED = {
    "claim": ("address", "json", "held"),
    "entity": ("address", "claims"),
    "alias": ("address", "entity"),
    "judgement": ("address", "counts"),
    "withdrawal": ("hash", "member", "kind", "epoch", "number"),
    "hold": ("hash", "field", "until"),
}
_INDEX = ("search_data", "search_idx", "search_docsize", "search_config")
# Where the honest pool was made of pruned forms, it cannot know why a record was left out.
_OF_THE_FORM = {"release": {"form"}, "member": {"refused"}}
_OF_THE_FORM_IN_RECEIPTS = {"form", "refused", "hidden", "findings"}
# somebody's word, no fault of the record
_NO_REFUSAL = frozenset({"R_WITHDRAWN", "R_HELD", "R_HELDCOPY", "R_WITHHELD"})
_FORMS = frozenset({"full", "pruned"})
_NUMBERS = {"claim": {"number", "entity"}, "entity": {"id"}, "alias": {"entity"}}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which a pool is not what its lock gives. `here`: what it says; `merged`: the honest value.

    `kind`: altered; missing: the row is not there; extra: the row should not be there.
    """

    table: str
    member: str = ""
    type: str = ""
    id: str = ""
    field: str = ""
    kind: str = ALTERED
    here: str = ""
    merged: str = ""
    covered: bool = True

    def to_json(self) -> dict[str, object]:
        return {name: value for name, value in asdict(self).items() if value != ""}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Difference:
        """Raises TypeError, ValueError where it is none."""
        known = {f.name for f in fields(cls)}
        if not said.keys() <= known or not all(isinstance(v, str | bool) for v in said.values()):
            raise ValueError("no difference")
        return cls(**said)


def compare(here: sqlite3.Connection, merged: sqlite3.Connection, *, whole: bool) -> Iterator[Difference]:
    """Every difference, claims first, what the root does not cover last; at most `MOST` of each table.

    Args:
        here: as `stranger.open_strangers` opens it.
        merged: the pool that was merged of the proof inside the other.
        whole: whether it was merged of full releases, so that also what was left out can be compared.
    """
    known = tables()
    shift = _Shift(here, merged)
    types = [t.name for t in entity_types(load_schema())]
    ordered = ["meta", "release", "claim", "leaf", "entity", "alias", *types, *LISTS]
    beside = [n for n in known if n not in ordered and not n.startswith("search")]
    for name in [*ordered, *beside]:
        comparing = _Comparing(known[name], here, merged, shift, whole)
        yield from _limited(comparing.leaves() if name == "leaf" else comparing.rows())
    if not whole:
        yield from _limited(_counts(here))
    yield from _limited(_index(known, here, merged))


def _counts(here: sqlite3.Connection) -> Iterator[Difference]:
    """What a pool counts of what it left out, against its own list of digests, which was compared."""
    sql = """SELECT l.member, l.form, m.refused, r.json FROM release l
             JOIN member m ON m.id = l.member JOIN receipt r ON r.member = l.member ORDER BY l.member"""
    for member, form, refused, text in here.execute(sql):
        by_status = "SELECT status, count(*) FROM leaf WHERE member = ? GROUP BY status ORDER BY status"
        codes = dict(here.execute(by_status, (member,)).fetchall())
        hidden, _taken = codes.pop("hidden", 0), codes.pop("taken", 0)
        receipt = _by_key(text, json.dumps({"form": form, "hidden": hidden, "refused": codes}))
        for name, said, counted in receipt or ():
            if name in ("form", "hidden", "refused"):
                yield Difference("receipt", member, field=name, here=said, merged=counted, covered=False)
        n = sum(count for code, count in codes.items() if code not in _NO_REFUSAL)
        if refused != n:
            yield Difference(
                "member", member, field="refused", here=_text(refused), merged=_text(n), covered=False
            )
        if form not in _FORMS:
            yield Difference("release", member, field="form", kind=ALTERED, covered=False)


def _limited(found: Iterator[Difference]) -> Iterator[Difference]:
    for n, difference in enumerate(found, start=1):
        yield difference
        if n >= MOST:
            return


class _Shift:
    """Whether entities have the same numbers in both; if not, numbers say nothing."""

    def __init__(self, here: sqlite3.Connection, merged: sqlite3.Connection) -> None:
        sql = "SELECT number, address FROM claim ORDER BY number"
        self.same = all(a == b for _key, a, b in _side_by_side(here, merged, sql, lambda row: row[0]))

    def ignored(self, table: str) -> set[str]:
        """Columns that hold numbers of entities."""
        if self.same:
            return set()
        rtype = load_schema().types.get(table)
        references = {c.name for c in fused_columns(rtype) if c.kind == "reference"} if rtype else set()
        return references | _NUMBERS.get(table, {"entity"})


def _side_by_side(
    here: sqlite3.Connection, merged: sqlite3.Connection, sql: str, key: Callable[[Sequence[Any]], Any]
) -> Iterator[tuple[Any, Sequence[Any] | None, Sequence[Any] | None]]:
    """(key, row of one, row of the other); rows of both come in order of their keys."""
    left, right = here.execute(sql), merged.execute(sql)
    a, b = left.fetchone(), right.fetchone()
    while a is not None or b is not None:
        if b is None or (a is not None and key(a) < key(b)):
            yield key(a), a, None
            a = left.fetchone()
        elif a is None or key(b) < key(a):
            yield key(b), None, b
            b = right.fetchone()
        else:
            yield key(a), a, b
            a, b = left.fetchone(), right.fetchone()


@dataclass(frozen=True, slots=True)
class _Comparing:
    """One table of both pools."""

    table: Table
    here: sqlite3.Connection
    merged: sqlite3.Connection
    shift: _Shift
    whole: bool

    def rows(self) -> Iterator[Difference]:
        name, columns = self.table.name, self.table.columns
        by_address = "address" in columns and name != "disagreement"
        key = ("address",) if by_address else self.table.key
        order = self.table.key if name in ("claim", "entity") or by_address else key
        places = [columns.index(k) for k in key]
        sql = f"SELECT {_list(columns)} FROM {quoted(name)} ORDER BY {_list(order)}"
        ignored = self.shift.ignored(name) | (set() if self.whole else _OF_THE_FORM.get(name, set()))
        for _key, a, b in _side_by_side(self.here, self.merged, sql, lambda r: [r[p] for p in places]):
            if a == b:
                continue
            row = dict(zip(columns, a or b or (), strict=True))
            if a is None or b is None:
                yield self._named(row, kind=MISSING if a is None else EXTRA, covered=self._covers(None))
                continue
            for column, said, honest in zip(columns, a, b, strict=True):
                if said != honest and column not in ignored:
                    yield from self._values(row, column, said, honest)

    def _covers(self, column: str | None) -> bool:
        """Whether the root stands for it; the values of things are covered, all of them."""
        if self.table.name in _COVERED:
            return column is None or column in _COVERED[self.table.name]
        return self.table.name in {t.name for t in entity_types(load_schema())}

    def _values(self, row: Row, column: str, said: Any, honest: Any) -> Iterator[Difference]:
        """One column's difference; of an object, each key's."""
        table = self.table.name
        covered = self._covers(column) or (table == "meta" and row["key"] == "root")
        inner = {("claim", "json"), ("receipt", "json")}
        if (table, column) in inner or (table == "meta" and column == "value"):
            skipped = _OF_THE_FORM_IN_RECEIPTS if table == "receipt" and not self.whole else set()
            pairs = _by_key(said, honest)
            if pairs is not None:
                for name, a, b in pairs:
                    if name not in skipped:
                        field = f"{row['key']}.{name}" if table == "meta" else name
                        yield self._named(row, field=field, here=a, merged=b, covered=covered)
                return
        field = str(row["key"]) if table == "meta" else column
        yield self._named(row, field=field, here=_text(said), merged=_text(honest), covered=covered)

    def _named(self, row: Row, *, covered: bool, **more: str) -> Difference:
        member, type_name, id = self._whose(row)
        return Difference(self.table.name, member, type_name, id, covered=covered, **more)

    def _whose(self, row: Row) -> tuple[str, str, str]:
        """Member, type and id of the record that a row is about; empty where it is about none."""
        address = row.get("address") or row.get("a")
        if address is None and isinstance(row.get("entity"), int):
            address = self._address_of(row["entity"])
        parts = str(address or "").split("/", 2)
        if len(parts) == 3:
            return parts[0], parts[1], parts[2]
        if self.table.name == "member":
            return str(row["id"]), "", ""
        return str(row.get("member") or ""), str(row.get("type") or ""), ""

    def _address_of(self, entity: int) -> str:
        for connection in (self.merged, self.here):
            row = connection.execute("SELECT address FROM entity WHERE id = ?", (entity,)).fetchone()
            if row is not None:
                return str(row[0])
        return ""

    def leaves(self) -> Iterator[Difference]:
        """The digests of all records; those left out may stand under another name than a pruned form's."""
        sql = "SELECT member, place, type, id, digest, status FROM leaf ORDER BY member, place"
        for _key, a, b in _side_by_side(self.here, self.merged, sql, lambda row: (row[0], row[1])):
            if a == b:
                continue
            member, _place, type_name, id = (a or b or ())[:4]
            if a is None or b is None:
                kind = MISSING if a is None else EXTRA
                yield Difference("leaf", member, type_name, id, kind=kind)
            elif a[4] != b[4]:
                yield Difference(
                    "leaf", member, type_name, id, "digest", here=_text(a[4]), merged=_text(b[4])
                )
            elif self.whole or "taken" in (a[5], b[5]):
                type_name, id = b[2:4] if b[2] else (type_name, id)
                yield Difference("leaf", member, type_name, id, "status", here=a[5], merged=b[5])


def _list(columns: Sequence[str]) -> str:
    return ", ".join(map(quoted, columns))


def _by_key(said: Any, honest: Any) -> list[tuple[str, str, str]] | None:
    """(key, here, merged) where two JSON texts differ; None unless both are objects or records."""
    try:
        a, b = _object(json.loads(said)), _object(json.loads(honest))
    except (TypeError, ValueError, RecursionError):
        return None
    if a is None or b is None:
        return None
    keys = [k for k in sorted(a.keys() | b.keys()) if a.get(k) != b.get(k)]
    return [(k, _text(a.get(k)), _text(b.get(k))) for k in keys] or None


def _object(value: Any) -> dict[str, Any] | None:
    if isinstance(value, list) and len(value) == 3:  # a canonical record
        value = value[2]
    return value if isinstance(value, dict) else None


def _text(value: Any) -> str:
    """A value as it is shown; "" where there is none."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value[:MOST_TEXT].hex()
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))[:MOST_TEXT]


def _index(
    known: Mapping[str, Table], here: sqlite3.Connection, merged: sqlite3.Connection
) -> Iterator[Difference]:
    """The search index, word by word; where its bytes are the same, nothing else need be looked at."""
    if all(_same_bytes(known[name], here, merged) for name in _INDEX):
        return
    sql = "SELECT term, doc, col, offset FROM temp.search_words"
    for _key, a, b in _side_by_side(here, merged, sql, lambda row: row):
        if a is None or b is None:
            row = a or b
            assert row is not None
            field = _field_of(merged, row[1], row[0]) if a is None else ""
            word = {"here": _text(row[0])} if b is None else {"merged": _text(row[0])}
            kind = EXTRA if b is None else MISSING
            yield Difference(
                "search", *_address(merged, here, row[1]), field=field, kind=kind, covered=False, **word
            )
    lengths = "SELECT id, sz FROM search_docsize ORDER BY id"
    for _key, a, b in _side_by_side(here, merged, lengths, lambda row: row[0]):
        if a != b:
            row = a or b
            assert row is not None
            yield Difference("search", *_address(merged, here, row[0]), field="length", covered=False)


def _same_bytes(table: Table, here: sqlite3.Connection, merged: sqlite3.Connection) -> bool:
    sql = f"SELECT {_list(table.columns)} FROM {quoted(table.name)} ORDER BY {_list(table.key)}"
    return all(a == b for a, b in _pairs(here.execute(sql), merged.execute(sql)))


def _pairs(a: sqlite3.Cursor, b: sqlite3.Cursor) -> Iterator[tuple[Any, Any]]:
    while True:
        left, right = a.fetchone(), b.fetchone()
        if left is None and right is None:
            return
        yield left, right


def _address(merged: sqlite3.Connection, here: sqlite3.Connection, entity: int) -> tuple[str, str, str]:
    for connection in (merged, here):
        row = connection.execute("SELECT address FROM entity WHERE id = ?", (entity,)).fetchone()
        if row is not None and row[0].count("/") == 2:
            member, type_name, id = row[0].split("/")
            return member, type_name, id
    return "", "", ""


def _field_of(merged: sqlite3.Connection, entity: int, word: str) -> str:
    """The field whose value holds a word that the index lacks, where one does as it stands."""
    _member, type_name, _id = _address(merged, merged, entity)
    rtype = load_schema().types.get(type_name)
    if rtype is None:
        return ""
    columns = [c for c in fused_columns(rtype) if c.kind in ("plain", "json")]
    sql = f"SELECT {_list([c.name for c in columns])} FROM {quoted(type_name)} WHERE entity = ?"
    row = merged.execute(sql, (entity,)).fetchone() or ()
    for column, value in zip(columns, row, strict=False):
        if isinstance(value, str) and word.casefold() in value.casefold():
            return column.field
    return ""
