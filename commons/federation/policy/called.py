"""Which member a person means on the command line: by name, id, or the beginning of an id. Pure.

Names are compared as people say them: an exact one first, else without case, accents and punctuation. Two
members may bear one name; then nobody is taken by chance, and the ids tell them apart.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from commons.errors import InputError
from commons.federation.policy.rules import Member, Policy
from commons.folding import folded
from commons.messages import N_

SHORTEST = 4  # characters of an id that are enough to mean it
_MOST_LISTED = 12


@dataclass(eq=False)
class NoSuchMember(InputError):
    """A name or id that no member of the federation has."""

    name: str
    known: str
    template: ClassVar[str] = N_("No member is called «{name}».")
    hint_template: ClassVar[str] = N_("The members here are: {known}.")


@dataclass(eq=False)
class NearMember(NoSuchMember):
    """A name that no member has, and that is like those that some have."""

    near: str
    hint_template: ClassVar[str] = N_("Did you mean {near}? The members here are: {known}.")


@dataclass(eq=False)
class SeveralMembers(InputError):
    """A name that more than one member has."""

    name: str
    choices: str
    template: ClassVar[str] = N_("«{name}» may be several members: {choices}.")
    hint_template: ClassVar[str] = N_("Write the beginning of its id; four characters are enough.")


def meant(text: str, names: Mapping[str, str], *, parts: bool = False) -> list[str]:
    """The ids (of `names`: id → name) that `text` may mean, of the first way of reading that finds any.

    Args:
        parts: part of a name is enough, too: for what only looks, and changes nothing.
    """
    text = text.strip()
    if text in names:
        return [text]
    exact = [id for id, name in names.items() if text and name.strip() == text]
    alike = [id for id, name in names.items() if plain(text) and plain(name) == plain(text)]
    begun = [id for id in names if len(text) >= SHORTEST and id.startswith(text.lower())]
    within = [id for id, name in names.items() if parts and plain(text) and plain(text) in plain(name)]
    return exact or alike or begun or within


def plain(name: str) -> str:
    """A name as it is compared: small letters without accents, words with one space between them."""
    letters = (c if c.isalnum() else " " for c in folded(name))
    return " ".join("".join(letters).split())


def id_called(text: str, names: Mapping[str, str], *, parts: bool = False) -> str:
    """The one id that `text` means; `parts` as in `meant`. Raises NoSuchMember, SeveralMembers."""
    found = meant(text, names, parts=parts)
    if not found:
        known, near = _listed(sorted(set(names.values()))), _near(text, names)
        raise NearMember(text, known, _listed(near)) if near else NoSuchMember(text, known)
    if len(found) > 1:
        raise SeveralMembers(text, ", ".join(f"{names[id]} ({id[:8]}…)" for id in sorted(found)))
    return found[0]


def member_called(policy: Policy, text: str) -> Member:
    """The one member of the list that `text` means. Raises NoSuchMember, SeveralMembers."""
    found = policy.member(id_called(text, {m.id: m.name for m in policy.members}))
    assert found is not None
    return found


def _near(text: str, names: Mapping[str, str]) -> list[str]:
    """Names of which it is a part, and names like it."""
    known = {plain(name) for name in names.values()}
    within = {name for name in known if plain(text) and plain(text) in name}
    near = within.union(difflib.get_close_matches(plain(text), sorted(known), n=3, cutoff=0.6))
    return [f"«{name}»" for name in sorted(set(names.values())) if plain(name) in near]


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_MOST_LISTED]) + (" …" if len(names) > _MOST_LISTED else "") or "—"
