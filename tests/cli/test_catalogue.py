"""The terminal keeps a catalogue: what is typed is saved, said back, found again and taken back."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest


def test_init_makes_catalogue_key_and_sheet_and_overwrites_nothing(commons):
    """The words are on the sheet only; the next key lies nowhere."""
    made = commons("init", "--name", "Comedor La Paz", "--sheet", "sheet.html", "--yes", "--json")
    assert made.code == 0 and made.json["catalogue"] == "comedor-la-paz.db"
    assert sorted(p.name for p in Path().iterdir()) == [
        "comedor-la-paz.db",
        "comedor-la-paz.key",
        "sheet.html",
    ]
    before = {p: p.read_bytes() for p in Path().iterdir()}
    for again in (["--sheet", "s2.html"], ["other", "--sheet", "sheet.html"]):
        assert commons("init", "--name", "Comedor La Paz", "--yes", *again).code == 2
    assert {p: p.read_bytes() for p in Path().iterdir()} == before


@pytest.mark.parametrize("missing", [["--yes", "--print-words"], ["--name", "X", "--yes"]])
def test_init_says_what_it_needs_where_nobody_can_answer(commons, missing):
    answer = commons("init", *missing)
    assert answer.code == 2 and "→" in answer.err and list(Path().iterdir()) == []


def test_init_leaves_nothing_half_made(commons):
    """A territory that is not there is noticed before anything is written."""
    assert commons("init", "--name", "X", "--print-words", "--yes", "--territory", "atlantis").code == 2
    assert list(Path().iterdir()) == []


def test_a_record_is_written_found_changed_and_shown(kitchen):
    """By Spanish or English names of types and fields, accents aside."""
    added = kitchen("add", "servicio", "titulo=Clínica dental", "Tel=55 5555 0134", "--json").json
    assert (added["id"], added["fields"]["phones"]) == ("clinica-dental", [{"number": "+525555550134"}])
    assert kitchen("edit", "CLINICA", "summary=Dientes sanos").code == 0
    assert [r["id"] for r in kitchen("list", "servicios", "dientes", "--json").json] == ["clinica-dental"]
    shown = kitchen("show", "clinica dental").out
    assert "Dientes sanos" in shown and "55 5555 0134" in shown and "/service/clinica-dental" in shown


def test_what_does_not_fit_is_saved_as_a_draft_and_said(kitchen):
    """Exit code 1: done, something waits. Correcting it empties the draft."""
    answer = kitchen("add", "service", "title=Taller", "email=x y z")
    assert answer.code == 1 and "x y z" in answer.out
    assert [r["id"] for r in kitchen("list", "--drafts", "--json").json] == ["taller"]
    assert kitchen("edit", "taller", "email=taller@example.org").code == 0
    assert kitchen("list", "--drafts", "--json").json == []


def test_what_was_saved_is_no_error(kitchen):
    """A value that waits, or a missing name, is something to look at: no line after "Saved" says error."""
    for values in (["Nombre=Taller", "Correo=nada"], ["Correo=a@example.org"]):
        said = kitchen("add", "service", *values, lang="es").out
        assert said.startswith("Guardada") and "\nojo: " in said and "error" not in said
    Path("hoja.csv").write_text("Nombre,Correo\nUno,malo\nDos,a@example.org\n", "utf-8")
    kept = kitchen("import", "hoja.csv", "--type", "service", "--yes", lang="es")
    assert "ojo: fila 2, Correo" in kept.out and "error" not in kept.out


def test_a_reference_may_be_written_as_a_title(kitchen):
    kitchen("add", "place", "title=Casa Azul", "street_address=Calle 1")
    fields = kitchen("add", "service", "title=Canto", "place=casa azul", "--json").json["fields"]
    assert fields["place"] == "casa-azul"
    dangling = kitchen("add", "service", "title=Baile", "place=nowhere", "--json").json
    assert [f["code"] for f in dangling["findings"]] == ["reference-dangling"]


def test_only_an_explicit_word_confirms(kitchen):
    kitchen("add", "service", "title=A")
    kitchen("add", "service", "title=B", "--confirm")
    read = lambda: {r["id"]: "confirmed_at" in r["fields"] for r in kitchen("list", "--json").json}  # noqa: E731
    assert read() == {"a": False, "b": True}
    assert kitchen("confirm", "a").code == 0
    assert read() == {"a": True, "b": True}
    assert kitchen("confirm").code == 2


def test_removing_asks_and_can_be_undone(kitchen):
    kitchen("add", "service", "title=A")
    asked = kitchen("remove", "a")
    assert asked.code == 2 and "--yes" in asked.err
    assert kitchen("remove", "a", "--yes").code == 0
    assert kitchen("list", "--json").json == []
    assert kitchen("undo").code == 0 and len(kitchen("list", "--json").json) == 1
    assert kitchen("undo", "--redo").code == 0 and kitchen("list", "--json").json == []


def test_history_tells_what_each_step_changed(kitchen):
    kitchen("add", "service", "title=A")
    kitchen("edit", "a", "title=B")
    newest = kitchen("history", "--json").json[0]
    assert newest["changes"][0]["before"]["fields"]["title"] == "A"
    told = kitchen("history", "--step", str(newest["step"])).out
    assert "A → B" in told
    assert kitchen("history", "service/a", "--json").json[-1]["kind"] == "add"


def test_consent_is_written_listed_and_taken_back(kitchen):
    kitchen("add", "service", "title=A", "contact_name=Juana Ejemplo")
    missing = kitchen("consent", "grant", "a")
    assert missing.code == 2 and "--asked-by" in missing.err
    made = kitchen("consent", "grant", "a", "--asked-by", "Beto", "--purpose", "portal", "--json").json
    assert (made["whose"], made["covers"][0]["field"]) == ("Juana Ejemplo", "contact_name")
    assert kitchen("consent", "revoke", made["id"], "--yes").code == 0
    assert kitchen("consent", "list", "--json").json == []
    assert kitchen("consent", "grant", "catalogue/catalogue", "--whose", "X").code == 2


def test_a_list_says_who_sees_a_record_as_a_release_would_have_it(kitchen):
    """A contact that nobody agreed to, or a draft, keeps one field home and not the record."""
    kitchen("add", "service", "title=A", "contact_name=Juana")
    kitchen("add", "service", "title=B", "email=x y", "contact_name=Juana")
    kitchen("add", "service", "title=C", "email=c@example.org")
    kitchen("add", "service", "title=D", "--private")
    kitchen("add", "service", "email=c@example.org", "--id", "nameless")
    kitchen("add", "offer", "kind=time", "--id", "hours", "--public")
    listed = kitchen("list", lang="es").out.splitlines()[1:]
    seen = {line.split("/")[1].split()[0]: line for line in listed}
    said = {
        "a": "pública (un campo espera)", "b": "pública (2 campos esperan)", "c": "pública ",
        "d": "solo aquí", "nameless": "borrador", "hours": "espera consentimiento",
    }  # fmt: skip
    for record, words in said.items():
        assert words in seen[record], listed
    left = kitchen("release", "--dry-run", "--json").json["records"]
    assert {r["id"] for r in left} == {"a", "b", "c", "catalogue"}
    assert "pública (un campo espera)" in kitchen("show", "service/a", lang="es").out


def test_the_command_that_is_suggested_for_a_consent_can_be_copied(kitchen):
    """It names the record and the field, as the reader knows it, in `add`, `check` and `release` alike."""
    saved = kitchen(
        "add", "service", "title=A", "contact_name=Juana", "contact_phone=55 5555 0102", lang="es"
    )
    assert saved.out.splitlines()[-1].endswith("commons consent grant service/a")
    because = ("--asked-by", "Beto", "--purpose", "portal")
    for place in ("check", "release"):
        said = kitchen(place, *(["--yes"] if place == "release" else []), lang="es").out
        lines = re.findall(r"commons (consent grant .*)", said)
        assert len(lines) == (2 if place == "check" else 1)
        assert kitchen(*shlex.split(lines[0]), *because, "--yes", "--whose", "Juana", lang="es").code == 0
    assert "grant" not in kitchen("check", lang="es").out


def test_a_copy_can_be_made_listed_and_brought_back(kitchen):
    """Without the key unless asked for; to a stick as well."""
    kitchen("add", "service", "title=A")
    assert not Path(kitchen("backup", "--json").json["copy"]).with_suffix(".key").exists()
    kitchen("edit", "a", "title=B")
    assert kitchen("backup", "--restore", "last", "--yes").code == 0
    assert kitchen("show", "a", "--json").json["fields"]["title"] == "A"
    Path("stick").mkdir()
    assert Path(kitchen("backup", "--to", "stick", "--with-key", "--json").json["key"]).exists()
    assert kitchen("backup", "--to", "stick").code == 2
    assert kitchen("backup", "--to", "no/where.db").code == 3


def test_check_lists_what_to_mend_and_its_code_tells(kitchen):
    """Notes alone are no findings that wait; a draft is."""
    kitchen("add", "place", "title=Casa", "street_address=Calle 1", "summary=x", "kind=office", "--confirm")
    assert kitchen("check").code == 0
    kitchen("add", "service", "title=Taller", "email=x y z", "contact_name=Juana")
    answer = kitchen("check", "--json")
    assert answer.code == 1
    assert {"draft-waiting", "no-consent", "never-confirmed"} <= {f["code"] for f in answer.json["findings"]}
    assert "commons edit service/taller" in kitchen("check").out
    assert kitchen("check", "casa").code == 0


@pytest.mark.parametrize(
    "arguments, word",
    [
        (["show", "nobody"], "nobody"),
        (["show", "service/nobody"], "service/nobody"),
        (["add", "unicorn", "title=x"], "unicorn"),
        (["add", "service"], "Name=…"),
        (["add", "service", "nonsense"], "nonsense"),
        (["add", "service", "colour=red"], "colour"),
        (["add", "service", "title=x", "--id", "No Id"], "No Id"),
        (["undo", "99"], "99"),
        (["undo"], "undo"),
        (["list", "-c", "none.db"], "none.db"),
        (["list", "-c", "sheet.html"], "sheet.html"),
        (["consent", "revoke", "zzz", "--yes"], "zzz"),
        (["confirm", "catalogue/catalogue"], "Catalogue"),
        (["remove", "catalogue/catalogue", "--yes"], "whose catalogue"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_changes_nothing(kitchen, arguments, word):
    before = kitchen("history", "--json").json
    answer = kitchen(*arguments)
    assert answer.code == 2 and word in answer.err and "Traceback" not in answer.err
    assert kitchen("history", "--json").json == before and not Path("paz.db-wal").exists()


def test_two_records_that_may_be_meant_are_named(kitchen):
    for kind in ("service", "place"):
        kitchen("add", kind, "title=La Casa")
    answer = kitchen("show", "casa")
    assert answer.code == 2 and "place/la-casa" in answer.err and "service/la-casa" in answer.err
    assert kitchen("add", "service", "title=x", "--id", "la-casa").code == 2


def test_the_catalogue_that_is_meant(commons, monkeypatch):
    """The only one in the folder; else it must be named, by option or environment."""
    assert "init" in commons("list").err
    for name in ("one", "two"):
        commons("init", name, "--name", name, "--print-words", "--yes")
    assert "one.db, two.db" in commons("list").err
    monkeypatch.setenv("COMMONS_CATALOGUE", "two.db")
    assert commons("list").code == 0


def test_a_record_without_a_name_is_kept_and_told(kitchen):
    """Saving works, the exit code says that something waits; an offer's name is composed: it lacks none."""
    saved = kitchen("add", "service", "Nombre=", lang="es")
    assert saved.code == 1 and "«Nombre» está vacío" in saved.out
    assert kitchen("edit", "service", "Nombre=Comida", lang="es").code == 0
    assert kitchen("add", "offer", "capacity=1").code == 0


