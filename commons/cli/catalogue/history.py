"""`commons history, undo, backup`: what was done, taking it back, and copies. Parses, calls, prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar

import click

from commons.catalogue import backup as copies
from commons.catalogue.act import WITHDRAWAL
from commons.catalogue.errors import CatalogueExists
from commons.catalogue.history import Change, Step
from commons.catalogue.ids import instant
from commons.catalogue.record import AUTOMATIC
from commons.catalogue.rows import State
from commons.catalogue.store import Catalogue
from commons.cli.terminal.naming import the_record, the_type
from commons.cli.terminal.output import (
    MOST_LISTED,
    catalogue_option,
    confirm,
    json_option,
    now,
    opened,
    say,
    show_json,
    show_table,
    tell,
    yes_option,
)
from commons.cli.terminal.values import local_moment, shown
from commons.errors import InputError
from commons.messages import N_, in_language, translate
from commons.messages import translate as _
from commons.release.keys import key_path, load, save
from commons.schema.spec import Field

KINDS = {
    "init": N_("catalogue made"),
    "add": N_("new record"),
    "edit": N_("change"),
    "remove": N_("taken out"),
    "confirm": N_("confirmed"),
    "withdraw": N_("withdrawn"),
    "import": N_("import"),
    "refresh": N_("import"),
    "release": N_("release"),
    "consent": N_("consent"),
    "undo": N_("undone"),
    "redo": N_("done again"),
    "restore": N_("copy brought back"),
    "judge": N_("judgement"),
    "join": N_("two copies joined"),
    "forget": N_("a person forgotten"),
}


@click.command(
    help=N_(
        "Show what was done, newest first.\n\n"
        "RECORD shows only the steps of one record; --step N shows what one step changed."
    ),
    short_help=N_("Show what was done, step by step."),
)
@click.argument("record", required=False)
@click.option("--step", "n", type=int, metavar="N", help=N_("Show what this step changed, before and after."))
@click.option(
    "--limit", type=click.IntRange(1, MOST_LISTED), default=20, show_default=True, help=N_("At most so many.")
)
@catalogue_option
@json_option
def history(record: str | None, n: int | None, limit: int, catalogue: Path | None, as_json: bool) -> None:
    """See the help."""
    with opened(catalogue) as the_catalogue:
        if n is not None:
            _show_step(the_catalogue, the_catalogue.step(n), as_json=as_json)
            return
        steps = list(islice(_steps(the_catalogue, record), limit))
        if as_json:
            show_json([_step_json(the_catalogue.step(step.n)) for step in steps])
            return
        rows = [
            (
                str(step.n),
                local_moment(the_catalogue, step.at),
                _kind(step),
                step.note,
                _count(the_catalogue.step(step.n)),
            )
            for step in steps
        ]
        show_table([_("Step"), _("When"), _("What"), _("Note"), _("Records")], rows)


def _steps(catalogue: Catalogue, record: str | None) -> Iterator[Step]:
    if record is None:
        return catalogue.history()
    kind, slash, rest = record.rpartition("/")
    if slash:  # also what was removed long ago
        return catalogue.history(the_type(kind.rpartition("/")[2]).name, rest)
    stored = the_record(catalogue, record)
    return catalogue.history(stored.type, stored.id)


def _kind(step: Step) -> str:
    text = translate(KINDS[step.kind]) if step.kind in KINDS else step.kind
    if step.undoes is not None:
        text = _("{what} (step {n})").format(what=text, n=step.undoes)
    return _("{what}, undone since").format(what=text) if step.undone else text


def _count(step: Step) -> str:
    return str(len(step.changes))


def _show_step(catalogue: Catalogue, step: Step, *, as_json: bool) -> None:
    if as_json:
        show_json(_step_json(step))
        return
    say(f"{step.n}  {local_moment(catalogue, step.at)}  {_kind(step)}  {step.note}".rstrip())
    for change in step.changes:
        say()
        say(f"{change.type}/{change.id}  {_what_happened(change)}".rstrip())
        for label, before, after in _differences(catalogue, change):
            say(f"  {label}: {before} → {after}")


def _what_happened(change: Change, *, back: bool = False) -> str:
    """`back`: by an undo or redo, after which what was not there is there again."""
    if change.before is None:
        return _("(there again)") if back else _("(new)")
    return _("(taken out)") if change.after is None else ""


def _differences(catalogue: Catalogue, change: Change) -> Iterator[tuple[str, str, str]]:
    rtype = catalogue.schema.types.get(change.type)
    before, after = change.before or State(), change.after or State()
    for name in dict.fromkeys([*before.fields, *after.fields, *before.drafts, *after.drafts]):
        field = rtype.fields.get(name) if rtype else None
        old, new = (_said(catalogue, field, name, state) for state in (before, after))
        if name not in AUTOMATIC and old != new:
            yield in_language(field.title) if field is not None else name, old, new


def _said(catalogue: Catalogue, field: Field | None, name: str, state: State) -> str:
    if name in state.drafts:
        return _("draft: {text}").format(text=state.drafts[name])
    value = state.fields.get(name)
    if value is None:
        return "—"
    return shown(catalogue, field, value) if field is not None else str(value)


def _step_json(step: Step) -> dict[str, object]:
    def state(s: State | None) -> object:
        return None if s is None else {"fields": dict(s.fields), "drafts": dict(s.drafts)}

    return {
        "step": step.n,
        "kind": step.kind,
        "note": step.note,
        "at": step.at,
        "undoes": step.undoes,
        "undone": step.undone,
        "changes": [
            {"type": c.type, "id": c.id, "before": state(c.before), "after": state(c.after)}
            for c in step.changes
        ],
    }


@click.command(
    help=N_(
        "Take back the last thing that was done, or step STEP of the history.\n\n"
        "Again takes back the one before; --redo does again what was undone. What was changed since a step "
        "stays."
    ),
    short_help=N_("Take back what was done."),
)
@click.argument("step", required=False, type=int)
@click.option("--redo", is_flag=True, help=N_("Do again what was undone last."))
@click.option(
    "--yes", "-y", is_flag=True, expose_value=False, help=N_("For scripts: nothing is asked anyway.")
)
@catalogue_option
@json_option
def undo(step: int | None, redo: bool, catalogue: Path | None, as_json: bool) -> None:
    """See the help."""
    with opened(catalogue) as the_catalogue:
        done = the_catalogue.undo(step, redo=redo, at=now())
        if as_json:
            kept = [{"type": t, "id": i, "field": f} for t, i, f in done.kept]
            show_json({**_step_json(done), "kept": kept})
            return
        target = the_catalogue.origin(done)
        sentence = _("Done again: {what}") if redo else _("Undone: step {n}, {what}")
        what = " ".join(filter(None, (translate(KINDS.get(target.kind, target.kind)), target.note)))
        say(sentence.format(n=target.n, what=what))
        shown_changes = [change for change in done.changes if change.type != WITHDRAWAL]
        for change in shown_changes[:10]:
            say(f"  {change.type}/{change.id}  {_what_happened(change, back=True)}".rstrip())
        if len(shown_changes) < len(done.changes) and not redo:
            say(_("  Nothing of it is withdrawn any more."))
        if not redo:
            tell(_("To have it again: commons undo --redo"))
        for type_name, record_id, name in done.kept:
            where = f"{type_name}/{record_id}" + (f", {name}" if name else "")
            say(_("It was changed again since, so it stays: {where}").format(where=where))


@dataclass(eq=False)
class NoCopies(InputError):
    """There is no backup to bring back."""

    template: ClassVar[str] = N_("There are no copies of this catalogue yet.")
    hint_template: ClassVar[str] = N_("Make one with: commons backup")


@click.command(
    help=N_(
        "Copy the catalogue, also while it is in use.\n\n"
        "Copies lie in a folder beside it, the newest ten are kept. The key is not copied unless you ask: "
        "who has it can share in your name."
    ),
    short_help=N_("Copy the catalogue, or bring a copy back."),
)
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Write the copy to this file, such as one on a stick."),
)
@click.option("--with-key", is_flag=True, help=N_("Copy the key, too."))
@click.option("--list", "show_list", is_flag=True, help=N_("Show the copies there are."))
@click.option(
    "--restore",
    metavar="COPY",
    help=N_("Bring back this copy («last»: the newest); what is there now is copied first."),
)
@yes_option
@catalogue_option
@json_option
def backup(
    to: Path | None,
    with_key: bool,
    show_list: bool,
    restore: str | None,
    yes: bool,
    catalogue: Path | None,
    as_json: bool,
) -> None:
    """See the help."""
    with opened(catalogue) as the_catalogue:
        if show_list:
            _show_copies(the_catalogue, as_json=as_json)
        elif restore is not None:
            _restore(the_catalogue, restore, yes=yes, as_json=as_json)
        else:
            made = _copy_to(the_catalogue, to) if to is not None else the_catalogue.backup(at=now())
            key = _copy_key(the_catalogue.path, made) if with_key else None
            if as_json:
                show_json({"copy": str(made), "key": str(key) if key else None})
                return
            say(_("Copied to {path}").format(path=made))
            if key is not None:
                say(
                    _("The key is beside it: {path}. Keep both where nobody else gets at them.").format(
                        path=key
                    )
                )


def _copy_to(catalogue: Catalogue, to: Path) -> Path:
    target = to / catalogue.path.name if to.is_dir() else to
    if target.exists():
        raise CatalogueExists(target)
    catalogue.copy_to(target)
    return target


def _copy_key(catalogue: Path, made: Path) -> Path | None:
    key = key_path(catalogue)
    if not key.exists():
        return None
    target = key_path(made)
    save(target, load(key))
    return target


def _show_copies(catalogue: Catalogue, *, as_json: bool) -> None:
    found = copies.copies(catalogue.path)
    if as_json:
        show_json([{"copy": str(path), "bytes": path.stat().st_size} for path in found])
        return
    if not found:
        raise NoCopies
    rows = [
        (str(p), local_moment(catalogue, instant(copies.made_at(p))), f"{p.stat().st_size // 1024} KB")
        for p in found
    ]
    show_table([_("Copy"), _("When"), _("Size")], rows)


def _restore(catalogue: Catalogue, restore: str, *, yes: bool, as_json: bool) -> None:
    found = copies.copies(catalogue.path)
    if restore.casefold() in ("last", "última", "ultima"):
        if not found:
            raise NoCopies
        copy = found[0]
    else:
        named = copies.folder(catalogue.path) / restore
        copy = named if named.is_file() else Path(restore)
    if not confirm(_("Bring back {path} in place of what is there now?").format(path=copy.name), yes=yes):
        tell(_("Nothing was changed."))
        return
    before = catalogue.restore(copy, at=now())
    if as_json:
        show_json({"restored": str(copy), "before": str(before)})
        return
    say(_("Brought back: {path}").format(path=copy))
    say(_("What was there before is in {path}").format(path=before))
