"""What two records were when somebody judged them, and whether one has changed a lot since. Pure.

A judgement keeps, of each record, its title and a digest of four parts: name, place, identifiers, contacts.
The digest is keyed with the record's salt, so that it gives nothing away once the salt is gone; a member that
takes down every earlier version gives the record another salt, and the judgement is asked again.

*A lot* is another name, or another two of place, identifiers and contacts. To fill in what was empty is no
change. The words are compared plainly and not as the linker reads them: a new linker must not make people
judge everything again.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping

from commons.folding import folded
from commons.link import names
from commons.link.judgements import Judgement

NAME, PLACE, IDENTIFIERS, CONTACTS = "name", "place", "identifiers", "contacts"
PARTS = (NAME, PLACE, IDENTIFIERS, CONTACTS)
_PART = 16  # hex digits of each part
_NOTHING = "0" * _PART
_BLOCK_E6 = 1_000  # a position is the same within about a hundred metres
_WORD = re.compile(r"[a-z0-9]+")

Fields = Mapping[str, object]


def digest(fields: Fields) -> str:
    """64 hex digits: 16 for each of `PARTS`, zeros where the record has nothing to compare."""
    key = str(fields.get("salt") or "").encode()
    return "".join(_digest_of(key, values) for values in _parts(fields))


def changes(title: str, was: str, fields: Fields) -> tuple[str, ...]:
    """Which of `PARTS` are others than when the record had this title and this digest."""
    found = []
    if title and names.agreement((title,), _names(fields)) == names.CONTRADICT:
        found.append(NAME)
    if len(was) != _PART * len(PARTS) or not fields.get("salt"):  # without its salt nothing can be compared
        return tuple(found)
    now = digest(fields)
    for n, part in enumerate(PARTS):
        old, new = (text[n * _PART : (n + 1) * _PART] for text in (was, now))
        if old not in (new, _NOTHING) and (part != NAME or not title):
            found.append(part)
    return tuple(found)


def is_a_lot(changed: Iterable[str]) -> bool:
    """Whether these changes are reason enough to judge again."""
    found = set(changed)
    return NAME in found or len(found) >= 2


def changed_since(judgement: Judgement, left: Fields | None, right: Fields | None) -> tuple[str, ...]:
    """What changed a lot in either record since; empty where nothing did, or a record is not here."""
    for title, was, fields in (
        (judgement.left_title, judgement.left_digest, left),
        (judgement.right_title, judgement.right_digest, right),
    ):
        found = changes(title, was, fields) if fields is not None else ()
        if is_a_lot(found):
            return found
    return ()


def changed_a_lot(
    judgements: Iterable[Judgement], fields_of: Callable[[str], Fields | None]
) -> frozenset[str]:
    """The addresses of those judgements that should be asked again."""
    return frozenset(j.address for j in judgements if changed_since(j, fields_of(j.left), fields_of(j.right)))


def _digest_of(key: bytes, values: list[str]) -> str:
    if not values:
        return _NOTHING
    said = "\n".join(values).encode()
    return hmac.new(key, said, hashlib.sha256).hexdigest()[:_PART]


def _names(fields: Fields) -> tuple[str, ...]:
    return tuple(_texts([fields.get("title"), *_list(fields, "alternate_names")]))


def _parts(fields: Fields) -> tuple[list[str], list[str], list[str], list[str]]:
    phones = (p.get("number") for p in _list(fields, "phones") if isinstance(p, Mapping))
    return (
        [" ".join(sorted(_words(fields.get("title"))))] if fields.get("title") else [],
        _place(fields),
        sorted(re.sub(r"[\s./_-]+", "", t).upper() for t in _texts(_list(fields, "identifiers"))),
        sorted({*_texts(phones), *(t.lower() for t in _texts([fields.get("email"), fields.get("url")]))}),
    )


def _place(fields: Fields) -> list[str]:
    """Street and postal code; else the position, else what it refers to."""
    street = " ".join(sorted(_words(fields.get("street_address"))))
    if street:
        return [street, *_texts([fields.get("postal_code")])]
    at = [fields.get("latitude_e6"), fields.get("longitude_e6")]
    if all(isinstance(n, int) for n in at):
        return [str(n // _BLOCK_E6) for n in at if isinstance(n, int)]
    return list(_texts([fields.get("place")]))


def _words(text: object) -> set[str]:
    return set(_WORD.findall(folded(text))) if isinstance(text, str) else set()


def _list(fields: Fields, name: str) -> list[object]:
    found = fields.get(name)
    return found if isinstance(found, list) else []


def _texts(values: Iterable[object]) -> Iterable[str]:
    return (v for v in values if isinstance(v, str) and v)
