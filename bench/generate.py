"""Signed catalogues for the bench: `python bench/generate.py FOLDER --catalogues 10 --records 100`.

Deterministic: the same numbers give the same releases. Writes releases/*.entrega, catalogues/*.db (the very
databases that are in them, for the script and the floor) and federation.yaml into FOLDER.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from commons.addresses import base32
from commons.format import canonical, container, sshsig
from commons.format.container import ReleaseFiles
from commons.format.keylog import KeyLog
from commons.format.keys import PrivateKey
from commons.format.manifest import FileEntry, Manifest
from commons.format.merkle import root_of
from commons.release.database import build
from commons.schema.spec import load_schema

SYLLABLES = re.findall("..", "camelorisatunepolavidoramicenotabegupalisomaferotinajude")
ENDINGS = ("ción", "dad", "mente", "ería", "ista", "ando", "ero", "ales", "oso", "ura", "ños", "ía")
TOPICS = ("food", "health", "education", "housing", "legal-advice")
DISTRICTS = [f"09{n:03d}" for n in range(2, 18)]
SHARED = 20  # one place in so many has an official key that another catalogue's place has too


def words(random_: random.Random, n: int) -> str:
    """`n` invented words of a vocabulary of about ten thousand, some of them frequent, as in a language."""
    found = []
    for _ in range(n):
        rank = int(random_.paretovariate(0.9)) % 10_000
        first, rest = rank % len(SYLLABLES), rank // len(SYLLABLES)
        second, third = rest % len(SYLLABLES), rest // len(SYLLABLES)
        found.append(SYLLABLES[first] + SYLLABLES[second] + ENDINGS[third % len(ENDINGS)])
    return " ".join(found)


def salt(*names: object) -> str:
    return base32(hashlib.sha256("/".join(map(str, names)).encode()).digest())[:26]


def records(number: int, size: int, member: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """One catalogue: an organisation, and half services, half places; in order of (type, id)."""
    random_ = random.Random(number)  # noqa: S311
    title = f"Organización {words(random_, 2)} {number}"
    common = {"created_at": "2026-01-05T10:00:00Z", "modified_at": "2026-10-05T10:00:00Z"}
    yield "catalogue", "catalogue", {
        "title": title, "licence": "CC-BY-4.0", "language": "es", "salt": salt(number), **common,
    }  # fmt: skip
    organization = f"{member}/organization/organizacion"
    yield "organization", "organizacion", {
        "title": title, "summary": words(random_, 12), "salt": salt(number, 0), **common,
    }  # fmt: skip
    places = (size - 1) // 2
    for n in range(places):
        shared = n % SHARED == 0
        key = f"X-LUGAR:{(number // 2) * places + n + 1:08d}" if shared else f"X-LUGAR:{number:05d}{n:06d}"
        name = f"Centro {number // 2 if shared else number} {n}" if shared else f"Centro {words(random_, 2)}"
        yield "place", f"lugar-{n:05d}", {
            "title": name, "summary": words(random_, 14), "description": words(random_, 30),
            "street_address": f"Calle {words(random_, 2)} {random_.randrange(400)}",
            "neighbourhood": words(random_, 2), "district": random_.choice(DISTRICTS),
            "postal_code": f"{random_.randrange(1000, 16999):05d}",
            "latitude_e6": 19_300_000 + random_.randrange(200_000),
            "longitude_e6": -99_200_000 + random_.randrange(200_000),
            "phones": [{"number": f"+5255{random_.randrange(10**7, 10**8):08d}"}],
            "identifiers": [key], "organization": organization, "confirmed_at": "2026-09-01T00:00:00Z",
            "salt": salt(number, 1, n), **common,
        }  # fmt: skip
    for n in range(size - 1 - places):
        yield "service", f"servicio-{n:05d}", {
            "title": f"Taller de {words(random_, 3)}", "summary": words(random_, 14),
            "description": words(random_, 40), "topics": random_.sample(TOPICS, 2),
            "url": f"https://example.org/{number}/{n}", "organization": organization,
            "place": f"{member}/place/lugar-{n % max(places, 1):05d}", "is_free": n % 3 == 0,
            "application_process": words(random_, 10), "confirmed_at": "2026-08-01T00:00:00Z",
            "salt": salt(number, 2, n), **common,
        }  # fmt: skip


def make(task: tuple[Path, int, int]) -> tuple[str, str]:
    """Write one release and its database; (member id, name of its file)."""
    folder, number, size = task
    return write(folder, number, list(records(number, size, member_of(number))))


def change(folder: Path, number: int) -> None:
    """One catalogue shares again: three of its records say something else, and another thing each time."""
    before = container.read(folder / "releases" / f"catalogo-{number:05d}.entrega")
    size = sum(before.parsed_manifest.counts.values()) - 1
    rows = list(records(number, size, member_of(number)))
    for n in (size // 10, size // 2, size - 1):
        rows[n][2]["summary"] = f"Ahora otra cosa {n}, {before.parsed_manifest.number}"
    write(folder, number, rows, previous=before)


def keys(number: int) -> tuple[PrivateKey, PrivateKey]:
    """A catalogue's key, and the one on its sheet."""
    one, other = (PrivateKey(hashlib.sha256(f"bench {number} {n}".encode()).digest()) for n in range(2))
    return one, other


