"""Key and sheet both lost; a catalogue kept for others, who take it over. Played through to the portal."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from commons.addresses import short_code
from tests.portal.running import open_portal

from .conftest import Answer

Run = Callable[..., Answer]
SURE = ("--by", "Ana", "--how", "en persona")


def new_catalogue(run: Run, file: str, name: str, *more: str) -> str:
    """A catalogue with a place and a service at it; its member id."""
    folder = Path(file).parent
    folder.mkdir(exist_ok=True)
    made = run("init", file, "--name", name, "--sheet", f"{file}.html", "--yes", "--json", *more)
    assert made.code == 0, made.err
    run("add", "place", "--id", "casa", f"title=Casa de {name}", "-c", f"{file}.db")
    run("add", "service", "--id", "sopa", f"title=Sopa de {name}", "place=casa", "-c", f"{file}.db")
    return str(made.json["member"])


def share(run: Run, file: str) -> str:
    """The path of the next release, delivered to the federation."""
    Path("city/inbox").mkdir(parents=True, exist_ok=True)
    done = run("release", "--yes", "--json", "--again", "--out", "city/inbox", "-c", file)
    assert done.code in (0, 1), done.err
    return str(done.json["release"])


def join(run: Run, release: str, name: str) -> None:
    assert run("federation", "add", release, "-f", "city", "--name", name, *SURE).code == 0


def merge(run: Run) -> Any:
    done = run("merge", "-f", "city", "--json")
    assert done.code in (0, 1), done.err
    return done.json


@pytest.fixture
def city(commons: Run) -> Run:
    """A federation folder, ready."""
    commons("federation", "new", "city", "--name", "Ciudad", "--territory", "cdmx")
    return commons


async def page(path: str, status: int = 200) -> str:
    with open_portal(Path("city/pool.db")) as portal:
        answer = await portal.client.get(path)
        assert answer.status_code == status, answer.text
        return str(answer.headers["location"] if status == 302 else answer.text)


@pytest.fixture
def begun_again(city: Run) -> tuple[Run, str, str]:
    """The kitchen lost key and sheet; it begins again with its newest release, and is a member anew."""
    old = new_catalogue(city, "old/paz", "Comedor La Paz")
    join(city, share(city, "old/paz.db"), "Comedor La Paz")
    merge(city)
    shutil.rmtree("old")
    kept = next(Path("city/inbox").glob("*.entrega"))
    again = city("init", "new", "--continue", str(kept), "--sheet", "n.html", "--yes", "--json")
    assert again.code == 0, again.err
    join(city, share(city, "new.db"), "Comedor La Paz (2)")
    return city, old, str(again.json["member"])


async def test_old_links_lead_to_whoever_continues(begun_again: tuple[Run, str, str]) -> None:
    """By the maintainer's recorded word; the page says whom it continues and who said so."""
    run, old, new = begun_again
    done = run("federation", "succeed", "Comedor La Paz", "Comedor La Paz (2)", *SURE, "-f", "city")
    assert done.code == 0, done.err
    merge(run)
    moved = await page(f"/es/f/{short_code(f'{old}/service/sopa')}", 302)
    assert short_code(f"{new}/service/sopa") in moved and "Casa de" in await page(moved)
    assert (await page(f"/es/miembro/{old}", 302)).endswith(new)
    text = await page(f"/es/miembro/{new}")
    assert "Continúa su catálogo anterior" in text and "en persona" in text
    assert "Comedor La Paz (2) continues it" in run("federation", "show", "-f", "city").out


async def test_a_catalogue_that_only_says_so_continues_nobody(begun_again: tuple[Run, str, str]) -> None:
    """It is the federation's word. Both are shown until then, and so is everybody's place."""
    run, old, new = begun_again
    assert [f["code"] for f in merge(run)["receipts"][new]["findings"]] == ["says-continues"]
    assert "Continúa a" not in await page(f"/es/miembro/{new}")
    await page(f"/es/miembro/{old}")
    with closing(sqlite3.connect("city/pool.db")) as pool:
        assert pool.execute("SELECT count(*) FROM place").fetchone() == (2,)


def test_enough_members_can_vouch_for_a_successor(begun_again: tuple[Run, str, str]) -> None:
    """Two others know the new key; one alone is not enough, and nobody becomes two."""
    run, old, new = begun_again
    ask = ("federation", "succeed", old, new, "--vouched", "-f", "city")
    for n, name in enumerate(("Huerto", "Clinica")):
        new_catalogue(run, f"{name}/x", name)
        run("add", "vouch", f"about={new}", "kind=knows", "-c", f"{name}/x.db")
        join(run, share(run, f"{name}/x.db"), name)
        merge(run)
        assert run(*ask).code == (2, 0)[n], run(*ask).err
    said = run("federation", "show", "-f", "city", "--json").json["members"]
    (word,) = [m["succeeds"] for m in said if m.get("succeeds")]
    assert (word["member"], word["by"]) == (old, "Clinica and Huerto")
    assert old not in {m for m, k in merge(run)["members"].items() if k["release"]}
    assert run("federation", "succeed", old, "Huerto", *SURE, "-f", "city").code == 2


