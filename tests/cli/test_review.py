"""`commons review, split, explain`, as a person calls them; the questions in a real terminal."""

from __future__ import annotations

import csv
import io
import json
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from commons.addresses import short_code
from commons.catalogue.store import Catalogue
from commons.cli.main import cli
from commons.format.proposal import Proposal
from commons.link.judgements import DIFFERENT, SAME
from commons.review.waiting import TAKEN_IN, wait_for
from tests.hostile.making import place
from tests.merge.test_judging import judgement, merged
from tests.merge.unsigned import IDS
from tests.review.conftest import ONE, OTHER, catalogue_of

NO_TERMINAL = sys.platform == "win32"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pool with a question and a joined thing; the catalogue of the member whose record is asked about."""
    folder = tmp_path_factory.mktemp("review")
    key = {"identifiers": ["X-ID:10020"]}
    world = {
        "a": [place("uno", **{**key, "title": "Comedor La Paz"}), place("cinco", title="Biblioteca Sol")],
        "b": [
            place("dos", **{**key, "title": "Cocina de Luz"}),
            place(
                "seis",
                title="Biblioteca del Sol",
                capacity=4,
                latitude_e6=19_355_600,
                longitude_e6=-99_062_100,
            ),
        ],
        "c": [judgement(f"{IDS['a']}/place/cinco", f"{IDS['b']}/place/seis", SAME, reason="Misma puerta")],
    }
    merged(str(folder), world, judges=(IDS["c"],)).close()
    catalogue_of("a", folder).close()
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of both, for one test."""
    for name in ("pool.db", "a.db"):
        shutil.copy(made / name, tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COMMONS_DEBUG", "1")

    def commons(*words: str, lang: str = "en") -> Any:
        return CliRunner().invoke(cli, ["--lang", lang, *words])

    return commons


def verdicts(folder: Path) -> list[object]:
    with Catalogue.open(folder / "a.db") as mine:
        return [r.fields["verdict"] for r in mine.records("judgement")]


def test_questions_are_answered_in_a_sheet(run: Callable[..., Any], folder: Path) -> None:
    """Written, filled in, taken in as one step, undone as one."""
    assert run("review", "pool.db", "--to", "a.db", "--csv", "q.csv").exit_code == 0
    rows = list(csv.reader(io.StringIO((folder / "q.csv").read_text("utf-8-sig"))))
    assert len(rows) == 2
    rows[1][-2] = "different"
    with (folder / "q.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    assert run("review", "pool.db", "--to", "a.db", "--answers", "q.csv").output.startswith("1 answer kept.")
    assert verdicts(folder) == [DIFFERENT]
    assert json.loads(run("review", ".", "--to", "a.db", "--json").output) == []
    assert run("undo", "-c", "a.db").exit_code == 0
    assert verdicts(folder) == []


def test_a_sheet_with_answers_is_not_written_over(run: Callable[..., Any], folder: Path) -> None:
    """One that nobody has filled in is; somebody's work, or any other file, never."""
    again = ("review", "pool.db", "--to", "a.db", "--csv")
    assert run(*again, "q.csv").exit_code == 0 == run(*again, "q.csv").exit_code
    text = (folder / "q.csv").read_text("utf-8-sig")
    kept = (text.rstrip().removesuffix(",") + "distintas,\n").encode()
    (folder / "q.csv").write_bytes(kept)
    for name in ("q.csv", "a.db"):
        before = (folder / name).read_bytes()
        refused = run(*again, name)
        assert refused.exit_code == 2 and "--answers" in refused.output
        assert (folder / name).read_bytes() == before


def test_a_readers_file_becomes_a_question_and_no_judgement(run: Callable[..., Any], folder: Path) -> None:
    """A person looks at it first."""
    joined = (f"{IDS['a']}/place/cinco", f"{IDS['b']}/place/seis")
    (folder / "no.json").write_bytes(Proposal(joined[0], joined[1:]).to_bytes())
    found = json.loads(run("review", ".", "--to", "a.db", "--take", "no.json", "--json").stdout)
    assert [q["kind"] for q in found] == ["proposed", "alike"] and verdicts(folder) == []


def test_a_proposal_that_nobody_would_be_asked_about_is_not_taken_in(
    run: Callable[..., Any], folder: Path
) -> None:
    """Who said so already, and what another organisation alone can say of its own two."""
    own = (f"{IDS['b']}/place/dos", f"{IDS['b']}/place/seis")
    (folder / "no.json").write_bytes(Proposal(own[0], own[1:]).to_bytes())
    refused = run("review", ".", "--to", "a.db", "--take", "no.json")
    assert refused.exit_code == 2 and "both records are of one organisation" in refused.output
    joined = (f"{IDS['a']}/place/cinco", f"{IDS['b']}/place/seis")
    assert run("split", short_code(joined[0]), "--to", "a.db").exit_code == 0
    (folder / "no.json").write_bytes(Proposal(joined[0], joined[1:]).to_bytes())
    refused = run("review", ".", "--to", "a.db", "--take", "no.json")
    assert refused.exit_code == 2 and "you said already" in refused.output
    with Catalogue.open(folder / "a.db") as mine:
        assert TAKEN_IN not in mine.settings


def test_a_reader_who_contradicts_what_was_said_here_is_heard(run: Callable[..., Any], folder: Path) -> None:
    """Once: the answer, whatever it is, ends it."""
    assert run("review", ".", "--to", "a.db", "--csv", "q.csv").exit_code == 0
    text = (folder / "q.csv").read_text("utf-8-sig").rstrip()
    (folder / "q.csv").write_text(text.removesuffix(",") + "the same,\n", "utf-8")
    assert run("review", ".", "--to", "a.db", "--answers", "q.csv").exit_code == 0
    (folder / "no.json").write_bytes(Proposal(ONE, (OTHER,)).to_bytes())
    found = json.loads(run("review", ".", "--to", "a.db", "--take", "no.json", "--json").stdout)
    assert [q["kind"] for q in found] == ["proposed"]
    assert run("review", ".", "--to", "a.db", "--answers", "q.csv").exit_code == 0
    assert json.loads(run("review", ".", "--to", "a.db", "--json").stdout) == []


def test_taking_in_where_nobody_can_answer_is_done_and_waits(run: Callable[..., Any], folder: Path) -> None:
    """As every command says: done, and something waits for a person."""
    joined = (f"{IDS['a']}/place/cinco", f"{IDS['b']}/place/seis")
    (folder / "no.json").write_bytes(Proposal(joined[0], joined[1:]).to_bytes())
    done = run("review", ".", "--to", "a.db", "--take", "no.json")
    assert done.exit_code == 1 and "1 proposal taken in" in done.output and "--csv FILE" in done.output


def test_points_may_be_given_in_either_order(run: Callable[..., Any]) -> None:
    """And where nothing fits, it is said what was asked for and how much is open without it."""
    forth, back = (
        json.loads(run("review", ".", "--to", "a.db", "--score", score, "--json").stdout)
        for score in ("0-500", "500-0")
    )
    assert forth == back and len(forth) == 1
    none = run("review", ".", "--to", "a.db", "--score", "900-950", "--json")
    assert "No open question fits --score 900-950; without it there is 1." in none.stderr
    assert none.exit_code == 0 and json.loads(none.stdout) == []


def test_a_proposal_about_a_record_that_is_not_here_is_refused(run: Callable[..., Any], folder: Path) -> None:
    """Nobody could look at it, and nothing waits for ever."""
    (folder / "no.json").write_bytes(Proposal(ONE, (f"{IDS['b']}/place/nada",)).to_bytes())
    refused = run("review", ".", "--to", "a.db", "--take", "no.json", "--json")
    assert refused.exit_code == 2 and "not in this pool" in refused.output
    with Catalogue.open(folder / "a.db") as mine:
        assert TAKEN_IN not in mine.settings


def test_a_proposal_whose_record_has_gone_blocks_nothing(run: Callable[..., Any], folder: Path) -> None:
    """It is no open question of this pool; it waits, as another pool may have it, until it is dropped."""
    with Catalogue.open(folder / "a.db") as mine:
        wait_for(mine, [(ONE, f"{IDS['b']}/place/nada")])
    told = run("review", ".", "--to", "a.db", "--json")
    assert [q["kind"] for q in json.loads(told.stdout)] == ["alike"] and "--drop-gone" in told.stderr
    assert "1 proposal dropped." in run("review", ".", "--to", "a.db", "--drop-gone").output
    assert "--drop-gone" not in run("review", ".", "--to", "a.db", "--json").stderr


@pytest.mark.parametrize("words", [("review", "."), ("split", short_code(ONE))])
def test_a_command_names_its_own_option_for_the_catalogue(
    run: Callable[..., Any], folder: Path, words: tuple[str, ...]
) -> None:
    """`--catalogue` is none that review or split have."""
    (folder / "a.db").unlink()
    answer = run(*words)
    assert answer.exit_code == 2 and "--to FILE" in answer.output and "--catalogue" not in answer.output


def test_nobody_at_the_terminal_is_told_about_the_sheet(run: Callable[..., Any]) -> None:
    """Nothing waits for an answer that cannot come."""
    answer = run("review", ".", "--to", "a.db")
    assert answer.exit_code == 2 and "--csv" in answer.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("review", ".", "--to", "a.db", "--member", "nadie"), "No member"),
        (("review", ".", "--to", "a.db", "--district", "Narnia"), "no district"),
        (("review", ".", "--to", "a.db", "--score", "mucho"), "not a number of points"),
        (("review", "a.db", "--to", "a.db"), "not a pool"),
        (("review", ".", "--to", "a.db", "--take", "a.db"), "not a proposal"),
        (("review", ".", "--to", "a.db", "--answers", "a.db"), "not a sheet"),
        (("review", ".", "--to", "a.db", "--answers", "nada.csv"), "nada.csv is not there"),
        (("review", ".", "--to", "a.db", "--take", "nada.json"), "nada.json is not there"),
        (("review", "nada", "--to", "a.db"), "no pool at nada"),
        (("review", ".", "--to", "a.db", "--csv", "q.csv", "--answers", "q.csv"), "cannot be given together"),
        (("review", ".", "--to", "a.db", "--csv", "q.csv", "--json"), "--csv and --json"),
        (("review", ".", "--to", "a.db", "--answers", "q.csv", "--score", "90"), "--answers and --score"),
        (("explain", "zzzzzzzz", "title"), "no record"),
        (("explain", short_code(ONE), "colour/s"), "no record"),
        (("split", short_code(ONE), "--to", "a.db"), "nothing to part"),
    ],
)
def test_wrong_input_gets_one_sentence(run: Callable[..., Any], words: tuple[str, ...], says: str) -> None:
    """And changes nothing."""
    answer = run(*words)
    assert answer.exit_code == 2 and says in answer.output and "Traceback" not in answer.output


