"""A thing as JSON: lossless, with everybody's word as signed. Language-neutral; makes no sentences."""

from __future__ import annotations

from typing import Any

from commons.pool.read import Card, Thing
from datasette_commons.portal.site import Site


def thing_json(thing: Thing, site: Site) -> dict[str, Any]:
    """The fused fields, the claims, where they differ, and what refers to what (by address)."""
    card = thing.card
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
                "fields": {k: v for k, v in claim.fields.items() if k != "salt"},
                "held": list(claim.held),
            }
            for claim in thing.claims
        ],
        "disagreements": {
            field: [
                {"address": r.address, "member": r.member, "value": r.value, "shown": r.shown} for r in rivals
            ]
            for field, rivals in thing.rivals.items()
        },
        "referred_by": {name: [_named(c) for c in cards] for name, cards in thing.referred_by.items()},
        "federation": site.federation.get("name"),
        "root": site.meta.get("root"),
    }


def _named(card: Card) -> dict[str, str]:
    return {"address": card.address, "code": card.short, "title": card.title}
