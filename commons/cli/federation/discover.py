"""`commons federation discover`: who is vouched for by whom, how far away, and which words to compare."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from commons.cli.federation.options import file_of, file_option
from commons.cli.terminal.output import json_option, now, say, show_json
from commons.federation import lock as locks
from commons.federation.policy import file as policies
from commons.federation.store.folder import Store
from commons.intake.gate import Gate
from commons.messages import N_, in_language, ngettext
from commons.messages import translate as _
from commons.review import acquaintance
from commons.review.acquaintance import Acquaintance, Word
from commons.schema.spec import load_schema


@click.command(
    help=N_(
        "Who is vouched for by whom, and how many steps away from your members.\n\n"
        "For each: the words of its key, to compare by telephone before you accept it, or whom to ask for a"
        " release of it. Nobody is taken in by this; see «admit» in docs/federation.md."
    ),
    short_help=N_("Who is vouched for by whom."),
)
@click.option("--steps", "most", type=click.IntRange(min=1), help=N_("At most so many steps away."))
@file_option
@json_option
def discover(path: Path, most: int | None, as_json: bool) -> None:
    policy, store = policies.load(path), Store.beside(file_of(path))
    with Gate(store.intake) as gate:
        admitted = locks.admitted(file_of(path).parent)
        found = acquaintance.discover(policy, store, gate, at=now(), admitted=admitted)
    strangers = [a for a in found if a.steps and (most is None or a.steps <= most)]
    if as_json:
        show_json([dataclasses.asdict(a) for a in strangers])
        return
    if not strangers:
        say(_("Your members vouch for nobody beyond your members."))
        return
    for one in strangers:
        _show(one)


def _show(one: Acquaintance) -> None:
    steps = ngettext("{n} step away", "{n} steps away", one.steps).format(n=one.steps)
    say(f"{one.name} · {steps}")
    say("  " + _("Member id: {id}").format(id=one.member))
    if one.words:
        say("  " + _("Words of the key: {words}").format(words=" ".join(one.words)))
    for word in one.by:
        say("  " + _spoken(word))
    if one.state == "admitted":
        say("  " + _("It is taken up by the rule «admit» of this federation."))
    elif one.state == "asked":
        say("  " + _("It asked to join. To accept it: commons federation add {id}").format(id=one.member))
    else:
        say("  " + _("No release of it is here. Ask {name} for one.").format(name=one.by[0].name))
    say()


def _spoken(word: Word) -> str:
    terms = load_schema().vocabularies["vouch_kinds"].terms
    kind = in_language(terms[word.kind].title) if word.kind in terms else word.kind
    text = _("{name} says: {kind}").format(name=word.name, kind=kind)
    return f"{text} («{word.note}»)" if word.note else text
