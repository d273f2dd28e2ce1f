"""What the docs tell people to type: the program can read every command line, and those that need no net and
no conversation are run, page by page, in the order in which they stand."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from commons.cli.main import cli
from commons.errors import CommonsError
from commons.messages import speaking

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "es").glob("*.md")),
]
FENCE = re.compile(r"^( *)```(?:sh|console)\n(.*?)^\1```", re.S | re.M)
ANY_FENCE = re.compile(r"^ *```.*?^ *```", re.S | re.M)
INDENTED = re.compile(r"^    (commons .*)$", re.M)
SURE = '--by Ana --how "en persona"'
WORDS = "--words-file hoja.html --sheet nueva.html --yes"


def blocks(page: Path) -> Iterator[list[str]]:
    """The lines of each block of commands, without prompts and remarks."""
    for _indent, block in FENCE.findall(page.read_text("utf-8")):
        lines = [re.sub(r"\s+# .*", "", line.strip().removeprefix("$ ")) for line in block.splitlines()]
        yield [part.strip() for line in lines for part in line.split("&&") if part.strip()]


def mentioned(page: Path) -> Iterator[str]:
    """Commands within sentences, and indented ones."""
    text = page.read_text("utf-8")
    yield from (" ".join(said.split()) for said in re.findall(r"`(commons [^`]*)`", ANY_FENCE.sub("", text)))
    yield from INDENTED.findall(ANY_FENCE.sub("", text))


def read(words: list[str]) -> None:
    """Let the command take its arguments, without doing anything. Raises click.UsageError."""
    command: click.Command = cli
    context = click.Context(command)
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
        if not words:
            return
    command.make_context(context.info_name, list(words))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_command_in_the_docs_is_one_of_the_program(page: Path) -> None:
    """Commands, options and their values exist; whole lines lack no argument."""
    for line in (line for block in blocks(page) for line in block if line.startswith("commons ")):
        read(shlex.split(line)[1:])
    for line in mentioned(page):
        try:
            read([word.strip("[]") for word in shlex.split(line)[1:]])
        except (
            click.MissingParameter,
            CommonsError,
        ):  # a sentence names a command and not all that it is told
            continue


Run = Callable[..., None]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one line in the current folder: 0 (done) or 1 (done, something to look at)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COMMONS_CATALOGUE", raising=False)

    def _run(line: str, more: str = "") -> None:
        if not line.startswith("commons "):
            subprocess.run(shlex.split(line), check=True)
            return
        with speaking("es"):
            done = CliRunner().invoke(cli, ["--lang", "es", *shlex.split(f"{line} {more}")[1:]])
        assert done.exit_code in (0, 1), f"{line} {more}\n{done.output}"

    return _run


def play(run: Run, page: str, answers: Mapping[str, str | None], change: Mapping[str, str]) -> list[str]:
    """Run a page's lines, and give those that were run.

    Args:
        answers: what a person would be asked, by the beginning of a line (None: it is not run).
        change: what a reader puts into the place of an example.
    """
    ran = []
    for line in (line for block in blocks(ROOT / "docs" / page) for line in block):
        more = next((more for begun, more in answers.items() if line.startswith(begun)), "")
        if more is not None:
            for text, other in change.items():
                line = line.replace(text, other)
            run(line, more)
            ran.append(line)
    return ran


def catalogue(run: Run, file: str, name: str, *records: str) -> None:
    """A catalogue `file`.db, its sheet and its first release, `file`.entrega."""
    run(f'commons init {file} --name "{name}" --territory cdmx --sheet {file}.html --yes')
    for record in records:
        run(f"commons add {record} -c {file}.db")
    run(f"commons release --out {file}.entrega --yes -c {file}.db")


def member(file: str) -> str:
    answer = CliRunner().invoke(cli, ["keys", "show", "--json", "-c", file])
    found = re.search(r'"member": "(\w+)"', answer.output)
    assert found is not None
    return found[1]


def test_keeping_a_catalogue(run: Run) -> None:
    """docs/es/catalogo.md, from an empty folder; the copy on a stick is made where the page speaks of it."""
    answers = {
        "commons init": 'comedor --name "Comedor Ejemplo" --sheet hoja.html --yes',
        'commons add service "': "",
        "commons add service": '"Nombre=Taller" "Teléfono personal=55 5555 0102"',
        "commons join": "--yes",
    }

    def step(line: str, more: str = "") -> None:
        if line.endswith("--dry-run"):
            Path("usb").mkdir()
            shutil.copy("comedor.db", "usb")
            run("commons edit asesoria-legal Descripción=Gratis -c usb/comedor.db")
        run(line, more)

    assert len(play(step, "es/catalogo.md", answers, {"/media/usb": "usb"})) >= 15
    run("commons show asesoria-legal")


def test_sharing(run: Run) -> None:
    """docs/es/compartir.md: looked at, shared, a person forgotten, a neighbour vouched for."""
    Path("otra").mkdir()
    catalogue(run, "otra/huerto", "Huerto Las Flores")
    shutil.move("otra/huerto.entrega", "huerto.entrega")
    catalogue(run, "comedor", "Comedor Ejemplo", '"service" "Nombre=Clínica" "Contacto=Ana Ejemplo"')
    run("commons add place Nombre=Casa")
    answers = {
        "commons release --dry-run": "",
        "commons release": "--yes",
        "commons forget \"Ana Ejemplo\" 5512345678 --dry-run": "",
        "commons forget": "--yes",
        "commons vouch": "--yes",
    }  # fmt: skip
    assert len(play(run, "es/compartir.md", answers, {})) == 5


def test_lost_and_found(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/es/llaves.md: each case on a computer that has what the page says, and nothing else."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    catalogue(run, "comedor", "Comedor Ejemplo", "place Nombre=Casa")
    run('commons init huerto --name "Casa del Maíz" --for "Huerto Las Flores" --sheet h.html --yes')
    run("commons release --out huerto-7.entrega --yes -c huerto.db")
    run("commons backup --to copia.db -c comedor.db")
    shutil.copy("comedor.entrega", "comedor-12.entrega")
    for n, block in enumerate(blocks(ROOT / "docs" / "es" / "llaves.md")):
        monkeypatch.chdir(_computer(home, tmp_path / str(n), block))
        for line in block:
            answers = {
                "commons keys recover": WORDS,
                "commons init": "--sheet nueva.html --yes",
                "commons vouch": "--yes",
                "commons release": "--yes",
            }
            more = next(more for begun, more in answers.items() if line.startswith(begun))
            key = member("nuevo.db") if "CLAVE" in line else ""
            run(line.replace("CLAVE", key), more)
    assert n >= 5


def _computer(home: Path, folder: Path, block: list[str]) -> Path:
    """A folder with the files that the lines of a block name, and the sheet that is meant."""
    folder.mkdir()
    for name in re.findall(r"[\w-]+\.(?:db|entrega)", " ".join(block)):
        if (home / name).exists():
            shutil.copy(home / name, folder)
            key = (home / name).with_suffix(".key")
            if key.exists():
                shutil.copy(key, folder)
    sheet = "h.html" if "huerto" in " ".join(block) else "comedor.html"
    shutil.copy(home / sheet, folder / "hoja.html")
    return folder


@pytest.mark.parametrize("page", ["federation.md", "es/federacion.md"])
def test_running_a_federation(page: str, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From an empty folder to the handover; who calls on the telephone is there, too."""
    for folder in ("a", "b", "c", "Downloads", "entregas", "elsewhere"):
        Path(folder).mkdir()
    refuge = 'place --id refugio Nombre=Refugio "Teléfonos=55 5555 0101"'
    catalogue(run, "a/comedor", "Comedor La Paz", refuge)
    catalogue(run, "b/huerto", "Huerto Las Flores")
    catalogue(run, "c/otro", "Huerto Las Flores")
    shutil.move("a/comedor.entrega", "comedor.entrega")
    shutil.move("b/huerto.entrega", "Downloads/x (1).entrega")
    change = {"k3v7…": member("a/comedor.db"), "--at 12": "--at 1"}
    change |= {"~/Downloads": "Downloads", "~/Descargas": "Downloads"}

    def step(line: str, more: str = "") -> None:
        if line.startswith(
            "commons federation decline"
        ):  # one more of that name asks, after the first was accepted
            run("commons inbox c -f ciudad")
        if line.startswith("commons federation succeed"):
            run("commons init nuevo --continue comedor.entrega --sheet n.html --yes")
            run("commons release --yes -c nuevo.db --out nuevo.entrega")
            run(f'commons federation add nuevo.entrega --name "Comedor La Paz (2)" -f ciudad {SURE}')
        if line.startswith("commons federation takeover"):
            shutil.move("ciudad.zip", "elsewhere")
            monkeypatch.chdir(tmp_path / "elsewhere")
        run(line, more)

    answers = {
        "commons federation decline": "--yes",
        "commons federation resume": "--yes",
        'commons federation succeed "Comedor La Paz" "Comedor La Paz (2)" --vouched': None,  # by two others
        "commons serve": None,
    }
    assert len(play(step, page, answers, change)) >= 22


@pytest.mark.parametrize(
    ("publishing", "verifying"), [("publishing.md", "verifying.md"), ("es/publicar.md", "es/comprobar.md")]
)
def test_publishing_and_checking(run: Run, publishing: str, verifying: str) -> None:
    """On a federation of one member that has shared twice."""
    Path("a").mkdir()
    catalogue(run, "a/comedor", "Comedor La Paz", "place Nombre=Casa")
    run('commons federation new ciudad --name "Ciudad" --territory cdmx')
    run(f"commons federation add a/comedor.entrega -f ciudad {SURE}")
    run("commons merge -f ciudad")
    run("commons publish folder --pool ciudad/pool.db --out portal")
    run("commons add place Nombre=Otra -c a/comedor.db")
    run("commons release --out dos.entrega --yes -c a/comedor.db")
    run("commons inbox . -f ciudad")
    run("commons merge -f ciudad")
    local = {"commons serve": None, "commons verify https": None, "commons witness https": None}
    assert len(play(run, publishing, local, {"/srv/portal": "portal"})) >= 6
    shutil.copy("ciudad/pool.db", "pool.db")
    assert len(play(run, verifying, local, {})) >= 2
