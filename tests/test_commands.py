"""A command that is suggested can be copied: it means what the sentence says, whatever a name is made of."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.commands import command, sentence, word
from commons.findings import Finding

NAMES = ["Huerto Las Flores", "Casa «Luz»", "L'Abri", "$HOME", "a;b", "-x y", '"Ojalá"', "ñandú"]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_a_word_is_read_back_as_it_was(text: str) -> None:
    """Spaces, quotation marks, what a shell would replace."""
    assert shlex.split(word(text, system="posix")) == [text]


@pytest.mark.parametrize("name", NAMES)
def test_a_real_shell_reads_a_suggested_command(name: str) -> None:
    """One word stays one word."""
    line = command("merge", "--allow-shrink", name).removeprefix("commons ")
    program = f"{shlex.quote(sys.executable)} -c 'import sys; print(sys.argv[1:])' {line}"
    told = subprocess.run(["sh", "-c", program], capture_output=True, text=True, check=True).stdout
    assert told.strip() == str(["merge", "--allow-shrink", name])


def test_a_plain_name_stays_plain() -> None:
    """Quotation marks only where they are needed."""
    assert command("merge", "-f", "ciudad") == "commons merge -f ciudad"
    assert word("mi ciudad", system="nt") == '"mi ciudad"'


def test_findings_and_errors_write_names_as_words() -> None:
    """`{member:sh}` in a hint; the sentence has the name as people write it."""
    finding = Finding("E_SHRINK", member="Huerto Las Flores", details={"lost": 9, "before": 10})
    assert finding.hint.endswith("--allow-shrink 'Huerto Las Flores'")
    assert " Huerto Las Flores " in finding.sentence and "'" not in finding.sentence
    assert sentence("{a:sh} {a} {n:>3}", {"a": "b c", "n": 1}) == "'b c' b c   1"
