"""Columns in which people say whether what they wrote may be shared: «¿Aceptas que publiquemos tus datos?».

Who said no, or nothing, is kept here and does not leave; that is proposed, and the mapping says it aloud.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from commons.addresses import slug

_ASKS = re.compile(
    r"\b(?:acept\w*|autoriz\w*|consient\w*|consent\w*|acuerdo|permit\w*|agree\w*|podemos|puede\w*|may we"
    r"|can we)\b"
)
_ABOUT = re.compile(
    r"\b(?:public\w*|compart\w*|difund\w*|difus\w*|datos|informacion|directorio|aviso|privacidad|shar\w+|data"
    r"|publish\w*|directory|privacy|consent\w*)\b"
)
_YES = re.compile(r"(?:si|yes|acepto|autorizo|consiento|de acuerdo|true|verdadero|x|1|i agree|agree|ok)\b")
_NO = re.compile(r"(?:no|false|falso|0|n)\b")


def asks_to_share(heading: str, cells: Iterable[str]) -> bool:
    """Whether the heading (in plain words) asks that, and nearly all cells answer."""
    if not (_ASKS.search(heading) and _ABOUT.search(heading)):
        return False
    answers = [slug(cell, longest=200).replace("-", " ") for cell in cells if cell]
    said = sum(1 for answer in answers if _YES.match(answer) or _NO.match(answer))
    return bool(answers) and said >= 0.9 * len(answers)


def yes_words(cells: Iterable[str]) -> list[str]:
    """The answers that say yes, as they are written."""
    return sorted({cell for cell in cells if _YES.match(slug(cell, longest=200).replace("-", " "))})
