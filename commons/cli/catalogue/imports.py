"""`commons import` and `commons refresh`: what people have, into a catalogue. Decides nothing by itself.

In a terminal a proposed mapping is shown as sentences and asked about; elsewhere it is applied with the
careful answers: what may be a person's is a person's and stays home.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import click

from commons.catalogue.store import Catalogue
from commons.cli.catalogue.import_report import LISTED, show_counts, show_proposal, show_report
from commons.cli.terminal.naming import maybe_type
from commons.cli.terminal.output import (
    FINDINGS,
    ask,
    ask_yes,
    confirm,
    find_catalogue,
    findings_json,
    interactive,
    json_option,
    now,
    progress,
    say,
    show_json,
    tell,
    yes_option,
)
from commons.errors import InputError
from commons.imports.loading import load
from commons.imports.loading.error_file import error_csv
from commons.imports.loading.plan import Wishes
from commons.imports.loading.prepare import Given, Prepared, prepare, with_answers
from commons.imports.loading.report import ImportReport
from commons.imports.mapping.dates import is_day
from commons.imports.mapping.rules import Consent, Owner
from commons.imports.reading.fetch import is_link, read_location
from commons.imports.reading.table import Table
from commons.messages import N_, language, ngettext
from commons.messages import translate as _

_OWNERS: dict[str, Owner] = {"organisation": "organisation", "organización": "organisation",
                             "person": "person", "persona": "person"}  # fmt: skip
_PERSONAL = ("phones", "email", "contact_name", "contact_phone", "contact_email")


@dataclass(eq=False)
class NotAnAnswer(InputError):
    """An option of the form NAME=VALUE is not of that form."""

    option: str
    text: str
    template: ClassVar[str] = N_("{option} cannot be «{text}».")
    hint_template: ClassVar[str] = N_(
        'Write it like --owner "Tel.=organisation", --set kind=shelter,'
        ' --consent "Tel.=Ana;2026-11-02;directory".'
    )


@dataclass(eq=False)
class MappingDecides(InputError):
    """An answer about a proposal, where there is a mapping already and nothing is proposed."""

    option: str
    template: ClassVar[str] = N_("{option} answers a proposal, and this file has a mapping already.")
    hint_template: ClassVar[str] = N_(
        "Write it into the mapping; or to begin anew, give another name with --source and move the"
        " .mapping.yaml away."
    )


@dataclass(eq=False)
class NoSuchSource(InputError):
    """No source of this name is remembered."""

    name: str
    known: str
    template: ClassVar[str] = N_("There is no remembered source «{name}».")
    hint_template: ClassVar[str] = N_("Remembered are: {known}.")


@dataclass(eq=False)
class MappingUnreadable(InputError):
    """The mapping file is not there."""

    path: Path
    template: ClassVar[str] = N_("{path} is not there or is not UTF-8 text.")
    hint_template: ClassVar[str] = N_("Leave --mapping out to get a proposal that you can correct.")


_to = click.option(
    "--to",
    "-c",
    "--catalogue",
    "to",
    type=click.Path(path_type=Path),
    callback=lambda _context, _option, given: find_catalogue(given),
    metavar="CATALOGUE",
    help=N_("The catalogue that takes the records."),
)


@click.command(
    "import",
    short_help=N_("Bring a spreadsheet or list into a catalogue."),
    help=N_(
        "Bring spreadsheets, CSV, JSON or GeoJSON into a catalogue.\n\n"
        "Without --mapping the program proposes one, writes it beside the file as FILE.mapping.yaml, and"
        " uses it. Correct it and import again: nothing is doubled. Everything can be taken back with"
        " commons undo."
    ),
)
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@_to
@click.option(
    "--type", "-t", "type_name", metavar="TYPE", help=N_("What each row is: place, service, need …")
)
@click.option(
    "--mapping",
    "-m",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("How columns become fields (YAML)."),
)
@click.option("--sheet", metavar="NAME", help=N_("Which sheet of a workbook."))
@click.option("--source", metavar="NAME", help=N_("Under which name to remember this source."))
@click.option("--owner", "owners", multiple=True, metavar="COLUMN=…",
              help=N_("Whose telephones or e-mails a column holds: organisation or person."))  # fmt: skip
@click.option(
    "--consent",
    "consents",
    multiple=True,
    metavar="COLUMN=…",
    help=N_("The persons of a column agreed: who asked them, when, what for: Tel.=Ana;2026-11-02;directory"),
)
@click.option(
    "--set", "constants", multiple=True, metavar="FIELD=TEXT", help=N_("The same value for every row.")
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help=N_("Where to write the mapping and the rows to correct; beside the file, if not said."),
)
@click.option("--complete", is_flag=True, help=N_("The file is everything: remove what is gone from it."))
@click.option("--same", is_flag=True, help=N_("Rows with a new id and the old content are the old records."))
@click.option("--dry-run", "-n", is_flag=True, help=N_("Only show what would happen."))
@yes_option
@json_option
@click.pass_context
def import_(
    ctx: click.Context,
    files: tuple[str, ...],
    to: Path,
    type_name: str | None,
    mapping: Path | None,
    sheet: str | None,
    source: str | None,
    owners: tuple[str, ...],
    consents: tuple[str, ...],
    constants: tuple[str, ...],
    out: Path | None,
    complete: bool,
    same: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    answers = Answers(
        _pairs("--owner", owners),
        {column: _consent(told) for column, told in _pairs("--consent", consents).items()},
        _pairs("--set", constants),
        yes,
        dry_run,
        as_json,
    )
    reports = []
    known = maybe_type(type_name) if type_name else None  # what is no type is told later
    type_name = known.name if known else type_name
    with Catalogue.open(to) as catalogue:
        for file in files:
            data, name = read_location(file)
            path = mapping or _beside(file)
            text, shown = (_text(path), path.name) if path else (None, "")
            place, wishes = _remembered_place(file), Wishes(complete, same)
            given = Given(data, name, place, type_name, sheet, source, text, shown, wishes)
            reports.append(_one(catalogue, given, answers, out or _folder_of(file)))
    if as_json:
        show_json(reports[0][1] if len(reports) == 1 else [told for _report, told in reports])
    ctx.exit(FINDINGS if any(report.faulty or report.refused for report, _told in reports) else 0)


@click.command(
    "refresh",
    short_help=N_("Import remembered sources again."),
    help=N_(
        "Fetch remembered files and sheet links again and import what changed, each with its own mapping."
    ),
)
@click.argument("names", nargs=-1, metavar="[SOURCE]…")
@_to
@click.option("--list", "only_list", is_flag=True, help=N_("Only show the remembered sources."))
@click.option("--forget", is_flag=True, help=N_("Forget the named sources; their records stay."))
@click.option("--complete", is_flag=True, help=N_("The source is everything: remove what is gone from it."))
@click.option("--dry-run", "-n", is_flag=True, help=N_("Only show what would happen."))
@yes_option
@json_option
@click.pass_context
def refresh(
    ctx: click.Context,
    names: tuple[str, ...],
    to: Path,
    only_list: bool,
    forget: bool,
    complete: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    with Catalogue.open(to) as catalogue:
        known = {source.name: source for source in catalogue.sources}
        for name in names:
            if name not in known:
                raise NoSuchSource(name, ", ".join(known) or "—")
        if only_list:
            _list_sources(catalogue, as_json)
            return
        if forget:
            for name in names:
                catalogue.sources.remove(name)
            return
        answers = Answers({}, {}, {}, yes, dry_run, as_json)
        reports = []
        for name in names or tuple(known):
            source = known[name]
            data, file = read_location(source.location)
            text, sheet = source.settings.get("mapping"), source.settings.get("sheet")
            given = Given(data, file, source.location, None, str(sheet) if sheet else None, name,
                          text if isinstance(text, str) else None, name, Wishes(complete))  # fmt: skip
            reports.append(_one(catalogue, given, answers, Path()))
    if as_json:
        show_json([told for _report, told in reports])
    ctx.exit(FINDINGS if any(report.faulty or report.refused for report, _told in reports) else 0)


@dataclass(frozen=True)
class Answers:
    """What was said on the command line in place of questions."""

    owners: dict[str, str]
    consents: dict[str, Consent]
    constants: dict[str, str]
    yes: bool
    dry_run: bool
    as_json: bool

    @property
    def about_a_proposal(self) -> str:
        """The first option given that only a proposal can take; a mapping says these things itself."""
        given = {"--owner": self.owners, "--consent": self.consents, "--set": self.constants}
        return next((option for option, said in given.items() if said), "")

    @property
    def asks(self) -> bool:
        """Whether a person can and should be asked."""
        return interactive() and not self.yes and not self.as_json


def _one(
    catalogue: Catalogue, given: Given, answers: Answers, folder: Path
) -> tuple[ImportReport, dict[str, object]]:
    """One file, from proposal to report."""
    prepared = prepare(catalogue, given, lang=language())
    if prepared.proposal is not None:
        if not answers.as_json:
            show_proposal(prepared)
        prepared = _settled(catalogue, given, prepared, answers)
        if not answers.dry_run:
            _write_mapping(prepared, folder / f"{given.name}.mapping.yaml")
    elif given_in_vain := answers.about_a_proposal:
        raise MappingDecides(given_in_vain)
    request = prepared.request
    with progress(_("Reading"), len(request.table.rows)) as advance:
        report = load.look_ahead(catalogue, request, lambda done, total: advance(1000))
    if not answers.dry_run and _agreed(report, prepared, answers):
        report = load.run(catalogue, request, at=now(), planned=report)
    error_path = None
    if report.done:
        error_path = _write_errors(report, request.table, folder)
    if not answers.as_json:
        show_report(report, error_path)
    told = {
        **report.to_json(),
        "findings": findings_json(report.findings),
        "error_file": error_path and str(error_path),
    }
    if prepared.proposal is not None:
        told["mapping"] = prepared.mapping_text
    return report, told


def _settled(catalogue: Catalogue, given: Given, prepared: Prepared, answers: Answers) -> Prepared:
    """The proposal with the owner of each personal column, from the options or asked once per column."""
    assert prepared.proposal is not None
    owners: dict[str, Owner] = {}
    for column, answer in answers.owners.items():
        if answer.lower() not in _OWNERS or column not in prepared.request.table.columns:
            raise NotAnAnswer("--owner", f"{column}={answer}")
        owners[column] = _OWNERS[answer.lower()]
    rtype = catalogue.schema.types[prepared.proposal.type]
    for name in answers.constants:
        if name not in rtype.fields or name in ("salt", "extra"):
            raise NotAnAnswer("--set", name)
    consents = dict(answers.consents)
    for column in consents:
        if column not in prepared.request.table.columns:
            raise NotAnAnswer("--consent", column)
    if answers.asks and not prepared.proposal.template:
        for guess in prepared.proposal.guesses:
            if guess.target in ("phones", "email", "social_links") and guess.column not in owners:
                question = _(
                    "Is what «{column}» holds ({label}) the organisation's own, and may it be public?"
                )
                yes = ask_yes(question.format(column=guess.column, label=guess.label))
                owners[guess.column] = "organisation" if yes else "person"
        _ask_consents(prepared, owners, consents)
    return with_answers(
        catalogue,
        given,
        prepared,
        owners=owners,
        consents=consents,
        constants=answers.constants,
        lang=language(),
    )


def _ask_consents(prepared: Prepared, owners: dict[str, Owner], consents: dict[str, Consent]) -> None:
    """Once per column with persons' data: whether they agreed, who asked them, when and what for."""
    assert prepared.proposal is not None
    for guess in prepared.proposal.guesses:
        if guess.target not in _PERSONAL or guess.column in consents:
            continue
        if owners.get(guess.column) == "organisation":
            continue
        question = _("Did all persons in «{column}» agree that this is public?").format(column=guess.column)
        if ask_yes(question):
            told = [_asked(_("Who asked them?")), _day_asked(), _asked(_("What for?"))]
            consents[guess.column] = Consent(*told)


