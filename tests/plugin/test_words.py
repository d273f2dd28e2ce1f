"""Sentences about time, numbers, hours and telephones, in both languages."""

import datetime
import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.messages import speaking
from datasette_commons.portal.hours import schedule_words
from datasette_commons.portal.markdown import mail_url, plain, prose, safe_url, tel_url
from datasette_commons.portal.values import money, phone_words, size_words
from datasette_commons.portal.words import (
    ago_words,
    date_words,
    freshness,
    joined,
    moment_words,
    on_the_clock_of,
    parse_day,
)

TODAY = datetime.date(2026, 11, 21)


@pytest.mark.parametrize(
    "confirmed, expires, has_phone, sentence",
    [
        ("2026-10-30T06:00:00Z", None, True, "Confirmado hace 3 semanas"),
        ("2026-11-21T06:00:00Z", None, True, "Confirmado hoy"),
        ("2026-11-20", None, True, "Confirmado ayer"),
        ("2025-03-02", None, True, "Sin confirmar desde marzo de 2025; llama antes de ir"),
        ("2025-03-02", None, False, "Sin confirmar desde marzo de 2025; pregunta antes de ir"),
        (None, None, True, "Sin fecha de confirmación; llama antes de ir"),
        ("2099-01-01", None, True, "Sin fecha de confirmación; llama antes de ir"),
        ("2026-11-20", "2026-10-03T00:00:00Z", True, "Venció el 3 de octubre de 2026"),
    ],
)
def test_freshness_is_said_as_a_help(
    confirmed: str | None, expires: str | None, has_phone: bool, sentence: str
) -> None:
    """How long ago, or what to do before going; a clock that runs ahead says nothing."""
    with speaking("es"):
        found = freshness(
            "service",
            confirm_days=183,
            confirmed_at=confirmed,
            expires_at=expires,
            today=TODAY,
            has_phone=has_phone,
        )
    assert found.sentence == sentence


@given(st.dates(datetime.date(2000, 1, 1), TODAY))
def test_every_day_of_the_past_has_words_in_both_languages(day: datetime.date) -> None:
    """Never a negative number, never an empty sentence."""
    for lang in ("es", "en"):
        with speaking(lang):
            words = ago_words(day, TODAY)
        assert words and "-" not in words and " 0 " not in f" {words} "


@given(st.text())
def test_any_text_is_a_day_or_none(text: str) -> None:
    """A member's odd date breaks no page."""
    parse_day(text)


@pytest.mark.parametrize(
    "schedule, words",
    [
        ({"rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "opens_at": "09:00", "closes_at": "18:00"},
         "Lunes a viernes, 09:00–18:00"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=SA", "opens_at": "10:00"}, "Sábado, desde las 10:00"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=MO,WE"}, "Lunes, miércoles"),
        ({"rrule": "FREQ=DAILY"}, "Todos los días"),
        ({"rrule": "FREQ=MONTHLY;BYDAY=-1FR"}, "Último viernes del mes"),
        ({"rrule": "FREQ=YEARLY"}, "Ciertos días"),
        ({"closed": True, "valid_from": "2026-12-24"}, "Cerrado (desde el 24 de diciembre de 2026)"),
        ({}, ""),
    ],
)  # fmt: skip
def test_hours_are_said_as_people_say_them(schedule: dict[str, object], words: str) -> None:
    """Runs of days, open ends, seasons; unknown parts are left out."""
    with speaking("es"):
        assert schedule_words(schedule) == words


def test_names_are_joined_as_the_language_does() -> None:
    """Y becomes e before the sound of i; a long list ends in a number."""
    with speaking("es"):
        assert joined(["Ana", "Inés"]) == "Ana e Inés"
        assert joined(["Ana", "hielo"]) == "Ana y hielo"
        assert joined(["a", "b", "c", "d", "e"]) == "a, b, c y 2 más"
    with speaking("en"):
        assert joined(["a", "b"]) == "a and b"


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "http://", "vbscript:x", "java\tscript:x",
     "https://a b", "file:///etc/passwd", "ftp://x", "", None, 7, "https://[", "http:\\\\x"],
)  # fmt: skip
def test_only_harmless_addresses_are_linked(url: object) -> None:
    """http, https, mailto and tel, with a host where one is needed."""
    assert safe_url(url) is None


def test_numbers_become_links_that_a_telephone_understands() -> None:
    """Digits and a leading plus; nothing else gets into the address."""
    assert tel_url("+52 (55) 5555-0134") == "tel:+525555550134"
    assert tel_url("12") is None and tel_url('"><script>') is None
    assert mail_url("a@b.example") == "mailto:a@b.example"
    assert mail_url("a@b.example?bcc=x") is None
    assert phone_words("+525555550134") == "55 5555 0134"
    assert phone_words("+529515550134") == "951 555 0134"
    assert (
        money(5050, "MXN") == "$50.50 MXN"
        and money(5000, "MXN") == "$50 MXN"
        and money(500, "JPY") == "500 JPY"
    )
    assert size_words(2_500_000) == "2.5 MB" and size_words(10) == "1 kB"


@given(st.text(alphabet="<>a\"'=/[]()!`*_#\n javscript:onerhtp.", max_size=60))
def test_no_markdown_becomes_a_script_or_a_picture(text: str) -> None:
    """Whatever a member writes: only known tags, only harmless addresses."""
    html = str(prose(text)).lower()
    assert "<script" not in html and "<img" not in html and 'href="javascript' not in html
    tags = re.findall(r"<([a-z0-9]+)([^>]*)>", html)
    assert all(not attributes or name == "a" for name, attributes in tags)


def test_a_day_is_that_of_the_territory() -> None:
    """An evening in Mexico City is already tomorrow in UTC; readers live there and not in UTC."""
    with speaking("es"), on_the_clock_of(ZoneInfo("America/Mexico_City")):
        assert date_words("2026-11-22T00:30:00Z") == "21 de noviembre de 2026"
        assert moment_words("2026-12-05T16:00:00Z") == "5 de diciembre de 2026, 10:00"
        assert moment_words("2026-12-05T06:00:00Z") == "5 de diciembre de 2026"
        until_today = {"confirm_days": 183, "confirmed_at": None, "expires_at": "2026-11-21T06:00:00Z"}
        assert freshness("need", today=TODAY, **until_today).kind == "over"  # type: ignore[arg-type]


def test_the_marks_of_a_text_go_and_its_words_stay() -> None:
    """On a card; what only looks like a mark is somebody's own words."""
    assert plain("# Qué *dan*\n\n> sopa, [y pan](https://example.org)") == "Qué dan sopa, y pan"
    assert (
        plain("edad > 18, grupo #3, mi_archivo y _pan_ de 5 <b>")
        == "edad > 18, grupo #3, mi_archivo y pan de 5 <b>"
    )
