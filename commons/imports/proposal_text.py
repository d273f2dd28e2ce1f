"""A proposal as the text of a mapping file, with the reason for each guess as a comment. Writes no file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from commons.imports.guess import HOME, ID, JOINS, KEY, Guess, Proposal
from commons.imports.mapping import Consent, Owner
from commons.imports.sniff import Looks
from commons.imports.table import Table
from commons.messages import N_, translate
from commons.schema import typed
from commons.schema.spec import Field, RecordType
from commons.schema.territory import Territory

_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}")
_TITLES = ("items", "kind", "street_address", "neighbourhood", "description", "organization", "email")
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
    """YAML that `mapping_file.parse_mapping` reads back. `owners`, `consents`: what was answered."""
    lines = [
        "# "
        + translate(N_("How each column of {file} becomes a field. Correct it and import again.")).format(
            file=table.name
        ),
        "# " + translate(N_("What is not named under “fields” or “ignore” stays at home in “extra”.")),
        f"type: {rtype.name}",
    ]
    if table.sheet:
        lines.append(f"sheet: {_quoted(table.sheet)}")
    keys = proposal.columns_for(KEY)
    if keys:
        lines += [f"key: {_quoted(keys[0])}  # {translate(N_('what names each row'))}"]
    if proposal.columns_for(ID):
        lines.append(f"id: {_quoted(proposal.columns_for(ID)[0])}")
    lines.append("fields:")
    done: set[str] = set()
    home = [g.column for g in proposal.guesses if g.target == HOME]
    title = _title(proposal, table)
    if title is not None:
        lines.append(
            f"  title: {_quoted(title)}  # {translate(N_('there is no column of names; look at this'))}"
        )
    for name, text in (constants or {}).items():
        lines.append(f"  {name}: {{value: {_quoted(text)}}}")
        done.add(name)
    for guess in proposal.guesses:
        if guess.target in (HOME, KEY, ID, "house_number") or guess.target in done:
            continue
        done.add(guess.target)
        if proposal.template:
            lines.append(_template_line(guess))
            continue
        name = _field_name(guess, table, rtype, territory, lang)
        if name != guess.target and (name in done or proposal.columns_for(name)):
            home.append(guess.column)
            continue
        done.add(name)
        together = [g for g in proposal.guesses if g.target == guess.target or _belongs(g, guess)]
        lines += _field_lines(guess, name, together, table, rtype, owners or {}, consents or {})
    if home:
        lines.append("extra:  # " + translate(N_("stay at home")))
        lines += [f"  - {_quoted(column)}" for column in home]
    return "\n".join(lines) + "\n"


def _template_line(guess: Guess) -> str:
    """Our own sheets say themselves what is the organisation's and what a person's."""
    column = _quoted(guess.column)
    owned = f"{{column: {column}, owner: organisation}}" if guess.target in _OWNED else column
    return f"  {guess.target}: {owned}"


def _belongs(other: Guess, guess: Guess) -> bool:
    return guess.target == "street_address" and other.target == "house_number"


def _title(proposal: Proposal, table: Table) -> str | None:
    """A column that can stand in where none was guessed to be the title."""
    if proposal.columns_for("title"):
        return None
    for target in _TITLES:
        if proposal.columns_for(target):
            return proposal.columns_for(target)[0]
    texts = [
        g
        for g in proposal.guesses
        if g.looks.best is None and g.looks.distinct > 0.3 and g.looks.longest < 200
    ]
    fullest = max(texts, key=lambda g: g.looks.filled, default=None)
    return fullest.column if fullest is not None else (table.columns[0] if table.columns else None)


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
    table: Table,
    rtype: RecordType,
    owners: Mapping[str, Owner],
    consents: Mapping[str, Consent],
) -> list[str]:
    """The lines of one field, with the sentence that says why."""
    comment = f"  # {guess.sentence}"
    if guess.target == "position":
        column = _quoted(guess.column)
        return [
            comment,
            f"  latitude: {{column: {column}, pattern: '^\\(?\\s*(-?[0-9.]+)'}}",
            f"  longitude: {{column: {column}, pattern: '(-?[0-9.]+)\\s*\\)?$'}}",
        ]
    parts: dict[str, str] = {}
    columns = [g.column for g in together]
    if len(columns) > 1:
        parts["columns"] = "[" + ", ".join(_quoted(c) for c in columns) + "]"
        parts["join"] = _quoted(JOINS.get(name, " "))
    else:
        parts["column"] = _quoted(guess.column)
    spec = rtype.fields.get({"latitude": "latitude_e6", "longitude": "longitude_e6"}.get(name, name))
    if spec is not None and spec.type in ("date", "datetime"):
        parts["dates"] = "[" + ", ".join(_date_formats(table.column(guess.column), guess.looks)) + "]"
    if name == "postal_code":
        parts["digits"] = "5"
    if name in _OWNED:
        parts["owner"] = owners.get(guess.column, "person")
    agreed = consents.get(guess.column)
    if agreed is not None and parts.get("owner") != "organisation":
        said = (
            f"asked_by: {_quoted(agreed.asked_by)}, when: {agreed.when}, purpose: {_quoted(agreed.purpose)}"
        )
        parts["consent"] = "{" + said + "}"
    body = ", ".join(f"{key}: {value}" for key, value in parts.items())
    if list(parts) == ["column"]:
        return [comment, f"  {name}: {parts['column']}"]
    return [comment, f"  {name}: {{{body}}}"]


def _mostly_read(spec: Field | None, cells: Iterable[str], territory: Territory | None, lang: str) -> bool:
    filled = [cell for cell in cells if cell][:60]
    if spec is None or not filled:
        return False
    good = sum(1 for c in filled if typed.read(spec, c, lang=lang, territory=territory).finding is None)
    return good >= 0.6 * len(filled)


def _date_formats(cells: Iterable[str], seen: Looks) -> list[str]:
    """The forms of dates in the column; where day and month cannot be told apart, the day comes first."""
    formats = ["iso"]
    if seen.share("serial_date") >= 0.3:
        formats.append("excel")
    pairs = [(int(m[1]), int(m[2])) for m in (_DAY_FIRST.match(cell) for cell in cells) if m]
    if any(second > 12 for _, second in pairs) and not any(first > 12 for first, _ in pairs):
        return [*formats, "mm/dd/yyyy"]
    return [*formats, "dd/mm/yyyy"]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
