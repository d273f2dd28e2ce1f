"""What of a few records leaves with the next release, for a list: whether at all, and which fields wait.

The decisions are `outgoing`'s. Makes no digests, and decides only for the records that are asked about and
those that they name, so that a list of a big catalogue stays quick.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from commons.catalogue.record import StoredRecord
from commons.catalogue.store import Catalogue
from commons.format.keylog import KeyLog
from commons.release import build, known, outgoing
from commons.release.outgoing import WITHDRAWAL, Key, Rules

# What is told of a field that leaves all the same, or that is kept home as it should be.
_NO_WAITING = {"reference-dangling", "location-reserved"}


@dataclass(frozen=True, slots=True)
class Outlook:
    """One record. `waits`: its fields that stay home until somebody does something; `agreed`: whether nothing
    but a consent keeps the whole record home."""

    leaves: bool
    waits: frozenset[str] = frozenset()
    agreed: bool = True


def outlook(catalogue: Catalogue, wanted: Iterable[StoredRecord]) -> dict[Key, Outlook]:
    """By type and id, for those that are not «only here» (nothing of these leaves)."""
    asked = [record for record in wanted if not record.private and record.type != WITHDRAWAL]
    if not asked:
        return {}
    records = {(r.type, r.id): r for r in catalogue.records()}
    rules = Rules(
        schema=catalogue.schema,
        member=KeyLog.parse(catalogue.keylog).member_id,
        consented=catalogue.consents.active(),
        scanner=known.scanner(catalogue.schema, list(records.values()), build.answers(catalogue)),
        language=str(catalogue.profile.fields.get("language", "es")),
    )
    leaving = outgoing.select(_with_named(asked, records, rules), rules)
    found = {}
    for record in asked:
        key = (record.type, record.id)
        held = [f for f in leaving.held if (f.type, f.record) == key]
        waits = frozenset(f.field for f in held if f.field and f.code not in _NO_WAITING)
        agreed = not any(f.code == "record-no-consent" for f in held)
        found[key] = Outlook(key in leaving.records, waits, agreed)
    return found


def _with_named(
    asked: Iterable[StoredRecord], records: Mapping[Key, StoredRecord], rules: Rules
) -> Iterator[StoredRecord]:
    """Those records and, step by step, the own ones that they name: what leaves of one may need another."""
    waiting = [(record.type, record.id) for record in asked]
    seen = set(waiting)
    while waiting:
        record = records[waiting.pop()]
        yield record
        for key in outgoing.named_by(record, rules):
            if key in records and key not in seen:
                seen.add(key)
                waiting.append(key)
