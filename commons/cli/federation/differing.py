"""A receipt's differences and questions in words: what I say, what others say, how old it is, what to do.

Nobody is called wrong: whoever reads it knows better than the program which of the two is right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from commons import evidence
from commons.messages import N_, in_language, language, ngettext, translate
from commons.messages import translate as _
from commons.schema import typed
from commons.schema.spec import load_schema

SHOWN = 10  # differences one by one
_QUESTION = N_("Look at them with: commons review POOL --to CATALOGUE")


def difference_lines(receipt: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[str]:
    """Where others say something else than this member, most urgent first; nothing where nobody does."""
    found = receipt.get("differences") or []
    if not found:
        return
    yield ""
    yield _("Where others say something else:")
    for one in found[:SHOWN]:
        yield f"- {_title(one)}"
        yield "    " + _("you: {value}").format(value=_said(one, one))
        for other in one["others"]:
            who = names.get(other["member"], other["member"])
            yield "    " + _("{who}: {value}").format(who=who, value=_said(one, other))
    more = len(found) - SHOWN
    if more > 0:
        yield "  " + ngettext("… and {n} more", "… and {n} more", more).format(n=more)
    yield "→ " + _("Correct yours, or confirm it if it is right; the portal shows both until then.")
    yield ""


def _title(one: Mapping[str, Any]) -> str:
    _member, type_name, id = one["address"].split("/", 2)
    field = load_schema().types[type_name].fields.get(one["field"])
    label = in_language(field.title) if field else _("Position")
    return f"{type_name}/{id} · {label}"


def _said(of: Mapping[str, Any], voice: Mapping[str, Any]) -> str:
    type_name = of["address"].split("/")[1]
    field = load_schema().types[type_name].fields.get(of["field"])
    value = voice["value"]
    if field is not None:
        text = typed.show(field, value, lang=language())
    else:
        text = ", ".join(f"{n / 1e6:.5f}" for n in value)
    notes = []
    if voice["confirmed_at"]:
        notes.append(_("confirmed {month}").format(month=str(voice["confirmed_at"])[:7]))
    if voice["shown"]:
        notes.append(_("this is what is shown"))
    return f"{text} ({', '.join(notes)})" if notes else text


def question_lines(receipt: Mapping[str, Any]) -> Iterator[str]:
    """Why the program asks about this member's records, each reason once with how often."""
    found = receipt.get("questions") or []
    if not found:
        return
    yield ""
    for reason, n in Counter(str(q["reason"]) for q in found).most_common():
        because = evidence.asked_because(reason)
        yield "- " + ngettext(
            "{n} pair is asked about, since {reason}", "{n} pairs are asked about, since {reason}", n
        ).format(n=n, reason=because)
    yield "→ " + translate(_QUESTION)
