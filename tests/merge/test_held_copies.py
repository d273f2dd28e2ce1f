"""A hold reaches what says of itself that it repeats the held record, and lets it go again."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from commons.federation.policy.file import Hold
from commons.format.container import ReleaseFiles
from commons.intake.gate import Gate
from commons.link.judgements import DIFFERENT
from commons.merge.claims import Admission
from commons.merge.editions import servable
from commons.merge.pooling.changes import compare
from commons.merge.releases.sealing import seal
from commons.merge.verify import verify
from commons.model import Record
from tests.hostile.making import place, salt
from tests.merge.world import AS_OF, Federation

NAME = "Refugio Violeta"
UNTIL = AS_OF + timedelta(days=2)


def judging(one: str, other: str) -> Record:
    """A word about two records, with what they were called when it was given."""
    left, right = sorted((one, other))
    said = {"left": left, "right": right, "verdict": DIFFERENT, "salt": salt(left + right)}
    return Record("judgement", "j", {**said, "left_title": NAME, "right_title": NAME})


@pytest.fixture
def federation(tmp_path: Path) -> Federation:
    """`a` has the shelter; `b` copied it, `c` judged it and vouches for what it says."""
    made = Federation(tmp_path)
    shelter = f"{made.id('a')}/place/uno"
    vouch = Record("vouch", "v", {"about": shelter, "kind": "knows", "salt": salt("v")})
    made.share("a", [place("uno", title=NAME), place("dos")])
    made.share("b", [place("suyo", title=NAME, copied_from=shelter), place("tres")])
    made.share("c", [judging(shelter, f"{made.id('b')}/place/tres"), vouch, place("cuatro")])
    made.merge(canonical=True)
    return made


def hold(federation: Federation, name: str = "a") -> None:
    federation.holds = (Hold(f"{federation.id(name)}/place/uno", None, "se revisa", "Eva", UNTIL),)


def test_what_repeats_a_held_record_is_not_shown_until_it_is(federation: Federation) -> None:
    """Its name stands nowhere in the pool; when the hold lapses, all is as before."""
    before = set(federation.rows("SELECT address, json FROM claim"))
    assert NAME.encode() in (federation.folder / "pool.db").read_bytes()
    hold(federation)
    root = federation.merge(canonical=True).root
    assert NAME.encode() not in (federation.folder / "pool.db").read_bytes()
    assert federation.receipt("b")["refused"] == {"R_HELDCOPY": 1}
    assert federation.receipt("c")["refused"] == {"R_HELDCOPY": 2}
    assert federation.rows("SELECT sum(refused) FROM member") == [(0,)]  # nobody's fault
    assert federation.act(name="again.db").root == root
    assert federation.merge(as_of=UNTIL + timedelta(minutes=1)).root != root
    assert set(federation.rows("SELECT address, json FROM claim")) == before


def test_no_store_is_pruned_by_a_hold(federation: Federation) -> None:
    """What comes back must still be there: only a withdrawal takes it out of the store."""
    hold(federation)
    federation.merge()
    assert federation.lock is not None
    receipts = {federation.id(name): federation.receipt(name) for name in "abc"}
    with Gate(federation.store.root / "intake", at_once=1) as gate:
        arrived = {member: [federation.last[n]] for n in "abc" for member in [federation.id(n)]}
        done = seal(
            federation.lock, None, federation.store, gate, arrived=arrived, receipts=receipts, text=b""
        )
    assert done == []
    assert all(isinstance(federation.store.read(federation.last[n]), ReleaseFiles) for n in "abc")


def test_a_pool_without_what_repeats_a_held_record_can_be_checked(federation: Federation) -> None:
    """Nothing differs; what the full release alone can show is counted."""
    hold(federation)
    federation.merge()
    (federation.folder / "scratch").mkdir()
    verdict = verify(federation.folder / "pool.db", federation.folder / "scratch")
    assert verdict.same and verdict.untold == {"R_HELDCOPY": 3} and verdict.left_out == 4


def test_what_goes_with_a_held_record_is_told_as_held(federation: Federation) -> None:
    """Not as refused: nothing is wrong with it. And not as new when it comes back."""
    pools = [federation.folder / name for name in ("pool.db", "before.db", "during.db")]
    shutil.copy(pools[0], pools[1])
    hold(federation)
    federation.merge()
    found = compare(pools[1], pools[0])
    told = [(found[federation.id(n)].held, found[federation.id(n)].refused) for n in "bc"]
    assert told == [(1, 0), (2, 0)]
    shutil.copy(pools[0], pools[2])
    federation.merge(as_of=UNTIL + timedelta(minutes=1))
    assert compare(pools[2], pools[0])[federation.id("b")].to_json()["back"] == 1


def test_a_judgement_of_the_old_address_is_held_with_the_successors_record(federation: Federation) -> None:
    """A copy or a judgement may still name the address of before; the hold names the one of today."""
    federation.share("new", [place("uno", title=NAME), place("dos")])
    federation.succeeds["new"] = "a"
    hold(federation, "new")
    federation.merge(canonical=True)
    assert NAME.encode() not in (federation.folder / "pool.db").read_bytes()
    assert federation.receipt("c")["refused"] == {"R_HELDCOPY": 2}


def test_a_held_field_is_held_of_its_declared_copies_too(federation: Federation, tmp_path: Path) -> None:
    """It stands neither in the pool nor in the release that is served, until the hold lapses; the rest of
    the copy is shown, and a telephone of its own that others say remains theirs."""
    phone, shelter = {"number": "+525550001111"}, f"{federation.id('a')}/place/uno"
    federation.share("a", [place("uno", title=NAME, phones=[phone])], number=2)
    copy = federation.share("b", [place("suyo", title=NAME, copied_from=shelter, phones=[phone])], number=2)
    federation.holds = (Hold(shelter, "phones", "suena en una casa", "Eva", UNTIL),)
    root = federation.merge(canonical=True).root
    assert b"+525550001111" not in (federation.folder / "pool.db").read_bytes()
    assert federation.rows("SELECT json_extract(json, '$[2].title'), held FROM claim WHERE id = 'suyo'") == [
        (NAME, '["phones"]')
    ]
    assert federation.lock is not None
    with Gate(federation.store.root / "intake", at_once=1) as gate:
        served = servable(copy.digest, Admission(federation.lock), federation.store, gate, tmp_path)
    assert b"+525550001111" not in served.read_bytes() and NAME.encode() in served.read_bytes()
    (tmp_path / "scratch").mkdir()
    assert verify(federation.folder / "pool.db", tmp_path / "scratch").same
    assert federation.act(name="again.db").root == root
    federation.merge(as_of=UNTIL + timedelta(minutes=1), canonical=True)
    assert len(federation.rows("SELECT 1 FROM claim WHERE json LIKE '%5550001111%'")) == 2


def test_a_held_title_is_not_told_by_who_judged_or_vouched(federation: Federation) -> None:
    """Their word counts as before; what the record was called then stands nowhere."""
    shelter = f"{federation.id('a')}/place/uno"
    other = f"{federation.id('b')}/place/tres"
    said = {**judging(shelter, other).fields}
    said["right_title" if said["left"] == shelter else "left_title"] = "Tres"
    vouch = {"about": shelter, "kind": "knows", "about_title": NAME, "salt": salt("v")}
    federation.share("c", [Record("judgement", "j", said), Record("vouch", "v", vouch)], number=2)
    federation.holds = (Hold(shelter, "title", "se revisa", "Eva", UNTIL),)
    federation.merge(canonical=True)
    assert NAME.encode() not in (federation.folder / "pool.db").read_bytes()
    assert federation.rows("SELECT count(*) FROM judgement WHERE verdict = 'different'") == [(1,)]
    assert federation.rows("SELECT count(*) FROM claim WHERE type = 'judgement' AND json LIKE '%Tres%'") == [
        (1,)
    ]
    assert federation.receipt("c")["refused"] == {}
