"""From bytes to everything an import needs: table, mapping, names. Asks nobody and writes nothing.

Where no mapping is given: the one this source was imported with, else a proposal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import ClassVar
from zoneinfo import ZoneInfo

from commons.catalogue.errors import UnknownType
from commons.catalogue.store import Catalogue
from commons.errors import InputError
from commons.findings import Finding
from commons.imports.guessing.guess import propose, with_place
from commons.imports.guessing.phone_regions import with_phones
from commons.imports.guessing.proposal import HOME, ID, KEY, Proposal
from commons.imports.guessing.proposal_text import mapping_text
from commons.imports.guessing.titles import with_title
from commons.imports.loading.load import Request, source_for
from commons.imports.loading.plan import Wishes
from commons.imports.mapping.file import parse_mapping
from commons.imports.mapping.made import Reader
from commons.imports.mapping.rules import OWN_COLUMNS, Consent, Mapping, Owner
from commons.imports.mapping.values import with_region
from commons.imports.reading.read import read_bytes
from commons.imports.reading.table import Table
from commons.messages import N_
from commons.schema.spec import RecordType
from commons.schema.territory import NoTerritory, Territory, WrongTerritory
from commons.schema.territory import load as load_territory

_ZONE = "America/Mexico_City"


@dataclass(eq=False)
class TypeNeeded(InputError):
    """Neither the command nor a mapping says what the rows are."""

    file: str
    types: str
    template: ClassVar[str] = N_("What are the rows of {file}?")
    hint_template: ClassVar[str] = N_("Say it with --type; there are: {types}.")


@dataclass(eq=False)
class OtherType(InputError):
    """Command and mapping disagree on the type."""

    type: str
    mapped: str
    template: ClassVar[str] = N_("The mapping is for records of type {mapped}, not {type}.")
    hint_template: ClassVar[str] = N_("Leave --type out, or choose another mapping.")


@dataclass(eq=False)
class NothingRecognised(InputError):
    """No column is like a field of the type, and none can stand for names."""

    file: str
    type: str
    columns: str
    template: ClassVar[str] = N_("No column of {file} is like a field of type {type}: {columns}.")
    hint_template: ClassVar[str] = N_(
        "Perhaps the rows are of another --type, or the headings are missing; else write a mapping"
        " (docs/importing.md) and give it with --mapping."
    )


@dataclass(frozen=True)
class Given:
    """What the person gave: the bytes, their name, where they come from, and what was said about them."""

    data: bytes
    name: str
    location: str = ""
    type: str | None = None
    sheet: str | None = None
    source: str | None = None
    mapping: str | None = None  # text of a mapping file
    mapping_name: str = ""
    wishes: Wishes = Wishes()  # noqa: RUF009  (frozen)


@dataclass(frozen=True)
class Prepared:
    """Ready to be imported. `proposal` and `proposed` only where the mapping is new."""

    request: Request
    mapping_text: str
    proposal: Proposal | None = None


def prepare(catalogue: Catalogue, given: Given, *, lang: str) -> Prepared:
    """Read the table and settle its mapping. Raises TableRefused, MappingRefused, TypeNeeded, OtherType."""
    schema = catalogue.schema
    mapping = None
    text = given.mapping
    if text is not None:
        mapping = parse_mapping(text, schema, file=given.mapping_name)
    table = read_bytes(given.data, given.name, sheet=given.sheet or (mapping.sheet if mapping else None))
    rtype = _type(catalogue, given, mapping)
    if mapping is None:
        text = _remembered(catalogue, table, rtype, given.source)
        if text is not None:
            mapping = parse_mapping(text, schema, file=given.source or given.name)
    proposal = None
    if mapping is None:
        territory = territory_of(catalogue)
        districts = [d.name for d in territory.districts.values()] if territory else []
        proposal = propose(table, rtype, schema, districts=districts, lang=lang)
        proposal = with_title(proposal, rtype, lang)
        if all(guess.target in (HOME, KEY, ID) for guess in proposal.guesses):
            raise NothingRecognised(given.name, rtype.name, ", ".join(f"«{c}»" for c in table.columns)[:300])
        proposal = with_place(proposal, table, schema, districts=districts, lang=lang)
        proposal = with_phones(proposal, table, territory)
        text = mapping_text(proposal, table, rtype, territory=territory, lang=lang)
        mapping = parse_mapping(text, schema, file=given.name)
        table = replace(table, findings=(*table.findings, *proposal.findings))
    return Prepared(_request(catalogue, given, table, mapping, text or "", lang), text or "", proposal)


def with_answers(
    catalogue: Catalogue,
    given: Given,
    prepared: Prepared,
    *,
    owners: MappingOf[str, Owner],
    consents: MappingOf[str, Consent],
    constants: MappingOf[str, str],
    lang: str,
) -> Prepared:
    """The proposal once more, with what the person answered about it."""
    if prepared.proposal is None:
        return prepared
    table, rtype = prepared.request.table, catalogue.schema.types[prepared.proposal.type]
    text = mapping_text(
        prepared.proposal,
        table,
        rtype,
        owners=owners,
        consents=consents,
        constants=constants,
        territory=territory_of(catalogue),
        lang=lang,
    )
    mapping = parse_mapping(text, catalogue.schema, file=given.name)
    return Prepared(_request(catalogue, given, table, mapping, text, lang), text, prepared.proposal)


def territory_of(catalogue: Catalogue) -> Territory | None:
    """The catalogue's territory, if it has one that can be read."""
    name = catalogue.profile.fields.get("territory")
    try:
        return load_territory(str(name)) if name else None
    except (NoTerritory, WrongTerritory):
        return None


def _type(catalogue: Catalogue, given: Given, mapping: Mapping | None) -> RecordType:
    if mapping is not None:
        if given.type is not None and given.type not in {p.type for p in mapping.records}:
            raise OtherType(given.type, mapping.main.type)
        return catalogue.schema.types[mapping.main.type]
    known = {name: t for name, t in catalogue.schema.types.items() if not t.small}
    if given.type is None:
        raise TypeNeeded(given.name, ", ".join(known))
    if given.type not in known:
        raise UnknownType(given.type)
    return known[given.type]


def _remembered(catalogue: Catalogue, table: Table, rtype: RecordType, wanted: str | None) -> str | None:
    name = source_for(catalogue, table, rtype.name, wanted, "")
    source = catalogue.sources.get(name)
    text = source.settings.get("mapping") if source is not None else None
    return text if isinstance(text, str) else None


def _request(
    catalogue: Catalogue, given: Given, table: Table, mapping: Mapping, text: str, lang: str
) -> Request:
    territory = territory_of(catalogue)
    zone = ZoneInfo(mapping.time_zone or (territory.time_zone if territory else _ZONE))
    stem = PurePosixPath(given.name).stem or "table"
    notes = [Finding("column-unknown", column=c) for c in _unknown(table, mapping)]
    findings = tuple(f for f in table.findings if f.code != "column-unknown")  # of the proposal before
    return Request(
        table=replace(table, findings=(*findings, *notes)),
        reader=Reader(catalogue.schema, mapping, lang, zone, with_region(territory, mapping.phone_region)),
        source=source_for(catalogue, table, mapping.main.type, given.source, stem),
        location=given.location,
        settings={"mapping": text, **({"sheet": given.sheet} if given.sheet else {})},
        digest=hashlib.sha256(given.data).hexdigest(),
        wishes=given.wishes,
    )


def _unknown(table: Table, mapping: Mapping) -> list[str]:
    named = mapping.columns_used() | {*mapping.extra, *mapping.ignore, *OWN_COLUMNS}
    return [column for column in table.columns if column not in named]
