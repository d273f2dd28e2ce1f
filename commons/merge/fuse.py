"""Claims about one thing → the values that are shown, and where members differ. Pure.

Per field the best claim that has a value wins:
1. the *subject*'s: who speaks for itself (the policy's `subject_of`, or vouched for by others); of two
   subjects the least address;
2. the one whose member more accepted members vouch for (nobody's own vouch counts);
3. the one confirmed in the later month, a date after `as_of` being none;
4. the least address.
Fields with `fuse: union` unite; fields with `fuse: together` come as a group from one claim (a street of one
list with a house number of another is no address). Nothing depends on the order in which claims are given.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from commons.format.identity import identity_digest
from commons.model import Fields, Value
from commons.pool.contract import CONTACTS
from commons.schema.spec import RecordType

ONE, UNION, TOGETHER = "one", "union", "together"
NEVER_RIVALS = frozenset({"confirmed_at", "expires_at", "language"})  # differ without contradicting

_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


class Said(NamedTuple):
    """One claim: its address, and its fields without those that are held."""

    address: str
    fields: Fields

    @property
    def member(self) -> str:
        return self.address.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Vouch:
    """One member's word for a member or for a claim (then with the digest of what it said)."""

    speaker: str
    about: str
    kind: str = ""
    digest: str | None = None
    expires_at: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What fusing needs to know beside the claims.

    `subjects`: addresses of organization claims that speak for themselves. `vouched`: member → how many
    others vouch for it. `renamed`: claim → the entity it is in, where the two addresses differ.
    `lapsed`: members whose release had run out by `as_of`. `former`: addresses that lead to one of the
    `subjects` since somebody took their member's place → that one.
    """

    as_of: str
    subjects: frozenset[str] = frozenset()
    vouched: Mapping[str, int] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    lapsed: frozenset[str] = frozenset()
    former: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rival:
    """A claim's value of a field in which the claims of an entity differ."""

    field: str
    address: str
    value: Value
    shown: bool
    confirmed_at: str | None


class Fused(NamedTuple):
    """An entity's values. `claims`: the addresses, sorted; `address`: the one that names it."""

    address: str
    claims: tuple[str, ...]
    fields: dict[str, Value]
    subject: str | None = None
    modified_at: str | None = None
    rivals: tuple[Rival, ...] = ()


class Plan:
    """How the fields of one record type are fused: settled once."""

    def __init__(self, rtype: RecordType) -> None:
        released = rtype.released.values()
        self.known = frozenset(f.name for f in released if f.fuse != "none")
        self.one = [f.name for f in released if f.fuse == ONE]
        self.union = [f.name for f in released if f.fuse == UNION]
        groups: dict[str, list[str]] = {}
        for f in released:
            if f.fuse == TOGETHER:
                groups.setdefault(f.group, []).append(f.name)
        self.groups = list(groups.values())
        self.references = [f.name for f in released if f.format == "reference" and f.name in self.known]


def standing(fields: Fields) -> Fields:
    """What is shown of a claim whose release has run out: all but how to reach somebody. The claim stays."""
    return {name: value for name, value in fields.items() if name not in CONTACTS}


def is_subject(said: Said, subjects: frozenset[str], former: Mapping[str, str]) -> bool:
    """Whether a claim is its member's word about itself, or about what it runs."""
    if not subjects:
        return False
    if said.address in subjects:
        return True
    own = said.fields.get("organization")
    own = former.get(own, own) if isinstance(own, str) else ""
    return own in subjects and own.partition("/")[0] == said.member


def fuse(claims: Sequence[Said], plan: Plan, context: Context) -> Fused:
    """The values of the entity that `claims` (at least one) are about."""
    if len(claims) == 1:
        return _alone(claims[0], plan, context)
    subjects = sorted(c.address for c in claims if is_subject(c, context.subjects, context.former))
    subject = subjects[0] if subjects else None
    best = sorted(claims, key=_order(subject, context))
    said = [_mapped(c.fields, plan, context) for c in best]
    fields: dict[str, Value] = {}
    source: dict[str, str] = {}
    for name in plan.one:
        _take([name], best, said, fields, source)
    for group in plan.groups:
        _take(group, best, said, fields, source)
    for name in plan.union:
        united = _united(s.get(name) for s in said)
        if united:
            fields[name] = united
    addresses = tuple(sorted(c.address for c in claims))
    modified = [m for c in claims if isinstance(m := c.fields.get("modified_at"), str) and m <= context.as_of]
    return Fused(
        address=subject or addresses[0],
        claims=addresses,
        fields=dict(sorted(fields.items())),
        subject=subject.partition("/")[0] if subject else None,
        modified_at=max(modified, default=None),
        rivals=tuple(_rivals(best, said, source, plan)),
    )


