"""The `commons` command: finds the command, speaks the reader's language, turns errors into sentences.

Commands are loaded only when called, so that `commons --help` stays quick. One file per command group;
no rule of the commons stands in this room.
"""

from __future__ import annotations

import difflib
import importlib
import io
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from commons import __version__, reasons
from commons.cli.roster import SHORT
from commons.cli.terminal.localised import localised, teach_click
from commons.errors import CommonsError
from commons.messages import LANGUAGES, N_, language_of, translate, use_language

# role → command → where it lives. The order is that of the help.
ROLES: dict[str, dict[str, str]] = {
    N_("Keep a catalogue"): {
        "init": "commons.cli.catalogue.init:init",
        "add": "commons.cli.catalogue.records:add",
        "edit": "commons.cli.catalogue.records:edit",
        "show": "commons.cli.catalogue.looking:show",
        "list": "commons.cli.catalogue.looking:list_",
        "remove": "commons.cli.catalogue.records:remove",
        "confirm": "commons.cli.catalogue.records:confirm",
        "check": "commons.cli.catalogue.check:check",
        "history": "commons.cli.catalogue.history:history",
        "undo": "commons.cli.catalogue.history:undo",
        "backup": "commons.cli.catalogue.history:backup",
        "join": "commons.cli.catalogue.join:join",
        "consent": "commons.cli.catalogue.consent:consent",
        "template": "commons.cli.catalogue.template:template",
        "import": "commons.cli.catalogue.imports:import_",
        "refresh": "commons.cli.catalogue.imports:refresh",
    },
    N_("Share it"): {
        "release": "commons.cli.catalogue.release:release",
        "withdraw": "commons.cli.catalogue.withdraw:withdraw",
        "forget": "commons.cli.catalogue.forget:forget",
        "keys": "commons.cli.catalogue.keys:keys",
        "vouch": "commons.cli.federation.vouch:vouch",
    },
    N_("Judge what is alike"): {
        "review": "commons.cli.judging.review:review",
        "split": "commons.cli.judging.split:split",
        "explain": "commons.cli.judging.explain:explain",
    },
    N_("Run a federation"): {
        "merge": "commons.cli.federation.merge:merge",
        "receipt": "commons.cli.federation.receipt:receipt",
        "federation": "commons.cli.federation.group:federation",
        "inbox": "commons.cli.federation.inbox:inbox",
    },
    N_("Publish a portal"): {
        "serve": "commons.cli.portal.publish:serve",
        "publish": "commons.cli.portal.publish:publish",
    },
    N_("Check what others show"): {
        "verify": "commons.cli.portal.verify:verify",
        "witness": "commons.cli.portal.verify:witness_",
    },
}

# What people try, and what it is called here.
OTHER_NAMES = {
    "iniciar": "init", "crear": "init", "nuevo": "init", "new": "init",
    "agregar": "add", "añadir": "add", "editar": "edit", "ver": "show", "mostrar": "show",
    "lista": "list", "listar": "list", "buscar": "list", "search": "list", "ls": "list",
    "quitar": "remove", "borrar": "remove", "delete": "remove", "rm": "remove",
    "confirmar": "confirm", "revisar": "check", "historia": "history", "log": "history",
    "deshacer": "undo", "rehacer": "undo", "redo": "undo", "respaldo": "backup", "respaldar": "backup",
    "restore": "backup", "consentimiento": "consent", "permiso": "consent", "plantilla": "template",
    "importar": "import", "actualizar": "refresh", "entrega": "release", "entregar": "release",
    "compartir": "release", "share": "release", "retirar": "withdraw", "olvidar": "forget",
    "llave": "keys", "llaves": "keys",
    "federacion": "federation", "federación": "federation",
    "reunir": "join", "juntar": "join", "unir": "join", "fusionar": "merge",
    "buzon": "inbox", "buzón": "inbox", "bandeja": "inbox", "recibir": "inbox",
    "avalar": "vouch", "aval": "vouch",
    "parecidos": "review", "juzgar": "review", "judge": "review", "separar": "split",
    "explicar": "explain", "why": "explain",
    "publicar": "publish", "comprobar": "verify", "verificar": "verify", "check-pool": "verify",
    "testimonio": "witness", "atestiguar": "witness", "servir": "serve", "portal": "serve",
}  # fmt: skip

FAILED = 3  # exit code: could not be done; 1 is "done with findings", 2 "wrong input"
INTERRUPTED = 130
PIPE_CLOSED = 141


class PipeClosed(Exception):
    """Whoever read us has gone; click would end as if something waited for a person."""


class CommonsGroup(click.Group):
    """Loads commands late; every way to fail ends as a sentence with a next step and a truthful exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for commands in ROLES.values() for name in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for commands in ROLES.values():
            if cmd_name in commands:
                module, name = commands[cmd_name].split(":")
                command = getattr(importlib.import_module(module), name)
                assert isinstance(command, click.Command)
                return localised(command)
        return None

    def invoke(self, ctx: click.Context) -> Any:
        """As click does it, but for a reader that has gone."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise PipeClosed from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            raise click.UsageError(_unknown(name, self.list_commands(ctx)), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for role, names in ROLES.items():
            rows = []
            for name in names:
                if name in SHORT:
                    rows.append((name, translate(SHORT[name])))
                elif command := self.get_command(ctx, name):
                    rows.append((name, command.get_short_help_str(limit=100)))
            if rows:
                with formatter.section(translate(role)):
                    formatter.write_dl(rows)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [translate(piece) for piece in super().collect_usage_pieces(ctx)]

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        shown = localised(self)
        click.Group.format_help(shown, ctx, formatter)

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run and exit. `extra` is what click's own `main` takes."""
        extra.pop("standalone_mode", None)
        teach_click()
        given = list(sys.argv[1:] if args is None else args)

        def run() -> object:
            return click.Group.main(self, _language_first(given), prog_name, standalone_mode=False, **extra)

        sys.exit(_exit_code(run))


