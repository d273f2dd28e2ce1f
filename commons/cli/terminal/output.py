"""How every command speaks: answers on stdout, the rest on stderr, questions only to a person.

Shared by all command groups; knows no rule of the commons. A command that a program may read takes
`json_option` and prints with `show_json`; then nothing else goes to stdout.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TextIO

import click

from commons.commands import command, word
from commons.errors import InputError
from commons.findings import KINDS, Finding
from commons.messages import N_, in_language, ngettext, translate
from commons.schema.spec import load_schema

if TYPE_CHECKING:
    from commons.catalogue.store import Catalogue

FINDINGS = 1  # exit code: done, but something waits for a person
SHOWN_PER_CODE = 10
MOST_LISTED = 1_000_000  # of a list that somebody asks for
MOST_OF_A_DEFAULT = 60
_COMMANDING = re.compile(
    r"\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
HINTS_EACH = 3  # more findings of a kind show one next step as an example
_MARKS = {"error": N_("error"), "warning": N_("please look"), "note": N_("note")}
_ORDER = {"error": 0, "warning": 1, "note": 2}


@dataclass(eq=False)
class NotConfirmed(InputError):
    """A question had to be asked and nobody was there to answer."""

    question: str
    template: ClassVar[str] = N_("This needs an answer: {question}")
    hint_template: ClassVar[str] = N_("Where nobody can answer, add --yes.")


@dataclass(eq=False)
class NoCatalogueHere(InputError):
    """No catalogue was named and none lies in the current folder."""

    folder: Path
    option: str = "--catalogue"
    template: ClassVar[str] = N_("There is no catalogue in {folder}.")
    hint_template: ClassVar[str] = N_(
        "Go to its folder, name it with {option} FILE, or make a new one with: commons init"
    )

    @property
    def hint(self) -> str:
        """Where only backups lie, how the catalogue is had again."""
        kept = next((p for p in sorted(self.folder.glob("*-respaldos")) if any(p.glob("*.db"))), None)
        if kept is None:
            return super().hint
        text = translate(
            N_("Its backups are still here. To have it again, with the recovery sheet: {command}")
        )
        return text.format(command=command("keys", "recover", kept.name))


@dataclass(eq=False)
class SeveralCatalogues(InputError):
    """No catalogue was named and there is more than one to choose from."""

    names: str
    option: str = "--catalogue"
    template: ClassVar[str] = N_("There are several catalogues here: {names}.")
    hint_template: ClassVar[str] = N_("Say which one with {option} FILE.")


def say(text: str = "") -> None:
    """One part of the answer, on stdout."""
    click.echo(harmless(text))


def tell(text: str = "") -> None:
    """What accompanies the answer (what was done, what to do next), on stderr."""
    click.echo(_wrapped(harmless(text), stream=sys.stderr), err=True)


def harmless(text: str) -> str:
    """The text without what commands a terminal, or lets it show another order: strangers choose names of
    files. Bold and the like stay, which are our own."""
    return _COMMANDING.sub("\N{REPLACEMENT CHARACTER}", text)


def show_json(value: object) -> None:
    """The answer for a program: JSON, UTF-8, sorted keys."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str))


def now() -> datetime:
    """The moment of this command, in UTC."""
    return datetime.now(UTC)


def interactive() -> bool:
    """Whether a person sits at the other end."""
    return sys.stdin.isatty() and sys.stderr.isatty()


json_option = click.option("--json", "as_json", is_flag=True, help=N_("Answer in JSON, for programs."))
yes_option = click.option("--yes", "-y", is_flag=True, help=N_("Do it without asking."))
catalogue_option = click.option(
    "--catalogue",
    "-c",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Which catalogue; not needed where the folder holds only one."),
)


def find_catalogue(given: Path | None, option: str = "--catalogue") -> Path:
    """The catalogue that is meant: named, from COMMONS_CATALOGUE, or the only one in this folder.

    `option`: how this command lets it be named.

    Raises NoCatalogueHere, SeveralCatalogues.
    """
    named = given or (Path(os.environ["COMMONS_CATALOGUE"]) if os.environ.get("COMMONS_CATALOGUE") else None)
    if named is not None:
        return named
    found = sorted(path for path in Path().glob("*.db") if is_catalogue(path))
    if not found:
        raise NoCatalogueHere(Path().resolve(), option)
    if len(found) > 1:
        raise SeveralCatalogues(", ".join(path.name for path in found), option)
    return found[0]


def own_command(catalogue: Path, *words: object) -> str:
    """A command about this catalogue, to be copied: names it where the bare words would mean another one, or
    could mean several."""
    return command(*words, *_named(catalogue))


def _named(catalogue: Path) -> tuple[object, ...]:
    """What a command must add to be about this catalogue."""
    try:
        bare = find_catalogue(None).samefile(catalogue)
    except (InputError, OSError):
        bare = False
    return () if bare else ("--catalogue", catalogue)


@contextmanager
def opened(given: Path | None) -> Iterator[Catalogue]:
    """The catalogue that is meant, open; closed as one plain file whatever happens."""
    from commons.catalogue.store import Catalogue  # late: who merges or publishes opens none

    with Catalogue.open(find_catalogue(given)) as catalogue:
        yield catalogue


def confirm(question: str, *, yes: bool) -> bool:
    """Ask before something that a person should see first; `yes` answers for them.

    Raises NotConfirmed where nobody can be asked.
    """
    if yes:
        return True
    if not interactive():
        raise NotConfirmed(question)
    return ask_yes(question)


