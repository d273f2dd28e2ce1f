"""How like a heading is to a field's name and the usual words for it. Judges headings, never contents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

import yaml
from rapidfuzz import fuzz

from commons.addresses import slug
from commons.schema.spec import Field, RecordType, Schema

BELOW = " · "  # between headings that stand above each other
_SLIP = 87  # how like a word must be to pass for it misspelt
_PERSONS_PARTS = frozenset(
    ("responsable", "encargado", "encargada", "representante", "director", "directora", "coordinador",
     "coordinadora", "titular", "contacto", "contact", "presidente", "presidenta", "tesorero", "secretario",
     "secretaria", "voluntario", "voluntaria", "beneficiario", "beneficiaria", "manager", "person", "persona",
     "tutor", "tutora", "doctor", "maestro", "maestra", "facilitador", "facilitadora", "tallerista")
)  # fmt: skip
_IN_GROUPS = re.compile(r"(?=\w*_)[^\W_]\w*(?:/\w+)+")
_PERSONS_NAME = re.compile(
    r"(?:tu|su|your|full|first|last) (?:nombre|name)|nombre (?:completo|y apellido)|apellido"
)


@cache
def words_above() -> Mapping[str, tuple[str, ...]]:
    """What people write above their columns, by field, in plain words."""
    # BaseLoader: "no" and "y" are headings here, not booleans
    text = (Path(__file__).parent / "heading_words.yaml").read_text(encoding="utf-8")
    listed = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  (builds texts and lists only)
    return {name: tuple(dict.fromkeys(plain(word) for word in words)) for name, words in listed.items()}


@lru_cache(maxsize=20_000)  # headings are compared with every field of the schema
def plain(text: str) -> str:
    """A heading as words: camelCase and under_scores apart, no accents, no signs."""
    if _IN_GROUPS.fullmatch(text):
        text = text.replace("/", BELOW)  # surveys: grupo_contacto/telefono
    apart = re.sub(r"(?<=[a-zñáéíóú])(?=[A-ZÁÉÍÓÚÑ])", " ", text.split("(")[0] or text)
    return BELOW.join(slug(part, longest=200).replace("-", " ") for part in apart.split(BELOW))


def names_somebody(heading: str) -> bool:
    """Whether a person's post or part stands in the heading: what is under it may be a name of a person."""
    return bool(_PERSONS_NAME.search(heading)) or not set(re.split(r"[\W_]+", heading)).isdisjoint(
        _PERSONS_PARTS
    )


def names_of_things(rtype: RecordType, schema: Schema) -> frozenset[str]:
    """Headings that name the things themselves: «Comedor» over kitchens, «Curso» over courses."""
    words = {*rtype.title.values(), *rtype.plural.values()}
    kinds = rtype.fields.get("kind")
    if kinds is not None and kinds.vocabulary in schema.vocabularies:
        for term in schema.vocabularies[kinds.vocabulary].terms.values():
            words |= {*term.title.values(), *term.synonyms}
    return frozenset(plain(word) for word in words)


@cache
def _score_of(heading: str, words: tuple[str, ...]) -> int:
    best = 0.0
    for word in words:
        if heading == word:
            return 100
        score = fuzz.ratio(heading, word) if len(word) > 4 else 0.0
        if score < _SLIP:
            score = 0.0  # "modalidad" is no "localidad" with a slip
        if len(word) > 3 and re.search(rf"\b{re.escape(word)}\b", heading):
            # part of a longer heading: the more of it, and the earlier, the better
            score = max(score, 78 + 12 * len(word) / len(heading) + (4 if heading.startswith(word) else 0))
        best = max(best, score)
    return int(best)


def heading_score(heading: str, target: str, spec: Field | None) -> int:
    own = {plain(target)}
    if spec is not None:
        own |= {plain(text) for text in spec.title.values()}
    words = tuple(sorted(own)) + words_above().get(target, ())
    part = heading.rpartition(BELOW)[2]  # of "Domicilio · Colonia" the second says what stands there
    whole = _score_of(heading.replace(BELOW, " "), words)
    return max(whole, _score_of(part, words) + 10 if part != heading else 0)


def is_label(heading: str, spec: Field | None) -> bool:
    return spec is not None and heading in {plain(text) for text in spec.title.values()}
