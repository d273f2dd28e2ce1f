"""What a check came to, as sentences that a neighbour understands, and as JSON. Checks nothing itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

from commons.cli.terminal.output import labelled, say
from commons.findings import KINDS, Finding
from commons.format.witness import Witness
from commons.format.words import spoken
from commons.merge.verify import Verdict
from commons.messages import N_, language, ngettext, translate
from commons.messages import translate as _
from commons.pool.differences import EXTRA, MISSING, Difference
from commons.pool.witnesses import Weighed, whose
from commons.schema import dates, typed
from commons.schema.spec import load_schema

_SHOWN = 20

# (table, kind) → sentence; the first that fits. "things" stands for every table of a record type.
_SENTENCES: dict[tuple[str, str], str] = {
    ("release", "altered"): N_("The release of {member} does not prove itself ({field})."),
    ("release", "missing"): N_("The lock names a release of {member} that the pool does not hold."),
    ("release", "extra"): N_("The pool holds a release of {member} that its lock does not name."),
    ("claim", "altered"): N_("{record} of {member} is not what {member} signed."),
    ("claim", "missing"): N_("{record} of {member} was signed and is missing."),
    ("claim", "extra"): N_("{record} of {member} was not signed by {member}."),
    ("leaf", "altered"): N_("The list of digests is not the one that {member} signed: {record}."),
    ("leaf", "missing"): N_("In the list of digests, {record} of {member} is missing."),
    ("leaf", "extra"): N_("In the list of digests, {record} of {member} should not be there."),
    ("search", "altered"): N_("The search index miscounts the words of {record} of {member}."),
    ("search", "missing"): N_("The search index does not find {record} of {member} by «{merged}»."),
    ("search", "extra"): N_(
        "The search index finds {record} of {member} by «{here}», which it does not say."
    ),
    ("meta", "altered"): N_("What the pool says of itself does not fit: «{field}»."),
    ("things", "missing"): N_("{record} of {member} is missing where it should be shown."),
    ("things", "extra"): N_("{record} of {member} is shown and should not be."),
    ("", "missing"): N_("In the table {table}, a row is missing: {record} of {member}."),
    ("", "extra"): N_("In the table {table}, a row should not be there: {record} of {member}."),
}
_VALUES = (
    N_("{record} of {member}: «{field}» says «{here}»; what was signed gives «{merged}»."),
    N_("{record} of {member}: «{field}» says «{here}»; what was signed gives nothing there."),
    N_("{record} of {member}: «{field}» is empty; what was signed gives «{merged}»."),
)

# What a page shows may be the word of any of those who speak of it; the address is only its name.
_FUSED = (
    N_("The page of {record} ({member}): «{field}» says «{here}»; what was signed gives «{merged}»."),
    N_("The page of {record} ({member}): «{field}» says «{here}»; what was signed gives nothing there."),
    N_("The page of {record} ({member}): «{field}» is empty; what was signed gives «{merged}»."),
)
_OWN_NAMES = {"slug": N_("end of the link"), "title": N_("name")}

_OF_ITSELF = N_("The pool says of itself «{field}»: «{here}»; merged again, it is «{merged}».")
_UNEXPLAINED = N_("Records of {member} are marked as withdrawn or held, and the lock knows nothing of it.")


def show_verdict(verdict: Verdict, weighed: Weighed) -> None:
    """The answer first, then what it rests on, what differs, and who else checked."""
    if verdict.same_root:
        say(_("The root is the same: {root}").format(root=verdict.root))
    elif verdict.merged is not None and verdict.merged == verdict.root:
        say(_("The pool does NOT show what was signed."))
        say(_("It names the right root ({root}), but shows other values:").format(root=verdict.root))
    else:
        say(_("The root is NOT the same."))
        say(_("The pool says: {root}").format(root=verdict.root or "—"))
        if verdict.merged is None:
            say(_("Its own proof is broken, so that nothing can be merged from it."))
        else:
            say(_("What was signed gives: {root}").format(root=verdict.merged))
    if verdict.merged is not None:
        say(_rests_on(verdict))
    for line in _not_checked(verdict):
        say(line)
    _show_differences(verdict)
    _show_witnesses(verdict, weighed)


def _rests_on(verdict: Verdict) -> str:
    n = len(verdict.keys)
    return ngettext(
        "Merged again from {n} signed release, {claims} records, judgements and the like included.",
        "Merged again from {n} signed releases, {claims} records, judgements and the like included.",
        n,
    ).format(n=n, claims=verdict.claims)


def _not_checked(verdict: Verdict) -> Iterator[str]:
    """What nobody can say from the pool alone."""
    if verdict.held:
        yield ngettext(
            "{n} record is shown in part: the federation holds a field. Held, not checkable.",
            "{n} records are shown in part: the federation holds a field. Held, not checkable.",
            verdict.held,
        ).format(n=verdict.held)
    n = sum(verdict.untold.values())
    if n:
        yield (
            ngettext(
                "{n} record was left out for a reason that only the full release can show.",
                "{n} records were left out for reasons that only the full releases can show.",
                n,
            ).format(n=n)
            + " "
            + _("With the releases beside the pool, or --full, this is checked, too.")
        )


def _show_differences(verdict: Verdict) -> None:
    grave = [d for d in verdict.differences if d.covered]
    beside = [d for d in verdict.differences if not d.covered]
    if grave:
        say()
        say(_("What differs:"))
        _list(grave, verdict)
    if beside:
        say()
        say(_("Beside what the root stands for, this differs:"))
        _list(beside, verdict)


def _list(differences: list[Difference], verdict: Verdict) -> None:
    told = list(dict.fromkeys(sentence(d, verdict) for d in differences))
    for line in told[:_SHOWN]:
        say(f"- {line}")
    if len(told) > _SHOWN:
        more = len(told) - _SHOWN
        say("  " + ngettext("… and {n} more like it", "… and {n} more like them", more).format(n=more))


def sentence(difference: Difference, verdict: Verdict) -> str:
    """One difference, in the current language."""
    d = difference
    names = {
        "table": d.table,
        "member": verdict.names.get(d.member, d.member) or _("the pool"),
        "record": _record(d),
        "field": _field(d),
        "here": _shown(d, d.here),
        "merged": _shown(d, d.merged),
    }
    return translate(_template(d)).format(**names)


def _template(d: Difference) -> str:
    if d.kind not in (MISSING, EXTRA) and (d.here or d.merged) and d.table not in ("release", "search"):
        if d.table == "meta":
            return _OF_ITSELF
        templates = _FUSED if d.table in load_schema().types else _VALUES
        return templates[0 if d.here and d.merged else 1 if d.here else 2]
    if (d.table, d.field) in (("leaf", "status"), ("claim", "held")):
        return _UNEXPLAINED
    kind = "things" if d.table in load_schema().types else ""
    return _SENTENCES.get((d.table, d.kind)) or _SENTENCES.get((kind, d.kind)) or _VALUES[0]


def _record(d: Difference) -> str:
    if d.id:
        return f"{d.type}/{d.id}"
    return d.type or _("something")


def _field(d: Difference) -> str:
    """The field's name as people know it, where the schema has it."""
    if d.table == "release" and d.field in KINDS:
        return Finding(d.field, member=d.member).code
    if d.table == "entity" and d.field in _OWN_NAMES:
        return translate(_OWN_NAMES[d.field])
    return labelled(Finding("required", type=d.type, record=d.id, field=d.field)).field or d.field


