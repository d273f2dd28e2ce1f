"""A proposal as the text of a mapping file, with the reason for each guess as a comment. Writes no file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from commons.addresses import slug
from commons.imports.guessing.agreed import yes_words
from commons.imports.guessing.fits import LIST_SIGNS, names_things
from commons.imports.guessing.phone_regions import COUNTRIES
from commons.imports.guessing.proposal import (
    AGREED,
    HOME,
    ID,
    JOINS,
    KEY,
    MADE_BY_NAME,
    PARTS,
    Guess,
    Proposal,
)
from commons.imports.guessing.sniff import Looks
from commons.imports.guessing.titles import title_for
from commons.imports.mapping.dates import read_date
from commons.imports.mapping.rules import Consent, Owner, Rule, is_by_name
from commons.imports.reading.table import Table
from commons.messages import N_, translate
from commons.schema import typed, vocabularies
from commons.schema.spec import Field, RecordType, load_schema
from commons.schema.territory import Territory

PRIVATE = "private"  # the audience that no release has
_ANY_ZONE = ZoneInfo("UTC")
_SHORT_YEAR = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2}(?!\d)")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}")
# one number of a pair, with point or comma, or in degrees, minutes and seconds
_LATITUDE = r"^\(?\s*(-?[0-9]+(?:[.,][0-9]+|[°º][^NSns°º]*[NSns]))"
_LONGITUDE = r"(-?[0-9]+(?:[.,][0-9]+|[°º][^EWOewo°º]*[EWOewo]))°?\s*\)?$"
_NUMBER_IN_JSON = '"(?:number|phone|tel|value)": ?"([^"]+)"'
_SCHEMES = {"cluni": "MX-CLUNI", "cct": "MX-CCT", "clues": "MX-CLUES", "ein": "US-EIN"}
_UNREAD = {"schedules": "schedule_text", "price": "fees_description"}  # where words may stand instead
_PLACE = "place"  # the name of the record beside the row's own
_OWNED = ("phones", "email", "social_links")


def mapping_text(
    proposal: Proposal,
    table: Table,
    rtype: RecordType,
    *,
    owners: Mapping[str, Owner] | None = None,
    consents: Mapping[str, Consent] | None = None,
    constants: Mapping[str, str] | None = None,
    territory: Territory | None = None,
    lang: str = "es",
) -> str:
    """YAML that `mapping.file.parse_mapping` reads back. `owners`, `consents`: what was answered."""
    told = _Told(table, owners or {}, consents or {}, territory, lang)
    fields, home = _fields(proposal, rtype, told, constants or {})
    lines = _head(proposal, table, rtype)
    if proposal.place:
        fields.append(f"  place: {{record: {_PLACE}}}")
        lines += ["records:", f"  {rtype.name}:", f"    type: {rtype.name}", "    fields:"]
        lines += [f"    {line}" for line in fields]
        lines += _place_lines(proposal, told)
    else:
        lines += ["fields:", *fields]
    if home:
        lines.append("extra:  # " + translate(N_("stay at home")))
        lines += [f"  - {_quoted(column)}" for column in home]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class _Told:
    """What a line of a mapping is made of besides its guess."""

    table: Table
    owners: Mapping[str, Owner]
    consents: Mapping[str, Consent]
    territory: Territory | None
    lang: str


def _head(proposal: Proposal, table: Table, rtype: RecordType) -> list[str]:
    """What is said of the whole file."""
    lines = [
        "# "
        + translate(N_("How each column of {file} becomes a field. Correct it and import again.")).format(
            file=table.name
        ),
        "# " + translate(N_("What is not named under “fields” or “ignore” stays at home in “extra”.")),
    ]
    if not proposal.place:
        lines.append(f"type: {rtype.name}")
    if table.sheet:
        lines.append(f"sheet: {_quoted(table.sheet)}")
    keys = proposal.columns_for(KEY)
    if keys:
        lines += [f"key: {_quoted(keys[0])}  # {translate(N_('what names each row'))}"]
    if proposal.columns_for(ID):
        lines.append(f"id: {_quoted(proposal.columns_for(ID)[0])}")
    if proposal.blank:
        said = ", ".join(_quoted(text) for text in proposal.blank)
        lines.append(f"blank: [{said}]  # {translate(N_('say nothing'))}")
    if proposal.phone_region:
        why = f"{translate(N_('the country of telephones without +'))}: {proposal.phone_reason}"
        lines.append(f"phone_region: {proposal.phone_region}  # {why}")
    return lines


def _fields(
    proposal: Proposal, rtype: RecordType, told: _Told, constants: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """The lines of all fields, and the columns that stay at home."""
    lines: list[str] = []
    done: set[str] = set()
    home = [g.column for g in proposal.guesses if g.target == HOME]
    title = title_for(proposal) if "title" in rtype.fields else None
    if title is not None:
        home = [column for column in home if column != title]
        lines.append(
            f"  title: {_quoted(title)}  # {translate(N_('there is no column of names; look at this'))}"
        )
    agreed = _audience_line(proposal, told)
    if agreed and constants.get("audience") != PRIVATE:  # nobody's "public" outweighs another's no
        lines += [f"  # {guess.sentence}" for guess in proposal.guesses if guess.target == AGREED]
        lines.append(f"  {agreed}")
        done.add("audience")
    done.add(AGREED)
    for name, text in constants.items():
        if name not in done:
            lines.append(f"  {name}: {{value: {_quoted(text)}}}")
            done.add(name)
    for guess in proposal.guesses:
        if guess.target == "audience" and "audience" in done and agreed:
            home.append(guess.column)
        if guess.target in (HOME, KEY, ID, *PARTS) or guess.target in done:
            continue
        done.add(guess.target)
        if proposal.template:
            lines.append(_template_line(guess))
            continue
        name = _field_name(guess, told.table, rtype, told.territory, told.lang)
        if name != guess.target and (name in done or proposal.columns_for(name)):
            home.append(guess.column)
            continue
        done.add(name)
        together = [g for g in proposal.guesses if g.target == guess.target or _belongs(g, guess)]
        lines += _field_lines(guess, name, together, rtype, told)
    hours = [g for g in proposal.guesses if g.target == "end_time"]
    days = [g for g in proposal.guesses if g.target == "starts_at"]
    if hours and days and "ends_at" not in done:  # on the day of its beginning, if no other is said
        only = f', only: {{column: {_quoted(hours[0].column)}, not: ""}}}}'  # no hour, no end
        *others, last = _field_lines(hours[0], "ends_at", [days[0], hours[0]], rtype, told)
        lines += [*others, last.removesuffix("}") + only]
    return lines, home


def _audience_line(proposal: Proposal, told: _Told) -> str:
    """Who sees a row's records, where people were asked: only those who said yes, to every question."""
    parts = []
    for column in proposal.columns_for(AGREED):
        yes = ", ".join(map(_quoted, yes_words(column, told.table.column(column))))
        only = f"{{column: {_quoted(column)}, not: [{yes}]}}"
        parts.append(f"{{value: {PRIVATE}, only: {only}}}")
    if not parts:
        return ""
    said = parts[0] if len(parts) == 1 else "{together: [" + ", ".join(parts) + "]}"
    return f"audience: {said}"


