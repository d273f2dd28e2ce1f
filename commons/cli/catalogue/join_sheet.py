"""The questions of two copies as a sheet, in the reader's language, and the answers read back. Joins nothing.

One row a question; whoever fills it in writes a or b into the last column. The column before it says, for the
program, which question it is: headings and names may be translated, that one stays.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, cast

from commons.catalogue.errors import CatalogueExists
from commons.catalogue.join import Question, Side
from commons.errors import InputError
from commons.format.container import write_bytes
from commons.imports.loading.error_file import guarded
from commons.messages import LANGUAGES, N_, ngettext, speaking, translate
from commons.schema.vocabularies import fold

_KEY, _CHOICE = N_("Key (leave it as it is)"), N_("Choose: a or b")
_COLUMNS = (
    N_("Type"), N_("Name"), N_("What"), "a", "b", N_("Changed in a"), N_("Changed in b"), _KEY, _CHOICE,
)  # fmt: skip
Answers = Mapping[tuple[str, str, str], Side]
Told = Callable[[Question], tuple[str, ...]]


@dataclass(eq=False)
class NotAnswers(InputError):
    """A sheet of answers cannot be read."""

    path: Path
    template: ClassVar[str] = N_("{path} is not a sheet of answers for this.")
    hint_template: ClassVar[str] = N_(
        "Make one with --questions FILE, write a or b into its last column and save it as CSV."
    )


@dataclass(eq=False)
class NoSuchAnswer(InputError):
    """A row of a sheet of answers says neither a nor b, or not any more which question it is."""

    path: Path
    row: int
    answer: str
    template: ClassVar[str] = N_("Row {row} of {path} cannot be read: «{answer}». Nothing was joined.")
    hint_template: ClassVar[str] = N_(
        "Write a or b into the last column, or leave it empty, and let the column before it as it was."
    )


def write_questions(path: Path, questions: Iterable[Question], told: Told) -> None:
    """Write the sheet; UTF-8 with a mark, so that Excel shows accents.

    Args:
        told: type, name, what, a, b and when each was changed, as a person reads them.

    Raises CatalogueExists.
    """
    if path.exists():
        raise CatalogueExists(path)
    text = io.StringIO(newline="")
    sheet = csv.writer(text)
    sheet.writerow([translate(column) for column in _COLUMNS])
    for question in questions:
        sheet.writerow([guarded(cell) for cell in (*told(question), " ".join(question.key), "")])
    write_bytes(path, text.getvalue().encode("utf-8-sig"))


def questions_written(n: int, path: Path) -> str:
    """What to do with it."""
    text = ngettext(
        "{n} question is in {path}: write a or b in its last column, then --answers {path}",
        "{n} questions are in {path}: write a or b in the last column, then --answers {path}",
        n,
    )
    return text.format(n=n, path=path)


def read_answers(path: Path) -> dict[tuple[str, str, str], Side]:
    """The answers of a sheet, made in whichever language. Raises NotAnswers, NoSuchAnswer, OSError."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")  # what Excel writes where it is not told otherwise
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    headings = [fold(heading) for heading in next(rows, [])]
    key_at, choice_at = (_place(headings, column) for column in (_KEY, _CHOICE))
    if key_at is None or choice_at is None:
        raise NotAnswers(path)
    found: dict[tuple[str, str, str], Side] = {}
    for number, row in enumerate(rows, start=2):
        cells = [*row, *[""] * len(headings)]
        choice, key = cells[choice_at].strip().casefold(), cells[key_at].strip().split(" ", 2)
        if not choice:
            continue
        if choice not in ("a", "b") or len(key) < 2:
            raise NoSuchAnswer(path, number, cells[choice_at].strip())
        found[key[0], key[1], key[2] if len(key) > 2 else ""] = cast(Side, choice)
    return found


def _place(headings: list[str], column: str) -> int | None:
    for lang in LANGUAGES:
        with speaking(lang):
            name = fold(translate(column))
        if name in headings:
            return headings.index(name)
    return None