def test_the_example_names_a_field_as_the_reader_knows_it(kitchen):
    assert '"Nombre=…"' in kitchen("add", "service", lang="es").err
    assert '"Name=…"' in kitchen("add", "service").err


def test_a_second_catalogue_in_the_folder_is_named_in_the_next_step(kitchen):
    """The first is meant by the bare command; the second says its name, and so does the first from then."""
    second = kitchen("init", "otro", "--name", "Otro", "--sheet", "o.html", "--yes")
    assert "commons add service --catalogue otro.db" in second.out
    assert "commons import FILE --catalogue otro.db" in second.out
    kitchen("add", "service", "title=Sopa", "-c", "paz.db")
    taken_back = kitchen("withdraw", "service/sopa", "--yes", "-c", "paz.db")
    assert "Next: commons release --catalogue paz.db" in taken_back.out
    hints = [line for line in kitchen("check", "-c", "paz.db").out.splitlines() if "→" in line]
    assert hints and all(line.endswith("--catalogue paz.db") for line in hints)
    Path("otro.db").unlink()
    assert "--catalogue" not in kitchen("check").out


def test_a_position_is_written_as_it_is_shown(kitchen):
    """Pages and questions say «Posición»; that it is kept as two fields is nobody's business."""
    assert kitchen("add", "place", "title=Casa", "Posición=19.35, -99.05", "--id", "casa").code == 0
    fields = kitchen("show", "casa", "--json").json["fields"]
    assert (fields["latitude_e6"], fields["longitude_e6"]) == (19_350_000, -99_050_000)
    wrong = kitchen("edit", "casa", "posición=por la iglesia")
    assert wrong.code == 2 and "is not a position" in wrong.err
    assert kitchen("edit", "casa", "position=").code == 0
    assert "latitude_e6" not in kitchen("show", "casa", "--json").json["fields"]
