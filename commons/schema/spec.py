"""The shared schema as values: record types and their fields, in order.

Everything that depends on fields (both DDLs, validation, forms, templates, labels, facets, docs) reads these
values. The schema is written by hand in `schemas/v1/*.yaml`; what is loaded here is `schemas/v1/schema.json`,
made from it by `scripts/schema_build.py`, since a program that starts a hundred times a day should not parse
forty YAML files each time. Checks no value of any record; knows no database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from commons import assets
from commons.errors import CommonsError
from commons.messages import N_

FOLDER = "v1"
COMPILED = "schema.json"
Texts = Mapping[str, str]


@dataclass(eq=False)
class SchemaMissing(CommonsError):
    """The program's own schema files are not there or cannot be read."""

    path: str
    template: ClassVar[str] = N_("The shared schema is not where the program expects it: {path}.")
    hint_template: ClassVar[str] = N_("Install the program again; in a checkout, run make schema.")


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One field of a record type, or one key of a list of objects (`items`).

    type: string, integer, boolean, date (YYYY-MM-DD), datetime (YYYY-MM-DDTHH:MM:SSZ), array, object.
    An array without `items` is a list of strings: format, vocabulary, pattern and max_length are each item's.
    """

    name: str
    type: str
    format: str = ""
    unit: str = ""
    required: bool = False
    vocabulary: str = ""
    pattern: str = ""
    max_length: int = 200
    max_items: int = 0
    minimum: int | None = None
    maximum: int | None = None
    release: str = "always"
    personal: bool = False
    search: str = ""
    facet: bool = False
    match: str = ""
    fuse: str = "one"
    group: str = ""
    form: str = "more"
    target: str = ""
    rdf_type: str = ""
    items: Mapping[str, Field] = field(default_factory=lambda: MappingProxyType({}))
    title: Texts = field(default_factory=dict)
    description: Texts = field(default_factory=dict)
    example: Texts = field(default_factory=dict)

    @property
    def leaves(self) -> bool:
        """Whether a value may ever leave its catalogue."""
        return self.release != "never"


@dataclass(frozen=True, slots=True, eq=False)
class RecordType:
    """One type of record. `fields` is in order and does not hold `id`, which every record has."""

    name: str
    title: Texts
    plural: Texts
    description: Texts
    fields: Mapping[str, Field]
    small: bool = False
    rdf_type: str = ""
    release: str = "always"  # consent: the record as a whole leaves only with consent on file
    audience: str = "public"  # what a new record starts with
    secret_ids: bool = False  # ids are keyed hashes, never made from what the record says
    composed: tuple[str, ...] = ()  # the released title is made from these fields, never as typed
    confirm_days: int = 0  # ask again after so many days whether it is still true; 0: do not ask
    expires_days: int = 0  # a new record lapses after so many days; 0: it does not by itself
    reserved: tuple[str, ...] = ()  # stay home where `location_reserved` is true

    @property
    def released(self) -> dict[str, Field]:
        """The fields that a release may hold, in order: the columns of the published table."""
        return {name: f for name, f in self.fields.items() if f.leaves}


@dataclass(frozen=True, slots=True)
class Term:
    """One entry of a vocabulary. `synonyms` are what real sheets write for it."""

    id: str
    title: Texts
    synonyms: tuple[str, ...] = ()
    broader: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """A list of terms in the order in which a form shows them."""

    name: str
    title: Texts
    terms: Mapping[str, Term]
    open: bool = False  # other codes of the same form are welcome too (languages, currencies, licences)


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """The whole shared schema of one version."""

    version: str
    title: Texts
    types: Mapping[str, RecordType]
    vocabularies: Mapping[str, Vocabulary]

    @property
    def labels(self) -> dict[str, dict[str, Texts]]:
        """type → field → {es, en}."""
        return {t.name: {f.name: f.title for f in t.fields.values()} for t in self.types.values()}

    @property
    def public_types(self) -> tuple[RecordType, ...]:
        """The types that the public looks for, in order; without relations, judgements and the like."""
        return tuple(t for t in self.types.values() if not t.small)

    def label(self, vocabulary: str, term: str, lang: str) -> str:
        """A term's name for a reader; the term itself where it is not known."""
        known = self.vocabularies[vocabulary].terms.get(term) if vocabulary in self.vocabularies else None
        return (known.title.get(lang) or term) if known else term


def schema_folder() -> Path:
    """Where the schema's files lie."""
    return assets.folder("schemas") / FOLDER


@cache
def load_schema() -> Schema:
    """The shared schema of this program. Raises SchemaMissing."""
    path = schema_folder() / COMPILED
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SchemaMissing(str(path)) from error
    return schema_from(plain)


def schema_from(plain: Mapping[str, Any]) -> Schema:
    """Values from the plain form that `reading.read_folder` yields."""
    shared = [_field(f) for f in plain["fields"]]
    return Schema(
        version=plain["version"],
        title=plain["title"],
        types={t["name"]: _record_type(t, shared) for t in plain["types"]},
        vocabularies={v["name"]: _vocabulary(v) for v in plain["vocabularies"]},
    )


def _record_type(plain: Mapping[str, Any], shared: Sequence[Field]) -> RecordType:
    fields = {shared[place].name: shared[place] for place in plain["fields"]}
    rest: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in plain.items() if k != "fields"
    }
    return RecordType(fields=MappingProxyType(fields), **rest)


def _field(plain: Mapping[str, Any]) -> Field:
    items = {f["name"]: _field(f) for f in plain.get("items", ())}
    return Field(**{**plain, "items": MappingProxyType(items)})


def _vocabulary(plain: Mapping[str, Any]) -> Vocabulary:
    terms = {t["id"]: Term(**{**t, "synonyms": tuple(t.get("synonyms", ()))}) for t in plain["terms"]}
    return Vocabulary(
        name=plain["name"], title=plain["title"], terms=MappingProxyType(terms), open=plain.get("open", False)
    )
