"""What the commands of a federation share: which one is meant, and what a person must have said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import click

from commons.cli.terminal.output import ask, interactive, tell
from commons.commands import command
from commons.errors import InputError
from commons.federation.policy import file as policies
from commons.messages import N_, translate
from commons.messages import translate as _


@dataclass(eq=False)
class AnswerNeeded(InputError):
    """Something a person must say was not said."""

    option: str
    template: ClassVar[str] = N_("This needs {option}.")
    hint_template: ClassVar[str] = N_("Add it to the command; the command with --help tells more.")


file_option = click.option(
    "-f",
    "--federation",
    "path",
    type=click.Path(path_type=Path),
    default=Path(policies.FILE_NAME),
    help=N_("The federation.yaml, or its folder."),
)


def _folder(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path:
    path = value or Path()
    return path.parent if path.name == policies.FILE_NAME else path


folder_option = click.option(
    "--federation",
    "-f",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    callback=_folder,
    help=N_("The folder of federation.yaml; the current one if not given."),
)


def file_of(path: Path) -> Path:
    """The federation.yaml that is meant by itself or by its folder."""
    return path / policies.FILE_NAME if path.is_dir() else path


def federation_command(path: Path, *words: object) -> str:
    """A command about this federation, to be copied: names its folder unless that is the current one."""
    folder = file_of(path).parent
    try:
        bare = folder.samefile(Path())
    except OSError:
        bare = False
    return command(*words) if bare else command(*words, "-f", folder)


def answer(given: str | None, option: str, question: str) -> str:
    """What was given, or what a person answers now. Raises AnswerNeeded."""
    said = (given or "").strip() or (ask(question).strip() if interactive() else "")
    if not said:
        raise AnswerNeeded(translate(option))
    return said


def say_next(path: Path) -> None:
    """What federation.yaml says now is shown after a merge only."""
    text = _("It takes effect with: {command}, then commons publish")
    tell(text.format(command=federation_command(path, "merge")))
