"""Reads the schema as people write it (`schemas/v1/*.yaml`) into its plain form, and refuses what is wrong.

Strict on purpose: a key that nobody reads is a rule that nobody keeps. Only the build script, the tests and
whoever writes a schema come here; the program itself loads the plain form (see `spec.load_schema`).
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import yaml

from commons.errors import InputError
from commons.messages import LANGUAGES, N_
from commons.schema.vocabularies import fold

TYPES = {"string", "integer", "boolean", "date", "datetime", "array", "object"}
FORMATS = {
    "", "text", "markdown", "uri", "email", "phone", "reference", "address", "member", "member_or_address",
    "identifier", "language", "licence", "country", "district", "currency", "money", "rrule", "time", "date",
    "salt", "digest", "day_end", "postal_code",
}  # fmt: skip
RELEASE = {"always", "consent", "never"}
SEARCH = {"", "name", "main", "text"}
FUSE = {"one", "union", "together", "none"}
FORM = {"main", "more", "hidden"}
MATCH = {
    "", "name", "topic", "url", "identifier", "phone", "email", "street", "neighbourhood", "district",
    "postal_code", "position", "date", "kind",
}  # fmt: skip
NAME = re.compile(r"[a-z][a-z0-9_]{0,40}\Z")
TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,59}\Z")

_CONSTRAINTS = {"required", "pattern", "maxLength", "maxItems", "minimum", "maximum"}
_FIELD_KEYS = {
    "name", "type", "format", "unit", "constraints", "vocabulary", "release", "personal", "search", "facet",
    "match", "fuse", "form", "target", "rdfType", "items", "group", "title", "description", "example",
}  # fmt: skip
_TYPE_KEYS = {
    "name", "title", "plural", "description", "rdfType", "small", "release", "audience", "secret_ids",
    "composed", "confirm_days", "expires_days", "change", "fields",
}  # fmt: skip
_LENGTHS = {"text": 2000, "markdown": 20000, "uri": 2000, "email": 254, "address": 160, "reference": 160,
            "digest": 64}  # fmt: skip


@dataclass(eq=False)
class WrongSchema(InputError):
    """A schema file says something that the schema's own rules do not allow."""

    file: str
    place: str
    problem: str
    template: ClassVar[str] = N_("The schema file {file} is wrong at {place}: {problem}.")
    hint_template: ClassVar[str] = N_("The keys are explained at the top of schemas/v1/schema.yaml.")


def read_yaml(path: Path) -> Any:
    """One YAML file's content. Raises WrongSchema."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506  (a SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise WrongSchema(path.name, "-", str(error).replace("\n", " ")) from error


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Refuses a key given twice, which YAML would settle silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        seen = set()
        for key, _value in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"«{key.value}» twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_folder(folder: Path) -> dict[str, Any]:
    """The whole schema of a folder in its plain form (JSON values only). Raises WrongSchema."""
    head = read_yaml(folder / "schema.yaml")
    _keys(head, {"version", "title", "types"}, "schema.yaml", "-")
    common = read_yaml(folder / "common.yaml")
    _keys(common, {"first", "last", "groups", "reserved"}, "common.yaml", "-")
    vocabularies = [read_vocabulary(path) for path in sorted((folder / "vocabularies").glob("*.yaml"))]
    known = {v["name"] for v in vocabularies}
    types = [_read_type(folder / "types" / f"{name}.yaml", common) for name in head["types"]]
    for rtype in types:
        _check_together(rtype, known, set(head["types"]))
    return {
        "version": head["version"],
        "title": head["title"],
        "fields": _shared(types),
        "types": types,
        "vocabularies": vocabularies,
    }


def _shared(types: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each different field once; the types then name them by place. Most fields are in many types."""
    places: dict[str, int] = {}
    fields: list[dict[str, Any]] = []
    for rtype in types:
        for i, field in enumerate(rtype["fields"]):
            key = json.dumps(field, sort_keys=True)
            if key not in places:
                places[key] = len(fields)
                fields.append(field)
            rtype["fields"][i] = places[key]
    return fields


def read_vocabulary(path: Path) -> dict[str, Any]:
    """One vocabulary: `{name, title, open?, terms: [{id, title, synonyms?, broader?, extra?}]}`."""
    plain = read_yaml(path)
    _keys(plain, {"name", "title", "open", "terms"}, path.name, "-")
    _texts(plain["title"], path.name, "title")
    if plain["name"] != path.stem:
        raise WrongSchema(path.name, "name", "it is not the file's name")
    terms, seen = [], set()
    for entry in plain["terms"]:
        term: dict[str, Any] = {
            "id": str(entry.get("id")),
            "title": {k: entry[k] for k in LANGUAGES if k in entry},
        }
        _keys(entry, {"id", *LANGUAGES, "synonyms", "broader", "extra"}, path.name, term["id"])
        _texts(term["title"], path.name, term["id"])
        if not TERM.match(term["id"]) or term["id"] in seen:
            raise WrongSchema(path.name, term["id"], "the id is malformed or stands twice")
        seen.add(term["id"])
        terms.append(term | {k: entry[k] for k in ("synonyms", "broader", "extra") if k in entry})
    _check_words(terms, path.name)
    for term in terms:
        if term.get("broader") and term["broader"] not in seen:
            raise WrongSchema(path.name, term["id"], "its broader term is not in the list")
    return {k: v for k, v in plain.items() if k != "terms"} | {"terms": terms}


def _check_words(terms: Iterable[Mapping[str, Any]], file: str) -> None:
    """No word may stand for two terms: which of them it means would be luck."""
    owner: dict[str, str] = {}
    for term in terms:
        for word in (term["id"], *term["title"].values(), *term.get("synonyms", ())):
            if not isinstance(word, str) or not fold(word):
                raise WrongSchema(file, term["id"], f"«{word}» is not a word; quote it")
            if owner.setdefault(fold(word), term["id"]) != term["id"]:
                raise WrongSchema(file, term["id"], f"«{word}» stands for {owner[fold(word)]}, too")