def member_of(number: int) -> str:
    current, following = keys(number)
    return KeyLog.begin(current.public, following.public).member_id


def write(
    folder: Path,
    number: int,
    rows: list[tuple[str, str, dict[str, Any]]],
    previous: ReleaseFiles | None = None,
) -> tuple[str, str]:
    """Sign and write a release of these rows, the first or the one after `previous`."""
    current, following = keys(number)
    log = KeyLog.begin(current.public, following.public)
    data = build(load_schema(), rows)
    keylog = log.to_bytes()
    manifest = Manifest(
        member=log.member_id, keylog_head=log.head, epoch=0,
        number=previous.parsed_manifest.number + 1 if previous else 1,
        previous=(previous.digest,) if previous else (),
        schema=load_schema().version, licence="CC-BY-4.0", language="es",
        issued_at="2026-11-01T12:00:00Z", valid_until="2027-12-06T12:00:00Z",
        content_root=root_of(canonical.leaf(canonical.canonical_bytes(*row)) for row in rows).hex(),
        files={"catalogue.db": FileEntry.of(data), "keylog.jsonl": FileEntry.of(keylog)},
        counts=dict(Counter(row[0] for row in rows)),
    ).to_bytes()  # fmt: skip
    signature = sshsig.sign(current, manifest, sshsig.RELEASE_NAMESPACE)
    name = f"catalogo-{number:05d}"
    container.write_file(
        folder / "releases" / f"{name}.entrega", ReleaseFiles(manifest, signature, keylog, data)
    )
    (folder / "catalogues" / f"{name}.db").write_bytes(data)
    return log.member_id, name


def generate(folder: Path, catalogues: int, size: int) -> None:
    """Everything that the bench reads."""
    for name in ("releases", "catalogues"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    tasks = [(folder, n, size) for n in range(catalogues)]
    with multiprocessing.get_context("spawn").Pool() as pool:
        made = list(pool.imap(make, tasks, chunksize=8))
    members = [{"id": id, "name": name, "sources": [f"releases/{name}.entrega"]} for id, name in made]
    policy = {"name": {"es": "Banco de pruebas"}, "territory": "cdmx", "members": members}
    (folder / "federation.yaml").write_text(yaml.safe_dump(policy, allow_unicode=True), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--catalogues", type=int, default=10)
    parser.add_argument("--records", type=int, default=100)
    asked = parser.parse_args()
    generate(asked.folder, asked.catalogues, asked.records)
