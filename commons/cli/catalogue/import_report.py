"""How the terminal shows a proposal and a report: rows first, then records, then what needs a person.

Prints; decides nothing.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from commons.cli.terminal.output import say, show_findings, tell
from commons.imports.loading.prepare import Prepared
from commons.imports.loading.report import ImportReport
from commons.messages import N_, in_language, ngettext, translate
from commons.messages import translate as _
from commons.schema.spec import load_schema

LISTED = 20
_WHY = {
    "row-empty": N_("empty"),
    "row-title": N_("title above the headings"),
    "row-headings": N_("headings"),
    "row-instruction": N_("instructions"),
    "row-total": N_("totals and notes"),
    "row-skipped": N_("left out by the mapping"),
    "row-repeated": N_("the same row twice"),
    "row-without-content": N_("nothing in the mapped columns"),
    "row-removed-here": N_("removed or withdrawn in the catalogue"),
}


def show_proposal(prepared: Prepared) -> None:
    """Each guess as a sentence."""
    assert prepared.proposal is not None
    tell(_("This is how the columns were understood:"))
    for guess in (*prepared.proposal.guesses, *prepared.proposal.place):
        tell(f"  {guess.sentence}")
    tell()


def show_report(report: ImportReport, error_path: Path | None) -> None:
    """The report in sentences: rows first, then records, then what needs a person."""
    show_findings(report.findings, saved=True)  # refused rows excepted, every cell is kept
    show_findings(report.refused)
    show_counts(report)
    _show_rest(report, error_path)


def show_counts(report: ImportReport) -> None:
    """What became, or would become, of the rows."""
    head = _(
        "{file}: {read} rows; {imported} imported, {unchanged} unchanged, {skipped} left out,"
        " {refused} refused."
    )
    say(
        head.format(
            file=report.file,
            read=report.rows_read,
            imported=report.rows_imported,
            unchanged=report.rows_unchanged,
            skipped=len(report.skipped),
            refused=len(report.refused),
        )
    )
    for code, n in sorted(Counter(s.code for s in report.skipped).items()):
        say("  " + _("left out: {n} ({why})").format(n=n, why=translate(_WHY.get(code, code))))
    for type_name, n in sorted(report.records("new").items()):
        text = ngettext("{types}: {n} new record", "{types}: {n} new records", n)
        say("  " + text.format(types=_type_name(type_name, n), n=n))
    for type_name, n in sorted(report.records("changed").items()):
        text = ngettext("{types}: {n} changed record", "{types}: {n} changed records", n)
        say("  " + text.format(types=_type_name(type_name, n), n=n))
    for type_name, n in sorted(report.records("unchanged").items()):
        text = ngettext("{types}: {n} record as it was", "{types}: {n} records as they were", n)
        say("  " + text.format(types=_type_name(type_name, n), n=n))


def _show_rest(report: ImportReport, error_path: Path | None) -> None:
    if report.waiting:
        n = report.waiting
        say(
            "  "
            + ngettext(
                "{n} cell did not fit and waits as a draft.", "{n} cells did not fit and wait as drafts.", n
            ).format(n=n)
        )
    if report.blanked:
        say(
            "  "
            + ngettext(
                "{n} cell holds a text that means nothing and was read as empty.",
                "{n} cells hold a text that means nothing and were read as empty.",
                report.blanked,
            ).format(n=report.blanked)
        )
    if report.removed:
        say(
            "  "
            + (_("removed: {n}") if report.done else _("would be removed: {n}")).format(n=len(report.removed))
        )
    if report.gone:
        n = len(report.gone)
        say("  " + ngettext("{n} record is no longer in the file; it stays. --complete removes it.",
                            "{n} records are no longer in the file; they stay. --complete removes them.",
                            n).format(n=n))  # fmt: skip
    for same in report.same[:LISTED]:
        text = _("Row {row} says what {old} said, under a new id ({new}); --same makes it the same record.")
        say("  " + text.format(row=same.row, old=f"{same.type}/{same.old_id}", new=same.new_id))
    if error_path is not None:
        say(
            _("The rows to correct are in {path}; correct them and import that file.").format(path=error_path)
        )
    if not report.done:
        say(_("Nothing was written."))
    elif report.step is None:
        say(_("Nothing changed."))
    else:
        say(_("Done; commons undo takes it back."))


def _type_name(type_name: str, n: int) -> str:
    rtype = load_schema().types[type_name]
    return in_language(rtype.title if n == 1 else rtype.plural)
