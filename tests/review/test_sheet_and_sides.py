"""Questions as a sheet, and two records side by side."""

from __future__ import annotations

import csv
import dataclasses
import io

import pytest

from commons.cli.judging.side_by_side import SAID, Screen, shown
from commons.cli.terminal.output import columns
from commons.link.judgements import DIFFERENT, SAME, UNSURE
from commons.messages import speaking, translate
from commons.review import sheet
from commons.review.questions import Questions
from commons.review.sides import NEARLY, ONE, OTHER, compared, rows
from commons.review.sides import SAME as EQUAL
from commons.schema import territory
from commons.schema.spec import load_schema
from tests.review.conftest import ONE as PLACE
from tests.review.conftest import ONE as UNO
from tests.review.conftest import OTHER as DOS


def filled(data: bytes, answer: str, reason: str = "") -> bytes:
    """The sheet as somebody gives it back."""
    lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    for line in lines[1:]:
        line[-2:] = [answer, reason]
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    return out.getvalue().encode()


@pytest.mark.parametrize(
    ("lang", "answer", "verdict"),
    [
        ("es", "Lo mismo", SAME),
        ("es", "no", DIFFERENT),
        ("en", "Different", DIFFERENT),
        ("en", "not sure", UNSURE),
    ],
)
def test_a_sheet_comes_back_in_either_language(
    asked: Questions, lang: str, answer: str, verdict: str
) -> None:
    """Whatever the language of the sheet and of whoever takes it in."""
    questions = [q for q in map(asked.question, asked.open()) if q is not None]
    with speaking(lang):
        data = sheet.to_csv(questions)
    found, findings = sheet.from_csv(filled(data, answer, "=Lo vi"), "hoja.csv")
    assert not findings
    assert [(a.ask.pair, a.given.verdict, a.given.reason) for a in found] == [
        (questions[0].ask.pair, verdict, "=Lo vi")
    ]


@pytest.mark.parametrize("lang", ["es", "en"])
def test_what_a_key_says_on_the_screen_is_an_answer_in_a_sheet(asked: Questions, lang: str) -> None:
    """Whoever answered in the terminal before writes what stood there."""
    data = sheet.to_csv([q for q in map(asked.question, asked.open()) if q is not None])
    with speaking(lang):
        words = {verdict: translate(said) for verdict, said in SAID.items()}
    for verdict, said in words.items():
        (found,), findings = sheet.from_csv(filled(data, said), "x")
        assert found.given.verdict == verdict and not findings


def test_a_sheet_says_where_in_words(asked: Questions) -> None:
    """Street and district by its name, not its code; telephones as people dial them."""
    question = asked.question(asked.open()[0])
    assert question is not None
    fields = {**question.left.fields, "phones": [{"number": "+525555550110"}]}
    left = dataclasses.replace(question.left, district="09007", fields=fields)
    data = sheet.to_csv([dataclasses.replace(question, left=left)], territory.load("cdmx"))
    (head, row) = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    said = dict(zip(head, row, strict=True))
    assert said["Where A"].endswith("Iztapalapa") and "Calle Ocho" in said["Where A"]
    assert "55 5555 0110" in said["How to reach it A"]


def test_an_empty_answer_stays_open_and_an_unknown_one_is_listed(asked: Questions) -> None:
    """Nothing is guessed."""
    data = sheet.to_csv([q for q in map(asked.question, asked.open()) if q is not None])
    assert sheet.from_csv(filled(data, ""), "x")[0] == []
    found, (finding,) = sheet.from_csv(filled(data, "tal vez mañana"), "x")
    assert not found and finding.code == "answer-unreadable" and finding.row == 2


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"\x00\xff\x00", b"x" * 100])
def test_another_file_is_refused_in_a_sentence(data: bytes) -> None:
    """Whatever its bytes."""
    with pytest.raises(sheet.NotAnswers):
        sheet.from_csv(data, "otra.csv")


@pytest.mark.parametrize(
    ("left", "right", "mark", "marked"),
    [
        ("Comedor La Paz", "Comedor La Paz", EQUAL, []),
        ("Deportivo Juárez", "deportivo JUAREZ", NEARLY, []),
        ("Av. Juárez 12", "Avenida Juarez 12", OTHER, ["Av.", "Avenida"]),
        ("Comedor", "", ONE, []),
        ("Comedor", "Biblioteca Sol", OTHER, []),
    ],
)
def test_differing_words_are_marked(left: str, right: str, mark: str, marked: list[str]) -> None:
    """Accents and case are no difference; words that the other lacks are."""
    found, (here, there) = compared(left, right)
    assert found == mark
    assert [p.text for p in (*here, *there) if p.other] == marked


