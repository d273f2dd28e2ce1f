from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from commons.cli.main import cli
from commons.messages import speaking


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def commons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Run a command in an empty folder, as a program would (nobody to ask), in English unless told."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COMMONS_CATALOGUE", raising=False)
    monkeypatch.setenv("COMMONS_DEBUG", "1")

    def run(*arguments: str, lang: str = "en", **extra: Any) -> Answer:
        with speaking(lang):
            result = CliRunner().invoke(cli, list(arguments), **extra)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def kitchen(commons: Callable[..., Answer]) -> Callable[..., Answer]:
    """The same, in a folder with a new catalogue."""
    commons(
        "init", "paz", "--name", "Comedor La Paz", "--territory", "cdmx", "--sheet", "sheet.html", "--yes"
    )
    return commons
