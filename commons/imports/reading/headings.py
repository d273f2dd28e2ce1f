"""Which row holds the headings, and what above, between and below is no record. Pure: raw rows in, Table out.

Cautious on purpose: a row is set aside only for a reason that can be said; in doubt it stays a record.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from commons.findings import Finding
from commons.imports.reading.encoding import mend_mojibake
from commons.imports.reading.table import NoTable, Raw, Row, SetAside, Table

_LOOK = 40  # rows among which headings are looked for
_VALUE = re.compile(
    r"[-+$€(]?\s*\d[\d\s.,:/%()*-]*(e[+-]?\d+)?\Z"  # number, money, date, telephone
    r"|\d{4}-\d\d-\d\d([T ].*)?\Z|https?://\S+\Z|\S+@\S+\.\S+\Z|true\Z|false\Z|null\Z",
    re.IGNORECASE,
)
_SURE_VALUE = re.compile(r"-?\d{1,3}[.,]\d{3,}\Z|https?://\S+\Z|\S+@\S+\.\S+\Z", re.IGNORECASE)
_INSTRUCTION = re.compile(
    r"(instruc|indicaci[oó]n|nota\s*:|note\s*:|ejemplo\b|example\b|ej\.\s|llen(a|e|ar)\b|escrib[ae]\b"
    r"|ejemplo:|#\s)",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(gran\s+total|sub-?totale?s?|total(es)?( general(es)?)?|grand total|sumas?|promedio|averages?)"
    r"\s*(:\s*\d*)?\Z",
    re.IGNORECASE,
)
_FOOTNOTE = re.compile(r"(fuentes?|sources?|notas?|notes?|elabor(ado|aci[oó]n)|\*+\s)\s*:?", re.IGNORECASE)
# zero-width and direction marks, soft hyphens; joiners stay, emoji and some scripts are made with them
_INVISIBLE = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad]")
_ODD_BLANK = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def to_table(raw: Raw, name: str) -> Table:
    """Columns, rows and what was set aside. Raises NoTable."""
    findings, aside = list(raw.findings), list(raw.aside)
    rows = _plainly_spaced([_cleaned(row, findings) for row in raw.rows], findings)
    filled = [row for row in rows if any(row.cells)]
    aside += [SetAside(row.number, "row-empty", ()) for row in rows if not any(row.cells)]
    if not filled:
        raise NoTable(name)
    columns, first, has_headings = _headings(raw, filled, aside, findings)
    body = filled[first:]
    if not body:
        raise NoTable(name)
    body = _without_instructions(columns, body, aside, findings)
    body = _without_totals(body, aside, findings)
    body = _without_repeated_headings(columns, body, aside, findings)
    names, kept = _named_columns(columns, body, findings, told=has_headings)
    table_rows = tuple(_fitted(row, kept) for row in body)
    return Table(
        name=name,
        columns=tuple(names),
        rows=table_rows,
        aside=tuple(sorted(aside, key=lambda a: a.number)),
        findings=tuple(findings),
        format=raw.format,
        encoding=raw.encoding,
        sheet=raw.sheet,
    )


def _cleaned(row: Row, findings: list[Finding]) -> Row:
    """Cells in NFC without outer blanks; what was garbled or cannot be stored is mended and said."""
    cells = []
    for at, cell in enumerate(row.cells):
        text = unicodedata.normalize("NFC", cell.replace("\r\n", "\n").replace("\r", "\n"))
        mended = None if text.isascii() else mend_mojibake(text)
        if mended is not None:
            findings.append(_about("garbled-mended", row.number, at, text))
            text = mended
        if _CONTROL.search(text):
            findings.append(_about("characters-removed", row.number, at, _CONTROL.sub("␀", text)))
            text = _CONTROL.sub("", text)
        if "\ufffd" in text:
            findings.append(_about("characters-lost", row.number, at, text))
        cells.append(text.strip())
    return Row(row.number, tuple(cells))


def _plainly_spaced(rows: list[Row], findings: list[Finding]) -> list[Row]:
    """Without the signs that nobody sees and equal names differ by; how many cells had them is said."""
    changed = 0
    plain = []
    for row in rows:
        cells = row.cells
        if not all(cell.isascii() for cell in cells):
            cells = tuple(_ODD_BLANK.sub(" ", _INVISIBLE.sub("", cell)).strip() for cell in cells)
            changed += sum(1 for before, after in zip(row.cells, cells, strict=True) if before != after)
        plain.append(row if cells == row.cells else Row(row.number, cells))
    if changed:
        findings.append(Finding("blanks-plain", details={"n": changed}))
    return plain


def _about(code: str, row: int, at: int, value: str) -> Finding:
    return Finding(code, row=row, column=letter(at), value=value[:200])


def letter(at: int) -> str:
    """The spreadsheet's name of column `at` (from 0): A, B … Z, AA."""
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(65 + rest) + name
    return name


