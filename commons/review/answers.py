"""A person's answers, as records of their own catalogue: judgements and relations. Each answer is one step.

A pair has one judgement of a catalogue: to judge again changes it; the history keeps what was said before.
Nothing here leaves the computer; the next release carries it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commons.addresses import base32
from commons.catalogue.act import Act
from commons.catalogue.history import Step
from commons.catalogue.store import Catalogue
from commons.link.judged import digest
from commons.link.judgements import DIFFERENT, SAME, UNSURE, Pair
from commons.link.model import pair
from commons.messages import translate as _
from commons.model import Value
from commons.review import waiting
from commons.review.questions import PROPOSED, Ask, Question
from commons.review.records import Side

KIND = "judge"  # of the step in the history
LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Given:
    """What a person says of a question. `verdict` None: only the relation is answered."""

    verdict: str | None
    related: bool | None = None
    reason: str = ""
    by: str = ""


def of_relation(holds: bool, reason: str = "", by: str = "") -> Given:
    """The answer to a proposed relation. One that holds says also that the two are not one thing."""
    return Given(DIFFERENT if holds else None, holds, reason, by)


def judgement_id(of: Pair) -> str:
    """The id of a catalogue's judgement of a pair: always the same, so that there is one."""
    return "j-" + base32(hashlib.sha256("\n".join(pair(*of)).encode()).digest())[:24]


def relation_id(ask: Ask) -> str:
    """The id of a relation that was accepted."""
    return "r-" + base32(hashlib.sha256(f"{ask.a}\n{ask.relation}\n{ask.b}".encode()).digest())[:24]


def give(catalogue: Catalogue, question: Question, given: Given, *, at: datetime) -> int | None:
    """Write the answer down as one step; its number, or None where it was said before."""
    with catalogue.act(KIND, note=_note(question, given), at=at) as act:
        _write(act, question, given, at)
    if question.ask.kind == PROPOSED:
        waiting.answered(catalogue, question.ask.pair)
    if given.related is False:
        waiting.decline(catalogue, question.ask.triple)
    return act.step


def give_all(
    catalogue: Catalogue, answers: Iterable[tuple[Question, Given]], *, note: str, at: datetime
) -> int:
    """Many answers as one step that can be undone as one; how many there were."""
    done = list(answers)
    with catalogue.act(KIND, note=note, at=at) as act:
        for question, given in done:
            _write(act, question, given, at)
    for question, given in done:
        waiting.answered(catalogue, question.ask.pair)
        if given.related is False:
            waiting.decline(catalogue, question.ask.triple)
    return len(done)


def take_back(catalogue: Catalogue, *, at: datetime) -> tuple[Step, list[Pair]] | None:
    """Undo the newest answer that stands; the pairs it was about. None where there is none to undo."""
    for step in catalogue.history():
        if step.kind != KIND or step.undone or step.undoes is not None:
            continue
        changes = catalogue.step(step.n).changes
        records = [catalogue.get(change.type, change.id) for change in changes]
        pairs = [_pair_of(record.fields) for record in records if record is not None]
        return catalogue.undo(step.n, at=at), [p for p in pairs if p is not None]
    return None


def _write(act: Act, question: Question, given: Given, at: datetime) -> None:
    if given.verdict is not None:
        judge(act, question.left, question.right, given.verdict, reason=given.reason, by=given.by, at=at)
    if given.related:
        ask = question.ask
        fields: dict[str, Value] = {"subject": ask.a, "kind": ask.relation, "object": ask.b}
        act.put("relation", relation_id(ask), fields | ({"note": given.reason} if given.reason else {}))


def judge(
    act: Act, left: Side, right: Side, verdict: str, *, reason: str = "", by: str = "", at: datetime
) -> None:
    """Put one judgement: what, why, when, and what both were when it was made."""
    first, second = sorted((left, right), key=lambda s: s.address)
    fields: dict[str, Value] = {
        "left": first.address,
        "right": second.address,
        "verdict": verdict,
        "judged_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "left_digest": digest(first.fields),
        "right_digest": digest(second.fields),
        "left_title": first.title[:LONGEST_TITLE],
        "right_title": second.title[:LONGEST_TITLE],
    }
    fields |= {k: v for k, v in (("reason", reason), ("judged_by", by)) if v}
    act.put("judgement", judgement_id((first.address, second.address)), fields)


def _note(question: Question, given: Given) -> str:
    words = {SAME: _("the same"), DIFFERENT: _("different"), UNSURE: _("not sure")}
    said = words[given.verdict] if given.verdict else ""
    if given.related is not None:
        said = _("related") if given.related else _("not related")
    return f"{said}: «{question.left.title}» · «{question.right.title}»"


def _pair_of(fields: Mapping[str, Any]) -> Pair | None:
    ends = [fields.get(n) for n in ("left", "right")]
    if not all(ends):
        ends = [fields.get(n) for n in ("subject", "object")]
    return pair(str(ends[0]), str(ends[1])) if all(ends) else None
