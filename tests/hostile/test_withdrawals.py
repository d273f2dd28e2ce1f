"""A member that says it withdrew what is another's: only its own addresses are withdrawn by it."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from commons.addresses import short_code, tombstone
from commons.federation.policy.file import Pause
from commons.merge.planning.since import with_todays_word
from commons.merge.pooling.changes import compare
from commons.pool.opening import open_pool
from commons.pool.read import Gone, Pool, Thing, Unknown
from tests.hostile.making import place, withdrawal
from tests.merge.world import Federation


@pytest.fixture
def federation(tmp_path: Path) -> Federation:
    return Federation(tmp_path)


def answer(federation: Federation, asked: str) -> object:
    with closing(open_pool(federation.folder / "pool.db")) as connection:
        return Pool(connection).resolve(asked)


def test_a_removed_record_is_not_withdrawn_by_anothers_word(federation: Federation) -> None:
    """B lists the tombstone of what A took out: its address is unknown, not withdrawn; it may come back."""
    address = f"{federation.id('a')}/place/uno"
    federation.share("a", [place("uno"), place("dos")])
    federation.share("b", [place("otro"), withdrawal(tombstone(address))])
    federation.merge()
    assert isinstance(answer(federation, address), Thing)
    shutil.copy(federation.folder / "pool.db", federation.folder / "before.db")
    federation.share("a", [place("dos")], number=2)
    federation.merge()
    assert isinstance(answer(federation, address), Unknown)
    found = compare(federation.folder / "before.db", federation.folder / "pool.db")[federation.id("a")]
    assert (found.removed, found.withdrawn) == (1, 0)
    federation.share("a", [place("uno"), place("dos")], number=3)
    federation.merge()
    assert isinstance(answer(federation, address), Thing)
    assert isinstance(answer(federation, short_code(address)), Thing)


def test_of_a_bare_code_only_what_was_said_is_told(federation: Federation) -> None:
    """A short code hides its address: 410, as a member says; the address itself is its member's."""
    mine, others = f"{federation.id('b')}/place/suyo", f"{federation.id('a')}/place/uno"
    federation.share("a", [place("dos")])
    federation.share("b", [withdrawal(tombstone(mine)), withdrawal(tombstone(others))])
    federation.merge()
    assert answer(federation, mine) == Gone() and isinstance(answer(federation, others), Unknown)
    assert answer(federation, short_code(mine)) == answer(federation, short_code(others)) == Gone(own=False)


def test_the_root_of_all_others_stays_apart_from_the_word_itself(federation: Federation) -> None:
    """What A says is shown as before, and nothing of A's falls as a copy either."""
    origin = f"{federation.id('a')}/place/uno"
    federation.share("a", [place("uno")])
    federation.share("c", [place("copia", copied_from=origin)])
    federation.share("b", [place("otro")])
    federation.merge()
    before = federation.titles()
    federation.share("b", [place("otro"), withdrawal(tombstone(origin), number=2)], number=2)
    federation.merge()
    assert federation.titles() == before


def thefts(federation: Federation) -> None:
    """One good release, then one by whoever stole the key: a withdrawal that claims to be of the first."""
    first = federation.share("a", [place("uno"), place("dos")])
    stone = withdrawal(tombstone(f"{federation.id('a')}/place/uno"), number=1)
    federation.share("a", [place("dos"), stone], number=2, previous=[first.digest])
    federation.merge()
    assert federation.titles() == ["Comedor dos"]


def test_a_pause_lets_go_of_a_withdrawal_that_pretends_to_be_old(federation: Federation) -> None:
    """What counts is who says it, not which number the words bear."""
    thefts(federation)
    federation.pauses["a"] = Pause((0, 1))
    federation.merge()
    assert federation.titles() == ["Comedor dos", "Comedor uno"]
    assert federation.rows("SELECT * FROM withdrawal") == []


def test_a_recovery_voids_a_withdrawal_that_pretends_to_be_old(federation: Federation) -> None:
    """It falls with the release that said it, also out of a lock that took it up, and out of old versions."""
    thefts(federation)
    stolen = federation.lock
    federation.members["a"].recover((0, 2))
    federation.share("a", [place("uno"), place("dos")], number=2, previous=[])
    federation.merge()
    assert federation.titles() == ["Comedor dos", "Comedor uno"]
    assert stolen is not None and federation.lock is not None
    again = with_todays_word(stolen, federation.lock).members[federation.id("a")]
    assert again.tombstones == () and again.epoch == 1


@pytest.mark.parametrize("between", [True, False])
def test_what_a_copy_withdrew_counts_whenever_its_release_arrives(
    federation: Federation, between: bool
) -> None:
    """Also if a newer release of the other copy came before, which does not follow it as far as known."""
    first = federation.share("a", [place("uno"), place("dos")])
    stone = withdrawal(tombstone(f"{federation.id('a')}/place/uno"), number=2)
    federation.share("a", [place("dos")], number=3, previous=["f" * 64])
    if between:
        federation.merge()
    federation.share("a", [place("dos"), stone], number=2, previous=[first.digest])
    federation.merge()
    federation.share("a", [place("uno"), place("dos")], number=4, previous=["e" * 64])
    federation.merge()
    assert federation.titles() == ["Comedor dos"]


@pytest.mark.parametrize("between", [True, False])
def test_a_word_that_a_later_release_drops_counts_for_whoever_sees_both_at_once(
    federation: Federation, between: bool
) -> None:
    """A member's program may forget; two federations that saw the same releases show the same."""
    stone = withdrawal(tombstone(f"{federation.id('a')}/place/uno"), number=2)
    federation.share("a", [place("uno"), place("dos")])
    federation.merge()
    federation.share("a", [place("dos"), stone], number=2)
    if between:
        federation.merge()
    federation.share("a", [place("uno"), place("dos")], number=3)
    federation.merge()
    assert federation.titles() == ["Comedor dos"]


@pytest.mark.parametrize("forged", [False, True])
def test_what_the_last_lock_knew_outlives_a_thief_who_repeats_it(
    federation: Federation, forged: bool
) -> None:
    """Its release is lost; the thief's, that nobody merged before the pause, takes no memory along.

    Where another copy may have kept the thief's release from being used, the lock may have its word from it.
    """
    origin = f"{federation.id('a')}/place/uno"
    stone = withdrawal(tombstone(origin), number=2)
    federation.share("b", [place("uno", copied_from=origin)])
    first = federation.share("a", [place("uno"), place("dos")])
    second = federation.share("a", [place("dos"), *([] if forged else [stone])], number=2)
    if forged:
        federation.share("a", [place("dos")], number=3, previous=[first.digest])
        federation.share("a", [place("falso"), stone], number=4, previous=[second.digest])
    federation.merge()
    assert federation.titles() == ["Comedor dos"]
    if not forged:
        federation.share("a", [place("falso"), stone], number=3)
    federation.store.drop(second.digest)
    federation.pauses["a"] = Pause((0, 3 if forged else 2), "robo")
    for _again in range(2):
        federation.merge()
        assert ("Comedor uno" in federation.titles()) is forged
