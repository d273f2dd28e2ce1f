"""Empty sheets to fill in: XLSX with lists to choose from and help on every heading, or plain CSV.

The headings are the fields' labels, so that the importer knows them again. Reads no sheet, holds no record.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from commons.messages import N_, in_language, speaking, translate
from commons.schema.spec import Field, RecordType, load_schema
from commons.schema.territory import Territory

ID_HEADING = "Id"
PREPARED_ROWS = 2000
_MAIN = PatternFill("solid", fgColor="E6DCF2")
_MORE = PatternFill("solid", fgColor="F4F1EA")
_PERSONAL = PatternFill("solid", fgColor="F9E2C7")
_ID_HELP = N_(
    "A short name of small letters and hyphens that never changes. Leave it empty and one is made for you; "
    "when you send the sheet again, keep it."
)
_STEPS = (
    N_("One row is one record. Only the name is needed; leave empty what you do not know."),
    N_("Violet headings come first; marigold ones are about a person and stay at home without consent."),
    N_("Hold the pointer over a heading to read what belongs there."),
    N_("Several values in one cell are parted by semicolons."),
    N_("Dates are written as 31/12/2026, hours as lun-vie 9:00-18:00."),
    N_("Do not rename the headings. You may leave out columns and change their order."),
    N_("When you are done: commons import FILE --to CATALOGUE --type {type}"),
)


@dataclass(frozen=True, slots=True)
class _Column:
    heading: str
    help: str
    fill: PatternFill
    choices: tuple[str, ...]
    many: bool


def fields_of(rtype: RecordType) -> tuple[Field, ...]:
    """The fields of a sheet, first those that a form shows first."""
    shown = [f for f in rtype.fields.values() if f.form != "hidden"]
    return tuple(sorted(shown, key=lambda f: f.form != "main"))


def headings(rtype: RecordType, lang: str) -> list[str]:
    """The first row: the id, then the fields' labels."""
    return [ID_HEADING, *(in_language(f.title, lang) for f in fields_of(rtype))]


def csv_bytes(rtype: RecordType, *, lang: str) -> bytes:
    """A CSV with the headings alone; the mark at its beginning tells Excel that it is UTF-8."""
    out = io.StringIO(newline="")
    csv.writer(out).writerow(headings(rtype, lang))
    return out.getvalue().encode("utf-8-sig")


def xlsx_bytes(rtype: RecordType, *, lang: str, territory: Territory | None = None) -> bytes:
    """A workbook of three sheets: the records, instructions, and (hidden) the lists to choose from."""
    with speaking(lang):
        columns = _columns(rtype, lang, territory)
        book = Workbook()
        sheet = book.active
        assert isinstance(sheet, Worksheet)
        sheet.title = in_language(rtype.plural, lang)[:31]
        _head(sheet, columns)
        _instructions(book.create_sheet(translate("Instructions")), rtype, columns)
        _choices(book, book.create_sheet(translate("Lists")), sheet, columns)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _columns(rtype: RecordType, lang: str, territory: Territory | None) -> list[_Column]:
    columns = [_Column(ID_HEADING, translate(_ID_HELP), _MORE, (), many=False)]
    for field in fields_of(rtype):
        example = in_language(field.example, lang)
        text = in_language(field.description, lang)
        if example:
            text += "\n" + translate("For example: {example}").format(example=example)
        columns.append(
            _Column(
                heading=in_language(field.title, lang),
                help=f"{text}\n{translate('For example: {example}').format(example=example)}"
                if example
                else text,
                fill=_PERSONAL if field.personal else _MAIN if field.form == "main" else _MORE,
                choices=_choices_of(field, lang, territory),
                many=field.type == "array",
            )
        )
    return columns


def _choices_of(field: Field, lang: str, territory: Territory | None) -> tuple[str, ...]:
    if field.type == "boolean":
        return ("sí", "no") if lang == "es" else ("yes", "no")
    if field.format == "district" and territory is not None:
        return tuple(sorted(d.name for d in territory.districts.values()))
    if field.vocabulary and not field.items:
        terms = load_schema().vocabularies[field.vocabulary].terms.values()
        return tuple(in_language(t.title, lang) for t in terms if t.id != "members")
    return ()


def _head(sheet: Worksheet, columns: Sequence[_Column]) -> None:
    """Headings with their help; every column as text, or Excel would turn phones and dates into numbers."""
    for n, column in enumerate(columns, start=1):
        cell = sheet.cell(1, n, column.heading)
        cell.font = Font(bold=True)
        cell.fill = column.fill
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.comment = Comment(column.help, "commons", height=120, width=320)
        letter = get_column_letter(n)
        sheet.column_dimensions[letter].width = max(14, min(40, len(column.heading) + 6))
        sheet.column_dimensions[letter].number_format = "@"
    sheet.row_dimensions[1].height = 34
    sheet.freeze_panes = "C2"


def _instructions(sheet: Worksheet, rtype: RecordType, columns: Sequence[_Column]) -> None:
    sheet.column_dimensions["A"].width = 34
    sheet.column_dimensions["B"].width = 90
    lines = [(in_language(rtype.plural), in_language(rtype.description))]
    lines += [(f"{n}.", translate(step).format(type=rtype.name)) for n, step in enumerate(_STEPS, start=1)]
    lines += [("", "")]
    lines += [(column.heading, column.help) for column in columns]
    for row, (first, second) in enumerate(lines, start=1):
        sheet.cell(row, 1, first).font = Font(bold=True)
        sheet.cell(row, 2, second)
        for n in (1, 2):
            sheet.cell(row, n).alignment = Alignment(wrap_text=True, vertical="top")


def _choices(book: Workbook, lists: Worksheet, sheet: Worksheet, columns: Sequence[_Column]) -> None:
    """One column of the hidden sheet per list, and a rule on the records' cells that points there."""
    lists.sheet_state = "hidden"
    for n, column in enumerate(columns, start=1):
        if not column.choices:
            continue
        at = lists.max_column + 1 if lists.cell(1, 1).value is not None else 1
        for row, choice in enumerate(column.choices, start=1):
            lists.cell(row, at, choice)
        letter = get_column_letter(at)
        name = f"choices_{n}"
        place = f"'{lists.title}'!${letter}$1:${letter}${len(column.choices)}"
        book.defined_names[name] = DefinedName(name, attr_text=place)
        rule = DataValidation(type="list", formula1=f"={name}", allow_blank=True)
        # a list is offered, never forced: several values, or another word, are the importer's business
        rule.showErrorMessage = False
        rule.showInputMessage = False
        here = get_column_letter(n)
        rule.add(f"{here}2:{here}{PREPARED_ROWS}")
        sheet.add_data_validation(rule)
