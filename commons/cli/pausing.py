"""`commons federation pause` and `resume`: what to do while somebody says on the telephone «they robbed us».

A pause needs nothing of the member. It names the last good release; what came later, withdrawals included,
is not seen. It ends by the maintainer's word only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import ClassVar

import click

from commons.cli.clock import day_of, minute_of, zone_of
from commons.cli.federation_options import answer, file_of, file_option, say_next
from commons.cli.output import (
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
from commons.cli.release_number import version_of, version_words
from commons.errors import InputError
from commons.federation import entry, lock
from commons.federation import policy as policies
from commons.federation.called import member_called
from commons.federation.lock import NoLock
from commons.federation.rules import Added, Member
from commons.federation.store import Store
from commons.federation.trust import Seen
from commons.format.words import spoken
from commons.messages import N_
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
    said = answer(reason, "--reason", _("Why?"))
    assert version is not None
    entry.set_key(path, accepted.id, "pause", {"at": list(version), "reason": said})
    used = next(s for s in known if s.version == version)
    if as_json:
        epoch, number = used.version
        show_json({"member": accepted.id, "at": list(version), "used": {"epoch": epoch, "number": number}})
        return
    text = _("{name} is on pause: release {version} of {date} is shown, and nothing later.")
    date = day_of(used.manifest.issued_at, zone)
    say(text.format(name=accepted.name, version=version_words(used.version), date=date))
    say_next(path)
    tell(
        _("They can recover with their sheet: commons keys recover COPY --not-mine {n}").format(
            n=version[1] + 1
        )
    )


def _version(text: str, known: list[Seen]) -> tuple[int, int]:
    """What `text` names: numbers go on after a change of the key, so mostly the number alone says which.

    Raises NotAReleaseNumber.
    """
    version = version_of(text, known[-1].version[0] if known else 0)
    of_number = {s.version for s in known if s.version[1] == version[1]}
    return next(iter(of_number)) if "." not in text and len(of_number) == 1 else version


def _in_use(path: Path, member: Member, known: list[Seen]) -> tuple[int, int] | None:
    """The release that the last merge used; before the first merge the newest one here."""
    try:
        locked = lock.read(file_of(path).parent).members.get(member.id)
    except NoLock:
        locked = None
    if locked is not None and locked.release is not None:
        return locked.epoch, locked.number
    return known[-1].version if known else None


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
