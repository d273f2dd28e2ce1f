"""`commons template`: an empty sheet to fill in. Parses, calls, prints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import click

from commons import reasons
from commons.cli.terminal.naming import the_type
from commons.cli.terminal.output import say
from commons.commands import word
from commons.errors import CommonsError, InputError
from commons.messages import LANGUAGES, N_, in_language, language
from commons.messages import translate as _
from commons.schema import territory as territories
from commons.schema.template import csv_bytes, fields_of, xlsx_bytes

_NO_SHEET = ("withdrawal", "catalogue", "judgement")


@dataclass(eq=False)
class NoTemplate(InputError):
    """Records of this type are made by commands, not in a sheet."""

    type: str
    template: ClassVar[str] = N_("Records of type {type} are not written in a sheet.")
    hint_template: ClassVar[str] = N_("commons template place makes a sheet of places.")


@dataclass(eq=False)
class SheetThere(InputError):
    """A file of that name is there already and may hold somebody's work."""

    file: str
    template: ClassVar[str] = N_("{file} is there already; it was left alone.")
    hint_template: ClassVar[str] = N_("Give another name with --out.")


@dataclass(eq=False)
class SheetNotWritten(CommonsError):
    """The sheet could not be written."""

    file: str
    why: str
    template: ClassVar[str] = N_("{file} could not be written: {why}.")
    hint_template: ClassVar[str] = N_("Choose another folder with --out.")


@click.command(
    help=N_(
        "Make an empty sheet for records of one TYPE.\n\n"
        "The sheet has headings, help, and lists to choose from; fill it in with any spreadsheet program and "
        "take it in with commons import."
    ),
    short_help=N_("Make an empty sheet to fill in."),
)
@click.argument("type_name", metavar="TYPE")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help=N_("Where to write it."))
@click.option(
    "--format",
    "kind",
    type=click.Choice(["xlsx", "csv"]),
    help=N_("XLSX (with help and lists) or CSV (headings alone); else by the name of the file."),
)
@click.option("--lang", type=click.Choice(LANGUAGES), help=N_("Language of the headings."))
@click.option("--territory", default="cdmx", show_default=True, help=N_("Whose districts to offer."))
def template(
    type_name: str,
    out: Path | None,
    kind: Literal["xlsx", "csv"] | None,
    lang: str | None,
    territory: str,
) -> None:
    rtype = the_type(type_name)
    if rtype.name in _NO_SHEET:
        raise NoTemplate(rtype.name)
    spoken = lang or language()
    kind = kind or ("csv" if out is not None and out.suffix.lower() == ".csv" else "xlsx")
    path = out or Path(f"{in_language(rtype.plural, spoken).lower().replace(' ', '-')}.{kind}")
    place = territories.load(territory)
    data = csv_bytes(rtype, lang=spoken) if kind == "csv" else xlsx_bytes(rtype, lang=spoken, territory=place)
    _write(path, data)
    say(_("{file}: an empty sheet with {n} columns.").format(file=path, n=len(fields_of(rtype)) + 1))
    say(
        "→ "
        + _("Fill it in, then: commons import {file} --type {type}").format(file=word(path), type=rtype.name)
    )


def _write(path: Path, data: bytes) -> None:
    made = False
    try:
        with path.open("xb") as file:
            made = True
            file.write(data)
    except FileExistsError as error:
        raise SheetThere(str(path)) from error
    except OSError as error:
        if made:
            path.unlink(missing_ok=True)  # half of it, of a full disk
        raise SheetNotWritten(str(path), reasons.within(error)) from error
