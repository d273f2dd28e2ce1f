"""Hostile deliveries, made and never stored: each is left in a folder as a member's source would find it.

Three kinds beside the hostile catalogues (`catalogues`): containers and files, proofs that do not hold, and
releases that are signed and well-formed and say what they should not. Servers are in tests/federation.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import sqlite3
import struct
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from commons.addresses import tombstone
from commons.format import container, sshsig, strict_json
from commons.format.container import PrunedFiles, ReleaseFiles
from commons.format.keylog import _PURPOSE
from commons.model import Fields, Record
from tests.hostile import catalogues
from tests.hostile.catalogues import GOOD
from tests.hostile.making import SCHEMA, Member, key, place, release, salt, withdrawal

HOSTILE = Member("Comedor")  # as the hostile catalogues name theirs
GOOD_MEMBERS = (Member("Taller"), Member("Biblioteca"))
RFC = "MX-RFC:ABC010203AB1"


def good_records(n: int) -> list[Record]:
    """What the n-th honest member says. Both have a library that is not the same."""
    number: Fields = {"identifiers": [RFC]} if n == 0 else {}
    house = Record("organization", "casa", {"title": f"Casa Ejemplo {n}", "salt": salt(f"o{n}"), **number})
    return [house, place(f"p{n}", title=f"Lugar de muestra {n}", phones=[{"number": f"+52555555000{n}"}])]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is tried, and the code that it must end in: of the source, the release, a record or a note."""

    name: str
    code: str
    put: Callable[[Path], None]  # into an empty folder, which is the member's source


def _file(data: bytes | Callable[[], bytes], name: str = "x (1).entrega") -> Callable[[Path], None]:
    return lambda folder: _write(folder / name, data() if callable(data) else data)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def good(records: Sequence[Record] = GOOD[1:], **more: object) -> ReleaseFiles:
    return release(HOSTILE, records, **more)  # type: ignore[arg-type]


def whole(files: ReleaseFiles | None = None) -> bytes:
    return container.to_bytes(files or good())


# containers and files


def _changed(at: int, value: bytes) -> bytes:
    data = bytearray(whole())
    data[at : at + len(value)] = value
    return bytes(data)


def _rotten() -> bytes:
    data = bytearray(whole())
    data[data.index(b"Comida caliente")] ^= 1
    return bytes(data)


def _with_another_name() -> bytes:
    """Four files, rightly packed, of which one has a name of its own."""
    names = [("catalogo.db" if n == "catalogue.db" else n, c) for n, c in _named(good())]
    return b"".join(container._header(n, len(c)) + c + b"\0" * (-len(c) % 512) for n, c in names) + bytes(
        1024
    )


def _in_other_order() -> bytes:
    files = good()
    parts = [container._header(n, len(c)) + c + b"\0" * (-len(c) % 512) for n, c in _named(files)[::-1]]
    return b"".join(parts) + bytes(1024)


def _with_more() -> bytes:
    extra = container._header("release.json", 3) + b"{}\n" + bytes(509)
    return whole()[:-1024] + extra + bytes(1024)


def _named(files: ReleaseFiles) -> list[tuple[str, bytes]]:
    return list(zip(files.names, files.contents(), strict=True))


def _folder(folder: Path) -> None:
    for name, content in _named(good()):
        _write(folder / name, content)


def _folder_with_sidecar(kind: str) -> Callable[[Path], None]:
    def put(folder: Path) -> None:
        _folder(folder)
        _write(folder / f"catalogue.db-{kind}", b"\x37\x7f\x06\x82" + bytes(4096))

    return put


def _folder_with_link(folder: Path) -> None:
    _folder(folder)
    (folder / "catalogue.db").unlink()
    (folder / "catalogue.db").symlink_to("/etc/passwd")


def _folder_within(folder: Path) -> None:
    _folder(folder)
    (folder / "catalogue.db").unlink()
    (folder / "catalogue.db").mkdir()


def _folder_for_a_file(folder: Path) -> None:
    (folder / "x.entrega").mkdir()
    _folder(folder / "x.entrega")


def _folder_without_signature(folder: Path) -> None:
    _folder(folder)
    (folder / "release.json.sig").unlink()


def _link_to_device(folder: Path) -> None:
    (folder / "x.entrega").symlink_to("/dev/zero")


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "x.entrega")


def _sparse(folder: Path) -> None:
    with (folder / "x.entrega").open("wb") as file:
        file.write(whole()[:600])
        file.truncate(300 * 1024 * 1024)


