"""For which country the telephones of a list are written, where the list itself makes it plain. Pure.

Ten figures without + can be a number in Mexico and in the United States at once, so a number alone proves
nothing. Another country than the territory's is proposed only where something else in the list says it too,
and the mapping file then says it aloud; in doubt the territory's stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import phonenumbers

from commons.addresses import slug
from commons.findings import Finding
from commons.imports.guessing.proposal import Proposal
from commons.imports.guessing.sniff import holds_phone
from commons.imports.mapping.cells import plain_number
from commons.imports.reading.table import Table
from commons.messages import N_, translate
from commons.schema import phones
from commons.schema.territory import Territory
from commons.schema.territory import load as load_territory

COUNTRIES = {
    "mexico": "MX", "espana": "ES", "spain": "ES", "colombia": "CO", "chile": "CL", "argentina": "AR",
    "peru": "PE", "ecuador": "EC", "bolivia": "BO", "uruguay": "UY", "paraguay": "PY", "venezuela": "VE",
    "guatemala": "GT", "honduras": "HN", "el-salvador": "SV", "nicaragua": "NI", "costa-rica": "CR",
    "panama": "PA", "cuba": "CU", "republica-dominicana": "DO", "estados-unidos": "US", "usa": "US",
    "united-states": "US", "estados-unidos-de-america": "US", "united-states-of-america": "US", "eeuu": "US",
    "ee-uu": "US", "puerto-rico": "PR", "canada": "CA", "reino-unido": "GB", "united-kingdom": "GB",
    "uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "brasil": "BR", "brazil": "BR",
}  # fmt: skip
# the states with the two figures with which their postal codes begin: «La Paz, CO 06000» is not in Colorado
_OF_THE_US = {
    "AL": "3[56]", "AK": "99", "AZ": "8[56]", "AR": "7[12]", "CA": "9[0-6]", "CO": "8[01]", "CT": "06",
    "DE": "19", "DC": "20", "FL": "3[2-4]", "GA": "3[019]", "HI": "96", "ID": "83", "IL": "6[0-2]",
    "IN": "4[67]", "IA": "5[0-2]", "KS": "6[67]", "KY": "4[0-2]", "LA": "7[01]", "ME": "0[34]", "MD": "2[01]",
    "MA": "0[125]", "MI": "4[89]", "MN": "5[56]", "MS": "3[89]", "MO": "6[3-5]", "MT": "59", "NE": "6[89]",
    "NV": "8[89]", "NH": "03", "NJ": "0[78]", "NM": "8[78]", "NY": "(?:1[0-4]|0[06])", "NC": "2[78]",
    "ND": "58", "OH": "4[3-5]", "OK": "7[34]", "OR": "97", "PA": "1[5-9]", "RI": "02", "SC": "29", "SD": "57",
    "TN": "3[78]", "TX": "(?:7[5-9]|88)", "UT": "84", "VT": "05", "VA": "2[0-4]", "WA": "9[89]",
    "WV": "2[4-6]", "WI": "5[34]", "WY": "8[23]",
}  # fmt: skip
_STATES = "|".join(_OF_THE_US)
_STATE = re.compile(rf"\A(?i:{_STATES})\.?\Z|,\s+(?:{_STATES})\.?\Z")  # no end of a word, as in «Puebla»
_WITH_CODES = "|".join(state + r"\.?,?\s+" + begins for state, begins in _OF_THE_US.items())
_STATE_AND_CODE = re.compile(rf"\b(?:{_WITH_CODES})\d{{3}}(?:-\d{{4}})?\b")
# areas that exist, and the halves apart unless nothing else is in the cell; «Mz B5 9AB» is a block and a lot
_BRITISH_AREA = r"(?:[BEGLMNSW]|[A-PR-UWYZ][A-HK-Y])\d[A-Z\d]?"
_BRITISH_CODE = re.compile(
    rf"\A{_BRITISH_AREA} ?\d[ABD-HJLNP-UW-Z]{{2}}\Z"
    rf"|(?<![\w-])(?<!\b[Mm][Zz] )(?<!\b[Mm][Zz][Aa] )(?<!\b[Ll][Tt] )(?<![Mm]anzana )(?<!MANZANA )"
    rf"{_BRITISH_AREA} \d[ABD-HJLNP-UW-Z]{{2}}\b"
)
# rough boxes in whole degrees (south, west, north, east): they only bear out what the numbers say
_BOXES: Mapping[str, tuple[int, int, int, int]] = {
    "MX": (14, -119, 33, -86), "US": (24, -125, 50, -66), "ES": (35, -10, 44, 5), "CO": (-5, -80, 13, -66),
    "CL": (-56, -76, -17, -66), "AR": (-56, -74, -21, -53), "PE": (-19, -82, 0, -68), "EC": (-5, -82, 2, -75),
    "BO": (-23, -70, -9, -57), "UY": (-35, -59, -30, -53), "VE": (0, -74, 13, -59), "CR": (8, -86, 12, -82),
    "GB": (49, -9, 61, 2), "CA": (42, -141, 70, -52), "BR": (-34, -74, 6, -34), "CU": (19, -85, 24, -74),
    "PY": (-28, -63, -19, -54), "DO": (17, -73, 20, -68), "PA": (7, -84, 10, -77),
}  # fmt: skip
_FEWEST = 3  # telephones from which anything is concluded
_SAMPLE = 300


@dataclass(frozen=True)
class Region:
    """A country for the telephones of a list, and why."""

    code: str
    reason: str


def regions() -> frozenset[str]:
    """The countries whose numbers can be read, by their two letters."""
    return frozenset(phonenumbers.SUPPORTED_REGIONS)


def with_phones(proposal: Proposal, table: Table, territory: Territory | None) -> Proposal:
    """The proposal with the country of its telephones, or with a word on numbers that none fits at home."""
    home = territory or load_territory("none")
    columns = [c for target in ("phones", "contact_phone") for c in proposal.columns_for(target)]
    cells = [cell for column in columns for cell in table.column(column) if cell and holds_phone(cell)]
    local = [cell for cell in cells if "+" not in cell][:_SAMPLE]
    if len(local) < _FEWEST:
        return proposal
    at_home = _valid(local, home.phone_region, home.phone_area)
    said = _said_by_the_list(proposal, table, cells)
    for code, (reason, outright) in said.items():
        there = _valid(local, code, "")
        if code == home.phone_region or len(there) < 0.9 * len(local):
            continue
        only = len(there - at_home)
        # both valid is no proof: then the list must name the country itself, in nearly every row
        if only > 0.5 * len(local) or (outright and only and len(there) > len(at_home)):
            text = translate(N_("{n} of {of} numbers are valid only there, and {what} agrees"))
            return _proposed(proposal, Region(code, text.format(n=only, of=len(local), what=reason)))
        if outright:
            return _proposed(proposal, Region(code, translate(N_("{what} says so")).format(what=reason)))
    strange = len(local) - len(at_home)
    if strange > 0.5 * len(local):
        column = columns[0]
        details: dict[str, str | int] = {"n": strange, "of": len(local), "region": home.phone_region}
        note = Finding("phones-not-from-here", column=column, details=details)
        return replace(proposal, findings=(*proposal.findings, note))
    return proposal


def _proposed(proposal: Proposal, region: Region) -> Proposal:
    details = {"region": region.code, "why": region.reason}
    note = Finding("phones-of-region", details=details)
    return replace(
        proposal,
        findings=(*proposal.findings, note),
        phone_region=region.code,
        phone_reason=region.reason,
    )


def _valid(cells: Iterable[str], code: str, area: str) -> frozenset[int]:
    """Which of the cells hold only numbers that exist in the country's plan, by place."""
    return frozenset(at for at, cell in enumerate(cells) if _exists(plain_number(cell), code, area))


