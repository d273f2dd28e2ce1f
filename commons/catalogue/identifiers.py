"""Official keys looked at closely: a doubt is a warning, never a refusal. Pure; asks no register.

Checked by what their issuers publish about the form: RFC (with its check character), CLUNI, CCT, CLUES,
GB charity numbers, US EIN. Schemes that are not known here pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from commons.findings import Finding

_RFC_LETTERS = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
_RFC = re.compile(r"[A-ZÑ&]{3,4}(\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])[A-Z0-9]{2}[0-9A]\Z")
_STATES = range(1, 33)


def doubt(identifier: str) -> Finding | None:
    """What is doubtful about `scheme:value`; None where nothing is, or nothing is known of the scheme."""
    scheme, _, key = identifier.partition(":")
    check = next((c for name, c in _CHECKS.items() if scheme.upper().endswith(name)), None)
    if check is None:
        return None
    code = check(re.sub(r"[\s-]", "", key.upper()))
    return None if code is None else Finding(code, value=identifier, details={"scheme": scheme})


def _rfc(key: str) -> str | None:
    if not _RFC.match(key):
        return "identifier-shape"
    return None if key[-1] == rfc_check_character(key) else "identifier-check"


def rfc_check_character(rfc: str) -> str:
    """The last character that an RFC of these first characters must have."""
    body = rfc[:-1].rjust(12)
    total = sum(_RFC_LETTERS.index(letter) * (13 - at) for at, letter in enumerate(body))
    rest = (11 - total % 11) % 11
    return "A" if rest == 10 else str(rest)


def _cluni(key: str) -> str | None:
    """Three letters, the date as in the RFC, the state (01–32), three more: 14 characters."""
    found = re.fullmatch(r"[A-ZÑ&]{3}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(\d{2})[A-Z0-9]{3}", key)
    return None if found and int(found[1]) in _STATES else "identifier-shape"


def _shape(pattern: str) -> Callable[[str], str | None]:
    form = re.compile(pattern)
    return lambda key: None if form.fullmatch(key) else "identifier-shape"


_CHECKS: dict[str, Callable[[str], str | None]] = {
    "RFC": _rfc,
    "CLUNI": _cluni,
    "CCT": _shape(r"(0[1-9]|[12]\d|3[0-2])[A-Z]{3}\d{4}[A-Z]"),
    "CLUES": _shape(r"[A-Z]{5}\d{6}"),
    "GB-CHC": _shape(r"\d{6,7}"),
    "US-EIN": _shape(r"\d{9}"),
}