def test_who_is_named_the_wrong_way_round_is_told_so(begun_again: tuple[Run, str, str]) -> None:
    """One named twice, or the new one first: the sentence says what is wrong, and nothing is written."""
    run, _old, _new = begun_again
    lost, new = "Comedor La Paz", "Comedor La Paz (2)"
    twice = run("federation", "succeed", new, new, *SURE, "-f", "city")
    assert twice.code == 2 and "named twice" in twice.err
    for _time in range(2):  # by its catalogue's own word first, then by the federation's
        turned = run("federation", "succeed", new, lost, *SURE, "-f", "city")
        assert turned.code == 2 and "other way round" in turned.err
        assert f"succeed '{lost}' '{new}'" in turned.err
        assert run("federation", "succeed", lost, new, *SURE, "-f", "city").code == 0


def test_the_earlier_catalogues_own_word_is_shown_and_not_counted(city: Run) -> None:
    """Who lost only the sheet vouches for the new one with the old key, which a thief could do as well."""
    old = new_catalogue(city, "old/paz", "Comedor La Paz")
    again = city("init", "new", "--continue", share(city, "old/paz.db"), "--sheet", "n", "--yes", "--json")
    new = str(again.json["member"])
    assert city("vouch", new, "--yes", "-c", "old/paz.db").code == 0
    join(city, share(city, "old/paz.db"), "Paz")
    join(city, share(city, "new.db"), "Paz (2)")
    merge(city)
    refused = city("federation", "succeed", old, new, "--vouched", "-f", "city")
    assert refused.code == 2 and "0 members" in refused.err and "also a thief" in refused.err
    done = city("federation", "succeed", old, new, *SURE, "-f", "city")
    assert done.code == 0 and "vouches for the new one" in done.out


async def test_those_for_whom_a_catalogue_is_kept_take_it_over_without_asking(city: Run) -> None:
    """Their sheet, the newest release: same addresses; who kept it before can share there no more."""
    member = new_catalogue(city, "casa/huerto", "Casa del Maíz", "--for", "Huerto Las Flores")
    release = share(city, "casa/huerto.db")
    join(city, release, "Huerto Las Flores")
    assert city("federation", "accompany", "Huerto", "-f", "city").code == 2
    other = city("federation", "accompany", member, "Otra Casa", "-f", "city")
    assert other.code == 2 and "kept for Huerto Las Flores, not for Otra Casa" in other.err
    assert city("federation", "accompany", member, "Huerto Las Flores", "-f", "city").code == 0
    merge(city)
    text = await page(f"/es/miembro/{member}")
    assert "Publicado por Casa del Maíz para Huerto Las Flores." in text
    words = ("--words-file", "casa/huerto.html", "--sheet", "own.html", "--yes", "--take-over")
    assert city("keys", "recover", release, *words).code == 0  # it bears their name, as its sheet
    Path("huerto-las-flores.db").rename("own.db")
    Path("huerto-las-flores.key").rename("own.key")
    city("edit", "service/sopa", "title=Sopa propia", "-c", "own.db")
    share(city, "own.db")
    city("edit", "service/sopa", "title=Sopa ajena", "-c", "casa/huerto.db")
    share(city, "casa/huerto.db")
    merge(city)
    text = await page(f"/es/miembro/{member}")
    assert "Publicado por" not in text and "<h1>Huerto Las Flores</h1>" in text
    moved = await page(f"/es/f/{short_code(f'{member}/service/sopa')}")
    assert "Sopa propia" in moved and "Sopa ajena" not in moved


def test_the_keepers_own_catalogue_is_never_marked_as_kept_for_others(city: Run) -> None:
    """Where keeper and kept are both members, the federation's word lands on the kept one, or nowhere."""
    own = new_catalogue(city, "luz/luz", "Casa Luz")
    kept = new_catalogue(city, "nopal/nopal", "Casa Luz", "--for", "Colectivo Nopal")
    for file in ("luz/luz.db", "nopal/nopal.db"):
        added = city("federation", "add", share(city, file), "-f", "city", *SURE, lang="es")
        assert added.code == 0, added.err
        if "nopal" in file:
            assert "Colectivo Nopal ahora es miembro" in added.out
            assert "commons federation accompany 'Colectivo Nopal' -f city" in added.err
        else:
            wrong = city("federation", "accompany", "Casa Luz", "Colectivo Nopal", "-f", "city")
            assert wrong.code == 2 and "speaks for itself" in wrong.err
    for named in (("Casa Luz", "Colectivo Nopal"), ("Colectivo Nopal",)):
        noted = city("federation", "accompany", *named, "-f", "city", lang="es")
        assert noted.out.startswith("Casa Luz publica para Colectivo Nopal."), noted.out
    text = Path("city/federation.yaml").read_text("utf-8")
    assert text.count("on_behalf_of") == 1 and text.index(kept) < text.index("on_behalf_of")
    assert own in text
