"""The schema itself: complete, bilingual, current, and refused where it is written wrongly."""

import json
import shutil
from pathlib import Path

import pytest

from commons.messages import LANGUAGES
from commons.schema import reading, spec
from commons.schema.reading import WrongSchema
from commons.schema.spec import SchemaMissing, schema_folder
from scripts import schema_build, schema_docs
from tests.schema.values import SCHEMA

TYPES = [
    "organization",
    "project",
    "service",
    "place",
    "service_at_place",
    "resource",
    "event",
    "funding",
    "opportunity",
    "offer",
    "need",
    "assessment",
    "relation",
    "judgement",
    "vouch",
    "withdrawal",
    "catalogue",
]
EVERY_RECORD = [
    "title",
    "summary",
    "description",
    "language",
    "topics",
    "url",
    "identifiers",
    "same_as",
    "copied_from",
    "source",
    "licence",
    "audience",
    "status",
    "created_at",
    "modified_at",
    "confirmed_at",
    "expires_at",
    "salt",
    "extra",
]


def test_the_types_of_version_one_are_all_there() -> None:
    """Twelve types that the public looks for, five that carry what members say of each other."""
    assert set(SCHEMA.types) == set(TYPES)
    assert [t.name for t in SCHEMA.types.values() if t.small] == TYPES[-5:]
    for rtype in SCHEMA.public_types:
        assert set(EVERY_RECORD) <= set(rtype.fields)


def test_what_is_generated_is_current() -> None:
    """schema.json and published.sql say what the YAML says; otherwise run `make schema`."""
    for path, text in schema_build.generated().items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_the_reference_page_is_current_and_names_every_field() -> None:
    """docs/schema.md says what the schema says; otherwise run `make schema`."""
    text = schema_docs.PAGE.read_text(encoding="utf-8")
    assert text == schema_docs.page(SCHEMA)
    for rtype in SCHEMA.types.values():
        assert f"## {rtype.name}\n" in text
        assert all(f"`{name}`" in text for name in rtype.fields)


def test_every_field_is_explained_in_both_languages() -> None:
    """A form needs a label and a line of help, and no two fields of a type may have the same label."""
    for rtype in SCHEMA.types.values():
        for lang in LANGUAGES:
            labels = [f.title[lang] for f in rtype.fields.values()]
            assert len(set(labels)) == len(labels), (rtype.name, lang)
            assert all(f.description[lang] for f in rtype.fields.values())
        shown = [f for f in rtype.fields.values() if f.form != "hidden" and not f.items]
        assert [f.name for f in shown if not f.example and f.name != "description"] == []


def test_nothing_personal_leaves_without_consent() -> None:
    """Every field about a person asks for consent or stays; local columns never leave."""
    for rtype in SCHEMA.types.values():
        for field in rtype.fields.values():
            assert not field.personal or field.release in ("consent", "never"), (rtype.name, field.name)
            assert field.personal or field.release != "consent"
    assert all(t.fields["extra"].release == "never" for t in SCHEMA.public_types)


def test_an_offer_leaves_without_name_or_place() -> None:
    """Of a person's offer only what is offered, when and in which district leaves, under a composed title."""
    offer = SCHEMA.types["offer"]
    assert offer.release == "consent" and offer.audience == "private" and offer.secret_ids
    assert offer.composed == ("kind", "skills", "categories", "district")
    private = {
        "contact_name",
        "contact_phone",
        "contact_email",
        "summary",
        "description",
        "identifiers",
        "url",
    }
    assert not private & set(offer.released)
    assert "latitude_e6" not in offer.fields and "street_address" not in offer.fields


def test_a_reserved_place_keeps_all_but_district_and_phone() -> None:
    """Whatever tells where it is, or leads there, is in the list of what stays."""
    for rtype in SCHEMA.types.values():
        located = {n for n, f in rtype.fields.items() if f.group in ("location", "contact", "channels")}
        if "location_reserved" in rtype.fields:
            kept_open = {"district", "phones", "location_reserved"}
            assert located - kept_open <= set(rtype.reserved)
            assert not kept_open & set(rtype.reserved)


@pytest.mark.parametrize(
    "file, old, new, problem",
    [
        ("types/place.yaml", "name: place", "nome: place", "unknown key"),
        ("types/place.yaml", "vocabulary: place_kinds", "vocabulary: plaza", "no vocabulary"),
        ("types/place.yaml", "target: organization", "target: club", "no type"),
        ("types/place.yaml", "- use: location", "- use: whereabouts", "no such group"),
        ("types/place.yaml", "- use: location", "- use: location\n  - use: location", "stands twice"),
        ("types/place.yaml", "status: {vocabulary", "state: {vocabulary", "not there"),
        ("types/place.yaml", "en: Place}", "fr: Lieu}", "text in es and en"),
        ("types/offer.yaml", "composed: [kind", "composed: [colour", "composed title"),
        ("common.yaml", "release: never", "release: sometimes", "release cannot be"),
        ("common.yaml", "type: boolean", "type: real", "type cannot be"),
        ("vocabularies/urgency.yaml", "id: high", "id: low", "stands twice"),
        ("vocabularies/urgency.yaml", "synonyms: [alta", "synonyms: [baja", "too"),
        ("vocabularies/urgency.yaml", "name: urgency", "name: haste", "file's name"),
        ("schema.yaml", "types:", "types: [", "-"),
        ("schema.yaml", "version: 1-draft.1", "version: 1\nversion: 2", "twice"),
    ],
)
def test_a_wrong_schema_is_refused_with_its_place(
    tmp_path: Path, file: str, old: str, new: str, problem: str
) -> None:
    """The sentence names the file and what is wrong there."""
    folder = tmp_path / "v1"
    shutil.copytree(schema_folder(), folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(WrongSchema, match=problem) as refusal:
        reading.read_folder(folder)
    assert refusal.value.file.removesuffix(".yaml") in file.replace("common", "common organization place")


def test_a_missing_schema_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation ends in a sentence, not in a traceback."""
    monkeypatch.setattr(spec, "schema_folder", lambda: tmp_path)
    with pytest.raises(SchemaMissing, match=str(tmp_path)):
        spec.load_schema.__wrapped__()


def test_labels_are_found_by_type_and_field() -> None:
    """What forms, sheets and pages show comes from here."""
    assert SCHEMA.labels["place"]["district"] == {"es": "Alcaldía", "en": "District"}
    assert SCHEMA.label("place_kinds", "shelter", "es") == "Albergue"
    assert SCHEMA.label("place_kinds", "castle", "es") == "castle"
    assert json.loads((schema_folder() / "schema.json").read_text("utf-8"))["version"] == SCHEMA.version
