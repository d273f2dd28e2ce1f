"""`commons review`: what may be the same, side by side; a person says so, and their catalogue keeps it.

Parses, asks, prints; which questions there are and how an answer is kept is in `commons.review`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import click

from commons.catalogue.store import Catalogue
from commons.cli.in_pool import pool_at, territory_of, to_option
from commons.cli.naming import the_type
from commons.cli.output import (
    FINDINGS,
    find_catalogue,
    json_option,
    now,
    say,
    show_findings,
    show_json,
    tell,
)
from commons.cli.sitting import sit
from commons.errors import InputError
from commons.federation.called import id_called
from commons.findings import Finding
from commons.format import proposal
from commons.messages import N_, ngettext
from commons.messages import translate as _
from commons.pool.opening import open_pool
from commons.review import answers, questions, sheet
from commons.review.answers import Given
from commons.review.questions import Ask, Filters, Question, Questions
from commons.schema.territory import Territory

_SCORE = r"(\d+)?(-)?(\d+)?\Z"


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
    template: ClassVar[str] = N_("“{text}” is not a number of points.")
    hint_template: ClassVar[str] = N_("Write one number (at least so many) or two, as in 80-110.")


@dataclass(eq=False)
class SheetInUse(InputError):
    """A sheet would be written over a file in which a person's answers, or something else, may stand."""

    path: str
    template: ClassVar[str] = N_("{path} is there already, and is not an empty sheet of questions.")
    hint_template: ClassVar[str] = N_(
        "If your answers are in it, take them in with: --answers {path}. Otherwise choose another name."
    )


@dataclass(eq=False)
class NotOfThisPool(InputError):
    """A proposal is about records that the pool lacks."""

    path: str
    address: str
    template: ClassVar[str] = N_("{path} speaks of a record that is not in this pool: {address}.")
    hint_template: ClassVar[str] = N_(
        "Nothing was taken in. The record may have been withdrawn, or the proposal be about another pool."
    )


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
@to_option
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
@click.option(
    "--drop-gone", is_flag=True, help=N_("Drop readers' proposals about records that this pool lacks.")
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
    drop_gone: bool,
    as_json: bool,
) -> None:
    """See the help."""
    with (
        closing(open_pool(pool_at(pool))) as connection,
        Catalogue.open(find_catalogue(catalogue, "--to")) as mine,
    ):
        asked = Questions(connection, mine)
        for path in taken:
            _take(asked, mine, path)
        if drop_gone:
            _drop_gone(asked, mine)
            return
        if answers_from is not None:
            _take_answers(asked, mine, answers_from, by)
            return
        place = territory_of(asked.pool)
        filters = _filters(asked, place, type_name, member, district, score)
        asks = asked.open(filters)
        _tell_of_gone(asked)
        if csv_to is not None:
            _write_sheet(asked, asks, csv_to)
        elif as_json:
            show_json([_as_json(a) for a in asks])
        else:
            sit(asked, mine, asks, by, place)


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
        id_called(member, asked.pool.member_names(), parts=True) if member else None,
        code,
        least,
        most,
    )


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


def _take(asked: Questions, catalogue: Catalogue, path: Path) -> None:
    """A reader's proposal waits until a person has judged it; of records that are not here nobody could."""
    with path.open("rb") as file:
        said = proposal.parse(file.read(proposal.MAX_BYTES + 1), path.name)
    pairs = [p for p in said.pairs if all(map(asked.has, p))]
    if not pairs:
        raise NotOfThisPool(path.name, next(a for a in (said.record, *said.others) if not asked.has(a)))
    new = questions.wait_for(catalogue, pairs)
    tell(
        ngettext(
            "{n} proposal taken in; it is asked first.", "{n} proposals taken in; they are asked first.", new
        ).format(n=new)
        if new
        else _("That proposal was taken in before.")
    )


def _drop_gone(asked: Questions, catalogue: Catalogue) -> None:
    gone = asked.gone()
    for of in gone:
        questions.answered(catalogue, of)
    n = len(gone)
    say(ngettext("{n} proposal dropped.", "{n} proposals dropped.", n).format(n=n))


def _tell_of_gone(asked: Questions) -> None:
    if n := len(asked.gone()):
        text = ngettext(
            "{n} proposal waits about a record that is not in this pool; drop it with: --drop-gone",
            "{n} proposals wait about records that are not in this pool; drop them with: --drop-gone",
            n,
        )
        tell(text.format(n=n))


def _write_sheet(asked: Questions, asks: Sequence[Ask], path: Path) -> None:
    found = [q for q in map(asked.question, asks) if q is not None]
    if path.exists() and not (path.is_file() and sheet.is_blank(path.read_bytes())):
        raise SheetInUse(str(path))
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
