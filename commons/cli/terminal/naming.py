"""What people type for a type, a field or a record, and which one they mean. Changes nothing.

Types and fields by their name or their label in either language, accents aside; records by address, id, or
words of their title as long as only one fits.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from commons.addresses import MEMBER_ID
from commons.catalogue.errors import NoSuchRecord, UnknownType
from commons.catalogue.record import StoredRecord
from commons.catalogue.store import Catalogue
from commons.errors import InputError
from commons.messages import N_, in_language, translate
from commons.schema.numbers import E6, read_position
from commons.schema.spec import Field, RecordType, load_schema
from commons.schema.vocabularies import fold

SHOWN = 5
NONE_NEAR = "—"
_POSITION = {"position", "posicion", "coordenadas", "coordinates"}
_DEGREES = ("latitude_e6", "longitude_e6")


@dataclass(eq=False)
class UnknownField(InputError):
    """The type has no field of this name."""

    field: str
    type: str
    near: str
    template: ClassVar[str] = N_("A record of type {type} has no field «{field}».")
    hint_template: ClassVar[str] = N_("Fields like it: {near}. All of them: commons show --fields {type}")

    @property
    def hint(self) -> str:
        """Without those like it where none is."""
        if self.near != NONE_NEAR:
            return super().hint
        return translate(N_("All its fields: commons show --fields {type}")).format(type=self.type)


@dataclass(eq=False)
class SeveralRecords(InputError):
    """More than one record is meant by the same words."""

    text: str
    choices: str
    template: ClassVar[str] = N_("«{text}» may be several records: {choices}.")
    hint_template: ClassVar[str] = N_("Write the one you mean as type/id.")


@dataclass(eq=False)
class OnlyPart(InputError):
    """Part of a name was given where nobody can look whether the right record is meant."""

    text: str
    title: str
    record: str
    template: ClassVar[str] = N_(
        "«{text}» is only part of a name; it would be {record}, «{title}». Nothing was changed."
    )
    hint_template: ClassVar[str] = N_(
        "With --yes write type/id or the whole title: {record}. Without it you are asked first."
    )


@dataclass(eq=False)
class NothingLike(InputError):
    """No record has this id or these words."""

    text: str
    template: ClassVar[str] = N_("No record of this catalogue is called «{text}».")
    hint_template: ClassVar[str] = N_("commons list shows the records; commons list WORD looks for some.")


@dataclass(eq=False)
class NotAnAssignment(InputError):
    """A value was written without saying which field it is for."""

    text: str
    template: ClassVar[str] = N_("«{text}» does not say which field it is for.")
    hint_template: ClassVar[str] = N_('Write field=value, with quotes around it: "summary=Hot meals"')


@dataclass(eq=False)
class NotAPosition(InputError):
    """What should be a latitude and a longitude is none."""

    text: str
    template: ClassVar[str] = N_("«{text}» is not a position.")
    hint_template: ClassVar[str] = N_(
        'Write latitude and longitude, as a map on a telephone gives them: "position=19.4326, -99.1332"'
    )


@dataclass(eq=False)
class NothingNamed(InputError):
    """A command that works on records was given none."""

    template: ClassVar[str] = N_("Which record?")
    hint_template: ClassVar[str] = N_("Name it by type/id or its title; commons list shows the records.")


def the_type(text: str) -> RecordType:
    """The record type that `text` names. Raises UnknownType."""
    types = load_schema().types
    found = maybe_type(text)
    if found is None:
        raise UnknownType(text)
    return types[found.name]


def maybe_type(text: str) -> RecordType | None:
    """The record type that `text` names exactly, or None."""
    wanted = fold(text)
    for rtype in load_schema().types.values():
        if wanted in {fold(n) for n in (rtype.name, *rtype.title.values(), *rtype.plural.values())}:
            return rtype
    return None


def the_field(rtype: RecordType, text: str) -> Field:
    """The field of `rtype` that `text` names, by name or label. Raises UnknownField."""
    names = _field_names(rtype.fields.values())
    found = names.get(fold(text))
    if found is not None:
        return found
    begun = {f.name: f for name, f in names.items() if fold(text) and name.startswith(fold(text))}
    if len(begun) == 1:
        return next(iter(begun.values()))
    from commons.imports.guessing.guess import field_named  # only where a name is not a label

    usual = field_named(text, rtype)
    if usual is not None and rtype.fields[usual].form != "hidden":
        return rtype.fields[usual]
    near = difflib.get_close_matches(fold(text), list(names), n=4, cutoff=0.4)
    labels = list(dict.fromkeys(in_language(names[name].title) for name in near))
    raise UnknownField(text, fold(in_language(rtype.title)), ", ".join(labels) or NONE_NEAR)


def _field_names(fields: Iterable[Field]) -> dict[str, Field]:
    names: dict[str, Field] = {}
    for field in fields:
        if field.form != "hidden":
            for name in (field.name, *field.title.values()):
                names.setdefault(fold(name), field)
    return names


def assignment(rtype: RecordType, text: str) -> tuple[Field, str]:
    """The field and the text of `field=value`. Raises NotAnAssignment, UnknownField."""
    name, equals, value = text.partition("=")
    if not equals:
        raise NotAnAssignment(text)
    return the_field(rtype, name.strip()), value


def assignments(rtype: RecordType, text: str) -> list[tuple[Field, str]]:
    """As `assignment`; a position, which every page shows as one, is two fields. Raises NotAPosition, too."""
    name, equals, value = text.partition("=")
    if not equals or fold(name) not in _POSITION or _DEGREES[0] not in rtype.fields:
        return [assignment(rtype, text)]
    found = read_position(value)
    if found is None and value.strip():
        raise NotAPosition(value.strip())
    written = ["", ""] if found is None else [f"{degree / E6:.6f}" for degree in found]
    return [(rtype.fields[field], degree) for field, degree in zip(_DEGREES, written, strict=True)]


def the_record(catalogue: Catalogue, text: str) -> StoredRecord:
    """The one record that `text` means. Raises NothingLike, SeveralRecords, NoSuchRecord, UnknownType."""
    kind, slash, rest = text.strip().rpartition("/")
    if slash:
        whose, _, type_name = kind.rpartition("/")
        if MEMBER_ID.match(whose) and whose != catalogue.member_id:
            raise NothingLike(text)
        name = the_type(type_name).name
        found = catalogue.get(name, rest)
        if found is None:
            raise NoSuchRecord(name, rest)
        return found
    candidates = candidates_for(catalogue, text)
    if not candidates:
        raise NothingLike(text)
    if len(candidates) > 1:
        more = ["…"] if len(candidates) > SHOWN else []
        raise SeveralRecords(text, ", ".join([f"{r.type}/{r.id}" for r in candidates[:SHOWN]] + more))
    return candidates[0]


def refuse_part(record: StoredRecord, text: str) -> None:
    """For what nobody confirms: the record must be named by id, address or whole title. Raises OnlyPart."""
    if "/" not in text and record.id != text.strip() and fold(record.title) != fold(text):
        raise OnlyPart(text, record.title, f"{record.type}/{record.id}")


def candidates_for(catalogue: Catalogue, text: str, type_name: str | None = None) -> list[StoredRecord]:
    """Records that `text` may mean: by id, else by the whole title, else by words of the title."""
    wanted = fold(text)
    by_id, by_title, by_words = [], [], []
    for record in catalogue.records(type_name):
        title = fold(record.title)
        if record.id == text.strip():
            by_id.append(record)
        elif title == wanted:
            by_title.append(record)
        elif wanted and all(word in title for word in wanted.split()):
            by_words.append(record)
    return by_id or by_title or by_words
