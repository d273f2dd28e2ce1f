"""A member is meant as people say it: accents and case aside, exact first, and nobody by chance."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.federation.policy import called
from commons.federation.policy.called import NoSuchMember, SeveralMembers, id_called, meant

NAMES = {
    "aaaa1": "Huérto Las Flores",
    "aaaa2": "Comedor La Paz",
    "bbbb3": "comedor la paz",
    "cccc4": "Red-Mar",
}


@pytest.mark.parametrize(
    "text, id",
    [
        ("huerto las flores", "aaaa1"),
        ("HUÉRTO  Las Flores ", "aaaa1"),
        ("Comedor La Paz", "aaaa2"),
        ("comedor la paz", "bbbb3"),
        ("red mar", "cccc4"),
        ("cccc4", "cccc4"),
        ("CCCC", "cccc4"),
    ],
)
def test_a_member_is_meant_as_people_write_it(text: str, id: str) -> None:
    """An exact name before one that only reads alike; the beginning of an id where no name fits."""
    assert id_called(text, NAMES) == id


def test_who_could_be_two_is_nobody_and_who_is_nobody_is_told_who_there_is() -> None:
    """Both with what to write instead."""
    for text in ("COMEDOR LA PAZ", "aaaa"):
        with pytest.raises(SeveralMembers) as several:
            id_called(text, NAMES)
        assert "aaaa2" in str(several.value)
    with pytest.raises(NoSuchMember) as nobody:
        id_called("comedor la pas", NAMES)
    meant_first, _, all_of_them = nobody.value.hint.partition("?")
    assert "Comedor La Paz" in meant_first and "Red-Mar" not in meant_first and "Red-Mar" in all_of_them
    with pytest.raises(NoSuchMember) as part:
        id_called("flores", NAMES)
    assert "Huérto Las Flores" in part.value.hint.partition("?")[0]
    for text in ("", "   ", "-", "aaa", "flores"):
        assert meant(text, NAMES) == []
    assert meant("flores", NAMES, parts=True) == ["aaaa1"]


@given(st.text(min_size=1, max_size=20))
def test_however_a_name_is_written_it_means_its_member(name: str) -> None:
    """Law: a name, its capitals and its decomposed form mean the same member."""
    names = {"x" * 26: name}
    assert meant(name, names) == ["x" * 26] or not name.strip()
    if called.plain(name):
        for other in (unicodedata.normalize("NFD", name), f" {name} ", name.casefold()):
            assert meant(other, names) == ["x" * 26]
