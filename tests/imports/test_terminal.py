"""`commons import` and `commons refresh` as a person uses them: sentences, files left behind, exit codes."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commons.catalogue.store import Catalogue
from commons.cli.main import cli

HEAD = "lugar,tel,alcaldía,cupo,rara\n"
SHEET = HEAD + "Casa Uno,55 5555 0101,Tlalpan,40,x\nCasa Dos,55 5555 0102,Iztapalapa,muchos,y\n"


@pytest.fixture
def folder(tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> Path:
    catalogue.close()
    (tmp_path / "lista.csv").write_text(SHEET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commons(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--lang", "es", *arguments], prog_name="commons")


def test_without_a_mapping_one_is_proposed_written_and_used_again(folder: Path) -> None:
    """Sentences say why; the file can be corrected; importing it again doubles nothing."""
    first = commons("import", "lista.csv", "--to", "paz.db", "--type", "place")
    assert first.exit_code == 1, first.output  # done, and one cell waits for a person
    assert "«tel» va a «Teléfonos»" in first.stderr and "2 importadas" in first.stdout
    mapping = folder / "lista.csv.mapping.yaml"
    text = mapping.read_text(encoding="utf-8")
    assert "owner: person" in text
    mapping.write_text(text.replace("owner: person", "owner: organización"), encoding="utf-8")
    again = commons("import", "lista.csv", "--to", "paz.db")
    assert "Lugares: 2 fichas cambiaron" in again.stdout
    with Catalogue.open(folder / "paz.db") as catalogue:
        assert all("phones" in r.fields for r in catalogue.records("place"))


def test_rows_to_correct_can_be_corrected_and_imported(folder: Path) -> None:
    """The error file knows its records; after the correction nothing waits any more."""
    commons("import", "lista.csv", "--to", "paz.db", "--type", "place")
    wrong = folder / "lista.por-corregir.csv"
    text = wrong.read_text(encoding="utf-8-sig")
    assert "muchos" in text and "Casa Uno" not in text and "commons:reason" in text
    wrong.write_text(text.replace("muchos", "12"), encoding="utf-8")
    done = commons("import", wrong.name, "--to", "paz.db", "--mapping", "lista.csv.mapping.yaml")
    assert done.exit_code == 0, done.output
    with Catalogue.open(folder / "paz.db") as catalogue:
        records = {r.title: r for r in catalogue.records("place")}
        assert records["Casa Dos"].fields["capacity"] == 12 and not records["Casa Dos"].drafts
        assert len(records) == 2


def test_a_dry_run_writes_nothing_anywhere(folder: Path) -> None:
    """Neither records nor files."""
    before = sorted(path.name for path in folder.iterdir())
    told = commons("import", "lista.csv", "--to", "paz.db", "--type", "place", "--dry-run", "--json")
    assert json.loads(told.stdout)["rows"]["imported"] == 2
    assert sorted(path.name for path in folder.iterdir()) == before
    with Catalogue.open(folder / "paz.db") as catalogue:
        assert catalogue.count("place") == 0


def test_removals_need_a_yes(folder: Path) -> None:
    """Where nobody can answer, nothing is removed without --yes."""
    commons("import", "lista.csv", "--to", "paz.db", "--type", "place", "--source", "lista")
    (folder / "lista.csv").write_text("\n".join(SHEET.splitlines()[:2]), encoding="utf-8")
    options = ("import", "lista.csv", "--to", "paz.db", "--source", "lista", "--complete")
    asked = commons(*options)
    assert asked.exit_code == 2 and "casa-dos" in asked.stderr
    assert commons(*options, "--yes").exit_code == 0
    with Catalogue.open(folder / "paz.db") as catalogue:
        assert [r.title for r in catalogue.records("place")] == ["Casa Uno"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("no.csv", "--type", "place"), "no.csv"),
        (("lista.csv",), "--type"),
        (("lista.csv", "--type", "navío"), "navío"),
        (("lista.csv", "--type", "place", "--mapping", "no.yaml"), "no.yaml"),
        (("lista.csv", "--type", "place", "--owner", "tel"), "--owner"),
        (("lista.csv", "--type", "place", "--owner", "tel=nadie"), "nadie"),
        (("lista.csv", "--type", "place", "--set", "campo=x"), "campo"),
        (("lista.csv", "--type", "place", "--consent", "tel=Ana"), "--consent"),
        (("lista.csv", "--type", "place", "--sheet", "Hoja 2"), "Hoja 2"),
        (("paz.db", "--type", "place"), "SQLite"),
    ],
)
def test_every_wrong_word_gets_a_sentence_and_changes_nothing(
    folder: Path, arguments: tuple[str, ...], word: str
) -> None:
    """Exit code 2 or 3, one sentence with the word, no traceback, nothing half-written."""
    result = commons("import", *arguments, "--to", "paz.db")
    assert result.exit_code in (2, 3) and word in result.stderr, result.output
    assert isinstance(result.exception, SystemExit)
    assert not list(folder.glob("*.mapping.yaml"))


@pytest.mark.parametrize("answer", [("--owner", "tel=person"), ("--set", "kind=shelter")])
def test_an_answer_that_no_mapping_would_hear_is_refused(folder: Path, answer: tuple[str, str]) -> None:
    """Who says whose telephones these are must not believe it was heard when it was not."""
    order = ("import", "lista.csv", "--to", "paz.db", "--type", "place")
    commons(*order)
    before = (folder / "paz.db").read_bytes()
    again = commons(*order, *answer)
    assert again.exit_code == 2 and answer[0] in again.stderr and "→" in again.stderr
    assert (folder / "paz.db").read_bytes() == before


@pytest.fixture
def website(folder: Path) -> Iterator[Callable[[str], str]]:
    handler = lambda *a: http.server.SimpleHTTPRequestHandler(*a, directory=str(folder))  # noqa: E731
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield lambda name: f"http://127.0.0.1:{server.server_port}/{name}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_link_is_remembered_and_read_again(folder: Path, website: Callable[[str], str]) -> None:
    """`commons refresh` takes what changed at the link, with the mapping of the first time."""
    assert commons("import", website("lista.csv"), "--to", "paz.db", "--type", "place").exit_code == 1
    (folder / "lista.csv").write_text(SHEET.replace("muchos", "7"), encoding="utf-8")
    assert "lista" in commons("refresh", "--to", "paz.db", "--list").stdout
    done = commons("refresh", "--to", "paz.db", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)[0]["records"]["changed"] == {"place": 1}
    assert commons("refresh", "otra", "--to", "paz.db").exit_code == 2


def test_a_link_that_gives_nothing_is_said(folder: Path, website: Callable[[str], str]) -> None:
    """A sentence with the link and the reason; exit code 3."""
    result = commons("import", website("no.csv"), "--to", "paz.db", "--type", "place")
    assert result.exit_code == 3 and "404" in result.stderr
