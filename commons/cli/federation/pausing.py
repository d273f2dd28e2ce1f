"""`commons federation pause` and `resume`: what to do while somebody says on the telephone «they robbed us».

A pause needs nothing of the member. It names the last good release; what came later, withdrawals included,
is not seen. It ends by the maintainer's word only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import ClassVar

import click

from commons.cli.federation.options import answer, federation_command, file_of, file_option, say_next
from commons.cli.terminal.clock import day_of, minute_of, zone_of
from commons.cli.terminal.output import (
    ask,
    confirm,
    interactive,
    json_option,
    now,
    say,
    show_json,
    show_table,
    tell,
    yes_option,
)
from commons.cli.terminal.release_number import version_of, version_words
from commons.errors import InputError
from commons.federation import lock
from commons.federation.lock import Lock, NoLock
from commons.federation.policy import entry
from commons.federation.policy import file as policies
from commons.federation.policy.called import member_called
from commons.federation.policy.file import Policy
from commons.federation.policy.rules import Added, Member
from commons.federation.store.folder import Store
from commons.federation.trust import Seen
from commons.format.words import spoken
from commons.merge.planning.undone import Undone
from commons.merge.releases.returning import Pauses, aside
from commons.messages import N_, ngettext
from commons.messages import translate as _

_SHOWN = 8


@dataclass(eq=False)
class NotKnownHere(InputError):
    """The named release is not here: a pause there would show something else than was meant, or nothing."""

    name: str
    version: str
    known: str
    template: ClassVar[str] = N_("No release {version} of {name} is known here.")
    hint_template: ClassVar[str] = N_("Known are: {known}. Choose one of them with --at.")


@dataclass(eq=False)
class CannotBeShown(InputError):
    """The named release lies here only without what was withdrawn later, and another one lies here whole."""

    name: str
    version: str
    n: int
    nearest: str
    template: ClassVar[str] = N_(
        "Release {version} of {name} cannot be shown any more: what was withdrawn later is gone from it"
        " ({n} in all)."
    )
    hint_template: ClassVar[str] = N_("The nearest that can be shown whole: --at {nearest}")


@dataclass(eq=False)
class NotPaused(InputError):
    """There is no pause to end."""

    name: str
    template: ClassVar[str] = N_("{name} is not on pause.")
    hint_template: ClassVar[str] = N_("commons federation show tells how each member stands.")


@click.command(
    help=N_(
        "Put a member on pause: its last good release is shown, and nothing later.\n\n"
        "For the telephone call in which somebody says that the computer was stolen. MEMBER is its name, its "
        "id or the beginning of it. Later releases, and what they withdrew, do not count until you resume."
    ),
    short_help=N_("Show a member's last good release and nothing later."),
)
@click.argument("member")
@click.option(
    "--at",
    "at",
    metavar="NUMBER",
    help=N_("The last good release; the one in use if not given."),
)
@click.option("--reason", help=N_("Why; it stays in federation.yaml."))
@file_option
@json_option
def pause(member: str, at: str | None, reason: str | None, path: Path, as_json: bool) -> None:
    policy = policies.load(path)
    accepted, zone = member_called(policy, member), zone_of(policy)
    known = sorted(Store.beside(path).seen(accepted.id), key=lambda s: s.version)
    if at is None and interactive():
        at = _asked(known, _in_use(path, accepted, known), zone)
    version = _version(at, known) if at else _in_use(path, accepted, known)
    if not any(s.version == version for s in known):
        numbers = ", ".join(dict.fromkeys(version_words(s.version) for s in known[-_SHOWN:])) or "—"
        raise NotKnownHere(accepted.name, version_words(version) if version else "—", numbers)
    assert version is not None
    undone = _foreseen(policy, path, accepted, known, version)
    said = answer(reason, "--reason", _("Why?"))
    entry.set_key(path, accepted.id, "pause", {"at": list(version), "reason": said})
    used = next(s for s in known if s.version == version)
    if as_json:
        epoch, number = used.version
        show_json(
            {
                "member": accepted.id,
                "at": list(version),
                "used": {"epoch": epoch, "number": number},
                "seen_again": list(undone.back),
                "gone": undone.gone,
            }
        )
        return
    text = _("{name} is on pause: release {version} of {date} is shown, and nothing later.")
    date = day_of(used.manifest.issued_at, zone)
    say(text.format(name=accepted.name, version=version_words(used.version), date=date))
    _say_undone(undone, path)
    say_next(path)
    tell(
        _("They can recover with their sheet: commons keys recover COPY --not-mine {n}").format(
            n=version[1] + 1
        )
    )


def _foreseen(
    policy: Policy, path: Path, member: Member, known: Sequence[Seen], version: tuple[int, int]
) -> Undone:
    """What the pause would undo. Raises CannotBeShown where the release is here in part, another whole."""
    store = Store.beside(path)
    with aside(store) as examined:
        pauses = Pauses(policy, _last(path), store, examined, now())

        def lacks(at: tuple[int, int]) -> int:
            locked, undone = pauses.at(member, at)
            used = locked.release if (locked.epoch, locked.number) == at else None
            return 0 if used is not None and store.lacks(used) else undone.gone if used else 1

        found = pauses.at(member, version)[1]
        if not found.gone or not lacks(version):
            return found
        others = sorted({s.version for s in known if s.version != version and _brought(s)})
        before = [v for v in reversed(others) if v < version]
        after = [v for v in others if v > version]
        nearest = next((v for v in before + after if not lacks(v)), None)
    if nearest is not None:
        raise CannotBeShown(member.name, version_words(version), found.gone, version_words(nearest))
    return found  # nothing better is here, and what came later must be stopped all the same


def _say_undone(undone: Undone, path: Path) -> None:
    """What was withdrawn later and is seen again, and what cannot be."""
    if n := len(undone.back):
        text = ngettext(
            "What was withdrawn later is seen again while the pause lasts: {n} record.",
            "What was withdrawn later is seen again while the pause lasts: {n} records.",
            n,
        )
        say(text.format(n=n))
        for address in undone.back[:_SHOWN]:
            say(f"  {address}")
        if n > _SHOWN:
            say("  " + ngettext("… and {n} more", "… and {n} more", n - _SHOWN).format(n=n - _SHOWN))
        hold = federation_command(path, "federation", "hold", undone.back[0], "--later")
        tell(_("If one of them must stay away, hold it until all is clear: {command}").format(command=hold))
    if n := undone.gone:
        text = ngettext(
            "{n} record of it was withdrawn later and is gone here; it stays away.",
            "{n} records of it were withdrawn later and are gone here; they stay away.",
            n,
        )
        say(text.format(n=n))


def _version(text: str, known: list[Seen]) -> tuple[int, int]:
    """What `text` names: numbers go on after a change of the key, so mostly the number alone says which.

    Raises NotAReleaseNumber.
    """
    version = version_of(text, known[-1].version[0] if known else 0)
    of_number = {s.version for s in known if s.version[1] == version[1]}
    return next(iter(of_number)) if "." not in text and len(of_number) == 1 else version


def _in_use(path: Path, member: Member, known: list[Seen]) -> tuple[int, int] | None:
    """The release that the last merge used; before the first merge the newest one here."""
    last = _last(path)
    locked = last.members.get(member.id) if last is not None else None
    if locked is not None and locked.release is not None:
        return locked.epoch, locked.number
    return known[-1].version if known else None


def _last(path: Path) -> Lock | None:
    """What the last merge locked; None before the first."""
    try:
        return lock.read(file_of(path).parent)
    except NoLock:
        return None


def _brought(release: Seen) -> int:
    """How many records it holds; who they are, and what they took back, are none."""
    return sum(n for name, n in release.manifest.counts.items() if name not in ("catalogue", "withdrawal"))


def _asked(known: list[Seen], in_use: tuple[int, int] | None, zone: tzinfo) -> str:
    """The last good one, chosen among what is here, with the days they were made."""
    rows = [
        [
            version_words(s.version),
            minute_of(s.manifest.issued_at, zone),
            str(_brought(s)),
            _("in use") if s.version == in_use else "",
        ]
        for s in known[-_SHOWN:]
    ]
    show_table([_("Release"), _("Made on"), _("Records"), ""], rows)
    return ask(_("Which was the last good one?"), default=version_words(in_use) if in_use is not None else "")


@click.command(
    help=N_(
        "End a member's pause: its newest release counts again with the next merge.\n\n"
        "If its key was changed meanwhile, compare the eight new words by telephone first, and say with --by "
        "and --how who did and how: it is noted beside how it was accepted."
    ),
    short_help=N_("End a member's pause."),
)
@click.argument("member")
@click.option("--by", help=N_("Who compared the new words."))
@click.option("--how", help=N_("How you made sure that the new key is theirs."))
@file_option
@yes_option
@json_option
def resume(member: str, by: str | None, how: str | None, path: Path, yes: bool, as_json: bool) -> None:
    accepted = member_called(policies.load(path), member)
    if accepted.pause is None:
        raise NotPaused(accepted.name)
    newest = max(Store.beside(path).seen(accepted.id), key=lambda s: s.version, default=None)
    changed = newest is not None and newest.version[0] > accepted.pause.at[0]
    new_words = spoken(newest.keylog.current) if newest is not None else ""
    if changed and not as_json:
        say(_("The key was changed since. Its new words: {words}").format(words=new_words))
    question = _("Did the organisation read the same eight words?") if changed else _("End the pause?")
    if not confirm(question, yes=yes or (changed and bool(how) and not interactive())):
        tell(_("Nothing was changed."))
        return
    if changed:
        entry.set_key(path, accepted.id, "added", _also(accepted.added, by, how))
    entry.set_key(path, accepted.id, "pause", None)
    if as_json:
        show_json({"member": accepted.id, "key_changed": changed, "words": new_words.split()})
        return
    say(_("{name} is no longer on pause.").format(name=accepted.name))
    say_next(path)


def _also(added: Added, by: str | None, how: str | None) -> dict[str, str]:
    """How it was accepted, and after that how its new key was. Raises AnswerNeeded."""
    how = answer(how, "--how", _("How did you make sure? (words read by telephone, in person …)"))
    by = answer(by, "--by", _("Who compared them?"))
    new = _("new key on {day}: {how} ({by})").format(day=now().date().isoformat(), how=how, by=by)
    said = {"by": added.by or by, "when": added.when, "how": f"{added.how}; {new}" if added.how else new}
    return {key: text for key, text in said.items() if text}
