"""A member lost key and sheet and begins again: the federation's word lets the old addresses live on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from commons.addresses import short_code, tombstone
from commons.federation import lock as locks
from commons.federation.lock import LEFT
from commons.federation.policy.file import Hold
from commons.federation.policy.rules import Member as Accepted
from commons.federation.policy.rules import Succession
from commons.merge.planning.since import with_todays_word
from commons.merge.pooling.receipts import unconfirmed
from commons.model import Record
from commons.pool.opening import open_pool
from commons.pool.read import Gone, Pool, Thing
from tests.hostile.making import place, withdrawal
from tests.merge.world import AS_OF, Federation


def service(id: str, **fields: object) -> Record:
    return Record("service", id, {"title": f"Servicio {id}", "salt": "a" * 26, **fields})  # type: ignore[dict-item]


@pytest.fixture
def federation(tmp_path: Path) -> Federation:
    """`old` has three places and withdrew one; a neighbour refers to one of them."""
    made = Federation(tmp_path)
    old = made.id("old")
    made.share("old", [place("uno"), place("dos"), place("tres")])
    stone = withdrawal(tombstone(f"{old}/place/tres"), number=2)
    made.share("old", [place("uno"), place("dos"), stone], number=2)
    made.share("neighbour", [service("clase", place=f"{old}/place/uno")])
    made.merge()
    return made


def succeed(federation: Federation) -> None:
    federation.share("new", [place("uno"), place("dos"), place("tres")])
    federation.succeeds["new"] = "old"
    federation.merge()


def resolve(federation: Federation, code: str) -> object:
    with open_pool(federation.folder / "pool.db") as connection:
        return Pool(connection).resolve(code)


def test_old_addresses_lead_to_the_successor(federation: Federation) -> None:
    """By address and by the short link on paper; what others refer to is found."""
    old, new = federation.id("old"), federation.id("new")
    succeed(federation)
    for code in (f"{old}/place/uno", short_code(f"{old}/place/uno")):
        found = resolve(federation, code)
        assert isinstance(found, Thing) and found.card.address == f"{new}/place/uno"
    (row,) = federation.rows("SELECT e.address FROM service s JOIN entity e ON e.id = s.place")
    assert row == (f"{new}/place/uno",)
    assert federation.receipt("neighbour")["dangling"] == 0


def test_what_was_withdrawn_stays_withdrawn_under_its_old_address(federation: Federation) -> None:
    """The successor may say it anew under its own name; the old link answers that it was withdrawn."""
    succeed(federation)
    assert isinstance(resolve(federation, f"{federation.id('old')}/place/tres"), Gone)
    assert isinstance(resolve(federation, f"{federation.id('new')}/place/tres"), Thing)


def test_what_is_held_stays_held_under_the_new_address(federation: Federation) -> None:
    """Beginning again shows nothing that the federation holds back, until its day."""
    hold = Hold(
        f"{federation.id('old')}/place/uno", None, "la familia lo pidió", "Ana", AS_OF + timedelta(days=9)
    )
    federation.holds = (hold,)
    succeed(federation)
    assert federation.titles() == ["Comedor dos", "Comedor tres", "Servicio clase"]
    federation.merge(as_of=AS_OF + timedelta(days=10))
    assert "Comedor uno" in federation.titles()


def test_an_earlier_version_does_not_show_whose_place_is_taken(federation: Federation) -> None:
    """What the successor withdraws bears another address than what the old version showed."""
    before = federation.lock
    succeed(federation)
    assert before is not None and federation.lock is not None
    old = federation.id("old")
    again = with_todays_word(before, federation.lock)
    assert again.members[old].state == LEFT and again.members[old].release is None
    assert set(again.members[old].tombstones) >= set(before.members[old].tombstones)
    federation.lock = again
    federation.act()
    assert federation.titles() == ["Servicio clase"]


def test_the_old_key_is_worth_nothing_any_more(federation: Federation) -> None:
    """Whoever finds it may share: nothing of it is merged."""
    succeed(federation)
    federation.share("old", [place("falso")], number=3)
    federation.merge()
    assert "Comedor falso" not in federation.titles()
    assert federation.lock is not None and federation.lock.members[federation.id("old")].state == LEFT
    assert federation.rows("SELECT id, succeeds FROM member WHERE succeeds IS NOT NULL") == [
        (federation.id("new"), federation.id("old"))
    ]


def test_the_root_depends_on_who_succeeds_whom_and_the_lock_says_it(federation: Federation) -> None:
    """Applied again from its text, the lock gives the same root; without the succession another."""
    federation.share("new", [place("uno")])
    federation.gone.add("old")
    without = federation.merge().root
    federation.succeeds["new"] = "old"
    with_it = federation.merge().root
    assert with_it != without and federation.lock is not None
    federation.lock = locks.parse(federation.lock.to_bytes())
    assert federation.act(name="again.db").root == with_it
    assert [federation.act(name=f"{n}.db", children=n).root for n in (0, 2)] == [with_it, with_it]


def test_a_successor_can_be_succeeded_and_linked(federation: Federation) -> None:
    """Two steps back still lead here; and to the entity that linking has made of it."""
    succeed(federation)
    newest = federation.id("newest")
    federation.share("newest", [place("uno")])
    federation.succeeds["newest"] = "new"
    federation.share("other", [place("lejos", same_as=f"{federation.id('old')}/place/uno")])
    federation.merge()
    for name in ("old", "new"):
        found = resolve(federation, f"{federation.id(name)}/place/uno")
        assert isinstance(found, Thing) and len(found.claims) == 2
        assert {c.member for c in found.claims} == {newest, federation.id("other")}


def test_a_judgement_about_an_old_address_goes_on(federation: Federation) -> None:
    """What somebody found out about the record does not begin again."""
    old, other = federation.id("old"), federation.id("other")
    said = {"left": f"{old}/place/uno", "right": f"{other}/place/x", "verdict": "same", "salt": "b" * 26}
    federation.share("other", [place("x"), Record("judgement", "j", said)])
    succeed(federation)
    found = resolve(federation, f"{other}/place/x")
    assert isinstance(found, Thing) and len(found.claims) == 2


def test_for_whom_a_member_publishes_is_the_federations_word(federation: Federation) -> None:
    """It ends by itself once they keep the catalogue under their own name."""
    federation.on_behalf_of = {"old": "Huerto", "neighbour": "NEIGHBOUR"}
    federation.merge()
    assert federation.rows("SELECT name, on_behalf_of FROM member ORDER BY name") == [
        ("neighbour", None), ("old", "Huerto"),
    ]  # fmt: skip


def test_what_only_a_catalogue_says_of_its_standing_is_asked_about(federation: Federation) -> None:
    """In its receipt, until the federation has noted it."""
    profile = {"title": "X", "licence": "CC-BY-4.0", "language": "es", "on_behalf_of": "Huerto"}
    said = unconfirmed(None, {**profile, "succeeds": federation.id("old")})
    assert [(f.code, f.value) for f in said] == [
        ("says-for", "Huerto"),
        ("says-continues", federation.id("old")),
    ]
    assert all(f.sentence and f.hint for f in said)
    noted = Accepted("a" * 26, "X", succeeds=Succession("b" * 26), on_behalf_of="Huerto")
    assert unconfirmed(noted, {**profile, "succeeds": "b" * 26}) == []
