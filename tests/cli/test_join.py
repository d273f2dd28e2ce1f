"""`commons join`: a laptop and a stick, as a person meets them, up to the federation that is healed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commons.catalogue.store import Catalogue
from commons.cli.catalogue import join as command
from commons.federation import lock as locks
from commons.format.keylog import KeyLog
from commons.merge.run import Options, merge
from commons.release import keys
from tests.cli.conftest import Answer

Run = Callable[..., Answer]


def copied(kitchen: Run) -> None:
    """A catalogue with two services, copied with its key to a stick; both go on."""
    kitchen("add", "service", "title=Comida", "summary=Caliente", "--id", "comida")
    kitchen("add", "service", "title=Taller", "--id", "taller")
    Path("stick").mkdir()
    for name in ("paz.db", "paz.key"):
        shutil.copy(name, f"stick/{name}")
    kitchen("edit", "comida", "title=Comida diaria")
    kitchen("edit", "comida", "title=Comida del día", "-c", "stick/paz.db")
    kitchen("edit", "taller", "summary=De bicicletas", "-c", "stick/paz.db")


def test_only_what_both_changed_is_asked(kitchen: Run) -> None:
    """Nobody there to answer: it says how many; with --prefer it is done and says what is next."""
    copied(kitchen)
    asked = kitchen("join", "paz.db", "stick/paz.db", "--yes")
    assert asked.code == 3 and "1 field" in asked.out
    before = Path("paz.db").read_bytes()
    dry = kitchen("join", "paz.db", "stick/paz.db", "--dry-run")
    assert Path("paz.db").read_bytes() == before
    assert dry.code == 1 and "Comida diaria" in dry.out and "Comida del día" in dry.out
    done = kitchen("join", "paz.db", "stick/paz.db", "--prefer", "b", "--yes")
    assert done.code == 0 and "From today on this is the catalogue: paz.db" in done.out
    assert "Do not write in it any more" in done.out and "paz-respaldos" in done.out
    shown = {r["id"]: r["fields"] for r in kitchen("list", "--json").json if r["type"] == "service"}
    assert shown["comida"]["title"] == "Comida del día" and shown["comida"]["summary"] == "Caliente"
    assert shown["taller"]["summary"] == "De bicicletas"
    assert kitchen("undo").code == 0
    assert kitchen("show", "comida", "--json").json["fields"]["title"] == "Comida diaria"


def test_many_questions_are_answered_in_a_sheet(kitchen: Run) -> None:
    """Its words are the reader's; answers are read back in whichever language it was made."""
    copied(kitchen)
    wrote = kitchen("join", "paz.db", "stick/paz.db", "--questions", "q.csv", lang="es")
    assert wrote.code == 1
    sheet = Path("q.csv").read_text("utf-8-sig")
    assert sheet.startswith("Tipo,Nombre,Qué,a,b,") and "Servicio,Comida d" in sheet
    assert "service comida title," in sheet
    Path("q.csv").write_text(sheet.rstrip("\r\n") + "b\r\n", encoding="utf-8-sig")
    assert kitchen("join", "paz.db", "stick/paz.db", "--answers", "q.csv", "--yes").code == 0
    assert kitchen("show", "comida", "--json").json["fields"]["title"] == "Comida del día"
    Path("q.csv").write_text("no sheet")
    assert kitchen("join", "paz.db", "stick/paz.db", "--answers", "q.csv", "--yes").code == 2


def test_a_person_answers_with_a_letter_and_enter(kitchen: Run, monkeypatch: Any) -> None:
    """Nothing that was typed is left over for the question that follows."""
    copied(kitchen)
    monkeypatch.setattr(command, "interactive", lambda: True)
    monkeypatch.setattr("commons.cli.terminal.output.interactive", lambda: True)
    done = kitchen("join", "paz.db", "stick/paz.db", input="\nx\nn\ny\n")
    assert done.code == 0 and "Comida diaria" in done.err and "Comida del día" in done.err
    assert kitchen("show", "comida", "--json").json["fields"]["title"] in ("Comida diaria", "Comida del día")


