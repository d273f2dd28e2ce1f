"""`commons merge`: make a pool of what members released, and say how each stands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import click

from commons.cli.federation.fetching import deadline_option, net, offline_option
from commons.cli.federation.member_states import Standing, standings
from commons.cli.federation.options import folder_option
from commons.cli.federation.receipt import names_in, questions_in
from commons.cli.terminal.known_as import strangers, told_apart
from commons.cli.terminal.output import (
    FINDINGS,
    findings_json,
    json_option,
    now,
    progress,
    say,
    show_findings,
    show_json,
)
from commons.errors import InputError
from commons.federation import lock as locks
from commons.federation.store.folder import Store
from commons.findings import KINDS, Finding
from commons.format.instants import instant
from commons.merge.claims import HELD
from commons.merge.difference.standing import FIRST, WHY, Way
from commons.merge.pooling.changes import Changes
from commons.merge.run import POOL, Merged, Options
from commons.merge.run import merge as merge_folder
from commons.messages import N_, ngettext, translate


@dataclass(eq=False)
class NotAMoment(InputError):
    """The moment given with --as-of cannot be read."""

    text: str
    template: ClassVar[str] = N_("«{text}» is not a moment.")
    hint_template: ClassVar[str] = N_("Write it in UTC, as in 2026-11-21T18:30Z.")


@click.command(help=N_("Merge what members released into one pool."))
@folder_option
@click.option("--locked", is_flag=True, help=N_("Apply commons.lock exactly; look at no source."))
@click.option("--full", is_flag=True, help=N_("Make everything anew, not from the last pool."))
@click.option("--canonical", is_flag=True, help=N_("Write the same bytes on every machine (slower)."))
@click.option(
    "--allow-shrink",
    multiple=True,
    metavar="MEMBER",
    help=N_("Take up a release of this member though it lost many records."),
)
@click.option(
    "--purge-now",
    is_flag=True,
    help=N_("Keep no full copy of what was withdrawn; else it lies aside for 14 days."),
)
@offline_option
@deadline_option
@click.option("--as-of", metavar="MOMENT", help=N_("The moment of this merge in UTC; now if not given."))
@click.option("--details", is_flag=True, help=N_("Say also how the pool was made: of the last one, or anew."))
@click.option("--dry-run", is_flag=True, help=N_("Say what would be merged; write neither pool nor lock."))
@json_option
def merge(
    folder: Path,
    *,
    locked: bool,
    full: bool,
    canonical: bool,
    allow_shrink: tuple[str, ...],
    purge_now: bool,
    offline: bool,
    deadline: float,
    as_of: str | None,
    details: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Plan and act. Exit code 1 where something waits for a person."""
    options = Options(
        as_of=_moment(as_of),
        locked=locked,
        full=full,
        canonical=canonical,
        dry_run=dry_run,
        allow_shrink=[_admitted_called(name, folder) for name in allow_shrink],
        purge=purge_now,
        net=net(offline=offline, deadline=deadline),
    )
    with progress(translate(N_("Merging"))) as advance:
        merged = merge_folder(
            folder, options, lambda what, n: advance(n if what in ("fetched", "entities") else 0)
        )
    if as_json:
        show_json(_as_json(merged))
    else:
        _show(merged, folder, details=details)
    grave = [f for f in merged.findings if KINDS[f.code].level != "note"]
    if grave:
        raise SystemExit(FINDINGS)


def _admitted_called(name: str, folder: Path) -> str:
    """The id of a member that vouches took up, by its name in the last pool; else what was given."""
    admitted = locks.admitted(folder)
    if not admitted or not (folder / POOL).is_file():
        return name
    found = [
        id for id, n in names_in(folder / POOL).items() if id in admitted and n.casefold() == name.casefold()
    ]
    return found[0] if len(found) == 1 else name


