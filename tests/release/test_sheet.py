"""The recovery sheet: one page, in memory, with everything that brings a catalogue back."""

from __future__ import annotations

import html
import random
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from commons.format import words
from commons.release import sheet
from commons.release.keys import NewIdentity


@pytest.fixture
def page(identity: NewIdentity) -> sheet.Sheet:
    return sheet.Sheet(
        "Comedor <La Paz>", "paz.db", identity.member_id, identity.current.public, identity.next, "2026-11-21"
    )


@pytest.mark.parametrize(("lang", "title"), [("es", "Hoja de recuperación"), ("en", "Recovery sheet")])
def test_the_page_holds_the_words_in_order_and_asks_for_nothing_outside(
    page: sheet.Sheet, identity: NewIdentity, lang: str, title: str
) -> None:
    """In both languages; names are escaped; nothing is fetched from anywhere."""
    text = sheet.render(page, lang=lang)
    assert f'lang="{lang}"' in text and title in text and "Comedor &lt;La Paz&gt;" in text
    listed = re.findall(r"<li><b>\d+</b>(.*?)</li>", text)
    assert words.from_words([html.unescape(word) for word in listed]) == identity.next
    assert " · ".join(page.fingerprint) in html.unescape(text) and "<svg" in text
    assert not re.search(r'(src|href)="(?!data:)', text) and "url(" not in text


def test_the_page_is_served_to_this_computer_only_while_it_is_printed(page: sheet.Sheet) -> None:
    """At an address that cannot be guessed; no cache keeps it; afterwards nobody answers."""
    text = sheet.render(page)
    with sheet.served(text) as address:
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address) as answer:
            assert answer.read().decode() == text and answer.headers["Cache-Control"] == "no-store"
        for wrong in (
            urllib.request.Request(address.rsplit("/", 1)[0] + "/"),
            urllib.request.Request(address, headers={"Host": "evil.example"}),
        ):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(wrong)
            refused.value.close()
            assert refused.value.code == 404
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address)


def test_three_words_are_asked_back(page: sheet.Sheet) -> None:
    """Accents and case are forgiven; another word is not."""
    positions = sheet.positions_to_ask(random.Random(1).sample)
    assert len(set(positions)) == 3 and positions == sorted(positions)
    for position in positions:
        assert sheet.is_word(page, position, f" {page.words[position - 1].upper()} ")
        assert not sheet.is_word(page, position, "x") and not sheet.is_word(page, position, "")


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["es", "en"])
def test_the_sheet_prints_on_one_page(page: sheet.Sheet, tmp_path: Path, lang: str) -> None:
    """On paper, in both languages, as a real browser prints it."""
    chromium = shutil.which("chromium") or pytest.skip("needs Chromium")
    (tmp_path / "sheet.html").write_text(sheet.render(page, lang=lang), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    out = tmp_path / "sheet.pdf"
    subprocess.run(
        [chromium, *flags, f"--print-to-pdf={out}", (tmp_path / "sheet.html").as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert re.findall(rb"/Count (\d+)", out.read_bytes()) == [b"1"]