def _odd_names(folder: Path) -> None:
    for name in (b"-rf.entrega", b"a\nb.entrega", b"\xff\xfe.entrega", b"..entrega", b"CON.entrega"):
        _write(Path(os.fsdecode(os.fsencode(folder) + b"/" + name)), b"nada")


def _sqlite_names(folder: Path) -> None:
    """Names that SQLite, were it given them as addresses, would read as orders."""
    for name in ("x?mode=rwc#.db", "file:y?mode=rwc", ":memory:", "z%00.db"):
        _write(folder / name, whole() if name.startswith("x") else b"nada")


def _full_zip(folder: Path) -> None:
    """A zip that swells, and whose names climb."""
    with zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for name in ("../../federation.yaml", "/etc/passwd", "C:\\x", "a/" * 500 + "b"):
            packed.writestr(name, whole())
        packed.writestr("bomb.entrega", whole()[:600] + bytes(200_000_000))


def _false_pool(folder: Path) -> None:
    """A pool whose claims nobody signed, and one that is none."""
    _write(folder / "pool.db", b"SQLite format 3\0" + bytes(4096))
    with closing(sqlite3.connect(folder / "other.db")) as made:
        made.execute("CREATE VIEW release AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n FROM r) "
                     "SELECT n AS digest FROM r")  # fmt: skip


# proofs that do not hold


def _signed(manifest: bytes, *, keylog: bytes | None = None, namespace: str = "") -> bytes:
    """A release whose manifest says what it likes, rightly signed by its member's key."""
    signature = sshsig.sign(HOSTILE.current, manifest, namespace or sshsig.RELEASE_NAMESPACE)
    return container.to_bytes(
        ReleaseFiles(manifest, signature, keylog or HOSTILE.log.to_bytes(), good().catalogue)
    )


def _saying(**changes: object) -> Callable[[], bytes]:
    """The manifest with other values, in its one form."""
    return lambda: _signed(strict_json.pretty({**json.loads(good().manifest), **changes}))


def _reading(old: bytes, new: bytes) -> Callable[[], bytes]:
    """The manifest's very text, changed."""
    return lambda: _signed(good().manifest.replace(old, new))


def _with_log(keylog: bytes) -> bytes:
    """A manifest that names this key log and its head."""
    content = json.loads(good().manifest)
    content["files"]["keylog.jsonl"] = {
        "sha256": hashlib.sha256(keylog).hexdigest(),
        "size": len(keylog),
    }
    lines = keylog.splitlines()
    content["keylog_head"] = hashlib.sha256(lines[-1]).hexdigest()
    content["epoch"] = len(lines) - 1
    return _signed(strict_json.pretty(content), keylog=keylog)


def _stolen_rotation() -> bytes:
    """The thief has the key in use, not the announced one: the new line reveals a key of his own."""
    thief, after = key("thief"), key("thief after")
    content: dict[str, object] = {
        "key": thief.public.line,
        "next": after.public.digest,
        "previous": HOSTILE.log.head,
    }
    content["signature"] = thief.sign(_PURPOSE + strict_json.compact(content).encode()).hex()
    return _with_log(HOSTILE.log.to_bytes() + strict_json.compact(content).encode() + b"\n")


def _low_order_key() -> bytes:
    """A public key for which anybody can make signatures."""
    blob = struct.pack(">I", 11) + b"ssh-ed25519" + struct.pack(">I", 32) + bytes(32)
    line = f"ssh-ed25519 {base64.b64encode(blob).decode()}"
    return _with_log(HOSTILE.log.to_bytes().replace(HOSTILE.current.public.line.encode(), line.encode()))


def _others_log() -> bytes:
    return container.to_bytes(replace(good(), keylog=GOOD_MEMBERS[0].log.to_bytes()))


def _for_git() -> bytes:
    return _signed(good().manifest, namespace="git")


def _others_signature() -> bytes:
    files = good()
    return container.to_bytes(
        replace(files, signature=sshsig.sign(key("other"), files.manifest, sshsig.RELEASE_NAMESPACE))
    )


# pruned forms, which have text in place of a database


def _pruned_saying(counts: dict[str, int], records: bytes) -> PrunedFiles:
    manifest = strict_json.pretty({**json.loads(good().manifest), "counts": counts})
    signature = sshsig.sign(HOSTILE.current, manifest, sshsig.RELEASE_NAMESPACE)
    return PrunedFiles(manifest, signature, HOSTILE.log.to_bytes(), records)


