"""What becomes of members' records in a merge, and the four ways of being away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commons.addresses import tombstone
from commons.federation.policy.file import Hold, Pause
from commons.format import pruned
from commons.intake.gate import Gate
from commons.model import Record
from tests.hostile.making import place, release, withdrawal
from tests.merge.world import AS_OF, Federation

LATER = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def federation(tmp_path: Path) -> Federation:
    return Federation(tmp_path)


def test_everybody_is_there_and_shared_identifiers_are_one_thing(federation: Federation) -> None:
    """Two members' word about one place is one entity; both addresses lead to it."""
    federation.share("a", [place("uno", identifiers=["X-ID:10020"], summary="Uno"), place("dos")])
    federation.share("b", [place("uno", identifiers=["X-ID:10020"], summary="Dos")])
    federation.merge()
    assert federation.titles() == ["Comedor dos", "Comedor uno"]
    assert federation.rows("SELECT count(DISTINCT entity), count(*) FROM alias") == [(2, 3)]
    assert federation.rows("SELECT field, value, shown FROM disagreement ORDER BY value") == [
        ("summary", '"Dos"', int(federation.id("b") < federation.id("a"))),
        ("summary", '"Uno"', int(federation.id("a") < federation.id("b"))),
    ]


def test_a_removed_record_goes_and_comes_back_under_its_address(federation: Federation) -> None:
    """Removed: not in the newest release, no tombstone."""
    federation.share("a", [place("uno"), place("dos")])
    federation.merge()
    federation.share("a", [place("uno")], number=2)
    federation.merge()
    assert federation.titles() == ["Comedor uno"]
    federation.share("a", [place("uno"), place("dos")], number=3)
    federation.merge()
    assert federation.titles() == ["Comedor dos", "Comedor uno"]


def test_a_withdrawn_record_never_comes_back(federation: Federation) -> None:
    """Withdrawn: final for that address, whatever is released later."""
    gone = tombstone(f"{federation.id('a')}/place/uno")
    federation.share("a", [place("uno"), place("dos")])
    federation.merge()
    federation.share("a", [place("dos"), withdrawal(gone, number=2)], number=2)
    federation.merge()
    federation.share("a", [place("uno"), place("dos")], number=3)
    federation.merge()
    assert federation.titles() == ["Comedor dos"]
    assert federation.receipt("a")["refused"] == {"R_WITHDRAWN": 1}
    assert federation.rows("SELECT hash, kind FROM withdrawal") == [(gone, "record")]


@pytest.mark.parametrize("merged_between", [True, False])
def test_a_withdrawal_counts_in_either_of_two_copies(federation: Federation, merged_between: bool) -> None:
    """Which copy is right is open; that one of them withdrew is not, whenever it was seen."""
    gone = tombstone(f"{federation.id('a')}/place/uno")
    one = federation.share("a", [place("uno"), place("dos")])
    federation.share("a", [place("dos"), withdrawal(gone, number=2)], number=2, previous=[one.digest])
    if merged_between:
        federation.merge()
    federation.share("a", [place("uno"), place("dos"), place("tres")], number=2, previous=[one.digest])
    federation.merge()
    assert federation.titles() == ["Comedor dos"]


def test_a_withdrawal_takes_declared_copies_along_and_nothing_else(federation: Federation) -> None:
    """A third party's claim falls only if it says that it was copied."""
    origin = f"{federation.id('a')}/place/uno"
    federation.share("a", [place("dos"), withdrawal(tombstone(origin))])
    federation.share("b", [place("uno", copied_from=origin), place("tres", summary=origin)])
    federation.merge()
    assert federation.titles() == ["Comedor dos", "Comedor tres"]
    assert federation.receipt("b")["refused"] == {"R_COPY": 1}


def test_nobody_withdraws_what_is_anothers(federation: Federation) -> None:
    """A tombstone counts for addresses of the member that wrote it."""
    federation.share("a", [place("uno")])
    federation.share("b", [withdrawal(tombstone(f"{federation.id('a')}/place/uno"))])
    federation.merge()
    assert federation.titles() == ["Comedor uno"]


