"""Which word a maintainer reads of a member, and that every state keeps its last good release."""

from __future__ import annotations

import pytest

from commons.federation import lock as locks
from commons.federation import states
from commons.federation.lock import Evidence, LockedMember, PassedOver
from commons.federation.sources import looked
from commons.federation.sources.looked import Look
from tests.federation.serving import AT
from tests.hostile.making import place
from tests.merge.world import Federation

USED = "a" * 64
COPIES = (Evidence(0, 3, ("b" * 64, "c" * 64)),)
BAD = (PassedOver(0, 4, "d" * 64, "E_ROOT"),)


def look(outcome: str) -> Look:
    return Look(outcome, AT, AT)


def locked(state: str = locks.CURRENT, number: int = 3, **more: object) -> LockedMember:
    return LockedMember(state, USED, 0, number, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("member", "outcome", "changed", "expected"),
    [
        (locked(), looked.NEW, True, states.OK),
        (locked(), looked.SAME, False, states.UNCHANGED),
        (locked(), looked.UNREACHABLE, False, states.UNREACHABLE),
        (locked(), looked.INVALID, False, states.INVALID),
        (locked(), looked.OLDER, False, states.OLDER),
        (locked(passed_over=BAD), looked.NEW, False, states.INVALID),
        (locked(locks.LATE), looked.SAME, False, states.EXPIRED),
        (locked(locks.LATE), looked.UNREACHABLE, False, states.EXPIRED),
        (locked(locks.LATE), looked.OLDER, False, states.OLDER),
        (locked(number=2, evidence=COPIES), looked.SAME, False, states.TWO_COPIES),
        (locked(number=3, evidence=COPIES), looked.SAME, False, states.TWO_COPIES),
        (locked(number=4, evidence=COPIES), looked.SAME, False, states.UNCHANGED),
        (locked(locks.PAUSED, evidence=COPIES), looked.UNREACHABLE, False, states.PAUSED),
        (locked(locks.LEAVING, passed_over=BAD), looked.SAME, False, states.LEAVING),
        (LockedMember(locks.AWAITED), looked.UNREACHABLE, False, states.UNREACHABLE),
        (LockedMember(locks.AWAITED), looked.SAME, False, states.AWAITED),
        (None, looked.INVALID, False, states.INVALID),
        (None, looked.SAME, False, states.AWAITED),
    ],
)
def test_the_word_that_matters_most_is_read_first(
    member: LockedMember | None, outcome: str, changed: bool, expected: str
) -> None:
    """What a person decided, then what a person must decide, then what was found."""
    assert states.state(member, look(outcome), changed=changed) == expected


def test_a_member_that_nobody_looked_for_is_as_the_lock_says() -> None:
    assert states.state(locked(), None) == states.UNCHANGED
    assert states.state(None, None) == states.AWAITED


@pytest.mark.parametrize(
    ("member", "outcome", "expected"),
    [
        (None, looked.SAME, states.ARRIVED),
        (None, looked.UNREACHABLE, states.ARRIVED),
        (None, looked.INVALID, states.INVALID),
        (LockedMember(locks.AWAITED), looked.SAME, states.ARRIVED),
        (LockedMember(locks.AWAITED, number=3), looked.SAME, states.AWAITED),
        (locked(), looked.SAME, states.UNCHANGED),
    ],
)
def test_a_release_that_no_merge_has_seen_waits_for_one(
    member: LockedMember | None, outcome: str, expected: str
) -> None:
    """Not «nothing yet»: it is here. What a merge has decided already stays decided."""
    assert states.state(member, look(outcome), here=True) == expected


def test_a_member_that_leaves_says_so_in_the_lock_and_is_up_to_date_for_the_public(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Its last word is a catalogue that is leaving, with nothing in it; that is no loss to be explained."""
    federation = Federation(tmp_path_factory.mktemp("federation"))
    federation.share("a", [place(f"p{n}") for n in range(20)])
    federation.share("b", [place("otro")])
    federation.merge()
    federation.share("a", number=2, status="leaving")
    federation.merge()
    assert federation.lock is not None and federation.titles() == ["Comedor otro"]
    assert federation.lock.members[federation.id("a")].state == locks.LEAVING
    assert federation.rows("SELECT state FROM member WHERE id = ?", federation.id("a")) == [("current",)]
