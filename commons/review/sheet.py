"""Questions as a sheet that can be answered in any spreadsheet, and the answers taken in again. Pure.

One row a question; whoever fills it in writes in the columns Answer and Reason only. A row without an answer
is a question that stays open.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from commons import evidence
from commons.errors import InputError
from commons.findings import Finding
from commons.imports.error_file import guarded
from commons.messages import LANGUAGES, N_, in_language, language, speaking, translate
from commons.review.answers import Given
from commons.review.questions import ALIKE, RELATION, Ask, Question, Side
from commons.schema import vocabularies
from commons.schema.spec import load_schema

MAX_BYTES = 16 * 1024 * 1024
A, B, RELATION_COLUMN, ANSWER, REASON = (
    N_("Record A"),
    N_("Record B"),
    N_("Relation"),
    N_("Answer"),
    N_("Reason"),
)
_SIDE = (N_("Name {side}"), N_("Who says so {side}"), N_("Where {side}"), N_("How to reach it {side}"))
_COLUMNS = (A, B, N_("Type"), *_SIDE, *_SIDE, N_("Speaks for it"), N_("Speaks against it"), N_("Why asked"),
            N_("Points"), RELATION_COLUMN, ANSWER, REASON)  # fmt: skip
_YES, _NO = frozenset({"si", "yes", "s", "y"}), frozenset({"no", "n"})


@dataclass(eq=False)
class NotAnswers(InputError):
    """The file is no sheet of answers."""

    path: str
    template: ClassVar[str] = N_("{path} is not a sheet of answers.")
    hint_template: ClassVar[str] = N_(
        "Make one with: commons review POOL --csv FILE. Keep its first row, and save it as CSV."
    )


def to_csv(questions: Iterable[Question]) -> bytes:
    """The sheet, in the current language; UTF-8 with a mark, so that Excel shows accents."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_headings())
    for question in questions:
        writer.writerow([guarded(cell) for cell in _cells(question)])
    return out.getvalue().encode("utf-8-sig")


def _headings() -> list[str]:
    sides = iter([*"A" * len(_SIDE), *"B" * len(_SIDE)])
    return [translate(c).format(side=next(sides)) if c in _SIDE else translate(c) for c in _COLUMNS]


def _cells(question: Question) -> list[str]:
    ask = question.ask
    pro, contra = evidence.parts(ask.evidence)
    relation = load_schema().label("relation_kinds", ask.relation, language()) if ask.relation else ""
    return [
        ask.a,
        ask.b,
        in_language(load_schema().types[question.left.type].title),
        *_of(question.left),
        *_of(question.right),
        evidence.in_words(pro),
        evidence.in_words(contra),
        evidence.asked_because(ask.reason) if ask.kind != RELATION else "",
        str(ask.score) if ask.score else "",
        relation,
        "",
        "",
    ]


def _of(side: Side) -> list[str]:
    fields = side.fields
    where = (fields.get(n) for n in ("street_address", "neighbourhood", "postal_code"))
    phones = (p.get("number") for p in fields.get("phones") or () if isinstance(p, Mapping))
    reach = [*phones, fields.get("email"), fields.get("url")]
    return [
        side.title,
        side.member_name,
        ", ".join(str(t) for t in where if t),
        "; ".join(str(t) for t in reach if t),
    ]


@dataclass(frozen=True, slots=True)
class Answer:
    """One row that was filled in."""

    row: int
    ask: Ask
    given: Given


def from_csv(data: bytes, path: str) -> tuple[list[Answer], list[Finding]]:
    """The answers of a filled sheet, and the rows that say something else. Raises NotAnswers."""
    rows = list(_rows(data, path))
    if not rows:
        raise NotAnswers(path)
    places = _places(rows[0])
    if not {A, B, ANSWER} <= places.keys():
        raise NotAnswers(path)
    answers: list[Answer] = []
    findings: list[Finding] = []
    for number, row in enumerate(rows[1:], start=2):
        found = _answer(number, {name: row[at] for name, at in places.items() if at < len(row)})
        if isinstance(found, Answer):
            answers.append(found)
        elif found is not None:
            findings.append(found)
    return answers, findings


def _rows(data: bytes, path: str) -> Iterator[list[str]]:
    if len(data) > MAX_BYTES:
        raise NotAnswers(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")  # what an old Excel saves as CSV
    delimiter = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise NotAnswers(path) from error


def _places(headings: list[str]) -> dict[str, int]:
    """Which column is where, in whichever language the sheet was made."""
    known: dict[str, str] = {}
    for code in LANGUAGES:
        with speaking(code):
            known |= {vocabularies.fold(translate(c)): c for c in (A, B, RELATION_COLUMN, ANSWER, REASON)}
    return {known[f]: at for at, h in enumerate(headings) if (f := vocabularies.fold(h)) in known}


def _answer(number: int, cells: Mapping[str, str]) -> Answer | Finding | None:
    said = vocabularies.fold(cells.get(ANSWER, ""))
    a, b = (cells.get(name, "").strip().removeprefix("'") for name in (A, B))
    if not said:
        return None
    if not a or not b:
        return Finding("answer-stranger", row=number, value=f"{a} {b}".strip() or "—")
    relation = vocabularies.match("relation_kinds", cells.get(RELATION_COLUMN, "")) or ""
    ask = Ask(RELATION if relation else ALIKE, a, b, relation=relation)
    reason = cells.get(REASON, "").strip().removeprefix("'")[:1000]
    if relation and said in _YES | _NO:
        return Answer(number, ask, Given(None, said in _YES, reason))
    verdict = vocabularies.match("verdicts", said)
    if verdict is None:
        return Finding("answer-unreadable", row=number, value=cells[ANSWER].strip())
    return Answer(number, ask, Given(verdict, None, reason))
