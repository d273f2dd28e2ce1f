"""`commons federation invite`: a page to print, a text for a chat, a link and its square code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import click

from commons.cli.federation.options import file_of, file_option
from commons.cli.terminal.output import json_option, say, show_json, tell
from commons.errors import InputError
from commons.federation.policy import file as policies
from commons.format import container
from commons.messages import N_, in_language
from commons.messages import translate as _
from commons.review.invitation import FILE_NAME, Invitation, is_invitation
from commons.schema import vocabularies
from commons.schema.spec import load_schema


@dataclass(eq=False)
class NotACadence(InputError):
    """How often is not said in one of the known ways."""

    text: str
    known: str
    template: ClassVar[str] = N_("«{text}» does not say how often.")
    hint_template: ClassVar[str] = N_("Write one of: {known}.")


@dataclass(eq=False)
class NotAPage(InputError):
    """The portal's address is none that a reader could open."""

    text: str
    template: ClassVar[str] = N_("«{text}» is not the address of a page.")
    hint_template: ClassVar[str] = N_("Write it whole, as in https://example.org")


@dataclass(eq=False)
class TooMuchForACode(InputError):
    """There is no link, and the text is too long for a square code."""

    path: str
    template: ClassVar[str] = N_("{path} was not made: without a link there is too much for a square code.")
    hint_template: ClassVar[str] = N_("Say with --portal or --send-to where people go or write.")


@dataclass(eq=False)
class OtherFile(InputError):
    """The file that would be written is there and holds something else."""

    path: str
    template: ClassVar[str] = N_("{path} is already there and holds something else; nothing was written.")
    hint_template: ClassVar[str] = N_("Name another file, or move that one away.")


@click.command(
    help=N_(
        "Make an invitation to share with this federation: a page to print, which also holds a text for a"
        " chat, a link and its square code. The text and the link are shown here, too.\n\n"
        "OUT is where the page goes: invitation.html beside federation.yaml, if not given.\n\n"
        "What it says stands in federation.yaml (about, licences, invite); the options are for this once."
    ),
    short_help=N_("Make an invitation: page, text, link, square code."),
)
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--portal", help=N_("The address of the portal."))
@click.option("--send-to", help=N_("Where releases are sent: an e-mail address, a telephone, or in words."))
@click.option("--cadence", help=N_("How often, as in monthly."))
@click.option(
    "--qr",
    type=click.Path(path_type=Path, dir_okay=False),
    help=N_("Write the square code, too: .svg or .png."),
)
@file_option
@json_option
def invite(
    out: Path | None,
    portal: str | None,
    send_to: str | None,
    cadence: str | None,
    qr: Path | None,
    path: Path,
    as_json: bool,
) -> None:
    if portal and not policies.PAGE_ADDRESS.fullmatch(portal):
        raise NotAPage(portal)
    invitation = Invitation.of(
        policies.load(path), portal=portal or "", send_to=send_to or "", cadence=_cadence(cadence)
    )
    out = out or file_of(path).with_name(FILE_NAME)
    _refuse_other(out, is_invitation)
    if qr is not None:
        code = invitation.code("png" if qr.suffix.lower() == ".png" else "svg")
        if code is None:
            raise TooMuchForACode(str(qr))
        _refuse_other(qr, code.__eq__)
        container.write_bytes(qr, code)
    container.write_bytes(out, invitation.page().encode())
    if as_json:
        show_json({"page": str(out), "text": invitation.text, "link": invitation.link})
        return
    say(invitation.text)
    if invitation.link:
        say()
        say(invitation.link)
    tell()
    tell(_("The page to print: {path}").format(path=out))
    if not invitation.about.get("who"):
        tell(_("It does not say who you are: write it under «about» in federation.yaml."))


def _refuse_other(path: Path, is_ours: Callable[[bytes], bool]) -> None:
    """Raises OtherFile where something is there that a new invitation must not replace."""
    try:
        if not path.exists() or (path.is_file() and is_ours(path.read_bytes())):
            return
    except OSError as error:
        raise OtherFile(str(path)) from error
    raise OtherFile(str(path))


def _cadence(text: str | None) -> str:
    """Raises NotACadence."""
    if not text:
        return ""
    found = vocabularies.match("cadences", text)
    if found is None:
        terms = load_schema().vocabularies["cadences"].terms
        raise NotACadence(text, ", ".join(in_language(term.title) for term in terms.values()))
    return found
