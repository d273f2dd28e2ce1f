"""Finds the records that somebody wants to withdraw. The withdrawal itself is an act of the catalogue.

A record is named by its type and id, its whole address, or its id alone where only one record has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from commons.catalogue.errors import NoSuchRecord
from commons.catalogue.store import Catalogue
from commons.errors import InputError
from commons.messages import N_

Key = tuple[str, str]


@dataclass(eq=False)
class NotOurs(InputError):
    """The address belongs to another member."""

    address: str
    template: ClassVar[str] = N_(
        "«{address}» is the record of another organisation; only they can withdraw it."
    )
    hint_template: ClassVar[str] = N_("Ask them, or the federation that shows it.")


@dataclass(eq=False)
class SeveralRecords(InputError):
    """An id that records of several types have."""

    id: str
    names: str
    template: ClassVar[str] = N_("«{id}» could be any of: {names}.")
    hint_template: ClassVar[str] = N_("Write type and id, as in {names}.")


def find(catalogue: Catalogue, text: str) -> Key:
    """Type and id of the record that `text` names; also of one that is no longer here.

    Raises:
        NotOurs, SeveralRecords, UnknownType; NoSuchRecord for a bare id that no record has.
    """
    parts = text.strip().split("/")
    if len(parts) == 3:
        if parts[0] != catalogue.member_id:
            raise NotOurs(text)
        parts = parts[1:]
    if len(parts) == 2:
        catalogue.rows.type(parts[0])
        return parts[0], parts[1]
    found = [name for name in catalogue.schema.types if catalogue.get(name, text)] if len(parts) == 1 else []
    if len(found) > 1:
        raise SeveralRecords(text, ", ".join(f"{name}/{text}" for name in found))
    if not found:
        raise NoSuchRecord("…", text)
    return found[0], text


def withdrawable(catalogue: Catalogue, texts: Sequence[str]) -> list[Key]:
    """The records that `texts` name, each once; only those of kinds that a person writes.

    Raises as `find`, and NoSuchRecord for the catalogue's own record and for withdrawals.
    """
    keys = list(dict.fromkeys(find(catalogue, text) for text in texts))
    for key in keys:
        if key[0] in ("catalogue", "withdrawal"):
            raise NoSuchRecord(*key)
    return keys
