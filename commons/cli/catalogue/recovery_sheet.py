"""How a recovery sheet reaches paper, and its words come back: shared by `init`, `keys` and `recover`.

The words are shown or printed from memory; they are written to disk only with --sheet FILE. They are never
taken as an argument, which the system would show to other programs and remember.
"""

from __future__ import annotations

import os
import random
import sys
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import click

from commons.cli.terminal.output import ask, ask_yes, interactive, own_command, say, tell
from commons.errors import InputError
from commons.format import words
from commons.format.container import read_regular
from commons.format.errors import ContainerRefused, WordsRefused
from commons.format.keys import PrivateKey
from commons.messages import N_
from commons.messages import translate as _
from commons.release import keys, sheet

ATTEMPTS = 3
_MOST_BYTES = 1024 * 1024  # of a saved sheet; one page has some 20 kB


@dataclass(eq=False)
class SheetNeeded(InputError):
    """Nobody is there to copy the words, and no sheet was asked for."""

    template: ClassVar[str] = N_(
        "The recovery sheet must go somewhere: without it a lost laptop is for good."
    )
    hint_template: ClassVar[str] = N_(
        "Add --sheet FILE to write it to a file, or --print-words to print the 24 words."
    )


@dataclass(eq=False)
class SheetExists(InputError):
    """The sheet would overwrite a file."""

    path: Path
    template: ClassVar[str] = N_("{path} is already there; nothing was changed.")
    hint_template: ClassVar[str] = N_("Choose another name for the sheet.")


@dataclass(eq=False)
class WordsNotCopied(InputError):
    """The three words asked back were not those of the sheet."""

    template: ClassVar[str] = N_("The words were not the same; nothing was changed.")
    hint_template: ClassVar[str] = N_(
        "Call the command again and copy the 24 words calmly; you will get new ones."
    )


@dataclass(eq=False)
class WordsNeeded(InputError):
    """Nobody is there to type the words of the sheet, and no file has them."""

    template: ClassVar[str] = N_("This needs the 24 words of the recovery sheet.")
    hint_template: ClassVar[str] = N_(
        "Call it where somebody can type them, or add --words-file FILE: a text with the 24 words, or the "
        "sheet as it was saved."
    )


@dataclass(eq=False)
class WordsNotRead(InputError):
    """The file that should have the words is not there, or is none."""

    path: Path
    template: ClassVar[str] = N_("The words of the sheet cannot be read from {path}.")
    hint_template: ClassVar[str] = N_("Name a text with the 24 words, or the sheet as it was saved.")


words_option = click.option(
    "--words-file",
    "words_file",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help=N_("The 24 words of the sheet in a file: a text, or the saved page; - reads them from a pipe."),
)
sheet_option = click.option(
    "--sheet",
    "sheet_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Write the new recovery sheet to this file (HTML, to print)."),
)
print_words_option = click.option(
    "--print-words", is_flag=True, help=N_("Print the 24 words of the new recovery sheet.")
)


def refuse_without_place(sheet_file: Path | None, *, print_words: bool, asking: bool) -> None:
    """Raises SheetNeeded, SheetExists, before anything is asked or made."""
    if not asking and sheet_file is None and not print_words:
        raise SheetNeeded
    if sheet_file is not None and sheet_file.exists():
        raise SheetExists(sheet_file)


@contextmanager
def written(page: sheet.Sheet | None, sheet_file: Path | None) -> Iterator[None]:
    """Within the block the sheet lies at `sheet_file`; it stays there unless the block fails."""
    if sheet_file is None or page is None:
        yield
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(sheet_file, flags, 0o600)  # for its owner only, as the key is
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(sheet.render(page))
            out.flush()
            os.fsync(out.fileno())  # what comes next makes this the only place where the next key stands
        yield
    except BaseException:
        sheet_file.unlink(missing_ok=True)
        raise


def key_of_sheet(words_file: Path | None, announced: Sequence[str]) -> PrivateKey:
    """The key that the recovery sheet says, out of a file or typed by a person.

    Args:
        announced: digests of the public keys that it may be.
    Raises:
        WordsNeeded, OtherSheet, WordsRefused.
    """
    if words_file is None:
        if not interactive():
            raise WordsNeeded
        text = _typed()
    elif str(words_file) == "-":
        text = sys.stdin.read(_MOST_BYTES)
    else:
        try:
            text = read_regular(words_file, _MOST_BYTES).decode("utf-8", "replace")
        except ContainerRefused as error:
            raise WordsNotRead(words_file) from error
    key = sheet.key_in(text, announced)
    if key is None:
        raise keys.OtherSheet
    return key


def _typed() -> str:
    """24 words, over as many lines as a person likes; a slip costs its line only."""
    tell(_("Type the 24 words of the recovery sheet, in order; several in a line, with spaces between them."))
    found: list[str] = []
    while len(found) < words.KEY_WORDS:
        line = words.split(ask(_("From word {n}").format(n=len(found) + 1)))
        wrong = next((word for word in line if not words.is_listed(word)), None)
        if wrong is not None:
            tell(_("«{word}» is not a word of these sheets; type that line again.").format(word=wrong))
        elif len(found) + len(line) > words.KEY_WORDS:
            tell(_("That would be more than 24 words; type that line again."))
        else:
            found += line
    try:
        words.from_words(found)
    except WordsRefused as error:
        tell(str(error))
        return _typed()
    return " ".join(found)


def hand_over(page: sheet.Sheet, *, print_words: bool) -> None:
    """The sheet on screen or printed from the browser, then three words back."""
    tell(_("The recovery sheet brings your catalogue's identity back if this computer is lost or stolen."))
    tell(_("Keep it on paper, away from this computer. It is shown now and never again."))
    if not print_words and ask_yes(_("Open it in the browser, to print it?")):
        sheet.serve_once(
            sheet.render(page),
            show=_open_in_browser,
            wait=lambda: ask(_("Press Enter once it is printed or copied"), default=" "),
        )
    else:
        show_words(page)
        ask(_("Press Enter once they are copied; then they disappear"), default=" ")
        click.clear()
    for position in sheet.positions_to_ask(random.SystemRandom().sample):
        for _attempt in range(ATTEMPTS):
            if sheet.is_word(page, position, ask(_("Word {n}").format(n=position))):
                break
            tell(_("That is not word {n} of the sheet.").format(n=position))
        else:
            raise WordsNotCopied


def _open_in_browser(address: str) -> None:
    tell(_("The sheet is at {address}").format(address=address))
    webbrowser.open(address)


def show_words(page: sheet.Sheet) -> None:
    say(_("The 24 words of the recovery sheet; copy them by hand:"))
    for start in range(0, 24, 4):
        say("  " + "  ".join(f"{n + 1:2}. {page.words[n]:<10}" for n in range(start, start + 4)).rstrip())


def say_new_sheet(page: sheet.Sheet, sheet_file: Path | None, catalogue: Path) -> None:
    """What is to be done after a change of the catalogue's keys."""
    say(_("Destroy the old sheet well: whoever finds it can sign in your name now. Keep the new one."))
    if sheet_file is not None:
        say(_("Print {path}, put the paper in a safe place and delete the file.").format(path=sheet_file))
    say(_("New words of your key, to read aloud to whoever should recognise you:"))
    say("  " + " ".join(page.fingerprint))
    say(_("Next: {command}").format(command=own_command(catalogue, "release")))
    say(_("Your federations see the new key with it."))
