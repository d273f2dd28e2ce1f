"""Pages as JSON: things lossless, with everybody's word as signed. Language-neutral; makes no sentences."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from commons.pool.contract import CONTACTS
from commons.pool.find import Asked, Found
from commons.pool.read import Card, Claim, Member, Thing
from commons.pool.why import Why
from datasette_commons.portal.cards import without_lapsed
from datasette_commons.portal.links import Links
from datasette_commons.portal.site import Site


def thing_json(thing: Thing, site: Site, found: Why) -> dict[str, Any]:
    """The fused fields, the claims, why they are one, where they differ, what refers to what (by address)."""
    card, _hidden = without_lapsed(thing.card, site)
    references = {name: target.address for name, target in thing.refers_to.items()}
    return {
        "address": card.address,
        "code": card.short,
        "type": card.type,
        "title": card.title,
        "language": card.language,
        "district": card.district,
        "confirmed_at": card.confirmed_at,
        "modified_at": card.modified_at,
        "expires_at": card.expires_at,
        "subject": thing.subject,
        "fields": {**card.fields, **references},
        "claims": [
            {
                "address": claim.address,
                "member": claim.member,
                "member_name": site.member_name(claim.member),
                "fields": _said(claim, site),
                "held": list(claim.held),
            }
            for claim in thing.claims
        ],
        "disagreements": {
            field: [
                {"address": r.address, "member": r.member, "value": r.value, "shown": r.shown} for r in rivals
            ]
            for field, rivals in thing.rivals.items()
            if field not in CONTACTS or not any(site.has_lapsed(r.member) for r in rivals)
        },
        "links": [asdict(tie) for tie in found.links],
        "judgements": [asdict(word) for word in (*found.same, *found.different)],
        "referred_by": {name: [_named(c) for c in cards] for name, cards in thing.referred_by.items()},
        "federation": site.federation.get("name"),
        "root": site.meta.get("root"),
    }


def _said(claim: Claim, site: Site) -> dict[str, Any]:
    """A claim's fields as signed, without its salt; without contacts that nobody stands by any more."""
    hidden = CONTACTS if site.has_lapsed(claim.member) else frozenset[str]()
    return {k: v for k, v in claim.fields.items() if k != "salt" and k not in hidden}


def _named(card: Card) -> dict[str, str]:
    return {"address": card.address, "code": card.short, "title": card.title}


def found_json(found: Found, asked: Asked, site: Site, links: Links) -> dict[str, Any]:
    """A page of a list: how many in all, the counts of every filter, the things of this page."""
    return {
        "total": found.total,
        "page": min(asked.page, found.pages),
        "pages": found.pages,
        "query": asked.text,
        "filters": {name: list(values) for name, values in asked.chosen.items() if values},
        "counts": found.counts,
        "results": [_result(card, links) for card in found.cards],
        "root": site.meta.get("root"),
    }


def _result(card: Card, links: Links) -> dict[str, Any]:
    return {
        **_named(card),
        "type": card.type,
        "url": links.record(card.short, card.slug),
        "json": links.record(card.short, card.slug, json=True),
        "summary": card.fields.get("summary"),
        "district": card.district,
        "members": list(card.members),
        "confirmed_at": card.confirmed_at,
        "expires_at": card.expires_at,
    }


def member_json(member: Member, site: Site) -> dict[str, Any]:
    """A member's row and its receipt."""
    return {**member.row, "receipt": member.receipt, "root": site.meta.get("root")}


def about_json(site: Site) -> dict[str, Any]:
    """What is needed to check this portal: root, rules, members and their releases."""
    keep = ("id", "name", "title", "state", "epoch", "number", "release", "issued_at", "valid_until")
    return {
        "name": site.federation.get("name"),
        "about": site.federation.get("about"),
        "licences": site.federation.get("licences"),
        "languages": site.federation.get("languages"),
        "root": site.meta.get("root"),
        "as_of": site.meta.get("as_of"),
        "versions": {k: site.meta.get(k) for k in ("protocol", "contract", "schema", "linker", "search")},
        "counts": site.meta.get("counts"),
        "withdrawn": site.withdrawn,
        "held": site.held,
        "members": [{name: m.row[name] for name in keep} for m in site.members],
    }
