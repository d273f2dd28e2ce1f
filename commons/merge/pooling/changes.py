"""What is different between two pools, member by member. Writes nothing into a pool.

Two people with one lock may come from different pools; so this lies beside pool.db and is never a part of it.
Both pools are read side by side in the order of their keys: memory does not grow with them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from commons.addresses import tombstone
from commons.merge.claims import HELD, HELD_COPY, TAKEN, WITHDRAWN, WITHHELD

EXAMPLES = 20
# From one member to the next, not from one record to the next: of a thousand members, few have changed.
_MEMBERS = """WITH RECURSIVE of (member) AS (
  SELECT min(member) FROM leaf
  UNION ALL SELECT (SELECT min(member) FROM leaf WHERE member > of.member) FROM of WHERE of.member IS NOT NULL
) SELECT member FROM of WHERE member IS NOT NULL"""
_LEAVES = """SELECT type, id, digest, status FROM leaf
             WHERE type NOT IN ('', 'catalogue', 'withdrawal') AND member = ? ORDER BY type, id"""


@dataclass(slots=True)
class Changes:
    """One member's records, counted by what became of them; some addresses of each, of what was withdrawn
    their tombstones."""

    new: int = 0
    changed: int = 0
    removed: int = 0  # not in the newest release; comes back if released again
    withdrawn: int = 0
    held: int = 0
    back: int = 0  # held or refused before, shown now
    refused: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)

    def note(self, what: str, address: str) -> None:
        setattr(self, what, getattr(self, what) + 1)
        found = self.examples.setdefault(what, [])
        if len(found) < EXAMPLES:
            found.append(address)

    def to_json(self) -> dict[str, object]:
        counts = {n: getattr(self, n) for n in _KINDS if getattr(self, n)}
        return {**counts, "examples": self.examples} if counts else {}


_KINDS = ("new", "changed", "removed", "withdrawn", "held", "back", "refused")


def compare(before: Path, after: Path, *, but: Collection[str] = ()) -> dict[str, Changes]:
    """member → what changed; members without any change are left out.

    Args:
        but: members of whom nothing can have changed.
    """
    found: dict[str, Changes] = {}
    with closing(_opened(before)) as old, closing(_opened(after)) as new:
        stones = set(new.execute("SELECT member, hash FROM withdrawal WHERE kind = 'record'").fetchall())
        for address, was, now in _side_by_side(_leaves(old, but), _leaves(new, but)):
            what = _what(address, was, now, stones)
            if what is not None:  # of what was withdrawn no name is kept
                named = tombstone(address) if what == "withdrawn" else address
                found.setdefault(address.partition("/")[0], Changes()).note(what, named)
    return found


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


_Leaf = tuple[str, bytes, str]  # address, digest, status


def _leaves(pool: sqlite3.Connection, but: Collection[str]) -> Iterator[_Leaf]:
    members = [member for (member,) in pool.execute(_MEMBERS)]
    for member in members:
        if member not in but:
            for type_name, id, digest, status in pool.execute(_LEAVES, (member,)):
                yield f"{member}/{type_name}/{id}", digest, status


def _side_by_side(
    old: Iterator[_Leaf], new: Iterator[_Leaf]
) -> Iterator[tuple[str, _Leaf | None, _Leaf | None]]:
    a, b = next(old, None), next(new, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a[0] < b[0]):
            assert a is not None
            yield a[0], a, None
            a = next(old, None)
        elif a is None or b[0] < a[0]:
            yield b[0], None, b
            b = next(new, None)
        else:
            yield a[0], a, b
            a, b = next(old, None), next(new, None)


def _what(address: str, was: _Leaf | None, now: _Leaf | None, stones: set[tuple[str, str]]) -> str | None:
    shown_before = was is not None and was[2] == TAKEN
    if now is None:
        own = (address.partition("/")[0], tombstone(address))  # nobody withdraws what is another's
        return None if not shown_before else "withdrawn" if own in stones else "removed"
    if now[2] == TAKEN:
        if was is None:
            return "new"
        return "back" if not shown_before else "changed" if was[1] != now[1] else None
    if was is not None and was[2] == now[2]:
        return None
    return {WITHDRAWN: "withdrawn", HELD: "held", HELD_COPY: "held", WITHHELD: "held"}.get(now[2], "refused")


def to_bytes(changes: dict[str, Changes]) -> bytes:
    """The file that lies beside pool.db: JSON by member."""
    plain = {member: found.to_json() for member, found in sorted(changes.items())}
    return (json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
