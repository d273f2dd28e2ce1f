"""`commons review`: what may be the same, side by side; a person says so, and their catalogue keeps it.

Parses, asks, prints; which questions there are and how an answer is kept is in `commons.review`.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import click

from commons.catalogue.store import Catalogue
from commons.cli.naming import the_type
from commons.cli.output import (
    FINDINGS,
    ask,
    find_catalogue,
    interactive,
    json_option,
    now,
    say,
    show_findings,
    show_json,
    tell,
)
from commons.cli.side_by_side import SAID, Screen, shown, wants_colours
from commons.errors import InputError
from commons.findings import Finding
from commons.folding import folded
from commons.format import proposal
from commons.link.judgements import DIFFERENT, SAME, UNSURE
from commons.messages import N_, language, ngettext
from commons.messages import translate as _
from commons.pool.opening import open_pool
from commons.review import answers, questions, sheet
from commons.review.answers import Given
from commons.review.questions import RELATION, Ask, Filters, Question, Questions
from commons.schema import territory as territories
from commons.schema.territory import Territory

SKIP, UNDO, WHY, MORE, QUIT, YES, NO = "skip", "undo", "why", "more", "quit", "yes", "no"
# One key for each answer, by language; what it does stands beside it on the screen.
_KEYS = {
    "es": {"i": SAME, "d": DIFFERENT, "n": UNSURE, "s": SKIP, "z": UNDO, "p": WHY, "m": MORE, "q": QUIT},
    "en": {"s": SAME, "d": DIFFERENT, "n": UNSURE, "k": SKIP, "u": UNDO, "w": WHY, "m": MORE, "q": QUIT},
}
_RELATION_KEYS = {"es": {"r": YES, "x": NO}, "en": {"r": YES, "x": NO}}
_WORDS = {
    SAME: N_("the same"),
    DIFFERENT: N_("different"),
    UNSURE: N_("not sure"),
    SKIP: N_("skip"),
    UNDO: N_("undo"),
    WHY: N_("say why"),
    MORE: N_("more"),
    QUIT: N_("quit"),
    YES: N_("yes, they belong together so"),
    NO: N_("no, they do not"),
}
_SCORE = r"(\d+)?(-)?(\d+)?\Z"


@dataclass(eq=False)
class NobodyToAsk(InputError):
    """The questions need a person at a terminal, and there is none."""

    template: ClassVar[str] = N_("These questions are asked one by one, and nobody is here to answer.")
    hint_template: ClassVar[str] = N_(
        "Run it in a terminal, or answer in a sheet: --csv FILE writes it, --answers FILE takes it in."
    )


@dataclass(eq=False)
class NoSuchMember(InputError):
    """No member of the pool is called so."""

    text: str
    names: str
    template: ClassVar[str] = N_("The pool has no member «{text}».")
    hint_template: ClassVar[str] = N_("Its members: {names}.")


@dataclass(eq=False)
class NoSuchDistrict(InputError):
    """The pool's territory has no such district."""

    text: str
    template: ClassVar[str] = N_("«{text}» is no district of this pool's territory.")
    hint_template: ClassVar[str] = N_("Write its name or its code, as in Iztapalapa or 09007.")


@dataclass(eq=False)
class NotAScore(InputError):
    """The points wanted cannot be read."""

    text: str
    template: ClassVar[str] = N_("«{text}» are no points.")
    hint_template: ClassVar[str] = N_("Write one number (at least so many) or two, as in 80-110.")


@dataclass(slots=True)
class _Done:
    """One question that was passed, so that it can be gone back to."""

    at: int
    given: Given | None = None
    question: Question | None = None
    step: int | None = None


@dataclass(slots=True)
class _Sitting:
    """One round of questions at a terminal."""

    catalogue: Catalogue
    questions: Questions
    asks: list[Ask]
    by: str
    key: Callable[[], str]
    screen: Screen
    done: list[_Done] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)


