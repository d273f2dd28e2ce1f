"""The `commons` command: finds the command, speaks the reader's language, turns errors into sentences.

Commands are loaded only when called, so that `commons --help` stays quick. One file per command group;
no rule of the commons stands in this room.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from commons import __version__
from commons.errors import CommonsError
from commons.messages import LANGUAGES, N_, language_of, translate, use_language

# role → command → where it lives. The order is that of the help.
ROLES: dict[str, dict[str, str]] = {
    N_("Keep a catalogue"): {},
    N_("Share it"): {},
    N_("Run a federation"): {},
    N_("Publish a portal"): {},
}

FINDINGS = 1  # exit code: done, but something waits for a person


class CommonsGroup(click.Group):
    """Loads commands late; prints `CommonsError` as a sentence with its next step."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for commands in ROLES.values() for name in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for commands in ROLES.values():
            if cmd_name in commands:
                module, name = commands[cmd_name].split(":")
                command = getattr(importlib.import_module(module), name)
                assert isinstance(command, click.Command)
                return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for role, names in ROLES.items():
            rows = []
            for name in names:
                command = self.get_command(ctx, name)
                if command is not None and not command.hidden:
                    rows.append((name, translate(command.get_short_help_str(limit=100))))
            if rows:
                with formatter.section(translate(role)):
                    formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CommonsError as error:
            click.echo(str(error), err=True)
            if error.hint:
                click.echo(f"→ {error.hint}", err=True)
            ctx.exit(error.exit_code)


@click.group(
    cls=CommonsGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    help="Idioma / language.",
    expose_value=False,
    is_eager=True,
    callback=lambda c, p, value: use_language(value) if value else None,
)
@click.version_option(__version__, prog_name="commons")
def cli() -> None:
    """Catálogos de organizaciones, reunidos sin dueño · Community catalogues, pooled without a centre."""


def main() -> None:
    """Entry point of the `commons` command."""
    use_language(language_of(os.environ))
    for stream in (sys.stdout, sys.stderr):  # consoles that are not UTF-8 must not end in a traceback
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    cli(prog_name="commons")
