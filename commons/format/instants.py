"""A moment as files have it: `YYYY-MM-DDTHH:MM:SSZ`. Knows no days, no territory and no other form."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_USUAL = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z")
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def instant(moment: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`."""
    return moment.astimezone(UTC).strftime(_FORM)


def moment(text: str) -> datetime:
    """What `instant` wrote. Raises ValueError."""
    if _USUAL.fullmatch(text):  # a merge reads four for each member, and `strptime` is slow
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    return datetime.strptime(text, _FORM).replace(tzinfo=UTC)
