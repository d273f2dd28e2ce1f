"""`commons receipt` never says only that all is well while a newer release waits, and advises what helps."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Answer

Run = Callable[..., Answer]
WORDS = ("--by", "Ana", "--how", "x", "-f", "city", "--name", "Huerto Las Flores")


@pytest.fixture
def city(kitchen: Run) -> Run:
    """A member with a space in its name, and twelve services, merged."""
    for n in range(12):
        kitchen("add", "service", f"title=Servicio {n}", "--id", f"s{n}")
    kitchen("federation", "new", "city", "--name", "Ciudad", "--territory", "cdmx")
    Path("city/inbox").mkdir(exist_ok=True)
    kitchen("release", "--yes", "--out", "city/inbox/1.entrega")
    assert kitchen("federation", "add", "city/inbox/1.entrega", *WORDS).code == 0
    assert kitchen("merge", "-f", "city").code == 0
    return kitchen


def share(run: Run, number: int) -> Answer:
    assert run("release", "--yes", "--again", "--out", f"city/inbox/{number}.entrega").code in (0, 1)
    return run("merge", "-f", "city")


def test_a_release_that_waits_stands_first_with_the_command_that_helps(city: Run) -> None:
    """Not «up to date»; what is typed as it is told, takes it up."""
    assert city("receipt", "Huerto Las Flores", "-f", "city").out.splitlines()[0].endswith("up to date")
    city("remove", "--yes", *(f"service/s{n}" for n in range(8)))
    assert share(city, 2).code == 1
    told = city("receipt", "Huerto Las Flores", "-f", "city", lang="es").out
    assert told.startswith("Huerto Las Flores · la entrega más nueva espera\nSe usa la entrega 1, del ")
    line = next(line for line in told.splitlines() if "commons merge" in line)
    typed = shlex.split(line.partition("commons ")[2])
    assert typed == ["merge", "--allow-shrink", "Huerto Las Flores"]
    assert city(*typed, "-f", "city").code == 0
    assert "waits" not in city("receipt", "Huerto Las Flores", "-f", "city").out


def test_whose_first_release_cannot_be_used_is_told_why(kitchen: Run) -> None:
    """Not «ask them to share»: they have."""
    kitchen("federation", "new", "city", "--name", "Ciudad", "--territory", "cdmx")
    kitchen("add", "service", "title=Sopa")
    kitchen("release", "--yes", "--out", "1.entrega")
    assert kitchen("federation", "add", "1.entrega", *WORDS).code == 0
    rules = yaml.safe_load(Path("city/federation.yaml").read_text())
    rules["licences"] = ["CC0-1.0"]
    Path("city/federation.yaml").write_text(yaml.safe_dump(rules))
    kitchen("merge", "-f", "city")
    told = kitchen("receipt", "Huerto Las Flores", "-f", "city")
    assert "licence" in told.out + told.err


def test_who_was_succeeded_is_led_to_the_receipt_of_today(city: Run) -> None:
    """The old member has none any more, and has nothing to share either."""
    Path("old").mkdir()
    for name in ("paz.db", "paz.key"):
        shutil.move(name, "old")
    go_on = ("--continue", "city/inbox/1.entrega", "--sheet", "n.html", "--yes")
    assert city("init", "new", "--name", "Huerto Nuevo", "--territory", "cdmx", *go_on).code == 0
    city("release", "--yes", "--out", "city/inbox/new.entrega", "-c", "new.db")
    accept = ("--by", "Ana", "--how", "x", "-f", "city", "--name", "Huerto Nuevo")
    assert city("federation", "add", "city/inbox/new.entrega", *accept).code == 0
    word = ("--by", "Ana", "--how", "fui a verlas", "-f", "city")
    assert city("federation", "succeed", "Huerto Las Flores", "Huerto Nuevo", *word).code == 0
    assert city("merge", "-f", "city").code in (0, 1)
    told = city("receipt", "Huerto Las Flores", "-f", "city")
    assert told.code == 0 and "Huerto Las Flores is continued by Huerto Nuevo" in told.out
    assert "Huerto Nuevo · up to date" in told.out


def test_days_are_those_of_the_territory(city: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An evening in Iztapalapa is the next morning in UTC; whoever reads says the evening's day."""
    for name in ("commons.cli.catalogue.release.now", "commons.cli.federation.merge.now"):
        monkeypatch.setattr(name, lambda: datetime.fromisoformat("2027-03-02T03:00:00Z"))
    share(city, 2)
    assert "Release 2 of 2027-03-01 is used." in city("receipt", "Huerto", "-f", "city").out
    assert "2 · 2027-03-01" in city("federation", "show", "-f", "city").out
