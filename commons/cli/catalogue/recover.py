"""`commons keys recover`: a catalogue made again on another computer, with the recovery sheet.

Out of copies of it, of its releases, or of both: whatever there is. The key of the sheet comes into use; the
identity and every address stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import click

from commons.addresses import file_stem
from commons.catalogue import copies
from commons.catalogue.store import Catalogue
from commons.cli.catalogue import recover_sources, recovery_sheet
from commons.cli.catalogue.shared_release import NotTakenUp, look, read_release
from commons.cli.terminal.clock import day_of
from commons.cli.terminal.output import (
    ask,
    ask_yes,
    confirm,
    interactive,
    is_catalogue,
    json_option,
    now,
    own_command,
    say,
    show_json,
    tell,
    yes_option,
)
from commons.cli.terminal.release_number import not_mine_option, own_version_of, version_words
from commons.errors import CommonsError, InputError
from commons.format.keylog import KeyLog
from commons.messages import N_, in_language, ngettext
from commons.messages import translate as _
from commons.release import keys, sheet
from commons.release import recover as recovery
from commons.release.outgoing import PROFILE
from commons.release.recover import Offered, Recovered, Sources
from commons.schema.spec import load_schema

_MOST_LISTED = 10


@dataclass(eq=False)
class NothingToRecover(InputError):
    """No copy and no release was found where it was looked for."""

    place: str
    template: ClassVar[str] = N_("There is neither a copy of a catalogue nor a release in {place}.")
    hint_template: ClassVar[str] = N_(
        "A portal that shows you has your newest release: name the address of your page there, or take the "
        "file from that page."
    )


@dataclass(eq=False)
class NoVoidWithout(InputError):
    """Nothing can be declared void without a change of the key."""

    template: ClassVar[str] = N_("The key of this sheet is in use already; it can declare nothing void.")
    hint_template: ClassVar[str] = N_("Use the newest sheet: the one that was made when this one was used.")


@dataclass(eq=False)
class UsedSheet(InputError):
    """The sheet's key is the one in use, so whoever has the lost computer has that key as well."""

    template: ClassVar[str] = N_(
        "This recovery sheet was used before: its key is the one in use now. Whoever has the lost computer "
        "may have that key, so nothing would be safer, and no new sheet could be made. Nothing was changed."
    )
    hint_template: ClassVar[str] = N_(
        "Use the newest sheet: the one that was made when this one was used. If it is lost, too, and the "
        "computer is surely in nobody else's hands, add --keep-key."
    )


@click.command(
    help=N_(
        "Bring a lost catalogue back, with its recovery sheet.\n\n"
        "SOURCE is a copy of the catalogue, a release (.entrega), a folder or stick with such files, a "
        "published portal's folder, or the address of your page on a portal; name all you have. A copy "
        "brings back everything up to its day; a release only what was public. Asks for the 24 words. "
        "Whoever has the old computer cannot share in your name any more; with --not-mine, what was shared "
        "since it was gone does not count either. Member id and addresses stay the same."
    ),
    short_help=N_("Bring a lost catalogue back, with the sheet."),
)
@click.argument("sources", metavar="SOURCE…", nargs=-1, required=True)
@click.option(
    "--to", type=click.Path(path_type=Path), metavar="FILE", help=N_("Where the catalogue is made.")
)
@recovery_sheet.words_option
@not_mine_option
@click.option(
    "--keep-key",
    is_flag=True,
    help=N_("The newest sheet is lost, too: go on with the key of one that was used before."),
)
@click.option(
    "--take-over",
    is_flag=True,
    help=N_("From now on you keep it yourselves: it bears your name, not that of who kept it for you."),
)
@recovery_sheet.sheet_option
@recovery_sheet.print_words_option
@yes_option
@json_option
def recover(
    sources: tuple[str, ...],
    to: Path | None,
    words_file: Path | None,
    not_mine: str | None,
    keep_key: bool,
    take_over: bool,
    sheet_file: Path | None,
    print_words: bool,
    yes: bool,
    as_json: bool,
) -> None:
    asking = interactive() and not yes
    recovery_sheet.refuse_without_place(sheet_file, print_words=print_words, asking=asking or keep_key)
    with recover_sources.at_hand(sources) as paths:
        _recover(
            _Found.look(paths), to, words_file, not_mine, sheet_file,
            keep_key=keep_key, take_over=take_over, print_words=print_words, yes=yes, as_json=as_json,
        )  # fmt: skip


