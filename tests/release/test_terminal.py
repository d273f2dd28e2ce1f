"""`commons release`, `withdraw` and `keys` as a person or a script meets them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commons.catalogue.store import Catalogue
from commons.cli.main import cli
from commons.format import container
from commons.messages import speaking

Put = Callable[..., None]
Run = Callable[..., Result]


@pytest.fixture
def run(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> Run:
    """run("release", "--yes"): in the catalogue's folder, in Spanish; the catalogue is closed meanwhile."""
    monkeypatch.chdir(catalogue.path.parent)

    def _run(*arguments: str) -> Result:
        catalogue.close()
        with speaking("es"):
            return CliRunner().invoke(cli, ["--lang", "es", *arguments])

    return _run


def releases(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.entrega"))


def test_a_release_is_one_file_beside_the_catalogue(put: Put, run: Run, catalogue: Catalogue) -> None:
    """Exit 0 when nothing waits for a person; a second call without news makes none."""
    put("place/casa")
    first = run("release", "--yes")
    assert first.exit_code == 0 and "1 lugar" in first.stdout and "Palabras" in first.stdout
    again = run("release", "--yes")
    assert again.exit_code == 0 and "Nada ha cambiado" in again.stdout
    assert releases(catalogue.path.parent) == ["comedor-la-paz-1.entrega"]
    assert run("release", "--yes", "--again").exit_code == 0
    assert list(catalogue.path.parent.glob("*-respaldos/*"))


def test_what_stays_home_is_listed_and_the_exit_code_says_so(put: Put, run: Run) -> None:
    """One: done, but something waits for a person; the private value itself is not repeated."""
    put("organization/paz", contact_name="Marina Ejemplo", summary="con Marina Ejemplo y 55 9999 8888")
    done = run("release", "--yes")
    assert done.exit_code == 1 and "se queda en casa" in done.stdout and "55 9999 8888" in done.stdout
    assert "marina ejemplo" not in (done.output + run("release", "--dry-run").output).casefold()
    answered = run("release", "--yes", "--ours", "55 9999 8888", "--ours", "marina ejemplo")
    assert "summary" not in answered.stdout and "Cambiadas (1)" in answered.stdout


def test_a_dry_run_shows_every_field_and_writes_nothing(put: Put, run: Run, catalogue: Catalogue) -> None:
    """In JSON for programs; nothing is noted in the catalogue."""
    put("place/casa", summary="Abierto")
    shown = json.loads(run("release", "--dry-run", "--json").stdout)
    assert {"type": "place", "id": "casa"}.items() <= shown["records"][-1].items()
    assert shown["records"][-1]["fields"]["summary"] == "Abierto" and shown["release"] is None
    assert releases(catalogue.path.parent) == []
    assert json.loads(run("release", "--yes", "--json").stdout)["number"] == 1


def test_without_a_person_and_without_yes_nothing_is_shared(put: Put, run: Run, catalogue: Catalogue) -> None:
    """A question that nobody can answer is wrong input, with the way out."""
    put("place/casa")
    for arguments in (("release",), ("withdraw", "place/casa")):
        refused = run(*arguments)
        assert refused.exit_code == 2 and "--yes" in refused.output
    assert releases(catalogue.path.parent) == []


def test_a_release_can_be_a_folder_or_have_another_name(put: Put, run: Run, tmp_path: Path) -> None:
    """A folder is replaced by the next one; a file that is no release never."""
    put("place/casa")
    assert run("release", "--yes", "--folder", "web").exit_code == 0
    assert run("release", "--yes", "--again", "--folder", "web").exit_code == 0
    assert container.read(tmp_path / "web").parsed_manifest.number == 2
    refused = run("release", "--yes", "--again", "--out", "paz.db")
    assert refused.exit_code == 2 and "no es una entrega" in refused.output
    assert run("release", "--yes", "--again", "--out", "no/hay").exit_code == 2
    assert run("release", "--yes", "--again", "--out", str(tmp_path / "x")).exit_code == 0
    assert container.read(tmp_path / "x").parsed_manifest.number == 3


def test_without_its_key_a_catalogue_says_so(put: Put, run: Run, tmp_path: Path) -> None:
    """In a sentence with the next step; looking is still possible."""
    (tmp_path / "paz.key").rename(tmp_path / "otra.key")
    refused = run("release", "--yes")
    assert refused.exit_code == 2 and "paz.key" in refused.output
    assert run("release", "--dry-run").exit_code == 0
    assert run("release", "--yes", "--key", "otra.key").exit_code == 0


def test_a_record_is_withdrawn_by_name(put: Put, run: Run, catalogue: Catalogue) -> None:
    """By type and id, by its address, by its id alone; gone from the list, said by the next release."""
    for name in ("place/a", "place/b", "place/c", "service/c"):
        put(name)
    address = f"{catalogue.member_id}/place/b"
    done = run("withdraw", "place/a", address, "--yes", "--json")
    assert json.loads(done.stdout) == {"withdrawn": ["place/a", "place/b"], "kind": "record"}
    several = run("withdraw", "c", "--yes")
    assert several.exit_code == 2 and "place/c, service/c" in several.output
    shared = json.loads(run("release", "--yes", "--json").stdout)
    assert shared["counts"] == {"catalogue": 1, "place": 1, "service": 1, "withdrawal": 2}


@pytest.mark.parametrize(
    "name", ["nada", "place/nada", "planeta/x", "a" * 26 + "/place/x", "catalogue/catalogue", "a/b/c/d", ""]
)
def test_what_cannot_be_withdrawn_is_refused_in_a_sentence(run: Run, name: str) -> None:
    """Unknown, of another member, the catalogue itself; nothing is changed."""
    refused = run("withdraw", name, "--yes")
    assert refused.exit_code == 2 and "Traceback" not in refused.output and refused.output.strip()


def test_the_words_of_the_key_are_shown(run: Run, catalogue: Catalogue) -> None:
    """As text and as JSON; none of it is secret."""
    member = catalogue.member_id
    shown = json.loads(run("keys", "show", "--json").stdout)
    assert shown["member"] == member and len(shown["words"]) == 8
    assert " ".join(shown["words"]) in run("keys", "show").stdout


def test_a_release_with_many_records_stays_readable(run: Run, catalogue: Catalogue, at: datetime) -> None:
    """The list is cut, and says by how much; --details shows all."""
    with catalogue.act("edit", at=at) as act:
        for n in range(40):
            act.put("place", f"p{n}", {"title": f"Lugar {n}"})
    short, long = run("release", "--dry-run"), run("release", "--dry-run", "--details")
    assert "… y" in short.stdout and "Lugar 39" in long.stdout
    assert len(short.stdout.splitlines()) < 30 < len(long.stdout.splitlines())
