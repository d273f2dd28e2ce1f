"""Who takes whose place: addresses of a member that lost key and sheet lead to its successor's records. Pure.

The federation says so (`succeeds`); a catalogue that only claims it itself succeeds nobody. Laws: the earlier
member's own releases are no longer merged; what it withdrew stays withdrawn under its old address; every
other old address becomes an alias of the successor's record of the same type and id; what is held of the old
one is held of that one, too. Vouches are not inherited: they were given to who held the old key.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from commons.addresses import short_of, tombstone, tombstone_digest
from commons.federation.lock import Lock, LockedHold
from commons.federation.policy.rules import Policy

_ID = 26  # characters of a member id


def heir(address: str, successors: Mapping[str, str]) -> str:
    """The address under which the record stands today, as far as its member has a successor."""
    member = address[:_ID]
    return successors[member] + address[_ID:] if member in successors else address


def held(policy: Policy, moment: datetime) -> tuple[LockedHold, ...]:
    """What the policy holds after `moment`, under the address of today too: a hold is not got rid of by
    beginning again. And under those of before, which copies and judgements may still name."""
    in_force = [h for h in policy.holds if h.until > moment]
    found = []
    for hold in in_force:
        today = heir(hold.address, policy.successors)
        before = sorted(old for old, new in policy.successors.items() if new == today[:_ID])
        every = (hold.address, today, *(old + today[_ID:] for old in before))
        found += [LockedHold(tombstone(a), hold.field, hold.until) for a in every]
    return tuple(dict.fromkeys(found))


def step_back(connection: sqlite3.Connection, lock: Lock) -> None:
    """Take out the old addresses of the last pool, to whatever they led: `stand_in` adds today's."""
    for old in lock.policy.successors:
        connection.execute("DELETE FROM alias WHERE address BETWEEN ? AND ?", (f"{old}/", f"{old}0"))


def formerly(addresses: Iterable[str], successors: Mapping[str, str]) -> Iterator[str]:
    """The addresses of before under which the same records may be named."""
    before: dict[str, list[str]] = {}
    for old, new in successors.items():
        before.setdefault(new, []).append(old)
    for address in addresses if before else ():
        yield from (old + address[_ID:] for old in before.get(address[:_ID], ()))


def stand_in(connection: sqlite3.Connection, lock: Lock) -> None:
    """Add the old addresses, and let what others link by lead to the new ones.

    To be called once all claims are in, while every claim is still an entity of its own.
    """
    for old, new in sorted(lock.policy.successors.items()):
        gone = _withdrawn(lock, old)
        read = "SELECT address, entity FROM alias WHERE address BETWEEN ? AND ? ORDER BY address"
        rows = connection.execute(read, (f"{new}/", f"{new}0")).fetchall()
        for address, entity in rows:
            former = old + address[_ID:]
            if tombstone(former) not in gone:
                short = short_of(tombstone_digest(former))
                connection.execute("INSERT OR IGNORE INTO alias VALUES (?, ?, ?)", (former, entity, short))
        for table, column in (("link_to", "target"), ("at_place", "service"), ("at_place", "place")):
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE {column} BETWEEN ? AND ?",
                (new, _ID + 1, f"{old}/", f"{old}0"),
            )


def follow(connection: sqlite3.Connection, lock: Lock) -> None:
    """Lead the old addresses to what the new ones have become by linking."""
    for old, new in sorted(lock.policy.successors.items()):
        connection.execute(
            "UPDATE alias SET entity = (SELECT n.entity FROM alias n WHERE n.address = ? || "
            "substr(alias.address, ?)) WHERE address BETWEEN ? AND ?",
            (new, _ID + 1, f"{old}/", f"{old}0"),
        )


def leaves(lock: Lock) -> Iterator[tuple[object, ...]]:
    """What the root says of it: one leaf for each member whose place is taken."""
    for old, new in lock.policy.successors.items():
        yield "succession", old, new


def _withdrawn(lock: Lock, member: str) -> frozenset[str]:
    locked = lock.members.get(member)
    return frozenset(s.hash for s in locked.tombstones if s.kind == "record") if locked else frozenset()