pool_argument = click.argument("pool", type=click.Path(path_type=Path))


@click.command(
    help=N_(
        "Look at what may be the same, side by side, and say so.\n\n"
        "POOL is a pool.db or its folder. Every answer is kept in your catalogue at once, can be undone, and "
        "leaves with your next release. Stop whenever you like: what was answered is not asked again."
    ),
    short_help=N_("Say of records that are alike whether they are the same."),
)
@pool_argument
@click.option(
    "--to",
    "catalogue",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Your catalogue; not needed where the folder holds only one."),
)
@click.option("--type", "type_name", metavar="TYPE", help=N_("Only records of this type."))
@click.option("--member", metavar="NAME", help=N_("Only what has to do with this member."))
@click.option("--district", metavar="NAME", help=N_("Only this district."))
@click.option("--score", metavar="N[-N]", help=N_("Only questions of so many points."))
@click.option("--by", default="", metavar="NAME", help=N_("Who judges; stays here without their consent."))
@click.option(
    "--csv", "csv_to", type=click.Path(path_type=Path), metavar="FILE", help=N_("Write them as a sheet.")
)
@click.option(
    "--answers",
    "answers_from",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Take in a sheet that was answered."),
)
@click.option(
    "--take",
    "taken",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help=N_("Take in “They are not the same” of a portal, and ask about it first."),
)
@json_option
def review(
    pool: Path,
    *,
    catalogue: Path | None,
    type_name: str | None,
    member: str | None,
    district: str | None,
    score: str | None,
    by: str,
    csv_to: Path | None,
    answers_from: Path | None,
    taken: Sequence[Path],
    as_json: bool,
) -> None:
    """See the help."""
    with (
        closing(open_pool(pool_at(pool))) as connection,
        Catalogue.open(find_catalogue(catalogue)) as mine,
    ):
        for path in taken:
            _take(mine, path)
        asked = Questions(connection, mine)
        if answers_from is not None:
            _take_answers(asked, mine, answers_from, by)
            return
        place = territory_of(asked)
        filters = _filters(asked, place, type_name, member, district, score)
        asks = asked.open(filters)
        if csv_to is not None:
            _write_sheet(asked, asks, csv_to)
        elif as_json:
            show_json([_as_json(a) for a in asks])
        else:
            _sit(asked, mine, asks, by, place)


def pool_at(path: Path) -> Path:
    """The pool that is meant by a file, a federation's folder or a published one."""
    if path.is_dir():
        for name in ("pool.db", "current/data.db", "data.db"):
            if (path / name).is_file():
                return path / name
        return path / "pool.db"
    return path


def territory_of(asked: Questions) -> Territory | None:
    """The territory that the pool's federation names."""
    name = (asked.pool.meta.get("federation") or {}).get("territory")
    return territories.load(str(name)) if name else None


def _filters(
    asked: Questions,
    place: Territory | None,
    type_name: str | None,
    member: str | None,
    district: str | None,
    score: str | None,
) -> Filters:
    least, most = _points(score)
    code = None
    if district is not None:
        match = place.find_district(district) if place else None
        if match is None:
            raise NoSuchDistrict(district)
        code = match.id
    return Filters(
        the_type(type_name).name if type_name else None,
        member_called(asked, member) if member else None,
        code,
        least,
        most,
    )


def member_called(asked: Questions, text: str) -> str:
    """The id of the member that `text` names: its id, its name, or a part of it that no other has."""
    names = asked.pool.member_names()
    wanted = folded(text)
    exact = [m for m, name in names.items() if text == m or folded(name) == wanted]
    found = exact or [m for m, name in names.items() if wanted in folded(name)]
    if len(found) != 1:
        raise NoSuchMember(text, ", ".join(sorted(names.values())))
    return found[0]


