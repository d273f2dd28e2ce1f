"""What makes a record the one that somebody vouched for: its names, identifiers and contacts. Pure.

A vouch for a record keeps this digest; it lapses when one of them changes, and lives on when the description
or the hours do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from commons.format import strict_json

FIELDS = ("title", "alternate_names", "identifiers", "phones", "email", "url")


def identity_digest(fields: Mapping[str, object]) -> str:
    """SHA-256, in hex, of what a record says under `FIELDS`."""
    said = {name: fields[name] for name in FIELDS if fields.get(name)}
    return hashlib.sha256(strict_json.compact(said).encode()).hexdigest()
