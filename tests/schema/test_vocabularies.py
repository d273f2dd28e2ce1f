"""A term is found by its names in both languages, in spite of slips, and never by luck."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.schema import vocabularies
from tests.schema.values import SCHEMA

TERMS = [(v.name, t) for v in SCHEMA.vocabularies.values() for t in v.terms.values()]


def test_every_name_of_a_term_means_that_term() -> None:
    """Ids, labels and synonyms, in any case and without accents."""
    for name, term in TERMS:
        for word in (term.id, *term.title.values(), *term.synonyms):
            assert vocabularies.match(name, word) == term.id, (name, word)
            assert vocabularies.match(name, f" {word.upper()} ") == term.id, (name, word)


def test_labels_in_lists_hold_no_separator() -> None:
    """A comma or semicolon in a label would part it in a cell."""
    assert [t.id for _, t in TERMS if {",", ";"} & set("".join(t.title.values()))] == []


@pytest.mark.parametrize(
    "vocabulary, text, term",
    [
        ("topics", "Alimentacion", "food"),
        ("topics", "alimentasión", "food"),
        ("skills", "ENFERMERÍA", "nursing"),
        ("place_kinds", "Centro de Acópio", "collection_centre"),
        ("topics", "xyz", None),
        ("topics", "", None),
        ("languages", "lsm", "mfs"),
        ("urgency", "urjente", "high"),
        ("units", "kilo", "kg"),
        ("units", "k", None),
    ],
)
def test_slips_are_forgiven_and_nonsense_is_not(vocabulary: str, text: str, term: str | None) -> None:
    """One or two slips in a long word; short words must be right."""
    assert vocabularies.match(vocabulary, text) == term


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    """A folded text is its own fold."""
    assert vocabularies.fold(vocabularies.fold(text)) == vocabularies.fold(text)


def test_two_terms_equally_near_are_no_match() -> None:
    """A tie is a doubt."""
    names = {"comedores": "a", "comederos": "b"}
    assert vocabularies.best("comedoros", names) is None
    assert vocabularies.best("comedores", names) == vocabularies.Match("a", exact=True)
