"""What a column's cells look like: telephone, date, person's name … Judges contents, never headings.

A column "looks like" a kind by the share of its filled cells that fit. Nothing is changed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from commons.addresses import slug

SAMPLE = 400

_PHONE = re.compile(r"\(?\+?\d[\d\s().\-/]{6,20}\d\Z")
_EXTENSION = re.compile(
    r"\s*(?:,|;|\||/| y | o | ext\.?\s*\d+|whats\w*|cel\w*\.?|tel\w*\.?:?|\bx\d+)\s*", re.IGNORECASE
)
_PHONE_FLOAT = re.compile(r"\d\.\d{5,10}E\+?(9|1[0-2])\Z|\d{10}(\.0)?\Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}\Z")
_URL = re.compile(
    r"(https?://|www\.)\S+\Z"
    r"|(?:[a-z0-9-]+\.)+(?:com|org|net|mx|es|info|edu|gob|gov|io|co|ar|cl|pe|uk|us|ca|br|app|ly|gle|me|tv|eu|coop"
    r"|ngo|site|online|page|link|example)(?:[/?#]\S*)?\Z",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"@[\w.]{2,30}\Z|(usuario|user)\s?\d{2,}\Z", re.IGNORECASE)  # with anonymised ones
_DECIMAL = re.compile(r"-?\d{1,3}\.\d{3,}\Z")  # a position, not a telephone
_PAIR = re.compile(
    r"\(?\s*-?\d{1,2}\.\d+°?\s*[,;\s]\s*-?\d{1,3}\.\d+°?\s*\)?\Z"
    r"|\(?\s*-?\d{1,2},\d+°?\s*(;|,\s|\s)\s*-?\d{1,3},\d+°?\s*\)?\Z"
)
_PAIR_DMS = re.compile(
    r"\d{1,2}\s*[°º][^NSns°º]{0,20}[NS][\s,;]+\d{1,3}\s*[°º][^EWO°º]{0,20}[EWO]\Z", re.IGNORECASE
)
_DATE = re.compile(
    r"((?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?=T|\Z)|\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2}))([T\s]+\d{1,2}:\d{2}(:\d{2})?.*|T\d{4}(\d\d)?Z?)?\Z"
)
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?(\s*[ap]\.?\s?m\.?)?\Z", re.IGNORECASE)
_JSON = re.compile(r"[\[{].*[\]}]\Z", re.DOTALL)
_DATE_IN_WORDS = re.compile(
    r"(?:[^\W\d_]+,? )?\d{1,2}[ºo°]?[-/. ](?:de )?[^\W\d_]{3,10}\.?[-/. ,]+(?:del? )?\d{2,4}"
    r"([,\s]+\d{1,2}:\d{2}.*)?\Z|\d{4}[/.]\d{1,2}[/.]\d{1,2}(\s.*)?\Z",
    re.IGNORECASE,
)
_SERIAL = re.compile(r"(3[6-9]|4\d|5[0-4])\d{3}(\.\d+)?\Z")  # 1998 to 2050, in days since 1899-12-30
_NUMBER = re.compile(
    r"[-+]?\$?\s?\d{1,3}([, ]\d{3})*(\.\d+)?\Z|[-+]?\d+([.,]\d+)?(E[+-]?\d+)?\Z", re.IGNORECASE
)
# "120 personas", "aprox. 80", "$1,200.00 MXN": one number, with little around it
_COUNTED = re.compile(r"[^\d\W]{0,12}\.?\s?[-+]?[$€£]?\s?\d[\d., ]*\s?[^\d]{0,16}\Z", re.IGNORECASE)
_POSTAL = re.compile(r"\d{4,5}(\.0)?\Z")
_FOREIGN_POSTAL = re.compile(r"[A-Z]{0,2}\d[\dA-Z]{1,6}([ -]?\d[A-Z\d]{2,3})?\Z", re.IGNORECASE)
_CODE = re.compile(r"(?=\S*\d)(?=\S*[A-Z])[A-Z0-9][A-Z0-9_/-]{4,}\Z|(?=\S*\d)\S*[/:]\d{3,}\Z")
_ROLE = re.compile(
    r"\b(director|directora|coordinador|coordinadora|coordinator|manager|officer|ceo|president|presidente|"
    r"presidenta|secretari[oa]|tesorer[oa]|gerente|analyst|supervisor|encargad[oa])\b",
    re.IGNORECASE,
)
# maps, pictures and networks are no page of their own
_NO_PAGE = re.compile(
    r"maps\.app\.goo\.gl|goo\.gl/maps|google\.[a-z.]+/maps|waze\.com|facebook\.com|instagram\.com|twitter\.com"
    r"|\.(jpe?g|png|gif|svg|pdf)\Z",
    re.IGNORECASE,
)
_MIXED = re.compile(r"https?://|\S@\S")
_PHONE_WORDS = re.compile(
    r"\b(?:tel[eé]fonos?|tels?|fono|phone|cel(?:ular)?|m[oó]vil|ofic(?:ina)?|fijo|casa|caseta|fax|ext|"
    r"whats\w*)\b[.:]*|[#*_:.]|\([^)\d]*\)",
    re.IGNORECASE,
)
_PHONE_INSIDE = re.compile(r"\+?\(?\d[\d\s()\-–/]{4,}\d")
_HOURS = re.compile(
    r"\d{1,2}(:\d\d)?\s*(hrs?|horas|am|pm|a\.m|p\.m|h)\b|\d{1,2}:\d\d|24\s*(hrs|horas|/7)", re.IGNORECASE
)
_YES_NO = frozenset(("si", "no", "yes", "true", "false", "verdadero", "falso", "s", "n", "x", "1", "0"))
_STATUS = frozenset(
    ("activo", "activa", "activos", "activas", "inactivo", "inactiva", "pendiente", "vigente", "vencido",
     "vencida", "abierto", "abierta", "cerrado", "cerrada", "operativo", "operativa", "operational", "open",
     "closed", "active", "inactive", "pending", "done", "completed", "pasado", "pasada", "proximo", "proxima",
     "finalizado", "finalizada", "terminado", "terminada", "en-proceso", "en-curso", "baja", "suspendido",
     "suspendida", "cancelado", "cancelada", "disponible", "publicado", "borrador", "aprobado", "bueno",
     "malo", "regular")
)  # fmt: skip
_CURP = re.compile(r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d\Z")
_RFC = re.compile(r"[A-ZÑ&]{3,4}\d{6}[A-Z0-9]{3}\Z")
_STAND_IN = re.compile(r"(persona|person|nombre)\s?\d{2,}\Z", re.IGNORECASE)  # anonymised lists
_WORD = re.compile(r"[^\W\d_]+\.?\Z")


def _list(name: str) -> frozenset[str]:
    """A word list beside this file, one a line, without accents."""
    return frozenset((Path(__file__).parent / name).read_text(encoding="utf-8").split())


_FIRST_NAMES = _list("person_names.txt")  # a name is not proof; a column full of them is
_ORGANISATION_WORDS = _list("organisation_words.txt")


@dataclass(frozen=True)
class Looks:
    """How a column looks: share (0 to 1) by kind, over `filled` sampled cells; `distinct`: their share."""

    shares: Mapping[str, float]
    filled: int
    distinct: float
    longest: int

    def share(self, kind: str) -> float:
        """0 where nothing fits or the column is empty."""
        return self.shares.get(kind, 0.0)

    @property
    def best(self) -> str | None:
        """The most telling kind that at least three in five cells fit; None where no kind does."""
        fitting = [kind for kind in _TELLING if self.share(kind) >= 0.6]
        return fitting[0] if fitting else None


# from the most telling to the least: an e-mail is an e-mail, a number may be anything
_TELLING = (
    "curp", "rfc", "email", "url", "phone", "position", "date", "district", "person", "handle", "latitude",
    "longitude", "contact", "serial_date", "postal_code", "hours", "boolean", "number",
)  # fmt: skip


def looks(cells: Iterable[str], *, districts: Sequence[str] = ()) -> Looks:
    """Judge a column by up to SAMPLE filled cells, spread over its length."""
    filled = [cell for cell in cells if cell]
    step = max(1, len(filled) // SAMPLE)
    sample = filled[::step][:SAMPLE]
    if not sample:
        return Looks({}, 0, 0.0, 0)
    names = frozenset(slug(d) for d in districts)
    counts: dict[str, int] = {}
    for cell in sample:
        for kind in _kinds(cell, names):
            counts[kind] = counts.get(kind, 0) + 1
    shares = {kind: n / len(sample) for kind, n in counts.items()}
    return Looks(shares, len(sample), len(set(sample)) / len(sample), max(len(c) for c in sample))


def is_phone(text: str) -> bool:
    """One or several telephone numbers, also as a spreadsheet's 5.555500306E9."""
    if _PHONE_FLOAT.match(text):
        return True
    parts = [part.strip() for part in _EXTENSION.split(text) if part.strip()]
    return bool(parts) and all(
        _PHONE.match(part)
        and not _DECIMAL.match(part)
        and 8 <= sum(c.isdigit() for c in part) <= 13
        and not _DATE.match(part)
        for part in parts
    )


