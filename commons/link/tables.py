"""The tables that linking reads by: words, hosts, weights. Data in `schemas/v1/linking/`; decides nothing.

Written by hand as YAML; what is loaded is `schemas/v1/linking.json`, made from it by
`scripts/schema_build.py`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

from commons.schema.spec import SchemaMissing, schema_folder

COMPILED = "linking.json"


@dataclass(frozen=True, slots=True)
class Kinds:
    """Kinds that exclude each other. `said_by`: word → kinds by number, each with all the words that say it.

    Such words stand under one of them only.
    """

    said_by: Mapping[str, tuple[tuple[int, frozenset[str]], ...]]

    def of(self, words: Collection[str]) -> set[int]:
        """Which kinds a name of these words says."""
        said_by = self.said_by
        return {
            n for word in words if word in said_by for n, all_of in said_by[word] if all_of.issubset(words)
        }


@dataclass(frozen=True, slots=True)
class Words:
    """How names and addresses are read; see `words.yaml`."""

    small: frozenset[str]
    legal: frozenset[str]
    settlement: frozenset[str]
    parts: frozenset[str]
    beside: frozenset[str]
    bodies: frozenset[str]
    short: Mapping[str, tuple[str, ...]]
    context: Mapping[str, tuple[frozenset[str], str]]  # short word → beside which words, what it means
    activities: Kinds  # what is done in a house
    levels: Kinds  # of schools and the like
    audiences: Kinds  # for whom a place is
    numerals: Mapping[str, str]  # ordinals and romans → figures
    compass: Mapping[str, str]
    former: tuple[str, ...]  # longest first
    street_kinds: frozenset[str]
    number_words: frozenset[str]
    inner_words: frozenset[str]
    street_ends: frozenset[str]
    no_number: frozenset[str]
    placeholders: frozenset[str]


@dataclass(frozen=True, slots=True)
class Hosts:
    """Which hosts say nothing; see `hosts.yaml`."""

    free_mail: frozenset[str]
    shared: frozenset[str]
    suffixes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Table:
    """The points of one record type; see `weights.yaml`. `link`, `candidate`: what a pair needs at least."""

    link: int
    candidate: int
    points: Mapping[str, int]
    rarity: tuple[int, ...]
    whole_names: tuple[int, ...] = (0,)
    shares: tuple[int, ...] = (100,)  # percent left of what many have, by bucket
    distances: tuple[tuple[int, int], ...] = field(default=())  # (metres at most, points), nearest first


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything, and the table of each record type that is compared at all."""

    words: Words
    hosts: Hosts
    types: Mapping[str, Table]
    generic: frozenset[str]  # words of kinds: albergue, school


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _listed(text: str) -> tuple[str, ...]:
    return tuple(sorted((w.strip() for w in text.split("|")), key=lambda w: (-len(w), w)))


def _kinds(lines: Sequence[str]) -> Kinds:
    said_by: dict[str, tuple[tuple[int, frozenset[str]], ...]] = {}
    for n, line in enumerate(lines):
        for all_of in map(_set, line.split("|")):
            word = min(all_of)
            said_by[word] = (*said_by.get(word, ()), (n, all_of))
    return Kinds(MappingProxyType(said_by))


def words_from(plain: Mapping[str, Any]) -> Words:
    """From the plain content of `words.yaml`."""
    romans = {word: str(n) for n, word in enumerate(plain["roman"].split(), 1)}
    return Words(
        small=_set(plain["small"]),
        legal=_set(plain["legal"]),
        settlement=_set(plain["settlement"]),
        parts=_set(plain["parts"]),
        beside=_set(plain["beside"]),
        bodies=_set(plain["bodies"]),
        short={k: tuple(v.split()) for k, v in plain["short"].items()},
        context={k: (_set(v["beside"]), v["means"]) for k, v in plain["context"].items()},
        activities=_kinds(plain["activities"]),
        levels=_kinds(plain["levels"]),
        audiences=_kinds(plain["audiences"]),
        numerals={**romans, **{k: str(v) for k, v in plain["ordinals"].items()}},
        compass=plain["compass"],
        former=_listed(plain["former"]),
        street_kinds=_set(plain["street_kinds"]),
        number_words=_set(plain["number_words"]),
        inner_words=_set(plain["inner_words"]),
        street_ends=_set(plain["street_ends"]),
        no_number=_set(plain["no_number"]),
        placeholders=frozenset(_listed(plain["placeholders"])),
    )


def hosts_from(plain: Mapping[str, Any]) -> Hosts:
    """From the plain content of `hosts.yaml`."""
    shared = _set(plain["shared_hosts"]) | _set(plain["public_hosts"])
    return Hosts(_set(plain["free_mail"]), shared, _set(plain["suffixes"]))


def table_from(usual: Mapping[str, Any], own: Mapping[str, Any]) -> Table:
    """One record type's table: the usual points, and what differs."""
    points = {**usual["points"], **own.get("points", {})}
    merged = {**usual, **own}
    distances: Sequence[Sequence[int]] = merged["distances"]
    return Table(
        link=merged["link"],
        candidate=merged["candidate"],
        points=MappingProxyType(points),
        rarity=tuple(merged["rarity"]),
        whole_names=tuple(merged["whole_names"]),
        shares=tuple(merged["shares"]),
        distances=tuple((d[0], d[1]) for d in distances),
    )


def tables_from(plain: Mapping[str, Any]) -> Tables:
    """From the plain form of the whole folder."""
    weights = plain["weights"]
    types = {name: table_from(weights["usual"], own or {}) for name, own in weights["types"].items()}
    words = words_from(plain["words"])
    generic = _set(plain["words"]["generic"])
    return Tables(words, hosts_from(plain["hosts"]), MappingProxyType(types), generic)


@cache
def load_tables() -> Tables:
    """The tables of this program. Raises SchemaMissing."""
    path = schema_folder() / COMPILED
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SchemaMissing(str(path)) from error
    return tables_from(plain)
