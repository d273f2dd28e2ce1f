"""The scorecard as text: one table, and a page of errors for each set. Measures nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.linking.conflicts import Conflicts
from bench.linking.imported import Told
from bench.linking.labelled import Labelled, Pair
from bench.linking.measure import Errors, Outcome, Score, reasons
from commons.link.model import Decision

WORST = 20
_LESS = ("kind", "keywords", "description", "summary", "country")

HEADINGS = (
    "| set | half | records | true pairs | automatic P / R / F1 | every candidate accepted P / R / F1 "
    "| accepted in turn F1 | queue | × true | compared | s | µs a pair |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def _three(found: Score) -> str:
    return f"{found.precision:.3f} / {found.recall:.3f} / {found.f1:.3f}"


def line(found: Outcome) -> str:
    """One row of the table."""
    kept = "–" if found.kept is None else f"{found.kept:.4f}"
    each = "–" if not found.compared else f"{found.seconds / found.compared * 1e6:.0f}"
    return (
        f"| {found.name} | {found.half} | {found.records:,} | {found.automatic.true:,} "
        f"| {_three(found.automatic)} "
        f"| {_three(found.accepted)} | {found.reviewed.f1:.3f} | {found.queue:,} | {found.queue_times:.2f} "
        f"| {kept} | {found.seconds:.1f} | {each} |"
    )


def conflicts(name: str, found: Conflicts) -> str:
    """What became of numbers that contradict links, in one line."""
    return (
        f"{name}: {len(found.merged)} merged though their numbers differ; of conflicts of numbers "
        f"{found.listed} listed and {len(found.unlisted)} passed over"
    )


def _told(told: Told) -> str:
    said = {k: v for k, v in told.fields.items() if k not in _LESS and k != "title"}
    return f"`{told.member[:4]}/{told.address.split('/')[2]}` **{told.fields.get('title', '')}** {said}"


def _section(
    title: str, found: Sequence[tuple[Pair, int | None]], by: Mapping[str, Told], evidence: Mapping[Pair, str]
) -> list[str]:
    lines = [f"## {title}: {len(found)}", ""]
    for (a, b), score in found[:WORST]:
        lines += [
            f"- {'–' if score is None else score} {evidence.get((a, b), '')}",
            f"  - {_told(by[a])}",
            f"  - {_told(by[b])}",
        ]
    return [*lines, ""]


def errors_page(labelled: Labelled, decision: Decision, errors: Errors) -> str:
    """The worst errors of each kind, as a person would want to see them."""
    by = {told.address: told for told in labelled.records}
    evidence = {(k.a, k.b): f"{k.reason} {dict(k.evidence)}" for k in decision.links}
    evidence |= {(c.a, c.b): f"{c.reason} {dict(c.evidence)}" for c in decision.candidates}
    counts = ", ".join(f"{reason} {n}" for reason, n in reasons(decision.candidates).items()) or "none"
    lines = [f"# {labelled.name}", "", f"Candidates: {counts}", ""]
    lines += _section("Joined, and not one thing", errors.joined, by, evidence)
    lines += _section("Proposed, and not one thing", errors.proposed, by, evidence)
    lines += _section("One thing, and neither joined nor proposed", errors.missed, by, evidence)
    return "\n".join(lines)


def write_errors(folder: Path, half: str, labelled: Labelled, decision: Decision, errors: Errors) -> Path:
    """The page, beside the others."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{labelled.name}-{half}.md"
    path.write_text(errors_page(labelled, decision, errors), encoding="utf-8")
    return path