def _long_text(folder: Path) -> None:
    """250 MB of records, says its header, where four were signed."""
    begun = container.to_bytes(_pruned_saying(dict(_FOUR), b"x"))
    at = begun.index(b"records.jsonl\0")
    with (folder / "x.entrega").open("wb") as file:
        file.write(begun[:at] + container._header("records.jsonl", 250_000_000))
        file.truncate(at + 512 + 250_000_000 + 1024)


def _many_lines() -> bytes:
    """As many as are counted, of which nobody signed one."""
    lines = b"".join(b'["place","p%06d",{"title":"x"}]\n' % n for n in range(500_000))
    return container.to_bytes(_pruned_saying({"catalogue": 1, "place": 499_999}, lines))


# signed, well-formed, and not to be believed


def _says(*records: Record, **more: object) -> Callable[[Path], None]:
    return _file(lambda: whole(good([*GOOD[1:], *records], **more)))


def _address(n: int, kind: str, id: str) -> str:
    return f"{GOOD_MEMBERS[n].id}/{kind}/{id}"


def _record(type: str, id: str, **fields: object) -> Record:
    return Record(type, id, {"salt": salt(id), **fields})  # type: ignore[dict-item]


def _two_releases(second: ReleaseFiles) -> Callable[[Path], None]:
    def put(folder: Path) -> None:
        _write(folder / "a.entrega", whole())
        _write(folder / "b.entrega", whole(second))

    return put


def _very_many_rows() -> bytes:
    """1.5 million rows; the manifest speaks of the few that it names."""
    made = sqlite3.connect(":memory:", isolation_level=None)
    made.deserialize(good().catalogue)
    made.execute("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 1500000) "
                 "INSERT INTO withdrawal SELECT 'x' || n, 'x', 0, 1 FROM r")  # fmt: skip
    data = made.serialize()
    made.close()
    return whole(good(catalogue=data, counts={"catalogue": 1, "place": 3, "withdrawal": 1}))


def _catalogue(name: str) -> Delivery:
    """A catalogue of the other table, inside a release that is right in everything else."""

    def data() -> bytes:
        case = catalogues.CASES[name]()
        return whole(
            release(
                HOSTILE, case.records, catalogue=case.catalogue, leaves=case.leaves,
                schema="999-draft.1" if name == "unknown_schema" else SCHEMA,
            )
        )  # fmt: skip

    case = catalogues.CASES[name]()
    return Delivery(
        f"catalogue: {name.replace('_', ' ')}", case.code or next(iter(case.refused)), _file(data)
    )


_P0, _P1 = _address(0, "place", "p0"), _address(1, "place", "p1")

_MANY = {"catalogue": 1, "place": 750_000, "service": 750_000}
_FEW = {"catalogue": 1, "place": 2}
_FOUR = {"catalogue": 1, "place": 3}