def ask_yes(question: str) -> bool:
    """Yes or no, until it is one of them; the empty answer is no."""
    while True:
        answer = ask(f"{question} {translate('[y/N]')}").casefold()
        if answer in ("s", "si", "sí", "y", "yes"):
            return True
        if answer in ("", "n", "no"):
            return False
        tell(translate(N_("Please answer yes or no.")))


def ask(question: str, *, default: str = "") -> str:
    """A line typed by a person; the default where nothing is typed."""
    brief = default.replace("\n", " ⏎ ")
    brief = brief if len(brief) <= MOST_OF_A_DEFAULT else brief[:MOST_OF_A_DEFAULT] + "…"
    shown = f"{question} [{brief}]" if default.strip() else question
    answer = click.prompt(
        shown,
        default=default,
        show_default=False,
        prompt_suffix=" " if shown.endswith("?") else ": ",
        err=True,
    )
    return str(answer).strip()


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Within the block, `advance(n)` moves a line on stderr; silent where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda n: None
        return
    done, shown = 0, -1

    def advance(n: int) -> None:
        nonlocal done, shown
        done += n
        state = done * 100 // total if total else done
        if state != shown:
            shown = state
            click.echo(f"\r{label} {state}{'%' if total else ''}", nl=False, err=True)

    try:
        advance(0)
        yield advance
    finally:
        click.echo("\r" + " " * (len(label) + 12) + "\r", nl=False, err=True)


def show_findings(
    findings: Sequence[Finding],
    *,
    limit: int = SHOWN_PER_CODE,
    saved: bool = False,
    catalogue: Path | None = None,
) -> None:
    """Findings on stdout: the gravest first, one block per kind, its next step once.

    `saved`: what they are about was kept all the same, so that no line begins with "error". `catalogue`: the
    one that they are about, which their commands name where they must.
    """
    if catalogue is not None and (own := _named(catalogue)):
        named = {"own": "".join(f" {word(each)}" for each in own)}
        findings = [dataclasses.replace(f, details={**f.details, **named}) for f in findings]
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    for code, group in sorted(by_code.items(), key=lambda item: _ORDER[KINDS[item[0]].level]):
        hints = list(dict.fromkeys(labelled(finding).hint for finding in group))
        each = len(hints) > 1 and len(group) <= HINTS_EACH
        level = KINDS[code].level
        if saved and level == "error":
            level = "warning"
        mark = translate(_MARKS[level])
        for finding in group[:limit]:
            say(_wrapped(f"{mark}: {_where(finding)}{labelled(finding).sentence}"))
            if each:
                _say_hint(labelled(finding).hint)
        if len(group) > limit:
            more = len(group) - limit
            say("  " + ngettext("… and {n} more like it", "… and {n} more like them", more).format(n=more))
        if not each:
            _say_hint(hints[0])
        say()


def _say_hint(hint: str) -> None:
    if hint:
        say(_wrapped(f"→ {hint}", "  "))


def labelled(finding: Finding) -> Finding:
    """The finding with its field's name as people know it."""
    rtype = load_schema().types.get(finding.type or "")
    field = rtype.fields.get(finding.field or "") if rtype else None
    return finding if field is None else dataclasses.replace(finding, field=in_language(field.title))


def _where(finding: Finding) -> str:
    """The row of a sheet, or the record, unless the sentence names it itself."""
    if finding.row is not None:
        if "{row}" in KINDS[finding.code].sentence:
            return ""
        place = translate(N_("row {row}, {column}: ") if finding.column else N_("row {row}: "))
        return place.format(row=finding.row, column=finding.column)
    if finding.record is None or "{record}" in KINDS[finding.code].sentence:
        return ""
    return f"{finding.type}/{finding.record}: " if finding.type else f"{finding.record}: "


def findings_json(findings: Iterable[Finding]) -> list[dict[str, object]]:
    """Findings for a program, each with its sentence in the current language."""
    return [{**f.to_json(), "sentence": labelled(f).sentence, "hint": labelled(f).hint} for f in findings]


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table that fits the terminal: the widest column gives way; to a file or pipe it is not cut."""
    table = [[str(cell) for cell in row] for row in rows]
    widths = [max([columns(h), *(columns(row[n]) for row in table)]) for n, h in enumerate(headings)]
    if sys.stdout.isatty():
        room = shutil.get_terminal_size().columns - 2 * (len(widths) - 1)
        while sum(widths) > room and max(widths) > 12:
            widths[widths.index(max(widths))] -= 1
    for row in [list(headings), *table]:
        cells = [_fit(cell, width) for cell, width in zip(row, widths, strict=True)]
        say("  ".join(cells).rstrip())


def columns(text: str) -> int:
    """How many columns a text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def _fit(text: str, width: int) -> str:
    text = text.replace("\n", " ")
    if columns(text) > width:
        while columns(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - columns(text))


def _wrapped(text: str, indent: str = "", *, stream: TextIO | None = None) -> str:
    """Broken at words for a person's terminal; whole lines for a file or a program."""
    if not (stream or sys.stdout).isatty() or "\n" in text:
        return indent + text
    width = min(shutil.get_terminal_size().columns, 100)
    if len(indent + text) <= width:
        return indent + text
    return textwrap.fill(
        text, width, initial_indent=indent, subsequent_indent=indent + "  ", break_long_words=False
    )


def is_catalogue(path: Path) -> bool:
    """Whether a file says of itself that it is one; a pool or another database is not."""
    try:
        with path.open("rb") as file:
            return file.read(72)[68:72] == b"COMN"
    except OSError:
        return False


Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