def _shown(d: Difference, text: str) -> str:
    """A value as people read it; as it stands there, where the field cannot have it (a stranger wrote it)."""
    rtype = load_schema().types.get(d.type)
    target = rtype.fields.get(d.field) if rtype is not None else None
    if target is None or not text:
        return text
    try:
        value = text if target.type in ("string", "date", "datetime") else json.loads(text)
        return typed.show(target, value, lang=language()) or text
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return text


def _show_witnesses(verdict: Verdict, weighed: Weighed) -> None:
    if weighed.contradicting:
        say()
        say(_("CAREFUL: for this same lock, others got another root."))
        for found in weighed.contradicting:
            say("- " + _who(found, verdict) + " " + _("Root: {root}").format(root=found.said.root))
        say(_("One of the two was not made from the same releases or rules. Ask them before you trust it."))
    if weighed.agreeing:
        say()
        say(_("Also merged it, and got the same root:"))
        for found in weighed.agreeing:
            say("- " + _who(found, verdict))
    for name in weighed.unreadable:
        say(_("«{name}» is no testimony, or was changed.").format(name=name))
    if weighed.others:
        n = weighed.others
        say(
            ngettext(
                "{n} testimony is about another lock.", "{n} testimonies are about other locks.", n
            ).format(n=n)
        )


def _who(found: Witness, verdict: Verdict) -> str:
    """The member's name where the key is a member's; its words in any case, and the day."""
    words = spoken(found.key)
    known = whose(found.key, verdict.keys)
    day = dates.show_date(date.fromisoformat(found.said.witnessed_at[:10]), language())
    if known is None:
        return _("Somebody with the key «{words}», on {day}.").format(words=words, day=day)
    name = verdict.names.get(known[0], known[0])
    if known[1]:
        return _("{name} (member), on {day}, with the key «{words}».").format(name=name, words=words, day=day)
    return _("{name} (member) with an earlier key, «{words}», on {day}.").format(
        name=name, words=words, day=day
    )


def verdict_json(verdict: Verdict, weighed: Weighed) -> dict[str, object]:
    """Everything, for a program."""
    return {
        "same_root": verdict.same_root,
        "same": verdict.same,
        "root": verdict.root,
        "merged": verdict.merged,
        "lock": verdict.lock_digest,
        "claims": verdict.claims,
        "held": verdict.held,
        "left_out": verdict.left_out,
        "left_out_untold": dict(verdict.untold),
        "differences": [{**d.to_json(), "sentence": sentence(d, verdict)} for d in verdict.differences],
        "witnesses": [
            {
                "key": w.key.line,
                "member": (whose(w.key, verdict.keys) or ("", False))[0],
                "root": w.said.root,
                "witnessed_at": w.said.witnessed_at,
                "agrees": w in weighed.agreeing,
            }
            for w in (*weighed.agreeing, *weighed.contradicting)
        ],
    }
