"""The scorecard as text: one table, and a page of errors for each set. Measures nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.linking.conflicts import Conflicts
from bench.linking.imported import Told
from bench.linking.labelled import Labelled, Pair
from bench.linking.linkers import Weigher
from bench.linking.measure import Errors, Outcome, Score, reasons
from commons.link.model import Decision

WORST = 20
MOST_DISPUTED = 5  # pairs shown of each reason
_LESS = ("title", "kind", "keywords", "description", "summary", "country", "schedule_text")

HEADINGS = (
    "| set | half | records | true pairs | automatic P / R / F1 | every candidate accepted P / R / F1 "
    "| and judged P / R / F1 | candidates + choices | × true (≤ 2) | compared | s | µs a pair |\n"
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
        f"| {_three(found.accepted)} | {_three(found.judged)} "
        f"| {found.queue:,} + {found.choices:,} | {found.queue_times:.2f} "
        f"| {kept} | {found.seconds:.1f} | {each} |"
    )


def conflicts(name: str, found: Conflicts) -> str:
    """What became of numbers that contradict links, in one line."""
    return (
        f"{name}: {len(found.merged)} merged though their numbers differ; of conflicts of numbers "
        f"{found.listed} listed and {len(found.unlisted)} passed over"
    )


def _told(told: Told) -> str:
    said = {k: v for k, v in told.fields.items() if k not in _LESS}
    return f"`{told.member[:4]}/{told.address.split('/')[2]}` **{told.fields.get('title', '')}** {said}"


class Page:
    """Writes a set's errors as a person would want to see them: each two contents once."""

    def __init__(self, labelled: Labelled) -> None:
        self._labelled = labelled
        self._by = {told.address: told for told in labelled.records}
        self._weigher = Weigher(labelled.records)

    def _section(self, title: str, found: Sequence[Pair], why: Mapping[Pair, str]) -> list[str]:
        scores = {p: self._weigher.score(*p) for p in found}
        ordered = sorted(found, key=lambda p: (-(s.total if (s := scores[p]) else 0), p))
        lines, seen = [f"## {title}: {len(found)}", ""], set()
        for a, b in ordered:
            shown = (_told(self._by[a]), _told(self._by[b]))
            bare = frozenset(text.partition(" ")[2] for text in shown)
            if bare in seen:
                continue
            seen.add(bare)
            score = scores[a, b]
            parts = f"{score.total}: {dict(score.parts)} {list(score.guards)}" if score else "not scored"
            things = " ≠ ".join(dict.fromkeys(str(self._labelled.truth[x]) for x in (a, b)))
            lines += [f"- {parts} {why.get((a, b), '')} [{things}]", *(f"  - {text}" for text in shown)]
            if len(seen) == WORST:
                break
        return [*lines, ""]

    def text(self, decision: Decision, errors: Errors) -> str:
        """The whole page."""
        why = {(link.a, link.b): link.reason for link in decision.links}
        why |= {(c.a, c.b): c.reason for c in decision.candidates}
        counts = ", ".join(f"{reason} {n}" for reason, n in reasons(decision.candidates).items()) or "none"
        lines = [f"# {self._labelled.name}", "", f"Candidates: {counts}", ""]
        lines += self._section("Joined, and not one thing", errors.joined, why)
        lines += self._section("Proposed, and not one thing", errors.proposed, why)
        lines += self._section("One thing, and neither joined nor proposed", errors.missed, why)
        return "\n".join([*lines, *self._disputed()])

    def _disputed(self) -> list[str]:
        """The pairs of the gold that count neither way, by their reason."""
        undecided = self._labelled.undecided
        lines = [f"## Counts neither way: {len(undecided)}", ""]
        by_reason: dict[str, list[Pair]] = defaultdict(list)
        for of, reason in sorted(undecided.items()):
            by_reason[reason].append(of)
        for reason, pairs in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
            lines.append(f"- {reason}: {len(pairs)}")
            for a, b in pairs[:MOST_DISPUTED]:
                gold = "same" if self._labelled.truth.get(a) == self._labelled.truth.get(b) else "different"
                lines.append(f"  - the gold: {gold}. {_told(self._by[a])} – {_told(self._by[b])}")
        return [*lines, ""]


def write_errors(folder: Path, half: str, labelled: Labelled, decision: Decision, errors: Errors) -> Path:
    """The page, beside the others."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{labelled.name}-{half}.md"
    path.write_text(Page(labelled).text(decision, errors), encoding="utf-8")
    return path
