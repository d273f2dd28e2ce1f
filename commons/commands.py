"""Commands that a sentence suggests, so that whoever copies them types what was meant. Runs nothing.

A name with a space, a quotation mark or a `$` would be two words, or another one, for the terminal. In
templates of errors and findings `{member:sh}` writes a value as one word; elsewhere `word` and `command` do.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from string import Formatter
from typing import Any


def word(value: object, *, system: str = os.name) -> str:
    """One word as this system's terminal reads it back."""
    text = str(value)
    return subprocess.list2cmdline([text]) if system == "nt" else shlex.quote(text)


def command(*words: object) -> str:
    """The whole line, as in `commons merge -f 'mi ciudad'`."""
    return " ".join(["commons", *(word(each) for each in words)])


class _Sentences(Formatter):
    """As `str.format`, and `:sh` writes a value as one word of a command."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return word(value) if format_spec == "sh" else str(super().format_field(value, format_spec))


def sentence(template: str, fields: dict[str, object]) -> str:
    """A translated template with its fields."""
    return _Sentences().vformat(template, (), fields)
