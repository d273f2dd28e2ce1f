"""References that a sheet gives by name: the record so called, or a new one where the mapping says `make`.

Reads the catalogue and what the file says; writes nothing. Where two records have the name nobody is chosen:
the text waits as a draft, and so does what may be a person's name: nobody asked to publish that. A record
that was here is only referred to, never changed by its name in a sheet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from commons.catalogue.sources import SourceRow
from commons.catalogue.store import Catalogue
from commons.findings import Finding
from commons.imports.guessing.fits import says_nothing
from commons.imports.guessing.sniff import looks
from commons.imports.mapping.cells import folded
from commons.imports.mapping.identity import KEY_SEPARATOR, fingerprint, keyless_id
from commons.imports.mapping.made import Made
from commons.imports.mapping.rules import RecordPlan, Rule
from commons.model import Value
from commons.schema import typed
from commons.schema.spec import Field, Schema

Address = tuple[str, str]  # type and id
_TITLE = "title"
_NOWHERE = frozenset(
    ("online", "on-line", "en-linea", "virtual", "remote", "remoto", "remota", "zoom", "google-meet",
     "internet", "a-distancia", "por-definir", "pendiente", "tbd", "tba", "to-be-defined", "por-confirmar",
     "varios", "varias", "varias-sedes", "various", "a-domicilio", "otro", "otra", "other", "ninguno",
     "ninguna", "ningun", "none", "no-aplica", "no-hay", "no-tiene", "no", "nadie", "nada", "independiente",
     "se-desconoce", "desconocido", "desconocida", "no-se-sabe", "unknown", "no-especificado",
     "no-especificada", "x", "xx", "xxx")
)  # fmt: skip
_OF_PERSONS = ("person", "contact", "email", "phone", "handle", "curp", "rfc")  # kinds of cells
_PARTS = re.compile(r"[/;&()|]|\s[-–—]\s")  # «Ana Ruiz (coordinadora)», «Ana Ruiz / Luz Díaz»
_AUDIENCE = "audience"
_MOST_PUBLIC = ("public", "members", "private")


@dataclass(frozen=True)
class Reference:
    """A reference that a row gives by name: whose, in which field, from which column, and the text."""

    owner: Address
    spec: Field
    rule: Rule
    row: int
    text: str

    @property
    def column(self) -> str:
        """As a finding names it."""
        return " + ".join(self.rule.columns)


@dataclass(frozen=True)
class Fresh:
    """A record that is made because a row names it and there is none."""

    made: Made
    id: str
    key: str
    row: int


@dataclass
class Resolved:
    """What became of the references by name."""

    ids: dict[tuple[Address, str], str] = field(default_factory=dict)  # (owner, field) → record's id
    nowhere: set[tuple[Address, str]] = field(default_factory=set)  # «online», «por definir»: no record
    doubtful: set[tuple[Address, str]] = field(default_factory=set)  # drafts of which a finding here says why
    waiting: set[tuple[Address, str]] = field(default_factory=set)  # drafts that name no record
    fresh: dict[Address, Fresh] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def resolve(
    references: Iterable[Reference],
    catalogue: Catalogue,
    told: Mapping[Address, Mapping[str, Value]],
    known: Mapping[tuple[str, str], SourceRow],
    schema: Schema,
    *,
    lang: str,
    barred: Callable[[str, str, str], bool],
) -> Resolved:
    """The records meant. `told`: what the file itself says of records; `known`: rows of earlier imports.

    `barred`: whether a record of this type, id and key must not be made, as a person took it away.
    """
    names = _Names(catalogue, told)
    done = Resolved()
    counts: dict[tuple[str, str], list[set[str]]] = {}
    seen_by: dict[Address, set[str]] = {}  # who may see the records that name it
    for reference in references:
        target, text = reference.spec.target, reference.text
        at = (reference.owner, reference.spec.name)
        if (target, text) == reference.owner:
            done.nowhere.add(at)
            continue
        if (target, text) in told or catalogue.get(target, text) is not None:
            continue  # an id, as it should be
        mark = folded(text)
        if _is_nowhere(text, mark):
            done.nowhere.add(at)
            continue
        earlier = _remembered(catalogue, known, target, mark)
        found = {earlier} if earlier is not None else names.of(target, mark)
        if (target, reference.owner[1]) == reference.owner and reference.owner[1] in found:
            found = found - {reference.owner[1]}
            if not found:
                done.nowhere.add(at)  # it names itself: nothing else is so called
                continue
            if any((target, other) in told for other in found):
                found = found | {reference.owner[1]}  # two rows of one name: each could be the other's
        if not found and mark.startswith("sin-"):
            done.nowhere.add(at)
            continue
        if len(found) > 1:
            done.doubtful.add(at)
            done.findings.append(_said(reference, "name-of-several", n=len(found)))
            continue
        here, made = counts.setdefault((reference.column, target), [set(), set()])
        if not found and not reference.rule.make:
            continue
        if found and earlier is None:
            record_id = next(iter(found))
            (made if (target, record_id) in done.fresh else here).add(mark)
        else:
            if earlier is None and _may_be_a_person(text):
                done.doubtful.add(at)
                done.findings.append(_said(reference, "name-of-person"))
                continue
            fresh = _made(reference, mark, earlier, known, schema, lang)
            if fresh is None or barred(target, fresh.id, fresh.key):
                done.waiting.add(at)
                continue
            record_id = fresh.id
            done.fresh.setdefault((target, record_id), fresh)  # what was made before is said once more
            names.add(target, mark, record_id)
            (made if earlier is None else here).add(mark)
        if (target, record_id) in done.fresh:
            audience = _audience(reference.owner, told, catalogue, schema)
            seen_by.setdefault((target, record_id), set()).add(audience)
        done.ids[at] = record_id
    for address, audiences in seen_by.items():
        most = min(audiences, key=_MOST_PUBLIC.index)
        if most != "public" and _AUDIENCE in schema.types[address[0]].fields:
            done.fresh[address].made.fields[_AUDIENCE] = most
    done.findings += _told(counts, schema, lang)
    return done


def _is_nowhere(text: str, mark: str) -> bool:
    """Whether the text says that there is none, or none yet: «?», «Sin organización», «por definir»."""
    return mark in _NOWHERE or says_nothing(text) or not any(sign.isalnum() for sign in text)


def _may_be_a_person(text: str) -> bool:
    """Whether a part of it looks like a person's name or address; also what has no letter, as a key."""
    if not any(sign.isalpha() for sign in text):
        return True
    parts = [part.strip() for part in (text, *_PARTS.split(text)) if part.strip()]
    kinds = {kind for part in parts for kind in looks((part,)).shares}
    return not kinds.isdisjoint(_OF_PERSONS)