def _asked(question: str) -> str:
    while not (answer := ask(question).strip()):
        tell(_("This needs an answer; Ctrl+C stops."))
    return answer


def _day_asked() -> str:
    while True:
        said = _asked(_("When? (2026-11-21)"))
        if is_day(said):
            return said
        if turned := re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", said):
            day = f"{turned[3]}-{turned[2]:0>2}-{turned[1]:0>2}"
            if is_day(day):
                return day
        tell(_("That is no day; write it like 2026-11-21."))


def _consent(told: str) -> Consent:
    parts = [part.strip() for part in told.split(";")]
    if len(parts) != 3 or not all(parts) or not is_day(parts[1]):
        raise NotAnAnswer("--consent", told)
    return Consent(*parts)


def _agreed(report: ImportReport, prepared: Prepared, answers: Answers) -> bool:
    """Whether to go on: a new mapping is asked about in a terminal, removals always unless --yes."""
    if report.removed:
        for type_name, record_id in report.removed[:LISTED]:
            tell(_("would be removed: {record}").format(record=f"{type_name}/{record_id}"))
        n = len(report.removed)
        question = ngettext(
            "Remove {n} record that is gone?",
            "Remove {n} records that are gone?",
            n,
        )
        return confirm(question.format(n=n), yes=answers.yes)
    if prepared.proposal is not None and answers.asks:
        show_counts(report)
        return ask_yes(_("Import with this mapping?"))
    return True


