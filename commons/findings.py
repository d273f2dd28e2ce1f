"""What a person should look at, as data. Never an exception, never printed here.

A receipt or an error file stores code and details only; the sentence is made when it is shown, in the
reader's language. Every code stands once, in `KINDS`, with what happened and how to mend it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Literal

from commons.messages import N_, translate

_PLACES = ("type", "record", "field", "row", "column", "value", "member")
Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a code means: how grave, the sentence, the next step (templates over the details)."""

    level: Level
    sentence: str
    hint: str = ""


# Sentences may name {type}, {record}, {field}, {row}, {column}, {value} and any of the finding's details.
KINDS: dict[str, Kind] = {
    "required": Kind("error", N_("{field} is empty."), N_("Write it, or keep the record as a draft.")),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `code` is a key of `KINDS`; the rest says where, as far as it is known."""

    code: str
    type: str | None = None
    record: str | None = None
    field: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    member: str | None = None
    details: Mapping[str, str | int] = dataclass_field(default_factory=dict)

    @property
    def level(self) -> Level:
        return KINDS[self.code].level

    def _texts(self) -> dict[str, object]:
        return {
            **{n: "—" if getattr(self, n) is None else getattr(self, n) for n in _PLACES},
            **self.details,
        }

    @property
    def sentence(self) -> str:
        """What is the matter, in the current language."""
        return translate(KINDS[self.code].sentence).format(**self._texts())

    @property
    def hint(self) -> str:
        """How to mend it, in the current language; may be empty."""
        return translate(KINDS[self.code].hint).format(**self._texts())

    def to_json(self) -> dict[str, object]:
        """Code, level and places; language-neutral."""
        known = {n: getattr(self, n) for n in _PLACES if getattr(self, n) is not None}
        return {
            "code": self.code,
            "level": self.level,
            **known,
            **({"details": dict(self.details)} if self.details else {}),
        }
