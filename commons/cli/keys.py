"""`commons keys`: whose catalogue this is, and the words by which others recognise it."""

from __future__ import annotations

from pathlib import Path

import click

from commons.cli.output import catalogue_option, json_option, opened, say, show_json
from commons.format import words
from commons.format.keylog import KeyLog
from commons.messages import N_
from commons.messages import translate as _
from commons.release import keys as release_keys


@click.group(
    help=N_("The catalogue's keys: what others recognise it by."),
    short_help=N_("The catalogue's keys and their words."),
)
def keys() -> None:
    pass


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
            }
        )
        return
    say(_("Member id: {id}").format(id=log.member_id))
    say(_("Words of the key: {words}").format(words=" ".join(fingerprint)))
    say(_("Public key: {line}").format(line=log.current.line))
    if path.exists():
        say(_("The private key lies at {path}; give it to nobody.").format(path=path))
    else:
        say(
            _("The private key is not at {path}; without it no release can be signed here.").format(path=path)
        )