def _moment(text: str | None) -> datetime:
    if text is None:
        return now()
    for form in ("%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise NotAMoment(text)


def _show(merged: Merged, folder: Path, *, details: bool) -> None:
    names = {m.id: m.name for m in merged.lock.policy.members}
    admitted = {id for id, locked in merged.lock.members.items() if locked.admitted}
    if admitted and merged.result is not None:
        names |= {id: name for id, name in names_in(merged.result.path).items() if id in admitted}
    if merged.fetched and merged.fetched.strangers:
        names |= strangers(Store.beside(folder))
    names = told_apart({id: name or id for id, name in names.items()})
    looks = merged.fetched.looks if merged.fetched else {}
    changed = {id: plan.changed for id, plan in merged.plans.items()}
    standing = standings(merged.lock.members, merged.lock, Store.beside(folder), looks, changed)
    for member, locked in merged.lock.members.items():
        if member in names or member in admitted:
            say(_member_line(names.get(member, member), merged, member, locked, standing[member]))
    say()
    show_findings([named(f, names) for f in (*merged.findings, *_chores(merged))])
    if merged.result is None:
        say(translate(N_("Nothing was written: this was a dry run.")))
        return
    things = sum(merged.result.counts.values())
    say(
        ngettext("{n} thing in {path}", "{n} things in {path}", things).format(
            n=things, path=merged.result.path
        )
    )
    if details and merged.way is not None and merged.way.why != FIRST:  # else nobody expects anything else
        say(_way_in_words(merged.way))
    if asked := questions_in(merged.result.path):
        text = ngettext(
            "{n} question about what may be one thing waits for people's word: {command}",
            "{n} questions about what may be one thing wait for people's word: {command}",
            asked,
        )
        say(text.format(n=asked, command=shlex.join(["commons", "review", str(merged.result.path)])))
    say(translate(N_("root {root}")).format(root=merged.result.root))


def _chores(merged: Merged) -> Iterator[Finding]:
    """What catalogues say of their standing and the federation has not noted: only its maintainer can."""
    for member, receipt in merged.result.receipts.items() if merged.result else ():
        for said in receipt["findings"]:
            if said["code"] in ("says-for", "says-continues"):
                yield Finding(said["code"], member=member, value=said.get("value"))


def _way_in_words(way: Way) -> str:
    if way.why:
        text = N_(
            "The whole pool was made this time and not only what changed, since {why}. It takes longer; the "
            "result is the same."
        )
        return translate(text).format(why=translate(WHY[way.why]))
    said = ngettext(
        "Made from the last pool: the records of {n} of {members} members were looked at again.",
        "Made from the last pool: the records of {n} of {members} members were looked at again.",
        way.changed,
    )
    return said.format(n=way.changed, members=way.members)


_HELD = (N_("{n} held"), N_("{n} held ones"))


def _member_line(
    name: str, merged: Merged, member: str, locked: locks.LockedMember, standing: Standing
) -> str:
    parts = [standing.word]
    if locked.admitted:
        parts.append(translate(N_("admitted by vouches")))
    if locked.release:
        parts.append(standing.used(merged.lock.as_of))
    receipt = merged.result.receipts.get(member) if merged.result else None
    if receipt is not None:
        parts.append(ngettext("{n} record", "{n} records", receipt["records"]).format(n=receipt["records"]))
        if held := receipt["held"]:  # every night, not only when it begins
            parts.append(translate(_HELD[held > 1]).format(n=held))
        if refused := sum(n for code, n in receipt["refused"].items() if code != HELD):
            parts.append(ngettext("{n} not taken up", "{n} not taken up", refused).format(n=refused))
    if member in merged.changes and (changed := _changes_in_words(merged.changes[member])):
        parts.append(changed)
    return f"{name}: {' · '.join(parts)}"


def _changes_in_words(changes: Changes) -> str:
    said = []
    for n, one, many in (
        (changes.new, N_("{n} new"), N_("{n} new ones")),
        (changes.changed, N_("{n} changed"), N_("{n} changed ones")),
        (changes.removed, N_("{n} removed"), N_("{n} removed ones")),
        (changes.withdrawn, N_("{n} withdrawn"), N_("{n} withdrawn ones")),
    ):
        if n:
            said.append(translate(one if n == 1 else many).format(n=n))
    return ", ".join(said)


def named(finding: Finding, names: Mapping[str, str]) -> Finding:
    """The finding with the member's name as people know it."""
    name = names.get(finding.member or "")
    return finding if name is None else replace(finding, member=name)


def _as_json(merged: Merged) -> dict[str, Any]:
    result = merged.result
    return {
        "root": result.root if result else None,
        "pool": str(result.path) if result else None,
        "counts": dict(result.counts) if result else {},
        "as_of": instant(merged.lock.as_of),
        "way": {"why_anew": merged.way.why, "changed": merged.way.changed} if merged.way else None,
        "members": {m: k.to_json() for m, k in merged.lock.members.items()},
        "receipts": {m: dict(told) for m, told in result.receipts.items()} if result else {},
        "changes": {m: c.to_json() for m, c in merged.changes.items()},
        "findings": findings_json(merged.findings),
    }
