"""How each member stands and how old what is used is, on the clock of the territory. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from commons.cli.terminal.clock import day_of, zone_of
from commons.federation import states
from commons.federation.lock import Lock
from commons.federation.sources.looked import Look
from commons.federation.store.folder import Store
from commons.federation.trust import Seen
from commons.format.instants import moment
from commons.messages import N_, ngettext, translate
from commons.said import release_words

WORDS = {
    states.OK: N_("up to date"),
    states.UNCHANGED: N_("unchanged"),
    states.INVALID: N_("the newest cannot be used"),
    states.UNREACHABLE: N_("no answer since {since}"),
    states.EXPIRED: N_("its time has run out"),
    states.OLDER: N_("offers an older one than before"),
    states.TWO_COPIES: N_("two copies to be joined"),
    states.PAUSED: N_("paused"),
    states.LEAVING: N_("is leaving"),
    states.AWAITED: N_("nothing yet"),
    states.ARRIVED: N_("waits for its first merge"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One member. `release`: the digest of what is used; with its version, and when it was signed."""

    state: str
    since: datetime | None = None
    release: str | None = None
    epoch: int = 0
    number: int = 0
    issued_at: datetime | None = None
    zone: tzinfo = UTC

    @property
    def word(self) -> str:
        """The state in the reader's language."""
        since = day_of(self.since, self.zone) if self.since else "—"
        return translate(WORDS[self.state]).format(since=since)

    def used(self, now: datetime) -> str:
        """What is used, and its age; empty where nothing is."""
        if self.issued_at is None:
            return ""
        today, day = now.astimezone(self.zone).date(), self.issued_at.astimezone(self.zone).date()
        days = max(0, (today - day).days)
        age = (
            ngettext("{n} day old", "{n} days old", days).format(n=days)
            if days
            else translate(N_("of today"))
        )
        number = release_words(self.epoch, self.number)
        return translate(N_("release {number}, {age}")).format(number=number, age=age)

    def to_json(self) -> dict[str, object]:
        return {
            "state": self.state,
            "since": self.since,
            "release": self.release,
            "epoch": self.epoch,
            "number": self.number,
            "issued_at": self.issued_at,
        }


def standings(
    members: Iterable[str],
    lock: Lock | None,
    store: Store,
    looks: Mapping[str, Look],
    changed: Mapping[str, bool] | None = None,
) -> dict[str, Standing]:
    """Each member by its id. `looks`: what its sources gave the last time."""
    found = {}
    members = list(members)
    new = any(states.is_new(lock.members.get(m) if lock else None) for m in members)
    arrived = {seen.manifest.member for seen in store.seen()} if new else set()
    zone = zone_of(lock.policy) if lock is not None else UTC
    for member in members:
        locked = lock.members.get(member) if lock else None
        look = looks.get(member)
        is_changed = bool(changed and changed.get(member))
        state = states.state(locked, look, changed=is_changed, here=member in arrived)
        used = store.look_up(locked.release) if locked and locked.release else None
        since = look.since if look is not None and state == states.UNREACHABLE else None
        found[member] = _standing(state, since, used, zone)
    return found


def _standing(state: str, since: datetime | None, used: Seen | None, zone: tzinfo) -> Standing:
    if used is None:
        return Standing(state, since, zone=zone)
    issued_at = moment(used.manifest.issued_at)
    return Standing(state, since, used.digest, *used.version, issued_at, zone)
