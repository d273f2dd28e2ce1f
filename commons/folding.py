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
    try:  # Spanish fits into Latin-1, which C folds in one stroke
        latin = plain.encode("latin-1").translate(_LATIN)
    except UnicodeEncodeError:
        latin = b"\0"
    return "".join([_bare(c) for c in plain]) if 0 in latin else latin.decode("latin-1")


@lru_cache(maxsize=4_096)
def _bare(letter: str) -> str:
    """One letter without its marks; a mark by itself is nothing."""
    return "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))


def _latin_table() -> bytes:
    """For each byte of Latin-1: its letter without marks, or 0 where that is several or not in Latin-1."""
    bare = [_bare(chr(code)) for code in range(256)]
    return bytes(ord(one) if len(one) == 1 and ord(one) < 256 else 0 for one in bare)


_LATIN = _latin_table()
_WORD = re.compile(r"[a-z0-9]+")


def read_alike(values: list[object]) -> bool:
    """Whether all are texts that a reader takes for the same: but for case, accents and punctuation."""
    said = {" ".join(_WORD.findall(folded(v))) if isinstance(v, str) else None for v in values}
    return len(said) == 1 and not said & {None, ""}
