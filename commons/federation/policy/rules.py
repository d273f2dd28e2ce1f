"""A federation's rules as values: Policy, Member, Hold and their parts, and the digest of the whole.

Reads nothing (`file` reads federation.yaml and what a lock keeps). The policy's digest covers what goes
into the lock: not the sources (where a maintainer finds releases changes nothing in the pool) and not the
holds (their addresses and reasons stay at home; the lock has its own, hashed list of them).

A further key is a field with a default here, an entry of `to_json`, and a question in `file` or
`members`. Wrap the entry in `_given`: it is absent at its default, so that the digest of every policy
that does not use the key stays what it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from commons.addresses import tombstone
from commons.federation.policy.links import Link
from commons.format import strict_json
from commons.messages import LANGUAGES

LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "ODbL-1.0")

Words = Mapping[str, str]  # bilingual text: {es: …, en: …}


def _given(**entries: object) -> dict[str, object]:
    """Those entries that say something: neither None, false nor empty."""
    return {key: value for key, value in entries.items() if value}


@dataclass(frozen=True, slots=True)
class Source:
    """Where to look for a member's releases.

    The inbox, a file or folder (`where` is relative to federation.yaml), or an address on the net (`link`).
    """

    kind: Literal["inbox", "path", "web", "git"]
    where: str
    link: Link | None = None

    @property
    def shown(self) -> str:
        """The source as a message names it: a key in an address stays out."""
        return self.link.shown if self.link else self.where


@dataclass(frozen=True, slots=True)
class Added:
    """Who took the member in, when, and how they made sure."""

    by: str = ""
    when: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class MaxAge:
    """For how long a last good release is still used."""

    count: int = 24
    unit: str = "months"

    def ends_at(self, issued_at: datetime) -> datetime:
        """When a release of `issued_at` is too old; a month is 30.5 days, a year 366."""
        hours = {"days": 24, "months": 732, "years": 8784}[self.unit] * self.count
        try:
            return issued_at + timedelta(hours=hours)
        except OverflowError:  # beyond the year 9999: always
            return datetime.max.replace(tzinfo=UTC)

    def __str__(self) -> str:
        return f"{self.count} {self.unit}"


@dataclass(frozen=True, slots=True)
class Pause:
    """Use the release `at` = (epoch, number); later ones and their withdrawals are ignored."""

    at: tuple[int, int]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Succession:
    """Whose place a member takes, key and sheet being lost: the old member id, and whose word that is."""

    member: str
    by: str = ""
    when: str = ""
    how: str = ""

    def to_json(self) -> dict[str, object]:
        return {"member": self.member, **_given(by=self.by, when=self.when, how=self.how)}


@dataclass(frozen=True, slots=True)
class Member:
    """One accepted catalogue. Where it is looked for and the pause's reason stay out of the lock."""

    id: str
    name: str
    sources: tuple[Source, ...] = ()
    added: Added = Added()
    subject_of: tuple[str, ...] = ()
    max_age: MaxAge = MaxAge()
    pause: Pause | None = None
    allow_private_hosts: bool = False
    succeeds: Succession | None = None
    on_behalf_of: str = ""

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "name": self.name,
            "added": {
                "by": self.added.by or None,
                "when": self.added.when or None,
                "how": self.added.how or None,
            },
            "subject_of": sorted(self.subject_of),
            "max_age": str(self.max_age),
            "pause": {"at": list(self.pause.at)} if self.pause else None,
            **_given(
                succeeds=self.succeeds.to_json() if self.succeeds else None, on_behalf_of=self.on_behalf_of
            ),
        }


@dataclass(frozen=True, slots=True)
class Admit:
    """Who is taken up without standing in the list: whoever has `vouches` vouches by members in `among`.

    No vouches: nobody. `among` empty: by any member of the list. `never`: who is not admitted, whoever
    vouches. `steps`: from 2 on, the vouches of whom an earlier step admitted count, too.
    """

    vouches: int = 0
    among: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    steps: int = 1

    def to_json(self) -> dict[str, object]:
        further = _given(never=sorted(self.never), steps=self.steps if self.steps > 1 else 0)
        return {"vouches": self.vouches, "from": sorted(self.among), **further}


@dataclass(frozen=True, slots=True)
class Invite:
    """What an invitation says beside `about`: the portal, where to send, how often. Not in the lock."""

    portal: str = ""
    send_to: str = ""
    cadence: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """An address, or one field of it, that is not shown until a moment."""

    address: str
    field: str | None
    reason: str
    by: str
    until: datetime

    @property
    def hash(self) -> str:
        """What stands for the address in the lock."""
        return tombstone(self.address)


@dataclass(frozen=True, slots=True)
class Policy:
    """A federation's rules. `to_json` is what the lock keeps, `digest` its SHA-256 in hex."""

    name: Words
    members: tuple[Member, ...] = ()
    about: Words = field(default_factory=dict)
    languages: tuple[str, ...] = LANGUAGES
    territory: str | None = None
    licences: tuple[str, ...] = LICENCES
    admit: Admit = Admit()
    subject_vouches: int = 2
    judges: tuple[str, ...] = ()  # members whose judgement counts alone
    quorum: int = 2  # how many others it takes
    link: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # type → least points to link, to ask
    holds: tuple[Hold, ...] = ()
    keep: int = 5
    site: str = "topics"
    invite: Invite = Invite()

    @property
    def successors(self) -> dict[str, str]:
        """Old member id → who stands in its place today, through any number of successions."""
        nearest = {m.succeeds.member: m.id for m in self.members if m.succeeds is not None}
        found = {}
        for old in nearest:
            new = old
            while new in nearest:
                new = nearest[new]
            found[old] = new
        return found

    def member(self, member_id: str) -> Member | None:
        return next((m for m in self.members if m.id == member_id), None)

    def to_json(self) -> dict[str, object]:
        """Plain values, independent of the order in which the file lists its members."""
        return {
            "name": dict(self.name),
            "about": dict(self.about),
            "languages": list(self.languages),
            "territory": self.territory,
            "licences": sorted(self.licences),
            "members": [m.to_json() for m in sorted(self.members, key=lambda m: m.id)],
            "admit": self.admit.to_json(),
            "subject": {"vouches": self.subject_vouches},
            "judges": {"from": sorted(self.judges), "quorum": self.quorum},
            "link": {
                name: {key: points for key, points in zip(("link", "ask"), own, strict=True) if points}
                for name, own in sorted(self.link.items())
            },
            "emergency": None,
            "publish": {"site": self.site},
        }

    @property
    def digest(self) -> str:
        return digest_of(self.to_json())


def digest_of(policy: object) -> str:
    """SHA-256 of the policy's canonical JSON, in hex."""
    return hashlib.sha256(strict_json.compact(policy).encode()).hexdigest()