@pytest.mark.parametrize("width", [30, 60, 80, 120])
def test_a_question_fits_the_screen_and_says_it_without_colours(asked: Questions, width: int) -> None:
    """Every line within the width; what differs stands in brackets."""
    question = asked.question(asked.open()[0])
    assert question is not None
    lines = shown(question, asked, Screen(width), more=True)
    assert max(map(columns, lines)) <= width
    assert "\x1b" not in "\n".join(lines)
    assert "[12]" in "\n".join(lines) and "[14]" in "\n".join(lines)
    assert "the names contradict each other" in " ".join(" ".join(lines).split())


@pytest.mark.parametrize(
    ("field", "here", "there", "mark"),
    [
        ("title", "El Comedor La Paz", "Comedor La Paz", NEARLY),
        ("title", "Clínica Dr. Sol, Sta. María", "Clinica Doctor Sol, Santa María", NEARLY),
        ("title", "Casa Gral. Sol, Av. 5", "Casa General Sol, Avenida 5", NEARLY),
        ("title", "Comedor La Paz", "Comedor La Luz", OTHER),
        ("street_address", "C. Sol #3", "Calle Sol 3", NEARLY),
        ("street_address", "Calle Sol 3", "Calle Sol 5", OTHER),
    ],
)
def test_what_linking_takes_for_the_same_is_not_marked_as_different(
    asked: Questions, field: str, here: str, there: str, mark: str
) -> None:
    """One screen does not call two streets different and the same."""
    side = asked.records.side(PLACE)
    assert side is not None
    two = [dataclasses.replace(side, fields={**side.fields, field: text}) for text in (here, there)]
    title = load_schema().types["place"].fields[field].title["en"]
    assert [row.mark for row in rows(*two) if row.label == title] == [mark]


def test_a_telephone_is_written_as_everywhere_else(asked: Questions) -> None:
    """As people of the territory dial it."""
    side = asked.records.side(PLACE)
    assert side is not None
    calls = dataclasses.replace(side, fields={**side.fields, "phones": [{"number": "+525555550110"}]})
    texts = [row.left[0].text for row in rows(calls, side, territory.load("cdmx")) if row.left]
    assert "55 5555 0110" in texts


def sheet_of(*rows: tuple[str, str, str, str]) -> bytes:
    """A, B, relation and answer of each row, under the headings of a sheet."""
    out = io.StringIO()
    csv.writer(out).writerows([("Ficha A", "Ficha B", "Relación", "Respuesta"), *rows])
    return out.getvalue().encode()


def test_a_record_is_not_judged_against_itself() -> None:
    """The row is named; nothing is kept of it."""
    found, (finding,) = sheet.from_csv(sheet_of((UNO, UNO, "", "distintas")), "x")
    assert not found and finding.code == "answer-itself" and finding.row == 2


def test_of_two_answers_that_contradict_each_other_none_is_taken() -> None:
    """Both rows are named, whichever way round the pair stands in them."""
    found, findings = sheet.from_csv(sheet_of((UNO, DOS, "", "lo mismo"), (DOS, UNO, "", "distintas")), "x")
    assert not found and [(f.code, f.row) for f in findings] == [
        ("answer-contradicted", 2),
        ("answer-contradicted", 3),
    ]
    assert "2, 3" in findings[0].hint


def test_the_same_answer_twice_is_taken_once() -> None:
    """It says nothing more the second time."""
    rows = sheet_of((UNO, DOS, "", "distintas"), (DOS, UNO, "", "son distintas"))
    found, findings = sheet.from_csv(rows, "x")
    assert [a.row for a in found] == [2] and not findings


@pytest.mark.parametrize(
    ("said", "given"),
    [
        *(
            (yes, (DIFFERENT, True))
            for yes in ("sí", "Yes", "se relacionan", "sí, se relacionan así", "related")
        ),
        *((no, (None, False)) for no in ("no", "No se relacionan", "not related", "no, they do not")),
        ("lo mismo", (SAME, None)),
    ],
)
def test_a_relation_is_answered_in_a_sheet_as_with_the_key(said: str, given: tuple[object, object]) -> None:
    """Yes says also that they are two; the words of the terminal and of its summary are answers."""
    (found,), findings = sheet.from_csv(sheet_of((UNO, DOS, "sucursal de", said)), "x")
    assert (found.given.verdict, found.given.related) == given and not findings


def test_a_sheet_without_its_answers_says_which_column_it_lacks() -> None:
    """Not only that it is no sheet."""
    with pytest.raises(sheet.ColumnMissing) as refused:
        sheet.from_csv(b"Ficha A,Ficha B,Motivo\nx,y,z\n", "hoja.csv")
    assert "Answer" in str(refused.value)


@pytest.mark.parametrize("lang", ["es", "en"])
def test_only_a_sheet_that_nobody_has_written_in_is_blank(asked: Questions, lang: str) -> None:
    """Whichever its language; a reason without an answer is somebody's work, too."""
    with speaking(lang):
        data = sheet.to_csv([q for q in map(asked.question, asked.open()) if q is not None])
    assert sheet.is_blank(data)
    assert not any(
        map(sheet.is_blank, (filled(data, "x"), filled(data, "", "x"), b"", b"a,b\n", b"\x00\xff"))
    )
