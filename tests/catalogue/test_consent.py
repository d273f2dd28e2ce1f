"""A consent is one person's word for the values of that day, and can be taken back."""

from __future__ import annotations

import pytest

from commons.catalogue.consent import NoSuchConsent
from commons.catalogue.own_releases import OwnRelease

PERSON = {"title": "Clínica", "contact_name": "Juana Ejemplo", "contact_phone": "+525555550199"}


def put(catalogue, at, fields, type_name="service"):
    with catalogue.act("edit", at=at) as act:
        act.put(type_name, "a", fields)


def agree(catalogue, at, type_name="service"):
    with catalogue.act("consent", at=at) as act:
        items = catalogue.consents.personal(type_name, "a")
        return catalogue.consents.grant(
            act, whose="Juana", asked_by="Beto", purpose="portal", items=items, at="2026-11-21T12:00:00Z"
        )


def test_nothing_personal_is_covered_until_somebody_agreed(catalogue, at):
    put(catalogue, at, PERSON)
    assert catalogue.consents.lacking("service", "a") == ["contact_name", "contact_phone"]
    agree(catalogue, at)
    assert catalogue.consents.lacking("service", "a") == []


def test_a_changed_telephone_was_never_agreed_to(catalogue, at):
    put(catalogue, at, PERSON)
    agree(catalogue, at)
    put(catalogue, at, {**PERSON, "contact_phone": "+525555550188"})
    assert catalogue.consents.lacking("service", "a") == ["contact_phone"]


def test_a_consent_keeps_no_second_copy_of_what_it_protects(catalogue, at):
    put(catalogue, at, PERSON)
    agree(catalogue, at)
    with catalogue.act("edit", at=at) as act:
        act.put("service", "a", {"title": "Clínica"})
    stored = catalogue._file.scalar("SELECT covers FROM consent")
    assert "contact_phone" in stored and "5555550199" not in stored


def test_taking_it_back_takes_down_what_was_shared(catalogue, at):
    """Before any release there is nothing to take down; after one, every earlier version is."""
    put(catalogue, at, PERSON)
    for shared in (False, True):
        made = agree(catalogue, at)
        if shared:
            catalogue.releases.add(OwnRelease(0, 1, "d" * 64, "2026-11-21T12:00:00Z"))
        with catalogue.act("consent", at=at) as act:
            catalogue.consents.revoke(act, made, at="2026-11-22T12:00:00Z")
            stone = act.tombstone("service", "a")
        assert catalogue.consents.lacking("service", "a")
        assert (catalogue.get("withdrawal", stone) is not None) == shared


def test_an_offer_needs_consent_as_a_whole(catalogue, at):
    """Whoever offers something agreed to being listed, whatever the wording is later."""
    put(catalogue, at, {"title": "Clases de guitarra"}, "offer")
    assert not catalogue.consents.active().covers_record("offer", "a")
    agree(catalogue, at, "offer")
    put(catalogue, at, {"title": "Clases de guitarra y canto"}, "offer")
    assert catalogue.consents.active().covers_record("offer", "a")


def test_an_unknown_consent_is_a_sentence(catalogue, at):
    with pytest.raises(NoSuchConsent, match="zzz"), catalogue.act("consent", at=at) as act:
        catalogue.consents.revoke(act, "zzz", at="2026-11-22T12:00:00Z")