def _alone(claim: Said, plan: Plan, context: Context) -> Fused:
    """Most entities have one claim: what it says is what is shown."""
    known = plan.known
    fields = {name: value for name, value in claim.fields.items() if name in known}
    if context.renamed:
        fields = _mapped(fields, plan, context)
    modified: Any = claim.fields.get("modified_at")
    return Fused(
        claim.address,
        (claim.address,),
        fields,
        claim.member if is_subject(claim, context.subjects, context.former) else None,
        modified if modified is not None and modified <= context.as_of else None,
    )


def _order(subject: str | None, context: Context) -> Callable[[Said], tuple[bool, int, int, str]]:
    def key(said: Said) -> tuple[bool, int, int, str]:
        month = month_of(said.fields.get("confirmed_at"), context.as_of)
        return said.address != subject, -context.vouched.get(said.member, 0), -month, said.address

    return key


def month_of(confirmed_at: object, as_of: str) -> int:
    """Months since year 0; 0 where there is no date, or one after `as_of`."""
    if not isinstance(confirmed_at, str) or confirmed_at > as_of:
        return 0
    return int(confirmed_at[:4]) * 12 + int(confirmed_at[5:7])


def _mapped(fields: Fields, plan: Plan, context: Context) -> dict[str, Value]:
    """The fields, references leading to entities."""
    found = dict(fields)
    renamed = context.renamed
    for name in plan.references:
        value = found.get(name)
        if isinstance(value, str):
            found[name] = renamed.get(value, value)
        elif isinstance(value, list):
            found[name] = list(dict.fromkeys(renamed.get(v, v) for v in value if isinstance(v, str)))
    return found


def _take(
    names: Sequence[str],
    best: Sequence[Said],
    said: Sequence[Mapping[str, Value]],
    fields: dict[str, Value],
    source: dict[str, str],
) -> None:
    """The named fields, from the first claim that has any of them."""
    for claim, values in zip(best, said, strict=True):
        if any(name in values for name in names):
            for name in names:
                source[name] = claim.address
                if name in values:
                    fields[name] = values[name]
            return


def _united(lists: Iterable[Value | None]) -> list[Value]:
    """The entries of all lists, the best claim's first; one telephone number once."""
    found: dict[str, Value] = {}
    for entries in lists:
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and "number" in entry:
                key = f"{entry['number']} {entry.get('extension', '')}"
            else:
                key = entry if isinstance(entry, str) else _json(entry)
            found.setdefault(key, entry)
    return list(found.values())


def _rivals(
    best: Sequence[Said], said: Sequence[Mapping[str, Value]], source: Mapping[str, str], plan: Plan
) -> Iterable[Rival]:
    """Every claim's value of each field in which they differ, fields in order of their names."""
    names = {*plan.one, *(name for group in plan.groups for name in group)} - NEVER_RIVALS
    for name in sorted(names):
        values = [(c, s[name]) for c, s in zip(best, said, strict=True) if name in s]
        if len({_json(v) for _c, v in values}) < 2:
            continue
        for claim, value in sorted(values, key=lambda cv: cv[0].address):
            confirmed: Any = claim.fields.get("confirmed_at")
            yield Rival(name, claim.address, value, source.get(name) == claim.address, confirmed)


def speakers_for(vouches: Iterable[Vouch], as_of: str) -> dict[str, set[str]]:
    """Member → those who vouch for it; own words never count, nor such as have run out."""
    speakers: dict[str, set[str]] = {}
    for vouch in vouches:
        if "/" not in vouch.about and vouch.speaker != vouch.about and _counts(vouch, as_of):
            speakers.setdefault(vouch.about, set()).add(vouch.speaker)
    return speakers


def vouched_members(vouches: Iterable[Vouch], as_of: str) -> dict[str, int]:
    """Member → how many other members vouch for it."""
    return {member: len(found) for member, found in speakers_for(vouches, as_of).items()}


def subject_claims(
    vouches: Iterable[Vouch],
    organizations: Mapping[str, Fields],
    own: Iterable[str],
    *,
    needed: int,
    as_of: str,
) -> frozenset[str]:
    """The organization claims that speak for themselves.

    Args:
        organizations: the claims that vouches or `own` name, by address.
        own: addresses that the policy lets their members speak for (`subject_of`).
        needed: how many others must vouch for a claim. A vouch lapses when the claim's name, identifiers or
            contacts change.
    """
    speakers: dict[str, set[str]] = {}
    for vouch in vouches:
        fields = organizations.get(vouch.about)
        if fields is None or vouch.speaker == vouch.about.partition("/")[0] or not _counts(vouch, as_of):
            continue
        if vouch.digest == identity_digest(fields):
            speakers.setdefault(vouch.about, set()).add(vouch.speaker)
    vouched = {address for address, found in speakers.items() if len(found) >= needed}
    return frozenset(vouched | {address for address in own if address in organizations})


def _counts(vouch: Vouch, as_of: str) -> bool:
    return vouch.expires_at is None or vouch.expires_at > as_of
