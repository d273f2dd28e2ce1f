"""Played through: what came by chat is sorted, a stranger asks, the words are compared, the pool shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commons.federation.policy import file as policy
from commons.format import container
from tests.hostile.making import Member, place, release

ANA, OTRA = Member("Comedor La Paz"), Member("Huerto Las Flores")
AT = ("--as-of", "2026-11-22")
WHO = ("--by", "Ana", "--how", "words read by telephone")


@pytest.fixture
def city(commons: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """A federation with one member, and a folder into which things were saved."""
    assert commons("federation", "new", "city", "--name", "Ciudad", "--territory", "cdmx").code == 0
    (tmp_path / "chat").mkdir()
    container.write_file(tmp_path / "chat" / "x (1).entrega", release(ANA, [place("a")]))
    added = commons("federation", "add", "chat/x (1).entrega", "--name", "La Paz", *WHO, "-f", "city")
    assert added.code == 0, added.err
    return commons


def test_a_stranger_asks_and_is_taken_in(city: Callable[..., Any], tmp_path: Path) -> None:
    """Release by chat → join request → words → add → in the pool; before that nothing of it is shown."""
    container.write_file(tmp_path / "chat" / "documento.pdf", release(OTRA, [place("b"), place("c")]))
    sorted_in = city("inbox", "chat", "-f", "city")
    assert sorted_in.code == 1 and "join request" in sorted_in.out and "had it already" in sorted_in.out
    assert city("merge", "-f", "city", *AT, "--json").json["counts"] == {"place": 1}
    assert "1 asks to join" in city("federation", "show", "-f", "city").out
    asked = city("federation", "requests", "-f", "city").out
    assert "Huerto Las Flores" in asked and "2 places" in asked and "Words of the key" in asked
    assert "commons federation add 'Huerto Las Flores' -f city" in asked
    added = city("federation", "add", "huerto las flores", "--name", "El Huerto", *WHO, "-f", "city")
    assert added.code == 0 and "Words of the key" in added.out
    assert city("merge", "-f", "city", *AT, "--json").json["counts"] == {"place": 3}
    assert "Nobody" in city("federation", "requests", "-f", "city").out
    member = policy.load(tmp_path / "city").members[1]
    assert (member.id, member.name, member.added.how) == (OTRA.id, "El Huerto", "words read by telephone")


def test_the_inbox_is_there_before_anybody_is_told_to_use_it(
    city: Callable[..., Any], tmp_path: Path
) -> None:
    """Made by `new`, by `add` of who asks to join, and by `inbox`; the next step can be typed as it is."""
    inbox = tmp_path / "city" / "inbox"
    assert inbox.is_dir()
    inbox.rmdir()
    container.write_file(tmp_path / "chat" / "x.entrega", release(OTRA, [place("b")]))
    assert "commons federation requests -f city" in city("inbox", "chat", "-f", "city").out
    added = city("federation", "add", "Huerto Las Flores", *WHO, "-f", "city")
    assert inbox.is_dir() and "Next: commons merge -f city" in added.err
    inbox.rmdir()
    assert city("inbox", "-f", "city").out == "city/inbox is empty.\n" and inbox.is_dir()
    assert city("inbox", "nowhere", "-f", "city").code == 2


def test_who_was_taken_in_waits_for_its_first_merge(city: Callable[..., Any]) -> None:
    """Its release is here, so nothing is awaited; of whom no release came, it still is."""
    city("federation", "add", OTRA.id, "--name", "Huerto", *WHO, "-f", "city")
    shown = city("federation", "show", "-f", "city", lang="es").out
    (paz,) = (line for line in shown.splitlines() if line.startswith("La Paz"))
    (huerto,) = (line for line in shown.splitlines() if line.startswith("Huerto"))
    assert "espera su primera reunión" in paz and "todavía nada" not in paz
    assert huerto.count("todavía nada") == 2
    city("merge", "-f", "city", *AT)
    assert "espera" not in city("federation", "show", "-f", "city", lang="es").out


def test_of_a_mixed_folder_each_thing_is_told_once(city: Callable[..., Any], tmp_path: Path) -> None:
    """Releases in a table, by name; what is none in one line each, its next step once; a sum at the end."""
    chat = tmp_path / "chat"
    container.write_file(chat / "documento.pdf", release(OTRA, [place("b")]))
    for n in range(4):
        (chat / f"foto{n}.jpg").write_bytes(b"\xff\xd8 a photograph")
    told = city("inbox", "chat", "-f", "city").out
    assert OTRA.id not in told and "Huerto Las Flores" in told
    assert all(told.count(f"foto{n}.jpg") == 1 for n in range(4)) and told.count("→") == 1
    assert "In all: 1 that was here already, 1 of somebody who asks to join, 4 things that are" in told
    shown = city("federation", "show", "-f", "city").out
    assert "La Paz" in shown and ANA.id not in shown


def test_a_person_compares_the_words_before_anything_is_written(
    city: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked at the terminal: no changes nothing; yes asks for name, who and how, and records them."""
    container.write_file(tmp_path / "otra", release(OTRA))
    for module in ("federation.membership", "federation.options"):
        monkeypatch.setattr(f"commons.cli.{module}.interactive", lambda: True)
    rules = tmp_path / "city" / "federation.yaml"
    before = rules.read_bytes()
    refused = city("federation", "add", "otra", "-f", "city", input="n\n")
    assert "Did the organisation read the same eight words?" in refused.err and rules.read_bytes() == before
    city("federation", "add", "otra", "-f", "city", input="y\nEl Huerto\nAna\nwords read aloud\n")
    added = policy.load(tmp_path / "city").members[1]
    assert (added.name, added.added.by, added.added.how) == ("El Huerto", "Ana", "words read aloud")


