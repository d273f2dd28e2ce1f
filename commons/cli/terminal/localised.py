"""Commands in the reader's language: their own help, and click's words.

Changes no command's behaviour, but that no path is empty.

Help stands in the source as English keys (`help=N_("…")`) and is translated when it is shown, on a copy:
one process may speak both languages, one after the other.
"""

from __future__ import annotations

import copy
import errno
import os
import sys
from pathlib import Path
from typing import Any

import click

from commons import reasons
from commons.messages import N_, ngettext, translate

_CLICK_MODULES = (
    "core",
    "decorators",
    "exceptions",
    "formatting",
    "parser",
    "shell_completion",
    "termui",
    "types",
)


class Place(click.Path):
    """A path with a name: the empty text, which scripts give where a variable is empty, would mean "here"."""

    @classmethod
    def like(cls, other: click.Path[Any]) -> Place:
        """The same kind of path, called as the reader calls it."""
        made = cls.__new__(cls)
        made.__dict__.update(other.__dict__)
        made.name = translate(other.name)
        return made

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Refuse the empty name; anything else as click does."""
        if not os.fspath(value):
            self.fail(translate(N_("a name is missing here.")), param, ctx)
        if self._leads_in_a_circle(value):
            self.fail(f"{reasons.of_number(errno.ELOOP)}: {os.fspath(value)}.", param, ctx)
        return super().convert(value, param, ctx)

    def _leads_in_a_circle(self, value: str | os.PathLike[str]) -> bool:
        try:
            Path(value).stat()
        except OSError as error:
            return error.errno == errno.ELOOP
        return False


def teach_click() -> None:
    """Let click take its own sentences from our catalogue, in the language of the moment.

    Click asks the process-wide gettext, which knows one language per process and only the environment's.
    """
    for name in _CLICK_MODULES:
        module = sys.modules.get(f"click.{name}")
        if module is not None and hasattr(module, "_"):
            module._ = translate  # type: ignore[attr-defined]
        if module is not None and hasattr(module, "ngettext"):
            module.ngettext = ngettext  # type: ignore[attr-defined]


def localised(command: click.Command) -> click.Command:
    """A copy of `command` whose help is in the current language, and that of all commands below it."""
    shown = copy.copy(command)
    shown.help = _text(command.help)
    shown.short_help = _text(command.short_help) or _first_sentence(shown.help)
    shown.epilog = _text(command.epilog)
    shown.options_metavar = _text(command.options_metavar)
    shown.params = [_parameter(parameter) for parameter in command.params]
    if isinstance(shown, click.Group) and isinstance(command, click.Group):
        shown.subcommand_metavar = translate(command.subcommand_metavar)
        shown.commands = {name: localised(sub) for name, sub in command.commands.items()}
    return shown


def _first_sentence(help: str | None) -> str | None:
    """The line of a list of commands, whole: click would cut it at some character."""
    paragraph = " ".join((help or "").split("\n\n")[0].split())
    sentence, dot, _rest = paragraph.partition(". ")
    return sentence + dot.strip() or None


def _text(text: str | None) -> str | None:
    return translate(text) if text else text


def _parameter(parameter: click.Parameter) -> click.Parameter:
    shown = copy.copy(parameter)
    if isinstance(shown, click.Option):
        shown.help = _text(shown.help)
        if not shown.metavar and not shown.is_flag and shown.type is click.STRING:
            shown.metavar = "TEXT"
        if not shown.metavar and isinstance(shown.type, click.types.IntParamType) and not shown.count:
            shown.metavar = "N"
        if not shown.metavar and isinstance(shown.type, click.Path):
            shown.metavar = "FOLDER" if shown.type.name == "directory" else "FILE"
    elif not shown.metavar and shown.name and not isinstance(shown.type, click.Choice):
        name = translate(shown.name.upper().rstrip("_"))
        more = "..." if shown.nargs != 1 else ""
        shown.metavar = (name if shown.required else f"[{name}]") + more
    if shown.metavar:
        shown.metavar = translate(shown.metavar)
    if isinstance(shown.type, click.Path):
        shown.type = Place.like(shown.type)
    return shown
