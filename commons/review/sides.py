"""Two records side by side: which fields agree, and which words of a value the other does not have.

Makes texts and marks, not lines: how wide a screen is, and whether it has colours, is the terminal's affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from commons.folding import folded
from commons.link import names, normal
from commons.link.compare import metres
from commons.messages import in_language, language
from commons.messages import translate as _
from commons.review.records import Side
from commons.schema import phones, typed
from commons.schema.spec import Field, load_schema
from commons.schema.territory import Territory

SAME, NEARLY, OTHER, ONE = (
    "=",
    "≈",
    "≠",
    " ",
)  # marks: equal, but for how it is written, different, one side only
_WORD = re.compile(r"\S+")
_PLAIN = re.compile(r"[a-z0-9]+")
# Their place is fixed: what tells most comes first, whatever the type.
_FIRST = (
    "title", "alternate_names", "kind", "street_address", "neighbourhood", "postal_code", "district", "city",
    "phones", "email", "url", "identifiers", "organization", "place", "service",
)  # fmt: skip
_BEFORE_POSITION = "district"
_NEVER = frozenset(
    (
        "salt", "created_at", "modified_at", "audience", "language", "licence", "latitude_e6", "longitude_e6",
        "position_precision", "country", "region", "currency",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a value; `other`: the other record does not have these words."""

    text: str
    other: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One field of both records. An empty side says nothing of it."""

    label: str
    mark: str
    left: tuple[Piece, ...]
    right: tuple[Piece, ...]
    tells: bool  # one of the fields by which things are told apart; the others can wait


def rows(left: Side, right: Side, territory: Territory | None = None) -> list[Row]:
    """The fields that either has, those that tell most first, then as the schema lists them."""
    rtype = load_schema().types[left.type]
    listed = [n for n in _FIRST if n in rtype.fields]
    listed += [n for n in rtype.fields if n not in listed and n not in _NEVER]
    found: list[Row] = []
    for name in listed:
        row = _row(rtype.fields[name], left, right, territory)
        if row is not None:
            found.append(row)
        if name == _BEFORE_POSITION:
            found += _position(left, right)
    return sorted(found, key=lambda r: not r.tells)


def _row(field: Field, left: Side, right: Side, territory: Territory | None) -> Row | None:
    texts = [_shown(field, side, territory) for side in (left, right)]
    if not any(texts):
        return None
    mark, pieces = compared(*texts)
    if mark == OTHER and _is_nearly(field.name, *texts):
        mark = NEARLY
    return Row(in_language(field.title), mark, *pieces, tells=field.name in _FIRST)


def _is_nearly(name: str, left: str, right: str) -> bool:
    """Whether linking takes for the same what is written otherwise: with an article, or shortened."""
    if name == "title":
        return names.agreement((left,), (right,)) == names.EQUAL or _in_words(left) == _in_words(right)
    if name == "street_address":
        here, there = normal.street_of(left), normal.street_of(right)
        return here is not None and there is not None and here._replace(spelling=there.spelling) == there
    return False


def _in_words(title: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words and marks that linking compares a title by."""
    name = normal.name_of(title)
    return frozenset(name.words), frozenset(name.marks)


def _shown(field: Field, side: Side, territory: Territory | None) -> str:
    value = side.fields.get(field.name)
    if value is None or value in ("", [], {}):
        return ""
    if field.name == "phones":
        return "; ".join(numbers_shown(value, territory))
    if field.format == "reference" and isinstance(value, str):
        return side.named.get(value) or value.rpartition("/")[2]
    return typed.show(field, value, lang=language(), territory=territory)


def _position(left: Side, right: Side) -> Iterator[Row]:
    """Where both are on a map, and how far apart."""
    at = [_degrees(side.fields) for side in (left, right)]
    if not any(at):
        return
    texts = [f"{a[0] / 1e6:.5f}, {a[1] / 1e6:.5f}" if a else "" for a in at]
    mark = ONE
    if at[0] and at[1]:
        distance = metres(at[0], at[1])
        mark = SAME if distance <= 10 else NEARLY if distance <= 150 else OTHER
        if distance:
            texts[1] += " " + _("({metres} m away)").format(metres=distance)
    yield Row(_("Position"), mark, (Piece(texts[0]),), (Piece(texts[1]),), tells=True)


def _degrees(fields: Mapping[str, Any]) -> tuple[int, int] | None:
    latitude, longitude = fields.get("latitude_e6"), fields.get("longitude_e6")
    if isinstance(latitude, int) and isinstance(longitude, int):
        return latitude, longitude
    return None


def compared(left: str, right: str) -> tuple[str, tuple[tuple[Piece, ...], tuple[Piece, ...]]]:
    """How two texts stand to each other, and each in pieces: words that the other lacks are marked."""
    if not left or not right:
        return ONE, (_whole(left), _whole(right))
    if left == right:
        return SAME, (_whole(left), _whole(right))
    words_left, words_right = _words(left), _words(right)
    if words_left == words_right:
        return NEARLY, (_whole(left), _whole(right))
    if words_left.isdisjoint(words_right):  # nothing in common: the mark says it, brackets would only shout
        return OTHER, (_whole(left), _whole(right))
    return OTHER, (tuple(_pieces(left, words_right)), tuple(_pieces(right, words_left)))


def _whole(text: str) -> tuple[Piece, ...]:
    return (Piece(text),) if text else ()


def _words(text: str) -> frozenset[str]:
    return frozenset(_PLAIN.findall(folded(text)))


def _pieces(text: str, theirs: frozenset[str]) -> Iterator[Piece]:
    """Runs of words that both have, and of words that only this one has."""
    run: list[str] = []
    other = False
    for match in _WORD.finditer(text):
        word = match.group()
        mine = _words(word)
        is_other = bool(mine) and not mine <= theirs
        if run and is_other != other:
            yield Piece(" ".join(run), other)
            run = []
        other = is_other
        run.append(word)
    if run:
        yield Piece(" ".join(run), other)


def numbers_shown(said: Iterable[object], territory: Territory | None) -> list[str]:
    """The numbers of a record's telephones as they are dialled in the territory."""
    region = territory.phone_region if territory else ""
    numbers = (str(p.get("number") or "") for p in said if isinstance(p, Mapping))
    return [phones.show_number(number, region=region) for number in numbers]