def _headings(
    raw: Raw, rows: list[Row], aside: list[SetAside], findings: list[Finding]
) -> tuple[list[str], int, bool]:
    """(names, index of the first row below them, whether there are any)."""
    if raw.headings_end == 0:  # the format itself names the columns
        return list(rows[0].cells), 1, True
    if raw.headings_end is not None:
        head = [row for row in rows if row.number <= raw.headings_end]
        top = _first_wide(head)
        _set_above_aside(head[:top], aside, findings)
        joined = head[top:]
        aside += [SetAside(row.number, "row-headings", row.cells) for row in joined]
        if len(joined) > 1:
            findings.append(_headings_joined(joined))
        return _joined(joined), len(head), True
    at = _headings_row(rows)
    if at is None:
        findings.append(
            Finding("headings-missing", row=rows[0].number, value=" · ".join(rows[0].cells)[:200])
        )
        width = max(len(row.cells) for row in rows[:_LOOK])
        return [""] * width, 0, False
    _set_above_aside(rows[:at], aside, findings)
    last = at + 1 if _goes_on_below(rows, at) else at
    joined = rows[at : last + 1]
    aside += [SetAside(row.number, "row-headings", row.cells) for row in joined]
    if last > at:
        findings.append(_headings_joined(joined))
        return _joined([_spread(joined[0], joined[1]), joined[1]]), last + 1, True
    return list(rows[at].cells), at + 1, True


def _headings_joined(joined: Sequence[Row]) -> Finding:
    return Finding("headings-joined", details={"first": joined[0].number, "last": joined[-1].number})


def _goes_on_below(rows: Sequence[Row], at: int) -> bool:
    """Whether the row below the headings names parts of them ("Domicilio": "Calle", "Colonia").

    It fills gaps of the headings and has no value; the rows below it fill those columns, and not alike.
    """
    if at + 3 > len(rows):
        return False
    top, below = rows[at].cells, rows[at + 1].cells
    gaps = {i for i, cell in enumerate(below) if cell and not (top[i] if i < len(top) else "")}
    if (
        not gaps
        or (len(gaps) == 1 and not _names_parts(below, gaps))
        or any(cell and (_VALUE.match(cell) or len(cell) > 40) for cell in below)
    ):
        return False
    named = [i for i, cell in enumerate(top) if cell]
    alone = [i for i in named if i >= len(below) or not below[i]]
    if not alone or any(i < named[0] for i in gaps):
        return False
    body = rows[at + 2 : at + 2 + _LOOK]
    return all(below[i] not in {row.cells[i] for row in body if i < len(row.cells)} for i in gaps) and any(
        sum(1 for i in alone if i < len(row.cells) and row.cells[i]) for row in body
    )


def _names_parts(below: Sequence[str], gaps: set[int]) -> bool:
    """Whether the row says nothing but the parts of one heading: «Nombre», «Teléfono» under «Responsable»."""
    filled = [i for i, cell in enumerate(below) if cell]
    return len(filled) == 2 and filled[1] - filled[0] == 1 and filled[1] in gaps and filled[0] > 0


def _spread(top: Row, below: Row) -> Row:
    """A heading over several columns over each of them, as a person sees it."""
    cells, group = [], ""
    for i, cell in enumerate(below.cells):
        over = top.cells[i] if i < len(top.cells) else ""
        group = over or (group if cell else "")
        cells.append(over or group)
    return Row(top.number, (*cells, *top.cells[len(cells) :]))


def _set_above_aside(rows: Sequence[Row], aside: list[SetAside], findings: list[Finding]) -> None:
    aside += [SetAside(row.number, "row-title", row.cells) for row in rows]
    if rows:
        said = " · ".join(cell for row in rows for cell in row.cells if cell)
        findings.append(Finding("title-rows", value=said[:200], details={"last": rows[-1].number}))


def _joined(rows: Sequence[Row]) -> list[str]:
    width = max(len(row.cells) for row in rows)
    names = []
    for at in range(width):
        parts: list[str] = []
        for row in rows:
            cell = row.cells[at] if at < len(row.cells) else ""
            if cell and cell not in parts:
                parts.append(cell)
        names.append(" · ".join(parts))
    return names


def _first_wide(rows: Sequence[Row]) -> int:
    widths = [sum(1 for cell in row.cells if cell) for row in rows]
    return next((i for i, width in enumerate(widths) if width > 1), 0)


def _headings_row(rows: list[Row]) -> int | None:
    """Index of the headings, or None where even the first full row looks like data."""
    look = rows[:_LOOK]
    counts = [sum(1 for cell in row.cells if cell) for row in look]
    usual = Counter(counts[1:] or counts).most_common(1)[0][0]
    need = max(1, min(usual, max(counts)) * 0.6)
    for at, row in enumerate(look):
        if counts[at] < need or (usual > 1 and counts[at] == 1):
            continue
        if at == 0 and len(rows) > 1 and _looks_like_data(row, rows[1 : 1 + _LOOK]):
            return None
        if at == 0 and len(rows) == 1:
            return None if any(_VALUE.match(c) for c in row.cells if c) else 0
        return at
    return 0


