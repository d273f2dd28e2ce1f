"""The command speaks both languages, fails in sentences, and its exit codes are truthful."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from babel.messages.extract import extract_from_dir
from click.testing import CliRunner

from commons.cli.main import OTHER_NAMES, ROLES, cli
from commons.cli.roster import SHORT
from commons.cli.terminal.output import harmless, say, tell
from commons.messages import speaking, translate
from tests.cli.conftest import Answer

COMMANDS = [name for commands in ROLES.values() for name in commands]


def every_command():
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        yield name, command
        for sub, inner in getattr(command, "commands", {}).items():
            yield f"{name} {sub}", inner


def test_help_shows_the_commands_by_role_in_both_languages(commons):
    for lang, roles in (
        ("en", ["Keep a catalogue", "Share it"]),
        ("es", ["Llevar un catálogo", "Compartirlo"]),
    ):
        out = commons("--help", lang=lang).out
        places = [out.index(role) for role in roles]
        assert places == sorted(places)
        assert all(f" {name} " in out for name in COMMANDS)


def test_every_help_text_has_spanish():
    """Commands and options alike: what English says, Spanish says too."""
    with speaking("en"):
        english = {
            n: (c.help, c.short_help, [getattr(p, "help", None) for p in c.params])
            for n, c in every_command()
        }
    with speaking("es"):
        for name, command in every_command():
            help_, short, options = english[name]
            assert help_ and command.help != help_, name
            assert not short or command.short_help != short, name
            for parameter, text in zip(command.params, options, strict=True):
                assert (
                    not text or getattr(parameter, "help", None) != text or not translate(text).isascii()
                ), (
                    name,
                    parameter.name,
                )


def test_the_overview_says_of_each_command_what_it_says_of_itself():
    """It is written twice so that nothing is loaded for it; it must not differ."""
    own = {}
    for commands in ROLES.values():
        for name in commands:
            command = cli.get_command(click.Context(cli), name)
            assert command is not None
            own[name] = command.get_short_help_str(limit=100)
    assert own == {name: translate(text) for name, text in SHORT.items()}


def test_the_overview_loads_no_command():
    """`commons --help` is the first thing that people see: it takes a tenth of a second, not one."""
    code = "import sys; from commons.cli.main import cli; cli.main(['--help'])"
    loaded = "import atexit; atexit.register(lambda: print(*(m for m in sys.modules if 'commons.' in m)));"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {loaded} {code}"], capture_output=True, text=True, check=True
    )
    modules = done.stdout.splitlines()[-1].split()
    assert not [m for m in modules if m.startswith(("commons.merge", "commons.catalogue", "commons.imports"))]


def test_the_language_counts_wherever_it_is_written(commons):
    """Before the command, after it, and for the sentence about another wrong argument."""
    assert "Usage" in commons("--lang", "en", "list", "--help", lang="es").out
    assert "Usage" in commons("list", "--help", "--lang=en", lang="es").out
    assert "No such option" in commons("list", "--nonsense", "--lang", "en", lang="es").err
    assert "No hay opción" in commons("list", "--nonsense", "--lang", "es").err
    assert commons("list", "--lang", "fr").code == 2


def test_an_unknown_command_gets_a_suggestion(commons):
    assert "«list»" in commons("lsit").err
    assert "«remove»" in commons("borrar", lang="es").err
    assert commons("xyzzy").code == 2
    assert set(OTHER_NAMES.values()) >= {"add", "edit"} and not set(OTHER_NAMES) & set(COMMANDS)


def test_click_itself_speaks_spanish():
    """Every sentence of the installed click that a person can meet is in our catalogue."""
    internal = (
        "Boolean option", "Could not determine", "No options defined", "Arguments take", "Name '",
        "Invalid start character", "DeprecationWarning", "Shell completion", "Couldn't detect",
        "Windows error", "{editor}", "Unknown color", "Value must be", "d",
    )  # fmt: skip
    folder = Path(click.__file__).parent
    with speaking("es"):
        for _f, _l, message, _c, _x in extract_from_dir(folder, [("**.py", "python")], keywords={"_": None}):
            if isinstance(message, str) and not message.startswith(internal):
                assert translate(message) != message, message


def run(*arguments, cwd, **extra):
    return subprocess.Popen(
        [sys.executable, "-m", "commons", *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COMMONS_LANG": "en", "PYTHONPATH": str(Path(__file__).parents[2])},
        **extra,
    )


def test_a_closed_pipe_and_a_full_disk_are_no_tracebacks(kitchen, tmp_path):
    with run("list", "--types", cwd=tmp_path) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141  # not 1, which would say that something waits for a person
    if Path("/dev/full").exists():
        with Path("/dev/full").open("w") as full:
            process = subprocess.run(
                [sys.executable, "-m", "commons", "--lang", "en", "list", "--types"],
                cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            )  # fmt: skip
        assert (
            process.returncode == 3 and "disk is full" in process.stderr and "Traceback" not in process.stderr
        )


@pytest.mark.skipif(os.name == "nt", reason="the shell of POSIX")
@pytest.mark.parametrize("closed, code", [("<&-", 2), (">&-", 2), ("2>&-", 2), ("<&- >&- 2>&-", 2)])
def test_a_closed_input_or_output_is_an_empty_one(kitchen, tmp_path, closed, code):
    """As a service or a scheduler may start a program."""
    kitchen("add", "service", "title=A")
    command = f'"{sys.executable}" -m commons --lang en remove A {closed}'
    process = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert process.returncode == code and "mistake" not in process.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_stopping_a_command_is_a_sentence(kitchen, tmp_path, sent):
    """Ctrl-C or a polite kill while it waits: nothing half-written, exit code 130."""
    import sqlite3

    lock = sqlite3.connect("paz.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    with run("add", "service", "title=A", cwd=tmp_path) as process:
        time.sleep(2)
        process.send_signal(sent)
        err = process.stderr.read()
    lock.close()
    assert "Traceback" not in err and (process.returncode, err.strip()) == (
        130,
        "Stopped. What was not finished was not kept.",
    )


def test_only_the_terminal_prints_or_exits():
    """Everything below `cli` returns values and raises errors."""
    root = Path(__file__).parents[2] / "commons"
    for path in root.rglob("*.py"):
        if "cli" in path.relative_to(root).parts or path.name == "__main__.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            assert not (isinstance(called, ast.Name) and called.id == "print"), path
            assert not (isinstance(called, ast.Attribute) and ast.unparse(called) == "sys.exit"), path


@pytest.mark.parametrize("order", ["receipt", "serve", "merge", "federation add", "template"])
def test_what_stands_for_a_value_is_in_the_language_of_its_help(order: str) -> None:
    """No «LA RUTA» of click's own, and no English word on a Spanish screen."""
    shown = CliRunner().invoke(cli, ["--lang", "es", *order.split(), "--help"]).output
    assert not re.search(r"\b(MEMBER|MOMENT|RELEASE|ADDRESS|POOL|FILE|PATH|LA RUTA|EL ARCHIVO)\b", shown)


def test_no_name_commands_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Strangers name files; what is our own, bold letters, stays."""
    assert harmless("\x1b[1mAna\x1b[0m\tdos\nlíneas") == "\x1b[1mAna\x1b[0m\tdos\nlíneas"
    say("«\x1b]0;x\x07\x9b2J\u202egnp.exe»")
    tell("\rotro")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("«�]0;x��2J�gnp.exe»\n", "�otro\n")


@pytest.mark.parametrize("group", [[], ["federation"], ["publish"], ["consent"], ["keys"]])
@pytest.mark.parametrize("lang", ["es", "en"])
def test_no_line_of_help_is_cut(commons: Callable[..., Answer], group: list[str], lang: str) -> None:
    """On a terminal of eighty columns; what is long goes on in the next line."""
    shown = commons(*group, "--help", lang=lang, terminal_width=80).out
    assert not [line for line in shown.splitlines() if line.endswith("...") and "[" not in line]
    assert max(map(len, shown.splitlines())) <= 80
