"""`commons release`: what leaves the house, shown before it does.

Nothing leaves unseen: the list comes first, then the question, then the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import click

from commons.catalogue.record import AUTOMATIC
from commons.catalogue.store import Catalogue
from commons.cli.terminal.output import (
    FINDINGS,
    ask_yes,
    catalogue_option,
    confirm,
    findings_json,
    interactive,
    json_option,
    now,
    opened,
    own_command,
    say,
    show_findings,
    show_json,
    tell,
    yes_option,
)
from commons.cli.terminal.release_number import version_words
from commons.cli.terminal.values import shown as said_in
from commons.commands import command
from commons.errors import InputError
from commons.format import container, words
from commons.format.container import ReleaseFiles
from commons.format.errors import FormatError
from commons.format.keylog import KeyLog
from commons.messages import N_, in_language, ngettext
from commons.messages import translate as _
from commons.release import build, keys, since
from commons.release.outgoing import Question
from commons.release.scan import answer_keys
from commons.schema.spec import load_schema

MOST_LISTED = 15
MOST_ASKED = 20
_UNLISTED = ("catalogue", "withdrawal")


@dataclass(eq=False)
class OutputTaken(InputError):
    """The file or folder that was named holds something else."""

    path: Path
    template: ClassVar[str] = N_("{path} is already there and is not a release; nothing was shared.")
    hint_template: ClassVar[str] = N_("Choose another name.")


@dataclass(eq=False)
class OthersRelease(InputError):
    """The file that was named is a release of somebody else's."""

    path: Path
    template: ClassVar[str] = N_("{path} is a release of another catalogue; nothing was shared.")
    hint_template: ClassVar[str] = N_("Choose another name.")


@dataclass(eq=False)
class CopysRelease(InputError):
    """The file that was named is a release of this catalogue that this copy of it did not make."""

    path: Path
    version: str
    template: ClassVar[str] = N_(
        "{path} is release {version} of this catalogue, made by another copy of it; nothing was shared."
    )
    hint_template: ClassVar[str] = N_(
        "Keep it and join the two copies first (commons join), or choose another name."
    )


@dataclass(eq=False)
class NoSuchFolder(InputError):
    """The place for the release does not exist."""

    path: Path
    template: ClassVar[str] = N_("There is no folder {path}; nothing was shared.")
    hint_template: ClassVar[str] = N_("Make it first, or choose another.")


@click.command(
    help=N_(
        "Make a release: the signed, public-only copy that others may take.\n\n"
        "Shows exactly what would leave and what stays home and why, asks, and writes one file (.entrega) "
        "that can travel by web, e-mail, chat or USB stick."
    ),
    short_help=N_("Share: make a signed copy of what is public."),
)
@catalogue_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Where to write the one-file release; a folder or a file name."),
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help=N_("Write the release as a folder of four files."),
)
@click.option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("The key, if it lies elsewhere."),
)
@click.option(
    "--ours",
    multiple=True,
    metavar="TEXT",
    help=N_("This telephone, e-mail or name is the organisation's."),
)
@click.option(
    "--details", is_flag=True, help=N_("Show the fields of what is new, and what changed in the others.")
)
@click.option("--dry-run", is_flag=True, help=N_("Only show; write nothing."))
@click.option("--again", is_flag=True, help=N_("Make a release even if nothing has changed."))
@yes_option
@json_option
@click.pass_context
def release(
    ctx: click.Context,
    catalogue: Path | None,
    out: Path | None,
    folder: Path | None,
    key_file: Path | None,
    ours: tuple[str, ...],
    details: bool,
    dry_run: bool,
    again: bool,
    yes: bool,
    as_json: bool,
) -> None:
    at = now()
    with opened(catalogue) as own:
        key = (
            None if dry_run else keys.load_for(key_file or keys.key_path(own.path), KeyLog.parse(own.keylog))
        )
        answers = {found for text in ours for found in answer_keys(text)}
        shown = build.preview(own, at=at, ours=answers)
        if interactive() and not (yes or as_json):
            answers |= _ask_whose(shown.questions)
            shown = build.preview(own, at=at, ours=answers)
        if not as_json:
            _show(shown, own, details=details, sure=yes and not dry_run)
        path: Path | None = None
        if key is not None and (again or shown.is_news or shown.is_due(at)):
            path = _target(own, shown, out, folder)
            if not confirm(_("Share this?"), yes=yes):
                tell(_("Nothing was shared."))
                return
            build.remember(own, answers)
            build.share(own, key, shown, at=at, stage=_stage(path, as_folder=folder is not None))
            own.backup(at=at)
        if as_json:
            show_json(_as_json(shown, path, dry_run=dry_run))
        elif not dry_run:
            _say_done(shown, path, KeyLog.parse(own.keylog))
    if shown.waiting:
        ctx.exit(FINDINGS)


