"""What came of a merge, for who watches a hostile member. Makes nothing hostile, so that it costs little."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from commons.merge.run import Merged


def codes(merged: Merged) -> set[str]:
    """Every code that a person would see of it."""
    assert merged.result is not None
    found = {f.code for f in merged.findings}
    for member in merged.lock.members.values():
        found |= {p.code for p in member.passed_over}
    for receipt in merged.result.receipts.values():
        found |= set(receipt["refused"]) | {f["code"] for f in receipt["findings"]}
    return found


def what_others_say(pool: Path, hostile: str) -> tuple[object, ...]:
    """Of all members but `hostile`: every claim as said, which are one thing, and who speaks for it."""
    with closing(sqlite3.connect(pool)) as connection:
        claims = connection.execute(
            "SELECT c.address, c.json, c.held, e.address, e.subject FROM claim c "
            "LEFT JOIN entity e ON e.id = c.entity WHERE c.member != ? ORDER BY c.address",
            (hostile,),
        ).fetchall()
        leaves = connection.execute(
            "SELECT member, type, id, digest, status FROM leaf WHERE member != ? ORDER BY 1, 2, 3",
            (hostile,),
        ).fetchall()
    together: dict[str, list[str]] = {}
    for address, _json, _held, entity, _subject in claims:
        together.setdefault(entity or address, []).append(address)
    said = [(address, text, held) for address, text, held, _entity, _subject in claims]
    speak = [(address, subject) for address, _json, _held, _entity, subject in claims]
    assert all(subject != hostile for _address, subject in speak), json.dumps(speak)
    return said, sorted(together.values()), leaves