def _write_mapping(prepared: Prepared, path: Path) -> None:
    try:
        path.write_text(prepared.mapping_text, encoding="utf-8")
    except OSError:
        tell(
            _("The mapping could not be written to {path}; it is remembered in the catalogue.").format(
                path=path
            )
        )
    else:
        tell(_("The mapping is in {path}; correct it and import again.").format(path=path))


def _write_errors(report: ImportReport, table: Table, folder: Path) -> Path | None:
    data = error_csv(report, table)
    if data is None:
        return None
    stem = Path(report.file).stem
    ending = _("to-correct")
    for n in range(1, 1000):
        path = folder / f"{stem}.{ending}{'' if n == 1 else f'-{n}'}.csv"
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            if path.read_bytes() == data:
                return path
            continue
        except OSError:
            tell(_("The file of rows to correct could not be written to {path}.").format(path=path))
            return None
        return path
    return None


def _list_sources(catalogue: Catalogue, as_json: bool) -> None:
    sources = list(catalogue.sources)
    if as_json:
        show_json([{"name": s.name, "location": s.location, "last_run_at": s.last_run_at} for s in sources])
        return
    for source in sources:
        say(f"{source.name}: {source.location} ({source.last_run_at or '—'})")
    if not sources:
        say(_("No source is remembered yet; every import remembers its own."))


def _pairs(option: str, texts: Iterable[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        if not equals or not name or not value:
            raise NotAnAnswer(option, text)
        pairs[name] = value
    return pairs


def _beside(file: str) -> Path | None:
    """The mapping that an earlier import left beside the file."""
    path = Path() / f"{file}.mapping.yaml"
    return path if not is_link(file) and path.is_file() else None


def _folder_of(file: str) -> Path:
    return Path() if is_link(file) else Path(file).parent


def _remembered_place(file: str) -> str:
    return file if is_link(file) else str(Path(file).resolve())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise MappingUnreadable(path) from None