def test_taking_down_what_was_said_earlier_lets_the_record_live(federation: Federation) -> None:
    """`earlier`: versions before that release go, the record stays."""
    stone = withdrawal(tombstone(f"{federation.id('a')}/place/uno"), "earlier", number=2)
    federation.share("a", [place("uno", summary="con teléfono")])
    federation.share("a", [place("uno"), stone], number=2)
    federation.merge()
    assert federation.rows("SELECT summary FROM place") == [(None,)]
    federation.pauses["a"] = Pause((0, 1))  # the maintainer goes back: then the later word does not count
    federation.merge()
    assert federation.rows("SELECT summary FROM place") == [("con teléfono",)]


def test_a_held_record_or_field_is_hidden_until_its_day(federation: Federation) -> None:
    """Held: by the federation, with an end; the salt goes with the field, so that nothing can be guessed."""
    address = f"{federation.id('a')}/place/uno"
    hold = Hold(address, "summary", "motivo", "Eva", AS_OF + timedelta(days=1))
    federation.share("a", [place("uno", summary="Algo"), place("dos")])
    federation.holds = (hold, replace(hold, address=f"{federation.id('a')}/place/dos", field=None))
    federation.merge()
    assert federation.rows("SELECT title, summary FROM place") == [("Comedor uno", None)]
    [(text, held)] = federation.rows("SELECT json, held FROM claim WHERE type = 'place'")
    assert "Algo" not in text and "salt" not in text and held == '["summary"]'
    assert {f["code"] for f in federation.receipt("a")["findings"]} == {"R_HELD", "R_HELDFIELD"}
    assert "motivo" not in str(federation.rows("SELECT * FROM meta") + federation.rows("SELECT * FROM hold"))
    federation.merge(as_of=AS_OF + timedelta(days=2))
    assert federation.rows("SELECT count(*) FROM place WHERE summary = 'Algo'") == [(1,)]
    assert len(federation.titles()) == 2


def test_an_expired_record_keeps_its_page_and_is_counted(federation: Federation) -> None:
    """Expired: leaves lists, keeps a page that says so."""
    federation.share("a", [place("uno", expires_at="2026-10-01T00:00:00Z")])
    federation.merge()
    assert federation.rows("SELECT expires_at FROM entity") == [("2026-10-01T00:00:00Z",)]
    assert federation.receipt("a")["expired"] == 1


def test_another_licence_is_not_taken_up(federation: Federation) -> None:
    """The record, or the release, under a licence that the policy does not name."""
    federation.share("a", [place("uno", licence="CC-BY-NC-4.0"), place("dos")])
    federation.merge()
    assert federation.titles() == ["Comedor dos"]
    federation.licences = ("CC0-1.0",)
    federation.merge()
    assert federation.titles() == []
    assert federation.receipt("a")["refused"] == {"R_LICENCE": 2}


def test_a_big_unexplained_loss_waits_for_a_person(federation: Federation) -> None:
    """More than max(5, 10 %): the last good release stays, and it is said."""
    places = [place(f"lugar-{n}") for n in range(20)]
    federation.share("a", places)
    federation.merge()
    federation.share("a", places[:13], number=2)
    planned = federation.plan()
    assert [f.code for f in planned.findings] == ["E_SHRINK"]
    federation.merge()
    assert len(federation.titles()) == 20
    federation.merge(allow=["a"])
    assert len(federation.titles()) == 13


def test_records_that_are_all_refused_are_a_loss(federation: Federation) -> None:
    """A program that spoils one field of every record empties no member before somebody has looked."""
    federation.share("a", [place(f"lugar-{n}") for n in range(20)])
    federation.merge()
    federation.share("a", [place(f"lugar-{n}", url="javascript:x") for n in range(20)], number=2)
    assert [f.code for f in federation.plan().findings] == ["E_SHRINK"]
    federation.merge()
    assert len(federation.titles()) == 20


@pytest.mark.parametrize("slip", [{"licence": "CC0-1.0"}, {"copied_from": "origin"}], ids=["licence", "copy"])
def test_records_that_would_not_be_taken_up_are_a_loss(federation: Federation, slip: dict[str, str]) -> None:
    """A slip in the licence, or copies of what was withdrawn; what the policy no longer accepts is none."""
    origin = f"{federation.id('b')}/place/uno"
    slip = {name: origin if said == "origin" else said for name, said in slip.items()}
    federation.share("b", [withdrawal(tombstone(origin))])
    federation.share("a", [place(f"lugar-{n}") for n in range(20)])
    federation.merge()
    federation.share("a", [place(f"lugar-{n}", **slip) for n in range(20)], number=2)
    assert [f.code for f in federation.plan().findings] == ["E_SHRINK"]
    federation.merge()
    assert len(federation.titles()) == 20
    federation.licences = ("CC-BY-NC-4.0",)
    assert federation.plan().findings == []


