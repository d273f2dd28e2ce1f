"""The sheet is in two hands: two key logs continue one beginning, and federations see them in any order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commons.addresses import tombstone
from commons.federation.policy.file import Member as Accepted
from commons.federation.policy.file import Pause, Policy
from commons.format.keys import PrivateKey
from commons.merge.planning.since import with_todays_word
from tests.hostile.making import Member, key, place
from tests.merge.lives import EARLIER, RECORD, Laptop, Reader, Shared
from tests.merge.test_life import clone, in_use
from tests.merge.world import AS_OF

IDS = [f"r{n}" for n in range(12)]
HANDS = ("ours", "theirs")
PERSON = Member("ana")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as made:
        yield Path(made)


def rules(pause: Pause | None = None) -> Policy:
    return Policy({"es": "Prueba"}, (Accepted(PERSON.id, "ana", pause=pause),), licences=("CC-BY-4.0",))


def before(folder: Path) -> tuple[Laptop, list[Shared]]:
    """What the member had shared before anybody had its sheet."""
    laptop = Laptop("ana", PERSON.log)
    for id in IDS:
        laptop.put(place(id))
    return laptop, [laptop.share(folder), laptop.share(folder)]


def renewed(laptop: Laptop, revealed: PrivateKey, name: str, void: tuple[int, int] | None) -> Laptop:
    """A copy of the catalogue under the next key, in somebody's hand."""
    copy = clone(laptop)
    copy.log = laptop.log.rotated(revealed, key(name).public, void_from=void)
    return copy


@st.composite
def histories(draw: st.DrawFn, folder: Path) -> list[Shared]:
    """Each hand releases, withdraws, perhaps declares void, perhaps changes its key once more."""
    laptop, shared = before(folder)
    for hand in HANDS:
        void = draw(st.none() | st.tuples(st.just(0), st.integers(1, 3)))
        mine, name = renewed(laptop, PERSON.next, hand, void), hand
        for step in draw(st.lists(st.sampled_from(["share", "withdraw", "earlier", "renew"]), max_size=5)):
            if step == "renew" and mine.log.epoch < 3:
                void = (mine.log.epoch, draw(st.integers(1, 6))) if draw(st.booleans()) else None
                mine, name = renewed(mine, key(name), f"{name}+", void), f"{name}+"
            elif step != "share":
                mine.withdraw(draw(st.sampled_from(IDS[:4])), EARLIER if step == "earlier" else RECORD)
            shared.append(mine.share(folder))
    return shared


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_who_saw_two_continuations_in_another_order_has_the_same_lock(
    data: st.DataObject, folder: Path
) -> None:
    """Release, withdrawals, voids, evidence: a function of what was seen, however often was merged."""
    shared = data.draw(histories(folder))
    met = [Reader(), Reader()]
    for reader in met:
        for n in data.draw(st.permutations(range(len(shared)))):
            reader.get(shared[n])
            if data.draw(st.booleans()):
                reader.merge(rules(), AS_OF)
    locks = [in_use(reader.merge(rules(), AS_OF)) for reader in met]
    locks.append(in_use(Reader({one.digest: one for one in shared}).merge(rules(), AS_OF)))
    assert locks[0] == locks[2] and locks[1] == locks[2]


def test_what_either_hand_withdraws_stays_withdrawn_until_a_pause(folder: Path) -> None:
    """A second continuation brings nothing back; the telephone does, and takes what both have signed."""
    laptop, shared = before(folder)
    ours, theirs = (renewed(laptop, PERSON.next, hand, None) for hand in HANDS)
    ours.withdraw("r0")
    reader = Reader({one.digest: one for one in [*shared, ours.share(folder)]})
    reader.merge(rules(), AS_OF)
    assert set(reader.shown()) == {laptop.address(id) for id in IDS[1:]}
    theirs.put(place("falso"))
    reader.get(theirs.share(folder))
    lock = reader.merge(rules(), AS_OF)
    assert lock.members[PERSON.id].release == shared[-1].digest
    assert set(reader.shown()) == {laptop.address(id) for id in IDS[1:]}
    assert [s.hash for s in lock.members[PERSON.id].tombstones] == [tombstone(laptop.address("r0"))]
    reader.merge(rules(Pause((0, 2))), AS_OF)
    assert set(reader.shown()) == {laptop.address(id) for id in IDS}


def test_a_beginning_that_lacks_much_of_what_was_used_does_not_wait_for_anybody(folder: Path) -> None:
    """Nothing can be lost against a release that is in doubt: the member does not vanish meanwhile."""
    laptop, shared = before(folder)
    ours, theirs = (renewed(laptop, PERSON.next, hand, None) for hand in HANDS)
    for n in range(40):
        ours.put(place(f"nuevo-{n}"))
    reader = Reader({one.digest: one for one in [*shared, ours.share(folder)]})
    assert len(reader.merge(rules(), AS_OF).members) == 1 and len(reader.shown()) == 52
    reader.get(theirs.share(folder))
    reader.merge(rules(), AS_OF)
    assert len(reader.shown()) == 12


@pytest.mark.parametrize("known", [True, False])
def test_going_back_to_an_older_version_shows_nothing_that_is_in_doubt_today(
    known: bool, folder: Path
) -> None:
    """Whoever published under the one continuation does not publish it again under both, be it that nothing
    of what both agree on was ever seen here."""
    laptop, shared = before(folder)
    ours, theirs = (renewed(laptop, PERSON.next, hand, None) for hand in HANDS)
    reader = Reader({one.digest: one for one in [*(shared if known else ()), ours.share(folder)]})
    old = reader.merge(rules(), AS_OF)
    assert old.members[PERSON.id].epoch == 1
    reader.get(theirs.share(folder))
    today = reader.merge(rules(), AS_OF)
    shown = with_todays_word(old, today).members[PERSON.id].release
    assert shown == (shared[-1].digest if known else None)


def test_who_left_is_shown_again_without_what_it_declared_not_its_own(folder: Path) -> None:
    """Nobody goes back to what a thief released, also where its member is no longer in the federation."""
    laptop, shared = before(folder)
    reader = Reader({one.digest: one for one in shared})
    old = reader.merge(rules(), AS_OF)
    reader.get(renewed(laptop, PERSON.next, "ours", (0, 2)).share(folder))
    recovered = reader.merge(rules(), AS_OF)
    today = reader.merge(replace(rules(), members=()), AS_OF)
    shown = [with_todays_word(lock, today).members[PERSON.id].release for lock in (old, recovered)]
    assert shown == [None, recovered.members[PERSON.id].release]
