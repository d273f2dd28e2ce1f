"""`commons keys`, played through: a changed key, a lost laptop, a lost sheet. Real catalogues, real words."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commons.catalogue.store import Catalogue
from commons.federation.trust import prove
from commons.format import container, words
from commons.format.keylog import KeyLog
from commons.release import keys, sheet

from .conftest import Answer

Run = Callable[..., Answer]
PAGE = ("--words-file", "sheet.html")


@pytest.fixture
def shared(kitchen: Run) -> Run:
    """A catalogue that has shared three records of four, one of them with a telephone in its text."""
    kitchen("add", "service", "--id", "sopa", "title=Sopa", "summary=Llama al 55 1234 5678")
    kitchen("add", "place", "--id", "casa", "title=Casa")
    kitchen("add", "service", "--id", "clase", "title=Clase", "place=casa")
    kitchen("add", "service", "--id", "secreta", "title=Secreta", "--private")
    assert kitchen("release", "--yes", "--ours", "55 1234 5678").code == 0
    return kitchen


def away(folder: str, *names: str) -> Path:
    """A new computer: only what was copied to a stick is there."""
    new = Path(folder)
    new.mkdir()
    for name in names:
        shutil.copy(name, new)
    return new


def recover(run: Run, *arguments: str, sheet_file: str = "new.html") -> Any:
    done = run("keys", "recover", *arguments, "--sheet", sheet_file, "--yes", "--json")
    assert done.code == 0, done.err
    return done.json


def released(run: Run, catalogue: str) -> Any:
    """What the next release would hold."""
    return run("release", "--dry-run", "--json", "--catalogue", catalogue).json


def test_a_lost_laptop_comes_back_from_its_newest_release(shared: Run) -> None:
    """Same member, same addresses, nothing changed in what is public; what is lost is said."""
    member = shared("keys", "show", "--json").json["member"]
    new = away("new", "comedor-la-paz-1.entrega", "sheet.html")
    done = recover(shared, str(new), *PAGE, "--to", str(new))
    assert done["member"] == member and done["counts"] == {"place": 1, "service": 2}
    assert any("only here" in line for line in done["lost"])
    next_one = released(shared, done["catalogue"])
    assert next_one["changes"] == [] and next_one["held"] == []
    assert (next_one["epoch"], next_one["number"]) == (1, 2)
    assert (
        shared("show", "service/clase", "--json", "-c", done["catalogue"]).json["fields"]["place"] == "casa"
    )
    made = shared("release", "--yes", "--json", "-c", done["catalogue"]).json["release"]
    seen = prove(*container.read(Path(made)).contents(), expected=member)
    assert seen.manifest.previous == (container.read(Path("comedor-la-paz-1.entrega")).digest,)


def test_a_copy_brings_back_what_is_private_and_a_newer_release_the_rest(shared: Run) -> None:
    """What the release says is newer; what it no longer holds stays at home: nothing leaves unasked."""
    shared("backup", "--to", "copy.db")
    shared("add", "place", "--id", "nueva", "title=Nueva", "-c", "paz.db")
    shared("edit", "place/casa", "title=Casa grande", "-c", "paz.db")
    shared("remove", "service/sopa", "--yes", "-c", "paz.db")
    shared("release", "--yes", "-c", "paz.db")
    new = away("new", "copy.db", "comedor-la-paz-2.entrega", "sheet.html")
    done = recover(shared, str(new), *PAGE, "--to", str(new))
    assert done["kept_home"] == ["service/sopa"]
    assert sorted(done["updated"]) == ["place/casa", "place/nueva"]
    with Catalogue.open(Path(done["catalogue"])) as back:
        titles = {r.id: (r.title, r.private) for r in back.records()}
    assert titles["secreta"] == ("Secreta", True) and titles["casa"] == ("Casa grande", False)
    assert titles["sopa"] == ("Sopa", True)
    assert (
        released(shared, done["catalogue"])["number"],
        released(shared, done["catalogue"])["changes"],
    ) == (3, [])


def test_a_recovery_changes_no_date(shared: Run, tmp_path: Path) -> None:
    """Hours later, and whether the last edit was in the same second as the first word or not."""
    with Catalogue.open(Path("paz.db")) as own:
        long_ago = datetime(2025, 1, 1, tzinfo=UTC)
        with own.act("edit", at=long_ago) as act:
            act.put("place", "vieja", {"title": "Vieja"})
        own.copy_to(Path("copy.db"))
        with own.act("edit", at=long_ago) as act:
            act.put("place", "vieja", {"title": "Vieja, otra"})
    shared("release", "--yes", "-c", "paz.db")
    for sources in (["comedor-la-paz-2.entrega"], ["copy.db", "comedor-la-paz-2.entrega"]):
        done = recover(
            shared, *sources, *PAGE, "--to", f"{len(sources)}.db", sheet_file=f"{len(sources)}.html"
        )
        assert released(shared, done["catalogue"])["changes"] == []


def test_the_old_key_alone_cannot_change_anything(shared: Run) -> None:
    """Whoever has the laptop has no sheet: other words, old words and no words are refused."""
    log = KeyLog.parse(Catalogue.open(Path("paz.db")).keylog)
    stranger = keys.new_identity()
    Path("false.txt").write_text(" ".join(words.to_words(stranger.next)), "utf-8")
    Path("own.txt").write_text(" ".join(words.to_words(keys.load(Path("paz.key")))), "utf-8")
    for name in ("false.txt", "none.txt", "own.txt"):
        refused = shared("keys", "rotate", "--words-file", name, "--sheet", "new.html", "--yes")
        assert refused.code == 2 and not Path("new.html").exists()
    assert KeyLog.parse(Catalogue.open(Path("paz.db")).keylog) == log


def test_a_changed_key_keeps_the_member_and_makes_a_new_sheet(shared: Run) -> None:
    """The old sheet is spent, the new one serves the next time; the copy that was made knows it."""
    before = shared("keys", "show", "--json").json
    assert shared("keys", "sheet", *PAGE).code == 0
    assert shared("keys", "rotate", *PAGE, "--sheet", "new.html", "--yes").code == 0
    after = shared("keys", "show", "--json").json
    assert (after["member"], after["epoch"]) == (before["member"], 1) and after["words"] != before["words"]
    assert shared("release", "--yes", "--json").json["epoch"] == 1
    assert shared("keys", "sheet", *PAGE).code == 2
    assert shared("keys", "sheet", "--words-file", "new.html").code == 0
    newest = sorted(Path("paz-respaldos").iterdir())[-1]
    new = away("new", str(newest), "new.html")
    assert recover(shared, str(new), "--words-file", "new.html", "--to", str(new), sheet_file="3.html")


def test_a_change_that_was_interrupted_is_finished_with_the_same_sheet(shared: Run) -> None:
    """The key log knew of the change, the key file did not yet."""
    old = Path("paz.key").read_bytes()
    shared("keys", "rotate", *PAGE, "--sheet", "new.html", "--yes")
    Path("paz.key").write_bytes(old)
    assert shared("release", "--yes").code == 2
    again = shared("keys", "rotate", *PAGE, "--sheet", "x.html", "--yes")
    assert again.code == 0 and "no new sheet was made" in again.out
    assert not Path("x.html").exists() and shared("release", "--yes").code == 0


def test_a_used_sheet_changes_nothing_and_says_so(shared: Run) -> None:
    """Nobody goes home with the belief that a thief's key is worth nothing now: its key is the thief's."""
    shared("keys", "rotate", *PAGE, "--sheet", "second.html", "--yes")
    shared("release", "--yes", "--again")
    rest = (*PAGE, "--sheet", "new.html")
    refused = shared("keys", "recover", "comedor-la-paz-2.entrega", *rest, "--to", "back", "--yes")
    assert refused.code == 2 and "was used before" in refused.err and "--keep-key" in refused.err
    assert not Path("back.db").exists() and not Path("new.html").exists()
    assert "was used before" in shared("keys", "sheet", *PAGE).err
    assert "nothing was changed" in shared("keys", "rotate", *rest, "--yes").err
    shared("keys", "rotate", "--words-file", "second.html", "--sheet", "third.html", "--yes")
    shared("release", "--yes", "--again")
    for source in (("keys", "rotate"), ("keys", "recover", "comedor-la-paz-3.entrega", "--to", "back")):
        older = shared(*source, *rest, "--yes")
        assert older.code == 2 and "earlier key" in older.err and not Path("back.db").exists()


def test_who_lost_the_newest_sheet_may_keep_the_key_of_the_one_before(shared: Run) -> None:
    """On their word that the computer is in nobody's hands; it is said that key and sheet are not new."""
    shared("keys", "rotate", *PAGE, "--sheet", "second.html", "--yes")
    shared("release", "--yes", "--again")
    source = ("keys", "recover", "comedor-la-paz-2.entrega", "--keep-key", "--yes")
    assert shared(*source, *PAGE, "--not-mine", "2", "--to", "x").code == 2
    assert "--sheet" in shared(*source, "--words-file", "second.html", "--to", "x").err
    done = shared(*source, *PAGE, "--sheet", "new.html", "--to", "back")
    assert done.code == 0 and "no new sheet was made" in done.out and not Path("new.html").exists()
    assert shared("release", "--yes", "--json", "--again", "-c", "back.db").json["number"] == 3
    told = shared(*source, *PAGE, "--to", "two", "--json").json
    assert told["key_changed"] is False and told["sheet"] is None


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such permissions")
def test_sheet_and_key_are_for_their_owner_only(shared: Run) -> None:
    """Also the sheet that a change of keys makes, and the key that a backup takes along."""
    shared("keys", "rotate", *PAGE, "--sheet", "new.html", "--yes")
    shared("backup", "--to", "copy.db", "--with-key")
    for name in ("sheet.html", "new.html", "paz.key", "copy.key"):
        assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600, name