def _stage(path: Path, *, as_folder: bool) -> build.Stage:
    def stage(files: ReleaseFiles) -> AbstractContextManager[Callable[[], None]]:
        return container.staged_folder(path, files) if as_folder else container.staged_file(path, files)

    return stage


def _target(catalogue: Catalogue, shown: build.Preview, out: Path | None, folder: Path | None) -> Path:
    """Where the release goes, before anything is made; what stands in a name that we chose is left alone.

    Raises:
        NoSuchFolder, OutputTaken, OthersRelease, CopysRelease.
    """
    named = folder or (out if out is not None and not out.is_dir() else None)
    path = named or (out or catalogue.path.parent) / shown.file_name
    if not path.parent.is_dir():
        raise NoSuchFolder(path.parent)
    if named is None:
        return _free(path, catalogue)
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        _refuse_taken(path, catalogue)
    return path


def _free(path: Path, catalogue: Catalogue) -> Path:
    """`path`, or the first name like it that nothing has; who has two copies learns it before sharing."""
    taken, n = path, 1
    while path.exists() or path.is_symlink():
        n += 1
        path = taken.with_name(f"{taken.stem}-{n}{taken.suffix}")
    if n > 1:
        text = _("{path} is there already and is another one; it stays, and this release is called {name}.")
        tell(text.format(path=taken, name=path.name))
        _tell_of_copy(taken, catalogue)
    return path


def _tell_of_copy(taken: Path, catalogue: Catalogue) -> None:
    try:
        _refuse_taken(taken, catalogue)
    except CopysRelease as error:
        text = _("It is release {version} of this same catalogue, made by another copy of it.")
        tell(text.format(version=error.version))
        tell(_("Better join the two copies first (commons join): federations wait until you do."))
    except InputError:
        return


def _refuse_taken(path: Path, catalogue: Catalogue) -> None:
    """Only this catalogue's own earlier release may be replaced, as where one address always has the newest.

    Raises:
        OutputTaken, OthersRelease, CopysRelease.
    """
    try:
        files = container.read_any(path)
        manifest = files.parsed_manifest
    except FormatError as error:
        raise OutputTaken(path) from error
    if manifest.member != catalogue.member_id:
        raise OthersRelease(path)
    own = {release.digest: (release.epoch, release.number) for release in catalogue.releases}
    if files.digest not in own and not (own and manifest.version < min(own.values())):
        raise CopysRelease(path, version_words(manifest.version))


def _ask_whose(questions: Sequence[Question]) -> set[str]:
    """Ask about each number, address and name once; what is the organisation's may leave."""
    answers: set[str] = set()
    by_key = {question.found.key: question for question in reversed(questions)}
    for key, question in list(reversed(by_key.items()))[:MOST_ASKED]:
        where = f"{question.type}/{question.record}"
        said = _("«{value}» stands in {record}, {field}.")
        tell(said.format(value=question.found.text, record=where, field=_field_title(question)))
        if ask_yes(_("Is it the organisation's (not a person's), so that it may leave?")):
            answers.add(key)
    return answers


def _field_title(question: Question) -> str:
    return in_language(load_schema().types[question.type].fields[question.field].title)


def _type_name(type_name: str, n: int) -> str:
    rtype = load_schema().types[type_name]
    return in_language(rtype.title if n == 1 else rtype.plural).lower()


def _show(shown: build.Preview, own: Catalogue, *, details: bool, sure: bool) -> None:
    """What would leave, compared with the last release, and what stays home. `sure`: nobody is asked."""
    heading = (
        _("Release {number} of «{name}» holds:") if sure else _("Release {number} of «{name}» would hold:")
    )
    say(heading.format(number=version_words((shown.epoch, shown.number)), name=shown.name))
    counts = [f"{n} {_type_name(t, n)}" for t, n in shown.counts.items() if t not in _UNLISTED]
    say("  " + (", ".join(counts) or _("no records, only who you are")))
    _show_changes(own, shown, _field_lines(own, shown) if details else None)
    private = sum(shown.private.values())
    if private:
        say(
            ngettext(
                "{n} record stays here: it is marked «only here».",
                "{n} records stay here: they are marked «only here».",
                private,
            ).format(n=private)
        )
    say()
    if shown.held:
        show_findings(shown.held, catalogue=own.path)


_Lines = Mapping[tuple[str, str], Sequence[str]]


