"""Values that several rooms share. Holds no behaviour beyond reading themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

# No floats anywhere: what is signed must read the same on every machine.
Value: TypeAlias = "str | int | bool | list[Value] | dict[str, Value]"
Fields: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Record:
    """One record: type, id within its catalogue, and its non-empty fields."""

    type: str
    id: str
    fields: Fields


def without_empty(fields: Mapping[str, object]) -> dict[str, Value]:
    """The fields that have a value: None, "", [] and {} mean "not there"."""
    return {k: v for k, v in fields.items() if v is not None and v != "" and v != [] and v != {}}  # type: ignore[misc]
