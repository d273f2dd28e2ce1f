"""What the organisation says publicly anyway, and what its catalogue keeps: the two lists for `scan`.

Pure; reads records that it is given. Coded values (terms, dates, codes) are never private here: they name
nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from commons.catalogue.record import StoredRecord
from commons.imports.guessing.sniff import is_person, looks, names_organisation
from commons.model import Value
from commons.release.scan import Private, Scanner, email_key, phone_key, words_of
from commons.schema.spec import RecordType, Schema

_NAMES = ("title", "alternate_names")
_PLACES = ("street_address",)  # not the directions: bus lines and cross streets are everybody's
_WHEREABOUTS = (*_PLACES, "neighbourhood", "city", "region")
_OFTEN = 3  # a local value that more records share is a category, not a secret
_MOSTLY = 0.5  # share of persons' names that makes a column one of persons
_REPEATED = 8  # in a column of persons a name stands no more often than this, on average
_PHRASE_WORDS = 6  # shorter ones are names of streets and towns, which many records share


@dataclass(frozen=True, slots=True)
class Local:
    """What the catalogue's own columns are like: headings of those with persons, how often a value stands."""

    persons: frozenset[str]
    often: Counter[tuple[str, ...]]  # by words, so that capitals make no difference


def scanner(schema: Schema, records: Collection[StoredRecord], ours: Iterable[str]) -> Scanner:
    """What to look for in this catalogue, and what is the organisation's own."""
    phones: set[str] = set()
    emails: set[str] = set()
    persons, reserved, names = Private(), Private(), Private()
    local = _local_columns(records)
    for record in records:
        rtype = schema.types[record.type]
        if not record.private:
            _add_channels(rtype, record, phones, emails)
        _add_private(rtype, record, persons, names, local)
        if record.fields.get("location_reserved") is True:
            _add_texts(record.fields, _PLACES, reserved)
        elif record.private:
            _add_texts(record.fields, (*_NAMES, *_PLACES), names)
    public = [r for r in records if not r.private and not schema.types[r.type].composed]
    _discard_public(persons, names, public)
    _discard_common(names, public, schema)
    persons.join(reserved)
    return Scanner(persons, names, frozenset(phones), frozenset(emails), frozenset(ours))


def _add_texts(fields: Mapping[str, Value], fields_of: Iterable[str], private: Private) -> None:
    for text in _texts_of(fields, fields_of):
        private.add_text(text)


def _discard_public(persons: Private, names: Private, public: Iterable[StoredRecord]) -> None:
    """Take out what public records are called, where they are, and towns that sound like persons."""
    towns: Counter[str] = Counter()
    for record in public:
        for text in _texts_of(record.fields, _NAMES):
            persons.discard(text)
            names.discard(text)
        if record.fields.get("location_reserved") is not True:
            for text in _texts_of(record.fields, _WHEREABOUTS):
                names.discard(text)
                towns[text] += 1
    for text, records in towns.items():
        if records > _OFTEN:
            persons.discard(text)


def _discard_common(phrases: Private, public: Iterable[StoredRecord], schema: Schema) -> None:
    """Take out what several public records say: «centro de salud» is no secret of the one that stays home."""
    said: Counter[str] = Counter()
    for record in public:
        released = schema.types[record.type].released
        texts = " · ".join(_texts_of(record.fields, (n for n, f in released.items() if not f.personal)))
        said.update(set(phrases.found_in(texts)))
    for phrase, records in said.items():
        if records > _OFTEN:
            phrases.discard(phrase)


def _add_channels(rtype: RecordType, record: StoredRecord, phones: set[str], emails: set[str]) -> None:
    """Phones and e-mails that leave because they are the organisation's."""
    reserved = rtype.reserved if record.fields.get("location_reserved") is True else ()
    for name, value in record.fields.items():
        spec = rtype.fields.get(name)
        if spec is None or spec.release != "always" or name in reserved:
            continue
        if spec.format == "email" and isinstance(value, str):
            emails.add(email_key(value))
        elif spec.format == "phone" and isinstance(value, str):
            phones.add(phone_key(value))
        elif isinstance(value, list):
            inner = [n for n, item in spec.items.items() if item.format == "phone"]
            phones.update(
                phone_key(str(part[n]))
                for part in value
                if isinstance(part, dict)
                for n in inner
                if n in part
            )


def _add_private(
    rtype: RecordType, record: StoredRecord, persons: Private, names: Private, local: Local
) -> None:
    """Personal fields and local columns."""
    for name, value in record.fields.items():
        spec = rtype.fields.get(name)
        if spec is None:
            continue
        if spec.personal and not spec.format and not spec.vocabulary and not name.endswith("_role"):
            _add_name(str(value), persons)
        elif name == "extra" and isinstance(value, dict):
            _add_local(value, persons, names, local)


def _add_name(name: str, private: Private) -> None:
    """A person's name; of one that may be something else only the whole, of an organisation's nothing."""
    if is_person(name):
        private.add_name(name, _is_given)
    elif not names_organisation(name):
        private.add(words_of(name) if len(words_of(name)) > 1 else ())


def _is_given(word: str) -> bool:
    return is_person(word.capitalize())


def _add_local(columns: Mapping[str, Value], private: Private, phrases: Private, local: Local) -> None:
    """Local columns: names where the column holds persons, and long phrases as a whole."""
    for heading, value in columns.items():
        for text in _strings(value):
            if local.often[words_of(text)] > _OFTEN:
                continue
            if heading in local.persons:
                _add_name(text, private)
            elif len(words_of(text)) >= _PHRASE_WORDS:
                phrases.add_text(text)


def _local_columns(records: Iterable[StoredRecord]) -> Local:
    """Which local columns hold persons: one name is no proof (San Miguel), a column full of them is."""
    cells: dict[str, list[str]] = {}
    often: Counter[tuple[str, ...]] = Counter()
    for record in records:
        extra = record.fields.get("extra")
        if isinstance(extra, dict):
            for heading, value in extra.items():
                texts = list(_strings(value))
                cells.setdefault(heading, []).extend(texts)
                often.update(words_of(text) for text in texts)
    persons = {
        heading
        for heading, texts in cells.items()
        # the same few over and over are towns (San Francisco), not persons
        if len(set(texts)) * _REPEATED >= len(texts) and looks(texts).share("person") >= _MOSTLY
    }
    return Local(frozenset(persons), often)


def _texts_of(fields: Mapping[str, Value], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name in fields:
            yield from _strings(fields[name])


def _strings(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
