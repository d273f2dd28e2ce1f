"""Taking back what was shared, played through from the catalogue to the published folder."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Answer

Run = Callable[..., Answer]
PHONE = "5555550101"


class City:
    """A catalogue, a federation that takes it, and a portal; each step as people type it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.number = 0

    def share(self, *merge: str) -> int:
        """Release, deliver, merge and publish; gives the exit code of the merge."""
        self.number += 1
        assert self.run("release", "--yes", "--again", "--out", f"{self.number}.entrega").code in (0, 1)
        if self.number == 1:
            self.run("federation", "new", "ciudad", "--name", "Ciudad", "--territory", "cdmx")
            words = ("--name", "Paz", "--by", "Ana", "--how", "x", "-f", "ciudad")
            self.run("federation", "add", "1.entrega", *words)
            Path("ciudad/inbox").mkdir(exist_ok=True)
        shutil.copy(f"{self.number}.entrega", "ciudad/inbox")
        code = self.run("merge", "-f", "ciudad", *merge).code
        assert self.run("publish", "folder", "-f", "ciudad", "--out", "portal").code == 0
        return code

    def links(self) -> dict[str, str]:
        """Short code → title, as the portal shows them."""
        with closing(sqlite3.connect("portal/current/data.db")) as pool:
            return dict(pool.execute("SELECT short, title FROM entity ORDER BY short"))

    def member(self) -> dict[str, object]:
        lock = json.loads(Path("ciudad/commons.lock").read_text())
        return dict(next(iter(lock["members"].values())))


@pytest.fixture
def city(kitchen: Run) -> City:
    return City(kitchen)


def mentions(folder: str, text: str) -> list[str]:
    return [str(p) for p in Path(folder).rglob("*") if p.is_file() and text.encode() in p.read_bytes()]


def test_what_was_removed_by_mistake_comes_back_under_its_links(city: City) -> None:
    """Six of eight removed, released, undone, released: all six live, nothing was withdrawn."""
    for n in range(8):
        city.run("add", "service", f"title=Servicio {n}", "--id", f"s{n}")
    city.share()
    before = city.links()
    city.run("remove", "--yes", *(f"service/s{n}" for n in range(6)))
    assert city.share() == 1  # so many at once wait for a person's look
    assert city.links() == before
    city.share("--allow-shrink", "Paz")
    assert len(city.links()) == 2
    assert city.run("undo").code == 0
    city.share()
    assert city.links() == before and len(before) == 8


def test_a_telephone_is_taken_down_everywhere_and_the_record_lives_on(city: City) -> None:
    """After the next publish no byte of the portal, the store or the pool says the number."""
    city.run("add", "service", "title=Comida", f"phones={PHONE}", "--id", "comida")
    city.run("add", "service", "title=Taller", "--id", "taller")
    city.share()
    city.share()
    before = city.links()
    assert mentions("portal", PHONE) and mentions("ciudad", PHONE)
    city.run("edit", "comida", "phones=-")
    assert city.run("withdraw", "service/comida", "--earlier", "--yes").code == 0
    city.share("--purge-now")
    assert city.links() == before
    for _ in range(2):
        assert not mentions("portal", PHONE)
        assert not [p for p in mentions("ciudad", PHONE) if "inbox" not in p]
        back = city.run("publish", "folder", "-f", "ciudad", "--out", "portal", "--rollback")
        assert back.code == 0


def test_taking_down_what_a_record_said_before_says_that_it_stays(kitchen: Run) -> None:
    """Neither `withdraw --earlier` nor the next release calls the record withdrawn; both name it."""
    kitchen("add", "service", "title=Comida", f"phones={PHONE}", "--id", "comida")
    kitchen("release", "--yes")
    kitchen("edit", "comida", "phones=-")
    said = kitchen("withdraw", "comida", "--earlier", "--yes", lang="es").out
    assert "La ficha sigue; lo que decía antes se quita con tu próxima entrega." in said
    assert "retirada" not in said
    shown = kitchen("release", "--dry-run", lang="es").out
    assert "Siguen, y lo que decían antes se quita en todas partes:\n  service/comida  Comida" in shown
    assert kitchen("release", "--yes", "--json").json["earlier"][0]["id"] == "comida"
    assert "se quita" not in kitchen("release", "--yes", "--again", lang="es").out


def test_who_leaves_takes_everything_along(city: City) -> None:
    """The name has to be typed; undone before the release it never was; released, nothing is shown."""
    city.run("add", "service", "title=Comida", "--id", "comida")
    city.run("add", "service", "title=Nota", "--id", "nota", "--private")
    city.share()
    assert city.run("withdraw", "--all", "--yes").code == 2
    assert city.run("withdraw", "--all", "--name", "Otro comedor").code == 2
    assert city.run("withdraw", "--all", "service/comida").code == 2
    assert city.run("withdraw", "--all", "--name", "comedor la paz").code == 0
    assert city.run("undo").code == 0
    assert city.run("show", "comida").code == 0
    gone = city.run("withdraw", "--all", "--name", "Comedor La Paz", "--json")
    assert gone.json["withdrawn"] == ["service/comida"] and Path(gone.json["backup"]).is_file()
    assert city.share() == 1  # somebody should call: was it they?
    assert city.links() == {} and city.member()["state"] == "leaving"
    assert city.run("show", "nota").code == 0


@pytest.mark.parametrize("command", ["withdraw", "remove"])
def test_part_of_a_name_takes_nothing_away_unless_a_person_looks(kitchen: Run, command: str) -> None:
    """With --yes only an id, an address or a whole title is enough, accents and case aside."""
    for n, title in enumerate(("Comida caliente", "Árboles", "Clase de yoga", "Cine")):
        assert kitchen("add", "service", f"title={title}", "--id", f"s{n}").code == 0
    refused = kitchen(command, "comida", "--yes")
    assert refused.code == 2 and "service/s0" in refused.err and kitchen("show", "s0").code == 0
    assert "Sin --yes" in kitchen(command, "comida", "--yes", lang="es").err
    address = f"{kitchen('keys', 'show', '--json').json['member']}/service/s2"
    assert kitchen(command, "comida CALIENTE", "arboles", address, "s3", "--yes").code == 0
    assert kitchen("list", "--json").json == []


def test_another_members_record_is_not_ours_to_remove(kitchen: Run) -> None:
    """An address says whose record it is; one of the same type and id here is not meant."""
    kitchen("add", "service", "title=Comida", "--id", "comida")
    for command in ("remove", "withdraw"):
        assert kitchen(command, f"{'b' * 26}/service/comida", "--yes").code == 2
    assert kitchen("show", "comida").code == 0