def _place_lines(proposal: Proposal, told: _Told) -> list[str]:
    """The record of the place: rows with the same name and address speak of the same one."""
    rtype = load_schema().types["place"]
    of = {
        target: [g for g in proposal.place if g.target == target]
        for target in {g.target for g in proposal.place}
    }
    naming = [
        of[target][0].column for target in ("title", "street_address", "position", "latitude") if target in of
    ]
    title = (
        of["title"][0].column
        if "title" in of
        else of["street_address"][0].column
        if "street_address" in of
        else ""
    )
    title = title or next(iter(proposal.columns_for("title")), naming[0])
    lines = [f"  {_PLACE}:", "    type: place", "    key: [" + ", ".join(_quoted(c) for c in naming) + "]"]
    lines += ["    fields:", f"      title: {_quoted(title)}"]
    if agreed := _audience_line(proposal, told):
        lines.append(f"      {agreed}")  # no more is shared of it than of the row itself
    done = {"title", "house_number"}
    for guess in proposal.place:
        if guess.target not in done:
            done.add(guess.target)
            together = [g for g in proposal.place if g.target == guess.target or _belongs(g, guess)]
            lines += [f"    {line}" for line in _field_lines(guess, guess.target, together, rtype, told)]
    return lines


def _template_line(guess: Guess) -> str:
    """Our own sheets say themselves what is the organisation's and what a person's."""
    column = _quoted(guess.column)
    owned = f"{{column: {column}, owner: organisation}}" if guess.target in _OWNED else column
    return f"  {guess.target}: {owned}"


def _belongs(other: Guess, guess: Guess) -> bool:
    return PARTS.get(other.target) == guess.target


def _field_name(guess: Guess, table: Table, rtype: RecordType, territory: Territory | None, lang: str) -> str:
    """The guessed field; hours in prose go where prose may stand."""
    spec = rtype.fields.get("schedules")
    if guess.target == "schedules" and not _mostly_read(spec, table.column(guess.column), territory, lang):
        return "schedule_text"
    return guess.target


