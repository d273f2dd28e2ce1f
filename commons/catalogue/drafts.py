"""Saving always works: what does not fit the schema waits as a draft, and nothing given is lost. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from commons.catalogue.rows import State
from commons.model import Fields, Value
from commons.schema import validate
from commons.schema.spec import RecordType


def fitting(
    rtype: RecordType, fields: Fields, drafts: Mapping[str, str]
) -> tuple[dict[str, Value], dict[str, str]]:
    """Fields that fit the schema, and drafts with the rest. A field may have both: the last good value and
    what was typed for it since."""
    fit: dict[str, Value] = {}
    unknown: dict[str, Value] = {}
    waiting = dict(drafts)
    for name, value in fields.items():
        if name not in rtype.fields:
            unknown[name] = value
        elif (finding := validate.check_value(rtype.fields[name], value)) is None or finding.level != "error":
            fit[name] = value
        else:
            waiting.setdefault(name, as_text(value))
    return _with_locals(rtype, fit, waiting, unknown)


def known(rtype: RecordType, state: State | None) -> State | None:
    """`state` with what today's schema does not know kept aside; values are not judged again."""
    if state is None or all(name in rtype.fields for name in state.fields):
        return state
    fit = {name: value for name, value in state.fields.items() if name in rtype.fields}
    unknown = {name: value for name, value in state.fields.items() if name not in rtype.fields}
    return State(*_with_locals(rtype, fit, dict(state.drafts), unknown))


def _with_locals(
    rtype: RecordType, fit: dict[str, Value], waiting: dict[str, str], unknown: dict[str, Value]
) -> tuple[dict[str, Value], dict[str, str]]:
    if unknown and "extra" in rtype.fields:
        local = fit.get("extra")
        fit["extra"] = {**(local if isinstance(local, dict) else {}), **unknown}
    else:
        waiting.update({name: as_text(value) for name, value in unknown.items()})
    return fit, waiting


def as_text(value: Value) -> str:
    """A value as a text to be mended by a person."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
