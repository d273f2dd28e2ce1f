"""Questions asked one by one at a terminal: a question shown, a key read, the answer kept, on or back.

Every answer is in the catalogue before the next question is shown, so that stopping loses nothing. What a
question looks like is in `side_by_side`.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import click

from commons.catalogue.store import Catalogue
from commons.cli.judging.side_by_side import Screen, shown, wants_colours
from commons.cli.judging.whose_words import SAID
from commons.cli.terminal.keyboard import SHOW_AGAIN, Keyboard, keyboard
from commons.cli.terminal.output import ask, interactive, now, own_command, say, tell
from commons.errors import InputError
from commons.link.judgements import DIFFERENT, SAME, UNSURE
from commons.messages import N_, language, ngettext, translate
from commons.messages import translate as _
from commons.review import answers, waiting
from commons.review.answers import Given
from commons.review.questions import PROPOSED, RELATION, Ask, Filters, Question, Questions
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


@dataclass(eq=False)
class NobodyToAsk(InputError):
    """The questions need a person at a terminal, and there is none."""

    template: ClassVar[str] = N_("These questions are asked one by one, and nobody is here to answer.")
    hint_template: ClassVar[str] = N_(
        "Run it in a terminal, or answer in a sheet: --csv FILE writes it, --answers FILE takes it in."
    )


@dataclass(slots=True)
class _Done:
    """One question that was passed, so that it can be gone back to."""

    at: int
    given: Given | None = None
    question: Question | None = None
    step: int | None = None


@dataclass(slots=True)
class Sitting:
    """One round of questions at a terminal."""

    catalogue: Catalogue
    questions: Questions
    asks: list[Ask]
    by: str
    keyboard: Keyboard
    screen: Screen
    done: list[_Done] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)


def sit(
    asked: Questions,
    catalogue: Catalogue,
    asks: list[Ask],
    by: str,
    place: Territory | None,
    filters: Filters,
) -> None:
    """Ask these questions, which are those that `filters` leave; then say how it went."""
    if not asks:
        say(_("No question is open for you in this pool."))
        return
    if not interactive():
        raise NobodyToAsk
    width = min(max(shutil.get_terminal_size().columns, 30), 120)
    screen = Screen(width, wants_colours(), place)
    with keyboard() as keys:
        sitting = Sitting(catalogue, asked, asks, by, keys, screen)
        with _leaving_quietly():
            ask_all(sitting)
    _tell_how_it_went(sitting, filters)


@contextmanager
def _leaving_quietly() -> Iterator[None]:
    """Ctrl-C is one way to quit: what was answered is kept already."""
    try:
        yield
    except (KeyboardInterrupt, EOFError, click.Abort):
        say()


def ask_all(sitting: Sitting) -> None:
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
    if what in (YES, NO):
        return answers.of_relation(what == YES, reason, by)
    return Given(what, None, reason, by)


def _answer(sitting: Sitting, question: Question, at: int) -> tuple[str, str]:
    """One question shown, one key read; (what was chosen, the reason given)."""
    keys = dict(_KEYS[language()])
    if question.ask.kind == RELATION:
        keys = {**_RELATION_KEYS[language()], **{k: v for k, v in keys.items() if v != DIFFERENT}}
    more, reason, fresh = False, "", True
    while True:
        if fresh:
            sitting.keyboard.forget()
            _show(sitting, question, at, keys, more=more)
        pressed = sitting.keyboard.key().casefold()
        what = keys.get(pressed)
        fresh = what is not None or pressed == SHOW_AGAIN
        if what == MORE:
            more = not more
        elif what == WHY:
            reason = sitting.keyboard.line(partial(ask, _("Why"), default=reason))
        elif what is not None:
            say(f"→ {translate(_WORDS[what])}")
            return what, reason


def _show(sitting: Sitting, question: Question, at: int, keys: dict[str, str], *, more: bool) -> None:
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
        words = f"[{key}] {translate(_WORDS[what])}"
        if used and used + len(words) + 3 > screen.width:
            yield line
            line, used = "", 0
        line += ("   " if used else "") + f"{screen.strong(f'[{key}]')} {translate(_WORDS[what])}"
        used += len(words) + (3 if used else 0)
    yield line


def _undo(sitting: Sitting, at: int) -> int:
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


def _take_back(sitting: Sitting, passed: _Done) -> None:
    given, question = passed.given, passed.question
    if given is None or question is None:
        return
    if passed.step is not None:
        sitting.catalogue.undo(passed.step, at=now())
    if given.related is False:
        waiting.accept_again(sitting.catalogue, question.ask.triple)
    if question.ask.kind == PROPOSED:
        waiting.wait_for(sitting.catalogue, [question.ask.pair])
    what = (YES if given.related else NO) if given.related is not None else str(given.verdict)
    sitting.said[what] -= 1


def _tell_how_it_went(sitting: Sitting, filters: Filters) -> None:
    say()
    n = sum(sitting.said.values())
    words = {**SAID, YES: N_("related"), NO: N_("not related")}
    each = ", ".join(f"{count} {translate(words[what])}" for what, count in sitting.said.items() if count)
    line = ngettext("{n} answered", "{n} answered", n).format(n=n)
    say(f"{line} ({each})." if each else f"{line}.")
    left = len(sitting.questions.open())
    say(ngettext("{n} question is left.", "{n} questions are left.", left).format(n=left))
    if left and filters != Filters():
        fit = len(sitting.questions.open(filters))
        text = ngettext("{n} of them is as you wished.", "{n} of them are as you wished.", fit)
        say(text.format(n=fit))
    if n:
        text = _("Your word leaves with your next release: {command}")
        tell(text.format(command=own_command(sitting.catalogue.path, "release")))
    if not left and sitting.done and sitting.done[-1].step is not None:  # nothing more will be shown
        text = _("To take the last answer back: {command}")
        tell(text.format(command=own_command(sitting.catalogue.path, "undo")))
