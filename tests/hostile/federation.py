"""A federation of two honest members and a hostile one, merged as the program merges."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import yaml

from commons.format.container import write_file
from commons.merge.run import Merged, Options, merge
from tests.hostile.deliveries import GOOD_MEMBERS, HOSTILE, Delivery, good_records
from tests.hostile.making import release

AS_OF = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)


def founded(folder: Path) -> Path:
    """The folder of the federation; the hostile member's source is an empty folder."""
    (folder / "hostile").mkdir(parents=True)
    members = []
    for n, member in enumerate(GOOD_MEMBERS):
        write_file(folder / f"{n}.entrega", release(member, good_records(n)))
        members.append({"id": member.id, "name": member.name, "sources": [f"{n}.entrega"]})
    members.append({"id": HOSTILE.id, "name": HOSTILE.name, "sources": ["hostile"]})
    rules = {"name": "Prueba", "licences": ["CC-BY-4.0"], "members": members}
    (folder / "federation.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    return folder


def merged_with(folder: Path, delivery: Delivery) -> Merged:
    """One merge after the delivery."""
    delivery.put(folder / "hostile")
    return merge(folder, Options(as_of=AS_OF, children=0))


def codes(merged: Merged) -> set[str]:
    """Every code that a person would see of it."""
    assert merged.result is not None
    found = {f.code for f in merged.findings}
    for member in merged.lock.members.values():
        found |= {p.code for p in member.passed_over}
    for receipt in merged.result.receipts.values():
        found |= set(receipt["refused"]) | {f["code"] for f in receipt["findings"]}
    return found


def what_others_say(pool: Path) -> tuple[object, ...]:
    """Of the honest members: every claim as said, which of them are one thing, and who speaks for it."""
    with closing(sqlite3.connect(pool)) as connection:
        claims = connection.execute(
            "SELECT c.address, c.json, c.held, e.address, e.subject FROM claim c "
            "LEFT JOIN entity e ON e.id = c.entity WHERE c.member != ? ORDER BY c.address",
            (HOSTILE.id,),
        ).fetchall()
        leaves = connection.execute(
            "SELECT member, type, id, digest, status FROM leaf WHERE member != ? ORDER BY 1, 2, 3",
            (HOSTILE.id,),
        ).fetchall()
    together: dict[str, list[str]] = {}
    for address, _json, _held, entity, _subject in claims:
        together.setdefault(entity or address, []).append(address)
    said = [(address, text, held) for address, text, held, _entity, _subject in claims]
    speak = [(address, subject) for address, _json, _held, _entity, subject in claims]
    assert all(subject != HOSTILE.id for _address, subject in speak), json.dumps(speak)
    return said, sorted(together.values()), leaves