def _recover(
    found: _Found,
    to: Path | None,
    words_file: Path | None,
    not_mine: str | None,
    sheet_file: Path | None,
    *,
    keep_key: bool,
    take_over: bool,
    print_words: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """With what was found: asks, makes it again, says what it came to."""
    at, asking = now(), interactive() and not yes
    announced = [digest for log in found.logs for digest in keys.ever_announced(log)]
    revealed = recovery_sheet.key_of_sheet(words_file, announced)
    log = recovery.log_for(revealed.public, found.logs)
    if log is None:
        raise keys.OldSheet
    if revealed.public == log.current:
        _refuse_used(keep_key, asking=asking)
    else:
        recovery_sheet.refuse_without_place(sheet_file, print_words=print_words, asking=asking)
    void_from = _void_from(not_mine, log, asking=asking)
    chosen = _chosen(found, log, void_from)
    path = _target(to, chosen)
    rotation = None
    if revealed.public != log.current:
        rotation = keys.rotation(log, revealed, void_from=void_from)
    elif void_from is not None:
        raise NoVoidWithout
    recovery.refuse_occupied(path, revealed)
    if not as_json:
        _say_what_will_be(chosen, log, new_key=rotation is not None)
    if not confirm(_("Make the catalogue again at {path}?").format(path=path), yes=yes):
        tell(_("Nothing was made."))
        return
    page = _page(path, chosen, rotation) if rotation is not None else None
    if page is not None and asking and sheet_file is None:
        recovery_sheet.hand_over(page, print_words=print_words)
    with recovery_sheet.written(page, sheet_file if page is not None else None):
        done = recovery.recover(path, chosen, rotation, key=revealed, at=at)
    if take_over or (asking and _wants_to_take_over(path)):
        take_it_over(path, at=at)
    if as_json:
        show_json(
            {
                **_as_json(path, chosen, done, page, sheet_file, print_words=print_words),
                "void_from": list(void_from) if void_from else None,
            }
        )
        return
    if page is not None and print_words and not asking:
        recovery_sheet.show_words(page)
    _say_done(path, chosen, done)
    if void_from is not None:
        text = _("From release {number} on it was not you: what was shared since counts for nothing.")
        say(text.format(number=version_words(void_from)))
    if page is not None:
        recovery_sheet.say_new_sheet(page, sheet_file, path)
    else:
        _say_same_key(path)


def _refuse_used(keep_key: bool, *, asking: bool) -> None:
    """Raises UsedSheet, unless a person knows what it means."""
    if keep_key:
        return
    if not asking:
        raise UsedSheet
    tell(_("This sheet was used before: its key is the one in use now, and a newer sheet was made then."))
    tell(
        _("Whoever has the lost computer may have that key, and no new sheet can be made without the newest.")
    )
    if not ask_yes(_("Is the newest sheet lost, and the computer surely in nobody else's hands?")):
        raise UsedSheet


def _say_same_key(path: Path) -> None:
    say(_("The key is the same as before and no new sheet was made: this one had been used before."))
    text = _(
        "If the newest sheet turns up: {command}. If not, a lost computer would be for good: "
        "begin anew while you have this one, with commons init --continue, and vouch for the new "
        "catalogue."
    )
    say(text.format(command=own_command(path, "keys", "rotate")))


@dataclass(frozen=True, slots=True)
class _Found:
    """All copies and releases in what was named, also other organisations'."""

    copies: tuple[copies.Copy, ...]
    offered: tuple[Offered, ...]

    @property
    def logs(self) -> list[KeyLog]:
        return [*(c.keylog for c in self.copies), *(o.keylog for o in self.offered)]

    @classmethod
    def look(cls, sources: Sequence[Path]) -> _Found:
        """Raises NothingToRecover, and what a damaged copy or release raises.

        What somebody named is read or refused; what merely lies in a folder is taken if it is whole.
        """
        kept: list[copies.Copy] = []
        offered: list[Offered] = []
        for path, named in recover_sources.files(sources):
            try:
                if is_catalogue(path):
                    kept.append(copies.look(path))
                else:
                    offered.append(look(path))
            except CommonsError:
                if named:
                    raise
        if not kept and not offered:
            raise NothingToRecover(", ".join(str(path) for path in sources))
        return cls(tuple(kept), tuple(offered))


def _chosen(found: _Found, log: KeyLog, void_from: tuple[int, int] | None) -> Sources:
    """The best copy and the newest release that can be read. Raises NothingGood, NotTakenUp."""
    copy, offered = recovery.choose(log, found.copies, found.offered, void_from=void_from)
    refused: NotTakenUp | None = None
    for each in offered:
        if copy is not None and each.version <= copy.latest:
            break
        try:
            return Sources(log, copy, read_release(each.path))
        except NotTakenUp as error:
            refused = refused or error
    if copy is None and refused is not None:
        raise refused
    return Sources(log, copy, None)


def _void_from(not_mine: str | None, log: KeyLog, *, asking: bool) -> tuple[int, int] | None:
    text = not_mine or ""
    if not text and asking:
        tell(_("If the computer was stolen, somebody may have shared in your name since."))
        text = ask(_("From which release number on was it not you? (nothing: all were yours)"))
    return own_version_of(text, log.epoch) if text.strip() else None


def _target(to: Path | None, chosen: Sources) -> Path:
    """Where the catalogue is made."""
    path = to or Path(_name(chosen))
    path = path / _name(chosen) if path.is_dir() else path
    return path if path.suffix == ".db" else path.with_name(f"{path.name}.db")


def _name(chosen: Sources) -> str:
    return f"{file_stem(_title(chosen), longest=40)}.db"


def _title(chosen: Sources) -> str:
    if chosen.copy is not None:
        return chosen.copy.title
    assert chosen.shared is not None
    profile = chosen.shared.records[PROFILE, PROFILE]
    return str(profile.get("on_behalf_of") or profile.get("title", ""))  # as `init` names it


def _say_what_will_be(chosen: Sources, log: KeyLog, *, new_key: bool) -> None:
    """What it is made of. Nobody can tell from old files alone that the key was changed after them: two
    changes that contradict each other would be seen as theft, so the person is asked to think of it."""
    say(_("Member id: {id}").format(id=log.member_id))
    if chosen.copy is not None:
        text = _("The copy {name} goes up to {date}, release {version}.")
        version = version_words(chosen.copy.latest)
        say(text.format(name=chosen.copy.path.name, date=_day(chosen.copy.last_at), version=version))
    if chosen.shared is not None and (chosen.copy is None or chosen.catching_up):
        text = _("The release {name} is number {version}, of {date}.")
        version = version_words(chosen.shared.version)
        say(text.format(name=chosen.shared.name, version=version, date=_day(chosen.shared.issued_at)))
    if new_key:
        text = _(
            "Is there a newer sheet, of a change of the key after {date}? Then stop: use that one, and name "
            "a release made since."
        )
        tell(text.format(date=_newest_day(chosen)))


def _newest_day(chosen: Sources) -> str:
    """Up to when what was found tells."""
    days = [chosen.copy.last_at] if chosen.copy is not None else []
    return _day(max([*days, *([chosen.shared.issued_at] if chosen.shared is not None else [])]))


def _day(instant: str) -> str:
    """The day of an instant as this computer counts it, in the reader's language."""
    return day_of(instant, now().astimezone().tzinfo or UTC)


def _page(path: Path, chosen: Sources, rotation: keys.Rotation) -> sheet.Sheet:
    name = _title(chosen) or path.stem
    member = rotation.keylog.member_id
    return sheet.Sheet(name, path.name, member, rotation.current.public, rotation.next, f"{now():%Y-%m-%d}")


def _wants_to_take_over(path: Path) -> bool:
    with Catalogue.open(path) as made:
        whose = made.profile.fields.get("on_behalf_of")
    if not whose:
        return False
    return ask_yes(_("It was kept for {name}. Do you keep it yourselves from now on?").format(name=whose))


def take_it_over(path: Path, *, at: datetime) -> None:
    """The catalogue bears the name of those for whom it was kept, and is kept for nobody else."""
    with Catalogue.open(path) as made:
        fields = dict(made.profile.fields)
        whose = fields.pop("on_behalf_of", None)
        if whose:
            with made.act("edit", at=at) as act:
                act.put(PROFILE, PROFILE, {**fields, "title": whose}, drafts=made.profile.drafts)


def _say_done(path: Path, chosen: Sources, done: Recovered) -> None:
    say(_("The catalogue is back: {path}").format(path=path))
    counts = []
    for type_name, n in done.counts.items():
        rtype = load_schema().types[type_name]
        counts.append(f"{n} {in_language(rtype.title if n == 1 else rtype.plural).lower()}")
    say("  " + (", ".join(counts) or _("no records, only who you are")))
    for line in _lost(path, chosen, done):
        say("· " + line)


def _lost(path: Path, chosen: Sources, done: Recovered) -> Iterator[str]:
    """What is not there any more, or waits for a look, in sentences."""
    if chosen.copy is not None:
        date = _day(chosen.copy.last_at)
        yield _("What was written after {date} and never shared is lost.").format(date=date)
        if done.updated:
            n = len(done.updated)
            text = ngettext(
                "{n} record is as your newer release has it.",
                "{n} records are as your newer release has them.",
                n,
            )
            yield text.format(n=n)
        if done.kept_home:
            text = _("Your newer release no longer held these; they are kept «only here»: {names}.")
            names = ", ".join(f"{t}/{i}" for t, i in done.kept_home[:_MOST_LISTED])
            yield text.format(names=names)
        return
    assert chosen.shared is not None
    yield _("What was changed after {date} is lost.").format(date=_day(chosen.shared.issued_at))
    yield _("What never left is lost: records and columns marked «only here», drafts, notes on consent.")
    yield _("Where an import came from is lost, too: import under the same key column, so that ids stay.")
    if done.held:
        text = ngettext(
            "{n} value waits: look at it with {command}",
            "{n} values wait: look at them with {command}",
            done.held,
        )
        yield text.format(n=done.held, command=own_command(path, "release", "--dry-run"))
    if chosen.shared.hidden:
        text = ngettext(
            "{n} record of it was withdrawn or held back, and is not in it.",
            "{n} records of it were withdrawn or held back, and are not in it.",
            chosen.shared.hidden,
        )
        yield text.format(n=chosen.shared.hidden)


def _as_json(
    path: Path,
    chosen: Sources,
    done: Recovered,
    page: sheet.Sheet | None,
    sheet_file: Path | None,
    *,
    print_words: bool,
) -> dict[str, object]:
    """`page`: the new sheet; None where the key stays."""
    return {
        "catalogue": str(path),
        "key": str(keys.key_path(path)),
        "member": chosen.keylog.member_id,
        "copy": str(chosen.copy.path) if chosen.copy else None,
        "release": chosen.shared.name if chosen.shared and (not chosen.copy or chosen.catching_up) else None,
        "records": done.records,
        "counts": dict(done.counts),
        "updated": [f"{t}/{i}" for t, i in done.updated],
        "kept_home": [f"{t}/{i}" for t, i in done.kept_home],
        "lost": list(_lost(path, chosen, done)),
        "key_changed": page is not None,
        "sheet": str(sheet_file) if page is not None and sheet_file is not None else None,
        **({"words": list(page.words)} if page is not None and print_words else {}),
    }
