"""A laptop is stolen: the thief shares false telephones and withdraws everything. Played to its end."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commons.catalogue.store import Catalogue
from commons.federation.policy import file as policy

from .conftest import Answer

Run = Callable[..., Answer]
PHONE = "phones=55 5555 0134"
GOOD = {"Sopa": "5555550134", "Ropa": "5555550134"}


@pytest.fixture
def city(kitchen: Run) -> Run:
    """A kitchen with two services, shared, accepted and merged; a copy of it lies on a stick."""
    kitchen("init", "huerto", "--name", "Huerto", "--territory", "cdmx", "--sheet", "h.html", "--yes")
    for name, title in (("sopa", "Sopa"), ("ropa", "Ropa")):
        kitchen("add", "service", "--id", name, f"title={title}", PHONE, "-c", "paz.db")
    kitchen("federation", "new", "city", "--name", "Ciudad", "--territory", "cdmx")
    for catalogue in ("paz", "huerto"):
        kitchen("backup", "-c", f"{catalogue}.db", "--to", f"stick-{catalogue}.db")
        share(kitchen, f"{catalogue}.db")
        release = str(next(Path("city/inbox").glob(f"{catalogue if catalogue == 'huerto' else 'comedor'}*")))
        words = ("--by", "Ana", "--how", "words read by telephone")
        assert kitchen("federation", "add", release, "-f", "city", "--name", catalogue, *words).code == 0
    merge(kitchen)
    return kitchen


def share(run: Run, catalogue: str, *more: str) -> None:
    Path("city/inbox").mkdir(exist_ok=True)
    done = run("release", "--yes", "--out", "city/inbox", "-c", catalogue, *more)
    assert done.code in (0, 1), done.err


def merge(run: Run, *more: str) -> Any:
    done = run("merge", "-f", "city", "--json", *more)
    assert done.code in (0, 1), done.err
    return done.json


def pool(sql: str) -> list[Any]:
    with closing(sqlite3.connect("city/pool.db")) as read:
        return read.execute(sql).fetchall()


def shown() -> dict[str, str]:
    """What the pool says: each service with its telephone, digits only."""
    rows = pool("SELECT title, phones FROM service")
    return {t: "".join(c for c in json.loads(p)[0]["number"] if c.isdigit())[-10:] for t, p in rows}


def addresses() -> list[str]:
    return [a for (a,) in pool("SELECT address FROM entity WHERE type = 'service' ORDER BY address")]


def steal(run: Run) -> None:
    """The thief has catalogue and key: false numbers first, then everything withdrawn."""
    Path("thief").mkdir()
    for name in ("paz.db", "paz.key"):
        shutil.move(name, "thief")
    for name in ("sopa", "ropa"):
        run("edit", f"service/{name}", "phones=55 5555 0199", "-c", "thief/paz.db")
    share(run, "thief/paz.db")
    merge(run)
    assert shown()["Sopa"].endswith("0199")
    run("withdraw", "service/sopa", "service/ropa", "--yes", "-c", "thief/paz.db")
    share(run, "thief/paz.db")
    merge(run)
    assert shown() == {}


def recover(run: Run) -> None:
    found = ("stick-paz.db", "city/inbox/comedor-la-paz-1.entrega")
    words = ("--words-file", "sheet.html", "--not-mine", "2", "--sheet", "new.html", "--yes")
    assert run("keys", "recover", *found, *words, "--to", "new.db").code == 0


def test_one_pause_brings_the_last_good_release_back(city: Run) -> None:
    """Also what the thief withdrew; others are untouched; nothing later is seen until somebody resumes."""
    before = addresses()
    steal(city)
    paused = city("federation", "pause", "paz", "--at", "1", "--reason", "robo: la laptop", "-f", "city")
    assert paused.code == 0 and "--not-mine 2" in paused.err
    assert "seen again while the pause lasts: 2 records" in paused.out and f"  {before[0]}" in paused.out
    assert "on pause from the next merge on" in city("federation", "show", "-f", "city").out
    merge(city)
    assert shown() == GOOD and addresses() == before
    share(city, "thief/paz.db", "--again")
    assert merge(city)["counts"]["service"] == 2
    assert [s for (s,) in pool("SELECT state FROM member ORDER BY state")] == ["current", "paused"]


def test_recovery_voids_the_thief_and_the_same_addresses_live(city: Run) -> None:
    """What the thief withdrew falls, and the key in the thief's hands is worth nothing."""
    before = addresses()
    steal(city)
    recover(city)
    share(city, "new.db")
    share(city, "thief/paz.db", "--again")
    merge(city)
    assert shown() == GOOD and addresses() == before
    assert pool("SELECT * FROM withdrawal") == []
    city("edit", "service/sopa", "title=Sopa caliente", "-c", "new.db")
    share(city, "new.db")
    merge(city)
    assert set(shown()) == {"Sopa caliente", "Ropa"} and addresses() == before