def _audience(
    owner: Address, told: Mapping[Address, Mapping[str, Value]], catalogue: Catalogue, schema: Schema
) -> str:
    """Who may see the record that names another: as the file says, else as it is here, else the type's."""
    held = catalogue.get(*owner)
    said = told[owner].get(_AUDIENCE) or (held.fields.get(_AUDIENCE) if held is not None else None)
    audience = str(said or schema.types[owner[0]].audience)
    return audience if audience in _MOST_PUBLIC else "private"


def _said(reference: Reference, code: str, **details: int) -> Finding:
    where = {"type": reference.owner[0], "field": reference.spec.name, "row": reference.row}
    note = Finding(code, column=reference.column, value=reference.text[:200], details=dict(details))
    return replace(note, **where)  # type: ignore[arg-type]


def _key(target: str, mark: str) -> str:
    return f"@{target}{KEY_SEPARATOR}{mark}"


def _remembered(
    catalogue: Catalogue, known: Mapping[tuple[str, str], SourceRow], target: str, mark: str
) -> str | None:
    """What this source made of the name before, whatever it is called by now."""
    row = known.get((_key(target, mark), target))
    return row.id if row is not None and catalogue.get(target, row.id) is not None else None


def _made(
    reference: Reference,
    mark: str,
    earlier: str | None,
    known: Mapping[tuple[str, str], SourceRow],
    schema: Schema,
    lang: str,
) -> Fresh | None:
    """A record of that name; None where the text can be no title, or somebody removed what was made of it."""
    target = reference.spec.target
    if earlier is None and (_key(target, mark), target) in known:
        return None
    title = typed.read(schema.types[target].fields[_TITLE], reference.text, lang=lang)
    if title.value is None:
        return None
    plan = RecordPlan(f"@{target}", target, {_TITLE: Rule(columns=reference.rule.columns)})
    made = Made(plan, mark, fields={_TITLE: title.value})
    record_id = earlier or keyless_id(mark, fingerprint(("name",), (mark,)), target, secret=None)
    return Fresh(made, record_id, _key(target, mark), reference.row)


def _told(counts: Mapping[tuple[str, str], list[set[str]]], schema: Schema, lang: str) -> Iterator[Finding]:
    for (column, target), (here, made) in counts.items():
        what = schema.types[target].plural[lang]
        if made:
            yield Finding("made-by-name", column=column, details={"n": len(made), "types": what})
        if here:
            yield Finding("found-by-name", column=column, details={"n": len(here), "types": what})


class _Names:
    """Folded names to the ids of the records that have them, type by type, read once where needed."""

    def __init__(self, catalogue: Catalogue, told: Mapping[Address, Mapping[str, Value]]) -> None:
        self._catalogue = catalogue
        self._told = told
        self._by_type: dict[str, dict[str, set[str]]] = {}

    def of(self, target: str, mark: str) -> set[str]:
        return self._index(target).get(mark, set())

    def add(self, target: str, mark: str, record_id: str) -> None:
        self._index(target).setdefault(mark, set()).add(record_id)

    def _index(self, target: str) -> dict[str, set[str]]:
        if target not in self._by_type:
            index = self._by_type.setdefault(target, {})
            for record in self._catalogue.records(target):
                _note(index, record.id, record.fields)
            for (type_name, record_id), fields in self._told.items():
                if type_name == target:
                    _note(index, record_id, fields)
        return self._by_type[target]


def _note(index: dict[str, set[str]], record_id: str, fields: Mapping[str, Value]) -> None:
    others = fields.get("alternate_names")
    for name in (fields.get(_TITLE), *(others if isinstance(others, list) else ())):
        if isinstance(name, str) and name:
            index.setdefault(folded(name), set()).add(record_id)