def test_explain_says_why_two_are_two_and_what_would_change_it(run: Callable[..., Any]) -> None:
    """In words, from the pool alone."""
    said = run("explain", short_code(ONE), OTHER).output
    assert "They are shown as two." in said and "the names contradict each other" in said
    assert "the same official key (X-ID:10020)" in said
    assert "The word of a or b, each for its own record alone: the same." in said


def test_explain_says_who_joined_two(run: Callable[..., Any]) -> None:
    """The judgement, its reason, and what would part them."""
    said = run("explain", f"{IDS['a']}/place/cinco", f"{IDS['b']}/place/seis").output
    assert "They are shown as one." in said and "Misma puerta" in said
    assert "The word of a or b: different." in said
    assert "c, by changing its word: it said “the same”." in said
    assert "The word of a judge" not in said and "other organisation" not in said


def test_explain_says_whose_a_value_is(run: Callable[..., Any]) -> None:
    """The rule, and everybody's word; the link of a page will do."""
    code = short_code(f"{IDS['a']}/place/cinco")
    link = f"https://portal.example/es/f/{code}-biblioteca-sol"
    said = run("explain", link, "capacity").output
    assert "→ 4  · b" in said and "  —  · a" in said


@pytest.fixture
def contested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """One owner and a judge say "the same", the other owner "different"; a third has said "the same", too."""
    key = {"identifiers": ["X-ID:10020"]}
    world = {
        "a": [place("uno", **{**key, "title": "Comedor La Paz"}), judgement(ONE, OTHER, SAME)],
        "b": [place("dos", **{**key, "title": "Cocina de Luz"}), judgement(ONE, OTHER, DIFFERENT)],
        "c": [judgement(ONE, OTHER, SAME)],
    }
    merged(str(tmp_path), world, judges=(IDS["c"],)).close()
    catalogue_of("c", tmp_path).close()
    monkeypatch.chdir(tmp_path)
    return lambda *words, lang="en": CliRunner().invoke(cli, ["--lang", lang, *words])


