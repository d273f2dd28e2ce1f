"""Keys, a small release, and the vectors, for all tests of the formats."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from commons import assets
from commons.format import canonical, merkle, sshsig
from commons.format.container import ReleaseFiles
from commons.format.keylog import KeyLog
from commons.format.keys import PrivateKey
from commons.format.manifest import FileEntry, Manifest

CATALOGUE = b"SQLite bytes of any length"


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    text = (assets.folder("schemas") / "v1" / "vectors.json").read_text("ascii")
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="session")
def keys() -> list[PrivateKey]:
    """Four keys that are the same in every run."""
    return [PrivateKey(hashlib.sha256(b"test key %d" % n).digest()) for n in range(4)]


@pytest.fixture(scope="session")
def log(keys: list[PrivateKey]) -> KeyLog:
    return KeyLog.begin(keys[0].public, keys[1].public)


@pytest.fixture(scope="session")
def records() -> list[bytes]:
    return [
        canonical.canonical_bytes("place", f"p{n}", {"title": f"Lugar {n}", "salt": "a" * 26})
        for n in range(5)
    ]


@pytest.fixture(scope="session")
def manifest(log: KeyLog, records: list[bytes]) -> Manifest:
    return Manifest(
        member=log.member_id,
        keylog_head=log.head,
        epoch=0,
        number=1,
        previous=(),
        schema="1-draft.1",
        licence="CC-BY-4.0",
        language="es",
        issued_at="2026-11-21T18:00:00Z",
        valid_until="2027-12-26T18:00:00Z",
        content_root=merkle.root_of(map(canonical.leaf, records)).hex(),
        files={"catalogue.db": FileEntry.of(CATALOGUE), "keylog.jsonl": FileEntry.of(log.to_bytes())},
        counts={"place": len(records)},
    )


@pytest.fixture(scope="session")
def files(manifest: Manifest, log: KeyLog, keys: list[PrivateKey]) -> ReleaseFiles:
    text = manifest.to_bytes()
    return ReleaseFiles(text, sshsig.sign(keys[0], text), log.to_bytes(), CATALOGUE)
