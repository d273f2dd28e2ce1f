"""A territory: districts with their names, the clock, and how phones and money are written there.

Ships two (`cdmx`, `none`); a federation may give the path of a file of its own. Draws nothing and decides
nothing about records.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import yaml

from commons import assets
from commons.errors import InputError
from commons.messages import LANGUAGES, N_
from commons.schema.spec import Texts
from commons.schema.vocabularies import Match, best, fold, names_of

_KEYS = {
    "name", "title", "synonyms", "country", "region", "time_zone", "language", "currency", "phone_region",
    "phone_area", "postal_code_figures", "district_title", "district_words", "bounds_e6", "districts",
    "source",
}  # fmt: skip
_DISTRICT_KEYS = {
    "code", "name", "synonyms", "postal_prefixes", "tile", "centre_e6", "neighbours", "neighbourhoods",
    "outline",
}  # fmt: skip
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,11}\Z")
MOST_BYTES = 20_000_000


@dataclass(eq=False)
class NoTerritory(InputError):
    """There is no territory of this name and no file at this path."""

    name: str
    known: str
    template: ClassVar[str] = N_("There is no territory «{name}».")
    hint_template: ClassVar[str] = N_("Choose one of {known}, or give the path of a territory file.")


@dataclass(eq=False)
class WrongTerritory(InputError):
    """A territory file cannot be used."""

    name: str
    problem: str
    template: ClassVar[str] = N_("The territory file {name} cannot be used: {problem}.")
    hint_template: ClassVar[str] = N_("docs/schema.md explains the keys of a territory file.")


@dataclass(frozen=True, slots=True, eq=False)
class District:
    """One district. Positions are whole millionths of a degree, latitude first."""

    code: str
    name: str
    synonyms: tuple[str, ...] = ()
    postal_prefixes: tuple[str, ...] = ()
    tile: tuple[int, ...] = ()  # row and column of the diagram
    centre_e6: tuple[int, ...] = ()
    neighbours: tuple[str, ...] = ()
    neighbourhoods: tuple[str, ...] = ()
    outline: tuple[tuple[tuple[int, int], ...], ...] = ()  # rings of (latitude_e6, longitude_e6)


@dataclass(frozen=True, slots=True, eq=False)
class Territory:
    """Where a federation lives."""

    name: str
    title: Texts
    time_zone: str
    districts: Mapping[str, District]
    language: str = "es"
    country: str = ""
    region: str = ""
    currency: str = "MXN"
    phone_region: str = "MX"
    phone_area: str = ""
    postal_code_figures: int = 0
    synonyms: tuple[str, ...] = ()
    district_title: Texts = field(default_factory=lambda: {"es": "Municipio", "en": "District"})
    district_words: tuple[str, ...] = ()
    bounds_e6: tuple[int, ...] = ()  # south, west, north, east

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The clock."""
        return zoneinfo.ZoneInfo(self.time_zone)

    def district_name(self, code: str) -> str:
        """A district's name; the code where it is not one of ours."""
        known = self.districts.get(code)
        return known.name if known else code

    def find_district(self, text: str) -> Match | None:
        """The district that `text` names: code, name, synonym, beginning, one slip; None if unsure."""
        if text.strip() in self.districts:
            return Match(text.strip(), exact=True)
        names, beginnings = _district_names(self)
        wanted = fold(text)
        for word in beginnings:
            wanted = wanted.removeprefix(word + " ")
        if wanted.isdigit():
            return self._by_figures(wanted)
        # one slip at most: Ixtapaluca is a town of its own, not Iztapalapa
        found = best(wanted, names, most_slips=1)
        if found is None and len(wanted) >= 6:
            begun = {id for name, id in names.items() if name.startswith(wanted)}
            found = Match(begun.pop(), exact=False) if len(begun) == 1 else None
        return found

    def _by_figures(self, figures: str) -> Match | None:
        """Sheets lose leading zeros: 9002 means 09002."""
        codes = [code for code in self.districts if code.lstrip("0") == figures.lstrip("0")]
        return Match(codes[0], exact=False) if len(codes) == 1 and len(figures) > 2 else None

    def district_of_postal_code(self, postal_code: str) -> str | None:
        """The district whose postal codes begin so; None if the territory does not say."""
        for district in self.districts.values():
            if any(postal_code.startswith(prefix) for prefix in district.postal_prefixes):
                return district.code
        return None

    def holds(self, latitude_e6: int, longitude_e6: int) -> bool:
        """Whether a position can lie here at all; True where the territory has no bounds."""
        if not self.bounds_e6:
            return True
        south, west, north, east = self.bounds_e6
        return south <= latitude_e6 <= north and west <= longitude_e6 <= east


