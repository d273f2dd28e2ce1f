"""A question on a terminal: two records side by side, what speaks for and against, whose word counts.

Makes lines of a given width; asks nothing and knows no key. What differs is marked by signs first: colours
only repeat it, and only where they are wanted (`NO_COLOR`).
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import click

from commons import evidence
from commons.cli.judging.whose_words import SAID, told
from commons.cli.terminal.output import columns
from commons.link.judgements import DIFFERENT, SAME, Pair
from commons.messages import N_, in_language, language, ngettext, translate
from commons.messages import translate as _
from commons.review.questions import RELATION, Question, Questions
from commons.review.sides import OTHER, Piece, Row, rows
from commons.schema.spec import load_schema
from commons.schema.territory import Territory

NARROW = 60  # columns below which the two stand one under the other
_LABEL = 15
_LINES = 3  # of one value; the rest is cut
_CHANGED = {
    "name": N_("the name"),
    "place": N_("the place"),
    "identifiers": N_("the official keys"),
    "contacts": N_("how to reach it"),
}
Styled = tuple[str, bool]  # text, whether it is marked


@dataclass(frozen=True, slots=True)
class Screen:
    """How wide, whether in colours, and the districts' names."""

    width: int = 80
    colours: bool = False
    territory: Territory | None = None

    def strong(self, text: str) -> str:
        return click.style(text, bold=True) if self.colours else text

    def quiet(self, text: str) -> str:
        return click.style(text, dim=True) if self.colours else text

    def marked(self, text: str) -> str:
        return click.style(text, bold=True, underline=True) if self.colours else text


def wants_colours() -> bool:
    """Only on a terminal that has them, and where nobody said NO_COLOR (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def shown(question: Question, questions: Questions, screen: Screen, *, more: bool = False) -> list[str]:
    """The whole question as lines; with `more` every field and the points."""
    lines = [screen.strong(line) for line in _wrapped(_asked(question), screen.width)]
    lines.append(screen.quiet("─" * screen.width))
    found = rows(question.left, question.right, screen.territory)
    listed = found if more else [row for row in found if row.tells]
    lines += _table(question, listed, screen)
    if len(listed) < len(found):
        rest = len(found) - len(listed)
        words = ngettext("and {n} field more", "and {n} fields more", rest).format(n=rest)
        lines.append(screen.quiet(f"  … {words}"))
    lines.append(screen.quiet("─" * screen.width))
    for sentence in _reasons(question, questions, points=more):
        lines += _wrapped(sentence, screen.width)
    return lines


def _asked(question: Question) -> str:
    left = question.left
    kind = in_language(load_schema().types[left.type].title)
    if question.ask.kind == RELATION:
        words = load_schema().label("relation_kinds", question.ask.relation, language()).lower()
        return _("Do they belong together? «{left}» {relation} «{right}» ({type})").format(
            left=left.title, relation=words, right=question.right.title, type=kind
        )
    return _("Are they the same? ({type})").format(type=kind)


# the table


def _table(question: Question, listed: Sequence[Row], screen: Screen) -> Iterator[str]:
    heads = [f"A · {question.left.member_name}", f"B · {question.right.member_name}"]
    if screen.width < NARROW:
        yield from _stacked(heads, listed, screen)
        return
    side = (screen.width - _LABEL - 4) // 2
    cells = [_cell(((word, False) for word in head.split()), side) for head in heads]
    yield from _beside("", "", (cells[0], cells[1]), side, screen)
    for row in listed:
        left, right = (_cell(_texts(pieces), side) for pieces in (row.left, row.right))
        yield from _beside(row.mark, row.label, (left, right), side, screen)


def _texts(pieces: Iterable[Piece]) -> list[Styled]:
    """Words that only this side has stand in brackets, whatever the colours."""
    found: list[Styled] = []
    for piece in pieces:
        words = piece.text.split()
        if piece.other and words:
            words[0] = f"[{words[0]}"
            words[-1] = f"{words[-1]}]"
        found += [(word, piece.other) for word in words]
    return found


Line = list[Styled]


def _cell(words: Iterable[Styled], width: int) -> list[Line]:
    """Words in lines of at most `width` columns; what does not fit ends in an ellipsis."""
    lines: list[Line] = [[]]
    used = 0
    for text, marked in words:
        for part in _broken(text, width):
            size = columns(part)
            if lines[-1] and used + 1 + size > width:
                lines.append([])
                used = 0
            used += size + (1 if lines[-1] else 0)
            lines[-1].append((part, marked))
    if len(lines) > _LINES:
        lines = lines[:_LINES]
        last = lines[-1]
        while last and sum(columns(t) + 1 for t, _m in last) + 1 > width:
            last.pop()
        last.append(("…", False))
    return lines


def _broken(word: str, width: int) -> Iterator[str]:
    """A word too long for a line, in pieces."""
    while columns(word) > width:
        cut = width
        while columns(word[:cut]) > width:
            cut -= 1
        yield word[:cut]
        word = word[cut:]
    yield word


def _beside(
    mark: str, label: str, sides: tuple[list[Line], list[Line]], width: int, screen: Screen
) -> Iterator[str]:
    """The lines of one row; without a label, those of the heads."""
    left, right = sides
    labels = _cell(((word, False) for word in label.split()), _LABEL - 3)
    for n in range(max(len(labels), len(left), len(right))):
        sign = mark if n == 0 else ""
        name = _plain(labels[n]) if n < len(labels) else ""
        first = _line(left[n] if n < len(left) else [], width, screen, strong=not label)
        second = _line(right[n] if n < len(right) else [], 0, screen, strong=not label)
        shown_sign = screen.marked(sign) if sign == OTHER else sign
        gap = " " * (_LABEL - 2 - columns(name))
        yield f"{shown_sign}{' ' * (2 - columns(sign))}{screen.quiet(name)}{gap}{first}  {second}".rstrip()


def _line(words: Line, width: int, screen: Screen, *, strong: bool = False) -> str:
    plain = _plain(words)
    text = " ".join(screen.marked(t) if marked else t for t, marked in words)
    text = screen.strong(text) if strong else text
    return text + " " * max(width - columns(plain), 0)


def _plain(words: Line) -> str:
    return " ".join(text for text, _marked in words)


def _stacked(heads: Sequence[str], listed: Sequence[Row], screen: Screen) -> Iterator[str]:
    """For narrow screens: each field, then what A and what B says of it."""
    for head in heads:
        yield from (screen.strong(line) for line in _wrapped(head, screen.width))
    for row in listed:
        sign = screen.marked(row.mark) if row.mark == OTHER else row.mark
        yield f"{sign} {screen.quiet(row.label)}"
        for name, pieces in (("A", row.left), ("B", row.right)):
            for n, words in enumerate(_cell(_texts(pieces), screen.width - 4)):
                yield f"  {name if n == 0 else ' '} {_line(words, 0, screen)}".rstrip()


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="  ", break_long_words=True) or [""]


# what speaks for and against


def _reasons(question: Question, questions: Questions, *, points: bool) -> Iterator[str]:
    ask = question.ask
    pro, contra = evidence.parts(ask.evidence, every=points)
    if question.mine and question.changed:
        changed = ", ".join(translate(_CHANGED[part]) for part in question.changed if part in _CHANGED)
        yield _("You said: {verdict}. Since then {changed} changed, so it is asked again.").format(
            verdict=translate(SAID.get(question.mine, question.mine)), changed=changed
        )
    elif question.mine:
        yield _("You said: {verdict}.").format(verdict=translate(SAID.get(question.mine, question.mine)))
    if pro:
        yield _("For: {reasons}").format(reasons=evidence.in_words(pro, points=points))
    if contra:
        yield _("Against: {reasons}").format(reasons=evidence.in_words(contra, points=points))
    if ask.kind == RELATION and evidence.related_because(ask.reason):
        yield _("Why it is asked: {reason}.").format(reason=evidence.related_because(ask.reason))
    if ask.kind != RELATION and ask.reason:
        yield _("Why it is asked: {reason}.").format(reason=evidence.asked_because(ask.reason))
    if points and ask.score:
        yield _("Points: {n}").format(n=ask.score)
    yield from voices(question.others)
    if ask.kind == RELATION:
        yield _("With a yes it is kept as a relation that you say, and it is said that they are two.")
    else:
        yield what_counts(questions, question)


def voices(others: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What other members say of the pair."""
    if names := others.get(SAME):
        yield _("The same, say: {names}").format(names=", ".join(names))
    if names := others.get(DIFFERENT):
        yield _("Different, say: {names}").format(names=", ".join(names))


