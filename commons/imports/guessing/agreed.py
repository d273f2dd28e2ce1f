"""Columns in which people say whether what they wrote may be shared: «¿Aceptas que publiquemos tus datos?».

Who did not plainly say yes is kept here and does not leave; that is proposed, and the mapping says it aloud.
In doubt an answer is no yes: what was kept can be shared tomorrow, what was shared cannot be kept any more.
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
    r"\b(?:public\w*|publiqu\w*|compart\w*|difund\w*|difus\w*|datos|informacion|directorio|aviso|privacidad"
    r"|shar\w+|data|publish\w*|directory|privacy|consent\w*)\b"
)
# A question, or a sentence to be ticked: then the heading alone decides, whatever was answered.
_QUESTION = re.compile(
    r"[¿?]|^\W*(?:s[ií],?\s+)?(?:acepto|autorizo|consiento|doy mi|estoy de acuerdo|i )", re.IGNORECASE
)
_DENIES = re.compile(r"\b(?:no|not|sin|nunca|niego|dont)\b")
_AGREES = (
    r"(?:acepto|autorizo|consiento|estoy de acuerdo|de acuerdo|doy mi|claro|adelante|por favor|por supuesto"
    r"|gracias|pueden|puede|publiqu\w+|compart\w+|i agree|i consent|agree|please|of course)"
)
_YES = re.compile(rf"(?:si|yes|ok|x|1|true|verdadero)(?:\s+{_AGREES}\b.*)?|{_AGREES}\b.*")
_LIMITS = re.compile(
    r"\b(?:no|ni|pero|solo|solamente|unicamente|nada|excepto|salvo|sin|menos|nunca|tampoco|siempre que|cuando"
    r"|not|but|only|except|without|unless|if)\b"
)
_NO = re.compile(r"(?:no|false|falso|0|n)\b.*")


def asks_to_share(heading: str, cells: Iterable[str]) -> bool:
    """Whether the heading asks that; where it only might, half of the cells have to answer."""
    words = _plain(heading)
    if not (_ASKS.search(words) and _ABOUT.search(words)):
        return False
    answers = [_plain(cell) for cell in cells if cell]
    said = sum(1 for answer in answers if _YES.fullmatch(answer) or _NO.fullmatch(answer))
    return bool(answers) and (_QUESTION.search(heading) is not None or 2 * said >= len(answers))


def yes_words(heading: str, cells: Iterable[str]) -> list[str]:
    """The answers that plainly say yes, as they are written; none under a heading that denies."""
    if _DENIES.search(_plain(heading)):
        return []
    return sorted({cell for cell in cells if _is_yes(_plain(cell))})


def _is_yes(answer: str) -> bool:
    return _YES.fullmatch(answer) is not None and _LIMITS.search(answer) is None


def _plain(text: str) -> str:
    return slug(text, longest=400).replace("-", " ")
