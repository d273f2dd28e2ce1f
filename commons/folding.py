"""Texts for comparing, not for showing. Knows no language and splits no words."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """`text` without case and accents (ñ becomes n): equal results hint that a person meant the same."""
    plain = text.casefold()
    if plain.isascii():
        return plain
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