def test_nobody_is_promised_what_an_owners_word_forbids(contested: Callable[..., Any]) -> None:
    """Whose changed word would do it is said, and no word that was said already."""
    said = contested("explain", ONE, OTHER).output.partition("What would change it:")[2]
    assert said.strip() == "- Only if b changes its word: it said “different”."
    spanish = contested("explain", ONE, OTHER, lang="es").output
    assert "Solo si b cambia su palabra: dijo que son distintas." in spanish


@pytest.mark.parametrize("field", ["street_address", "phones", "title"])
def test_explain_tells_a_program_whose_a_value_is(run: Callable[..., Any], field: str) -> None:
    """Of every field, also of one with bounds or a list, which the schema keeps as it may not be changed."""
    answer = run("explain", f"{IDS['a']}/place/cinco", field, "--json")
    found = json.loads(answer.stdout)
    assert found["field"] == field and {v["member"] for v in found["voices"]} == {IDS["a"], IDS["b"]}


def test_explain_knows_a_record_by_any_members_title(run: Callable[..., Any]) -> None:
    """Not only by the one that is shown."""
    for title in ("biblioteca del sol", "Biblioteca Sol"):
        assert "→ 4  · b" in run("explain", title, "capacity").output
    said = run("explain", "Biblioteca Sol", "Biblioteca del Sol").output
    assert "They are shown as one." in said and "/place/cinco" in said and "/place/seis" in said


