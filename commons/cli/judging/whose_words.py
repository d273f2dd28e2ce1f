"""In words: whose word would settle a pair, and whose changed word. What is possible, `review.whose` says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from commons.link.judgements import DIFFERENT, SAME, UNSURE
from commons.messages import N_, ngettext, translate
from commons.messages import translate as _
from commons.review.whose import Way

SAID = {SAME: N_("the same"), DIFFERENT: N_("different"), UNSURE: N_("not sure")}
Name = Callable[[str], str]


def told(ways: Sequence[Way], verdict: str, judges: Collection[str], name: Name) -> Iterator[str]:
    """One line for each way to `verdict`; owners and judges who could do it alone stand together."""
    word = translate(SAID[verdict])
    alone = [w for w in ways if len(w.members) == 1 and not w.others and not w.turned]
    own = [w for w in alone if w.own]
    listed = [w for w in alone if not w.own and w.members <= set(judges)]
    if own:
        yield _("The word of {members}, each for its own record alone: {verdict}.").format(
            members=_(" or ").join(_names(own, name)), verdict=word
        )
    if rest := [w for w in alone if w not in own and w not in listed]:
        yield _("The word of {member}: {verdict}.").format(
            member=_(" or ").join(_names(rest, name)), verdict=word
        )
    if listed:
        yield _("The word of a judge of this federation ({judges}).").format(
            judges=", ".join(_names(listed, name))
        )
    for way in ways:
        if not way.members:
            yield ngettext(
                "{n} other organisation that says so.", "{n} other organisations that say so.", way.others
            ).format(n=way.others)
        elif way not in alone:
            yield together(way, verdict, name, only=not alone)


def together(way: Way, verdict: str, name: Name, *, only: bool) -> str:
    """Who would have to change their word, and who else has to say so with them."""
    opposite = translate(SAID[DIFFERENT if verdict == SAME else SAME])
    more = _names([Way(frozenset((m,))) for m in way.members - way.turned], name)
    if way.others:
        more.append(
            ngettext("{n} other organisation", "{n} other organisations", way.others).format(n=way.others)
        )
    if not way.turned:
        return _("The word of {members} together: {verdict}.").format(
            members=_(" and ").join(more), verdict=translate(SAID[verdict])
        )
    turned = _(" and ").join(_names([Way(frozenset((m,))) for m in way.turned], name))
    if only:
        said = ngettext(
            "Only if {members} changes its word: it said “{opposite}”.",
            "Only if {members} change their words: they said “{opposite}”.",
            len(way.turned),
        )
    else:
        said = ngettext(
            "{members}, by changing its word: it said “{opposite}”.",
            "{members}, by changing their words: they said “{opposite}”.",
            len(way.turned),
        )
    line = said.format(members=turned, opposite=opposite)
    if more:
        line += " " + _("Besides, {members} would have to say so.").format(members=_(" and ").join(more))
    return line


def _names(ways: Sequence[Way], name: Name) -> list[str]:
    return sorted(name(m) for way in ways for m in way.members)
