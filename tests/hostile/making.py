"""Makes members and signed releases for tests: real keys, real databases, nothing mocked.

`Member` is deterministic in its name. `release` signs whatever it is given, so that a hostile catalogue
reaches every layer behind the signature.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from commons.addresses import base32
from commons.format import canonical, sshsig, strict_json
from commons.format.container import ReleaseFiles
from commons.format.keylog import KeyLog
from commons.format.keys import PrivateKey
from commons.format.manifest import FileEntry, Manifest
from commons.format.merkle import root_of
from commons.intake.tables import JSON, tables
from commons.model import Record
from commons.schema.spec import load_schema

SCHEMA = load_schema().version
ISSUED, VALID = "2026-11-01T12:00:00Z", "2027-12-06T12:00:00Z"


def key(name: str) -> PrivateKey:
    return PrivateKey(hashlib.sha256(name.encode()).digest())


def salt(name: str) -> str:
    return base32(hashlib.sha256(name.encode()).digest())[:26]


@dataclass(slots=True)
class Member:
    """A member of tests: its key log, the key in force and the next one."""

    name: str
    current: PrivateKey = field(init=False)
    next: PrivateKey = field(init=False)
    log: KeyLog = field(init=False)

    def __post_init__(self) -> None:
        self.current, self.next = key(f"{self.name} 0"), key(f"{self.name} 1")
        self.log = KeyLog.begin(self.current.public, self.next.public)

    @property
    def id(self) -> str:
        return self.log.member_id

    def recover(self, void_from: tuple[int, int] | None = None) -> None:
        """The paper key comes into use."""
        after = key(f"{self.name} {self.log.epoch + 2}")
        self.log = self.log.rotated(self.next, after.public, void_from=void_from)
        self.current, self.next = self.next, after


def profile(name: str) -> Record:
    return Record(
        "catalogue",
        "catalogue",
        {"title": name, "licence": "CC-BY-4.0", "language": "es", "salt": salt(name)},
    )


def place(id: str, **fields: object) -> Record:
    return Record("place", id, {"title": f"Comedor {id}", "salt": salt(id), **fields})  # type: ignore[dict-item]


def withdrawal(hash: str, kind: str = "record", epoch: int = 0, number: int = 1) -> Record:
    said = {"kind": kind, "epoch": epoch, "number": number, "salt": salt(hash)}
    known = load_schema().types["withdrawal"].released
    return Record("withdrawal", hash, {k: v for k, v in said.items() if k in known})


def database(records: Iterable[Record], *, version: str = SCHEMA, page_size: int = 4096) -> bytes:
    """The published tables, filled with `records`, as the bytes of a file."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(f"PRAGMA page_size={page_size}")
    connection.execute("BEGIN")
    known = tables(version) or {}
    for table in known.values():
        connection.execute(table.ddl)
    for record in sorted(records, key=lambda r: (r.type, r.id)):
        table = known[record.type]
        names = [c.name for c in table.columns if c.name in record.fields]
        listed = {c.name for c in table.columns if c.kind == JSON}
        values = [strict_json.compact(record.fields[n]) if n in listed else record.fields[n] for n in names]
        columns = ", ".join(f'"{n}"' for n in ("id", *names))
        marks = ", ".join("?" * (len(names) + 1))
        connection.execute(f'INSERT INTO "{record.type}" ({columns}) VALUES ({marks})', [record.id, *values])
    connection.execute("COMMIT")
    data = connection.serialize()
    connection.close()
    return data


def release(
    member: Member,
    records: Sequence[Record] = (),
    *,
    number: int = 1,
    previous: Sequence[str] = (),
    catalogue: bytes | None = None,
    leaves: Sequence[bytes] | None = None,
    counts: Mapping[str, int] | None = None,
    log: KeyLog | None = None,
    signer: PrivateKey | None = None,
    schema: str = SCHEMA,
    issued_at: str = ISSUED,
    valid_until: str = VALID,
    status: str | None = None,
) -> ReleaseFiles:
    """A signed release of `records` and a catalogue row; `catalogue` replaces the database's bytes."""
    own = profile(member.name)
    own = own if status is None else Record(own.type, own.id, {**own.fields, "status": status})
    all_records = sorted([own, *records], key=lambda r: (r.type, r.id))
    log = log or member.log
    keylog = log.to_bytes()
    data = database(all_records) if catalogue is None else catalogue
    if leaves is None:
        leaves = [canonical.leaf(canonical.canonical_bytes(r.type, r.id, r.fields)) for r in all_records]
    manifest = Manifest(
        member=log.member_id,
        keylog_head=log.head,
        epoch=log.epoch,
        number=number,
        previous=tuple(sorted(previous)),
        schema=schema,
        licence="CC-BY-4.0",
        language="es",
        issued_at=issued_at,
        valid_until=valid_until,
        content_root=root_of(leaves).hex(),
        files={"catalogue.db": FileEntry.of(data), "keylog.jsonl": FileEntry.of(keylog)},
        counts=dict(Counter(r.type for r in all_records)) if counts is None else counts,
    ).to_bytes()
    signature = sshsig.sign(signer or member.current, manifest, sshsig.RELEASE_NAMESPACE)
    return ReleaseFiles(manifest, signature, keylog, data)
