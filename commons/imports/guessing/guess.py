"""Proposes a mapping from headings and contents, each guess with its reason. Reads and writes nothing.

A heading alone is never believed: where the contents say something else (shifted columns), the column stays
at home and a finding says so. What might be a person's is taken for a person's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from commons.findings import Finding
from commons.imports.guessing.agreed import asks_to_share, yes_words
from commons.imports.guessing.fits import (
    PROSE,
    contents_bonus,
    names_things,
    needs_of,
    nothings,
    plausible,
    plausible_city,
    without,
)
from commons.imports.guessing.likeness import (
    heading_score,
    is_label,
    names_of_things,
    names_somebody,
    plain,
    words_above,
)
from commons.imports.guessing.proposal import (
    AGREED,
    HOME,
    ID,
    JOINS,
    KEY,
    KIND_WORDS,
    MADE_BY_NAME,
    PARTS,
    SURE,
    Guess,
    Proposal,
)
from commons.imports.guessing.sniff import Looks, looks
from commons.imports.mapping.rules import OWN_COLUMNS, Rule, is_by_name
from commons.imports.reading.table import Row, Table
from commons.messages import LANGUAGES, N_, in_language, translate
from commons.schema.spec import Field, RecordType, Schema

_LIKELY = 74
_LONGEST_NAME = 120  # of a text that stands in for one
_KEEPERS = ("organizacion", "institucion", "organization", "entidad")
_OF_A_PLACE = (
    "street_address", "house_number", "neighbourhood", "district", "postal_code", "city", "region", "country",
    "directions", "latitude", "longitude", "position",
)  # fmt: skip
_PRIVATE_KINDS = frozenset(("person", "contact", "mixed", "email", "phone", "handle", "curp", "rfc"))
_PERSONAL = ("phones", "email", "social_links", "contact_name", "contact_phone", "contact_email")

# What a column is, told by its contents alone.
_BY_CONTENT = {
    "email": "email",
    "phone": "phones",
    "position": "position",
    "district": "district",
    "person": "contact_name",
    "url": "url",
}
_WORDS_OF_ALL = {"contact_phone": "phones", "contact_email": "email"}
# "date of the visit" is no date on which the record was written; only a whole heading says that
_STAMPS = ("created_at", "modified_at", "confirmed_at")
# Believed only under the heading that our own template gives them.
_ONLY_BY_LABEL = ("audience", "language", "same_as", "copied_from")


def field_named(text: str, rtype: RecordType) -> str | None:
    """The field that people clearly mean by `text`: by label or a usual heading; None if unsure."""
    target = _named(plain(text), rtype)
    name = {"latitude": "latitude_e6", "longitude": "longitude_e6"}.get(target or "", target)
    return name if name in rtype.fields else None


def propose(
    table: Table,
    rtype: RecordType,
    schema: Schema,
    *,
    districts: Sequence[str] = (),
    lang: str = "es",
    seen: Mapping[str, Looks] | None = None,
) -> Proposal:
    """What each column probably is for records of type `rtype`. `seen`: how they look, where known."""
    columns = [c for c in table.columns if c not in OWN_COLUMNS]
    blank = nothings(table) if seen is None else ()
    table = without(table, blank)
    seen = seen or {c: looks(table.column(c), districts=districts) for c in columns}
    ours = _of_template(columns, rtype)
    if ours is not None:
        guesses = tuple(
            Guess(c, ours.get(c, HOME), 99, "heading", seen[c], _label(ours.get(c, HOME), rtype, lang))
            for c in columns
        )
        return Proposal(rtype.name, guesses, template=True)
    candidates = sorted(
        (scored for c in columns for scored in _scored(c, seen[c], table, rtype, schema)),
        key=lambda s: (-s[0], columns.index(s[1]), s[2]),
    )
    chosen: dict[str, tuple[str, int, str]] = {}
    taken: dict[str, str] = {}
    for score, column, target, by in candidates:
        if column in chosen or score < _LIKELY:
            continue
        if target in taken and target not in (*JOINS, AGREED):  # a form may ask twice: both count
            continue
        if target in JOINS and target in taken and not _continues(column, score):
            continue
        chosen[column] = (target, score, by)
        taken.setdefault(target, column)
    _called_by_keeper(chosen, candidates, seen)
    # a heading that one field was found for may mean another too ("Estado": state or status)
    doubtful = [c for c in columns if c not in chosen or chosen[c][2] != "heading"]
    findings = [f for c in doubtful for f in _contradictions(c, seen[c], table, rtype, lang)]
    contradicted = {f.column for f in findings}
    if len(contradicted) >= 3:
        shift = _shift(columns, seen, rtype)
        findings.append(Finding("columns-shifted", details={"n": len(contradicted), "by": shift}))
        # no heading of this file can be believed: only what the contents themselves prove stays
        chosen = {c: choice for c, choice in chosen.items() if _proven(choice[0], seen[c])}
    asking = [column for column, (target, _, _) in chosen.items() if target == AGREED]
    findings += [finding for column in asking if (finding := _not_agreed(column, table)) is not None]
    whole = {target for target, _, _ in chosen.values()}
    whole |= {"ends_at"} if "starts_at" in whole else set()  # an hour of ending may have the day of beginning
    chosen = {c: choice for c, choice in chosen.items() if PARTS.get(choice[0], choice[0]) in whole}
    guesses = tuple(_guess(c, seen[c], chosen, contradicted, rtype, lang) for c in columns)
    personal = tuple(g.column for g in guesses if g.target in _PERSONAL)
    return Proposal(rtype.name, guesses, tuple(findings), personal, blank=blank)


def _not_agreed(column: str, table: Table) -> Finding | None:
    yes = set(yes_words(column, table.column(column)))
    n = sum(1 for cell in table.column(column) if cell not in yes)
    return Finding("not-agreed", column=column, details={"n": n}) if n else None


def _called_by_keeper(
    chosen: dict[str, tuple[str, int, str]],
    candidates: Iterable[tuple[int, str, str, str]],
    seen: Mapping[str, Looks],
) -> None:
    """Where nothing else names the rows, they are called by the one who keeps them: «Agency name»."""
    if any(target == "title" for target, _, _ in chosen.values()):
        return
    keeper = next((c for c, (target, _, _) in chosen.items() if target == "organization"), None)
    brief = next((c for c, (target, _, _) in chosen.items() if target == "summary"), None)
    if brief is not None and seen[brief].longest <= _LONGEST_NAME and seen[brief].distinct > 0.3:
        chosen[brief] = ("title", *chosen[brief][1:])  # SUMMARY, as calendars call it
        return
    found = next((s for s in candidates if s[1] == keeper and s[2] == "title" and s[0] >= _LIKELY), None)
    if keeper is not None and found is not None:
        chosen[keeper] = ("title", found[0], found[3])


def with_place(
    proposal: Proposal, table: Table, schema: Schema, *, districts: Sequence[str], lang: str
) -> Proposal:
    """The same, where columns that no field took tell where a service is: a place record comes of them."""
    fields = schema.types[proposal.type].fields
    if "place" not in fields or "street_address" in fields or proposal.template:
        return proposal
    named = proposal.columns_for("place")
    left = [g.column for g in proposal.guesses if g.target == HOME]
    columns = [table.columns.index(column) for column in (*named, *left)]
    rows = tuple(Row(row.number, tuple(row.cells[at] for at in columns)) for row in table.rows)
    part = replace(table, columns=(*named, *left), rows=rows)
    part = without(part, proposal.blank)
    seen = {g.column: g.looks for g in proposal.guesses}
    found = propose(part, schema.types["place"], schema, districts=districts, lang=lang, seen=seen)
    place = tuple(g for g in found.guesses if g.target in _OF_A_PLACE)
    if not {"street_address", "latitude", "position"} & {g.target for g in place}:
        return proposal
    title = [g for g in found.guesses if g.column in named[:1]]
    told = {g.column for g in (*title, *place)}
    return replace(
        proposal,
        guesses=tuple(g for g in proposal.guesses if g.column not in told),
        place=(
            *(replace(g, target="title", label=_label("title", schema.types["place"], lang)) for g in title),
            *(g for g in place if g.column not in named),
        ),
    )


def _of_template(columns: Sequence[str], rtype: RecordType) -> dict[str, str] | None:
    """Column → field where the headings are those of our own empty sheets; None for any other sheet."""
    from commons.schema.template import ID_HEADING  # brings the writer of workbooks, which is slow to load

    for lang in LANGUAGES:
        fields = {in_language(f.title, lang): f.name for f in rtype.fields.values()} | {ID_HEADING: ID}
        known = {column: fields[column] for column in columns if column in fields}
        if len(known) >= max(3, 0.9 * len(columns)) and "title" in known.values():
            return known
    return None


def _proven(target: str, seen: Looks) -> bool:
    kinds = (*needs_of(target), *(k for k, t in _BY_CONTENT.items() if t == target))
    return max((seen.share(kind) for kind in kinds), default=0.0) >= 0.8


def _continues(column: str, score: int) -> bool:
    """Whether a second column goes on where the first stopped: "address 2"; not the same once more."""
    return score >= _LIKELY and bool(re.search(r"(2|3|ii+|interior|complement)", plain(column)))


def _shift(columns: Sequence[str], seen: Mapping[str, Looks], rtype: RecordType) -> int:
    """By how many columns the contents stand left (-) or right (+) of their headings."""
    wanted = [
        (at, (*needs_of(target), *((target,) if target == "district" else ())))
        for at, column in enumerate(columns)
        for target in [_named(plain(column), rtype)]
        if target in ("phones", "email", "postal_code", "district", "latitude", "longitude", "position")
    ]
    fits = {
        by: sum(
            1
            for at, kinds in wanted
            if 0 <= at + by < len(columns) and max(seen[columns[at + by]].share(k) for k in kinds) > 0.5
        )
        for by in (0, -1, 1, -2, 2, -3, 3)
    }
    best = max(fits, key=lambda by: fits[by])
    return best if fits[best] > fits[0] and fits[best] >= 2 else 0


def _named(heading: str, rtype: RecordType) -> str | None:
    """The field that the heading clearly names."""
    wanted = [t for t in _targets(rtype) if t not in (KEY, AGREED)]
    scores = {t: heading_score(heading, t, rtype.fields.get(t)) for t in wanted}
    best = max(scores, key=lambda t: scores[t], default=None)
    return best if best is not None and scores[best] >= SURE else None


def _guess(
    column: str,
    seen: Looks,
    chosen: Mapping[str, tuple[str, int, str]],
    contradicted: Iterable[str | None],
    rtype: RecordType,
    lang: str,
) -> Guess:
    target, confidence, by = chosen.get(column, (HOME, 0, "nothing"))
    if column in contradicted and by == "heading":
        target, confidence, by = HOME, 0, "nothing"
    return Guess(column, target, min(confidence, 99), by, seen, _label(target, rtype, lang))


def _label(target: str, rtype: RecordType, lang: str) -> str:
    fields = {"latitude": "latitude_e6", "longitude": "longitude_e6", **PARTS}
    spec = rtype.fields.get(fields.get(target, target))
    if spec is not None:
        return in_language(spec.title, lang)
    words = {
        KEY: N_("what names each row"),
        AGREED: N_("whether it may be shared"),
        "position": N_("the position"),
    }
    return translate(words[target]) if target in words else target


def _targets(rtype: RecordType) -> list[str]:
    special = [KEY]
    if "latitude_e6" in rtype.fields:
        special += ["latitude", "longitude", "position", "house_number"]
    if "audience" in rtype.fields:
        special.append(AGREED)
    if "starts_at" in rtype.fields:
        special += ["start_time", "end_time"]
    unsettable = (
        "salt",
        "extra",
        "latitude_e6",
        "longitude_e6",
    )
    return special + [name for name in rtype.fields if name not in unsettable]


def _scored(
    column: str, seen: Looks, table: Table, rtype: RecordType, schema: Schema
) -> Iterable[tuple[int, str, str, str]]:
    """(score, column, target, why) for every target that is possible at all."""
    heading = plain(column)
    if not seen.filled:
        return
    counted = heading in words_above()["house_number"] and _counts_rows(table, column)
    if AGREED in _targets(rtype) and asks_to_share(column, table.column(column)):
        yield 120, column, AGREED, "heading"  # nothing else counts then
        return
    for target in (t for t in _targets(rtype) if t != AGREED):
        spec = rtype.fields.get(target)
        score = _score(heading, target, seen, rtype, schema)
        if target == KEY:
            # next month's sheet counts anew
            if not counted and score >= SURE and _names_every_row(seen, table):
                yield score, column, KEY, "heading"
            continue
        if target == "house_number" and (counted or _ascends(table, column)):
            continue
        if _passed_over(target, heading, score, seen, rtype):
            continue
        if score >= _LIKELY and plausible(target, seen, spec):
            # the template's own heading wins over every likeness
            bonus = contents_bonus(target, seen, spec, schema, table.column(column))
            if target == "district" and seen.share("district") < 0.2:
                # no district of this territory: a municipality elsewhere is told by its name
                if plausible_city(seen) and "city" in rtype.fields:
                    yield min(score, 100) - 2, column, "city", "heading"
                continue
            if target == "organization" and not names_things(seen):
                bonus -= 3  # of a key and a name beside each other the name can be found and made
            stamp = target in _STAMPS  # "date" alone says when a thing happens, before when it was noted
            label = 5 if is_label(heading, spec) else 0
            yield min(score, 100) + bonus + label - stamp, column, target, "heading"
    told = _told_by_contents(heading, seen, rtype)
    if told is not None:
        yield 75, column, told, "contents"


def _score(heading: str, target: str, seen: Looks, rtype: RecordType, schema: Schema) -> int:
    """How like the heading is to the field, with what the type says about names and persons."""
    score = heading_score(heading, target, rtype.fields.get(target))
    personal = _WORDS_OF_ALL.get(target, "")
    if personal and personal not in rtype.fields:  # the type has a person's alone
        score = max(score, heading_score(heading, personal, None))
    if target == "title" and heading in names_of_things(rtype, schema) and seen.distinct > 0.3:
        return max(score, 96)
    if target == "title" and heading in _KEEPERS and "organization" in rtype.fields:
        return min(score, 94)  # beside a better heading it says whose the thing is
    return score


def _passed_over(target: str, heading: str, score: int, seen: Looks, rtype: RecordType) -> bool:
    """Whether the field is out of the question for a reason of its own, however like the heading is."""
    spec = rtype.fields.get(target)
    prose = next((number for number, words in PROSE.items() if words == target), None)
    if prose in rtype.fields and plausible(prose or "", seen) and score < 100:
        return True
    if target == "title" and (names_somebody(heading) or (rtype.secret_ids and seen.share("person") > 0.3)):
        return True  # «Responsable · Nombre»: a title is public
    if target in _ONLY_BY_LABEL and not is_label(heading, spec):
        return True
    if target == "place" and "items" in rtype.fields:
        return True  # what is needed somewhere is called by that place; it makes no record of it
    return (target in _STAMPS and score < SURE) or _is_key_of_others(spec, seen)


def _names_every_row(seen: Looks, table: Table) -> bool:
    return seen.distinct == 1.0 and seen.longest <= 80 and seen.filled == _sampled(table)


def _told_by_contents(heading: str, seen: Looks, rtype: RecordType) -> str | None:
    """The field that the contents alone prove."""
    kind = seen.best or ""
    told = _BY_CONTENT.get(kind)
    for own, anybodys in _WORDS_OF_ALL.items():
        if told == anybodys and anybodys not in rtype.fields:
            told = own
    if told == "url" and seen.share("no_page") > 0.3:
        return None
    if told == "contact_name" and heading.endswith((" by", " por")):
        return None  # who wrote it down is nobody to ask for
    return told if told in _targets(rtype) and seen.share(kind) >= 0.8 else None


def _is_key_of_others(spec: Field | None, seen: Looks) -> bool:
    """Whether words stand where a record is meant that no name can make: a project, a service."""
    return (
        spec is not None
        and is_by_name(spec, Rule())
        and spec.target not in MADE_BY_NAME
        and max(seen.share(kind) for kind in ("code", "number", "postal_code")) < 0.5
    )


def _counts_rows(table: Table, column: str) -> bool:
    """Whether the cells run 1, 2, 3 … down the sheet: its own row numbers under "No."."""
    numbers = [int(cell) for cell in table.column(column) if cell.isdecimal() and len(cell) < 7]
    steps = [after - before for before, after in pairwise(numbers)]
    return len(steps) >= 2 and numbers[0] <= 2 and sum(0 < s <= 2 for s in steps) >= 0.9 * len(steps)


def _ascends(table: Table, column: str) -> bool:
    """Whether the numbers only grow down the sheet: its own numbering with gaps, no numbers of houses."""
    numbers = [int(cell) for cell in table.column(column) if cell.isdecimal() and len(cell) < 12]
    return len(numbers) >= 5 and all(before < after for before, after in pairwise(numbers))


def _sampled(table: Table) -> int:
    from commons.imports.guessing.sniff import SAMPLE

    step = max(1, len(table.rows) // SAMPLE)
    return len(range(0, len(table.rows), step)[:SAMPLE])


def _contradictions(
    column: str, seen: Looks, table: Table, rtype: RecordType, lang: str
) -> Iterable[Finding]:
    """A heading that clearly names a field whose contents look like something else."""
    if seen.filled < 3:
        return
    target = _named(plain(column), rtype)
    if target is None or plausible(target, seen) or plain(column).endswith((" by", " por")):
        return
    wrong = [k for k in KIND_WORDS if seen.share(k) >= 0.35 and k not in needs_of(target)]
    said = translate(KIND_WORDS[wrong[0]]) if wrong else translate(N_("something else"))
    share = seen.share(wrong[0]) if wrong else 1 - max(seen.share(k) for k in needs_of(target) or ("",))
    example = next((cell for cell in table.column(column) if cell), "")
    yield Finding(
        "column-contradicts",
        field=_label(target, rtype, lang),
        column=column,
        value=f"{example[:2]}…"
        if _PRIVATE_KINDS & {k for k in KIND_WORDS if seen.share(k) > 0}
        else example[:60],
        details={"looks": said, "percent": round(100 * share)},
    )
