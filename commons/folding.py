"""Texts for comparing, not for showing. Knows no language and splits no words."""

from __future__ import annotations

import re
import unicodedata


def folded(text: str) -> str:
    """`text` without case and accents (ñ becomes n): equal results hint that a person meant the same."""
    plain = text.casefold()
    if plain.isascii():
        return plain
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))


_WORD = re.compile(r"[a-z0-9]+")


def read_alike(values: list[object]) -> bool:
    """Whether all are texts that a reader takes for the same: but for case, accents and punctuation."""
    said = {" ".join(_WORD.findall(folded(v))) if isinstance(v, str) else None for v in values}
    return len(said) == 1 and not said & {None, ""}