def test_what_was_written_in_both_copies_under_one_name_is_told(kitchen: Run) -> None:
    """One id and one title become one record; nobody should find that out later."""
    copied(kitchen)
    for copy in ("paz.db", "stick/paz.db"):
        assert kitchen("add", "service", "title=Regaderas", "-c", copy).code == 0
    said = kitchen("join", "paz.db", "stick/paz.db", "--prefer", "a", "--yes", lang="es")
    assert said.code == 0
    assert "«Regaderas» (service/regaderas) se escribió en las dos copias y queda como una sola" in said.out


@pytest.mark.parametrize("laptop, stick", [(1, 1), (3, 2)])
def test_the_next_release_heals_every_federation(
    kitchen: Run, tmp_path: Path, laptop: int, stick: int
) -> None:
    """Both copies released under the same numbers; after joining, one release follows both and is used."""
    copied(kitchen)
    kitchen("federation", "new", "ciudad", "--name", "Ciudad", "--territory", "cdmx")
    inbox = tmp_path / "ciudad" / "inbox"
    inbox.mkdir(exist_ok=True)
    for copy, count in (("paz.db", laptop), ("stick/paz.db", stick)):
        for n in range(count):
            target = str(inbox / f"{copy[:3]}-{n}.entrega")
            kitchen("release", "--yes", "--again", "-c", copy, "--out", target)
    first = str(inbox / "paz-0.entrega")
    kitchen("federation", "add", first, "--name", "Paz", "--by", "Ana", "--how", "x", "-f", "ciudad")
    disputed = merge(tmp_path / "ciudad", Options(as_of=command.now()))
    assert "E_TWOCOPIES" in {f.code for f in disputed.findings}
    kitchen("join", "paz.db", "stick/paz.db", "--prefer", "newer", "--yes")
    assert kitchen("release", "--yes", "--out", str(inbox / "joined.entrega")).code in (0, 1)
    healed = merge(tmp_path / "ciudad", Options(as_of=command.now()))
    assert not healed.findings
    (member,) = locks.read(tmp_path / "ciudad").members.values()
    assert member.number == laptop + 1 and member.state == "current"


def test_a_key_changed_in_the_other_copy_comes_along(commons: Run) -> None:
    """The longer key log counts, and its key is brought beside the catalogue; two that differ are refused."""
    identity = keys.new_identity()
    log = KeyLog.parse(identity.keylog_bytes)
    profile = {"title": "Paz", "licence": "CC-BY-4.0", "language": "es"}
    for folder in ("a", "b", "c"):
        Path(folder).mkdir()
    with Catalogue.create(Path("a/paz.db"), keylog=log.to_bytes(), profile=profile, at=command.now()):
        pass
    keys.save(Path("a/paz.key"), identity.current)
    for folder in ("b", "c"):
        shutil.copy("a/paz.db", f"{folder}/paz.db")
        rotated = keys.rotation(log, identity.next)
        with Catalogue.open(Path(folder) / "paz.db") as copy:
            copy.set_keylog(rotated.keylog.to_bytes())
        keys.save(Path(folder) / "paz.key", rotated.current)
    done = commons("join", "a/paz.db", "b/paz.db", "--yes", "--json")
    assert done.code == 0 and done.json["key"]
    assert keys.load(Path("a/paz.key")).public == keys.load(Path("b/paz.key")).public
    assert commons("release", "-c", "a/paz.db", "--yes", "--json").json["epoch"] == 1
    apart = commons("join", "a/paz.db", "c/paz.db", "--yes")
    assert apart.code == 3 and "The key was changed in" in apart.err
    assert commons("join", "a/paz.db", "a/paz.db", "--yes").code == 2
