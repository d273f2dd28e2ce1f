"""What members said of two records, as linking weighs it, and whose word counts. Reads; decides nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from commons.catalogue.record import StoredRecord
from commons.link.judgements import Judgement, Pair, Rules
from commons.pool.read import Pool


def rules_of(pool: Pool) -> Rules:
    """Whose judgements count in this pool's federation."""
    judges: Any = (pool.meta.get("federation") or {}).get("judges") or {}
    return Rules(frozenset(judges.get("from") or ()), int(judges.get("quorum") or 2))


def said_in(connection: sqlite3.Connection, of: Pair | None = None) -> Iterator[tuple[Judgement, bool]]:
    """The judgements that a pool keeps, of one pair or all, as linking weighs them; whether each counts."""
    names = 'address, member, "left", "right", verdict, left_title, left_digest, right_title, right_digest'
    sql = f"SELECT counts, {names} FROM judgement"
    asked: tuple[str, ...] = ()
    if of is not None:
        sql += ' WHERE ("left" = ? AND "right" = ?) OR ("left" = ? AND "right" = ?)'
        asked = (*of, *of[::-1])
    for counts, *row in connection.execute(sql, asked):
        yield Judgement(*(text or "" for text in row)), bool(counts)


def as_judgement(record: StoredRecord, member: str) -> Judgement:
    """A judgement of a catalogue as linking weighs it."""
    said: Any = record.fields
    return Judgement(
        f"{member}/judgement/{record.id}",
        member,
        *ends_of(record),
        str(said.get("verdict") or ""),
        str(said.get("left_title") or ""),
        str(said.get("left_digest") or ""),
        str(said.get("right_title") or ""),
        str(said.get("right_digest") or ""),
    )


def ends_of(record: StoredRecord) -> tuple[str, str]:
    """The two addresses that a judgement of a catalogue names; empty where it names none."""
    return str(record.fields.get("left") or ""), str(record.fields.get("right") or "")


def relation_of(record: StoredRecord, member: str) -> tuple[str, str, str]:
    """A relation of a catalogue: subject, kind, object, with full addresses."""
    said = [str(record.fields.get(name) or "") for name in ("subject", "kind", "object")]
    full = [text if text.count("/") != 1 else f"{member}/{text}" for text in said]
    return full[0], said[1], full[2]