def _points(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    match = re.match(_SCORE, text.replace(" ", ""))
    if match is None or not (match[1] or match[3]):
        raise NotAScore(text)
    return (int(match[1]) if match[1] else None), (int(match[3]) if match[3] else None)


def _as_json(one: Ask) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "a": one.a,
        "b": one.b,
        "points": one.score,
        "reason": one.reason,
        "evidence": dict(one.evidence),
        "relation": one.relation or None,
    }


# files


def _take(catalogue: Catalogue, path: Path) -> None:
    """A reader's proposal waits until a person has judged it."""
    with path.open("rb") as file:
        said = proposal.parse(file.read(proposal.MAX_BYTES + 1), path.name)
    new = questions.wait_for(catalogue, said.pairs)
    tell(
        ngettext(
            "{n} proposal taken in; it is asked first.", "{n} proposals taken in; they are asked first.", new
        ).format(n=new)
        if new
        else _("That proposal was taken in before.")
    )


def _write_sheet(asked: Questions, asks: Sequence[Ask], path: Path) -> None:
    found = [q for q in map(asked.question, asks) if q is not None]
    path.write_bytes(sheet.to_csv(found))
    n = len(found)
    say(ngettext("{n} question in {path}", "{n} questions in {path}", n).format(n=n, path=path))
    if n:
        tell(_("Fill in the last two columns and take it in with: --answers {path}").format(path=path))


def _take_answers(asked: Questions, catalogue: Catalogue, path: Path, by: str) -> None:
    with path.open("rb") as file:
        found, findings = sheet.from_csv(file.read(sheet.MAX_BYTES + 1), path.name)
    given: list[tuple[Question, Given]] = []
    for answer in found:
        question = asked.question(answer.ask)
        if question is None:
            value = f"{answer.ask.a} · {answer.ask.b}"
            findings.append(Finding("answer-stranger", row=answer.row, value=value))
        else:
            said = answer.given
            given.append((question, Given(said.verdict, said.related, said.reason, by)))
    n = answers.give_all(catalogue, given, note=path.name, at=now())
    say(ngettext("{n} answer kept.", "{n} answers kept.", n).format(n=n))
    if findings:
        say()
        show_findings(sorted(findings, key=lambda f: f.row or 0))
        raise SystemExit(FINDINGS)


# one by one


def _sit(asked: Questions, catalogue: Catalogue, asks: list[Ask], by: str, place: Territory | None) -> None:
    if not asks:
        say(_("No question is open for you in this pool."))
        return
    if not interactive():
        raise NobodyToAsk
    width = min(max(shutil.get_terminal_size().columns, 30), 120)
    screen = Screen(width, wants_colours(), place)
    sitting = _Sitting(catalogue, asked, asks, by, click.getchar, screen)
    with _leaving_quietly():
        ask_all(sitting)
    _tell_how_it_went(sitting)


@contextmanager
def _leaving_quietly() -> Iterator[None]:
    """Ctrl-C is one way to quit: what was answered is kept already."""
    try:
        yield
    except (KeyboardInterrupt, EOFError, click.Abort):
        say()


def ask_all(sitting: _Sitting) -> None:
    """Ask from the first question on, back where something is undone, until the end or a «quit»."""
    at = 0
    while at < len(sitting.asks):
        question = sitting.questions.question(sitting.asks[at])
        if question is None:  # the pool lost a record since somebody proposed something about it
            at += 1
            continue
        what, reason = _answer(sitting, question, at)
        if what == QUIT:
            return
        if what == UNDO:
            at = _undo(sitting, at)
            continue
        passed = _Done(at, question=question)
        if what != SKIP:
            passed.given = _given(what, reason, sitting.by)
            passed.step = answers.give(sitting.catalogue, question, passed.given, at=now())
            sitting.said[what] += 1
            sitting.questions.refresh()
        sitting.done.append(passed)
        at += 1


