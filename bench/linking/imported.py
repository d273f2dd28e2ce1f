"""Publishers' files as records of the schema, as a catalogue would share them: import, then what may leave.

Each publisher gets a catalogue of its own in a scratch folder, with keys made from its name, so that
addresses are the same on every run. What came out is kept under build/ by the digest of all that went in.
Judges nothing: which records are one thing stands in `sets`.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commons.catalogue.store import Catalogue
from commons.format.keylog import KeyLog
from commons.format.keys import PrivateKey
from commons.imports.loading.load import run
from commons.imports.loading.prepare import Given, prepare
from commons.release.build import preview
from commons.schema.spec import load_schema

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
_NOT_SHARED = ("salt", "created_at", "modified_at")  # made here, and nothing to link by


@dataclass(frozen=True)
class File:
    """One file of a publisher: its bytes under a name, and the text of its mapping."""

    name: str
    data: bytes
    mapping: str


@dataclass(frozen=True)
class Publisher:
    """Whose files they are; its name makes the member's id."""

    name: str
    files: tuple[File, ...]
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Told:
    """One record as its member shares it. `keys`: `file#key` of the rows that it was made from."""

    address: str
    fields: Mapping[str, Any]
    keys: tuple[str, ...]

    @property
    def member(self) -> str:
        return self.address.partition("/")[0]

    @property
    def type(self) -> str:
        return self.address.split("/", 2)[1]


def _keylog(publisher: Publisher) -> KeyLog:
    keys = [PrivateKey(hashlib.sha256(f"{publisher.name} {n}".encode()).digest()) for n in range(2)]
    return KeyLog.begin(keys[0].public, keys[1].public)


def member_of(publisher: Publisher) -> str:
    """The member id that a publisher has here, the same on every run."""
    return _keylog(publisher).member_id


def read(publishers: Sequence[Publisher], territory: str | Path, kept: Path) -> list[Told]:
    """All records of all publishers, in order of address; from `kept` where the same was asked before."""
    digest = hashlib.sha256(load_schema().version.encode())
    for publisher in publishers:
        for file in publisher.files:
            for part in (publisher.name.encode(), file.name.encode(), file.data, file.mapping.encode()):
                digest.update(hashlib.sha256(part).digest())
    digest.update(territory.read_bytes() if isinstance(territory, Path) else territory.encode())
    path = kept / f"{digest.hexdigest()[:20]}.jsonl"
    if not path.exists():
        kept.mkdir(parents=True, exist_ok=True)
        lines = [
            json.dumps([t.address, t.fields, t.keys], ensure_ascii=False) for t in _all(publishers, territory)
        ]
        draft = path.with_suffix(".new")
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
        draft.replace(path)
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [Told(address, fields, tuple(keys)) for address, fields, keys in rows]


def _all(publishers: Sequence[Publisher], territory: str | Path) -> list[Told]:
    folder = Path(tempfile.mkdtemp(prefix="commons-linking-"))
    try:
        found = [
            told for number, p in enumerate(publishers) for told in _of(p, territory, folder / str(number))
        ]
    finally:
        shutil.rmtree(folder)
    return sorted(found, key=lambda t: t.address)


def _of(publisher: Publisher, territory: str | Path, folder: Path) -> Iterator[Told]:
    """One publisher's records that would leave with a release."""
    folder.mkdir()
    if isinstance(territory, Path):
        shutil.copy(territory, folder)
    log = _keylog(publisher)
    profile = {
        "title": publisher.name, "language": publisher.language, "licence": "CC-BY-4.0",
        "territory": str(folder / territory.name) if isinstance(territory, Path) else territory,
    }  # fmt: skip
    chance = random.Random(publisher.name)  # noqa: S311  (ids that tell nothing must be the same every time)
    Catalogue.create(
        folder / "catalogue.db", keylog=log.to_bytes(), profile=profile, at=AT, randomness=chance.randbytes
    )
    with Catalogue.open(folder / "catalogue.db") as catalogue:
        rows: dict[tuple[str, str], list[str]] = {}
        for file in publisher.files:
            given = Given(file.data, file.name, mapping=file.mapping, mapping_name=file.name)
            run(catalogue, prepare(catalogue, given, lang="en").request, at=AT)
        for source in catalogue.sources:
            for row in catalogue.sources.rows(source.name).values():
                rows.setdefault((row.type, row.id), []).append(f"{source.name}#{row.key}")
        leaving = preview(catalogue, at=AT).records
    for (type_name, id), fields in leaving.items():
        if (type_name, id) in rows:
            shared = {name: value for name, value in fields.items() if name not in _NOT_SHARED}
            yield Told(f"{log.member_id}/{type_name}/{id}", shared, tuple(sorted(rows[type_name, id])))
