"""A list inside a cell as entries with columns of their own: `services.name`. Knows no mapping rules.

An export of a nested program (JSON) has its lists in one cell; a person writes "comedor; taller; ropa".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from commons.imports.mapping.rules import Each

_MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list; `number` counts from 1."""

    number: int
    cells: Mapping[str, str]


def entries_of(each: Each, cell: str) -> list[Entry] | None:
    """The entries of the list in `cell`; None where the cell holds something else."""
    if not cell:
        return []
    if each.split:
        parts = [cell]
        for sign in each.split:
            parts = [piece for part in parts for piece in part.split(sign)]
        texts = [part.strip() for part in parts if part.strip()]
        return [Entry(n, {each.column: text}) for n, text in enumerate(texts, start=1)]
    try:
        whole = json.loads(cell, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    if isinstance(whole, dict):
        whole = [whole]
    if not isinstance(whole, list) or not all(isinstance(item, dict) for item in whole):
        return None
    return [Entry(n, _flat(item, each.column, 0)) for n, item in enumerate(whole, start=1)]


def _flat(item: Mapping[str, object], prefix: str, depth: int) -> dict[str, str]:
    cells: dict[str, str] = {}
    for key, value in item.items():
        name = f"{prefix}.{key}"
        # numbered keys are a table of their own (hours by day), not names of columns
        nested = isinstance(value, dict) and value and not all(k.isdigit() for k in value)
        if nested and depth < _MAX_DEPTH:
            cells |= _flat(value, name, depth + 1)  # type: ignore[arg-type]
        else:
            cells[name] = _text(value)
    return cells


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if value is None or value == {} or value == []:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(v, str) and not set(v) & set(";\n") for v in value):
        return "; ".join(value)
    return json.dumps(value, ensure_ascii=False)
