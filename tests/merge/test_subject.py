"""Who speaks for itself is the same whether its claim stands alone or beside those of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from commons.format.identity import identity_digest
from commons.model import Record
from tests.hostile.making import place, salt
from tests.merge.world import Federation


def organization(**fields: object) -> Record:
    return Record("organization", "casa", {"title": "Casa", "salt": salt("casa"), **fields})  # type: ignore[dict-item]


@pytest.fixture
def federation(tmp_path: Path) -> Federation:
    return Federation(tmp_path)


def subjects(federation: Federation) -> list[tuple[str, str | None]]:
    """Entities by what they are called, and who speaks for itself in them."""
    names = {m.id: name for name, m in federation.members.items()}
    rows = federation.rows("SELECT title, subject FROM entity ORDER BY title")
    return [(title, names[s] if s else None) for title, s in rows]


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("names_old", [False, True])
@pytest.mark.parametrize("given", ["old", "new"])
def test_the_federations_word_follows_to_whoever_takes_the_place(
    federation: Federation, beside: bool, names_old: bool, given: str
) -> None:
    """Under the old address or the new, in what the successor releases and in the policy."""
    own = f"{federation.id('old' if names_old else 'new')}/organization/casa"
    federation.share("old", [organization()])
    federation.share("new", [organization(), place("uno", organization=own, identifiers=["X-ID:10020"])])
    others = [place("suyo", title="Comedor uno", identifiers=["X-ID:10020"])] if beside else [place("suyo")]
    federation.share("c", others)
    federation.subject_of[given] = (f"{federation.id(given)}/organization/casa",)
    federation.succeeds["new"] = "old"
    federation.merge()
    assert federation.rows("SELECT max(claims) FROM entity") == [(2 if beside else 1,)]
    found = dict(subjects(federation))
    assert (found["Casa"], found["Comedor uno"]) == ("new", "new")


@pytest.mark.parametrize("beside", [False, True])
def test_vouches_for_the_old_are_none_for_the_new(federation: Federation, beside: bool) -> None:
    """They were given to who held the old key; alone or beside others, nobody inherits them."""
    old = f"{federation.id('old')}/organization/casa"
    casa = organization(identifiers=["X-ID:10020"])
    said = {"about": old, "kind": "knows", "salt": salt("v"), "digest": identity_digest(casa.fields)}
    federation.subject_vouches = 1
    federation.share("old", [casa])
    federation.share("v", [Record("vouch", "v", said)])
    federation.merge()
    assert subjects(federation) == [("Casa", "old")]
    federation.share("new", [casa])
    if beside:
        federation.share("c", [casa])
    federation.succeeds["new"] = "old"
    federation.merge()
    assert subjects(federation) == [("Casa", None)]


def test_of_two_that_speak_for_one_thing_what_each_runs_is_its_own(federation: Federation) -> None:
    """Two members speak for one organization: places of either are its member's word."""
    for n, name in enumerate("ab"):
        own = f"{federation.id(name)}/organization/casa"
        federation.share(name, [organization(identifiers=["X-ID:10020"]), place(f"p{n}", organization=own)])
        federation.subject_of[name] = (own,)
    federation.merge()
    found = dict(subjects(federation))
    assert (found["Comedor p0"], found["Comedor p1"]) == ("a", "b")