def test_explain_speaks_of_the_position_as_a_question_does(run: Callable[..., Any]) -> None:
    """One field on the screen is two in the file."""
    assert "→ 19.35560, -99.06210  · b" in run("explain", "Biblioteca Sol", "Posición", lang="es").output
    assert json.loads(run("explain", "Biblioteca Sol", "position", "--json").stdout)["field"] == "position"


def test_what_is_neither_a_record_nor_a_field_is_said_to_be_neither(run: Callable[..., Any]) -> None:
    """A word may be meant as either."""
    answer = run("explain", "Biblioteca Sol", "zapatos", lang="es")
    assert answer.exit_code == 2 and "No hay ficha ni campo «zapatos»" in answer.output


def test_split_writes_judgements_that_can_be_undone(run: Callable[..., Any], folder: Path) -> None:
    """Into the judge's own catalogue; the next release carries them."""
    code = short_code(f"{IDS['a']}/place/cinco")
    answer = run("split", code, "--to", "a.db", "--because", "Otra calle")
    assert answer.exit_code == 0 and "≠" in answer.output
    with Catalogue.open(folder / "a.db") as mine:
        (said,) = mine.records("judgement")
        assert said.fields["verdict"] == DIFFERENT and said.fields["reason"] == "Otra calle"
    assert run("undo", "-c", "a.db").exit_code == 0 and verdicts(folder) == []


@pytest.fixture
def terminal(folder: Path) -> Iterator[Callable[[str], str]]:
    """`commons review` in a terminal of 80 columns; `press(keys, wait)` gives what the screen shows since."""
    import pty

    pid, screen = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ.update(TERM="xterm", COLUMNS="80", LINES="40", COMMONS_LANG="es", NO_COLOR="1")
        os.execv(sys.executable, [sys.executable, "-m", "commons", "review", ".", "--to", "a.db"])

    def press(keys: str, wait: str) -> str:
        os.write(screen, keys.encode())
        said, until = "", time.monotonic() + 60
        while wait not in said and time.monotonic() < until:
            if select.select([screen], [], [], 0.2)[0]:
                try:
                    said += os.read(screen, 65_536).decode(errors="replace")
                except OSError:  # Linux's way to say that the other end has gone
                    break
        assert wait in said, said
        return said

    press.pid, press.screen = pid, screen  # type: ignore[attr-defined]
    yield press  # type: ignore[misc]
    os.close(screen)
    os.kill(pid, signal.SIGKILL)  # whatever it still waits for
    os.waitpid(pid, 0)


@pytest.mark.skipif(NO_TERMINAL, reason="no pseudo-terminal here")
def test_a_person_answers_undoes_and_leaves_in_a_terminal(
    terminal: Callable[[str, str], str], folder: Path
) -> None:
    """One key each; signs and not colours mark what differs; the answer is kept at once."""
    first = terminal("", "salir")
    assert "¿Son lo mismo? (Lugar)" in first and "Comedor La Paz" in first and "\x1b[" not in first
    assert max(len(line.rstrip("\r")) for line in first.split("\n")) <= 80
    assert "No hay nada que deshacer." in terminal("z", "[q] salir")
    terminal("\x1b[A\x1bOPñp", "Por qué:")  # neither arrows nor letters without a meaning are answers
    terminal("Llamé\r", "[q] salir")
    said = terminal("i", "commons undo")
    assert (
        "entrega: commons release" in said
        and "1 respondida (1 son lo mismo)." in said
        and "Quedan 0 preguntas." in said
    )
    assert verdicts(folder) == [SAME]
    with Catalogue.open(folder / "a.db") as mine:
        assert [r.fields["reason"] for r in mine.records("judgement")] == ["Llamé"]


@pytest.mark.skipif(NO_TERMINAL, reason="no pseudo-terminal here")
def test_whoever_stops_and_goes_on_sees_the_question_again(terminal: Any, folder: Path) -> None:
    """After Ctrl-Z and `fg` the shell has given the terminal back in its own way: lines and echoes."""
    import termios

    terminal("", "[q] salir")
    os.kill(terminal.pid, signal.SIGSTOP)
    os.waitpid(terminal.pid, os.WUNTRACED)
    lines = termios.tcgetattr(terminal.screen)
    lines[3] |= termios.ICANON | termios.ECHO
    termios.tcsetattr(terminal.screen, termios.TCSANOW, lines)
    os.kill(terminal.pid, signal.SIGCONT)
    assert "Comedor La Paz" in terminal("", "[q] salir")
    assert "Comedor La Paz" in terminal("\f", "[q] salir")
    assert "1 respondida" in terminal("d", "entrega: commons release")
    assert verdicts(folder) == [DIFFERENT]