DELIVERIES = [
    Delivery("file: empty", "E_CONTAINER", _file(b"")),
    Delivery("file: web page", "E_CONTAINER", _file(b"<!doctype html><title>502 Bad Gateway</title>" * 40)),
    Delivery("file: compressed", "E_CONTAINER", _file(lambda: gzip.compress(whole()))),
    Delivery("file: cut short", "E_CONTAINER", _file(lambda: whole()[:-5000])),
    Delivery("file: something behind it", "E_CONTAINER", _file(lambda: whole() + b"x")),
    Delivery("file: bit rot", "E_PROOF", _file(_rotten)),
    Delivery("file: another name inside", "E_CONTAINER", _file(_with_another_name)),
    Delivery("file: names in another order", "E_CONTAINER", _file(_in_other_order)),
    Delivery("file: a fifth file", "E_CONTAINER", _file(_with_more)),
    Delivery("file: a name that climbs", "E_CONTAINER", _file(lambda: _changed(0, b"../release.json\0"))),
    Delivery("file: a link inside", "E_CONTAINER", _file(lambda: _changed(156, b"2"))),
    Delivery("file: a negative size", "E_CONTAINER", _file(lambda: _changed(124, b"-0000000001"))),
    Delivery("file: a size beyond all", "E_TOOBIG", _file(lambda: _changed(124, b"77777777777"))),
    Delivery("file: 300 MB", "E_TOOBIG", _sparse),
    Delivery("file: a link to a device", "E_NOTFILE", _link_to_device),
    Delivery("file: a pipe", "E_NOTFILE", _pipe),
    Delivery("file: odd names", "E_CONTAINER", _odd_names),
    Delivery("file: names like addresses of databases", "E_CONTAINER", _sqlite_names),
    Delivery("file: a zip that swells, with names that climb", "E_CONTAINER", _full_zip),
    Delivery("file: pools that are none", "E_CONTAINER", _false_pool),
    Delivery("folder: WAL beside the catalogue", "E_SIDECAR", _folder_with_sidecar("wal")),
    Delivery("folder: journal beside the catalogue", "E_SIDECAR", _folder_with_sidecar("journal")),
    Delivery("folder: a link for a file", "E_NOTFILE", _folder_with_link),
    Delivery("folder: a folder for a file", "E_NOTFILE", _folder_within),
    Delivery("folder: named like a file", "", _folder_for_a_file),
    Delivery("folder: no signature", "E_CONTAINER", _folder_without_signature),
    Delivery("proof: another signer", "E_SIGNATURE", _file(_others_signature)),
    Delivery("proof: another purpose", "E_SIGNATURE", _file(_for_git)),
    Delivery("proof: another member's key log", "E_PROOF", _file(_others_log)),
    Delivery("proof: a rotation with a stolen key", "E_PREROTATION", _file(_stolen_rotation)),
    Delivery("proof: a key of low order", "E_KEYLOG", _file(_low_order_key)),
    Delivery("manifest: a key twice", "E_MANIFEST", _file(_reading(b'"epoch": 0', b'"epoch": 0,"epoch": 0'))),
    Delivery("manifest: deep", "E_MANIFEST", _file(_reading(b"[]", b"[" * 9000 + b"]" * 9000))),
    Delivery("manifest: number 2^63", "E_MANIFEST", _file(_saying(number=2**63))),
    Delivery("manifest: infinity", "E_MANIFEST", _file(_reading(b'"number": 1', b'"number": Infinity'))),
    Delivery("manifest: the year 2099", "E_MANIFEST", _file(_saying(issued_at="2099-01-01T00:00:00Z"))),
    Delivery("manifest: 1.5 million records", "E_TOOMANY", _file(_saying(counts=dict(_MANY)))),
    Delivery("manifest: fewer records than there are", "E_ROOT", _file(_saying(counts=dict(_FEW)))),
    Delivery("manifest: few records, and 1.5 million rows", "E_ROOT", _file(_very_many_rows)),
    Delivery("manifest: another protocol", "E_MANIFEST", _file(_saying(format=2))),
    Delivery("manifest: spaces", "E_MANIFEST", _file(_reading(b'"epoch": 0', b'"epoch":  0'))),
    Delivery("pruned: 250 MB for four records", "E_TOOBIG", _long_text),
    Delivery("pruned: half a million lines that nobody signed", "E_PRUNED", _file(_many_lines)),
    Delivery("says: the year 2099", "", _says(place("p", confirmed_at="2099-01-01T00:00:00Z", same_as=_P0))),
    Delivery("says: one of two strangers each", "", _says(place("x", same_as=_P0), place("y", same_as=_P1))),
    Delivery(
        "says: two strangers are the same", "",
        _says(_record("judgement", "j", left=_P0, right=_P1, verdict="same", reason="sí")),
    ),
    Delivery(
        "says: another's registration number", "",
        _says(_record("organization", "copia", title="Casa Ejemplo 0", identifiers=[RFC])),
    ),
    Delivery("says: a formula for a title", "", _says(place("f", title='=HYPERLINK("https://x.test","y")'))),
    Delivery(
        "says: its own word for itself", "",
        _says(_record("vouch", "v", about=HOSTILE.id, kind="member")),
    ),
    Delivery(
        "says: another's record is withdrawn", "",
        _says(withdrawal(tombstone(_P0))),
    ),
    Delivery("says: withdrawn in a release to come", "R_WITHDRAWAL",
             _says(withdrawal(tombstone(f"{HOSTILE.id}/place/x"), number=9))),
    Delivery("says: another's earlier versions are withdrawn", "",
             _says(withdrawal(tombstone(_P0), "earlier"))),
    Delivery("releases: an older one again", "", _two_releases(good(number=2))),
    Delivery("releases: two of one number", "E_TWOCOPIES", _two_releases(good([place("otra")]))),
    *(_catalogue(name) for name in catalogues.CASES),
]  # fmt: skip
