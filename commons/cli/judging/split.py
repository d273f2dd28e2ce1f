"""`commons split`: a person says that what a pool shows as one is not the same.

Writes judgements into that person's catalogue and nothing else; a merge decides by everybody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import click

from commons.catalogue.store import Catalogue
from commons.cli.judging.in_pool import address_of, pool_at, pool_option, to_option
from commons.cli.terminal.output import ask, find_catalogue, interactive, now, own_command, say, tell
from commons.errors import InputError
from commons.link.judgements import DIFFERENT
from commons.link.model import pair
from commons.messages import N_
from commons.messages import translate as _
from commons.pool.opening import open_pool
from commons.pool.read import Pool
from commons.review.answers import KIND, judge
from commons.review.explain import claims_with
from commons.review.questions import Questions
from commons.review.records import Side


@dataclass(eq=False)
class NothingToSplit(InputError):
    """The record stands alone."""

    title: str
    template: ClassVar[str] = N_("«{title}» is one record of one organisation: there is nothing to part.")
    hint_template: ClassVar[str] = N_("If it has changed its code, look it up again on the portal.")


@dataclass(eq=False)
class WhichOne(InputError):
    """More than two stand together and nobody said which does not belong."""

    codes: str
    template: ClassVar[str] = N_("More than two stand together. Which one does not belong? {codes}")
    hint_template: ClassVar[str] = N_(
        "Name it (or them) after the first: commons split RECORD NOT-THIS. With --all every one stands alone."
    )


@dataclass(eq=False)
class NotAmong(InputError):
    """A record that was named does not stand with the others."""

    text: str
    title: str
    template: ClassVar[str] = N_("«{text}» is not shown together with «{title}».")
    hint_template: ClassVar[str] = N_("commons explain A B says how two records stand to each other.")


@click.command(
    help=N_(
        "Say that records which are shown as one are not the same.\n\n"
        "RECORD is the code, address or link of what is shown; after it, which of its records does not "
        "belong. Your word is kept in your catalogue, can be undone there, and leaves with your next release."
    ),
    short_help=N_("Say that what is shown as one is not the same."),
)
@click.argument("record")
@click.argument("others", nargs=-1, metavar=N_("[NOT-THIS]..."))
@pool_option
@to_option
@click.option("--because", default="", metavar="TEXT", help=N_("Why."))
@click.option("--by", default="", metavar="NAME", help=N_("Who judges; stays here without their consent."))
@click.option("--all", "every", is_flag=True, help=N_("Part every one from every other."))
def split(
    record: str,
    others: tuple[str, ...],
    pool: Path,
    *,
    catalogue: Path | None,
    because: str,
    by: str,
    every: bool,
) -> None:
    """See the help."""
    with (
        closing(open_pool(pool_at(pool))) as connection,
        Catalogue.open(find_catalogue(catalogue, "--to")) as mine,
    ):
        asked = Questions(connection, mine)
        claims = claims_with(asked.pool, address_of(asked.pool, record))
        sides = {a: side for a in claims if (side := asked.records.side(a)) is not None}
        first = sides[claims[0]]
        if len(claims) < 2:
            raise NothingToSplit(first.title)
        pairs = _pairs_to_part(asked.pool, sides, others, every=every)
        because = because or (ask(_("Why")) if interactive() else "")
        with mine.act(KIND, note=_("different: {title}").format(title=first.title), at=now()) as act:
            for left, right in pairs:
                judge(act, sides[left], sides[right], DIFFERENT, reason=because, by=by, at=now())
        _tell_split(asked, sides, pairs, mine.path)


def _pairs_to_part(
    pool: Pool, sides: dict[str, Side], others: Sequence[str], *, every: bool
) -> list[tuple[str, str]]:
    claims = list(sides)
    if every or len(claims) == 2:
        return [(a, b) for n, a in enumerate(claims) for b in claims[n + 1 :]]
    out = [address_of(pool, text) for text in others]
    for address, text in zip(out, others, strict=True):
        if address not in sides:
            raise NotAmong(text, sides[claims[0]].title)
    if not out or len(set(out)) == len(claims):
        out = [_ask_which(pool, sides)]
    return [(a, b) for a in dict.fromkeys(out) for b in claims if b not in out]


def _ask_which(pool: Pool, sides: dict[str, Side]) -> str:
    codes = {a: _short(pool, a) for a in sides}
    if not interactive():
        raise WhichOne("; ".join(f"{codes[a]} «{s.title}» ({s.member_name})" for a, s in sides.items()))
    for n, (address, side) in enumerate(sides.items(), start=1):
        say(f"{n}  {codes[address]}  «{side.title}» · {side.member_name}")
    while True:
        answer = ask(_("Which one does not belong?"))
        if answer.isdigit() and 1 <= int(answer) <= len(sides):
            return list(sides)[int(answer) - 1]
        if answer in codes.values():
            return next(a for a, code in codes.items() if code == answer)


def _short(pool: Pool, address: str) -> str:
    row = pool.connection.execute("SELECT short FROM alias WHERE address = ?", (address,)).fetchone()
    return str(row[0])


def _tell_split(
    asked: Questions, sides: dict[str, Side], pairs: Sequence[tuple[str, str]], path: Path
) -> None:
    for left, right in pairs:
        a, b = sides[left], sides[right]
        say(f"«{a.title}» ({a.member_name}) ≠ «{b.title}» ({b.member_name})")
    settled = [asked.outcome(pair(*p), DIFFERENT) for p in pairs]
    if not asked.is_member:
        tell(_("This pool takes up no releases of yours: your word travels with them to whoever does."))
    elif all(s.verdict == DIFFERENT for s in settled):
        tell(_("Your word is enough: they are shown apart once your next release is merged."))
    else:
        tell(_("Others have to say the same before they are shown apart."))
    tell(_("It can be undone with: {command}").format(command=own_command(path, "undo")))
    tell(_("It leaves with: {command}").format(command=own_command(path, "release")))
