"""`commons init`: a new catalogue, its keys and the recovery sheet.

Asks what it needs of a person and takes everything as options where nobody can answer. The next key is shown
or printed from memory; it is written to disk only with --sheet FILE.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import click

from commons.addresses import file_stem
from commons.catalogue.errors import CatalogueExists
from commons.catalogue.record import AUTOMATIC
from commons.catalogue.store import Catalogue
from commons.cli.catalogue import recovery_sheet
from commons.cli.catalogue.shared_release import read_release
from commons.cli.terminal.output import (
    ask,
    interactive,
    json_option,
    labelled,
    now,
    own_command,
    say,
    show_json,
    tell,
)
from commons.errors import CommonsError, InputError
from commons.messages import N_, in_language, language
from commons.messages import translate as _
from commons.model import Fields
from commons.release import keys, recover, sheet
from commons.release.outgoing import PROFILE
from commons.release.recover import Shared
from commons.schema import territory as territories
from commons.schema import validate, vocabularies
from commons.schema.spec import load_schema

DEFAULT_LICENCE = "CC-BY-4.0"
DEFAULT_TERRITORY = "cdmx"
_SAID_BY = {"languages": "language", "licences": "licence"}  # the field of the profile


@dataclass(eq=False)
class NameNeeded(InputError):
    """A new catalogue needs a name and nobody is there to be asked."""

    template: ClassVar[str] = N_("The catalogue needs a name.")
    hint_template: ClassVar[str] = N_('Write it like this: commons init --name "Comedor La Paz" --yes')


@dataclass(eq=False)
class UnknownTerm(InputError):
    """A licence, language or territory that is not known."""

    value: str
    known: str
    template: ClassVar[str] = N_("«{value}» is not one of: {known}.")
    hint_template: ClassVar[str] = N_("Write one of these, or leave it out for the usual answer.")


@dataclass(eq=False)
class CannotBeSaid(InputError):
    """What a catalogue would say of itself, and no release could; said as a finding says it."""

    problem: str
    step: str
    template: ClassVar[str] = "{problem}"
    hint_template: ClassVar[str] = "{step}"


@click.command(
    help=N_(
        "Make a new catalogue.\n\n"
        "Makes FILE (or a name made from the organisation's), its key beside it, and a recovery sheet "
        "for a safe place. Asks for what is not given.\n\n"
        "With --for you keep it for another organisation: they keep the sheet, and can take the catalogue "
        "over whenever they like. With --continue you begin again after key and sheet were lost."
    ),
    short_help=N_("Make a new catalogue, with its keys."),
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--name", help=N_("Name of the organisation, as people know it."))
@click.option(
    "--for", "whose", metavar="NAME", help=N_("For whom you keep it; the recovery sheet is theirs.")
)
@click.option(
    "--continue",
    "release",
    type=click.Path(path_type=Path),
    metavar="RELEASE",
    help=N_("Take what was public from this release of the catalogue whose key and sheet are lost."),
)
@click.option("--language", "spoken", help=N_("Language of the records: es, en or another code."))
@click.option("--licence", help=N_("What others may do with what you share; CC-BY-4.0 if not given."))
@click.option(
    "--territory", help=N_("Where districts and the clock come from, such as none; cdmx if not given.")
)
@click.option(
    "--sheet",
    "sheet_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Write the recovery sheet to this file (HTML, to print)."),
)
@click.option("--print-words", is_flag=True, help=N_("Print the 24 words of the recovery sheet."))
@click.option("--yes", "-y", is_flag=True, help=N_("Ask nothing; take the usual answers."))
@json_option
def init(
    file: Path | None,
    name: str | None,
    whose: str | None,
    release: Path | None,
    spoken: str | None,
    licence: str | None,
    territory: str | None,
    sheet_file: Path | None,
    print_words: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """See the help."""
    asking = interactive() and not yes
    identity = keys.new_identity()
    earlier = read_release(release) if release is not None else None
    if earlier is not None:
        profile = _continued(earlier, identity.member_id, _given(name, spoken, licence, territory))
    else:
        profile = _profile(name, spoken, licence, territory, asking=asking)
    if whose and whose.strip():
        profile = {**profile, "on_behalf_of": whose.strip()}
    _refuse_unsaid(profile)
    kept_for = str(profile.get("on_behalf_of", ""))
    path = _path(file, kept_for or str(profile["title"]))
    recovery_sheet.refuse_without_place(sheet_file, print_words=print_words, asking=asking)
    page = sheet.Sheet(
        kept_for or str(profile["title"]),
        path.name,
        identity.member_id,
        identity.current.public,
        identity.next,
        f"{now():%Y-%m-%d}",
    )
    if kept_for and not as_json:
        tell(_("The sheet belongs to {name}: give it to them and keep no copy.").format(name=kept_for))
        tell(_("With it they can take the catalogue over without asking you."))
    if asking and sheet_file is None:
        recovery_sheet.hand_over(page, print_words=print_words)
    _write(path, profile, identity, page, sheet_file, earlier)
    if as_json:
        words = {"words": list(page.words)} if print_words else {}
        show_json(
            {"catalogue": str(path), "key": str(keys.key_path(path)), "member": identity.member_id, **words}
        )
        return
    if print_words and not asking:
        recovery_sheet.show_words(page)
    _say_done(path, page, sheet_file, continues=earlier is not None)


def _profile(
    name: str | None, spoken: str | None, licence: str | None, territory: str | None, *, asking: bool
) -> Fields:
    """What a catalogue says about itself, given or asked."""
    while asking and not name:
        name = ask(_("What is your organisation called?"))
    if not name or not name.strip():
        raise NameNeeded
    if asking:
        spoken = spoken or _term_asked("languages", _("Language of the records (es, en …)"), language())
        licence = licence or _term_asked(
            "licences", _("Licence: what others may do with what you share"), DEFAULT_LICENCE
        )
        territory = territory or _territory_asked()
    territories.load(territory or DEFAULT_TERRITORY)
    return {
        "title": name.strip(),
        "language": _term("languages", spoken or language()),
        "licence": _term("licences", licence or DEFAULT_LICENCE),
        "territory": territory or DEFAULT_TERRITORY,
    }


def _refuse_unsaid(profile: Fields) -> None:
    """What does not fit would wait as a draft, and be missed with the first release. Raises CannotBeSaid."""
    rtype = load_schema().types[PROFILE]
    for name, value in profile.items():
        problem = validate.check_value(rtype.fields[name], value)
        if problem is not None:
            found = labelled(dataclasses.replace(problem, type=PROFILE))
            raise CannotBeSaid(found.sentence, found.hint)


def _term_asked(vocabulary: str, question: str, default: str) -> str:
    """An answer that is known; a slip is told and asked again, so that nothing must be typed twice."""
    while True:
        try:
            return _term(vocabulary, ask(question, default=default))
        except UnknownTerm as error:
            tell(str(error))
        except CannotBeSaid as error:
            tell(f"{error}\n→ {error.hint}")


def _territory_asked() -> str:
    question = _("Territory ({known})").format(known=", ".join(territories.known_names()))
    while True:
        territory = ask(question, default=DEFAULT_TERRITORY)
        try:
            territories.load(territory)
        except CommonsError as error:
            tell(f"{error}\n→ {error.hint}")
        else:
            return territory


def _term(vocabulary: str, text: str) -> str:
    terms = load_schema().vocabularies[vocabulary]
    found = vocabularies.match(vocabulary, text)
    if found is None and terms.open:
        _refuse_unsaid({_SAID_BY[vocabulary]: text})
        return text
    if found is None:
        raise UnknownTerm(text, ", ".join(terms.terms))
    return found


def _path(file: Path | None, title: str) -> Path:
    path = file or Path(f"{file_stem(title)}.db")
    if path.suffix != ".db":
        path = path.with_name(path.name + ".db")
    if path.exists():
        raise CatalogueExists(path)
    if keys.key_path(path).exists():
        raise keys.KeyExists(str(keys.key_path(path)))
    return path


def _write(
    path: Path,
    profile: Fields,
    identity: keys.NewIdentity,
    page: sheet.Sheet,
    sheet_file: Path | None,
    earlier: Shared | None,
) -> None:
    """Key, sheet and catalogue, or none of them."""
    key_file = keys.key_path(path)
    keys.save(key_file, identity.current)
    try:
        with recovery_sheet.written(page, sheet_file):
            made = Catalogue.create(path, keylog=identity.keylog_bytes, profile=profile, at=now())
            _fill(made, earlier)
    except BaseException:
        key_file.unlink(missing_ok=True)
        raise


def _fill(made: Catalogue, earlier: Shared | None) -> None:
    """Put in what an earlier identity had shared; a catalogue that cannot take it is not kept."""
    try:
        with made:
            if earlier is not None:
                recover.fill(made, earlier, at=now())
    except BaseException:
        made.path.unlink(missing_ok=True)
        raise


def _given(name: str | None, spoken: str | None, licence: str | None, territory: str | None) -> Fields:
    """What of the profile was said on the command line. Raises UnknownTerm, NoTerritory."""
    if territory:
        territories.load(territory)
    said = {
        "title": (name or "").strip(),
        "language": _term("languages", spoken) if spoken else "",
        "licence": _term("licences", licence) if licence else "",
        "territory": territory or "",
    }
    return {field: value for field, value in said.items() if value}


def _continued(earlier: Shared, member: str, given: Fields) -> Fields:
    """The profile of who goes on with another identity: as it was, but for what is said anew."""
    old = earlier.keylog.member_id
    before = recover.led_home(load_schema().types[PROFILE], earlier.records[PROFILE, PROFILE], old, member)
    kept = {name: value for name, value in before.items() if name not in AUTOMATIC}
    return {**kept, **given, "succeeds": old}


def _say_done(path: Path, page: sheet.Sheet, sheet_file: Path | None, *, continues: bool) -> None:
    say(_("Your catalogue is ready: {path}").format(path=path))
    say(
        _("Its key is {path}; it stays beside the catalogue and is given to nobody.").format(
            path=keys.key_path(path)
        )
    )
    if sheet_file is not None:
        say(_("Print {path}, put the paper in a safe place and delete the file.").format(path=sheet_file))
    say(_("Words of your key, to read aloud to whoever should recognise you:"))
    say("  " + " ".join(page.fingerprint))
    if continues:
        say(_("Member id: {id}").format(id=page.member_id))
        say(_("Next: {command}").format(command=own_command(path, "release")))
        say(_("Ask your federations to note that you continue the earlier catalogue."))
    else:
        _say_how_to_begin(path)


def _say_how_to_begin(path: Path) -> None:
    service = in_language(load_schema().types["service"].title).lower()
    text = _("Next: {add}, or with a sheet that you have: {load}")
    say(text.format(add=own_command(path, "add", service), load=own_command(path, "import", _("FILE"))))
