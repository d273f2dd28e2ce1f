"""Whatever is typed wrong, each command says so in a sentence, with a next step and a truthful exit code."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from commons.cli.main import cli
from commons.format import container
from commons.messages import speaking
from tests.cli.conftest import Answer
from tests.hostile.making import Member, place, release

FILES = (
    "no/such/file",
    "folder",
    "text.txt",
    "empty",
    "broken.yaml",
    "cut.db",
    "paz.db",
    "fed/pool.db",
    "x.entrega",
)
TEXTS = ("", "nada", "9" * 20, "ñandú 🩷", "2026-13-45", "a" * 3_000, "{member}", "../..", "\x1b[31mx")
ENGLISH = re.compile(r"\b(the|cannot|There is|This|with|must|expected|invalid|Error|argument)\b")
ENDLESS = {"serve"}  # shows a portal until somebody stops it


def leaves(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from leaves(inner, (*path, name))


COMMANDS = [(path, command) for path, command in leaves(cli) if path[0] not in ENDLESS]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue, a federation with its pool, and files that are something else than they should be."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        container.write_file(folder / "x.entrega", release(Member("Comedor La Paz"), [place("a")]))
        for line in (
            "init paz --name Paz --territory cdmx --sheet sheet.html --yes",
            "add service Nombre=Sopa --id sopa",
            "federation new fed --name Ciudad --territory cdmx",
            "federation add x.entrega -f fed --by Ana --how x",
            "merge -f fed",
        ):
            assert typed(*line.split()).exit_code in (0, 1), line
    (folder / "folder").mkdir()
    (folder / "text.txt").write_text("hola", "utf-8")
    (folder / "empty").touch()
    (folder / "broken.yaml").write_text("a: [b", "utf-8")
    (folder / "cut.db").write_bytes((folder / "paz.db").read_bytes()[:5_000])
    return folder


def typed(*words: str) -> Result:
    with speaking("es"):
        return CliRunner().invoke(cli, ["--lang", "es", *words])


def trials(command: click.Command) -> Iterator[list[str]]:
    """Nothing, too much, and each argument and option with values that it cannot have meant."""
    files, texts = cycle(FILES), cycle(TEXTS)

    def wrong(parameter: click.Parameter) -> list[str]:
        path = isinstance(parameter.type, click.Path)
        return [next(files if path else texts) for _ in range(2)]

    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    usual = ["text.txt" if isinstance(p.type, click.Path) else "service/sopa" for p in arguments]
    yield from ([], ["--nothing"], ["a", "b", "c", "d", "e"], [*usual, "--catalogue"])
    for n, argument in enumerate(arguments):
        yield from ([*usual[:n], value, *usual[n + 1 :]] for value in wrong(argument))
    for option in command.params:
        if isinstance(option, click.Option) and not option.is_flag:
            yield from ([*usual, option.opts[0], value] for value in wrong(option))


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _c in COMMANDS])
def test_no_wrong_word_ends_in_a_traceback_or_without_a_next_step(
    path: tuple[str, ...],
    command: click.Command,
    world: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In Spanish, of which no sentence is half English; 0 or 1 where it could be done after all."""
    monkeypatch.setenv("COMMONS_DEBUG", "1")
    for n, words in enumerate(trials(command)):
        here = tmp_path / str(n)
        shutil.copytree(world, here)
        monkeypatch.chdir(here)
        names = {name for p in command.params for name in p.opts}
        given = [*(("-f", "fed") if "-f" in names and "-f" not in words else ()), *words]
        done = typed(*path, *given)
        assert done.exception is None or isinstance(done.exception, SystemExit), (given, done.exception)
        assert done.exit_code in (0, 1, 2, 3), given
        if done.exit_code in (2, 3):
            assert "→" in done.stderr or "--help" in done.stderr, (given, done.stderr)
            said = re.sub(r"«[^»]*»|'[^']*'", "", done.stderr)
            assert not ENGLISH.search(said), (given, done.stderr)
        shutil.rmtree(here)


def test_an_empty_name_is_no_file(commons: Callable[..., Answer], tmp_path: Path) -> None:
    """A script whose variable is empty must not mean this folder."""
    for words in (["init", "", "--name", "Paz"], ["list", "-c", ""], ["release", "--out", ""]):
        said = commons(*words, lang="es")
        assert said.code == 2 and "aquí falta un nombre" in said.err
    assert not any(tmp_path.iterdir())


def test_a_catalogue_says_nothing_of_itself_that_no_release_could(
    commons: Callable[..., Answer], tmp_path: Path
) -> None:
    """It would wait as a draft, unseen until the first release is refused."""
    for option, value in (("--language", "no idea"), ("--licence", " "), ("--name", "x" * 3_000)):
        said = commons("init", "paz", "--name", "Paz", option, value, "--print-words", "--yes")
        assert said.code == 2 and "→" in said.err
    assert not any(tmp_path.iterdir())


def test_what_was_typed_wrong_is_not_obeyed_by_the_terminal(commons: Callable[..., Answer]) -> None:
    """Nor by the sentence that repeats it, whoever writes the sentence."""
    said = commons("list", "--limit", "\x1b[8m\u202e3")
    assert said.code == 2 and not {"\x1b", "\u202e"} & set(said.err)


def test_a_script_may_say_yes_where_nothing_is_asked(kitchen: Callable[..., Answer]) -> None:
    """commons undo asks nothing; --yes, which scripts add everywhere, is no mistake."""
    kitchen("add", "service", "title=Sopa", "--id", "sopa")
    assert kitchen("undo", "--yes").code == 0