def known_names() -> tuple[str, ...]:
    """The territories that ship."""
    return tuple(sorted(p.stem for p in (assets.folder("schemas") / "territories").glob("*.yaml")))


def load(name: str | Path) -> Territory:
    """A territory that ships, by name, or a file of a federation, by path.

    Raises:
        NoTerritory: neither a name nor a file.
        WrongTerritory: the file says something that cannot be used.
    """
    if isinstance(name, str) and name in known_names():
        return _shipped(name)
    path = Path(name)
    if not path.is_file():
        raise NoTerritory(str(name), ", ".join(known_names()))
    return parse(content(path), path.name)


def content(name: str | Path) -> bytes:
    """The bytes of a territory's file, for its digest. Raises NoTerritory, WrongTerritory."""
    shipped = assets.folder("schemas") / "territories" / f"{name}.yaml"
    path = shipped if isinstance(name, str) and name in known_names() else Path(name)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise WrongTerritory(path.name, N_("it is too large"))
        return path.read_bytes()
    except OSError as error:
        raise NoTerritory(str(name), ", ".join(known_names())) from error


@cache
def _shipped(name: str) -> Territory:
    return parse(content(name), f"{name}.yaml")


def parse(data: bytes, name: str) -> Territory:
    """A territory from its file's bytes. Raises WrongTerritory."""
    try:
        plain = yaml.load(data.decode("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise WrongTerritory(name, str(error).replace("\n", " ")) from error
    try:
        return _territory(plain)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise WrongTerritory(name, str(error)) from error


def _territory(plain: Any) -> Territory:
    _known(plain, _KEYS)
    title = plain["title"]
    if set(title) != set(LANGUAGES):
        raise ValueError("title: es, en")
    zone = str(plain["time_zone"])
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"time_zone: {zone}") from error
    districts: dict[str, District] = {}
    for entry in plain.get("districts") or []:
        _known(entry, _DISTRICT_KEYS)
        code = str(entry["code"])
        if not _CODE.match(code) or code in districts:
            raise ValueError(f"code: {code}")
        districts[code] = District(**{**{k: _frozen(v) for k, v in entry.items()}, "code": code})
    for district in districts.values():
        for neighbour in district.neighbours:
            if district.code not in getattr(districts.get(neighbour), "neighbours", ()):
                raise ValueError(f"neighbours: {district.code}, {neighbour}")
    rest = {k: _frozen(v) for k, v in plain.items() if k not in ("districts", "source")}
    if "phone_region" in rest:
        if not _is_phone_region(str(rest["phone_region"])):
            raise ValueError(f"phone_region: {rest['phone_region']}")
    elif _is_phone_region(country := str(rest.get("country") or "").strip().upper()):
        rest["phone_region"] = country  # «México», «EU»: a country's name in words says no numbers
    return Territory(**{**rest, "districts": districts})


def _is_phone_region(code: str) -> bool:
    if code == "MX":
        return True  # the reader of telephones is slow to load, and the usual case needs no looking up
    if len(code) != 2:
        return False
    from phonenumbers import SUPPORTED_REGIONS

    return code in SUPPORTED_REGIONS


def _known(mapping: Any, allowed: set[str]) -> None:
    if not isinstance(mapping, dict):
        raise TypeError("a mapping of keys is expected")
    unknown = sorted(str(key) for key in mapping if key not in allowed)
    if unknown:
        raise ValueError(f"unknown key «{unknown[0]}»")


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


@cache
def _district_names(territory: Territory) -> tuple[dict[str, str], tuple[str, ...]]:
    """Folded name → code, and the words that may stand before a name."""
    names = names_of((d.code, (d.name, *d.synonyms)) for d in territory.districts.values())
    words = sorted((fold(w) for w in territory.district_words), key=len, reverse=True)
    return names, tuple(words)
