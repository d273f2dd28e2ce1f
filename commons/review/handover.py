"""A federation in one file, for whoever goes on with it: what a merge needs, and what is still to be decided.

    handover.json                 the files with their sizes and digests, the root of the last merge
    federation.yaml, commons.lock
    releases/<digest>.entrega     the last good ones, the newest seen, what waits or is disputed
    requests/<digest>.entrega     of those who ask to join
    mappings/*.yaml               how members' files are read, where the federation keeps such
    decisions.json                what waits for a person, for reading only

Nothing secret is in it: what goes in is named one by one. Releases go in the form that may be shown under
the lock; what is withdrawn or held is not in them, and sealed forms never are. It is an uncompressed zip, the
same bytes for the same state, so that anybody can look inside.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from commons.errors import InputError
from commons.federation import lock as locks
from commons.federation.lock import Lock
from commons.federation.policy import file as policies
from commons.federation.policy.file import Policy
from commons.federation.store import requests
from commons.federation.store.folder import Store
from commons.federation.trust import Seen
from commons.format import container, strict_json
from commons.format.container import PrunedFiles
from commons.format.errors import FormatError
from commons.format.foreign import UNPACKING
from commons.format.limits import LIMITS
from commons.intake.gate import Gate
from commons.merge.claims import Admission
from commons.merge.editions import servable
from commons.merge.releases.inputs import take_in
from commons.merge.run import POOL
from commons.messages import N_, translate

FORMAT = 1
MAPPINGS = "mappings"
_CONTENTS, _DECISIONS = "handover.json", "decisions.json"
_SMALL = {_CONTENTS: 16 * 2**20, _DECISIONS: 64 * 2**20}
_MAPPING_BYTES = 2**20
_RELEASE = re.compile(r"(releases|requests)/([0-9a-f]{64})\.entrega\Z")
_MAPPING = re.compile(r"mappings/[A-Za-z0-9][A-Za-z0-9_-]{0,80}\.ya?ml\Z")


@dataclass(eq=False)
class HoldsNotMerged(InputError):
    """federation.yaml holds something back that the last merge did not know of."""

    count: int
    template: ClassVar[str] = N_("federation.yaml has holds of which the last merge did not know: {count}.")
    hint_template: ClassVar[str] = N_("Merge first, so that it does not travel: commons merge")


@dataclass(eq=False)
class NoHandover(InputError):
    """The file is no handover, or not whole."""

    file: str
    reason: str
    template: ClassVar[str] = N_("{file} cannot be taken over: {reason}.")
    hint_template: ClassVar[str] = N_("Ask for it again from whoever made it: commons federation handover")

    def _details(self) -> dict[str, object]:
        return {**super()._details(), "reason": translate(self.reason)}


@dataclass(eq=False)
class FolderInUse(InputError):
    """There is something already where the federation is to be unpacked."""

    path: str
    template: ClassVar[str] = N_("{path} is there already.")
    hint_template: ClassVar[str] = N_("Name a folder that does not exist yet; nothing is overwritten.")


@dataclass(frozen=True, slots=True)
class Packed:
    """What a handover holds. `root`: of the last merge, None where there was no pool of this lock."""

    name: Mapping[str, str]
    members: int
    releases: int
    requests: int
    mappings: int
    waiting: int
    root: str | None


def pack(folder: Path, out: Path, *, at: datetime) -> Packed:
    """Write the federation in `folder` to the file `out`, whole or not at all.

    Raises:
        NoPolicy, NoLock, NotInStore; HoldsNotMerged: something is held back since the last merge;
        UnreadableHere, LockedReleaseRefused: a release that the lock uses cannot be read by this program.
    """
    policy, lock, store = policies.load(folder), locks.read(folder), Store.beside(folder)
    locked = {(h.hash, h.field) for h in lock.holds}
    missing = [h for h in policy.holds if h.until > at and (h.hash, h.field) not in locked]
    if missing:
        raise HoldsNotMerged(len(missing))
    root, questions = _of_pool(folder / POOL, lock)
    asked = requests.by_member(store)
    with tempfile.TemporaryDirectory(dir=out.resolve().parent, prefix=".handover-") as scratch:
        files: dict[str, Path | bytes] = {
            policies.FILE_NAME: folder / policies.FILE_NAME,
            locks.FILE_NAME: lock.to_bytes(),
            _DECISIONS: strict_json.pretty(_decisions(lock, asked, questions)),
        }
        for digest, path in _releases(lock, store, Path(scratch)):
            files[f"releases/{digest}{container.SUFFIX}"] = path
        for seen in (s for releases in asked.values() for s in releases):
            path = requests.requests_of(store).release_path(seen.digest)
            files[f"requests/{seen.digest}{container.SUFFIX}"] = path
        files |= dict(_mappings(folder))
        told = _written(files, policy, root, Path(scratch) / "handover")
        (Path(scratch) / "handover").replace(out)
    container.sync_folder(out.resolve().parent)
    return _packed(told, len(lock.members), len(_waiting(lock)))


def _releases(lock: Lock, store: Store, scratch: Path) -> Iterator[tuple[str, Path]]:
    """Of each member: what the lock uses, the newest seen, what waits, what is disputed.

    Of a release that intake refuses nobody can say what in it is withdrawn or held: it stays here.
    """
    newest: dict[str, Seen] = {}
    for seen in store.seen():
        whose = seen.manifest.member
        if whose in lock.members and (whose not in newest or seen.version > newest[whose].version):
            newest[whose] = seen
    wanted = {member.release for member in lock.members.values() if member.release}
    others = {seen.digest for seen in newest.values()}
    for member in lock.members.values():
        others.update(passed.release for passed in member.passed_over)
        others.update(digest for dispute in member.evidence for digest in dispute.digests)
    admission = Admission(lock)
    with Gate(store.intake) as gate:
        for digest in sorted(wanted | {d for d in others if store.has(d)}):
            if digest in wanted or take_in(digest, store, gate).taken:
                yield digest, servable(digest, admission, store, gate, scratch)


def _mappings(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted((folder / MAPPINGS).glob("*")) if (folder / MAPPINGS).is_dir() else ():
        name = f"{MAPPINGS}/{path.name}"
        if _MAPPING.match(name) and path.is_file() and not path.is_symlink():
            yield name, path


def _waiting(lock: Lock) -> list[dict[str, object]]:
    return [
        {"member": id, "epoch": p.epoch, "number": p.number, "release": p.release, "code": p.code}
        for id, member in sorted(lock.members.items())
        for p in sorted(member.passed_over)
    ]


def _decisions(
    lock: Lock, asked: Mapping[str, list[Seen]], questions: list[dict[str, object]]
) -> dict[str, object]:
    """What a person still has to decide."""
    copies = [
        {"member": id, "epoch": e.epoch, "number": e.number, "releases": list(e.digests)}
        for id, member in sorted(lock.members.items())
        for e in sorted(member.evidence)
    ]
    return {
        "waiting": _waiting(lock),
        "two_copies": copies,
        "requests": [{"member": id, "releases": [s.digest for s in found]} for id, found in asked.items()],
        "questions": questions,
    }


def _of_pool(path: Path, lock: Lock) -> tuple[str | None, list[dict[str, object]]]:
    """Root and open questions of the pool, if it is the one of this lock."""
    if not path.is_file():
        return None, []
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as pool:
            meta = dict(pool.execute("SELECT key, value FROM meta WHERE key IN ('root', 'lock')"))
            if meta.get("lock") != lock.to_bytes().decode():
                return None, []
            rows = pool.execute("SELECT a, b, score, reason FROM candidate ORDER BY a, b").fetchall()
    except sqlite3.Error:
        return None, []
    return meta["root"], [{"a": a, "b": b, "score": s, "reason": r} for a, b, s, r in rows]


def _written(
    files: Mapping[str, Path | bytes], policy: Policy, root: str | None, path: Path
) -> dict[str, Any]:
    """Write the zip and give its handover.json."""
    entries = {}
    with path.open("xb") as out:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
            for name, content in sorted(files.items()):
                data = content.read_bytes() if isinstance(content, Path) else content
                entries[name] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                packed.writestr(_entry(name), data)
            told = {"format": FORMAT, "name": dict(policy.name), "root": root, "files": entries}
            packed.writestr(_entry(_CONTENTS), strict_json.pretty(told))
        out.flush()
        os.fsync(out.fileno())
    return told


def _entry(name: str) -> zipfile.ZipInfo:
    """No date, no owner: the same bytes for the same content."""
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o644 << 16
    info.create_system = 3
    return info


def _packed(told: Mapping[str, Any], members: int, waiting: int) -> Packed:
    names = list(told["files"])
    return Packed(
        name=told["name"],
        members=members,
        releases=sum(name.startswith("releases/") for name in names),
        requests=sum(name.startswith("requests/") for name in names),
        mappings=sum(name.startswith(f"{MAPPINGS}/") for name in names),
        waiting=waiting,
        root=told["root"],
    )


# the way back


def unpack(file: Path, folder: Path) -> Packed:
    """Make the folder of a federation from a handover, whole or not at all; every release is proven.

    Raises:
        NoHandover, FolderInUse; what reading the policy and the lock raises.
    """
    if folder.exists() or folder.is_symlink():
        raise FolderInUse(str(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=folder.resolve().parent, prefix=".takeover-"))
    try:
        told = _unpacked(file, fresh)
        lock = locks.read(fresh)
        policies.load(fresh)
        store = Store.beside(fresh)
        for member in lock.members.values():
            if member.release is not None and not store.has(member.release):
                raise NoHandover(file.name, N_("a release that its lock names is missing"))
        fresh.chmod(0o755)
        fresh.replace(folder)
        container.sync_folder(folder.resolve().parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return _packed(told, len(lock.members), len(_waiting(lock)))


def _unpacked(file: Path, fresh: Path) -> dict[str, Any]:
    if not file.is_file():
        raise NoHandover(file.name, N_("there is no such file"))
    try:
        packed = zipfile.ZipFile(file)
    except UNPACKING as error:
        raise NoHandover(file.name, N_("it is cut short or was changed on its way")) from error
    with packed:
        names = packed.namelist()
        told = _contents(packed, names, file)
        for name, entry in told["files"].items():
            data = _read(packed, name, _most(name), file)
            if (len(data), hashlib.sha256(data).hexdigest()) != (entry["size"], entry["sha256"]):
                raise NoHandover(file.name, N_("it is cut short or was changed on its way"))
            _put(name, data, fresh, file)
    return told


def _contents(packed: zipfile.ZipFile, names: list[str], file: Path) -> dict[str, Any]:
    """handover.json, if it names exactly the files that are there, and no others than may be."""
    if _CONTENTS not in names:
        raise NoHandover(file.name, N_("it is no handover of a federation"))
    try:
        told = json.loads(_read(packed, _CONTENTS, _most(_CONTENTS), file))
        entries = told["files"]
        fits = told["format"] == FORMAT and all({"size", "sha256"} == set(e) for e in entries.values())
        fits = fits and isinstance(told["name"], dict) and isinstance(told["root"], str | None)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoHandover(file.name, N_("it is no handover of a federation")) from error
    needed = {policies.FILE_NAME, locks.FILE_NAME}
    if not fits or not needed <= set(entries) or sorted([*entries, _CONTENTS]) != sorted(names):
        raise NoHandover(file.name, N_("it holds something other than a handover"))
    if not all(_most(name) for name in entries):
        raise NoHandover(file.name, N_("it holds something other than a handover"))
    return dict(told)


def _most(name: str) -> int:
    """How long a file of this name may be; 0: there may be none."""
    if _RELEASE.match(name):
        return LIMITS.pruned_container_bytes
    if _MAPPING.match(name):
        return _MAPPING_BYTES
    return {**_SMALL, policies.FILE_NAME: policies.MAX_BYTES, locks.FILE_NAME: locks.MAX_BYTES}.get(name, 0)


def _read(packed: zipfile.ZipFile, name: str, most: int, file: Path) -> bytes:
    try:
        with packed.open(name) as entry:
            data = entry.read(most + 1)
    except UNPACKING as error:
        raise NoHandover(file.name, N_("it is cut short or was changed on its way")) from error
    if len(data) > most:
        raise NoHandover(file.name, N_("it is cut short or was changed on its way"))
    return data


def _put(name: str, data: bytes, fresh: Path, file: Path) -> None:
    """One file into its place; a release only if it proves itself and has the digest of its name."""
    release = _RELEASE.match(name)
    if release is None:
        path = fresh / name
        path.parent.mkdir(exist_ok=True)
        container.write_bytes(path, data)
        return
    store = Store(fresh / "store")
    try:
        files = container.parse(data, name)
        place = store if release[1] == "releases" else requests.requests_of(store)
        seen = place.put(files)
        if isinstance(files, PrunedFiles):
            place.note_lacking(files.digest)  # a hold will lapse, and a fuller form may arrive
    except FormatError as error:
        raise NoHandover(file.name, N_("a release in it does not prove itself")) from error
    if seen.digest != release[2]:
        raise NoHandover(file.name, N_("a release in it does not prove itself"))
