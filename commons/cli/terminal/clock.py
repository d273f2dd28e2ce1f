"""Days as the terminal tells them: on the clock of the federation's territory, never this machine's or UTC's.

Files and JSON keep UTC instants; only what a person reads is told here.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from commons.federation.policy.rules import Policy
from commons.format.instants import moment
from commons.messages import language
from commons.schema import dates
from commons.schema import territory as territories


def zone_of(policy: Policy) -> ZoneInfo:
    """The clock of the federation's territory."""
    known = policy.territory if policy.territory in territories.known_names() else "none"
    return territories.load(known or "none").zone


def day_of(instant: datetime | str, zone: tzinfo) -> str:
    """The day of an instant where the federation is, as dates are written in the reader's language."""
    return dates.show_date(moment_of(instant).astimezone(zone).date(), language())


def minute_of(instant: datetime | str, zone: tzinfo) -> str:
    """Day and minute."""
    local = moment_of(instant).astimezone(zone)
    return f"{dates.show_date(local.date(), language())} {local:%H:%M}"


def moment_of(instant: datetime | str) -> datetime:
    """An instant as files have it."""
    return instant if isinstance(instant, datetime) else moment(instant)
