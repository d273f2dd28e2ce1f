"""`commons federation hold`: until a day that people say in words, and in force the same night."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from commons.cli.federation import holding
from commons.federation.policy import file as policy
from commons.schema.dates import NotADate, read_day_ahead
from tests.cli.conftest import Answer

Run = Callable[..., Answer]
TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    "text, day",
    [
        ("en 7 días", "2026-12-07"),
        ("mañana", "2026-12-01"),
        ("dos semanas", "2026-12-14"),
        ("in a month", "2026-12-30"),
        ("dentro de 3 meses", "2027-02-28"),
        ("31/01/2027", "2027-01-31"),
        ("2027-01-31", "2027-01-31"),
        ("31 de enero de 2027", "2027-01-31"),
    ],
)
def test_a_day_to_come_is_read_as_people_say_it(text: str, day: str) -> None:
    assert read_day_ahead(text, TODAY).isoformat() == day


@pytest.mark.parametrize("text", ["", "pronto", "en muchos días", "31/02/2027", "en 7 lunas"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(NotADate):
        read_day_ahead(text, TODAY)


@pytest.fixture
def city(kitchen: Run) -> Run:
    """A federation of one member with two services, merged and published."""
    for id, phone in (("comida", "55 5555 0101"), ("taller", "55 5555 0202")):
        kitchen("add", "service", f"title={id}", f"phones={phone}", "--id", id)
    kitchen("release", "--yes", "--out", "uno.entrega")
    kitchen("federation", "new", "ciudad", "--name", "Ciudad", "--territory", "cdmx")
    kitchen("federation", "add", "uno.entrega", "--name", "Paz", "--by", "Ana", "--how", "x", "-f", "ciudad")
    assert kitchen("merge", "-f", "ciudad").code == 0
    assert kitchen("publish", "folder", "-f", "ciudad", "--out", "portal").code == 0
    return kitchen


def titles() -> list[str]:
    with closing(sqlite3.connect("ciudad/pool.db")) as pool:
        return [t for (t,) in pool.execute("SELECT title FROM service ORDER BY title")]


def mentions(folder: str, text: str) -> list[str]:
    return [str(p) for p in Path(folder).rglob("*") if p.is_file() and text.encode() in p.read_bytes()]


def test_a_telephone_is_hidden_everywhere_the_same_night(city: Run) -> None:
    """One command: nothing under the portal's folder says the number any more; the record lives on."""
    (member,) = policy.load(Path("ciudad")).members
    assert mentions("portal", "5555550101")
    done = city(
        "federation", "hold", f"{member.id}/service/comida", "--field", "Teléfonos", "--reason", "no es suyo",
        "--until", "en 7 días", "--by", "Ana", "--out", "portal", "-f", "ciudad", lang="es",
    )  # fmt: skip
    assert done.code == 0 and "En pausa hasta el" in done.out and "ese día incluido" in done.out
    assert not mentions("portal", "5555550101") and mentions("portal", "5555550202")
    assert mentions("portal/current", "comida")
    shown = city("federation", "show", "-f", "ciudad", lang="es").out
    assert "UTC" not in shown and "12:00" not in shown


def test_what_is_held_is_named_as_people_see_it(city: Run) -> None:
    """By the link of its page, its code or its title: the address that stands in the file is the same."""
    (member,) = policy.load(Path("ciudad")).members
    with closing(sqlite3.connect("ciudad/pool.db")) as pool:
        ((code,),) = pool.execute("SELECT short FROM entity WHERE title = 'comida'").fetchall()
    words = ("--reason", "x", "--by", "Ana", "--until", "2999-01-31", "-f", "ciudad")
    for named in (f"https://portal.example/f/{code}-comida?x=1", code, code[:6], "COMIDA"):
        assert city("federation", "hold", named, *words).code == 0
    held = {hold.address for hold in policy.load(Path("ciudad")).holds}
    assert held == {f"{member.id}/service/comida"}
    for wrong in ("nada", "zzzzzzzz", "https://portal.example/f/zzzzzzzz-nada", f"{member.id}/service/no"):
        refused = city("federation", "hold", wrong, *words)
        assert refused.code == 2 and "→" in refused.err, wrong


def test_a_hold_may_wait_for_what_is_not_here_yet(city: Run) -> None:
    """With --later, as where a member says before it shares that something should not be shown."""
    (member,) = policy.load(Path("ciudad")).members
    words = ("--reason", "x", "--by", "Ana", "--until", "2999-01-31", "--later", "-f", "ciudad")
    assert city("federation", "hold", f"{member.id}/service/refugio", *words).code == 0
    city("add", "service", "title=Refugio", "--id", "refugio")
    city("release", "--yes", "--out", "ciudad/inbox")
    assert "Refugio" not in city("merge", "-f", "ciudad", "--json").out
    assert not mentions("ciudad/pool.db", "Refugio") and not mentions("portal", "Refugio")


def test_what_is_held_twice_is_held_until_the_day_said_last(city: Run) -> None:
    """Two people do it in one night, or a hold is made longer: merging, publishing and a step back go on."""
    words = ("--field", "phones", "--reason", "x", "--by", "Ana", "-f", "ciudad")
    for until in ("2999-01-01", "2998-01-01", "2999-01-01", "2999-06-01"):
        held = city("federation", "hold", "comida", "--until", until, *words, "--out", "portal")
        assert held.code == 0, held.err
    assert city("publish", "folder", "-f", "ciudad", "--out", "portal", "--rollback").code == 0
    for path in ("ciudad/pool.db", "portal/current/data.db"):
        with closing(sqlite3.connect(path)) as pool:
            assert [u[:10] for (u,) in pool.execute("SELECT until FROM hold")] == ["2999-06-02"]
    assert city("verify", "ciudad/pool.db").code == 0