def holds_phone(text: str) -> bool:
    """A telephone with words around it ("CEL. 983 131 90 08 (llaves)") or a local one: under a heading."""
    if is_phone(text):
        return True
    if len(text) > 120:
        return False
    bare = _PHONE_WORDS.sub(" ", text)
    found = _PHONE_INSIDE.search(bare)
    if found is None or _DECIMAL.match(text) or _DATE.match(text):
        return False
    rest = bare[: found.start()] + bare[found.end() :]
    return sum(c.isdigit() for c in found[0]) >= 6 and sum(c.isalpha() for c in rest) <= 20


def is_position(text: str) -> bool:
    """Latitude and longitude in one cell, with point or comma, or in degrees, minutes and seconds."""
    return bool(_PAIR.match(text) or _PAIR_DMS.match(text))


def is_person(text: str) -> bool:
    """A person's name: a usual first name and no sign of an organisation or a street."""
    if _STAND_IN.match(text):
        return True
    words = text.replace(",", " ").split()
    if not 1 <= len(words) <= 6 or not all(_WORD.match(word) for word in words):
        return False
    plain = [slug(word) for word in words]
    if plain[0] in _ORGANISATION_WORDS or len(words) == 1:
        return plain[0] in _FIRST_NAMES and len(words) == 1 and words[0][0].isupper()
    return any(word in _FIRST_NAMES for word in plain[:2]) and not set(plain) & _ORGANISATION_WORDS


