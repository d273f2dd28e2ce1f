"""`check` tells what to look at: which record, which field, how to mend it; nothing about what is well."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from commons.catalogue.checks import check
from commons.catalogue.identifiers import doubt, rfc_check_character
from commons.catalogue.record import StoredRecord
from commons.schema import territory
from commons.schema.spec import load_schema

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SALT = {"salt": "a" * 26, "created_at": "2026-01-01T00:00:00Z", "modified_at": "2026-01-01T00:00:00Z"}
GOOD = {
    "title": "Clínica dental",
    "summary": "Dientes sanos",
    "kind": "health_care",
    "phones": [{"number": "+525555550134"}],
    "place": "local",
    "schedule_text": "Con cita",
    "confirmed_at": "2026-10-01T12:00:00Z",
    **SALT,
}


def record(type_name="service", id="a", drafts=(), **fields):
    return StoredRecord(
        type_name, id, {k: v for k, v in {**GOOD, **fields}.items() if v is not None}, dict(drafts)
    )


def codes(*records):
    found = check(records, load_schema(), territory.load("cdmx"), as_of=NOW)
    assert all(f.sentence and f.type and f.record for f in found)
    return sorted({f.code for f in found if f.code not in ("field-unknown", "term-unknown")})


@pytest.mark.parametrize(
    "changes, code",
    [
        ({}, None),
        ({"audience": "private", "summary": None, "confirmed_at": None}, None),
        ({"drafts": {"phones": "con Ana"}}, "draft-waiting"),
        ({"title": None}, "required"),
        ({"summary": None}, "field-wanted"),
        ({"expires_at": "2026-11-01T00:00:00Z"}, "expired"),
        ({"confirmed_at": None}, "never-confirmed"),
        ({"confirmed_at": "2026-05-01T12:00:00Z"}, "confirm-again"),
        ({"confirmed_at": "2026-12-01T12:00:00Z"}, "confirmed-in-future"),
        ({"identifiers": ["MX-RFC:SAT970701NN4"]}, "identifier-check"),
        ({"identifiers": ["MX-CLUNI:123"]}, "identifier-shape"),
        ({"minimum_age": 30, "maximum_age": 20}, "ends-before"),
    ],
)
def test_each_thing_to_look_at_has_its_code(changes, code):
    assert codes(record(**changes)) == ([code] if code else [])


@pytest.mark.parametrize(
    "latitude, longitude, code",
    [
        (19_400_000, -99_100_000, None),
        (40_000_000, -3_000_000, "position-elsewhere"),
        (-99_100_000 // 2, 19_400_000, "position-elsewhere"),
        (19_400_000, 99_100_000, "position-mistaken"),
    ],
)
def test_impossible_positions_are_told_apart_from_turned_ones(latitude, longitude, code):
    place = record(
        "place", latitude_e6=latitude, longitude_e6=longitude, place=None, street_address="Calle 1"
    )
    found = check([place], load_schema(), territory.load("cdmx"), as_of=NOW)
    assert [f.code for f in found if f.code.startswith("position")] == ([code] if code else [])


def test_places_are_confirmed_for_longer_than_services():
    place = {"confirmed_at": "2026-01-15T12:00:00Z", "street_address": "Calle 1"}
    assert "confirm-again" not in codes(record("place", **place))
    assert "confirm-again" in codes(record("service", **place))


def test_two_of_one_name_and_type_are_noted_once():
    """The same name in another type is no doubt: a service is often called as its place."""
    found = check(
        [record(id="a"), record(id="b", title="CLINICA DENTAL"), record("place", id="c")],
        load_schema(),
        territory.load("none"),
        as_of=NOW,
    )
    assert [(f.record, f.details["other"]) for f in found if f.code == "same-name"] == [("b", "a")]


@pytest.mark.parametrize(
    "identifier, code",
    [
        ("MX-RFC:SAT970701NN3", None),
        ("MX-RFC:sat-970701-nn3", None),
        ("MX-RFC:SAT970701NN9", "identifier-check"),
        ("MX-RFC:SAT971301NN3", "identifier-shape"),
        ("MX-RFC:123", "identifier-shape"),
        ("MX-CLUNI:ABC0102030912A", None),
        ("MX-CLUNI:ABC0102039912A", "identifier-shape"),
        ("CCT:09DPR1234X", None),
        ("GB-CHC:1234567", None),
        ("GB-CHC:12", "identifier-shape"),
        ("XX-UNKNOWN:anything", None),
    ],
)
def test_official_keys_are_doubted_only_for_a_reason(identifier, code):
    finding = doubt(identifier)
    assert (finding.code if finding else None) == code


def test_the_check_character_of_known_rfcs():
    """Published RFCs of public bodies and the example that the tax office uses."""
    for rfc in ("SAT970701NN3", "GODE561231GR8", "BBA830831LJ2", "CFE370814QI0", "IMS421231I45"):
        assert rfc_check_character(rfc) == rfc[-1]


def test_a_withdrawal_that_waits_for_its_release_is_nothing_to_correct() -> None:
    """The release that carries it writes its own number into it."""
    stone = StoredRecord("withdrawal", "k" * 52, {"kind": "record"}, {})
    assert check([stone], load_schema(), territory.load("cdmx"), as_of=NOW) == []


def test_an_organisation_that_gives_no_contact_is_told_so():
    """One way to be reached is enough: a telephone, an e-mail address or a website."""
    profile = {"phones": None, "email": None, "url": None, "licence": "CC-BY-4.0"}
    assert "contact-wanted" in codes(record("catalogue", "catalogue", **profile))
    for way in ({"email": "a@example.org"}, {"url": "https://example.org/"}):
        assert "contact-wanted" not in codes(record("catalogue", "catalogue", **{**profile, **way}))