def test_a_mirror_that_leaves_everything_out_empties_no_member(federation: Federation) -> None:
    """Whoever forwards a release may prune it; the last good one stays until a person has looked."""
    places = [place(f"lugar-{n}") for n in range(20)]
    federation.share("a", places)
    federation.merge()
    whole = release(federation.members["a"], places, number=2, previous=[federation.last["a"]])
    with Gate() as gate:
        lines = [row.data for row in gate.take_in(whole).rows()]
    assert federation.store.take(pruned.prune(whole, lines, may_show=lambda line: b"lugar" not in line))
    (told,) = federation.plan().findings
    assert told.code == "E_LEFTOUT" and told.details == {"epoch": 0, "number": 2, "lost": 20, "before": 20}
    federation.merge()
    assert len(federation.titles()) == 20
    federation.store.take(whole)
    assert federation.plan().findings == []


def test_explained_losses_need_no_permission(federation: Federation) -> None:
    """Withdrawn and expired records are no accident."""
    old = [place(f"viejo-{n}", expires_at="2026-10-01T00:00:00Z") for n in range(6)]
    gone = [place(f"retiro-{n}") for n in range(6)]
    federation.share("a", [*old, *gone, place("uno")])
    federation.merge()
    stones = [withdrawal(tombstone(f"{federation.id('a')}/place/{r.id}"), number=2) for r in gone]
    federation.share("a", [place("uno"), *stones], number=2)
    assert federation.plan().findings == []
    federation.merge()
    assert federation.titles() == ["Comedor uno"]


def test_a_damaged_release_leaves_the_last_good_one(federation: Federation) -> None:
    """One member's bad file loses that member's new release only."""
    federation.share("a", [place("uno")])
    federation.share("b", [place("dos")])
    federation.merge()
    federation.share("a", catalogue=b"<html>404</html>" * 64, number=2)
    federation.merge()
    assert federation.titles() == ["Comedor dos", "Comedor uno"]
    assert federation.receipt("a")["passed_over"] == [{"epoch": 0, "number": 2, "code": "E_NOTSQLITE"}]


def test_who_left_stays_withdrawn(federation: Federation) -> None:
    """A leaving member's tombstones stay in the lock."""
    origin = f"{federation.id('a')}/place/uno"
    federation.share("a", [withdrawal(tombstone(origin))])
    federation.share("b", [place("uno", copied_from=origin), place("dos")])
    federation.merge()
    federation.gone.add("a")
    federation.merge()
    assert federation.titles() == ["Comedor dos"]
    assert federation.lock is not None and federation.lock.members[federation.id("a")].state == "left"


def test_a_release_that_is_too_old_is_not_shown(federation: Federation) -> None:
    """Last-good has a limit; the member is then awaited."""
    federation.share("a", [place("uno")])
    planned = federation.plan(as_of=AS_OF + timedelta(days=800))
    assert planned.lock.members[federation.id("a")].state == "awaited"
    assert [f.code for f in planned.findings] == ["E_TOOOLD"]


def test_references_lead_to_entities_and_dangling_ones_are_listed(federation: Federation) -> None:
    """fuse maps a reference to the entity that the record is in; a dangling one is empty and named."""
    salt = place("x").fields["salt"]
    org = Record("organization", "red", {"title": "Red", "identifiers": ["X-ID:10020"], "salt": salt})
    federation.share("a", [org])
    own = f"{federation.id('b')}/organization/red"
    lost = place("dos", organization=f"{federation.id('a')}/organization/nadie")
    federation.share("b", [org, place("uno", organization=own), lost])
    federation.merge()
    sql = """SELECT p.address, o.title FROM place p LEFT JOIN organization o ON o.entity = p.organization
             ORDER BY p.address"""
    b = federation.id("b")
    assert federation.rows(sql) == [(f"{b}/place/dos", None), (f"{b}/place/uno", "Red")]
    assert [f["code"] for f in federation.receipt("b")["findings"]] == ["dangling"]
