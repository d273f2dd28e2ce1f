"""A moment of files has one form, and is read as the standard library reads it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from commons.format.instants import instant, moment


@given(st.datetimes(timezones=st.just(UTC)).map(instant), st.data())
def test_a_moment_is_read_as_the_standard_library_reads_it(text: str, data: st.DataObject) -> None:
    """Quickly where it is written as it should be; a letter changed, it is refused or means the same."""

    def slowly(text: str) -> datetime:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)

    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.sampled_from(["", *"0123456789-:TZ +٣"])) + text[at + 1 :]
    for said in (text, changed):
        read = []
        for how in (moment, slowly):
            with suppress(ValueError):
                read.append(how(said))
        assert not read or read == [read[0]] * 2
