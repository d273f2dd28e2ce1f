"""A system's refusal is told in the reader's language, with the next step that fits it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from commons import reasons
from commons.errors import InputError
from commons.imports.reading.fetch import FileNotRead, read_location
from commons.messages import use_language


def test_a_known_refusal_is_told_in_the_language_of_the_reader() -> None:
    """And one that nobody knows keeps the system's own words."""
    use_language("es")
    assert reasons.within(PermissionError(errno.EACCES, "Permission denied")) == "no hay permiso"
    assert reasons.of(OSError(errno.EDOM, "Out of domain")) == "Out of domain"


@pytest.mark.parametrize("name", ["missing.xlsx", "."])
def test_a_path_without_a_file_is_wrong_input_and_speaks_of_no_link(tmp_path: Path, name: str) -> None:
    """A mistyped name is the person's to mend; links are another matter."""
    use_language("es")
    with pytest.raises(FileNotRead) as refused:
        read_location(str(tmp_path / name))
    assert isinstance(refused.value, InputError)
    assert "liga" not in refused.value.hint


def test_a_refusal_has_a_next_step_where_there_is_one() -> None:
    """A full or forbidden disk is mended by the person, not by the program."""
    use_language("es")
    assert "--port" in reasons.next_step(OSError(errno.EADDRINUSE, "in use"))
    assert reasons.next_step(OSError(errno.EDOM, "domain")) == ""
