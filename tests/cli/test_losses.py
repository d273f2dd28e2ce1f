"""What a member and its federation are told when much is gone, or goes along, before it is too late."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Answer

Run = Callable[..., Answer]


@pytest.mark.parametrize("gone, waits", [(5, False), (6, True)])
def test_a_member_is_told_that_federations_wait_where_much_is_gone(
    kitchen: Run, gone: int, waits: bool
) -> None:
    """By the same rule as a merge: more than five, or a tenth; what is withdrawn explains itself."""
    for n in range(12):
        kitchen("add", "service", f"title=Comedor {n}", "--id", f"c{n}")
    assert kitchen("release", "--yes").code in (0, 1)
    kitchen("withdraw", *(f"service/c{n}" for n in range(9, 12)), "--yes")
    kitchen("remove", *(f"service/c{n}" for n in range(gone)), "--yes")
    shown = kitchen("release", "--dry-run")
    assert ("--allow-shrink" in shown.err) == waits
    assert (f"{gone} of 12 records are gone" in shown.err) == waits


def test_who_hands_over_is_told_that_the_reasons_of_holds_go_along(kitchen: Run) -> None:
    """They stand in federation.yaml, in clear."""
    kitchen("release", "--yes", "--out", "uno.entrega")
    kitchen("federation", "new", "ciudad", "--name", "Ciudad", "--territory", "cdmx")
    kitchen("federation", "add", "uno.entrega", "--name", "Paz", "--by", "Ana", "--how", "x", "-f", "ciudad")
    assert kitchen("merge", "-f", "ciudad").code == 0
    assert "reasons" not in kitchen("federation", "handover", "a.zip", "-f", "ciudad").err
    member = kitchen("federation", "show", "--json", "-f", "ciudad").json["members"][0]["id"]
    words = ("--reason", "la familia lo pidió", "--by", "Ana", "--until", "2099-01-31", "--later")
    kitchen("federation", "hold", f"{member}/service/x", *words, "-f", "ciudad", "--now")
    assert "reasons of your holds go along" in kitchen("federation", "handover", "b.zip", "-f", "ciudad").err


def test_a_shared_folder_that_lags_behind_the_chat_is_no_alarm(kitchen: Run) -> None:
    """The newest came by chat and was taken up; the folder has the one before until somebody sees to it."""
    kitchen("add", "service", "title=Comida", "--id", "comida")
    for path in ("folder", "chat"):
        Path(path).mkdir()
    kitchen("release", "--yes", "--out", "folder")
    kitchen("federation", "new", "ciudad", "--name", "Ciudad", "--territory", "cdmx")
    (first,) = Path("folder").iterdir()
    words = ("--name", "Paz", "--by", "Ana", "--how", "x", "--source", "../folder", "-f", "ciudad")
    assert kitchen("federation", "add", str(first), *words).code == 0
    assert kitchen("merge", "-f", "ciudad").code == 0
    kitchen("edit", "comida", "title=Cena")
    kitchen("release", "--yes", "--out", "chat")
    kitchen("inbox", "chat", "-f", "ciudad")
    for _night in range(2):
        told = kitchen("merge", "-f", "ciudad")
        assert told.code == 0 and "older" not in told.out.lower(), told.out
        assert "offers an older one" not in kitchen("federation", "show", "-f", "ciudad").out


def test_who_lost_the_file_is_told_of_the_backups_beside_it(kitchen: Run) -> None:
    """The first thing that somebody types then is any other command."""
    kitchen("backup")
    Path("paz.db").unlink()
    assert "commons keys recover paz-respaldos" in kitchen("list").err
