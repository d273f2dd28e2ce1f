"""A record as the catalogue holds it. Reads nothing from disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from commons.folding import folded
from commons.model import Fields, Value

# What the program keeps by itself; not content, so a change of these alone is no change.
AUTOMATIC = ("salt", "created_at", "modified_at")
_ABOUT = ("left_title", "right_title", "about_title")  # of judgements and vouches, which have no title


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """`fields`: values that fit. `drafts`: texts as typed that do not fit yet, by field."""

    type: str
    id: str
    fields: Fields
    drafts: Mapping[str, str]

    @property
    def title(self) -> str:
        """Its title, or what was typed for one, or the titles of what it is about, or its id."""
        about = " · ".join(str(self.fields[n]) for n in _ABOUT if self.fields.get(n))
        return str(self.fields.get("title") or self.drafts.get("title") or about or self.id)

    @property
    def private(self) -> bool:
        """Whether the record stays at home; `members` is reserved and treated as private."""
        return self.fields.get("audience", "public") != "public"

    @property
    def folded_text(self) -> str:
        """Everything in it that can be looked for."""
        texts = [self.id, *self.drafts.values()]
        for name, value in self.fields.items():
            if name not in AUTOMATIC:
                texts += _texts(value)
        return folded("\n".join(texts))


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif not isinstance(value, bool):
        yield str(value)