def test_what_a_thief_added_does_not_hold_up_the_way_back(city: Run) -> None:
    """Fifty false records more: to lose them again is no loss that somebody must allow."""
    Path("thief").mkdir()
    for name in ("paz.db", "paz.key"):
        shutil.move(name, "thief")
    with Catalogue.open(Path("thief/paz.db")) as stolen, stolen.act("edit", at=datetime.now(UTC)) as act:
        for n in range(50):
            act.put("service", f"falso-{n}", {"title": f"Falso {n}"})
    share(city, "thief/paz.db")
    assert merge(city)["counts"]["service"] == 52
    city("federation", "pause", "paz", "--at", "1", "--reason", "robo", "-f", "city")
    assert merge(city)["counts"]["service"] == 2
    city("federation", "resume", "paz", "-f", "city", "--yes")
    assert merge(city)["counts"]["service"] == 52
    recover(city)
    share(city, "new.db")
    assert merge(city)["counts"]["service"] == 2


def test_a_pause_ends_when_the_new_words_were_compared(city: Run) -> None:
    """The merge says that the member is back under a new key; resuming shows its words."""
    steal(city)
    city("federation", "pause", "paz", "--at", "1", "--reason", "robo", "-f", "city")
    recover(city)
    city("edit", "service/sopa", "title=Sopa caliente", "-c", "new.db")
    share(city, "new.db")
    codes = {f["code"] for f in merge(city)["findings"]}
    assert "renewed" in codes and shown() == GOOD
    words = " ".join(city("keys", "show", "--json", "-c", "new.db").json["words"])
    refused = city("federation", "resume", "paz", "-f", "city", "--yes")
    assert refused.code == 2 and "--how" in refused.err
    how = ("--by", "Luz", "--how", "words read by telephone")
    resumed = city("federation", "resume", "paz", "-f", "city", *how)
    assert resumed.code == 0 and words in resumed.out
    added = policy.load(Path("city")).members[0].added
    assert added.by == "Ana" and "new key" in added.how and added.how.endswith("telephone (Luz)")
    merge(city)
    assert "Sopa caliente" in shown()
    assert city("federation", "resume", "paz", "-f", "city", "--yes").code == 2


def test_a_release_is_named_by_its_number_alone_also_after_a_change_of_the_key(city: Run) -> None:
    """Numbers go on with the new key; what was typed in the old days still means the same."""
    recover(city)
    share(city, "new.db")
    merge(city)
    paused = city("federation", "pause", "PAZ", "--at", "1", "--reason", "x", "-f", "city", "--json")
    assert paused.json["used"] == {"epoch": 0, "number": 1}
    assert "1, 1.2" in city("federation", "pause", "paz", "--at", "9", "--reason", "x", "-f", "city").err


def test_a_portal_does_not_fall_back_on_what_the_thief_shared(city: Run) -> None:
    """Versions of the time of the theft are made anew under today's word, there and back."""
    publish = ("publish", "folder", "--pool", "city/pool.db", "--out", "portal")
    assert city(*publish).code == 0
    steal(city)
    assert city(*publish).code == 0
    recover(city)
    share(city, "new.db")
    merge(city)
    assert city(*publish).code == 0
    assert city("publish", "folder", "-f", "city", "--out", "portal", "--rollback").code == 0
    with closing(sqlite3.connect("portal/current/data.db")) as read:
        titles = [t for (t,) in read.execute("SELECT title FROM service ORDER BY title")]
        assert titles == ["Ropa", "Sopa"] and read.execute("SELECT * FROM withdrawal").fetchall() == []


def test_a_pause_where_nothing_was_yet_is_refused(city: Run) -> None:
    """A slip of the finger would show something else, or nothing; the numbers that are here are named."""
    for number in ("0", "66", "1.1"):
        refused = city("federation", "pause", "paz", "--at", number, "--reason", "x", "-f", "city")
        assert refused.code == 2 and "Known are: 1" in refused.err
    assert city("federation", "pause", "paz", "-f", "city").code == 2
    assert city("federation", "pause", "nadie", "--reason", "x", "-f", "city").code == 2
    assert city("federation", "pause", "paz", "--reason", "x", "-f", "city", "--json").json["at"] == [0, 1]


