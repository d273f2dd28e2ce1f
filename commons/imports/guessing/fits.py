"""Whether the contents of a column allow a field, whatever its heading says. Pure; knows no headings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache

from commons.addresses import slug
from commons.imports.guessing.sniff import Looks
from commons.imports.mapping.cells import folded
from commons.imports.reading.table import Row, Table
from commons.schema.spec import Field, Schema, load_schema

_PLACE = ("email", "phone", "url", "postal_code", "serial_date", "date", "number", "boolean", "status")
# What the contents of a field must not look like.
CONTRADICTS: Mapping[str, tuple[str, ...]] = {
    "district": ("person", "contact", "email", "phone", "url", "postal_code", "serial_date"),
    "city": ("person", "contact", *_PLACE),
    "region": ("person", "contact", *_PLACE),
    "neighbourhood": ("contact", *_PLACE),
    "organization": ("person", *_PLACE[:3], "date", "serial_date", "boolean"),
    "place": ("person", "contact", *_PLACE),
    "street_address": ("contact", "email", "phone", "url", "postal_code", "serial_date"),
    "title": ("email", "phone", "url", "serial_date", "date", "postal_code", "boolean", "code", "role"),
    "description": ("email", "phone", "serial_date", "date", "postal_code"),
    "contact_name": ("email", "phone", "contact", "url", "mixed", "date", "serial_date", "number", "boolean"),
}
# What the contents of a field must look like (any of these kinds), if it is filled: by its type and format,
_BY_TYPE: Mapping[str, tuple[str, ...]] = {
    "date": ("date", "serial_date"),
    "datetime": ("date", "serial_date"),
    "boolean": ("boolean",),
    "integer": ("number", "counted"),
}
_BY_FORMAT: Mapping[str, tuple[str, ...]] = {
    "email": ("email",),
    "uri": ("url",),
    "phone": ("phone", "holds_phone"),
    "postal_code": ("postal_code", "foreign_postal_code"),
}
# and for what the schema does not say: parts of a position, a list with a reader of its own.
_BY_NAME: Mapping[str, tuple[str, ...]] = {
    "phones": ("phone", "holds_phone"),
    "latitude": ("latitude", "number"),
    "longitude": ("longitude", "number"),
    "position": ("position",),
    "start_time": ("clock",),
    "end_time": ("clock",),
}
# How tables say that they have nothing to say; only what stands in a cell alone.
_NOTHING = frozenset(
    ("na", "n-a", "nan", "null", "none", "nil", "n-d", "nd", "s-d", "sd", "sin-dato", "sin-datos",
     "sin-telefono", "sin-correo", "sin-correo-electronico", "sin-pagina", "sin-pagina-web", "sin-sitio-web",
     "sin-facebook", "sin-redes-sociales", "sin-contacto", "sin-informacion", "no-aplica", "no-disponible",
     "no-data", "not-available")
)  # fmt: skip


LIST_SIGNS = re.compile(r"[,;|/\n]| y | and ")  # between the entries of a list in a cell
# Where words go that stand under the heading of a number.
PROSE = {"price": "fees_description"}


def names_things(seen: Looks) -> bool:
    """Whether the cells may be names of organisations or places, as against keys, numbers and persons."""
    wrong = ("code", "number", "postal_code", "person", "contact", "handle", "mixed", "curp", "rfc", "role")
    return max(seen.share(kind) for kind in wrong) < 0.2 and 3 < seen.longest < 200


@cache
def needs_of(target: str) -> tuple[str, ...]:
    """The kinds of which the field's cells must be; () where anything goes. A name is one kind everywhere."""
    if target in _BY_NAME:
        return _BY_NAME[target]
    spec = next((t.fields[target] for t in load_schema().types.values() if target in t.fields), None)
    if spec is None:
        return ()
    if spec.type == "string":
        return _BY_FORMAT.get(spec.format, ())
    return _BY_TYPE.get(spec.type, ())


def nothings(table: Table) -> tuple[str, ...]:
    """The texts of `table` that stand for an empty cell ("NA" in every export of R), as written in it."""
    found = {cell for row in table.rows for cell in row.cells if len(cell) < 20 and says_nothing(cell)}
    return tuple(sorted({folded(cell): cell for cell in sorted(found)}.values()))


def says_nothing(cell: str) -> bool:
    """Whether the cell stands for an empty one, in words or signs."""
    return slug(cell) in _NOTHING or (bool(cell) and not cell.strip("-–— ."))


def without(table: Table, blank: Iterable[str]) -> Table:
    """The table with empty cells where one of `blank` stands."""
    empty = {folded(text) for text in blank}
    if not empty:
        return table
    rows = (
        Row(row.number, tuple("" if cell and folded(cell) in empty else cell for cell in row.cells))
        for row in table.rows
    )
    return replace(table, rows=tuple(rows))


def plausible(target: str, seen: Looks, spec: Field | None = None) -> bool:
    """Whether the contents allow the field."""
    needs = needs_of(target)
    if needs and max(seen.share(kind) for kind in needs) < (0.9 if "clock" in needs else 0.5):
        return False
    if spec is not None and not needs and _only_ticked(spec, seen):
        return False
    if seen.share("json") >= 0.35 and target != "phones":
        return False  # what a program wrote for programs is no text for people
    return max((seen.share(kind) for kind in CONTRADICTS.get(target, ())), default=0.0) < 0.35


def _only_ticked(spec: Field, seen: Looks) -> bool:
    """Whether yes and no, or mere numbers, stand where the field wants words: ticked boxes, areas."""
    ticked = seen.share("boolean") >= 0.5
    if spec.vocabulary:
        return ticked or seen.share("number") >= 0.5
    return ticked and spec.type == "string" and spec.format != "reference"


def plausible_city(seen: Looks) -> bool:
    """Whether the cells may be names of towns: words, not the ciphers and Roman figures of quarters."""
    return plausible("city", seen) and seen.longest > 4


def contents_bonus(target: str, seen: Looks, spec: Field | None, schema: Schema, cells: Iterable[str]) -> int:
    """A little for contents that fit, so that headings decide; much against words that no list knows."""
    needs = needs_of(target) or ((target,) if target in ("district",) else ())
    if needs:
        return round(3 * max(seen.share(kind) for kind in needs))
    if spec is None or spec.vocabulary not in schema.vocabularies:
        return 0
    words = {
        slug(word)
        for term in schema.vocabularies[spec.vocabulary].terms.values()
        for word in (*term.title.values(), *term.synonyms, term.id)
    }
    filled = [cell for cell in cells if cell][:100]
    if spec.type == "array":
        filled = [part.strip() for cell in filled for part in LIST_SIGNS.split(cell) if part.strip()]
    known = sum(1 for cell in filled if slug(cell) in words)
    if not known and len(filled) > 2:
        # a heading that only resembles the field is not enough then, and the statuses of others are not ours
        return -40 if target == "status" else -16
    return round(6 * known / len(filled)) - 3 if filled else 0
