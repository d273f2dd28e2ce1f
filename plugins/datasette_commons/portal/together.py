"""Why a page shows several records as one thing, how to object, and what it should not be confused with.

Says what the pool keeps (links, judgements); the words of what links rest on are in `commons.evidence`. The
file that a reader can take away says which records are meant and changes nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from commons import evidence
from commons.addresses import short_code
from commons.format.proposal import Proposal
from commons.messages import translate as _
from commons.pool.read import Card, Claim, Pool, Thing
from commons.pool.why import Related, Why, Word, relations, why
from datasette_commons.portal.cards import CardView, card_views
from datasette_commons.portal.links import Links
from datasette_commons.portal.site import Site
from datasette_commons.portal.words import date_words, joined

MOST_TIES = 12  # shown one by one; a thing of thirty records would be all reasons and no thing


@dataclass(frozen=True, slots=True)
class Background:
    """What the pool knows beside the thing itself: why it is one, and what it was judged not to be."""

    why: Why
    others: Mapping[str, Card]  # address of a claim that is spoken of together with one of ours → its thing
    relations: tuple[Related, ...] = ()


@dataclass(frozen=True, slots=True)
class TieView:
    """Two records and why they belong together."""

    pair: str  # empty where only two stand together: it needs no saying which
    reason: str


@dataclass(frozen=True, slots=True)
class TogetherView:
    """Why several records are one page; `objections`: (words, address of the file to take away)."""

    ties: tuple[TieView, ...]
    judged: tuple[str, ...]
    objections: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NotView:
    """Something that is alike and was judged to be something else."""

    card: CardView
    who: str


def background(pool: Pool, thing: Thing) -> Background:
    """To be read with the thing, on the same connection."""
    found = why(pool.connection, [claim.address for claim in thing.claims])
    said = relations(pool.connection, [claim.address for claim in thing.claims])
    named = [address for word in found.different for address in (word.left, word.right)]
    named += [address for relation in said for address in (relation.subject, relation.object)]
    others = {}
    for address in dict.fromkeys(named):
        row = pool.connection.execute("SELECT entity FROM alias WHERE address = ?", (address,)).fetchone()
        if row is not None and row[0] != thing.card.entity:
            others[address] = pool.cards([row[0]])[0]
    return Background(found, others, tuple(said))


def together_view(thing: Thing, found: Background, site: Site, links: Links) -> TogetherView | None:
    """Why the page shows its records as one; None where there is only one."""
    if len(thing.claims) < 2:
        return None
    claims = {claim.address: claim for claim in thing.claims}
    return TogetherView(
        tuple(_ties(claims, found.why, site)),
        tuple(_judged(word, site) for word in found.why.same),
        tuple(_objections(thing.claims, site, links)),
    )


def _ties(claims: Mapping[str, Claim], found: Why, site: Site) -> Iterator[TieView]:
    judged = {frozenset((word.left, word.right)) for word in found.same}
    for tie in found.links[:MOST_TIES]:
        if tie.a not in claims or tie.b not in claims or {tie.a, tie.b} in judged:
            continue  # who judged is named beside
        pro, _contra = evidence.parts(tie.evidence)
        reason = evidence.joined_by(tie.reason)
        words = evidence.in_words(pro)
        named = _("{a} and {b}").format(a=_named(claims[tie.a], site), b=_named(claims[tie.b], site))
        yield TieView(named if len(claims) > 2 else "", f"{reason}: {words}" if words else reason)


def _named(claim: Claim, site: Site) -> str:
    title = str(claim.fields.get("title") or "")
    return f"«{title}» ({site.member_name(claim.member)})" if title else site.member_name(claim.member)


def _judged(word: Word, site: Site) -> str:
    who = site.member_name(word.member)
    if word.judged_at:
        said = _("{who} looked at them on {date} and says that they are the same").format(
            who=who, date=date_words(word.judged_at)
        )
    else:
        said = _("{who} looked at them and says that they are the same").format(who=who)
    return f"{said}: «{word.reason}»." if word.reason else f"{said}."


def _objections(claims: Sequence[Claim], site: Site, links: Links) -> Iterator[tuple[str, str]]:
    if len(claims) == 2:
        yield _("They are not the same"), links.page("apart", short_code(claims[1].address))
        return
    for claim in claims:
        words = _("{record} does not belong with the others").format(record=_named(claim, site))
        yield words, links.page("apart", short_code(claim.address))


@dataclass(frozen=True, slots=True)
class RelationView:
    """What the thing has to do with another: a sentence, the other's page, and who says so."""

    sentence: str
    url: str
    who: str


def relation_views(thing: Thing, found: Background, site: Site, links: Links) -> tuple[RelationView, ...]:
    """Each relation once, with everybody who says it."""
    own = [claim.address for claim in thing.claims]
    sayers: dict[tuple[str, str], list[str]] = {}
    for relation in found.relations:
        card = found.others.get(relation.other(own))
        if card is None:
            continue
        ends = (thing.card.title, card.title) if relation.subject in own else (card.title, thing.card.title)
        kind = site.schema.label("relation_kinds", relation.kind, links.lang)
        sentence = _("“{one}” {relation} “{other}”").format(
            one=ends[0], relation=kind[:1].lower() + kind[1:], other=ends[1]
        )
        key = (sentence, links.record(card.short, card.slug))
        sayers.setdefault(key, []).append(site.member_name(relation.member))
    return tuple(
        RelationView(sentence, url, joined(list(dict.fromkeys(names))))
        for (sentence, url), names in sayers.items()
    )


def not_views(thing: Thing, found: Background, site: Site, links: Links) -> tuple[NotView, ...]:
    """What one of the thing's records was judged to be different from, once each, with who says so.

    What it has to do with stands on the page as that: a branch is no danger to whoever looks for its house.
    """
    kin = _kin(thing, found)
    sayers: dict[int, list[str]] = {}
    cards: dict[int, Card] = {}
    for word in found.why.different:
        for address in (word.left, word.right):
            card = found.others.get(address)
            if card is not None and card.entity not in kin:
                cards[card.entity] = card
                sayers.setdefault(card.entity, []).append(site.member_name(word.member))
    views = card_views(tuple(cards.values()), site, links, site.today())
    return tuple(
        NotView(view, joined(list(dict.fromkeys(sayers[entity]))))
        for entity, view in zip(cards, views, strict=True)
    )


def _kin(thing: Thing, found: Background) -> set[int]:
    """What some member says that the thing has a relation with."""
    own = [claim.address for claim in thing.claims]
    others = (found.others.get(relation.other(own)) for relation in found.relations)
    return {card.entity for card in others if card is not None}


def proposal_of(thing: Thing, short: str, site: Site) -> Proposal | None:
    """The file that says that the record with this code is not one with the page's others."""
    meant = next((c for c in thing.claims if short_code(c.address) == short), None)
    others = [c for c in thing.claims if c is not meant]
    if meant is None or not others:
        return None
    return Proposal(
        meant.address,
        tuple(c.address for c in others),
        tuple(_named(c, site) for c in (meant, *others)),
        site.name,
        str(site.meta.get("root") or ""),
        _(
            "Somebody who read this page thinks that these records are not the same. Nothing changes by "
            "itself: whoever receives this file takes it in with “commons review POOL --take FILE”, looks at "
            "both, and decides."
        ),
    )
