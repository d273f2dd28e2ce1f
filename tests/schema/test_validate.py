"""The examples beside the schema: valid ones pass, invalid ones fail for the reason they name."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.schema import reading, validate
from commons.schema.spec import schema_folder
from tests.schema.values import SCHEMA, records

EXAMPLES = schema_folder() / "examples"
VALID = sorted((EXAMPLES / "valid").glob("*.yaml"))
INVALID = sorted((EXAMPLES / "invalid").glob("*.yaml"))


def findings_of(path: Path) -> tuple[dict[str, Any], list[str]]:
    example = reading.read_yaml(path)
    found = validate.check_record(SCHEMA.types[example["type"]], example["id"], example["fields"])
    return example, [f.code for f in found]


@pytest.mark.parametrize("path", VALID, ids=lambda p: p.stem)
def test_a_valid_example_has_no_finding(path: Path) -> None:
    """What the documentation shows as right is right."""
    assert findings_of(path)[1] == []


@pytest.mark.parametrize("path", INVALID, ids=lambda p: p.stem)
def test_an_invalid_example_fails_for_its_reason(path: Path) -> None:
    """Each wrong example is refused for what it is meant to show, and for nothing else."""
    example, codes = findings_of(path)
    assert codes == example["findings"]


def test_every_type_has_an_example() -> None:
    """At least one valid record of each type."""
    assert {reading.read_yaml(p)["type"] for p in VALID} == set(SCHEMA.types)


@given(st.data())
def test_no_valid_record_has_an_error(data: st.DataObject) -> None:
    """Warnings may be, errors not."""
    rtype = SCHEMA.types[data.draw(st.sampled_from(list(SCHEMA.types)))]
    fields = data.draw(records(rtype))
    found = validate.check_record(rtype, "a", fields)
    assert [f for f in found if f.level == "error" and f.code != "half-position"] == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.data(), JSON)
def test_no_value_whatever_makes_the_check_fail(data: st.DataObject, value: object) -> None:
    """Hostile values end in a finding, never in an error of ours."""
    rtype = SCHEMA.types[data.draw(st.sampled_from(list(SCHEMA.types)))]
    name = data.draw(st.sampled_from(list(rtype.fields)))
    for found in validate.check_record(rtype, "a", {name: value}):
        assert found.sentence


def test_published_records_know_no_private_field() -> None:
    """In a release a field that never leaves is as unknown as any other."""
    place = SCHEMA.types["place"]
    fields = {"title": "A", "salt": "a" * 26, "extra": {"a": "b"}}
    assert validate.check_record(place, "a", fields) == []
    [finding] = validate.check_record(place, "a", fields, published=True)
    assert (finding.code, finding.field) == ("field-unknown", "extra")


@pytest.mark.parametrize(
    "text, found",
    [
        ("RFC EJEM800101AB1.", True),
        ("CURP: EJEM800101HDFXXX09", True),
        ("EJE800101AB1", False),
        ("A1B2", False),
    ],
)
def test_a_persons_number_is_seen_in_any_text(text: str, found: bool) -> None:
    """13 characters are a person's tax number, 12 an organisation's."""
    assert (validate.personal_number(text) is not None) is found
