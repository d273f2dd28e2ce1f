"""A member that says it withdrew what is another's: only its own addresses are withdrawn by it."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from commons.addresses import short_code, tombstone
from commons.merge.changes import compare
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
