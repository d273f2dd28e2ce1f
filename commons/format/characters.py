"""Which characters a text may hold, and that accents stand on their letters (NFC). Changes no stored text.

The table is a file of the protocol (`schemas/v1/characters.txt`), not the interpreter's: 🩷 is unassigned for
Python 3.11 and assigned for 3.12, and a record must not be refused by one and taken up by the other. All
code points of the table are assigned in Unicode 14.0 or have neither class nor decomposition, so NFC, too, is
the same for every Unicode from 14.0 on.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from commons import assets
from commons.format.errors import CharacterRefused, NotNormalized

# What nearly all texts here are made of: allowed, and composed already. One search settles both questions.
_UNUSUAL = re.compile("[^\t\n -~\u00a0-\u017f\u2010-\u2027\u20ac]")
unusual = _UNUSUAL.search  # None: allowed and composed; otherwise `check` must look closer
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufeff]")
_LINE_END = re.compile("\r\n?|[\u0085\u2028\u2029]")


@cache
def _refused() -> re.Pattern[str]:
    """One compiled class of everything outside the table."""
    table = (assets.folder("schemas") / "v1" / "characters.txt").read_text(encoding="utf-8")
    ranges = [line.split("-") for line in table.splitlines() if not line.startswith("#")]
    return re.compile("[^" + "".join(f"\\U{int(a, 16):08x}-\\U{int(b, 16):08x}" for a, b in ranges) + "]")


def refuse(text: str) -> int | None:
    """The position of the first character that is not allowed; None if all are."""
    if _UNUSUAL.search(text) is None:
        return None
    found = _refused().search(text)
    return None if found is None else found.start()


def is_composed(text: str) -> bool:
    """Whether `text`, of allowed characters only, is in NFC."""
    return _UNUSUAL.search(text) is None or unicodedata.is_normalized("NFC", text)


def check(text: str, where: str) -> None:
    """Accept `text` or say why not; `where` names its place in the sentence.

    Raises:
        CharacterRefused: a character outside the table.
        NotNormalized: not in NFC.
    """
    if _UNUSUAL.search(text) is None:
        return
    found = _refused().search(text)
    if found is not None:
        raise CharacterRefused(where, f"U+{ord(found[0]):04X}", found.start() + 1)
    if not unicodedata.is_normalized("NFC", text):
        raise NotNormalized(where)


def tidy(text: str) -> str:
    """`text` as somebody meant it: composed, plain line ends, without marks that nobody sees or typed.

    For what people type, paste and import (chat programs wrap numbers in direction marks). What is still
    refused afterwards is left in, so that a person hears of it.
    """
    if _UNUSUAL.search(text) is None:
        return text
    return unicodedata.normalize("NFC", _DIRECTION.sub("", _LINE_END.sub("\n", text)))
