"""Hours that only a mapping can read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.imports.mapping.week import plainly
from commons.schema import hours


@pytest.mark.parametrize(
    "written, plain",
    [
        ("Monday-Friday, 9-5", "Monday-Friday, 09:00-17:00"),
        ("Monday-Friday, 8:30-12, 1-5", "Monday-Friday, 08:30-12:00, 13:00-17:00"),
        ("Monday-Friday, 9AM-6PMSaturday, 9AM-4PM", "Monday-Friday, 09:00-18:00; Saturday, 09:00-16:00"),
        ("Mon-Thur 9-5pm\nSat 9-1pm", "Mon-Thur 09:00-17:00; Sat 09:00-13:00"),
        ("Friday, noon-midnight", "Friday, 12:00-24:00"),
        ("Mon 9:45-11 am", "Mon 09:45-11:00"),
        ("Monday, 9-17", "Monday, 09:00-17:00"),
    ],
)
def test_hours_of_the_day_are_told_without_am_and_pm(written: str, plain: str) -> None:
    """Nine to five is the day; the schema's own reader understands what comes out."""
    assert plainly(written, "12h") == plain
    assert hours.read(plain)


@pytest.mark.parametrize("written", ["Monday, 6-9", "Monday, 8-11pm", "Monday, 9am-11", "Monday, 7-9"])
def test_what_may_be_morning_or_evening_stays_unread(written: str) -> None:
    """A wrong hour sends somebody to a closed door."""
    assert plainly(written, "12h") is None


def test_figures_by_day_become_hours() -> None:
    """Day 0 is Sunday unless said otherwise; the last minute of the day is its end."""
    week = json.dumps({"0": [[0, 2359]], "1": [[700, 1200], [1400, 1900]], "2": [[700, 1200], [1400, 1900]]})
    assert plainly(week, "hhmm") == "Sun 00:00-24:00; Mon, Tue 07:00-12:00, 14:00-19:00"
    assert plainly("[[[540, 1080]]]", "minutes", first_day="monday") == "Mon 09:00-18:00"
    assert plainly('{"monday": ["0900", "1730"]}', "hhmm") == "Mon 09:00-17:30"


@pytest.mark.parametrize(
    "text", ["", "closed", "[1]", '{"1": [[700]]}', '{"9": [[1, 2]]}', '{"1": [[770, 800]]}']
)
def test_figures_that_are_no_hours_stay_unread(text: str) -> None:
    """Not JSON, half a pair, no such day, no such minute."""
    assert plainly(text, "hhmm") is None


@given(st.text(max_size=60), st.sampled_from(["12h", "hhmm", "minutes"]))
def test_no_text_breaks_the_reading_of_hours(text: str, way: str) -> None:
    """Any cell is read, kept as it is, or None."""
    plainly(text, way)  # type: ignore[arg-type]
