"""The questions that a person at a terminal is asked, with a real terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from commons.catalogue.store import Catalogue
from commons.format import container

pytestmark = pytest.mark.skipif(os.name == "nt", reason="terminals are opened otherwise there")


def at_a_terminal(folder: Path, *arguments: str, answers: str) -> tuple[int, str]:
    """Run `commons` with a terminal at its ends; `answers` are typed ahead."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "commons", "--lang", "es", *arguments],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        os.write(ours, answers.encode())
        seen = b""
        try:
            while part := os.read(ours, 4096):
                seen += part
        except OSError:  # Linux says so when the other end is closed
            pass
        code = process.wait(timeout=60)
    os.close(ours)
    return code, seen.decode()


def test_a_number_in_a_text_is_asked_about_once(put: Callable[..., None], catalogue: Catalogue) -> None:
    """Answered "the organisation's" it leaves and is not asked about again; then what leaves is confirmed."""
    put("service/a", summary="Llama al 55 9999 8888")
    put("service/b", summary="También al (55) 9999-8888")
    catalogue.close()
    folder = catalogue.path.parent
    code, seen = at_a_terminal(folder, "release", answers="s\ns\n")
    assert code == 0 and seen.count("¿Es de la organización") == 1 and "¿Compartir esto?" in seen
    assert b"9999 8888" in container.read(next(folder.glob("*.entrega"))).catalogue
    code, seen = at_a_terminal(folder, "release", "--again", answers="s\n")
    assert code == 0 and "¿Es de la organización" not in seen


def test_whoever_says_no_shares_nothing(put: Callable[..., None], catalogue: Catalogue) -> None:
    """Neither a file nor a number."""
    put("service/a")
    catalogue.close()
    for command in (("release",), ("withdraw", "service/a")):
        code, seen = at_a_terminal(catalogue.path.parent, *command, answers="n\n")
        assert code == 0 and "No se" in seen
    with Catalogue.open(catalogue.path) as again:
        assert again.releases.latest is None and again.get("service", "a") is not None
    assert not list(catalogue.path.parent.glob("*.entrega"))
