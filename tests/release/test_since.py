"""`commons release --details`: what changed since the last release, as people read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from commons.cli.main import cli
from commons.messages import speaking

Run = Callable[..., str]


@pytest.fixture
def kitchen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Speaks Spanish, in a folder with a new catalogue."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        with speaking("es"):
            result = CliRunner().invoke(cli, list(words), catch_exceptions=False)
        assert result.exit_code in (0, 1), result.output
        return result.stdout

    run("init", "paz", "--name", "Comedor La Paz", "--territory", "cdmx", "--sheet", "sheet.html", "--yes")
    return run


def test_only_what_changed_is_shown_before_and_after(kitchen: Run) -> None:
    """With labels and values as people read them; no salt, no field that is as it was."""
    kitchen("add", "service", "title=Comida", "summary=Caliente", "phones=55 5555 0101", "--id", "comida")
    first = kitchen("release", "--dry-run", "--details")
    assert "Teléfonos: 55 5555 0101" in first and "En una frase: Caliente" in first
    assert "salt" not in first and "{" not in first
    kitchen("release", "--yes")
    kitchen("edit", "comida", "phones=55 5555 0202")
    kitchen("add", "service", "title=Taller", "--id", "taller")
    said = kitchen("release", "--dry-run", "--details")
    assert "      Teléfonos: 55 5555 0101 → 55 5555 0202" in said
    assert "Caliente" not in said and "Taller" in said


def test_what_nobody_can_tell_any_more_is_shown_whole(kitchen: Run) -> None:
    """An answer changed what leaves, and no edit: the history does not know what was released."""
    kitchen("add", "service", "title=Comida", "description=Llama al 55 5555 0303.", "summary=Caliente")
    kitchen("release", "--yes")
    said = kitchen("release", "--dry-run", "--details", "--ours", "55 5555 0303")
    assert "En una frase: Caliente" in said and "55 5555 0303" in said and "→" not in said


def test_a_text_that_names_somebody_twice_is_listed_once(kitchen: Run) -> None:
    kitchen("add", "service", "title=Uno", "Persona de contacto=Rosa Ejemplo", "--id", "uno")
    twice = "description=Pregunta por Rosa Ejemplo. Rosa Ejemplo sabe."
    kitchen("add", "service", "title=Dos", twice, "--id", "dos")
    shown = kitchen("release", "--dry-run")
    assert shown.count("service/dos: Descripción") == 1, shown
