"""Played through: organisations vouch for each other, and a federation sees who is within reach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commons.federation.store.folder import Store
from commons.format import container
from commons.model import Record
from tests.hostile.making import Member, place, release, salt

ANA, LUZ, RIO, MAR = (Member(n) for n in ("Comedor La Paz", "Casa Luz", "Taller Río", "Red Mar"))
AT = ("--as-of", "2026-11-22")
WHO = ("--by", "Ana", "--how", "in person")


def vouch(whom: Member, note: str = "") -> Record:
    said = {"about": whom.id, "kind": "knows", "note": note, "salt": salt(whom.name)}
    return Record("vouch", whom.id, {k: v for k, v in said.items() if v})  # type: ignore[arg-type]


@pytest.fixture
def city(commons: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Ana is a member and vouches for Luz, Luz for Río, Río for Mar; releases of Luz and Río came by chat."""
    commons("federation", "new", "city", "--name", "Ciudad", "--territory", "cdmx")
    (tmp_path / "chat").mkdir()
    container.write_file(tmp_path / "ana", release(ANA, [place("a"), vouch(LUZ, "desde 2019")]))
    container.write_file(tmp_path / "chat" / "1.pdf", release(LUZ, [place("b"), vouch(RIO), vouch(LUZ)]))
    container.write_file(tmp_path / "chat" / "2.pdf", release(RIO, [vouch(MAR)]))
    commons("federation", "add", "ana", "--name", "La Paz", *WHO, "-f", "city")
    commons("inbox", "chat", "-f", "city")
    return commons


def test_who_is_vouched_for_is_found_over_three_steps(city: Callable[..., Any]) -> None:
    """Each with the distance, whose word it is and the words to compare; the last one is only known of."""
    found = city("federation", "discover", "--json", "-f", "city").json
    assert [(a["member"], a["steps"], a["state"]) for a in found] == [
        (LUZ.id, 1, "asked"), (RIO.id, 2, "asked"), (MAR.id, 3, "unheard"),
    ]  # fmt: skip
    assert [w["speaker"] for a in found for w in a["by"]] == [ANA.id, LUZ.id, RIO.id]
    assert len(found[0]["words"]) == 8 and not found[2]["words"]
    told = city("federation", "discover", "-f", "city", lang="es").out
    assert "a 3 pasos" in told and "La Paz dice: Lo conocemos («desde 2019»)" in told and "Pide" in told
    assert "Red Mar" not in city("federation", "discover", "--steps", "2", "-f", "city").out


def test_a_federation_that_admits_by_vouches_takes_them_up(city: Callable[..., Any], tmp_path: Path) -> None:
    """With one vouch and two steps Luz and Río come in; merged again from the lock alone: the same root."""
    rules = tmp_path / "city" / "federation.yaml"
    rules.write_text(rules.read_text("utf-8") + "admit: {vouches: 1, steps: 2}\n", "utf-8")
    merged = city("merge", "-f", "city", *AT)
    assert "Casa Luz" in merged.out and "admitted by vouches" in merged.out
    receipt = city("receipt", "Casa Luz", "-f", "city").out
    assert "these members vouch for it: La Paz" in receipt
    assert "vouches of La Paz" in city("federation", "show", "-f", "city").out
    again = city("merge", "--locked", "-f", "city", "--json").json
    assert again["root"] in merged.out and again["members"][RIO.id]["admitted"] == [LUZ.id]
    assert {s.manifest.member for s in Store(tmp_path / "city" / "store").seen()} == {ANA.id, LUZ.id, RIO.id}


def test_a_newer_release_of_an_admitted_member_is_no_stranger_s(
    city: Callable[..., Any], tmp_path: Path
) -> None:
    """It goes into the store like a member's; when the vouch is gone, nothing of it is shown any more."""
    rules = tmp_path / "city" / "federation.yaml"
    rules.write_text(rules.read_text("utf-8") + "admit: {vouches: 1}\n", "utf-8")
    city("merge", "-f", "city", *AT)
    first = release(LUZ, [place("b"), vouch(RIO), vouch(LUZ)])
    newer = release(LUZ, [place("b"), place("c")], number=2, previous=[first.digest])
    container.write_file(tmp_path / "chat" / "3.pdf", newer)
    assert "new release" in city("inbox", "chat/3.pdf", "-f", "city").out
    assert city("merge", "-f", "city", *AT, "--json").json["counts"] == {"place": 3}
    alone = release(
        ANA, [place("a")], number=2, previous=[release(ANA, [place("a"), vouch(LUZ, "desde 2019")]).digest]
    )
    container.write_file(tmp_path / "ana (2)", alone)
    city("inbox", "ana (2)", "-f", "city")
    assert city("merge", "-f", "city", *AT, "--json").json["counts"] == {"place": 1}


