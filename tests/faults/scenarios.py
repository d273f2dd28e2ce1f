"""Every command that writes, each about to be given in a folder: what is tried by `injecting`."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import yaml

from commons.catalogue.store import Catalogue
from commons.federation import lock as locks
from commons.federation.policy import file as policy
from commons.federation.store.folder import Store
from commons.federation.trust import prove
from commons.format import container
from commons.format.container import ReleaseFiles
from tests.faults.injecting import Scenario, give
from tests.hostile.making import Member, place, release

PUBLISH = ("publish", "folder", "--pool", "pool.db", "--out", "portal")
WHEN = ("--as-of", "2026-11-21T18:30Z")
PAZ, LUZ, OTRA = Member("paz"), Member("luz"), Member("otra")
PERSON = "Ana Pérez"


# a federation: fetch, merge, publish, inbox


def root_of(folder: Path) -> str:
    """The root of the pool, which is whole."""
    with closing(sqlite3.connect(folder / "pool.db")) as pool:
        assert pool.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return str(pool.execute("SELECT value FROM meta WHERE key = 'root'").fetchone()[0]).strip('"')


def federation(folder: Path) -> None:
    """Merged once; a newer release lies at a source."""
    folder.mkdir()
    first = [release(m, [place("uno"), place(f"{m.name}-1")]) for m in (PAZ, LUZ)]
    for m, made in zip((PAZ, LUZ), first, strict=True):
        container.write_file(folder / f"{m.name}.entrega", made)
    members = [{"id": m.id, "name": m.name, "sources": [f"{m.name}.entrega"]} for m in (PAZ, LUZ)]
    rules = {"name": "Prueba", "licences": ["CC-BY-4.0"], "members": members}
    (folder / "federation.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    give(folder, "merge", "-f", ".", *WHEN)
    newer = release(PAZ, [place("uno"), place("paz-2")], number=2, previous=[first[0].digest])
    container.write_file(folder / "paz.entrega", newer)


def titles(pool: Path) -> list[str]:
    with closing(sqlite3.connect(pool)) as read:
        assert read.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [t for (t,) in read.execute("SELECT title FROM entity ORDER BY title")]


OLD = ["Comedor luz-1", "Comedor paz-1", "Comedor uno", "Comedor uno"]
NEW = ["Comedor luz-1", "Comedor paz-2", "Comedor uno", "Comedor uno"]


def sound_federation(folder: Path) -> None:
    """Pool and lock are the old or the new ones; every release in the store proves itself."""
    assert titles(folder / "pool.db") in (OLD, NEW)
    locks.read(folder)
    policy.load(folder)
    store = Store(folder / "store")
    for seen in store.seen():
        store.read(seen.digest)


def fetched(folder: Path) -> None:
    store = Store(folder / "store")
    assert max(s.version for s in store.seen(PAZ.id)) == (0, 2)


def merged(folder: Path) -> None:
    assert titles(folder / "pool.db") == NEW
    assert locks.read(folder).members[PAZ.id].number == 2


def published_once(folder: Path) -> None:
    federation(folder)
    give(folder, *PUBLISH)
    give(folder, "merge", "-f", ".", *WHEN)


def sound_portal(folder: Path) -> None:
    """What is shown is a whole version, named by its content."""
    shown = (folder / "portal" / "current").resolve()
    files = [p for p in shown.rglob("*") if p.is_file()]
    digests = {p.relative_to(shown).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    assert hashlib.sha256(lines.encode()).hexdigest() == shown.name
    assert titles(shown / "data.db") in (OLD, NEW)


def published(folder: Path) -> None:
    assert titles(folder / "portal" / "current" / "data.db") == NEW


def shown_and_clean(folder: Path) -> None:
    sound_portal(folder)
    sound_federation(folder)


def chat(folder: Path) -> None:
    """A member's release and a stranger's came by chat."""
    federation(folder)
    (folder / "chat").mkdir()
    shutil.move(folder / "paz.entrega", folder / "chat" / "x (1).entrega")
    container.write_file(folder / "chat" / "documento.pdf", release(OTRA, [place("b")]))
    (folder / "chat" / "nota.txt").write_text("nos vemos el lunes", "utf-8")


def sound_chat(folder: Path) -> None:
    """What came is where it was, or safe in the store; what is no release was left alone."""
    sound_federation(folder)
    assert (folder / "chat" / "nota.txt").read_text("utf-8") == "nos vemos el lunes"
    held = {s.version for s in Store(folder / "store").seen(PAZ.id)}
    assert (folder / "chat" / "x (1).entrega").exists() or (0, 2) in held
    asking = Store(folder / "store" / "requests")
    assert (folder / "chat" / "documento.pdf").exists() or list(asking.seen(OTRA.id))


def sorted_in(folder: Path) -> None:
    fetched(folder)
    assert list(Store(folder / "store" / "requests").seen(OTRA.id))


# a catalogue: release, join, forget


def kitchen(folder: Path) -> None:
    """A catalogue that has shared once, and has something new."""
    folder.mkdir()
    give(folder, "init", "paz", "--name", "Paz", "--territory", "cdmx", "--sheet", "sheet.html", "--yes")
    give(folder, "add", "service", "title=Comida", "--id", "comida")
    (folder / "out").mkdir()
    give(folder, "release", "--yes", "--out", "out")
    give(folder, "add", "service", "title=Taller", "--id", "taller")


def records(folder: Path) -> dict[str, str]:
    """The catalogue's services, which are undamaged."""
    with Catalogue.open(folder / "paz.db") as catalogue:
        assert catalogue.damage() == []
        return {r.id: r.title for r in catalogue.records("service")}


