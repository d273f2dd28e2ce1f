"""JSON, NDJSON and GeoJSON as tables: nested names become dotted columns. Keeps numbers as they are written.

Does not follow links and knows no schema; positions become two columns in degrees.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from commons.findings import Finding
from commons.imports.reading.table import (
    MAX_COLUMNS,
    MAX_ROWS,
    FileTooLarge,
    NoTable,
    Raw,
    Row,
    SetAside,
    TableRefused,
    many_columns,
    many_rows,
)
from commons.messages import N_

Json: TypeAlias = "str | bool | list[Json] | dict[str, Json] | None"  # numbers stay texts
_LISTS = (
    "records", "data", "items", "results", "contents", "features", "rows", "entries", "fichas", "registros",
    "datos", "organizations", "organisations", "services", "locations", "places", "grants",
)  # fmt: skip
# what tells about a list instead of a record
_ABOUT = re.compile(
    r"total|page|count|size|version|licen|publish|updated|generated|status|next|schema|date", re.I
)
_MAX_DEPTH = 12


@dataclass(eq=False)
class NotJson(TableRefused):
    """The file ends in .json but is not JSON."""

    template = N_("{file} is not complete JSON.")
    hint_template = N_("Download it again, or ask whoever made it for a CSV or XLSX file.")


def read_json(text: str, name: str) -> Raw:
    """A list of objects, an object that holds one, GeoJSON, or one object a line. Raises TableRefused."""
    try:
        whole = _loads(text)
    except RecursionError:
        raise NotJson(name) from None
    except ValueError as error:
        if "\n" in text.strip() and text.lstrip().startswith("{"):
            return _read_lines(text, name)
        raise NotJson(name) from error
    if isinstance(whole, dict) and whole.get("type") == "FeatureCollection":
        features = whole.get("features")
        return _grid(_features(features if isinstance(features, list) else []), name, "geojson")
    found = _records(whole)
    if not found:
        raise NoTable(name)
    return _grid([(i, item) for i, item in enumerate(found, start=1)], name, "json")


def _loads(text: str) -> Json:
    # Numbers as written: 0.10 and 5.5E9 must come through unchanged, whatever their length.
    value: Json = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    return value


def _read_lines(text: str, name: str) -> Raw:
    rows: list[tuple[int, Json]] = []
    aside: list[SetAside] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            rows.append((number, _loads(line)))
        except (ValueError, RecursionError):
            aside.append(SetAside(number, "row-unreadable", (line,)))
    if not rows or len(aside) > len(rows):
        raise NotJson(name)
    raw = _grid(rows, name, "ndjson")
    raw.aside += aside
    raw.findings += [Finding("row-unreadable", row=line.number, value=line.cells[0][:200]) for line in aside]
    return raw


def _records(whole: Json) -> list[Json]:
    """The objects that are the rows: a list, wherever it stands, a map's values, or the one object."""
    if not isinstance(whole, dict):
        return whole if isinstance(whole, list) else []
    found = _list_in(whole, 0)
    if found:
        return found
    # {"id1": {...}, "id2": {...}}: the keys are the records' names
    if len(whole) > 1 and all(isinstance(v, dict) for v in whole.values()):
        return [{"key": k, **v} for k, v in whole.items() if isinstance(v, dict)]
    return [whole] if whole else []


def _list_in(item: Mapping[str, Json], depth: int) -> list[Json]:
    """The list of objects in `item` or below; [] where `item` is rather a record that has lists itself."""
    lists = {k: v for k, v in item.items() if isinstance(v, list) and any(isinstance(i, dict) for i in v)}
    for usual in _LISTS:
        if usual in lists:
            return lists[usual]
    told = sum(1 for key, v in item.items() if isinstance(v, str) and v and not _ABOUT.search(key))
    if told >= 2:
        return []  # a name, an address …: this is one record
    if lists:
        return max(lists.values(), key=len)
    deeper = [v for v in item.values() if isinstance(v, dict)] if depth < _MAX_DEPTH else []
    return max((_list_in(v, depth + 1) for v in deeper), key=len, default=[])


def _features(features: Sequence[Json]) -> list[tuple[int, Json]]:
    rows: list[tuple[int, Json]] = []
    for number, feature in enumerate(features, start=1):
        if not isinstance(feature, dict):
            rows.append((number, {"value": feature}))
            continue
        properties = feature.get("properties")
        row: dict[str, Json] = dict(properties) if isinstance(properties, dict) else {}
        for key, value in feature.items():
            if key not in ("type", "properties", "geometry", "bbox"):
                row.setdefault(key, value)
        geometry = feature.get("geometry")
        if isinstance(geometry, dict):
            row |= _position(geometry)
        rows.append((number, row))
    return rows


def _position(geometry: Mapping[str, Json]) -> dict[str, Json]:
    """`geometry.latitude` and `.longitude` of a point; other shapes are kept whole, as text."""
    place = geometry.get("coordinates")
    if geometry.get("type") == "Point" and isinstance(place, list) and len(place) >= 2:
        return {"geometry.latitude": place[1], "geometry.longitude": place[0]}
    return {"geometry": json.dumps(geometry, ensure_ascii=False)} if place else {}


def _grid(items: Sequence[tuple[int, Json]], name: str, kind: str) -> Raw:
    if len(items) > MAX_ROWS:
        raise FileTooLarge(name, many_rows())
    columns: dict[str, int] = {}
    flat: list[tuple[int, dict[str, str]]] = []
    for number, item in items:
        cells: dict[str, str] = {}
        _flatten(item if isinstance(item, dict) else {"value": item}, "", cells, 0)
        for column in cells:
            columns.setdefault(column, len(columns))
        flat.append((number, cells))
        if len(columns) > MAX_COLUMNS:
            raise FileTooLarge(name, many_columns())
    if not columns:
        raise NoTable(name)
    raw = Raw(format=kind, headings_end=0)
    raw.rows.append(Row(0, tuple(columns)))
    raw.rows += [Row(number, tuple(cells.get(c, "") for c in columns)) for number, cells in flat]
    return raw


def _flatten(item: Mapping[str, Json], prefix: str, cells: dict[str, str], depth: int) -> None:
    for key, value in item.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value and depth < _MAX_DEPTH:
            _flatten(value, f"{name}.", cells, depth + 1)
        else:
            cells[name] = _text(value)


def _text(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(v, str) and not set(v) & set(";\n") for v in value):
        return "; ".join(v for v in value if isinstance(v, str))
    return json.dumps(value, ensure_ascii=False)
