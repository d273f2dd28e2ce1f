"""`commons join`: two copies of one catalogue become one again. Parses, calls, asks, prints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, cast

import click

from commons.catalogue import joining
from commons.catalogue.act import WITHDRAWAL
from commons.catalogue.join import LOCAL, Answer, Joined, Question, Side, Unit
from commons.catalogue.rows import CONSENT
from commons.catalogue.store import Catalogue
from commons.cli.catalogue.join_sheet import Answers, questions_written, read_answers, write_questions
from commons.cli.terminal.output import (
    FINDINGS,
    ask,
    confirm,
    interactive,
    json_option,
    now,
    opened,
    own_command,
    say,
    show_json,
    tell,
    yes_option,
)
from commons.cli.terminal.values import local_moment, shown
from commons.errors import CommonsError
from commons.format.keylog import KeyLog
from commons.messages import N_, in_language, ngettext
from commons.messages import translate as _
from commons.release import keys

MANY = 15  # questions; more are easier answered in a sheet


@dataclass(eq=False)
class QuestionsOpen(CommonsError):
    """Both copies changed the same, and nobody said which is right."""

    n: int
    template: ClassVar[str] = N_("Fields were changed in both copies ({n}); nothing was joined.")
    hint_template: ClassVar[str] = N_(
        "Answer them with --prefer newer (or a, or b), or one by one in a sheet: "
        "--questions FILE, then --answers FILE"
    )


@click.command(
    help=N_(
        "Join two copies of one catalogue, such as one on a laptop and one on a stick.\n\n"
        "COPY_A is the one that you go on with: what COPY_B has and it lacks is brought in. COPY_B is not "
        "touched. What was changed in one copy only is taken from there; only what both changed is asked. "
        "COPY_A is backed up first, and commons undo takes it all back."
    ),
    short_help=N_("Make one of two copies."),
)
@click.argument("copy_a", type=click.Path(path_type=Path))
@click.argument("copy_b", type=click.Path(path_type=Path))
@click.option(
    "--prefer",
    type=click.Choice(["a", "b", "newer"]),
    help=N_("Where both changed the same: this copy's word, or the later change."),
)
@click.option(
    "--questions",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Write the questions to this sheet (CSV) and join nothing."),
)
@click.option(
    "--answers",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Take the answers from this sheet."),
)
@click.option("--dry-run", is_flag=True, help=N_("Only show; write nothing."))
@yes_option
@json_option
@click.pass_context
def join(
    ctx: click.Context,
    copy_a: Path,
    copy_b: Path,
    prefer: str | None,
    questions: Path | None,
    answers: Path | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """See the help."""
    if copy_a.exists() and copy_b.exists() and copy_a.samefile(copy_b):
        raise joining.OneFile(copy_a)
    at = now()
    only_looking = dry_run or questions is not None
    with (
        joining.aside(copy_a) if only_looking else opened(copy_a) as living,
        joining.aside(copy_b) as other,
    ):
        pair = joining.look(living, other, named=copy_b, at=at, own=copy_a)
        given = read_answers(answers) if answers else {}
        answer = _answering(given, prefer)
        joined = pair.join(answer)
        if questions is not None:
            write_questions(questions, joined.open, lambda question: _row(living, question))
            say(questions_written(len(joined.open), questions))
            ctx.exit(FINDINGS if joined.open else 0)
        if not as_json:
            _show(living, joined, copy_a, copy_b)
        if joined.open and not dry_run:
            given = {**given, **_ask_all(living, joined, as_json=as_json)}
            joined = pair.join(_answering(given, prefer))
        if dry_run:
            _finish_dry(living, joined, as_json=as_json)
            ctx.exit(FINDINGS if joined.open else 0)
        if not confirm(_("Join them?"), yes=yes):
            tell(_("Nothing was changed."))
            return
        forgot = any(step.kind == "forget" for c in (living, other) for step in c.history())
        backup = living.backup(at=at)
        step = joining.apply(living, other, pair, joined, note=copy_b.name, at=at)
        key = _bring_key(living, copy_b)
    if as_json:
        show_json({**_as_json(joined), "step": step, "backup": str(backup), "key": str(key) if key else None})
        return
    _say_done(copy_a, copy_b, backup, key)
    if forgot:
        tell(_("A person was forgotten in one copy; so that nothing came back: commons forget, once more"))


def _answering(given: Answers, prefer: str | None) -> Answer:
    def answer(question: Question) -> Side | None:
        if question.key in given:
            return given[question.key]
        if prefer == "newer":
            return question.newer
        return cast(Side, prefer) if prefer else None

    return answer


def _show(living: Catalogue, joined: Joined, copy_a: Path, copy_b: Path) -> None:
    """What each copy has that the other lacks, in numbers."""
    for name, path, found in (("a", copy_a, joined.from_a), ("b", copy_b, joined.from_b)):
        n = sum(1 for key in found if key[0] not in (WITHDRAWAL, CONSENT))
        text = ngettext(
            "Copy {name} ({path}): {n} record brings something new.",
            "Copy {name} ({path}): {n} records bring something new.",
            n,
        )
        say(text.format(name=name, path=path, n=n))
    for _side, old, new in joined.moved:
        text = _("Two different records were called {old}; the later one is {new} now.")
        say(text.format(old="/".join(old), new="/".join(new)))
    for type_name, record_id in joined.met:
        text = _(
            "«{title}» ({record}) was written in both copies and becomes one record. If they are two, give "
            "one another name first and call commons join again."
        )
        state = joined.states[type_name, record_id]
        title = state.fields.get("title") if state is not None else None
        say(text.format(title=title or record_id, record=f"{type_name}/{record_id}"))
    n = len(joined.open) + len(joined.answered)
    if n:
        text = ngettext("{n} field was changed in both.", "{n} fields were changed in both.", n)
        say(text.format(n=n))
    else:
        say(_("Nothing was changed in both; there is nothing to ask."))


def _ask_all(living: Catalogue, joined: Joined, *, as_json: bool) -> dict[tuple[str, str, str], Side]:
    """One letter for each question, and Enter. Raises QuestionsOpen where nobody can answer."""
    if as_json or not interactive():
        raise QuestionsOpen(len(joined.open))
    if len(joined.open) > MANY:
        tell(_("So many are easier answered in a sheet: stop here with Ctrl+C and use --questions FILE"))
    tell(_("«a» keeps the first copy's word, «b» the second's, «n» the later one."))
    found: dict[tuple[str, str, str], Side] = {}
    for n, question in enumerate(joined.open, start=1):
        tell()
        tell(f"{n}/{len(joined.open)}  {_heading(living, question)}")
        for side, unit, at in (("a", question.a, question.a_at), ("b", question.b, question.b_at)):
            when = f"  ({local_moment(living, at)})" if at else ""
            tell(f"  {side}  {_said(living, question, unit)}{when}")
        found[question.key] = _letter(question)
    return found


def _letter(question: Question) -> Side:
    """A line and not a key: an Enter that is left over would answer the next question, which is «no»."""
    while True:
        typed = ask("a / b / n ?").strip().casefold()
        if typed in ("a", "b"):
            return cast(Side, typed)
        if typed == "n":
            return question.newer


def _row(living: Catalogue, question: Question) -> tuple[str, ...]:
    """A question's cells: type, name, what, both sides and when each was changed."""
    rtype = living.schema.types.get(question.type)
    sides = [_said(living, question, side) for side in (question.a, question.b)]
    moments = [local_moment(living, at) if at else "" for at in (question.a_at, question.b_at)]
    what = _label(living, question) or _("the whole record")
    return (in_language(rtype.title) if rtype else question.type, question.title, what, *sides, *moments)


