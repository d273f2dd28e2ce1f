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
from commons.imports.loading.error_file import guarded
from commons.link.judgements import Pair
from commons.messages import LANGUAGES, N_, in_language, language, speaking, translate
from commons.review.answers import Given, of_relation
from commons.review.questions import ALIKE, RELATION, Ask, Question
from commons.review.records import Side
from commons.review.sides import numbers_shown
from commons.schema import vocabularies
from commons.schema.spec import load_schema
from commons.schema.territory import Territory

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
_YES = (N_("yes"), N_("related"), N_("yes, they belong together so"))
_NO = (N_("no"), N_("not related"), N_("no, they do not"))


@dataclass(eq=False)
class NotAnswers(InputError):
    """The file is no sheet of answers."""

    path: str
    template: ClassVar[str] = N_("{path} is not a sheet of answers.")
    hint_template: ClassVar[str] = N_(
        "Make one with: commons review POOL --csv FILE. Keep its first row, and save it as CSV."
    )


@dataclass(eq=False)
class ColumnMissing(InputError):
    """A sheet of answers without a column that is needed."""

    path: str
    columns: str
    template: ClassVar[str] = N_("{path} lacks what a sheet of answers needs: {columns}.")
    hint_template: ClassVar[str] = N_("Put the column back, with its heading in the first row.")


def to_csv(questions: Iterable[Question], territory: Territory | None = None) -> bytes:
    """The sheet, in the current language; UTF-8 with a mark, so that Excel shows accents."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_headings())
    for question in questions:
        writer.writerow([guarded(cell) for cell in _cells(question, territory)])
    return out.getvalue().encode("utf-8-sig")


def _headings() -> list[str]:
    sides = iter([*"A" * len(_SIDE), *"B" * len(_SIDE)])
    return [translate(c).format(side=next(sides)) if c in _SIDE else translate(c) for c in _COLUMNS]


def _cells(question: Question, territory: Territory | None) -> list[str]:
    ask = question.ask
    pro, contra = evidence.parts(ask.evidence)
    relation = load_schema().label("relation_kinds", ask.relation, language()) if ask.relation else ""
    return [
        ask.a,
        ask.b,
        in_language(load_schema().types[question.left.type].title),
        *_of(question.left, territory),
        *_of(question.right, territory),
        evidence.in_words(pro),
        evidence.in_words(contra),
        evidence.asked_because(ask.reason) if ask.kind != RELATION else "",
        str(ask.score) if ask.score else "",
        relation,
        "",
        "",
    ]


def _of(side: Side, territory: Territory | None) -> list[str]:
    fields = side.fields
    where = [fields.get(n) for n in ("street_address", "neighbourhood", "postal_code")]
    if side.district:
        where.append(territory.district_name(side.district) if territory else side.district)
    where.append(fields.get("city"))
    reach = [*numbers_shown(fields.get("phones") or (), territory), fields.get("email"), fields.get("url")]
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
    if not {A, B, ANSWER} & places.keys():
        raise NotAnswers(path)
    if lacking := [translate(c) for c in (A, B, ANSWER) if c not in places]:
        raise ColumnMissing(path, ", ".join(f"«{c}»" for c in lacking))
    answers: list[Answer] = []
    findings: list[Finding] = []
    for number, row in enumerate(rows[1:], start=2):
        found = _answer(number, {name: row[at] for name, at in places.items() if at < len(row)})
        if isinstance(found, Answer):
            answers.append(found)
        elif found is not None:
            findings.append(found)
    agreed = list(_agreed(answers, findings))
    return agreed, findings


def is_blank(data: bytes) -> bool:
    """Whether this is a sheet as `to_csv` makes it, in which nobody has written anything yet."""
    try:
        rows = list(_rows(data, ""))
    except NotAnswers:
        return False
    if not rows or rows[0] not in [_headings_in(code) for code in LANGUAGES]:
        return False
    return all(len(row) == len(_COLUMNS) and not any(row[-2:]) for row in rows[1:])


def _headings_in(code: str) -> list[str]:
    with speaking(code):
        return _headings()


def _agreed(answers: Iterable[Answer], findings: list[Finding]) -> Iterator[Answer]:
    """One of those that say the same; of a pair with answers that contradict each other none, all named."""
    by_pair: dict[Pair, list[Answer]] = {}
    for answer in answers:
        by_pair.setdefault(answer.ask.pair, []).append(answer)
    for found in by_pair.values():
        said: dict[tuple[str, ...], list[Answer]] = {}
        for answer in found:
            ask = answer.ask
            said.setdefault((ask.relation, *((ask.a, ask.b) if ask.relation else ask.pair)), []).append(
                answer
            )
        verdicts = {a.given.verdict for a in found} - {None}
        if len(verdicts) > 1 or any(len({a.given.related for a in same}) > 1 for same in said.values()):
            rows = ", ".join(str(a.row) for a in found)
            findings.extend(Finding("answer-contradicted", row=a.row, details={"rows": rows}) for a in found)
            continue
        for same in said.values():
            yield next((a for a in same if a.given.reason), same[0])


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
    if a == b:
        return Finding("answer-itself", row=number, value=a)
    relation = vocabularies.match("relation_kinds", cells.get(RELATION_COLUMN, "")) or ""
    ask = Ask(RELATION if relation else ALIKE, a, b, relation=relation)
    reason = cells.get(REASON, "").strip().removeprefix("'")[:1000]
    if relation and (holds := _holds(said)) is not None:
        return Answer(number, ask, of_relation(holds, reason))
    verdict = vocabularies.match("verdicts", said)
    if verdict is None:
        return Finding("answer-unreadable", row=number, value=cells[ANSWER].strip())
    return Answer(number, ask, Given(verdict, None, reason))


def _holds(said: str) -> bool | None:
    """Whether the relation holds, in the words of the sheet or of the terminal, whichever the language."""
    for code in LANGUAGES:
        with speaking(code):
            for words, holds in ((_YES, True), (_NO, False)):
                known = {vocabularies.fold(translate(w)) for w in words}
                if said in known | {vocabularies.fold(translate(words[0]))[:1]}:
                    return holds
    return None
