"""Questions as a sheet, and two records side by side."""

from __future__ import annotations

import csv
import dataclasses
import io

import pytest

from commons.cli.output import columns
from commons.cli.side_by_side import SAID, Screen, shown
from commons.link.judgements import DIFFERENT, SAME, UNSURE
from commons.messages import speaking, translate
from commons.review import sheet
from commons.review.questions import Questions
from commons.review.sides import NEARLY, ONE, OTHER, compared, rows
from commons.review.sides import SAME as EQUAL
from commons.schema import territory
from commons.schema.spec import load_schema
from tests.review.conftest import ONE as PLACE


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
        ("title", "Comedor La Paz", "Comedor La Luz", OTHER),
        ("street_address", "C. Sol #3", "Calle Sol 3", NEARLY),
        ("street_address", "Calle Sol 3", "Calle Sol 5", OTHER),
    ],
)
def test_what_linking_takes_for_the_same_is_not_marked_as_different(
    asked: Questions, field: str, here: str, there: str, mark: str
) -> None:
    """One screen does not call two streets different and the same."""
    side = asked.side(PLACE)
    assert side is not None
    two = [dataclasses.replace(side, fields={**side.fields, field: text}) for text in (here, there)]
    title = load_schema().types["place"].fields[field].title["en"]
    assert [row.mark for row in rows(*two) if row.label == title] == [mark]


def test_a_telephone_is_written_as_everywhere_else(asked: Questions) -> None:
    """As people of the territory dial it."""
    side = asked.side(PLACE)
    assert side is not None
    calls = dataclasses.replace(side, fields={**side.fields, "phones": [{"number": "+525555550110"}]})
    texts = [row.left[0].text for row in rows(calls, side, territory.load("cdmx")) if row.left]
    assert "55 5555 0110" in texts
