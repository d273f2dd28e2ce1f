"""`commons verify` and `commons witness`, as a neighbour calls them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commons.cli.main import cli
from commons.format import witness
from commons.format.keys import PrivateKey
from commons.format.witness import Statement
from tests.hostile.making import place
from tests.merge.world import Federation

NEIGHBOUR = PrivateKey(bytes([7] * 32))


def commons(*words: str | Path, lang: str = "en") -> Result:
    return CliRunner().invoke(cli, ["--lang", lang, *map(str, words)])


@pytest.fixture
def federation(tmp_path: Path) -> Federation:
    made = Federation(tmp_path / "ciudad")
    made.share("Comedor Ejemplo", [place("uno", summary="Comida caliente"), place("dos")])
    made.share("Red Ejemplo", [place("tres", topics=["food"])])
    made.merge()
    (tmp_path / "key").write_bytes(NEIGHBOUR.to_openssh())
    return made


def pool_of(federation: Federation) -> Path:
    return federation.folder / "pool.db"


def alter(federation: Federation, statement: str) -> None:
    with closing(sqlite3.connect(pool_of(federation), isolation_level=None)) as pool:
        assert pool.execute(statement).rowcount > 0


def test_an_honest_pool_is_said_to_be_the_same(federation: Federation) -> None:
    """In Spanish, in words that a neighbour understands; exit code 0."""
    done = commons("verify", pool_of(federation), lang="es")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("La huella es la misma: ")
    assert "Se volvió a reunir con 2 entregas firmadas" in done.stdout


def test_one_changed_dot_is_named_with_member_record_and_field(federation: Federation) -> None:
    """The field by its name, both values, whose record it is; exit code 1."""
    alter(federation, "UPDATE place SET summary = 'Comida calientE' WHERE summary LIKE 'Comida%'")
    done = commons("verify", pool_of(federation), lang="es")
    assert done.exit_code == 1
    assert done.stdout.startswith("El acervo NO muestra lo que se firmó.")
    assert "La huella NO es la misma" not in done.stdout
    assert (
        "- La página de place/uno (Comedor Ejemplo): «En una frase» dice «Comida calientE»; según lo firmado "
        "es «Comida caliente»." in done.stdout
    )


def test_values_are_shown_as_people_read_them(federation: Federation) -> None:
    """No JSON, no days written for programs, no columns' names."""
    alter(federation, """UPDATE place SET topics = '["health"]' WHERE topics IS NOT NULL""")
    alter(federation, "UPDATE entity SET slug = 'x' WHERE address LIKE '%/uno'")
    said = commons("verify", pool_of(federation), lang="es").stdout
    assert "«Temas» dice «Salud»; según lo firmado es «Alimentación»" in said and "health" not in said
    assert "final del enlace" in said and "slug" not in said


def test_a_program_reads_the_same_as_json(federation: Federation) -> None:
    """Nothing but JSON on stdout."""
    alter(federation, "UPDATE entity SET slug = 'x' WHERE address LIKE '%/uno'")
    done = commons("verify", pool_of(federation), "--json")
    said = json.loads(done.stdout)
    assert done.exit_code == 1 and said["same_root"] and not said["same"]
    assert [(d["table"], d["field"], d["covered"]) for d in said["differences"]] == [
        ("entity", "slug", False)
    ]


def test_a_witness_is_shown_to_whoever_checks_next(federation: Federation, tmp_path: Path) -> None:
    """Beside the pool it is found by itself."""
    signed = commons("witness", pool_of(federation), "--key", tmp_path / "key")
    assert signed.exit_code == 0, signed.output
    done = commons("verify", pool_of(federation), "--json")
    (said,) = json.loads(done.stdout)["witnesses"]
    assert said["agrees"] and said["key"] == NEIGHBOUR.public.line and said["member"] == ""
    assert "Somebody with the key «" in commons("verify", pool_of(federation)).stdout


def test_a_member_s_testimony_has_its_name(federation: Federation, tmp_path: Path) -> None:
    """Whose key it is, the member's own key log in the pool says."""
    key = federation.members["Red Ejemplo"].current
    (tmp_path / "red.key").write_bytes(key.to_openssh())
    commons("witness", pool_of(federation), "--key", tmp_path / "red.key", "--out", tmp_path / "out")
    (file,) = (tmp_path / "out").iterdir()
    done = commons("verify", pool_of(federation), "--witness", file)
    assert done.exit_code == 0 and "Red Ejemplo (member), on " in done.stdout


def test_a_contradicting_witness_is_shouted(federation: Federation, tmp_path: Path) -> None:
    """Same lock, another root: one of the two is wrong, and nobody can overlook it."""
    lock = json.loads(commons("verify", pool_of(federation), "--json").stdout)["lock"]
    said = Statement(lock, "0" * 64, "2026-11-21T18:30:00Z", "2026-11-22T09:00:00Z")
    (tmp_path / "a.testimonio").write_bytes(witness.sign(said, NEIGHBOUR))
    done = commons("verify", pool_of(federation), "--witness", tmp_path / "a.testimonio")
    assert done.exit_code == 1 and "CAREFUL" in done.stdout and "0" * 64 in done.stdout


def test_nothing_is_signed_where_something_differs(federation: Federation, tmp_path: Path) -> None:
    """A witness merged it again and got the same, or says nothing."""
    alter(federation, "UPDATE place SET summary = 'x'")
    done = commons("witness", pool_of(federation), "--key", tmp_path / "key")
    assert done.exit_code == 1 and "Nothing was signed" in done.stderr
    assert not (federation.folder / "testimonios").exists()


@pytest.mark.parametrize(
    "name, content, code",
    [
        ("none.db", None, 2),
        ("a.db", b"", 2),
        ("b.db", b"<html>", 2),
        ("c.db", b"SQLite format 3\0" + bytes(4080), 2),
    ],
)
def test_what_is_no_pool_is_refused_in_a_sentence(
    tmp_path: Path, name: str, content: bytes | None, code: int
) -> None:
    """No traceback, exit code 2."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = commons("verify", tmp_path / name)
    assert done.exit_code == code and isinstance(done.exception, SystemExit)
    assert done.stderr.count("\n") == 2


def test_a_truncated_pool_is_refused_in_a_sentence(federation: Federation, tmp_path: Path) -> None:
    """As it happens on the way."""
    shutil.copyfile(pool_of(federation), tmp_path / "cut.db")
    with (tmp_path / "cut.db").open("r+b") as file:
        file.truncate(40_000)
    done = commons("verify", tmp_path / "cut.db")
    assert done.exit_code == 2 and "E_SIZE" in done.stderr
