"""`commons receipt`: what the last merge did with one member's release, in words. Merges nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, ClassVar

import click

from commons.cli.federation.differing import difference_lines, question_lines
from commons.cli.federation.options import folder_option
from commons.cli.terminal.clock import day_of, zone_of
from commons.cli.terminal.output import json_option, say, show_findings, show_json
from commons.commands import command
from commons.errors import InputError
from commons.federation import lock as locks
from commons.federation.lock import NoLock
from commons.federation.policy import file as policies
from commons.federation.policy.called import id_called
from commons.federation.policy.file import Policy
from commons.findings import KINDS, Finding
from commons.merge.run import POOL
from commons.messages import N_, ngettext, translate
from commons.messages import translate as _
from commons.said import release_words

_STATES = {
    locks.CURRENT: N_("up to date"),
    locks.LATE: N_("late"),
    locks.PAUSED: N_("paused"),
    locks.LEAVING: N_("is leaving"),
    locks.AWAITED: N_("nothing yet"),
}
_WAITS = N_("the newest release waits")
_COUNTED = (
    ("records", N_("{n} record is shown."), N_("{n} records are shown.")),
    ("shared", N_("{n} stands beside what others say."), N_("{n} stand beside what others say.")),
    ("disagreements", N_("In {n} of them members differ."), N_("In {n} of them, members differ.")),
    ("candidates", N_("{n} question: is it the same?"), N_("{n} questions: are they the same?")),
    ("expired", N_("{n} has run out and left the lists."), N_("{n} have run out and left the lists.")),
    ("withdrawn", N_("{n} withdrawal is respected."), N_("{n} withdrawals are respected.")),
    ("held", N_("The federation holds {n} record."), N_("The federation holds {n} records.")),
    ("held_fields", N_("The federation holds {n} value."), N_("The federation holds {n} values.")),
    (
        "withheld",
        N_("{n} record did not come along: the pool it came through holds or refused it."),
        N_("{n} records did not come along: the pool they came through holds or refused them."),
    ),
)
# Why a newer release is not used, and what to do, as its member reads it. Others: what intake said of it.
_PASSED = {
    "E_SHRINK": (
        N_("Release {release} waits: it lacks many records of the one before and does not say why."),
        N_("If that is right, say so to whoever runs the federation, who then types: {command}"),
    ),
    "E_LEFTOUT": (
        N_("Release {release} waits: whoever passed it on left out many of its records."),
        N_("Send it again, directly."),
    ),
    "E_HERE": (
        N_("Release {release} is too much for the computer that merges."),
        N_("It is tried again at each merge; whoever runs the federation may use a larger computer."),
    ),
}


@dataclass(eq=False)
class NoPoolHere(InputError):
    """There is no pool where a receipt was asked for."""

    path: str
    template: ClassVar[str] = N_("There is no pool at {path}.")
    hint_template: ClassVar[str] = N_("Make one with: commons merge")


@dataclass(eq=False)
class NoReceipt(InputError):
    """The pool holds nothing of that member."""

    member: str
    template: ClassVar[str] = N_("The pool holds no release of «{member}».")
    hint_template: ClassVar[str] = N_("Ask them to share, then merge again.")


@dataclass(eq=False)
class NoneUsed(InputError):
    """Releases of that member came, and none of them can be used."""

    member: str
    why: str
    template: ClassVar[str] = N_("No release of «{member}» is used yet. {why}")
    hint_template: ClassVar[str] = N_("Ask them to share again, then merge again.")


@click.command(help=N_("What the last merge did with one member's release."))
@click.argument("member")
@folder_option
@json_option
def receipt(member: str, folder: Path, *, as_json: bool) -> None:
    """Reads the pool; the sentences are made here."""
    policy = policies.load(folder)
    names = names_in(folder / POOL) if (folder / POOL).is_file() else {}
    id, name = _called(member, policy, names)
    found = receipt_in(folder / POOL, id)
    heir = policy.successors.get(id)
    if found is None and heir is not None:  # its records are another's now
        new = policy.member(heir)
        earlier, id, name = name, heir, new.name if new is not None else heir
        found = receipt_in(folder / POOL, id)
        if not as_json:
            said = _("{old} is continued by {name}; what became of its records stands there:")
            say(said.format(old=earlier, name=name))
    if found is None:
        raise _why_none(folder, id, name)
    if as_json:
        show_json(found)
        return
    for line in receipt_lines(found, name, names, zone_of(policy)):
        say(line)
    say()
    show_findings([_finding(f, name) for f in found["findings"] if f["code"] in KINDS])


def receipt_lines(
    found: Mapping[str, Any], name: str, names: Mapping[str, str], zone: tzinfo
) -> Iterator[str]:
    """A receipt in words: what waits first, then the most welcome."""
    waits = list(_waiting(found, name))
    state = _WAITS if waits else _STATES.get(found["state"], N_("late"))
    yield f"{name} · {translate(state)}"
    number, day = release_words(found["epoch"], found["number"]), day_of(found["issued_at"], zone)
    yield _("Release {number} of {day} is used.").format(number=number, day=day)
    yield from waits
    yield from difference_lines(found, names)
    for key, one, many in _COUNTED:
        n = found.get(key, 0)
        if n and key == "withheld" and found["state"] == locks.PAUSED:
            yield gone_in_words(n)
        elif n:
            yield translate(one if n == 1 else many).format(n=n)
    refused = sum(found["refused"].values())
    if refused:
        yield ngettext("{n} was not taken up:", "{n} were not taken up:", refused).format(n=refused)
    yield from question_lines(found)
    if found.get("admitted"):
        by = ", ".join(names.get(speaker, speaker) for speaker in found["admitted"])
        yield _("It is taken up because these members vouch for it: {members}.").format(members=by)


def gone_in_words(n: int) -> str:
    """What a member on pause had in the release that is shown, and nothing here can show."""
    return ngettext(
        "{n} record of it is not here any more: it was withdrawn later, or did not come along.",
        "{n} records of it are not here any more: they were withdrawn later, or did not come along.",
        n,
    ).format(n=n)


def _waiting(found: Mapping[str, Any], name: str) -> Iterator[str]:
    """Newer releases that are not used, and why."""
    used = (found["epoch"], found["number"])
    for epoch, number in found.get("two_copies", ()):
        if (epoch, number) > used:
            text = _("Two releases have the number {release}: there are two copies of the catalogue.")
            yield text.format(release=release_words(epoch, number))
            yield "  → " + _("Join them, then share again: {command}").format(command="commons join")
    for passed in found.get("passed_over", ()):
        yield from _passed(passed["epoch"], passed["number"], passed["code"], name)


def _passed(epoch: int, number: int, code: str, name: str) -> Iterator[str]:
    release = release_words(epoch, number)
    if code in _PASSED:
        sentence, hint = map(_, _PASSED[code])
        allow = command("merge", "--allow-shrink", name)
        yield sentence.format(release=release)
        yield "  → " + hint.format(command=allow)
        return
    version: dict[str, str | int] = {"epoch": epoch, "number": number}
    told = Finding(code, member=name, value=release, details=version) if code in KINDS else None
    why = told.sentence if told is not None else code
    yield _("Release {release} cannot be used: {why}").format(release=release, why=why)
    if told is not None and told.hint:
        yield "  → " + told.hint


def _why_none(folder: Path, id: str, name: str) -> InputError:
    """Nothing came, or nothing that can be used."""
    try:
        passed = locks.read(folder).members[id].passed_over
    except (NoLock, KeyError):
        passed = ()
    if not passed:
        return NoReceipt(name)
    return NoneUsed(name, next(_passed(passed[0].epoch, passed[0].number, passed[0].code, name)))


def _called(text: str, policy: Policy, names: Mapping[str, str]) -> tuple[str, str]:
    """Id and name of a member, also an admitted one. Raises NoSuchMember, SeveralMembers."""
    known = {**names, **{m.id: m.name for m in policy.members}}
    id = id_called(text, known, parts=True)
    return id, known[id]


def names_in(pool: Path) -> dict[str, str]:
    """Member id → name, of everybody in a pool. Raises NoPoolHere."""
    return dict(_rows(pool, "SELECT id, name FROM member"))


def questions_in(pool: Path) -> int:
    """How many pairs of records a pool asks people about. Raises NoPoolHere."""
    sql = "SELECT count(*) FROM (SELECT a, b FROM candidate UNION SELECT a, b FROM related)"
    return int(_rows(pool, sql)[0][0])


def receipt_in(pool: Path, member: str) -> dict[str, Any] | None:
    """A member's receipt. Raises NoPoolHere."""
    rows = _rows(pool, "SELECT json FROM receipt WHERE member = ?", member)
    return json.loads(rows[0][0]) if rows else None


def _rows(path: Path, sql: str, *values: str) -> list[tuple[Any, ...]]:
    if not path.is_file():
        raise NoPoolHere(str(path))
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as pool:
            return pool.execute(sql, values).fetchall()
    except sqlite3.DatabaseError as error:
        raise NoPoolHere(str(path)) from error


def _finding(plain: Mapping[str, Any], name: str) -> Finding:
    return Finding(
        plain["code"], type=plain.get("type"), record=plain.get("record"), field=plain.get("field"),
        value=plain.get("value"), member=plain.get("member") or name, details=plain.get("details", {}),
    )  # fmt: skip
