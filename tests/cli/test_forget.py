"""`commons forget`: a person is gone from every byte; what was shared goes with the next release."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Answer
from tests.cli.test_taking_back import City, mentions

Run = Callable[..., Answer]
NAME, PHONE = "Ana Pérez", "5512345678"


@pytest.fixture
def known(kitchen: Run) -> Run:
    """A catalogue that knows Ana in every table, and two backups of it."""
    name, phone = f"contact_name={NAME}", f"contact_phone={PHONE}"
    kitchen("add", "service", "title=Taller", "--id", "taller", name, phone, "schedule_text=con ana perez")
    kitchen("consent", "grant", "taller", "--whose", NAME, "--asked-by", "Lupita", "--purpose", "x", "--yes")
    kitchen(
        "add", "service", "title=Comida", "--id", "comida", f"description=Pregunta por ANA PEREZ, {PHONE}"
    )
    kitchen("edit", "comida", "capacity=como diga Ana Pérez")
    kitchen("backup")
    kitchen("edit", "comida", "description=Nada")
    kitchen("backup")
    return kitchen


def test_every_place_is_shown_and_nothing_is_done_without_a_yes(known: Run) -> None:
    before = Path("paz.db").read_bytes()
    seen = known("forget", NAME, "--dry-run")
    assert "Taller" not in seen.out and "service/taller" in seen.out and "history" in seen.out
    assert PHONE in seen.out.replace(" ", "") and "2 backups" in seen.out
    assert known("forget", NAME).code == 2
    assert known("forget", "x", "--yes").code == 2
    assert Path("paz.db").read_bytes() == before


def test_no_byte_of_the_catalogue_and_its_backups_says_it_afterwards(known: Run) -> None:
    """Rows, drafts, consents, history, notes, backups; the records live, and the history can go on."""
    done = known("forget", NAME, "--yes", lang="es")
    assert done.code == 0, done.out + done.err
    assert "A service/taller ahora le falta algo (" in done.out  # its text named the person
    assert "consentimiento " in done.out and "de quién es: " in done.out and "whose" not in done.out
    for text in (NAME, "ANA PEREZ", "ana perez", "Pérez", PHONE):
        assert not [f for f in mentions(".", text) if not f.endswith(".key")], text
    assert known("show", "taller", "--json").json["fields"]["title"] == "Taller"
    assert known("edit", "taller", "summary=Sigue").code == 0 and known("undo").code == 0
    restored = known("backup", "--restore", "last", "--yes")
    assert restored.code == 0 and not mentions(".", PHONE)


def test_backups_of_the_name_before_a_recovery_are_looked_through_and_other_copies_named(known: Run) -> None:
    """A recovered catalogue may be called otherwise; what lies beside it is still its own."""
    Path("paz.db").rename("antes.db")
    again = ("keys", "recover", "paz-respaldos", "--to", "nuevo.db", "--words-file", "sheet.html", "--yes")
    assert known(*again, "--sheet", "otra.html").code == 0
    done = known("forget", NAME, PHONE, "--yes", "--catalogue", "nuevo.db")
    assert done.code == 1 and not mentions("paz-respaldos", NAME) and not mentions("paz-respaldos", PHONE)
    assert "antes.db is another copy of this catalogue" in done.out
    assert known("forget", NAME, PHONE, "--yes", "--catalogue", "antes.db").code == 0
    assert not mentions(".", NAME)


def test_after_the_next_publish_nothing_that_is_served_says_it(kitchen: Run) -> None:
    """Pages' pool, kept versions, served releases, the store, and after a rollback; links stay."""
    city = City(kitchen)
    kitchen(
        "add", "service", "title=Taller", "--id", "taller", f"contact_name={NAME}", f"contact_phone={PHONE}"
    )
    kitchen("consent", "grant", "taller", "--whose", NAME, "--asked-by", "Lupita", "--purpose", "x", "--yes")
    city.share()
    kitchen("edit", "taller", "summary=De pan")
    city.share()
    before = city.links()
    assert mentions("portal", PHONE) and mentions("portal", NAME)
    done = kitchen("forget", NAME, "--yes")
    assert done.code == 1 and "1.entrega" in done.out and "taken down everywhere" in done.out
    for path in (Path("1.entrega"), Path("2.entrega")):
        path.unlink()
    shutil.rmtree("ciudad/inbox")
    Path("ciudad/inbox").mkdir(exist_ok=True)
    city.share("--purge-now")
    assert city.links() == before
    for _ in range(2):
        assert not mentions("portal", PHONE) and not mentions("portal", NAME)
        assert not mentions("ciudad", PHONE) and not mentions("ciudad", NAME)
        kitchen("publish", "folder", "-f", "ciudad", "--out", "portal", "--rollback")


def test_a_consent_under_a_short_name_goes_with_the_telephone_it_is_for(known: Run) -> None:
    """Also with the note of its step, and in the backups; one for another telephone is asked about."""
    consent = ("--asked-by", "Lupita", "--purpose", "x", "--yes")
    contact = ("contact_name=Rosa Martínez Ejemplo", "contact_phone=5555550177")
    known("add", "service", "title=Ropa", "--id", "ropa", *contact)
    known("consent", "grant", "ropa", "--whose", "La Chayo", *consent)
    known("add", "service", "title=Otra", "--id", "otra", "contact_name=X", "contact_phone=5555550188")
    known("consent", "grant", "otra", "--whose", "Rosa", *consent)
    known("backup")
    assert "La Chayo" in known("forget", "Rosa Martínez Ejemplo", "--dry-run").out
    done = known("forget", "Rosa Martínez Ejemplo", "--yes")
    assert done.code == 0 and "5555550177" in done.out and "forget Rosa --dry-run" in done.out
    for text in ("La Chayo", "Martínez", "5555550177"):
        assert not mentions(".", text), text
    left = known("consent", "list", "--json").json
    assert sorted(c["whose"] for c in left) == [NAME, "Rosa"]


def test_an_address_made_of_the_name_never_leads_to_the_catalogue_being_deleted(kitchen: Run) -> None:
    """The address stays and is named; letters within a longer word are nobody's order to delete a file."""
    kitchen("add", "service", "title=Taller", "--id", "taller-rosalia", "contact_name=rosalia")
    kitchen("backup")
    done = kitchen("forget", "rosalia", "--yes", lang="es")
    assert done.code == 0, done.out + done.err
    assert "bórral" not in done.out and "Solo unas direcciones lo dicen todavía: service/taller-r" in done.out
    assert "commons withdraw service/taller-rosalia" in done.out and "contact_name" not in done.out
    assert not kitchen("forget", "rosalia", "--yes", "--json").json["left"]
    kitchen(
        "add", "service", "title=Otro", "--id", "otro", "description=En el martinal", "contact_name=marti"
    )
    within = kitchen("forget", "marti", "--yes", lang="es")
    assert within.code == 1 and "bórral" not in within.out and "Consérvalo y mira: commons list" in within.out
    assert kitchen("show", "taller-rosalia", "--json").json["fields"]["title"] == "Taller"