def _label(living: Catalogue, question: Question) -> str:
    """The field's name; empty where it is about a whole record."""
    rtype = living.schema.types.get(question.type)
    field = rtype.fields.get(question.field) if rtype else None
    return in_language(field.title) if field else question.field.removeprefix(LOCAL)


def _heading(living: Catalogue, question: Question) -> str:
    label = _label(living, question)
    where = f"«{question.title}» ({question.type}/{question.id})"
    return (
        f"{where} · {label}"
        if label
        else _("{record} was changed in one copy and taken out in the other").format(record=where)
    )


def _said(living: Catalogue, question: Question, unit: Unit | None) -> str:
    """What a copy says, as a person reads it."""
    if unit is None:
        return _("taken out")
    if not question.field:
        return _("keep it")
    rtype = living.schema.types.get(question.type)
    field = rtype.fields.get(question.field) if rtype else None
    parts = []
    if unit.value is not None:
        parts.append(shown(living, field, unit.value) if field else str(unit.value))
    if unit.draft is not None:
        parts.append(_("draft: {text}").format(text=unit.draft))
    return " · ".join(parts) or "—"


def _finish_dry(living: Catalogue, joined: Joined, *, as_json: bool) -> None:
    if as_json:
        show_json(_as_json(joined))
        return
    for question in joined.open:
        say(_heading(living, question))
        say(f"  a  {_said(living, question, question.a)}")
        say(f"  b  {_said(living, question, question.b)}")
    say(_("Nothing was changed."))


def _bring_key(living: Catalogue, copy_b: Path) -> Path | None:
    """Where the key was changed in the other copy: the key that counts now comes to the living one."""
    log, own = KeyLog.parse(living.keylog), keys.key_path(living.path)
    theirs = keys.key_path(copy_b)
    try:
        if keys.load(own).public == log.current:
            return None
    except keys.KeyMissing:
        pass
    try:
        keys.replace(own, keys.load_for(theirs, log))
    except (keys.KeyMissing, keys.KeyNotOurs):
        tell(
            _("The key in use is neither at {own} nor at {theirs}; bring it here before you share.").format(
                own=own, theirs=theirs
            )
        )
        return None
    return own


def _say_done(copy_a: Path, copy_b: Path, backup: Path, key: Path | None) -> None:
    say(_("Joined. From today on this is the catalogue: {path}").format(path=copy_a))
    say(_("What it was before is in {path}").format(path=backup))
    if key is not None:
        say(
            _("The key had been changed in the other copy; it lies beside the catalogue now: {path}").format(
                path=key
            )
        )
    say(
        _("{path} is as it was. Do not write in it any more: keep it aside, or delete it.").format(
            path=copy_b
        )
    )
    tell(_("To take it all back: {command}").format(command=own_command(copy_a, "undo")))
    tell(_("To tell everybody: {command}").format(command=own_command(copy_a, "release")))


def _as_json(joined: Joined) -> dict[str, object]:
    def listed(found: frozenset[tuple[str, str]]) -> list[str]:
        return sorted(f"{t}/{i}" for t, i in found)

    return {
        "from_a": listed(joined.from_a),
        "from_b": listed(joined.from_b),
        "met": ["/".join(key) for key in joined.met],
        "moved": [{"from": "/".join(old), "to": "/".join(new)} for _side, old, new in joined.moved],
        "open": [
            {
                "type": q.type, "id": q.id, "field": q.field, "newer": q.newer,
                "a": None if q.a is None else q.a.value, "b": None if q.b is None else q.b.value,
            }
            for q in joined.open
        ],
        "answered": len(joined.answered),
    }  # fmt: skip
