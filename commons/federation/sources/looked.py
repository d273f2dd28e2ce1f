"""What the last look at members' sources gave, kept in store/looked.json. Decides nothing about merging.

It is memory of this machine only: whether a source answered tonight changes no pool, so it stands neither in
the lock nor in a receipt. Without this file everything is asked for anew, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from commons.federation.sources.web import Kept, is_digest
from commons.format import container, strict_json
from commons.format.errors import FormatError
from commons.format.instants import instant, moment

NAME = "looked.json"
NEW, SAME, OLDER, INVALID, UNREACHABLE = "new", "same", "older", "invalid", "unreachable"
OUTCOMES = (NEW, SAME, OLDER, INVALID, UNREACHABLE)  # best first
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Look:
    """One member's sources, the last time they were looked at.

    `outcome`: new or same release; an older one than was seen; something that is no release of it; nothing.
    `since`: when it was first so bad as it is (of what is good, the same as `at`). `source`: which one
    answered, or failed last. `code`: of the finding that says why.
    """

    outcome: str
    at: datetime
    since: datetime
    source: str = ""
    code: str = ""

    @property
    def good(self) -> bool:
        return self.outcome in (NEW, SAME)

    def after(self, previous: Look | None) -> Look:
        """This look, knowing how long it has been so."""
        if self.good or previous is None or previous.outcome != self.outcome:
            return self
        return Look(self.outcome, self.at, previous.since, self.source, self.code)


@dataclass(frozen=True, slots=True)
class Looked:
    """What is remembered: of each member its last look, and what its addresses gave."""

    looks: Mapping[str, Look] = field(default_factory=dict)
    kept: Mapping[str, Mapping[str, Kept]] = field(default_factory=dict)

    def of(self, member: str, source: str) -> Kept:
        """What an address of a member gave the last time."""
        return self.kept.get(member, {}).get(source, Kept())


def read(store: Path) -> Looked:
    """The memory in a store's folder; empty where there is none, or none that can be read."""
    try:
        data = container.read_regular(store / NAME, _MOST_BYTES)
        return _parse(strict_json.read(data))
    except FormatError:
        return Looked()
    except (strict_json.NotStrict, KeyError, TypeError, ValueError, AttributeError):
        return Looked()


def write(store: Path, looked: Looked) -> None:
    """Replace the memory, wholly or not at all."""
    members: dict[str, Any] = {}
    for member in sorted({*looked.looks, *looked.kept}):
        look, kept = looked.looks.get(member), looked.kept.get(member, {})
        members[member] = {
            "look": _look_json(look) if look else None,
            "sources": {
                where: {"etag": k.etag, "digests": list(k.digests)} for where, k in sorted(kept.items())
            },
        }
    store.mkdir(parents=True, exist_ok=True)
    container.write_bytes(store / NAME, strict_json.pretty({"format": 1, "members": members}))


def note(store: Path, looks: Mapping[str, Look]) -> None:
    """Remember how some members' newest releases came."""
    if looks:
        known = read(store)
        write(store, Looked({**known.looks, **looks}, known.kept))


def _look_json(look: Look) -> dict[str, str]:
    return {
        "outcome": look.outcome,
        "at": instant(look.at),
        "since": instant(look.since),
        "source": look.source,
        "code": look.code,
    }


def _parse(said: Any) -> Looked:
    looks, kept = {}, {}
    for member, entry in said["members"].items():
        look = entry["look"]
        if look is not None and look["outcome"] in OUTCOMES:
            looks[member] = Look(
                look["outcome"], moment(look["at"]), moment(look["since"]), look["source"], look["code"]
            )
        kept[member] = {
            where: Kept(str(k["etag"]), tuple(d for d in k["digests"] if is_digest(d)))
            for where, k in entry["sources"].items()
        }
    return Looked(looks, kept)