@pytest.mark.parametrize("way", ["earlier", "all of it", "damaged"])
def test_a_pause_at_a_release_that_is_not_whole_any_more_is_refused(city: Run, way: str) -> None:
    """Its member withdrew since, and nothing whole lies sealed: the nearest that can be shown is named."""
    if way == "earlier":
        city("withdraw", "--earlier", "service/ropa", "--yes", "-c", "paz.db")
    else:
        city("withdraw", "service/ropa", "--yes", "-c", "paz.db")
    share(city, "paz.db")
    merge(city, *(() if way == "damaged" else ("--purge-now",)))
    for sealed in Path("city/store").glob("sealed/*"):
        data = bytearray(sealed.read_bytes())
        data[len(data) // 2] ^= 255
        sealed.write_bytes(data)
    refused = city("federation", "pause", "paz", "--at", "1", "--reason", "x", "-f", "city")
    assert refused.code == 2 and "--at 2" in refused.err and "1 in all" in refused.err
    assert "pause" not in Path("city/federation.yaml").read_text("utf-8")
    assert city("federation", "pause", "paz", "--at", "2", "--reason", "x", "-f", "city").code == 0
    assert not [f for f in merge(city)["findings"] if f["code"].startswith("pause-")]


def test_a_pause_is_not_refused_where_only_what_shows_nothing_is_whole(city: Run) -> None:
    """The thief withdrew all, and two weeks are over: its later releases must be stopped all the same."""
    city("withdraw", "service/ropa", "service/sopa", "--yes", "-c", "paz.db")
    share(city, "paz.db")
    merge(city, "--purge-now")
    paused = city("federation", "pause", "paz", "--at", "1", "--reason", "x", "-f", "city")
    assert paused.code == 0 and "2 records of it were withdrawn later and are gone here" in paused.out
    told = merge(city)
    assert [f["code"] for f in told["findings"]] == ["pause-gone"] and told["counts"].get("service", 0) == 0


def test_a_pause_that_cannot_show_all_says_what_stays_away_wherever_people_look(city: Run) -> None:
    """Written by hand, or purged since: the merge of all others ends, and the receipt knows."""
    city("withdraw", "--earlier", "service/ropa", "--yes", "-c", "paz.db")
    share(city, "paz.db")
    city("federation", "pause", "paz", "--at", "1", "--reason", "x", "-f", "city")
    merge(city, "--purge-now")
    path = Path("city/federation.yaml")
    path.write_text(path.read_text("utf-8").replace("at: [0, 1]", "at: [0, 2]"), "utf-8")
    merge(city, "--purge-now")
    path.write_text(path.read_text("utf-8").replace("at: [0, 2]", "at: [0, 1]"), "utf-8")
    told = city("merge", "-f", "city")
    assert told.code == 1 and "Release 1 of paz is shown without" in told.out and "huerto" in told.out
    assert "1 record of it is not here any more" in city("receipt", "paz", "-f", "city").out
    assert "1 record of it is not here any more" in city("federation", "show", "-f", "city").out


def test_who_leaves_is_called_before_anybody_believes_it(city: Run) -> None:
    """A thief can withdraw all in one word: the merge ends with findings, once, and says what can be done."""
    assert city("withdraw", "--all", "--name", "comedor la paz", "-c", "paz.db").code == 0
    share(city, "paz.db")
    for dry_run in (["--dry-run"], []):
        told = city("merge", "-f", "city", *dry_run)
        assert told.code == 1 and "federation pause paz" in told.out and "14 days" in told.out
    assert city("merge", "-f", "city").code == 0


def test_a_change_of_keys_is_told_and_so_is_who_signs_with_the_old_one(city: Run) -> None:
    """The new words are to be compared; a release under the void key is named where it arrives."""
    steal(city)
    recover(city)
    share(city, "new.db")
    words = " ".join(city("keys", "show", "--json", "-c", "new.db").json["words"])
    told = city("merge", "-f", "city")
    assert told.code == 1 and f"has changed its key. Its new words: {words}" in " ".join(told.out.split())
    assert words in city("federation", "show", "-f", "city").out
    assert "has changed its key" not in city("merge", "-f", "city").out
    share(city, "thief/paz.db", "--again", "--out", "false.entrega")
    Path("city/inbox/false.entrega").write_bytes(Path("false.entrega").read_bytes())
    for command in ("merge", "inbox"):
        told = city(command, "-f", "city")
        assert told.code == 1 and "key that does not count any more" in " ".join(told.out.split()), command
