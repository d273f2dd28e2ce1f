"""References that a sheet gives by name: the record so called, or a new one where the mapping says `make`.

Reads the catalogue and what the file says; writes nothing. Where two records have the name nobody is chosen:
the text waits as a draft. A record that was here is only referred to, never changed by its name in a sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from commons.catalogue.sources import SourceRow
from commons.catalogue.store import Catalogue
from commons.findings import Finding
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
     "ninguna", "none", "no-aplica")
)  # fmt: skip


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
    doubtful: set[tuple[Address, str]] = field(default_factory=set)  # two records have the name
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
) -> Resolved:
    """The records meant. `told`: what the file itself says of records; `known`: rows of earlier imports."""
    names = _Names(catalogue, told)
    done = Resolved()
    counts: dict[tuple[str, str], list[set[str]]] = {}
    for reference in references:
        target, text = reference.spec.target, reference.text
        if (target, text) in told or catalogue.get(target, text) is not None:
            continue  # an id, as it should be
        mark = folded(text)
        if mark in _NOWHERE:
            done.nowhere.add((reference.owner, reference.spec.name))
            continue
        earlier = _remembered(catalogue, known, target, mark)
        found = {earlier} if earlier is not None else names.of(target, mark)
        if len(found) > 1:
            where = {"type": reference.owner[0], "field": reference.spec.name, "row": reference.row}
            note = Finding(
                "name-of-several", column=reference.column, value=text[:200], details={"n": len(found)}
            )
            done.doubtful.add((reference.owner, reference.spec.name))
            done.findings.append(replace(note, **where))  # type: ignore[arg-type]
            continue
        here, made = counts.setdefault((reference.column, target), [set(), set()])
        if not found and not reference.rule.make:
            continue
        if found and earlier is None:
            record_id = next(iter(found))
            (made if (target, record_id) in done.fresh else here).add(mark)
        else:
            fresh = _made(reference, mark, earlier, known, schema, lang)
            if fresh is None:
                continue
            record_id = fresh.id
            done.fresh.setdefault((target, record_id), fresh)  # what was made before is said once more
            names.add(target, mark, record_id)
            (made if earlier is None else here).add(mark)
        done.ids[reference.owner, reference.spec.name] = record_id
    done.findings += _told(counts, schema, lang)
    return done


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
