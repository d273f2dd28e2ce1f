"""`commons keys`: whose catalogue this is, the words by which others recognise it, and a change of its key.

`recover`, for who has lost the catalogue itself, is in `commons.cli.catalogue.recover`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import click

from commons.catalogue.store import Catalogue
from commons.cli.catalogue import recovery_sheet
from commons.cli.catalogue.recover import recover
from commons.cli.terminal.output import (
    catalogue_option,
    confirm,
    interactive,
    json_option,
    now,
    opened,
    say,
    show_json,
    tell,
    yes_option,
)
from commons.cli.terminal.release_number import not_mine_option, own_version_of, version_words
from commons.errors import InputError
from commons.format import words
from commons.format.keylog import KeyLog
from commons.format.keys import PrivateKey
from commons.messages import N_, ngettext
from commons.messages import translate as _
from commons.release import keys as release_keys
from commons.release import sheet as sheets


@dataclass(eq=False)
class OwnReleaseVoid(InputError):
    """This very catalogue made a release that is said not to be its own."""

    version: str
    template: ClassVar[str] = N_(
        "This catalogue made release {version} itself, so what it holds was changed, too."
    )
    hint_template: ClassVar[str] = N_(
        "Go back to a copy from before, under another name: commons keys recover COPY --not-mine NUMBER"
    )


@click.group(
    help=N_("The catalogue's keys: what others recognise it by."),
    short_help=N_("The catalogue's keys and their words."),
)
def keys() -> None:
    pass


keys.add_command(recover)


@keys.command(
    help=N_(
        "Show the member id, the public key and its eight words.\n\n"
        "None of it is secret. Whoever wants to be sure that a release is yours compares the words with you."
    ),
    short_help=N_("Show member id, public key and its eight words."),
)
@catalogue_option
@json_option
def show(catalogue: Path | None, as_json: bool) -> None:
    with opened(catalogue) as open_catalogue:
        log = KeyLog.parse(open_catalogue.keylog)
        path = release_keys.key_path(open_catalogue.path)
    fingerprint = words.fingerprint_words(log.current)
    if as_json:
        show_json(
            {
                "member": log.member_id,
                "epoch": log.epoch,
                "public_key": log.current.line,
                "words": list(fingerprint),
                "keylog_head": log.head,
                "key_file": str(path) if path.exists() else None,
                "void": [{"from": list(v.start), "until_epoch": v.end} for v in log.voids],
            }
        )
        return
    say(_("Member id: {id}").format(id=log.member_id))
    say(_("Words of the key: {words}").format(words=" ".join(fingerprint)))
    say(_("Public key: {line}").format(line=log.current.line))
    if log.epoch:
        text = ngettext("The key was changed {n} time.", "The key was changed {n} times.", log.epoch)
        say(text.format(n=log.epoch))
    for void in log.voids:
        say(_("Declared not yours: from release {version} on.").format(version=version_words(void.start)))
    if path.exists():
        say(_("The private key lies at {path}; give it to nobody.").format(path=path))
    else:
        say(
            _("The private key is not at {path}; without it no release can be signed here.").format(path=path)
        )
        tell(_("With the recovery sheet you can bring a new one into use: commons keys rotate"))


@keys.command(
    help=N_(
        "Check a recovery sheet, or print it again from its 24 words.\n\n"
        "The next key stands on the sheet and nowhere else, so this program cannot show it by itself. Type "
        "the words and it says whether they are this catalogue's newest; with --sheet it writes the page "
        "again. Where the sheet is lost and the key is not, sharing goes on as before, but a lost computer "
        "would be for good: tell the federations that show you before that happens."
    ),
    short_help=N_("Check a recovery sheet, or print it again."),
)
@catalogue_option
@recovery_sheet.words_option
@click.option(
    "--sheet",
    "sheet_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Write the page again, out of its words."),
)
@json_option
def sheet(catalogue: Path | None, words_file: Path | None, sheet_file: Path | None, as_json: bool) -> None:
    with opened(catalogue) as own:
        log = KeyLog.parse(own.keylog)
        recovery_sheet.refuse_without_place(sheet_file, print_words=False, asking=True)
        if not as_json:
            tell(_("The 24 words stand on the recovery sheet and nowhere else, not even here."))
        revealed = recovery_sheet.key_of_sheet(words_file, release_keys.ever_announced(log))
        release_keys.refuse_used(revealed.public, log)
        with recovery_sheet.written(_page(own, log, log.current, revealed), sheet_file):
            pass
    if as_json:
        show_json({"member": log.member_id, "sheet": str(sheet_file) if sheet_file else None, "right": True})
        return
    say(_("Yes: this is the newest recovery sheet of this catalogue. Put it back in its place."))
    if sheet_file is not None:
        say(_("Print {path}, put the paper in a safe place and delete the file.").format(path=sheet_file))


def _page(own: Catalogue, log: KeyLog, current: object, following: PrivateKey) -> sheets.Sheet:
    assert isinstance(current, type(log.current))
    return sheets.Sheet(
        own.profile.title, own.path.name, log.member_id, current, following, f"{now():%Y-%m-%d}"
    )


@keys.command(
    help=N_(
        "Change the key: the one of the recovery sheet comes into use, and a new sheet is made.\n\n"
        "For when the key beside the catalogue is lost, or somebody may have copied it. Asks for the 24 "
        "words; the old key alone cannot do this. Member id and addresses of your records stay the same."
    ),
    short_help=N_("Change the key, with the recovery sheet."),
)
@catalogue_option
@recovery_sheet.words_option
@not_mine_option
@recovery_sheet.sheet_option
@recovery_sheet.print_words_option
@yes_option
@json_option
def rotate(
    catalogue: Path | None,
    words_file: Path | None,
    not_mine: str | None,
    sheet_file: Path | None,
    print_words: bool,
    yes: bool,
    as_json: bool,
) -> None:
    asking = interactive() and not yes
    recovery_sheet.refuse_without_place(sheet_file, print_words=print_words, asking=asking)
    with opened(catalogue) as own:
        log = KeyLog.parse(own.keylog)
        void_from = own_version_of(not_mine, log.epoch) if not_mine else None
        _refuse_own(own, void_from)
        revealed = recovery_sheet.key_of_sheet(words_file, release_keys.ever_announced(log))
        if revealed.public == log.current and _back_in_place(own, revealed, as_json=as_json):
            return
        release_keys.refuse_used(revealed.public, log)
        made = release_keys.rotation(log, revealed, void_from=void_from)
        if not confirm(
            _("Bring the key of the sheet into use? The old key is good for nothing then."), yes=yes
        ):
            tell(_("Nothing was changed."))
            return
        page = _page(own, log, revealed.public, made.next)
        if asking and sheet_file is None:
            recovery_sheet.hand_over(page, print_words=print_words)
        with recovery_sheet.written(page, sheet_file):
            own.set_keylog(made.keylog.to_bytes())
        release_keys.replace(release_keys.key_path(own.path), made.current)
        own.backup(at=now())  # so that the newest copy knows the newest sheet
    if as_json:
        more = {"words": list(page.words)} if print_words else {}
        fingerprint = list(page.fingerprint)
        show_json({"member": log.member_id, "epoch": log.epoch + 1, "fingerprint": fingerprint, **more})
        return
    if print_words and not asking:
        recovery_sheet.show_words(page)
    say(_("The key was changed; your member id and all addresses stay the same."))
    recovery_sheet.say_new_sheet(page, sheet_file, own.path)


def _refuse_own(own: Catalogue, void_from: tuple[int, int] | None) -> None:
    """Raises OwnReleaseVoid."""
    for release in own.releases:
        if void_from is not None and (release.epoch, release.number) >= void_from:
            raise OwnReleaseVoid(version_words((release.epoch, release.number)))


def _back_in_place(own: Catalogue, revealed: PrivateKey, *, as_json: bool) -> bool:
    """Put the file of a key in use where it lacks, as after a change that was interrupted; else False."""
    path = release_keys.key_path(own.path)
    if _is_there(path, revealed):
        return False
    release_keys.replace(path, revealed)
    if as_json:
        show_json({"member": own.member_id, "key_file": str(path), "changed": False, "sheet": None})
        return True
    say(_("The key of this sheet is in use already; its file lies at {path} again.").format(path=path))
    say(_("The key was not changed and no new sheet was made: the newest one was made when this was used."))
    return True


def _is_there(path: Path, key: PrivateKey) -> bool:
    try:
        return release_keys.load(path) == key
    except release_keys.KeyMissing:
        return False
