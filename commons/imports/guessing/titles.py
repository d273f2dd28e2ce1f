"""Which column can stand in for the names of the rows where no heading says names. Pure.

A title is public: what may be a person's is never taken for one.
"""

from __future__ import annotations

from dataclasses import replace

from commons.imports.guessing.proposal import HOME, Proposal
from commons.imports.guessing.sniff import Looks
from commons.messages import in_language
from commons.schema.spec import RecordType

_TITLES = ("items", "street_address", "kind", "neighbourhood", "description", "organization")
_SOMEBODYS = ("person", "contact", "mixed", "email", "phone", "holds_phone", "handle", "curp", "rfc")


def with_title(proposal: Proposal, rtype: RecordType, lang: str) -> Proposal:
    """The same, where a column that would have stayed at home gives the names: the guess says so."""
    found = title_for(proposal)
    label = in_language(rtype.fields["title"].title, lang) if "title" in rtype.fields else ""
    guesses = tuple(
        replace(g, target="title", confidence=50, by="lack", label=label)
        if g.column == found and g.target == HOME and label
        else g
        for g in proposal.guesses
    )
    return replace(proposal, guesses=guesses)


def title_for(proposal: Proposal) -> str | None:
    """A column that can stand in where none was guessed to be the title.

    A title is public: what may be a person's is never taken for one, rather none at all.
    """
    if proposal.columns_for("title"):
        return None
    if proposal.columns_for("items"):
        return proposal.columns_for("items")[0]
    most = max((g.looks.filled for g in proposal.guesses), default=0)
    names = [
        g.column
        for g in proposal.guesses
        if g.target == HOME and _may_be_names(g.looks) and g.looks.filled >= 0.7 * most
    ]
    others = [column for target in _TITLES for column in proposal.columns_for(target)]
    texts = [g for g in proposal.guesses if g.target == HOME and _may_be_names(g.looks, few=True)]
    fullest = max(texts, key=lambda g: g.looks.filled, default=None)
    return next(iter([*names, *others, *([fullest.column] if fullest else [])]), None)


def _may_be_names(seen: Looks, *, few: bool = False) -> bool:
    return (
        seen.best is None
        and seen.distinct > (0.3 if few else 0.5)
        and 3 < seen.longest < 200
        and seen.share("code") < 0.35
        and max(seen.share(kind) for kind in _SOMEBODYS) < 0.2
    )
