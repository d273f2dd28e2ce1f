"""How a person names a release on the command line: by its number; after a change of keys epoch.number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import click

from commons.errors import InputError
from commons.messages import N_
from commons.said import release_words

_NUMBER = re.compile(r"(?:(\d{1,9})\.)?(\d{1,15})")


@dataclass(eq=False)
class NotAReleaseNumber(InputError):
    """The text does not name a release."""

    text: str
    template: ClassVar[str] = N_("«{text}» is not the number of a release.")
    hint_template: ClassVar[str] = N_("Write it as in 12; after a change of the key, as in 1.12.")


not_mine_option = click.option(
    "--not-mine",
    "not_mine",
    metavar="NUMBER",
    help=N_("From this release on it was not you: it and all later ones, and what they withdrew, are void."),
)


def version_of(text: str, epoch: int) -> tuple[int, int]:
    """(epoch, number) of `12` or `1.12`. Raises NotAReleaseNumber."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        raise NotAReleaseNumber(text)
    return (int(match[1]) if match[1] else epoch), int(match[2])


@dataclass(eq=False)
class AfterOtherKey(InputError):
    """A release is named that a key would have signed which this catalogue does not have yet."""

    text: str
    changes: int
    template: ClassVar[str] = N_(
        "There is no release {text}: the key was changed {changes} times, as far as is known here."
    )
    hint_template: ClassVar[str] = N_(
        "Write the number alone, as in 12, or name also a release made since the key was changed."
    )


def own_version_of(text: str, epoch: int) -> tuple[int, int]:
    """As `version_of`, of a catalogue whose key was changed `epoch` times. Raises AfterOtherKey, too."""
    found = version_of(text, epoch)
    if found[0] > epoch:
        raise AfterOtherKey(text.strip(), epoch)
    return found


def version_words(version: tuple[int, int]) -> str:
    """How people say it: `12`; with the epoch only after a change of the key."""
    return release_words(*version)