def test_an_id_that_does_not_match_is_refused(city: Callable[..., Any], tmp_path: Path) -> None:
    """Whoever was told another id over the telephone has another organisation's file in hand."""
    before = (tmp_path / "city" / "federation.yaml").read_bytes()
    container.write_file(tmp_path / "falsa.entrega", release(Member("falsa")))
    refused = city("federation", "add", "falsa.entrega", "--id", OTRA.id, "--name", "x", *WHO, "-f", "city")
    assert refused.code == 2 and (tmp_path / "city" / "federation.yaml").read_bytes() == before


def test_a_member_is_taken_in_by_its_id_alone(city: Callable[..., Any], tmp_path: Path) -> None:
    """The id is the hash of its first key: what comes later is theirs or is refused."""
    told = city("federation", "add", OTRA.id, "--name", "El Huerto", *WHO, "-f", "city")
    assert told.code == 0 and "No release of it" in told.err
    container.write_file(tmp_path / "city" / "x", release(OTRA, [place("b")]))
    assert city("inbox", "city/x", "-f", "city").code == 0
    assert city("merge", "-f", "city", *AT, "--json").json["counts"] == {"place": 2}


def test_a_request_is_declined_and_two_of_one_name_are_told_apart(
    city: Callable[..., Any], tmp_path: Path
) -> None:
    """A name is what a stranger says of itself: two may say the same."""
    container.write_file(tmp_path / "chat" / "red.entrega", release(Member("Red")))
    twin = Member("Red 2")
    twin.name = "Red"
    container.write_file(tmp_path / "chat" / "twin.entrega", release(twin))
    city("inbox", "chat", "-f", "city")
    refused = city("federation", "add", "Red", "--name", "x", *WHO, "-f", "city")
    assert refused.code == 2 and twin.id in refused.err
    assert city("federation", "decline", twin.id, "--yes", "-f", "city").code == 0
    assert len(city("federation", "requests", "--json", "-f", "city").json) == 1


def test_the_inbox_is_cleared_of_what_was_taken(city: Callable[..., Any], tmp_path: Path) -> None:
    """Junk stays, and its name says what it is; an empty folder and a missing one are said."""
    (tmp_path / "chat" / "catalogo.db").write_bytes(b"SQLite format 3\0" + b"\0" * 600)
    cleared = city("inbox", "chat", "--clear", "-f", "city")
    assert cleared.code == 1 and "1 file was deleted" in cleared.out and "commons release" in cleared.out
    assert [path.name for path in (tmp_path / "chat").iterdir()] == ["catalogo.db"]
    assert city("inbox", "nowhere", "-f", "city").code == 2
    (tmp_path / "city" / "inbox").mkdir(exist_ok=True)
    assert "empty" in city("inbox", "-f", "city").out