def _field_lines(own: Catalogue, shown: build.Preview) -> _Lines:
    """The fields of what is new; of what changed, what it said and says, where anybody can tell."""
    before = since.changed_fields(own, shown, build.rules_for(own, list(own.records())))
    found: dict[tuple[str, str], list[str]] = {}
    for change in shown.changes:
        key = (change.type, change.id)
        if change.sort not in ("new", "changed"):
            continue
        rtype, fields = own.schema.types[change.type], shown.records[key]
        lines = found.setdefault(key, [])
        for name in before.get(key, [n for n in rtype.fields if n in fields and n not in AUTOMATIC]):
            target = rtype.fields[name]
            now_said = said_in(own, target, fields[name]) if name in fields else "—"
            if key in before:
                was = before[key][name]
                now_said = f"{said_in(own, target, was) if was is not None else '—'} → {now_said}"
            lines.append(f"{in_language(target.title)}: {now_said}")
    return found


def _show_changes(own: Catalogue, shown: build.Preview, lines: _Lines | None) -> None:
    """What is new, changed, gone; `lines`: of each its fields, where they were asked for."""
    headings: dict[build.Sort, str] = {
        "new": _("New"),
        "changed": _("Changed"),
        "removed": _("No longer there"),
        "withdrawn": _("Withdrawn for good"),
    }
    for sort, heading in headings.items():
        changes = [c for c in shown.changes if c.sort == sort and (sort != "new" or c.type not in _UNLISTED)]
        if changes:
            say(f"{heading} ({len(changes)}):")
            for change in changes if lines is not None else changes[:MOST_LISTED]:
                _show_change(change, (lines or {}).get((change.type, change.id), ()))
            if lines is None and len(changes) > MOST_LISTED:
                more = len(changes) - MOST_LISTED
                say("  " + ngettext("… and {n} more", "… and {n} more", more).format(n=more))
    if shown.earlier:
        say(_("These stay, and what they said before is taken down everywhere:"))
        for change in shown.earlier:
            _show_change(change)
    _warn_of_loss(own, shown)
    same = sum(c.sort == "unchanged" and c.type not in _UNLISTED for c in shown.changes)
    if same:
        say(ngettext("{n} record as before", "{n} records as before", same).format(n=same))


def _warn_of_loss(own: Catalogue, shown: build.Preview) -> None:
    """What a federation will think of a release that lacks many records of the last one."""
    from commons.merge.plan import Loss  # late: nothing else of a release needs to know merging

    gone = Counter(c.sort for c in shown.changes if c.type not in _UNLISTED)
    loss = Loss(gone["removed"], sum(n for sort, n in gone.items() if sort != "new"))
    leaves = any(t == "catalogue" and r.get("status") == "leaving" for (t, _id), r in shown.records.items())
    if leaves or not loss.too_many:
        return
    text = _(
        "{n} of {before} records are gone without being withdrawn: federations wait with such a release until"
        " a person there has looked."
    )
    tell(text.format(n=loss.lost, before=loss.before))
    undo, allow = own_command(own.path, "undo"), command("merge", "--allow-shrink", shown.name)
    tell(_("By mistake? {undo}. To take them down everywhere: commons withdraw.").format(undo=undo))
    tell(_("If it is right, tell whoever runs the federation; they type: {command}").format(command=allow))


def _show_change(change: build.Change, lines: Sequence[str] = ()) -> None:
    say(f"  {change.type}/{change.id}  {change.title if change.title != change.id else ''}".rstrip())
    for line in lines:
        say(f"      {line}")


def _say_done(shown: build.Preview, path: Path | None, log: KeyLog) -> None:
    if path is None:
        last = version_words((shown.epoch, shown.number - 1))
        say(_("Nothing has changed since release {number}; none was made.").format(number=last))
        say(_("To make one all the same, add --again."))
        return
    spoken = words.spoken(log.current)
    say(
        _("Release {number} is ready: {path}").format(
            number=version_words((shown.epoch, shown.number)), path=path
        )
    )
    if shown.epoch:
        text = _("({epoch}.{number}: number {number}; the {epoch} counts the changes of the key.)")
        say(text.format(epoch=shown.epoch, number=shown.number))
    say(_("Send it as it is, by e-mail, chat, web or stick; nobody can change it unnoticed."))
    say(_("Words of your key, to compare by telephone: {words}").format(words=spoken))


def _as_json(shown: build.Preview, path: Path | None, *, dry_run: bool) -> dict[str, Any]:
    """For programs; with --dry-run also every field that would leave."""
    answer: dict[str, Any] = {
        "member": shown.member,
        "epoch": shown.epoch,
        "number": shown.number,
        "content_root": shown.content_root,
        "counts": dict(shown.counts),
        "private": dict(shown.private),
        "changes": [
            {"type": c.type, "id": c.id, "title": c.title, "sort": c.sort}
            for c in shown.changes
            if c.sort != "unchanged"
        ],
        "earlier": [{"type": c.type, "id": c.id, "title": c.title} for c in shown.earlier],
        "held": findings_json(shown.held),
        "release": None if path is None else str(path),
    }
    if dry_run:
        answer["records"] = [{"type": t, "id": i, "fields": dict(f)} for (t, i), f in shown.records.items()]
    return answer
