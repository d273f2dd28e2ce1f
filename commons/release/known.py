"""What the organisation says publicly anyway, and what its catalogue keeps: the two lists for `scan`.

Pure; reads records that it is given. Coded values (terms, dates, codes) are never private here: they name
nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from commons.catalogue.record import StoredRecord
from commons.imports.sniff import is_person
from commons.model import Value
from commons.release.scan import Private, Scanner, email_key, phone_key, words_of
from commons.schema.spec import RecordType, Schema

_NAMES = ("title", "alternate_names")
_PLACES = ("street_address", "directions")
_OFTEN = 3  # a local value that more records share is a category, not a secret
_PHRASE_WORDS = 3


def scanner(schema: Schema, records: Collection[StoredRecord], ours: Iterable[str]) -> Scanner:
    """What to look for in this catalogue, and what is the organisation's own."""
    phones: set[str] = set()
    emails: set[str] = set()
    private = Private()
    often = _often(records)
    for record in records:
        rtype = schema.types[record.type]
        if not record.private:
            _add_channels(rtype, record, phones, emails)
        _add_private(rtype, record, private, often)
    for record in records:
        if not record.private and not schema.types[record.type].composed:
            for text in _texts_of(record.fields, _NAMES):
                private.discard(text)
    return Scanner(private, frozenset(phones), frozenset(emails), frozenset(ours))


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


def _add_private(rtype: RecordType, record: StoredRecord, private: Private, often: Mapping[str, int]) -> None:
    for name, value in record.fields.items():
        spec = rtype.fields.get(name)
        if spec is None:
            continue
        if spec.personal and not spec.format and not spec.vocabulary and not name.endswith("_role"):
            private.add_name(str(value), _is_given)
        elif name == "extra" and isinstance(value, dict):
            _add_local(value, private, often)
    if record.private:
        for text in _texts_of(record.fields, (*_NAMES, *_PLACES, "summary", "description")):
            private.add_text(text)
    elif record.fields.get("location_reserved") is True:
        for text in _texts_of(record.fields, _PLACES):
            private.add_text(text)


def _add_local(columns: Mapping[str, Value], private: Private, often: Mapping[str, int]) -> None:
    """Local columns: what looks like a person's name, and longer phrases as a whole."""
    for value in columns.values():
        for text in _strings(value):
            if often.get(text, 0) > _OFTEN:
                continue
            if is_person(text):
                private.add_name(text, _is_given)
            elif len(words_of(text)) >= _PHRASE_WORDS:
                private.add_text(text)


def _is_given(word: str) -> bool:
    return is_person(word.capitalize())


def _often(records: Iterable[StoredRecord]) -> Counter[str]:
    found: Counter[str] = Counter()
    for record in records:
        extra = record.fields.get("extra")
        if isinstance(extra, dict):
            found.update({text for value in extra.values() for text in _strings(value)})
    return found


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