def _field_lines(
    guess: Guess,
    name: str,
    together: Sequence[Guess],
    rtype: RecordType,
    told: _Told,
) -> list[str]:
    """The lines of one field, with the sentence that says why."""
    table, territory = told.table, told.territory
    comment = f"  # {guess.sentence}"
    if guess.target == "position":
        column = _quoted(guess.column)
        return [
            comment,
            f"  latitude: {{column: {column}, pattern: '{_LATITUDE}'}}",
            f"  longitude: {{column: {column}, pattern: '{_LONGITUDE}'}}",
        ]
    if name == "identifiers" and (scheme := _scheme(guess, table)):
        template = _quoted(f"{scheme}:{{{guess.column}}}")
        return [comment, f"  identifiers: {{template: {template}}}"]
    parts: dict[str, str] = {}
    columns = [g.column for g in together]
    if len(columns) > 1:
        parts["columns"] = "[" + ", ".join(_quoted(c) for c in columns) + "]"
        parts["join"] = _quoted(JOINS.get(name, " "))
    else:
        parts["column"] = _quoted(guess.column)
    spec = rtype.fields.get({"latitude": "latitude_e6", "longitude": "longitude_e6"}.get(name, name))
    if spec is not None and spec.type in ("date", "datetime"):
        formats = _date_formats(table.column(columns[0]), together[0].looks)
        if formats:  # else the schema's own reading, which knows months by name too
            parts["dates"] = "[" + ", ".join(formats) + "]"
    if _UNREAD.get(name, "") in rtype.fields:
        parts["unread"] = _UNREAD[name]
    if spec is not None and spec.type == "array" and spec.vocabulary and _partly_known(spec, table, guess):
        parts["split"] = '[";", ",", "|", "/"]'
        parts["only_known"] = "yes"
    if name == "postal_code" and _lost_zeros(table.column(guess.column), territory):
        parts["digits"] = "5"
    if name == "country" and (codes := _country_codes(table.column(guess.column))):
        said = ", ".join(f"{_quoted(text)}: {code}" for text, code in codes.items())
        parts["values"] = "{" + said + "}"
    if (
        spec is not None
        and is_by_name(spec, Rule())
        and spec.target in MADE_BY_NAME
        and names_things(guess.looks)
    ):
        parts["make"] = "yes"
    if name == "phones" and guess.looks.share("json") >= 0.35:
        parts["pattern"] = f"'{_NUMBER_IN_JSON}'"
    if name in _OWNED:
        parts["owner"] = told.owners.get(guess.column, "person")
    agreed = told.consents.get(guess.column)
    if agreed is not None and parts.get("owner") != "organisation":
        said = (
            f"asked_by: {_quoted(agreed.asked_by)}, when: {agreed.when}, purpose: {_quoted(agreed.purpose)}"
        )
        parts["consent"] = "{" + said + "}"
    body = ", ".join(f"{key}: {value}" for key, value in parts.items())
    if list(parts) == ["column"]:
        return [comment, f"  {name}: {parts['column']}"]
    return [comment, f"  {name}: {{{body}}}"]


def _partly_known(spec: Field, table: Table, guess: Guess) -> bool:
    """Whether the lists in the column hold words that ours does not: the cell then stays at home, too."""
    parts = {p.strip() for cell in table.column(guess.column) for p in LIST_SIGNS.split(cell) if p.strip()}
    words = sorted(parts)[:200]
    known = sum(1 for word in words if vocabularies.match(spec.vocabulary, word))
    return known < len(words) and not load_schema().vocabularies[spec.vocabulary].open


def _mostly_read(spec: Field | None, cells: Iterable[str], territory: Territory | None, lang: str) -> bool:
    filled = [cell for cell in cells if cell][:60]
    if spec is None or not filled:
        return False
    good = sum(1 for c in filled if typed.read(spec, c, lang=lang, territory=territory).finding is None)
    return good >= 0.6 * len(filled)


def _date_formats(cells: Iterable[str], seen: Looks) -> list[str]:
    """The forms of dates in the column; where day and month cannot be told apart, the day comes first.

    Empty where not every cell has one of them: months by name, a year in front.
    """
    filled = [cell for cell in cells if cell][:400]
    formats = ["iso"]
    if seen.share("serial_date") >= 0.3:
        formats.append("excel")
    pairs = [(int(m[1]), int(m[2])) for m in (_DAY_FIRST.match(cell) for cell in filled) if m]
    if any(second > 12 for _, second in pairs) and not any(first > 12 for first, _ in pairs):
        short = any(_SHORT_YEAR.match(cell) for cell in filled)
        return [*formats, "mm/dd/yyyy", *(["mm/dd/yy"] if short else [])]
    formats.append("dd/mm/yyyy")
    read = sum(1 for cell in filled if read_date(cell, formats, year=None, zone=_ANY_ZONE) is not None)
    return formats if read == len(filled) else []


def _scheme(guess: Guess, table: Table) -> str:
    """The scheme of the official keys under a heading that says it; "" where the cells say it themselves."""
    words = slug(guess.column).split("-")
    scheme = next((_SCHEMES[word] for word in words if word in _SCHEMES), "")
    said = any(":" in cell for cell in table.column(guess.column))
    return "" if said or set("{}") & set(guess.column) else scheme


def _country_codes(cells: Iterable[str]) -> dict[str, str]:
    """The names of countries in the column with their codes; what is not known stays as written."""
    names = {cell: COUNTRIES.get(slug(cell)) for cell in cells if len(cell) > 2}
    return {name: code for name, code in names.items() if code}


def _lost_zeros(cells: Iterable[str], territory: Territory | None) -> bool:
    """Whether postal codes have five figures here, so that shorter ones have lost their zero."""
    filled = [cell for cell in cells if cell]
    full = sum(1 for cell in filled if re.fullmatch(r"\d{5}(\.0)?", cell))
    wanted = territory.postal_code_figures if territory is not None else 0
    return wanted == 5 or full > 0.3 * len(filled)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
