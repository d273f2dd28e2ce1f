"""Members that members vouch for are taken up by rule, named in lock and receipt, the same everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commons.federation import lock as locks
from commons.federation.policy.file import Admit, Hold
from commons.model import Record
from tests.hostile.making import Member, place, salt, withdrawal
from tests.merge.world import AS_OF, Federation


def vouch(about: str, **fields: object) -> Record:
    said = {"about": about, "kind": "knows", "salt": salt(about), **fields}
    return Record("vouch", about, said)  # type: ignore[arg-type]


@pytest.fixture
def town(tmp_path: Path) -> Federation:
    """Ana and Luz are in the list; Rio is not, and both vouch for it."""
    town = Federation(tmp_path, admit=Admit(vouches=2))
    rio = Member("rio").id
    town.share("ana", [place("a"), vouch(rio)])
    town.share("luz", [place("b"), vouch(rio)])
    town.share("rio", [place("c"), vouch(rio)])
    town.gone.add("rio")
    return town


def shown(town: Federation) -> list[str]:
    town.merge()
    return town.titles()


def test_who_has_enough_vouches_is_taken_up_and_named(town: Federation) -> None:
    """Lock and receipt say whose word it was; the pool calls it by its own name."""
    assert shown(town) == ["Comedor a", "Comedor b", "Comedor c"]
    both = sorted([town.id("ana"), town.id("luz")])
    assert town.lock is not None and town.lock.members[town.id("rio")].admitted == tuple(both)
    assert locks.parse(town.lock.to_bytes()) == town.lock
    assert town.receipt("rio")["admitted"] == both and "admitted" not in town.receipt("ana")
    assert town.rows("SELECT name FROM member WHERE id = ?", town.id("rio")) == [("rio",)]


@pytest.mark.parametrize(
    "admit",
    [
        Admit(),
        Admit(vouches=3),
        Admit(vouches=2, among=(Member("ana").id,)),
        Admit(vouches=2, never=(Member("rio").id,)),
    ],
)
def test_nobody_is_taken_up_against_the_rule(town: Federation, admit: Admit) -> None:
    """Off by default; own words never count; only the named ones vouch; who is shut out stays out."""
    town.admit = admit
    assert shown(town) == ["Comedor a", "Comedor b"]
    assert town.lock is not None and town.id("rio") not in town.lock.members


def test_a_vouch_that_has_run_out_or_is_held_or_was_taken_back_does_not_count(town: Federation) -> None:
    """An admission lasts as long as its vouches; what the member withdrew stays withdrawn."""
    rio, luz = town.id("rio"), town.id("luz")
    town.share("rio", [place("c"), withdrawal("a" * 52)], number=2)
    assert len(shown(town)) == 3
    town.holds = (Hold(f"{luz}/vouch/{rio}", None, "?", "Ana", AS_OF.replace(year=2027)),)
    assert shown(town) == ["Comedor a", "Comedor b"]
    assert town.lock is not None and town.lock.members[rio].state == locks.LEFT
    town.holds = ()
    assert len(shown(town)) == 3
    town.share("luz", [place("b"), vouch(rio, expires_at="2026-11-01T00:00:00Z")], number=2)
    assert len(shown(town)) == 2
    town.share("luz", [place("b")], number=3)
    assert len(shown(town)) == 2


def test_further_steps_count_the_vouches_of_who_was_admitted(town: Federation) -> None:
    """ana, luz → rio; ana, rio → mar; only with two steps. Without steps, strangers vouch for nobody."""
    mar = Member("mar").id
    town.share("ana", [place("a"), vouch(town.id("rio")), vouch(mar)], number=2)
    town.share("rio", [place("c"), vouch(mar)], number=2)
    town.share("mar", [place("d")])
    town.gone.add("mar")
    assert "Comedor d" not in shown(town)
    town.admit = Admit(vouches=2, steps=2)
    assert "Comedor d" in shown(town)
    assert town.lock is not None and town.id("rio") in town.lock.members[mar].admitted


def test_a_policy_that_admits_nobody_keeps_its_digest() -> None:
    """Further keys are written only where they are used."""
    assert Admit().to_json() == {"vouches": 0, "from": []}


NAMES = ["a", "b", "c", "d", "e", "f"]
WORDS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), unique=True, max_size=14)


@settings(max_examples=12, deadline=None)
@given(words=WORDS, needed=st.integers(1, 2), steps=st.integers(1, 3), order=st.permutations(NAMES))
def test_admission_does_not_depend_on_the_order_of_arrival(
    tmp_path_factory: pytest.TempPathFactory,
    words: list[tuple[str, str]],
    needed: int,
    steps: int,
    order: list[str],
) -> None:
    """Whoever's release came first: the same lock, and everyone in it is within reach of the list."""
    made = []
    for names in (NAMES, order):
        town = Federation(tmp_path_factory.mktemp("town"), admit=Admit(vouches=needed, steps=steps))
        for name in names:
            town.share(name, [vouch(Member(to).id) for who, to in words if who == name])
        town.gone.update(NAMES[2:])
        made.append(town.plan().lock)
    assert made[0].to_bytes() == made[1].to_bytes()
    for member, locked in made[0].members.items():
        assert locked.admitted == () or (len(locked.admitted) >= needed and member not in locked.admitted)