def what_counts(questions: Questions, question: Question) -> str:
    """Whether one word of this catalogue settles it, in a sentence or two."""
    of = question.ask.pair
    if not questions.is_member:
        return _("This pool takes up no releases of yours: your word travels with them to whoever does.")
    if len({question.left.member, question.right.member}) == 1:
        return _("Both are yours: only your word counts.")
    settled = [verdict for verdict in (SAME, DIFFERENT) if questions.settles_as(of, verdict)]
    both = len(settled) == 2
    said = _settled(questions, of) if both else " ".join(_one_sided(questions, of, settled))
    if question.ask.reason in _KEPT and not questions.votes(of).different:
        said += " " + _("A “same” alone does not join them, since {reason}.").format(
            reason=evidence.asked_because(question.ask.reason)
        )
    return said


_KEPT = frozenset(("one-per-member", "apart"))  # what keeps two apart whatever is said of them


def _settled(questions: Questions, of: Pair) -> str:
    """Where one word of this catalogue is enough, whatever it is."""
    if questions.me in questions.rules.judges:
        return _("Your word is enough here: the federation names you as a judge.")
    if any(questions.outcome(of, verdict).own for verdict in (SAME, DIFFERENT)):
        return _("One of them is yours: your word is enough, and moves only yours.")
    return _("With your word it is settled.")


def _one_sided(questions: Questions, of: Pair, settled: Sequence[str]) -> Iterator[str]:
    """Where it is not, or only for one of the two verdicts."""
    for verdict in settled:
        yield _("With your “{verdict}” it is settled.").format(verdict=translate(SAID[verdict]))
    needed = {v: _needed(questions, of, v) for v in (SAME, DIFFERENT) if v not in settled}
    if len(needed) == 2 and len(set(needed.values())) == 1:
        yield next(iter(needed.values()))
        return
    for verdict, sentence in needed.items():
        yield _("For “{verdict}”: {sentence}").format(verdict=translate(SAID[verdict]), sentence=sentence)


def _needed(questions: Questions, of: Pair, verdict: str) -> str:
    """What it takes besides the word of this catalogue."""
    ways = questions.ways_after(of, verdict)
    more = [len(w.members) + w.others for w in ways if not w.turned and not w.own]
    if more:
        return ngettext(
            "After you, one more organisation has to say the same.",
            "After you, {n} more organisations have to say the same.",
            min(more),
        ).format(n=min(more))
    return " ".join(told(ways, verdict, questions.rules.judges, questions.records.name)) or _(
        "No word of anybody here."
    )