def _language_first(arguments: list[str]) -> list[str]:
    """`--lang` counts wherever it stands, also for the sentences about other wrong arguments."""
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            return [*rest, argument, *waiting]
        name, equals, value = argument.partition("=")
        if name != "--lang":
            rest.append(argument)
            continue
        code = value if equals else next(waiting, "")
        if code not in LANGUAGES:
            raise click.UsageError(
                translate(N_("«{code}» is not a language of this program; choose es or en.")).format(
                    code=code
                )
            )
        use_language(code)
    return rest


def _exit_code(run: Callable[[], object]) -> int:
    """What `run` ends with, as a sentence on stderr and an exit code."""
    try:
        result = run()
        sys.stdout.flush()
    except CommonsError as error:
        return _told(str(error), error.hint, error.exit_code)
    except click.UsageError as error:
        _show(error)
        if error.ctx is None:  # click knows the command only sometimes
            _told("", translate(N_("The same command with --help says what it takes.")), 2)
        return 2
    except click.ClickException as error:
        _show(error)
        return FAILED
    except (click.Abort, KeyboardInterrupt):
        if sys.stderr.isatty():
            click.echo(err=True)  # not behind the question, or the ^C that the terminal shows
        return _told(translate(N_("Stopped. What was not finished was not kept.")), "", INTERRUPTED)
    except (PipeClosed, BrokenPipeError):
        # whoever read us has gone (`| head`); Python must not complain again while it closes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:
        return _told(_os_sentence(error), reasons.next_step(error), FAILED)
    except Exception as error:
        refusal = reasons.of_sqlite(error)  # the disk, and SQLite passed it on
        if refusal is not None:
            return _told(_os_sentence(refusal), reasons.next_step(refusal), FAILED)
        if os.environ.get("COMMONS_DEBUG"):
            raise
        sentence = translate(N_("The program has made a mistake ({what}); your files are as they were."))
        hint = translate(N_("Please tell its makers; with COMMONS_DEBUG=1 it shows the details."))
        return _told(sentence.format(what=f"{type(error).__name__}: {error}"), hint, FAILED)
    return result if isinstance(result, int) else 0


def _show(error: click.ClickException) -> None:
    """As click shows it, without what words given would do to a terminal."""
    from commons.cli.terminal.output import harmless

    shown = io.StringIO()
    error.show(file=shown)
    click.echo(harmless(shown.getvalue()), nl=False, err=True)


def _told(sentence: str, hint: str, code: int) -> int:
    from commons.cli.terminal.output import tell  # late: `commons --help` needs nothing of it

    if sentence:
        tell(sentence)
    if hint:
        tell(f"→ {hint}")
    return code


def _os_sentence(error: OSError) -> str:
    # what is written under a passing name first is known by the name it was meant to get
    name = re.sub(
        r"(^|/)\.([^/]+)(\.[0-9a-f]{8}\.(tmp|new)|\.recovering)$", r"\1\2", str(error.filename or "")
    )
    place = f": {name}" if name else ""
    return f"{reasons.of(error)}{place}."


def _unknown(name: str, commands: list[str]) -> str:
    meant = OTHER_NAMES.get(name.casefold())
    if meant not in commands:
        meant = next(iter(difflib.get_close_matches(name.casefold(), commands, n=1, cutoff=0.6)), None)
    sentence = translate(N_("There is no command «{name}».")).format(name=name)
    if meant is None:
        return sentence
    return f"{sentence} {translate(N_('Did you mean «{meant}»?')).format(meant=meant)}"


_ABOUT = N_(
    "Community catalogues, pooled without a centre.\n\n"
    "Each organisation keeps a catalogue, shares it as a signed release, and anybody can merge the releases "
    "they accept into one pool with its portal."
)


@click.group(
    cls=CommonsGroup,
    help=_ABOUT,
    epilog=N_("Exit codes: 0 done · 1 done, something waits for you · 2 wrong input · 3 could not be done."),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--lang", type=click.Choice(LANGUAGES), help="Idioma / language.", expose_value=False)
@click.version_option(__version__, prog_name="commons")
def cli() -> None:
    """The whole command; `CommonsGroup` does the work."""


def _open_what_is_closed() -> None:
    """Give a program whose input or output was closed (`<&-`, `>&-`) an empty one: Python leaves None."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def main() -> None:
    """Entry point of the `commons` command."""
    use_language(language_of(os.environ))
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):  # consoles that are not UTF-8 must not end in a traceback
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    if hasattr(signal, "SIGTERM"):  # an orderly end closes files as Ctrl-C does
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    cli(prog_name="commons")
