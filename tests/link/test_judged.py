"""Whether a record has changed a lot since somebody judged it."""

from __future__ import annotations

import pytest

from commons.link.judged import CONTACTS, IDENTIFIERS, NAME, PLACE, changed_since, changes, digest, is_a_lot
from commons.link.judgements import Judgement

FIELDS: dict[str, object] = {
    "title": "Comedor La Paz",
    "street_address": "Calle Jacaranda 12",
    "postal_code": "09570",
    "phones": [{"number": "+525555550134"}],
    "identifiers": ["MX-CLUNI:ABC0102031234A"],
    "salt": "a" * 26,
}
WAS = digest(FIELDS)


@pytest.mark.parametrize(
    ("now", "changed", "a_lot"),
    [
        ({"title": "COMEDOR LA PÁZ"}, (), False),
        ({"title": "Comedor comunitario La Paz"}, (), False),
        ({"title": "Taller de bicicletas"}, (NAME,), True),
        ({"title": "Comedor Norte", "alternate_names": ["Comedor La Paz"]}, (), False),
        ({"phones": [{"number": "+525555550199"}]}, (CONTACTS,), False),
        ({"street_address": "Av. Ocho 40", "identifiers": ["MX-CLUNI:X"]}, (PLACE, IDENTIFIERS), True),
        ({"street_address": "calle jacaranda, 12", "summary": "Otra cosa"}, (), False),
        ({"phones": []}, (CONTACTS,), False),
    ],
)
def test_a_lot_is_another_name_or_two_of_the_rest(
    now: dict[str, object], changed: tuple[str, ...], a_lot: bool
) -> None:
    """Spelling, descriptions and one new telephone ask nobody again."""
    found = changes("Comedor La Paz", WAS, {**FIELDS, **now})
    assert found == changed
    assert is_a_lot(found) is a_lot


def test_to_fill_in_what_was_empty_is_no_change() -> None:
    """A record that grows is still the same record."""
    small: dict[str, object] = {"title": "Comedor La Paz", "salt": "a" * 26}
    assert changes("Comedor La Paz", digest(small), FIELDS) == ()


def test_a_digest_gives_nothing_away_without_the_salt() -> None:
    """Equal telephones have other digests under other salts; without a salt nothing is compared."""
    assert digest({**FIELDS, "salt": "b" * 26})[:16] != WAS[:16]
    assert changes("Comedor La Paz", WAS, {k: v for k, v in FIELDS.items() if k != "salt"}) == ()


def test_whoever_takes_down_every_earlier_version_is_asked_about_again() -> None:
    """The record's salt is another then, so nothing that was judged can be told to be the same."""
    judgement = Judgement("j", "m", "a", "b", "same", "Comedor La Paz", WAS, "Otro", "")
    assert changed_since(judgement, FIELDS, None) == ()
    assert changed_since(judgement, {**FIELDS, "salt": "b" * 26}, None) == (PLACE, IDENTIFIERS, CONTACTS)
