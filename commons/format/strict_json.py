"""JSON that can be read in one way only. Knows nothing of what it says.

Duplicate keys, floats, NaN and bottomless nesting are where two readers differ or fall over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from json.encoder import encode_basestring as _quote
from typing import Any, NoReturn

from commons.messages import N_


class NotStrict(ValueError):
    """Not JSON, or JSON that two programs may read differently; caught and named by the caller."""


def _no_float(text: str) -> NoReturn:
    raise NotStrict(N_("it holds a number that is not whole"))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrict(N_("a key stands twice in it"))
    return found


def read(data: bytes) -> Any:
    """The value that `data` says; the caller limits its size beforehand.

    Raises:
        NotStrict: with a translatable reason.
    """
    try:
        text = data.decode("utf-8")
        return json.loads(text, object_pairs_hook=_unique, parse_float=_no_float, parse_constant=_no_float)
    except NotStrict:
        raise
    except UnicodeDecodeError as error:
        raise NotStrict(N_("it is not UTF-8")) from error
    except RecursionError as error:
        raise NotStrict(N_("it is nested too deeply")) from error
    except ValueError as error:
        raise NotStrict(N_("it is not JSON")) from error


_compact = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False
)
_EMPTY: Mapping[type, str] = {list: "[]", tuple: "[]", dict: "{}"}


def compact(value: Any) -> str:
    """Sorted keys, no spaces; only `"`, `\\` and control characters are escaped."""
    return _compact.encode(value)


def pretty(value: Any) -> bytes:
    """For files that people open: sorted keys, two spaces, UTF-8, one newline at the end.

    As `json.dumps` with an indent, which the standard library writes several times slower; keys are texts.
    """
    return (_pretty(value, "\n") + "\n").encode()


def _pretty(value: Any, margin: str) -> str:
    """`margin`: a line break and the spaces before what stands beside `value`."""
    kind = type(value)
    if kind is str:
        return _quote(value)
    if kind is int:
        return str(value)
    inner = margin + "  "
    if isinstance(value, dict) and value:
        rows = [f"{_quote(key)}: {_pretty(value[key], inner)}" for key in sorted(value)]
        return f"{{{inner}{f',{inner}'.join(rows)}{margin}}}"
    if isinstance(value, list | tuple) and value:
        return f"[{inner}{f',{inner}'.join([_pretty(one, inner) for one in value])}{margin}]"
    return _EMPTY[kind] if kind in _EMPTY else _compact.encode(value)  # true, false, null
