"""What of a release becomes claims, and why the rest does not. Pure in the lock and the rows.

Laws: a claim is taken up as it was signed, or not at all; the one change is a held field, which is taken out
together with the salt, so that the digest gives nothing away, and is named in `held`. A withdrawn address
stays withdrawn, whatever is released under it later. A third party's claim falls only if it says itself that
it was copied from what was withdrawn; and is not shown while what it says it was copied from is held, nor is
a field of it while that field is held there. A judgement or a vouch does not say the name that is held.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from commons.addresses import short_of, tombstone_digest
from commons.federation.lock import Lock, Tombstone
from commons.format.instants import instant
from commons.format.pruned import REFUSED, Hidden, is_partial, origins, partial
from commons.intake.frames import Row

TAKEN, HIDDEN = "taken", "hidden"  # hidden: in the pruned form of its release, which does not say why
WITHDRAWN, HELD, COPY, LICENCE = "R_WITHDRAWN", "R_HELD", "R_COPY", "R_LICENCE"
HELD_COPY = "R_HELDCOPY"  # comes back with its origin, so no store is ever pruned by it
WITHHELD = "R_WITHHELD"  # did not come along with the form that was delivered
JUDGING = frozenset({"judgement", "vouch"})
# Where they say what a record was called: field with its address → field with its title.
_CALLED = {"judgement": {"left": "left_title", "right": "right_title"}, "vouch": {"about": "about_title"}}
_TITLE = "title"
_NOTHING: frozenset[str] = frozenset()
HASH_LETTERS = 52
NO_LICENCE_NEEDED = frozenset({"catalogue", "withdrawal"})


class Taken(NamedTuple):
    """One row of a release. `code` None: a claim, with its text as it may be kept; else why it is none."""

    type: str
    id: str
    address: str
    short: str
    leaf: bytes
    code: str | None
    json: str
    held: tuple[str, ...] = ()


class Admission:
    """Decides over rows by what one lock says. Made once per merge."""

    def __init__(self, lock: Lock) -> None:
        as_of = instant(lock.as_of)
        holds = [h for h in lock.holds if instant(h.until) > as_of]
        self._held = {_bytes(h.hash) for h in holds if h.field is None}
        self._held_fields: dict[bytes, set[str]] = {}
        for hold in holds:
            if hold.field is not None:
                self._held_fields.setdefault(_bytes(hold.hash), set()).add(hold.field)
        self._tombstones: dict[str, dict[bytes, list[Tombstone]]] = {}
        for member, locked in lock.members.items():
            found = self._tombstones.setdefault(member, {})
            for stone in locked.tombstones:
                found.setdefault(_bytes(stone.hash), []).append(stone)
        self._withheld = {m: {_bytes(h) for h in k.withheld} for m, k in lock.members.items() if k.withheld}
        self._licences = frozenset(lock.policy.licences)

    def rows(
        self, member: str, version: tuple[int, int], licence: str, rows: Iterable[Row]
    ) -> Iterator[Taken]:
        """Every row of a member's release, in its order.

        Args:
            version: (epoch, number) of the release.
            licence: of the release; a record may name another.
        """
        stones, withheld = self._tombstones.get(member) or {}, self._withheld.get(member, ())
        accepted = self.accepts(licence)
        for type, id, data, leaf, refused in rows:
            lacking: tuple[str, ...] = ()
            if data[1:2] == b"[":  # of a pruned release: without its held fields
                data, lacking = _partial(data)
            address = f"{member}/{type}/{id}"
            hashed = tombstone_digest(address)
            code = refused
            if code is None and hashed in stones:
                code = _withdrawn(stones[hashed], version)
            if code is None and hashed in self._held:
                code = HELD
            if code is None and hashed in withheld:
                code = WITHHELD
            if code is None:
                code = self.refusal(type, data, accepted)
            held = self._held_of(hashed, type, data) if code is None and self._held_fields else _NOTHING
            if held or (lacking and code is None):
                text, hidden = _without(data, held, lacking)
                yield Taken(type, id, address, short_of(hashed), leaf, None, text, hidden)
            else:
                yield Taken(type, id, address, short_of(hashed), leaf, code, data.decode())

    def silences(self, member: str, version: tuple[int, int], row: Taken) -> bool:
        """Whether anything of a record that intake refuses may not be shown, as far as it can be read."""
        hashed = tombstone_digest(row.address)
        stones = self._tombstones.get(member, {}).get(hashed, ())
        kept_back = hashed in self._held or hashed in self._held_fields
        if kept_back or hashed in self._withheld.get(member, ()) or _withdrawn(stones, version) is not None:
            return True
        try:
            about = origins(row.type, fields_of(row.json))
        except (ValueError, TypeError, LookupError, RecursionError):  # it is no record, so it says nothing
            return False
        hashes = {tombstone_digest(origin) for origin in about}
        return (
            not hashes.isdisjoint(self._held)
            or not hashes.isdisjoint(self._held_fields)
            or any(self._stones_of(origin) for origin in about)
        )

    def explains(self, member: str, version: tuple[int, int], hidden: Hidden) -> bool:
        """Whether this lock would not show it either: withdrawn, held, a copy of such, or refused."""
        hashed = _bytes(hidden.hash)
        stones = self._tombstones.get(member, {}).get(hashed, ())
        if _withdrawn(stones, version) is not None or hashed in self._held:
            return True
        if hashed in self._withheld.get(member, ()):
            return True
        if hidden.origin == REFUSED:
            return True
        named = (hidden.origin[at : at + HASH_LETTERS] for at in range(0, len(hidden.origin), HASH_LETTERS))
        origins = {_bytes(hash) for hash in named}
        return not self._held.isdisjoint(origins) or any(
            origin in stones for origin in origins for stones in self._tombstones.values()
        )

    def explains_row(self, member: str, version: tuple[int, int], row: Row) -> bool:
        """Whether this lock would not show either what a row of a pruned release lacks."""
        if not is_partial(row.data):
            return True
        hashed = tombstone_digest(f"{member}/{row.type}/{row.id}")
        stones = self._tombstones.get(member, {}).get(hashed, ())
        if _withdrawn(stones, version) is not None or hashed in self._held:
            return True
        if hashed in self._withheld.get(member, ()):
            return True
        record, lacking = _partial(row.data)
        return set(lacking).issubset(self._held_of(hashed, row.type, record))

    def _held_of(self, hashed: bytes, type: str, data: bytes) -> Collection[str]:
        """The fields that a record may not say: held of itself, of what it was copied from or speaks of."""
        held = self._held_fields.get(hashed, _NOTHING)
        if type in _CALLED:
            said = fields_of(data)
            return {
                *held,
                *(called for about, called in _CALLED[type].items() if _TITLE in self._of(said, about)),
            }
        if b'"copied_from":' in data:
            return {*held, *self._of(fields_of(data), "copied_from")}
        return held

    def _of(self, fields: Mapping[str, Any], name: str) -> Collection[str]:
        """The held fields of the record whose address a field says."""
        address = fields.get(name)
        return self._held_fields.get(tombstone_digest(address), _NOTHING) if isinstance(address, str) else ()

    def _stones_of(self, address: str) -> Collection[Tombstone]:
        """The withdrawals of an address by its own member."""
        return self._tombstones.get(address.partition("/")[0], {}).get(tombstone_digest(address), ())

    def _any_held(self, addresses: Iterable[str]) -> bool:
        """Whether one of them is held as a whole."""
        return bool(self._held) and any(tombstone_digest(address) in self._held for address in addresses)

    def accepts(self, licence: str) -> bool:
        """Whether what a release offers under this licence may be taken up."""
        return licence in self._licences

    def refusal(self, type: str, data: bytes, accepted: bool) -> str | None:
        """Why a record is not taken up for what it says: its licence, or a copy. None: it is.

        Looks for the keys before it reads the record: most have neither. `accepted`: its release's licence.
        """
        if b'"copied_from":' in data:
            about = origins(type, fields_of(data))
            if any(self._stones_of(origin) for origin in about):
                return COPY
            if self._any_held(about):
                return HELD_COPY
        elif type in JUDGING:  # it names the record and what it was called: gone with it, unless it lives on
            about = origins(type, fields_of(data))
            if any(stone.kind == "record" for address in about for stone in self._stones_of(address)):
                return COPY
            if self._any_held(about):
                return HELD_COPY
        if type in NO_LICENCE_NEEDED:
            return None
        if b'"licence":' in data:
            named = fields_of(data).get("licence")
            if named is not None:
                accepted = named in self._licences
        return None if accepted else LICENCE


def speaks_of(member: str, row: Row, hashes: Collection[bytes]) -> bool:
    """Whether what becomes of a row may depend on what is said of one of these addresses, by their hashes."""
    if tombstone_digest(f"{member}/{row.type}/{row.id}") in hashes:
        return True
    if row.type not in JUDGING and b'"copied_from":' not in row.data:
        return False
    try:
        about = origins(row.type, fields_of(row.data))
    except (ValueError, TypeError, LookupError, RecursionError):  # it is no record, so it says nothing
        return False
    return any(tombstone_digest(address) in hashes for address in about)


def _bytes(hash: str) -> bytes:
    """The 32 bytes of a tombstone's text."""
    return base64.b32decode(hash.upper() + "====")


