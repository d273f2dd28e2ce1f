"""A moment as files have it: `YYYY-MM-DDTHH:MM:SSZ`. Knows no days, no territory and no other form."""

from __future__ import annotations

from datetime import UTC, datetime

_FORM = "%Y-%m-%dT%H:%M:%SZ"


def instant(moment: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`."""
    return moment.astimezone(UTC).strftime(_FORM)


def moment(text: str) -> datetime:
    """What `instant` wrote. Raises ValueError."""
    return datetime.strptime(text, _FORM).replace(tzinfo=UTC)
