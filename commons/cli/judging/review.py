"""`commons review`: what may be the same, side by side; a person says so, and their catalogue keeps it.

Parses, asks, prints; which questions there are and how an answer is kept is in `commons.review`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import click

from commons.catalogue.store import Catalogue
from commons.cli.judging.in_pool import pool_at, territory_of, to_option
from commons.cli.judging.sitting import sit
from commons.cli.terminal.naming import the_type
from commons.cli.terminal.output import (
    FINDINGS,
    find_catalogue,
    interactive,
    json_option,
    now,
    say,
    show_findings,
    show_json,
    tell,
)
from commons.commands import word
from commons.errors import InputError
from commons.federation.policy.called import id_called
from commons.findings import Finding
from commons.format import proposal
from commons.link.model import pair
from commons.messages import N_, ngettext, translate
from commons.messages import translate as _
from commons.pool.opening import open_pool
from commons.review import answers, sheet, waiting
from commons.review.answers import Given
from commons.review.questions import Ask, Filters, Question, Questions
from commons.schema.territory import Territory

_SCORE = r"(\d+)?(-)?(\d+)?\Z"
_SAID = N_("you said already that they are not the same")
_ANOTHERS = N_("both records are of one organisation, and only its own word counts there")


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
class NotTogether(InputError):
    """Options of which each wants something else."""

    one: str
    other: str
    template: ClassVar[str] = N_("{one} and {other} cannot be given together.")
    hint_template: ClassVar[str] = N_("Run it twice, once with each.")


@dataclass(eq=False)
class NoSheet(InputError):
    """The file that was to be taken in is not there."""

    path: str
    template: ClassVar[str] = N_("{path} is not there or cannot be read.")
    hint_template: ClassVar[str] = N_("Check the name and the folder.")


@dataclass(eq=False)
class NothingToAsk(InputError):
    """A proposal that nobody could be asked about here."""

    path: str
    why: str
    template: ClassVar[str] = N_("{path} was not taken in: {why}.")

    def _details(self) -> dict[str, object]:
        return {**super()._details(), "why": translate(self.why)}


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
    wishes = {"--type": type_name, "--member": member, "--district": district, "--score": score}
    chosen = {option: value for option, value in wishes.items() if value is not None}
    _one_thing_at_a_time(
        {"--answers": answers_from, "--csv": csv_to, "--json": as_json, "--drop-gone": drop_gone}, chosen
    )
    with (
        closing(open_pool(pool_at(pool))) as connection,
        Catalogue.open(find_catalogue(catalogue, "--to")) as mine,
    ):
        asked = Questions(connection, mine)
        place = territory_of(asked.pool)
        filters = _filters(asked, place, type_name, member, district, score)
        for path in taken:
            _take(asked, mine, path)
        if drop_gone:
            _drop_gone(asked, mine)
            return
        if answers_from is not None:
            _take_answers(asked, mine, answers_from, by)
            return
        asks = asked.open(filters)
        _tell_of_gone(asked)
        if not asks and filters != Filters():
            _tell_of_filters(asked, chosen)
        if csv_to is not None:
            _write_sheet(asked, asks, csv_to, place)
        elif as_json:
            show_json([_as_json(a) for a in asks])
        elif taken and not interactive():
            _tell_that_they_wait()
        elif asks or filters == Filters():
            sit(asked, mine, asks, by, place, filters)


def _one_thing_at_a_time(wanted: Mapping[str, object], chosen: Iterable[str]) -> None:
    """Refuse what would be passed over in silence: a second way to answer, a filter where none applies."""
    given = [option for option, value in wanted.items() if value]
    if len(given) > 1:
        raise NotTogether(*given[:2])
    for option in ("--answers", "--drop-gone"):
        if option in given and (first := next(iter(chosen), None)):
            raise NotTogether(option, first)


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
    least, most = (int(text) if text else None for text in (match[1], match[3]))
    if least is not None and most is not None and least > most:
        return most, least
    return least, most


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
    """A reader's proposal waits until a person has judged it; what nobody could be asked about does not."""
    said = proposal.parse(_bytes_of(path, proposal.MAX_BYTES), path.name)
    has = asked.records.has
    pairs = [p for p in said.pairs if all(map(has, p))]
    if not pairs:
        raise NotOfThisPool(path.name, next(a for a in (said.record, *said.others) if not has(a)))
    useful = [p for p in pairs if asked.asks_if_proposed(p)]
    if not useful:
        raise NothingToAsk(path.name, _SAID if any(pair(*p) in asked.mine for p in pairs) else _ANOTHERS)
    new = waiting.wait_for(catalogue, useful)
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
        waiting.answered(catalogue, of)
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


def _tell_of_filters(asked: Questions, chosen: Mapping[str, str]) -> None:
    """That nothing fits what was asked for, and how much is open otherwise."""
    n = len(asked.open())
    options = " ".join(f"{option} {word(value)}" for option, value in chosen.items())
    text = ngettext(
        "No open question fits {options}; without it there is {n}.",
        "No open question fits {options}; without it there are {n}.",
        n,
    )
    tell(text.format(options=options, n=n))


def _tell_that_they_wait() -> NoReturn:
    """Taken in where nobody can be asked: done, and something waits for a person."""
    tell(_("Nobody is here to answer; in a terminal it is asked, and --csv FILE writes it into a sheet."))
    raise SystemExit(FINDINGS)


def _bytes_of(path: Path, most: int) -> bytes:
    """A file that somebody named, one byte more than it may have at most. Raises NoSheet."""
    if not path.exists() or path.is_dir():
        raise NoSheet(str(path))
    with path.open("rb") as file:
        return file.read(most + 1)


def _write_sheet(asked: Questions, asks: Sequence[Ask], path: Path, place: Territory | None) -> None:
    if path.exists() and not (path.is_file() and sheet.is_blank(path.read_bytes())):
        raise SheetInUse(str(path))
    asked.weigh()
    found = [q for q in map(asked.question, asks) if q is not None]
    path.write_bytes(sheet.to_csv(found, place))
    n = len(found)
    say(ngettext("{n} question in {path}", "{n} questions in {path}", n).format(n=n, path=path))
    if n:
        tell(_("Fill in the last two columns and take it in with: --answers {path}").format(path=path))


def _take_answers(asked: Questions, catalogue: Catalogue, path: Path, by: str) -> None:
    found, findings = sheet.from_csv(_bytes_of(path, sheet.MAX_BYTES), path.name)
    given: list[tuple[Question, Given]] = []
    for answer in found:
        question = asked.question(answer.ask, weighed=False)
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