def _withdrawn(stones: Iterable[Tombstone], version: tuple[int, int]) -> str | None:
    """`record` is final; `earlier` takes down what is older than the word itself."""
    for stone in stones:
        if stone.kind == "record" or version < (stone.epoch, stone.number):
            return WITHDRAWN
    return None


_read = json.JSONDecoder().raw_decode


def fields_of(data: bytes | str) -> dict[str, Any]:
    """The fields of a canonical record that was proven before, or of what a pruned release shows of one."""
    said = _read(data if isinstance(data, str) else data.decode())[0]
    return said[0][2] if isinstance(said[0], list) else said[2]  # type: ignore[no-any-return]


def _partial(line: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The record of a line that lacks held fields, and their names; intake has checked its form."""
    found = partial(line)
    assert found is not None
    return found.data, found.held


def _without(
    data: bytes, held: Collection[str], lacking: tuple[str, ...] = ()
) -> tuple[str, tuple[str, ...]]:
    """The record without held fields and its salt; and which of the fields it had."""
    type, id, fields = json.loads(data)
    going = fields.keys() & set(held)
    hidden = tuple(sorted({*lacking, *going}))
    if not going:
        return data.decode(), hidden
    kept = {k: v for k, v in fields.items() if k not in held and k != "salt"}
    return json.dumps([type, id, kept], ensure_ascii=False, separators=(",", ":"), sort_keys=True), hidden
