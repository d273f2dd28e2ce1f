"""Opening hours: plain days and times are read, everything else is left in words."""

import pytest

from commons.schema import hours

WEEK = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"


@pytest.mark.parametrize(
    "text, days, opens, closes",
    [
        ("lun-vie 9:00-18:00", "MO,TU,WE,TH,FR", "09:00", "18:00"),
        ("Lunes a viernes de 9 a 18 hrs", "MO,TU,WE,TH,FR", "09:00", "18:00"),
        ("L-V 9-18", "MO,TU,WE,TH,FR", "09:00", "18:00"),
        ("M-F, 8am-5pm.", "MO,TU,WE,TH,FR", "08:00", "17:00"),
        ("M-Sa, 8am-5pm", "MO,TU,WE,TH,FR,SA", "08:00", "17:00"),
        ("Monday - Friday 8:30 AM - 5:00 PM", "MO,TU,WE,TH,FR", "08:30", "17:00"),
        ("Lunes a Viernes: 8:00 a.m. a 3:00 p.m.", "MO,TU,WE,TH,FR", "08:00", "15:00"),
        ("martes y jueves 1-5pm", "TU,TH", "13:00", "17:00"),
        ("todos los días 10:00-20:00", "MO,TU,WE,TH,FR,SA,SU", "10:00", "20:00"),
        ("24 horas", "MO,TU,WE,TH,FR,SA,SU", "00:00", "24:00"),
        ("viernes a domingo 22:00-2:00", "SU,FR,SA", "22:00", "02:00"),
        ("fines de semana 10 a 14 hrs", "SA,SU", "10:00", "14:00"),
    ],
)
def test_days_and_times_are_read(text: str, days: str, opens: str, closes: str) -> None:
    """Spanish and English, short and long."""
    [entry] = hours.read(text) or []
    assert set(str(entry["rrule"]).partition("BYDAY=")[2].split(",")) == set(days.split(","))
    assert (entry["opens_at"], entry["closes_at"]) == (opens, closes)


def test_two_spans_of_a_day_and_several_parts_are_entries_of_their_own() -> None:
    """A siesta makes two entries; a closed day says so."""
    read = hours.read("Lunes a viernes de 9:00 a 14:00 y de 16:00 a 19:00; dom cerrado")
    assert read == [
        {"rrule": WEEK, "opens_at": "09:00", "closes_at": "14:00"},
        {"rrule": WEEK, "opens_at": "16:00", "closes_at": "19:00"},
        {"rrule": "FREQ=WEEKLY;BYDAY=SU", "closed": True},
    ]
    assert hours.read(hours.show(read, "en") or "") == read


@pytest.mark.parametrize(
    "text",
    [
        "8:00 a 17:00",  # on which days?
        "lun a vie 9 a 6",  # in the morning?
        "lun-vie 8 a 11 pm",
        "hasta las 20:00 pm",
        "13:00 a 2:00am viernes y sábados y los otros días hasta las 11pm",
        "con cita",
        "lun-vie 9:00-18:00; según haya",
        "lunes 25:00-26:00",
        "",
    ],
)
def test_what_is_not_plain_is_left_in_words(text: str) -> None:
    """A wrong hour sends somebody to a closed door, so nothing is guessed."""
    assert hours.read(text) is None
