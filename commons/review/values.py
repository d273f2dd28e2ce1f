"""Why a value is shown of an entity: whose it is, by which rule it won, and who says something else.

Follows `merge.fuse` step by step over the claims of a pool; fuses nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from commons.merge.fuse import TOGETHER, UNION, Vouch, month_of, vouched_members
from commons.pool.read import Claim, Pool, Thing
from commons.schema.spec import Field, load_schema

Reason = Literal["alone", "subject", "vouches", "month", "address"]


@dataclass(frozen=True, slots=True)
class Voice:
    """One claim's word on the field; None: it says nothing. `shown`: what is shown comes from it."""

    address: str
    member: str
    value: Any
    shown: bool
    is_subject: bool
    vouches: int
    month: str  # "2026-10", or empty
    held: bool


@dataclass(frozen=True, slots=True)
class Value:
    """A field of an entity. `fuse`: by which rule; `beside`: fields that come with it from one claim.

    `reason`: why the first of `voices` went before the second that says something of it.
    """

    field: Field
    value: Any
    fuse: str
    beside: tuple[str, ...]
    voices: tuple[Voice, ...]
    reason: Reason


def value_of(pool: Pool, thing: Thing, field: Field) -> Value:
    """Why the entity shows what it shows under `field`; its voices in the order in which they are asked."""
    as_of = str(pool.meta.get("as_of") or "9999")
    vouched = vouched_members(_vouches(pool), as_of)
    subject = thing.card.address if thing.subject else None
    rtype = load_schema().types[thing.card.type]
    group = tuple(f.name for f in rtype.released.values() if f.fuse == TOGETHER and f.group == field.group)
    names = group if field.fuse == TOGETHER else (field.name,)

    def key(claim: Claim) -> tuple[bool, int, int, str]:
        month = month_of(claim.fields.get("confirmed_at"), as_of)
        return claim.address != subject, -vouched.get(claim.member, 0), -month, claim.address

    ordered = sorted(thing.claims, key=key)
    speaking = [c for c in ordered if any(n in c.fields for n in names)]
    winner = speaking[0].address if speaking else None
    voices = tuple(
        Voice(
            claim.address,
            claim.member,
            claim.fields.get(field.name),
            field.name in claim.fields and (field.fuse == UNION or claim.address == winner),
            claim.address == subject,
            vouched.get(claim.member, 0),
            _month(claim.fields, as_of),
            field.name in claim.held,
        )
        for claim in ordered
    )
    fused = thing.card.fields.get(_column(field))
    return Value(field, fused, field.fuse, names if len(names) > 1 else (), voices, _reason(speaking, key))


def _column(field: Field) -> str:
    return field.name.removesuffix("_e6")


def _month(fields: Mapping[str, Any], as_of: str) -> str:
    return str(fields["confirmed_at"])[:7] if month_of(fields.get("confirmed_at"), as_of) else ""


def _reason(speaking: list[Claim], key: Callable[[Claim], tuple[bool, int, int, str]]) -> Reason:
    """The first step at which the best claim and the next one differ."""
    if len(speaking) < 2:
        return "alone"
    best, second = key(speaking[0]), key(speaking[1])
    steps: tuple[Reason, ...] = ("subject", "vouches", "month", "address")
    return next(step for step, a, b in zip(steps, best, second, strict=True) if a != b)


def _vouches(pool: Pool) -> list[Vouch]:
    rows = pool.connection.execute("SELECT member, about, kind, digest, expires_at FROM vouch")
    return [
        Vouch(member, about, kind or "", digest, expires) for member, about, kind, digest, expires in rows
    ]