def test_what_an_admitted_member_lost_waits_for_a_person_like_a_member_s(
    city: Callable[..., Any], tmp_path: Path
) -> None:
    """Its last good release stays until somebody has looked; it is named as the pool names it."""
    rules = tmp_path / "city" / "federation.yaml"
    rules.write_text(rules.read_text("utf-8") + "admit: {vouches: 1}\n", "utf-8")
    first = release(LUZ, [place("b"), vouch(RIO), vouch(LUZ)]).digest
    many = release(LUZ, [place(f"p{n}") for n in range(9)], number=2, previous=[first])
    container.write_file(tmp_path / "many", many)
    city("inbox", "many", "-f", "city")
    assert city("merge", "-f", "city", *AT, "--json").json["counts"] == {"place": 10}
    container.write_file(tmp_path / "few", release(LUZ, [place("p1")], number=3, previous=[many.digest]))
    city("inbox", "few", "-f", "city")
    waits = city("merge", "-f", "city", *AT)
    assert waits.code == 1 and "--allow-shrink 'Casa Luz'" in waits.out
    allowed = city("merge", "-f", "city", "--allow-shrink", "Casa Luz", *AT, "--json").json
    assert allowed["counts"] == {"place": 2}


def test_our_word_is_written_with_one_command(kitchen: Callable[..., Any], tmp_path: Path) -> None:
    """By a release, whose words are shown, or by id; a second word replaces the first; it is released."""
    container.write_file(tmp_path / "x (1)", release(LUZ))
    said = kitchen("vouch", "x (1)", "--note", "desde 2019", "--until", "2999-01-01", "--yes")
    assert said.code == 0 and "Words of the key" in said.err
    written = kitchen("vouch", LUZ.id, "--kind", "Lo verificamos", "--yes", "--json")
    assert kitchen("list", "--json").code == 0 and kitchen("show", f"vouch/{LUZ.id}", "--json").code == 0
    assert kitchen("release", "--yes", "--out", "paz.entrega").code == 0, written
    assert container.read(tmp_path / "paz.entrega").parsed_manifest.counts["vouch"] == 1


def test_a_word_for_a_record_keeps_what_the_record_said(kitchen: Callable[..., Any], tmp_path: Path) -> None:
    """The digest of name, identifiers and contacts goes with it; without the record there is no such word."""
    kitchen("federation", "new", "city", "--name", "Ciudad", "--territory", "cdmx")
    casa = Record("organization", "casa", {"title": "Casa Luz", "salt": salt("casa")})
    container.write_file(tmp_path / "luz", release(LUZ, [casa]))
    kitchen("federation", "add", "luz", "--name", "Luz", *WHO, "-f", "city")
    kitchen("merge", "-f", "city", *AT)
    address = f"{LUZ.id}/organization/casa"
    assert kitchen("vouch", address, "--yes").code == 2
    said = kitchen("vouch", address, "--pool", "city/pool.db", "--yes", "--json").json
    assert said["kind"] == "speaks_for" and len(said["digest"]) == 64 and said["about_title"] == "Casa Luz"


@pytest.mark.parametrize(
    "words",
    [("nobody",), (LUZ.id, "--kind", "x"), (LUZ.id, "--until", "2001-01-01"), (LUZ.id, "--until", "?")],
)
def test_a_word_that_cannot_be_given_is_one_sentence(
    kitchen: Callable[..., Any], words: tuple[str, ...]
) -> None:
    """Exit code 2 and a next step; nothing is written. One's own id is refused, too."""
    own = kitchen("keys", "show", "--json").json["member"]
    for given in (words, (own,)):
        refused = kitchen("vouch", *given, "--yes")
        assert refused.code == 2 and "→" in refused.err