def names_organisation(text: str) -> bool:
    """Whether a word stands in it that names an organisation or a place, not a person."""
    return not {slug(word) for word in text.replace(",", " ").split()}.isdisjoint(_ORGANISATION_WORDS)


def _kinds(cell: str, districts: frozenset[str]) -> list[str]:
    kinds = [kind for kind, fits in _checks().items() if fits(cell)]
    if districts and is_district(cell, districts):
        kinds = [kind for kind in kinds if kind != "person"] + ["district"]  # Benito Juárez, Miguel Hidalgo
    if _reaches_somebody(cell):
        kinds.append("contact")
    return kinds


def _reaches_somebody(cell: str) -> bool:
    """Any mixture of telephones, e-mails, handles and profile pages."""
    parts = [part for part in re.split(r"[,;\n]| [/y] ", cell) if part.strip()]
    return bool(parts) and any(
        is_phone(p.strip())
        or _EMAIL.match(p.strip())
        or _HANDLE.match(p.strip())
        or "facebook.com" in p.lower()
        for p in parts
    )


def is_district(text: str, slugs: frozenset[str]) -> bool:
    """The name of a district, spelling aside ("Cuahutemoc", "Alvaro Obreg")."""
    name = slug(text)
    return len(name) > 3 and (name in slugs or _near(name, slugs))


@cache
def _near(name: str, slugs: frozenset[str]) -> bool:
    from rapidfuzz import fuzz, process

    hit = process.extractOne(name, slugs, scorer=fuzz.ratio, score_cutoff=84)
    return hit is not None or any(len(name) >= 8 and s.startswith(name) for s in slugs)


def _as_number(cell: str) -> float | None:
    try:
        return float(cell.replace(",", ".") if cell.count(",") == 1 and "." not in cell else cell)
    except ValueError:
        return None


def _is_latitude(cell: str) -> bool:
    number = _as_number(cell)
    return number is not None and "." in cell and 14 <= number <= 33


def _is_longitude(cell: str) -> bool:
    number = _as_number(cell)
    return number is not None and "." in cell and -119 <= number <= -86


@cache
def _checks() -> dict[str, Callable[[str], bool]]:
    def matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
        return lambda cell: bool(pattern.match(cell))

    return {
        "curp": matches(_CURP),
        "rfc": matches(_RFC),
        "email": lambda c: all(_EMAIL.match(p) for p in re.split(r"[,;\s]+", c) if p) and "@" in c,
        "url": matches(_URL),
        "phone": is_phone,
        "holds_phone": holds_phone,
        "position": lambda c: len(c) < 80 and is_position(c),
        "date": lambda c: len(c) < 80 and bool(_DATE.match(c) or _DATE_IN_WORDS.match(c)),
        "person": is_person,
        "handle": matches(_HANDLE),
        "latitude": _is_latitude,
        "longitude": _is_longitude,
        "serial_date": matches(_SERIAL),
        "postal_code": matches(_POSTAL),
        "foreign_postal_code": matches(_FOREIGN_POSTAL),
        "code": lambda c: len(c) < 60 and bool(_CODE.match(c)),
        "role": lambda c: len(c) < 60 and bool(_ROLE.search(c)),
        "no_page": lambda c: bool(_NO_PAGE.search(c)),
        "mixed": lambda c: bool(_MIXED.search(c)) and " " in c,
        "status": lambda c: slug(c) in _STATUS,
        "hours": lambda c: bool(_HOURS.search(c)) and not _DATE.match(c) and not is_phone(c),
        "clock": matches(_CLOCK),
        "json": matches(_JSON),
        "boolean": lambda c: slug(c) in _YES_NO,
        "number": matches(_NUMBER),
        "counted": lambda c: len(c) < 40 and bool(_COUNTED.match(c)) and not _DATE.match(c),
    }