def test_recovery_names_what_it_lacks(shared: Run, tmp_path: Path) -> None:
    """Nothing to recover from, an occupied place, somebody else's files: a sentence, and nothing is made."""
    Path("empty").mkdir()
    away("other", "comedor-la-paz-1.entrega")
    shared("init", "otra/otra", "--name", "Otra", "--sheet", "o.html", "--yes")
    Path("otra").mkdir()
    shared("init", "otra/otra", "--name", "Otra", "--sheet", "o.html", "--yes")
    rest = (*PAGE, "--sheet", "new.html", "--yes")
    assert "neither" in shared("keys", "recover", "empty", *rest).err
    assert "already there" in shared("keys", "recover", "paz.db", *rest, "--to", "paz.db").err
    assert "words" in shared("keys", "recover", "otra/otra.db", *rest, "--to", "x").err
    assert not Path("x.db").exists() and not Path("x.key").exists() and not Path("new.html").exists()


def test_the_words_find_what_is_theirs_among_other_files(shared: Run) -> None:
    """A stick with everybody's files: others' releases, a broken one, older copies, holiday pictures."""
    Path("stick/otra").mkdir(parents=True)
    shared("init", "stick/otra/otra", "--name", "Otra", "--sheet", "o.html", "--yes")
    shared("release", "--yes", "--out", "stick", "-c", "stick/otra/otra.db")
    shared("backup", "-c", "paz.db", "--to", "stick/copia.db")
    shared("backup", "-c", "stick/otra/otra.db", "--to", "stick/otra.db")
    good = Path("comedor-la-paz-1.entrega").read_bytes()
    Path("stick/x (1).entrega").write_bytes(good)
    Path("stick/broken.entrega").write_bytes(good[:-2000])
    Path("stick/foto.jpg").write_bytes(b"\xff\xd8")
    done = recover(shared, "stick", *PAGE, "--to", "back.db")
    assert (done["member"], done["records"]) == (
        shared("keys", "show", "--json", "-c", "paz.db").json["member"],
        4,
    )
    again = shared("keys", "recover", "stick", *PAGE, "--to", "back.db", "--sheet", "y", "--yes")
    assert again.code == 2 and not Path("y").exists()


