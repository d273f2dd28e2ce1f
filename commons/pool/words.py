"""Which words of a record go into the search index: its searched fields, and the names of its terms.

A term of a vocabulary (`topics: food`) is found by its name in every language, and a district by its name, so
that *alimentación* finds a record in English. Reads no database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

from commons.model import Fields
from commons.pool.contract import entity_types
from commons.pool.search import NAME_TIMES
from commons.schema.spec import Field, Schema, load_schema

_ORDER = ("name", "main", "text")  # the values of a field's `search`, heaviest first
# A searched field: its name, how often it stands in the text, and what reads terms by their names.
Searched: TypeAlias = tuple[str, int, Callable[[Any], str] | None]


class WordList:
    """The texts of records, by type; `places` names the codes of districts."""

    def __init__(self, schema: Schema, places: Mapping[str, str] | None = None) -> None:
        self._places = places or {}
        self._schema = schema
        self._terms: dict[tuple[str, str], str] = {}
        self._fields: dict[str, list[Searched]] = {
            t.name: [
                (f.name, NAME_TIMES if weight == "name" else 1, self._reader(f))
                for weight in _ORDER
                for f in t.fields.values()
                if f.search == weight
            ]
            for t in entity_types(schema)
        }

    def _reader(self, field: Field) -> Callable[[Any], str] | None:
        if field.vocabulary:
            vocabulary = field.vocabulary
            return lambda value: self._named(vocabulary, value)
        if field.format == "district":
            return lambda value: self._places.get(value, "") if isinstance(value, str) else ""
        return None

    def _named(self, vocabulary: str, value: Any) -> str:
        return " ".join(self._name(vocabulary, v) for v in (value if isinstance(value, list) else [value]))

    def _name(self, vocabulary: str, term: str) -> str:
        known = self._terms.get((vocabulary, term))
        if known is None:
            named = self._schema.vocabularies[vocabulary].terms.get(term)
            # the term itself where it is not known: an open vocabulary's code, or a newer term
            known = " ".join(dict.fromkeys(named.title.values())) if named else term.replace("-", " ")
            self._terms[vocabulary, term] = known
        return known

    def searched(self, type: str, names: Collection[str]) -> list[Searched]:
        """Those of a type's searched fields that are among `names`, in the order of their texts."""
        return [one for one in self._fields[type] if one[0] in names]

    def texts(self, searched: Sequence[Searched], fields: Fields) -> list[str]:
        """What is indexed of a record, names first."""
        found: list[str] = []
        for name, times, reader in searched:
            value: Any = fields.get(name)
            if not value:
                continue
            if reader is not None:
                value = reader(value)
            elif isinstance(value, list):
                value = "\n".join(v for v in value if isinstance(v, str))
            if times == 1:
                found.append(value)
            else:
                found += [value] * times
        return found


def word_list(schema: Schema | None = None, places: Mapping[str, str] | None = None) -> WordList:
    """The word list of this program's schema."""
    return WordList(schema or load_schema(), places)