def _given(what: str, reason: str, by: str) -> Given:
    """A relation that holds says also that the two are not one thing."""
    if what == YES:
        return Given(DIFFERENT, True, reason, by)
    if what == NO:
        return Given(None, False, reason, by)
    return Given(what, None, reason, by)


def _answer(sitting: _Sitting, question: Question, at: int) -> tuple[str, str]:
    """One question shown, one key read; (what was chosen, the reason given)."""
    keys = dict(_KEYS[language()])
    if question.ask.kind == RELATION:
        keys = {**_RELATION_KEYS[language()], **{k: v for k, v in keys.items() if v != DIFFERENT}}
    more, reason, fresh = False, "", True
    while True:
        if fresh:
            _show(sitting, question, at, keys, more=more)
        pressed = sitting.key().casefold()
        what = keys.get(pressed)
        fresh = what is not None
        if what == MORE:
            more = not more
        elif what == WHY:
            reason = ask(_("Why"), default=reason)
        elif what is not None:
            say(f"→ {_(_WORDS[what])}")
            return what, reason


def _show(sitting: _Sitting, question: Question, at: int, keys: dict[str, str], *, more: bool) -> None:
    screen = sitting.screen
    said = sum(sitting.said.values())
    say()
    place = _("{n} of {total}").format(n=at + 1, total=len(sitting.asks))
    answered = ngettext("{n} answered", "{n} answered", said).format(n=said)
    say(screen.quiet(f"{place} · {answered}"))
    for line in shown(question, sitting.questions, screen, more=more):
        say(line)
    say()
    for line in _key_lines(keys, screen):
        say(line)


def _key_lines(keys: dict[str, str], screen: Screen) -> Iterator[str]:
    """`i lo mismo · d distintas · …`, in as many lines as it takes."""
    line, used = "", 0
    for key, what in keys.items():
        words = f"[{key}] {_(_WORDS[what])}"
        if used and used + len(words) + 3 > screen.width:
            yield line
            line, used = "", 0
        line += ("   " if used else "") + f"{screen.strong(f'[{key}]')} {_(_WORDS[what])}"
        used += len(words) + (3 if used else 0)
    yield line


def _undo(sitting: _Sitting, at: int) -> int:
    """Back to the question before, its answer taken back; or to what was answered in an earlier sitting."""
    if sitting.done:
        passed = sitting.done.pop()
        _take_back(sitting, passed)
        sitting.questions.refresh()
        return passed.at
    found = answers.take_back(sitting.catalogue, at=now())
    if found is None:
        say(_("There is nothing to undo."))
        return at
    sitting.questions.refresh()
    step, pairs = found
    say(_("Taken back: {note}").format(note=step.note))
    back = [a for a in sitting.questions.open() if a.pair in pairs and a not in sitting.asks]
    sitting.asks[at:at] = back
    return at


def _take_back(sitting: _Sitting, passed: _Done) -> None:
    given, question = passed.given, passed.question
    if given is None or question is None:
        return
    if passed.step is not None:
        sitting.catalogue.undo(passed.step, at=now())
    if given.related is False:
        questions.accept_again(sitting.catalogue, question.ask)
    if question.ask.kind == questions.PROPOSED:
        questions.wait_for(sitting.catalogue, [question.ask.pair])
    what = (YES if given.related else NO) if given.related is not None else str(given.verdict)
    sitting.said[what] -= 1


def _tell_how_it_went(sitting: _Sitting) -> None:
    say()
    n = sum(sitting.said.values())
    words = {**SAID, YES: N_("related"), NO: N_("not related")}
    each = ", ".join(f"{count} {_(words[what])}" for what, count in sitting.said.items() if count)
    line = ngettext("{n} answered", "{n} answered", n).format(n=n)
    say(f"{line} ({each})." if each else f"{line}.")
    left = len(sitting.questions.open())
    say(ngettext("{n} question is left.", "{n} questions are left.", left).format(n=left))
    if n:
        tell(_("Your word leaves with your next release: commons release"))
