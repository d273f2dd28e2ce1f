"""All levels of linking in one call: records in, decisions out. Pure; knows no disk and no process.

A merge does the same in steps, with what it kept of earlier merges (`commons.merge.linking`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from commons.link.exact import decide
from commons.link.judgements import NO_VERDICTS, Verdicts
from commons.link.model import Decision, LinkClaim

Record = tuple[str, Mapping[str, object]]  # full address, fields of the canonical record


@dataclass(frozen=True, slots=True)
class Settings:
    """What a federation may set: record type → (link, candidate); other types keep the schema's."""

    thresholds: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def link_claim(address: str, fields: Mapping[str, object]) -> LinkClaim:
    """What exact linking needs of a record's fields."""
    title, others, named = fields.get("title"), fields.get("alternate_names"), fields.get("same_as")
    names = [title, *(others if isinstance(others, list) else ())]
    identifiers = fields.get("identifiers")
    return LinkClaim(
        address,
        tuple(n for n in names if isinstance(n, str)),
        tuple(i for i in (identifiers if isinstance(identifiers, list) else ()) if isinstance(i, str)),
        named if isinstance(named, str) else None,
    )


def run(
    records: Iterable[Record], settings: Settings | None = None, verdicts: Verdicts = NO_VERDICTS
) -> Decision:
    """What is one thing among `records`, what may be, and what is related. Order does not matter."""
    return decide((link_claim(address, fields) for address, fields in records), verdicts)
