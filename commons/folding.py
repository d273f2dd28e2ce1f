"""Texts for comparing, not for showing. Knows no language and splits no words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def folded(text: str) -> str:
    """`text` without case and accents (ñ becomes n): equal results hint that a person meant the same."""
    plain = text.casefold()
    if plain.isascii():
        return plain
    return "".join([_bare(c) for c in plain])


@lru_cache(maxsize=4_096)
def _bare(letter: str) -> str:
    """One letter without its marks; a mark by itself is nothing."""
    return "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))


_WORD = re.compile(r"[a-z0-9]+")


def read_alike(values: list[object]) -> bool:
    """Whether all are texts that a reader takes for the same: but for case, accents and punctuation."""
    said = {" ".join(_WORD.findall(folded(v))) if isinstance(v, str) else None for v in values}
    return len(said) == 1 and not said & {None, ""}