def _looks_like_data(row: Row, below: list[Row]) -> bool:
    """Whether `row` holds values like those below it: numbers over numbers, or the same text again."""
    values = sum(1 for cell in row.cells if cell and _VALUE.match(cell))
    filled = sum(1 for cell in row.cells if cell)
    if values:
        alike = 0
        for at, cell in enumerate(row.cells):
            column = [r.cells[at] for r in below if at < len(r.cells) and r.cells[at]]
            if cell and _VALUE.match(cell) and column:
                alike += sum(1 for c in column if _VALUE.match(c)) / len(column) > 0.5
        if sum(1 for c in row.cells if _SURE_VALUE.match(c)) > 1 and alike > 0:
            return True  # web addresses and positions are no headings; a single one may be an example
        years = all(re.fullmatch(r"(19|20)\d\d", c) for c in row.cells if c and _VALUE.match(c))
        return alike > 0 and values / filled > 0.2 and not (years and values < filled)
    return bool(below) and all(r.cells == row.cells for r in below)


def _without_instructions(
    columns: list[str], body: list[Row], aside: list[SetAside], findings: list[Finding]
) -> list[Row]:
    """Rows right below the headings that explain them ("Ejemplo: …")."""
    at = 0
    while at < min(3, len(body) - 1):
        first = next((cell for cell in body[at].cells if cell), "")
        if not _INSTRUCTION.match(first):
            break
        aside.append(SetAside(body[at].number, "row-instruction", body[at].cells))
        findings.append(Finding("row-instruction", row=body[at].number, value=first[:200]))
        at += 1
    return body[at:]


def _without_totals(body: list[Row], aside: list[SetAside], findings: list[Finding]) -> list[Row]:
    """Rows at the end that add up or give a source; only the last ten are looked at."""
    if len(body) < 2:
        return body
    usual = Counter(sum(1 for c in row.cells if c) for row in body).most_common(1)[0][0]
    end = len(body)
    while end > max(1, len(body) - 10):
        cells = [cell for cell in body[end - 1].cells if cell]
        total = bool(_TOTAL.match(cells[0])) and all(_VALUE.match(c) or _TOTAL.match(c) for c in cells)
        note = usual > 2 and len(cells) == 1 and bool(_FOOTNOTE.match(cells[0]))
        if not (total or note):
            break
        end -= 1
    for row in body[end:]:
        code = "row-total"
        aside.append(SetAside(row.number, code, row.cells))
        findings.append(Finding(code, row=row.number, value=" · ".join(c for c in row.cells if c)[:200]))
    return body[:end]


def _without_repeated_headings(
    columns: list[str], body: list[Row], aside: list[SetAside], findings: list[Finding]
) -> list[Row]:
    """Headings that come again in the middle (printed pages, files pasted together)."""
    names = [name for name in columns if name]
    if len(names) < 2:
        return body
    kept = []
    for row in body:
        if list(row.cells[: len(columns)]) == columns:
            aside.append(SetAside(row.number, "row-headings", row.cells))
            findings.append(Finding("headings-again", row=row.number))
        else:
            kept.append(row)
    return kept


def _named_columns(
    columns: list[str], body: list[Row], findings: list[Finding], *, told: bool
) -> tuple[list[str], list[int]]:
    """Distinct names; nameless columns with contents get their letter; wholly empty nameless ones go."""
    width = max([len(columns), *(len(row.cells) for row in body)])
    used = [any(at < len(row.cells) and row.cells[at] for row in body) for at in range(width)]
    long = next((row for row in body if any(row.cells[len(columns) :])), None)
    if long is not None:
        findings.append(
            Finding("row-longer", row=long.number, value=" · ".join(long.cells[len(columns) :])[:200])
        )
    names: list[str] = []
    kept: list[int] = []
    for at in range(width):
        name = re.sub(r"\s+", " ", columns[at]) if at < len(columns) else ""
        if not name:
            if not used[at]:
                continue
            name = f"columna {letter(at)}"
            if told and at < len(columns):
                findings.append(Finding("column-unnamed", column=name))
        if name in names:
            new = next(f"{name} ({n})" for n in range(2, width + 2) if f"{name} ({n})" not in names)
            findings.append(Finding("column-repeated", column=name, details={"new": new}))
            name = new
        names.append(name)
        kept.append(at)
    return names, kept


def _fitted(row: Row, kept: Sequence[int]) -> Row:
    cells = row.cells
    return Row(row.number, tuple(cells[at] if at < len(cells) else "" for at in kept))
