"""`commons forget`: erase a person from a catalogue and its backups. Parses, shows, asks, calls, prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from commons.catalogue import backup as copies
from commons.catalogue.consent import Consent
from commons.catalogue.copies import look
from commons.catalogue.forget import Place, erase_copy
from commons.catalogue.person import Person
from commons.catalogue.store import Catalogue
from commons.cli.terminal.output import (
    FINDINGS,
    catalogue_option,
    confirm,
    json_option,
    now,
    opened,
    own_command,
    say,
    show_json,
    tell,
    yes_option,
)
from commons.commands import command
from commons.errors import CommonsError
from commons.folding import folded
from commons.messages import N_, in_language, ngettext, translate
from commons.messages import translate as _
from commons.schema.spec import load_schema

_READ = 1 << 20


_CONSENT_PARTS = {"whose": N_("whose it is"), "asked_by": N_("who asked"), "purpose": N_("what for")}


@click.command(
    help=N_(
        "Erase a person from the catalogue, its history, drafts, consents and backups.\n\n"
        "PERSON is a name, a telephone or an e-mail; several may be given. Every place is shown first. What "
        "had been shared is taken down everywhere with the next release; the records live on. It cannot be "
        "undone."
    ),
    short_help=N_("Erase a person everywhere."),
)
@click.argument("person", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help=N_("Only show; write nothing."))
@yes_option
@catalogue_option
@json_option
@click.pass_context
def forget(
    ctx: click.Context,
    person: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    catalogue: Path | None,
    as_json: bool,
) -> None:
    """See the help."""
    given = Person.of(person)
    with opened(catalogue) as own:
        wanted = Person.of((*given.texts, *own.known_beside(given)))
        places = own.places_of(wanted)
        backups = [*copies.copies(own.path), *_from_before(own)]
        written = own.written_as(wanted) | set(wanted.texts)
        if not as_json:
            _show(own, wanted, given, places, backups)
        question = _("Erase all this? It cannot be undone.")
        if dry_run or not confirm(question, yes=yes):
            _say_nothing_done(places, as_json=as_json)
            ctx.exit(0)
        down = own.forget(wanted, at=now())
        failed = [path for path in backups if not _erase_copy(own, path, wanted)]
        named = own.addresses_of(wanted)
        path, folder = own.path, own.path.parent
        twins = [p for p in sorted(folder.glob("*.db")) if _is_twin(own, p) and _says(p, written)]
        like = [c for c in own.consents if _is_like_named(c.whose, given)]
    but = [text for text in written if not any(text in id for _type, id in named)]  # an address stays
    rest = [p for p in (path, *backups) if p not in failed and _says(p, but)]
    shared = [p for p in sorted(folder.glob("*.entrega")) if _says(p, written)]
    if as_json:
        show_json(_as_json(places, down, [*rest, *failed], shared, twins))
    else:
        _say_left(wanted, rest, failed, named)
        _say_addresses(path, places)
        _say_done(path, down, shared)
        _say_twins(twins, given)
        _say_gaps(path, places)
        _say_like_named(path, like)
    if rest or failed or shared or twins:
        ctx.exit(FINDINGS)


def _from_before(own: Catalogue) -> list[Path]:
    """Backups of this catalogue under the name that it had before it was recovered."""
    folder = copies.folder(own.path)
    others = (p for p in sorted(own.path.parent.glob("*-respaldos/*.db")) if p.parent.name != folder.name)
    return [path for path in others if _is_twin(own, path)]


def _is_twin(own: Catalogue, path: Path) -> bool:
    """Whether another file is a copy of this catalogue."""
    if path.name == own.path.name and path.parent == own.path.parent:
        return False
    try:
        return look(path).keylog.member_id == own.member_id
    except CommonsError:
        return False  # no catalogue, or one that nobody can open


def _say_twins(twins: Sequence[Path], given: Person) -> None:
    for path in twins:
        again = command("forget", *given.texts, "--catalogue", path)
        text = _("{path} is another copy of this catalogue and still holds it: {command}")
        say(text.format(path=path, command=again))


def _erase_copy(own: Catalogue, path: Path, person: Person) -> bool:
    """Whether a backup could be rewritten; one that cannot be read is named afterwards."""
    try:
        erase_copy(path, own.schema, person)
    except CommonsError as error:
        tell(str(error))
        return False
    return True


def _says(path: Path, texts: Iterable[str]) -> bool:
    """Whether any byte of a file says one of the texts, as written or as JSON writes it."""
    needles = {text.encode() for text in texts if text}
    longest = max(map(len, needles), default=0)
    rest = b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_READ):
                if any(needle in rest + chunk for needle in needles):
                    return True
                rest = chunk[-longest:]
    except OSError:
        return True  # who cannot look cannot say that it is gone
    return False


def _show(
    own: Catalogue, wanted: Person, given: Person, places: Sequence[Place], backups: Sequence[Path]
) -> None:
    """Every place, those of today one by one."""
    more = [text for text in wanted.texts if text not in given.texts]
    if more:
        say(_("Stands beside the name, and is looked for, too: {texts}").format(texts=", ".join(more)))
    for place in places:
        if place.kind in ("record", "draft", "consent"):
            rtype = own.schema.types.get(place.type)
            field = rtype.fields.get(place.field) if rtype else None
            part = translate(_CONSENT_PARTS.get(place.field, place.field))
            label = in_language(field.title) if field else part
            own_word = _("consent {id}").format(id=place.id)
            where = own_word if place.kind == "consent" else f"{place.type}/{place.id}"
            say(f"{where} · {label}: {place.text}")
    counts = Counter(place.kind for place in places)
    for sentence in _counted(counts):
        say(sentence)
    if not places:
        say(_("Nothing of this stands in the catalogue."))
    if backups:
        n = len(backups)
        said = ngettext("{n} backup is looked through, too.", "{n} backups are looked through, too.", n)
        say(said.format(n=n))


def _counted(counts: Counter[str]) -> Iterator[str]:
    """The places that nobody reads one by one."""
    if n := counts["history"]:
        yield ngettext("{n} step of the history", "{n} steps of the history", n).format(n=n)
    if n := counts["note"]:
        yield ngettext("{n} note of a step", "{n} notes of steps", n).format(n=n)
    if n := counts["source"]:
        yield ngettext("{n} row that a source remembers", "{n} rows that sources remember", n).format(n=n)
    if n := counts["setting"]:
        yield ngettext("{n} remembered answer", "{n} remembered answers", n).format(n=n)


def _say_nothing_done(places: Sequence[Place], *, as_json: bool) -> None:
    if as_json:
        show_json(_as_json(places, [], [], [], []))
    else:
        tell(_("Nothing was changed."))


def _say_left(
    wanted: Person,
    rest: Sequence[Path],
    failed: Sequence[Path],
    named: Sequence[tuple[str, str]],
) -> None:
    """What still says it. Only a backup that could not be written anew is to be deleted."""
    texts = ", ".join(wanted.texts)
    if named and not (rest or failed):
        text = _(
            "Erased from the catalogue and its backups: {texts}. Only addresses still say it: {addresses}"
        )
        say(text.format(texts=texts, addresses=", ".join(f"{t}/{i}" for t, i in named)))
    elif not (rest or failed):
        text = _("Erased. No byte of the catalogue and its backups says it any more: {texts}")
        say(text.format(texts=texts))
    for path in failed:
        say(_("{path} still holds it and could not be rewritten: delete it.").format(path=path))
    for path in rest:
        text = _(
            "{path} was written anew, and the same letters still stand in it, maybe within a longer word. "
            "Keep it, and look: {command}"
        )
        again = own_command(path, "list", wanted.texts[0])
        say(text.format(path=path, command=again))


def _say_addresses(catalogue: Path, places: Sequence[Place]) -> None:
    for place in places:
        if place.kind == "address":
            where = f"{place.type}/{place.id}"
            text = _("The address {address} is made of the name. To be rid of it, too: {command}")
            say(text.format(address=where, command=own_command(catalogue, "withdraw", where)))


def _say_done(catalogue: Path, down: Sequence[tuple[str, str]], shared: Sequence[Path]) -> None:
    for path in shared:
        say(
            _("{path} is an older release and still holds it: delete it when you have sent the next.").format(
                path=path
            )
        )
    if down:
        n = len(down)
        said = ngettext(
            "What {n} record said before is taken down everywhere with your next release: {command}",
            "What {n} records said before is taken down everywhere with your next release: {command}",
            n,
        )
        say(said.format(n=n, command=own_command(catalogue, "release")))
    say(_("Look yourself at other copies, such as one on a stick, and at the sheets that were imported."))


def _say_gaps(catalogue: Path, places: Sequence[Place]) -> None:
    """Texts that named the person read now as if a word had fallen out: somebody should write them anew."""
    gaps: dict[tuple[str, str], list[str]] = {}
    for place in places:
        rtype = load_schema().types.get(place.type)
        field = rtype.fields.get(place.field) if rtype else None
        if place.kind == "record" and field is not None and not field.personal and field.type == "string":
            gaps.setdefault((place.type, place.id), []).append(in_language(field.title))
    for (type_name, record), labels in gaps.items():
        text = _("Something is missing now in {record} ({fields}): read it, and write it anew: {command}")
        where = f"{type_name}/{record}"
        fields, again = ", ".join(dict.fromkeys(labels)), own_command(catalogue, "edit", where)
        say(text.format(record=where, fields=fields, command=again))


def _is_like_named(whose: str, given: Person) -> bool:
    """Whether a consent bears part of a name that was given: the same person, or somebody of that name."""
    said = set(folded(whose).split())
    return bool(said) and any(said < set(folded(text).split()) for text in given.texts)


def _say_like_named(catalogue: Path, like: Sequence[Consent]) -> None:
    """Consents for other values, of somebody with a part of the name: a person decides."""
    for consent in like:
        again = own_command(catalogue, "forget", consent.whose, "--dry-run")
        text = _("A consent of «{whose}» for other contacts stays. If it is the same person: {command}")
        say(text.format(whose=consent.whose, command=again))


def _as_json(
    places: Sequence[Place],
    down: Sequence[tuple[str, str]],
    left: Sequence[Path],
    shared: Sequence[Path],
    twins: Sequence[Path],
) -> dict[str, object]:
    return {
        "places": [
            {"kind": p.kind, "type": p.type, "id": p.id, "field": p.field, "text": p.text} for p in places
        ],
        "taken_down": [f"{t}/{i}" for t, i in down],
        "left": [str(p) for p in left],
        "releases": [str(p) for p in shared],
        "copies": [str(p) for p in twins],
    }
