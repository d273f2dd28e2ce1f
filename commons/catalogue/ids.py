"""Names and salts of new records. Looks nothing up: the store says what is taken."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime

from commons.addresses import base32, slug

Randomness = Callable[[int], bytes]
SALT_BYTES = 16  # 26 base32 characters
LONGEST_ID = 63


def salt(randomness: Randomness) -> str:
    """26 characters that make a record's digest unguessable."""
    return base32(randomness(SALT_BYTES))


def private_id(secret: bytes, type_name: str, text: str) -> str:
    """An id that tells nothing about `text`, always the same for the same text in one catalogue."""
    return base32(hmac.new(secret, f"{type_name}\x00{text}".encode(), hashlib.sha256).digest())[:26]


def free_id(wanted: str, type_name: str, taken: Callable[[str], bool]) -> str:
    """A record id made of the words of `wanted`; `-2`, `-3` … where it is taken."""
    base = slug(wanted) or type_name.replace("_", "-")
    candidate, n = base, 1
    while taken(candidate):
        n += 1
        ending = f"-{n}"
        candidate = base[: LONGEST_ID - len(ending)].rstrip("-") + ending
    return candidate


def instant(at: datetime) -> str:
    """`at` as the schema writes instants: UTC, whole seconds.

    Raises ValueError where `at` has no time zone: a guess would be wrong on half of the machines.
    """
    if at.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
