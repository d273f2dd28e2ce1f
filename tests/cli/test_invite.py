"""An invitation says who, where, how often and under which licence, on a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commons.federation.policy import file as policy

RULES = """
about: {who: "Vecinas de <Iztapalapa>", contact: acopio@example.org}
invite: {portal: "https://example.org/portal", cadence: mensual, send_to: 55 1234 5678}
"""


@pytest.fixture
def city(commons: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    commons("federation", "new", "city", "--name", "Ciudad", "--territory", "cdmx")
    return commons


def _write(tmp_path: Path, more: str) -> None:
    path = tmp_path / "city" / "federation.yaml"
    plain = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("about:")]
    path.write_text("\n".join(plain) + more, "utf-8")


def test_the_page_the_text_and_the_link_say_the_same(city: Callable[..., Any], tmp_path: Path) -> None:
    """In Spanish, with everything in the page itself; what people typed is text and never markup."""
    _write(tmp_path, RULES)
    done = city("federation", "invite", "hoja.html", "--qr", "codigo.svg", "-f", "city", lang="es")
    page = (tmp_path / "hoja.html").read_text("utf-8")
    for text in ("Ciudad", "https://example.org/portal", "55 1234 5678", "Cada mes", "CC0", "ocho palabras"):
        assert text in done.out and text in page, text
    assert "Vecinas de &lt;Iztapalapa&gt;" in page and "<svg" in page and "src=" not in page
    assert done.out.splitlines()[-1] == "https://example.org/portal"
    assert (tmp_path / "codigo.svg").read_bytes().startswith(b"<?xml")


def test_without_a_portal_the_link_is_a_letter_and_without_both_there_is_a_text(
    city: Callable[..., Any], tmp_path: Path
) -> None:
    """The contact under about is where to send, unless something else is said."""
    told = city("federation", "invite", "--json", "-f", "city").json
    assert told["link"] == "" and "whoever gave you this" in told["text"]
    _write(tmp_path, "\nabout: {contact: acopio@example.org}\n")
    assert (
        city("federation", "invite", "--json", "-f", "city")
        .json["link"]
        .startswith("mailto:acopio@example.org?")
    )
    by_phone = city("federation", "invite", "--send-to", "55 1234", "--json", "-f", "city").json
    assert by_phone["link"] == "" and "55 1234" in by_phone["text"]


def test_an_invitation_changes_no_digest_and_wrong_words_are_refused(
    city: Callable[..., Any], tmp_path: Path
) -> None:
    """It stands outside the lock; a link that a browser would run is no address of a page."""
    before = policy.load(tmp_path / "city").digest
    _write(tmp_path, "\ninvite: {portal: 'https://example.org'}\n")
    assert policy.load(tmp_path / "city").digest == before
    for words in (("--portal", "javascript:alert(1)"), ("--cadence", "x")):
        refused = city("federation", "invite", *words, "-f", "city")
        assert refused.code == 2 and "→" in refused.err
    _write(tmp_path, "\ninvite: {portal: 'javascript:alert(1)'}\n")
    assert city("federation", "invite", "-f", "city").code == 2


def test_the_page_lies_beside_the_rules_and_replaces_nothing_but_itself(
    city: Callable[..., Any], tmp_path: Path
) -> None:
    """Whatever somebody wrote under that name stays, and then nothing at all is written."""
    said = city("federation", "invite", "-f", "city", lang="es").err
    page = tmp_path / "city" / "invitation.html"
    assert "city/invitation.html" in said and page.exists() and not (tmp_path / "invitation.html").exists()
    assert city("federation", "invite", "--portal", "https://example.org", "-f", "city").code == 0
    assert "https://example.org" in page.read_text("utf-8")
    (tmp_path / "carta.html").write_text("Querida Ana", "utf-8")
    (tmp_path / "foto.png").write_bytes(b"x")
    for words in (["carta.html"], ["otra.html", "--qr", "foto.png", "--portal", "https://example.org"]):
        refused = city("federation", "invite", *words, "-f", "city", lang="es")
        assert refused.code == 2 and "es otra cosa; no se escribió nada" in refused.err
    assert (tmp_path / "carta.html").read_text("utf-8") == "Querida Ana"
    assert (tmp_path / "foto.png").read_bytes() == b"x" and not (tmp_path / "otra.html").exists()