def _exists(cell: str, code: str, area: str) -> bool:
    found = phones.read(cell, region=code, area=area)
    numbers = [str(entry["number"]) for entry in found.entries]
    return (
        bool(numbers)
        and not found.refused
        and all(n.startswith("+") and phonenumbers.is_valid_number(phonenumbers.parse(n)) for n in numbers)
    )


def _said_by_the_list(proposal: Proposal, table: Table, cells: list[str]) -> dict[str, tuple[str, bool]]:
    """Country → (what speaks for it, whether it names the country outright), surest first."""
    found: dict[str, tuple[str, bool]] = {}
    for guess in (*proposal.guesses, *proposal.place):
        texts = [cell for cell in table.column(guess.column) if cell][:_SAMPLE]
        if len(texts) < _FEWEST:
            continue
        quoted = f"«{guess.column}»"
        code = _country_of(texts) if guess.target == "country" or _names_country(guess.column) else None
        if code:
            found = {code: (quoted, True), **found}
        elif (guess.target == "region" and _share(_STATE, texts) > 0.8) or _share(
            _STATE_AND_CODE, texts
        ) > 0.5:
            found.setdefault("US", (quoted, _share(_STATE_AND_CODE, texts) > 0.9))
        elif guess.target in ("postal_code", "street_address") and _share(_BRITISH_CODE, texts) > 0.7:
            found.setdefault("GB", (quoted, False))
    for code, reason in (*_by_plus(cells), *_by_position(proposal, table)):
        found.setdefault(code, (reason, False))
    return found


def _names_country(column: str) -> bool:
    return slug(column).rpartition("-")[2] in ("pais", "country", "addresscountry")


def _country_of(texts: list[str]) -> str | None:
    """The one country of nearly all cells; None for several, or for what no list knows."""
    codes = [
        COUNTRIES.get(slug(text)) or (text.upper() if text.upper() in regions() else "") for text in texts
    ]
    most = max(set(codes), key=codes.count)
    return most if most and codes.count(most) >= 0.95 * len(codes) else None


def _share(pattern: re.Pattern[str], texts: list[str]) -> float:
    return sum(1 for text in texts if pattern.search(text)) / len(texts)


def _by_plus(cells: list[str]) -> list[tuple[str, str]]:
    """Numbers of the same list that carry their country's code."""
    codes = []
    for cell in cells:
        for number in (e["number"] for e in phones.read(cell, region="").entries if "+" in cell):
            code = phonenumbers.region_code_for_number(phonenumbers.parse(str(number)))
            codes += [code] if code else []
    if len(codes) < _FEWEST:
        return []
    most = max(set(codes), key=codes.count)
    if codes.count(most) < 0.8 * len(codes):
        return []
    return [(most, translate(N_("the numbers with +")))]


def _by_position(proposal: Proposal, table: Table) -> list[tuple[str, str]]:
    """Countries in whose box nearly all positions lie, unless they lie in Mexico's as well."""
    told = (*proposal.guesses, *proposal.place)
    columns = [[g.column for g in told if g.target == name] for name in ("latitude", "longitude")]
    if not all(columns):
        return []
    pairs = zip(table.column(columns[0][0]), table.column(columns[1][0]), strict=True)
    points = [
        (a, b) for a, b in ((_number(x), _number(y)) for x, y in pairs) if a is not None and b is not None
    ]
    points = points[:_SAMPLE]
    if len(points) < _FEWEST:
        return []
    holding = [
        code
        for code, (south, west, north, east) in _BOXES.items()
        if sum(south <= a <= north and west <= b <= east for a, b in points) >= 0.9 * len(points)
    ]
    return [] if "MX" in holding else [(code, translate(N_("the positions"))) for code in holding]


@cache
def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