def test_words_are_found_on_any_form_of_the_sheet(shared: Run) -> None:
    """The page, the square code's text, numbered lines as somebody copied them."""
    log = KeyLog.parse(Catalogue.open(Path("paz.db")).keylog)
    key = sheet.key_in(Path("sheet.html").read_text("utf-8"), [log.next_digest])
    assert key is not None
    listed = words.to_words(key)
    numbered = "\n".join(f"{n}. {word.upper()}" for n, word in enumerate(listed, 1))
    for text in (numbered, f"commons {log.member_id} {' '.join(listed)}", " ".join(w[:4] for w in listed)):
        assert sheet.key_in(text, [log.next_digest]) == key
    assert sheet.key_in(numbered, ["0" * 64]) is None


def test_thefts_are_declared_by_number(shared: Run) -> None:
    """A catalogue that made such a release itself is told to go back to a copy; a number must be one."""
    own = shared("keys", "rotate", *PAGE, "--not-mine", "1", "--sheet", "new.html", "--yes")
    assert own.code == 2 and "--not-mine" in own.err
    assert shared("keys", "rotate", *PAGE, "--not-mine", "ayer", "--sheet", "new.html", "--yes").code == 2
    assert shared("keys", "rotate", *PAGE, "--not-mine", "2", "--sheet", "new.html", "--yes").code == 0
    assert json.dumps(shared("keys", "show", "--json").json["void"]) == '[{"from": [0, 2], "until_epoch": 1}]'
    only = shared(
        "keys", "recover", "comedor-la-paz-1.entrega", "--not-mine", "1", *PAGE, "--sheet", "n", "--yes"
    )
    assert only.code == 2 and "not yours" in only.err