def shared(folder: Path) -> Iterator[tuple[int, str]]:
    """(number, digest) of every release file, each of which proves itself."""
    for path in sorted((folder / "out").glob("*.entrega")):
        files = container.read_any(path)
        assert isinstance(files, ReleaseFiles)
        seen = prove(files.manifest, files.signature, files.keylog, files.catalogue)
        yield seen.manifest.number, seen.digest


def sound_kitchen(folder: Path) -> None:
    """No torn release, no number used twice, and none that the catalogue does not know of."""
    assert records(folder) == {"comida": "Comida", "taller": "Taller"}
    there = list(shared(folder))
    assert len({n for n, _digest in there}) == len(there)
    with Catalogue.open(folder / "paz.db") as catalogue:
        noted = {(r.number, r.digest) for r in catalogue.releases}
    assert set(there) <= noted


def released(folder: Path) -> None:
    with Catalogue.open(folder / "paz.db") as catalogue:
        last = catalogue.releases.latest
    assert last is not None and last.number >= 2 and (last.number, last.digest) in list(shared(folder))


def two_copies(folder: Path) -> None:
    kitchen(folder)
    (folder / "stick").mkdir()
    for name in ("paz.db", "paz.key"):
        shutil.copy(folder / name, folder / "stick" / name)
    give(folder, "edit", "comida", "title=Comida diaria", "-c", "paz.db")
    give(folder, "edit", "taller", "title=Taller de bicicletas", "-c", "stick/paz.db")


APART = {"comida": "Comida diaria", "taller": "Taller"}
JOINED = {"comida": "Comida diaria", "taller": "Taller de bicicletas"}


def sound_copies(folder: Path) -> None:
    """Not joined or joined, never half; the other copy is as it was."""
    assert records(folder) in (APART, JOINED)
    assert records(folder / "stick") == {"comida": "Comida", "taller": "Taller de bicicletas"}


def joined(folder: Path) -> None:
    assert records(folder) == JOINED


def known(folder: Path) -> None:
    kitchen(folder)
    for fields in (f"description=Pregunta por {PERSON}", "description=Nada"):
        give(folder, "edit", "taller", fields, "-c", "paz.db")
        give(folder, "backup", "-c", "paz.db")


def sound_memory(folder: Path) -> None:
    """Catalogue and backups open, and nothing else is missing."""
    assert records(folder) == {"comida": "Comida", "taller": "Taller"}
    for copy in (folder / "paz-respaldos").glob("*.db"):
        with Catalogue.open(copy) as catalogue:
            assert catalogue.damage() == []


def forgotten(folder: Path) -> None:
    found = [p for p in folder.rglob("*") if p.is_file() and PERSON.encode() in p.read_bytes()]
    assert found == [], found


SCENARIOS = [
    Scenario("fetch", ("federation", "fetch", "-f", "."), federation, sound_federation, fetched),
    Scenario("merge", ("merge", "-f", ".", *WHEN), federation, sound_federation, merged),
    Scenario("publish", PUBLISH, published_once, shown_and_clean, published),
    Scenario("inbox", ("inbox", "chat", "--clear", "-f", "."), chat, sound_chat, sorted_in),
    Scenario(
        "release", ("release", "--yes", "--out", "out", "-c", "paz.db"), kitchen, sound_kitchen, released,
        again=("release", "--yes", "--again", "--out", "out", "-c", "paz.db"),
    ),
    Scenario("join", ("join", "paz.db", "stick/paz.db", "--yes"), two_copies, sound_copies, joined),
    Scenario("forget", ("forget", PERSON, "--yes", "-c", "paz.db"), known, sound_memory, forgotten),
]  # fmt: skip