def test_what_is_held_already_is_not_called_unheld(city: Run) -> None:
    """Of a joined pair the second hold mentions the first one only where it is not held itself."""
    (member,) = policy.load(Path("ciudad")).members
    where, moment = f"{member.id}/service/comida", datetime(2026, 11, 21, tzinfo=UTC)
    said = ("--reason", "x", "--until", "2099-01-31", "--by", "Ana", "-f", "ciudad")
    assert city("federation", "hold", where, "--field", "phones", *said).code == 0
    held = policy.load(Path("ciudad"))
    assert list(holding._not_held(held, [where], "phones", moment)) == []
    assert list(holding._not_held(held, [where], "email", moment)) == [where]
    assert list(holding._not_held(held, [where], None, moment)) == [where]


def test_a_hold_is_lifted_before_its_day_and_is_seen_again(city: Run) -> None:
    """By address, code or link, though no pool holds the record; the rest of the file stays as it was."""
    (member,) = policy.load(Path("ciudad")).members
    where = f"{member.id}/service/comida"
    with closing(sqlite3.connect("ciudad/pool.db")) as pool:
        ((code,),) = pool.execute("SELECT short FROM entity WHERE title = 'comida'").fetchall()
    path = Path("ciudad/federation.yaml")
    before = policy.load(path)
    said = ("--reason", "x", "--until", "2099-01-31", "--by", "Ana", "-f", "ciudad", "--now")
    for named in (code, f"https://portal.example/f/{code}-comida"):
        assert city("federation", "hold", where, *said).code == 0 and titles() == ["taller"]
        done = city("federation", "hold", named, "--lift", "--now", "-f", "ciudad", lang="es")
        assert done.code == 0 and "Ya no está en pausa" in done.out
        assert titles() == ["comida", "taller"] and policy.load(path) == before
    again = city("federation", "hold", where, "--lift", "-f", "ciudad")
    assert again.code == 2 and "Nothing of" in again.err


def test_one_field_is_lifted_alone_and_a_second_hold_takes_the_place_of_the_first(city: Run) -> None:
    """What the maintainer wrote between the entries stays."""
    (member,) = policy.load(Path("ciudad")).members
    where, path = f"{member.id}/service/comida", Path("ciudad/federation.yaml")
    said = ("--by", "Ana", "-f", "ciudad")
    for field, until in (("phones", "2099-01-31"), ("email", "2099-01-31"), ("phones", "2098-01-31")):
        done = city("federation", "hold", where, "--field", field, "--reason", "x", "--until", until, *said)
        assert done.code == 0
        assert ("takes the place of the hold until" in done.err) == (until == "2098-01-31")
        path.write_text(path.read_text("utf-8") + "# nota\n", "utf-8")
    assert [(h.field, h.until.year) for h in policy.load(path).holds] == [("email", 2099), ("phones", 2098)]
    assert (
        city("federation", "hold", where, "--field", "Teléfonos", "--lift", "-f", "ciudad", lang="es").code
        == 0
    )
    assert [h.field for h in policy.load(path).holds] == ["email"]
    assert path.read_text("utf-8").count("# nota") == 3
    assert city("federation", "hold", "COMIDA", "--lift", "-f", "ciudad").code == 0
    assert policy.load(path).holds == () and "holds" in path.read_text("utf-8")


def test_a_hold_is_written_though_the_one_before_cannot_be_taken_out(city: Run) -> None:
    """Whatever way the file is written in: what must be hidden tonight is hidden, and until the new day."""
    (member,) = policy.load(Path("ciudad")).members
    path, where = Path("ciudad/federation.yaml"), f"{member.id}/service/comida"
    held = "".join(
        f"  - address: {member.id}/service/{id}\n    reason: r\n    by: Ana\n    until: {year}-01-31\n"
        for id, year in (("comida", 2020), ("taller", 2099))
    )
    text = path.read_text("utf-8").replace("holds: []", "holds:").rstrip()
    path.write_text(f"# pegado\u2028# de otra parte\n{text}\n{held}", "utf-8")  # a line's end for YAML alone
    said = ("--reason", "q", "--until", "2099-02-28", "--by", "Ana", "--now", "-f", "ciudad")
    lifted = city("federation", "hold", where, "--lift", "-f", "ciudad")
    assert lifted.code == 2 and "Take this out of it yourself" in lifted.err
    done = city("federation", "hold", where, *said)
    assert done.code == 0 and titles() == []
    assert [h.until.year for h in policy.load(path).holds] == [2020, 2099, 2099]


def test_what_is_held_is_lifted_by_the_name_it_was_held_by(city: Run) -> None:
    """The pool does not show it any more, so only its address can tell."""
    why = ("--reason", "x", "--by", "Ana", "--until", "en 7 días", "-f", "ciudad")
    held = city("federation", "hold", "Comida", *why, "--now")
    assert held.code == 0 and titles() == ["taller"]
    assert city("federation", "hold", "Comida", "--lift", "--now", "-f", "ciudad").code == 0
    assert titles() == ["comida", "taller"]


def test_nothing_is_held_where_the_place_to_publish_cannot_be_one(city: Run) -> None:
    """One order, one answer: a slip in --out must not leave half of it done."""
    before = Path("ciudad/federation.yaml").read_bytes()
    why = ("--reason", "x", "--by", "Ana", "--until", "en 7 días", "-f", "ciudad")
    said = city("federation", "hold", "Comida", *why, "--out", "uno.entrega")
    assert said.code == 2 and Path("ciudad/federation.yaml").read_bytes() == before