@pytest.mark.parametrize("name", ["CON", "Aux", "nul", "COM1", "lpt9"])
def test_a_catalogue_is_called_nothing_that_windows_keeps_for_itself(commons: Run, name: str) -> None:
    """Such a file could not be copied to somebody's Windows laptop, nor opened there."""
    made = commons("init", "--name", name, "--sheet", "s.html", "--yes", "--json")
    assert made.code == 0 and Path(made.json["catalogue"]).name == f"catalogo-{name.lower()}.db"


def test_the_next_step_names_the_catalogue_where_two_lie_in_the_folder(shared: Run) -> None:
    """What is printed can be typed as it stands: beside the copy, and where there is only one, without it."""
    shared("backup", "--to", "copia.db", "-c", "paz.db")
    new = away("new", "copia.db", "comedor-la-paz-1.entrega", "sheet.html")
    os.chdir(new)
    back = shared("keys", "recover", "copia.db", *PAGE, "--sheet", "n.html", "--yes", lang="es").out
    said = re.search(r"^Sigue: commons (release --catalogue comedor-la-paz\.db)$", back, re.M)
    assert said is not None, back
    assert shared(*said[1].split(), "--yes").code == 0
    Path("copia.db").unlink()
    changed = shared("keys", "rotate", "--words-file", "n.html", "--sheet", "m.html", "--yes", lang="es").out
    assert "Sigue: commons release\n" in changed


def test_a_slip_in_recovering_is_told_as_what_it_is(kitchen: Callable[..., Answer]) -> None:
    """The file of words that is not there, a release after a change of keys that never was, a newer copy."""
    kitchen("release", "--yes", "--out", "uno.entrega")
    again = ("keys", "recover", "uno.entrega", "--to", "b.db", "--sheet", "b.html", "--yes", "--words-file")
    assert "cannot be read from nada.txt" in kitchen(*again, "nada.txt").err
    assert "There is no release 1.5" in kitchen(*again, "sheet.html", "--not-mine", "1.5").err
    with closing(sqlite3.connect("paz.db")) as file:
        file.execute("PRAGMA user_version = 99")
    Path("paz.db").rename("copia.db")
    newer = kitchen("keys", "recover", "copia.db", *again[3:], "sheet.html")
    assert newer.code == 2 and "copia.db was made by a newer version" in newer.err
    assert not Path("b.db").exists() and not Path("b.key").exists()