def _read_type(path: Path, common: Mapping[str, Any]) -> dict[str, Any]:
    plain = read_yaml(path)
    _keys(plain, _TYPE_KEYS, path.name, "-")
    for key in ("title", "plural", "description"):
        _texts(plain.get(key), path.name, key)
    small = plain.get("small", False)
    entries = [] if small else list(common["first"])
    entries += plain["fields"]
    entries += [] if small else common["last"]
    fields: dict[str, dict[str, Any]] = {}
    for entry, group in _with_groups(entries, common["groups"], path.name):
        changed = _changed(entry, plain.get("change", {}).get(entry.get("name"), {}))
        ready = _field(changed, group, path.name)
        if ready["name"] in fields:
            raise WrongSchema(path.name, ready["name"], "the field stands twice")
        fields[ready["name"]] = ready
    for name in plain.get("change", {}):
        if name not in fields:
            raise WrongSchema(path.name, name, "it changes a field that is not there")
    rest = {k: v for k, v in plain.items() if k not in ("fields", "change", "rdfType")}
    if "rdfType" in plain:
        rest["rdf_type"] = plain["rdfType"]
    if "location_reserved" in fields:
        rest["reserved"] = [name for name in common["reserved"] if name in fields]
    return {**rest, "fields": list(fields.values())}


def _with_groups(
    entries: Iterable[Mapping[str, Any]], groups: Mapping[str, Any], file: str
) -> Iterable[tuple[Mapping[str, Any], str]]:
    for entry in entries:
        if "use" not in entry:
            yield entry, ""
            continue
        if entry["use"] not in groups or len(entry) > 1:
            raise WrongSchema(file, str(entry["use"]), "there is no such group of fields")
        for field in groups[entry["use"]]:
            yield field, entry["use"]


def _changed(entry: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    return {**copy.deepcopy(dict(entry)), **change}


def _field(entry: Mapping[str, Any], group: str, file: str, *, inner: bool = False) -> dict[str, Any]:
    name = str(entry.get("name"))
    _keys(entry, _FIELD_KEYS, file, name)
    limits = entry.get("constraints", {})
    _keys(limits, _CONSTRAINTS, file, f"{name}.constraints")
    if not NAME.match(name) or (name == "id" and not inner):
        raise WrongSchema(file, name, "a name has small letters, figures and _")
    for key, allowed in (("type", TYPES), ("format", FORMATS), ("release", RELEASE), ("search", SEARCH),
                         ("match", MATCH), ("fuse", FUSE), ("form", FORM)):  # fmt: skip
        if key in entry and entry[key] not in allowed:
            raise WrongSchema(file, name, f"{key} cannot be «{entry[key]}»")
    _texts(entry.get("title"), file, f"{name}.title")
    if not inner:
        _texts(entry.get("description"), file, f"{name}.description")
    plain: dict[str, Any] = {"name": name, "type": entry["type"]}
    plain |= {k: entry[k] for k in ("format", "unit", "vocabulary", "release", "personal", "search", "facet",
                                    "match", "fuse", "form", "target", "title", "description", "example")
              if k in entry}  # fmt: skip
    for ours, theirs in (("required", "required"), ("pattern", "pattern"), ("max_items", "maxItems"),
                         ("minimum", "minimum"), ("maximum", "maximum")):  # fmt: skip
        if theirs in limits:
            plain[ours] = limits[theirs]
    plain["max_length"] = limits.get("maxLength", _LENGTHS.get(entry.get("format", ""), 200))
    if entry["type"] == "array":
        plain.setdefault("max_items", 100)
    if "rdfType" in entry:
        plain["rdf_type"] = entry["rdfType"]
    if group or "group" in entry:
        plain["group"] = group or entry["group"]
    if "items" in entry:
        plain["items"] = [_field(item, "", file, inner=True) for item in entry["items"]]
    return plain


def _check_together(rtype: Mapping[str, Any], vocabularies: set[str], types: set[str]) -> None:
    """What one field alone cannot tell: do the names it uses exist?"""
    file = f"{rtype['name']}.yaml"
    names = {f["name"] for f in rtype["fields"]}
    for name in rtype.get("composed", ()):
        if name not in names:
            raise WrongSchema(file, name, "the composed title names a field that is not there")
    for field in [*rtype["fields"], *(i for f in rtype["fields"] for i in f.get("items", ()))]:
        if field.get("vocabulary") and field["vocabulary"] not in vocabularies:
            raise WrongSchema(file, field["name"], f"there is no vocabulary «{field['vocabulary']}»")
        if field.get("target") and field["target"] not in types | {"*"}:
            raise WrongSchema(file, field["name"], f"there is no type «{field['target']}»")
        if field.get("format") in ("reference", "address", "member_or_address") and not field.get("target"):
            raise WrongSchema(file, field["name"], "a reference names its target")


def _keys(mapping: Any, allowed: set[str], file: str, place: str) -> None:
    if not isinstance(mapping, dict):
        raise WrongSchema(file, place, "a mapping of keys is expected")
    unknown = sorted(str(k) for k in mapping if k not in allowed)
    if unknown:
        raise WrongSchema(file, place, f"unknown key «{unknown[0]}»")


def _texts(texts: Any, file: str, place: str) -> None:
    complete = isinstance(texts, dict) and set(texts) == set(LANGUAGES)
    if not complete or not all(isinstance(t, str) and t for t in texts.values()):
        raise WrongSchema(file, place, "a text in es and en is expected")
