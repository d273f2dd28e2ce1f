"""What a record that has changed said in the last release, field by field. Decides nothing, writes nothing.

A catalogue keeps only the digests of its releases, so the earlier words are looked for in its history and put
through the same sieve as today's; they count only where their digest is the one that was released.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from commons.catalogue.history import Change
from commons.catalogue.join import rolled_back
from commons.catalogue.record import AUTOMATIC, StoredRecord
from commons.catalogue.rows import State
from commons.catalogue.store import Catalogue
from commons.format import canonical
from commons.model import Value
from commons.release.build import Preview
from commons.release.outgoing import Key, Rules, named_by, select


def changed_fields(catalogue: Catalogue, shown: Preview, rules: Rules) -> dict[Key, dict[str, Value | None]]:
    """Of each changed record the fields that differ, and what they said; nothing of those nobody can tell."""
    if shown.last is None:
        return {}
    records = {(r.type, r.id): r for r in catalogue.records()}
    touched = _since(catalogue, shown.last.issued_at)
    found = {}
    for change in shown.changes:
        key = (change.type, change.id)
        if change.sort != "changed":
            continue
        for past in _versions(records[key], touched.get(key, [])):
            old = _released(past, records, rules)
            if old is not None and _leaf(key, old) == shown.last.leaves[key]:
                found[key] = _different(old, shown.records[key])
                break
    return found


def _since(catalogue: Catalogue, instant: str) -> dict[Key, list[Change]]:
    """What each record went through since, newest first; the whole second of `instant` included."""
    found: dict[Key, list[Change]] = {}
    for step in catalogue.history():
        if step.at < instant:
            break
        for change in catalogue.step(step.n).changes:
            found.setdefault((change.type, change.id), []).append(change)
    return found


def _versions(record: StoredRecord, changes: list[Change]) -> Iterator[StoredRecord]:
    key, state = (record.type, record.id), State(record.fields, dict(record.drafts))
    for n in range(len(changes)):
        past = rolled_back({key: state}, changes[: n + 1])[key]
        if past is not None:
            yield StoredRecord(*key, past.fields, past.drafts)


def _released(
    past: StoredRecord, records: Mapping[Key, StoredRecord], rules: Rules
) -> Mapping[str, Value] | None:
    """What of it would leave today, beside the records that it names."""
    beside = [records[key] for key in named_by(past, rules) if key in records]
    return select([*beside, past], rules).records.get((past.type, past.id))


def _leaf(key: Key, fields: Mapping[str, Value]) -> str:
    return canonical.leaf(canonical.canonical_bytes(*key, fields)).hex()


def _different(old: Mapping[str, Value], new: Mapping[str, Value]) -> dict[str, Value | None]:
    names = (name for name in dict.fromkeys([*old, *new]) if name not in AUTOMATIC)
    return {name: old.get(name) for name in names if old.get(name) != new.get(name)}
