"""Members' lives in random order, read by two federations: what was promised holds after every merge.

It goes as far as the lock and what it lets be shown: a pool is a function of its lock (test_laws).
COMMONS_LIVES=2000 tries so many lives instead of a few dozen; with COMMONS_RANDOM=1, others each time.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from commons.addresses import tombstone
from commons.federation.lock import Lock
from commons.federation.policy.file import Hold, Pause, Policy
from commons.federation.policy.file import Member as Accepted
from commons.format import canonical
from tests.hostile.making import place
from tests.merge.lives import EARLIER, RECORD, Household, Laptop, Reader, Shared, Version, alive
from tests.merge.world import AS_OF

LIVES = int(os.environ.get("COMMONS_LIVES", "60"))
NAMES = ("ana", "beto")
FALSE = "FALSO"  # what only the thief says
ids = st.sampled_from(["uno", "dos", "tres"])
names = st.sampled_from(NAMES)
texts = st.sampled_from(["Comida caliente", "Café y pan"])
which = st.integers(0, 1)
reached = st.sampled_from([(), (0,), (1,), (0, 1)])


class Lives(RuleBasedStateMachine):
    """Two members, two federations with one policy; whatever is shared reaches either in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.homes = {name: Household(name) for name in NAMES}
        self.shared: list[Shared] = []
        self.readers = (Reader(), Reader())
        self.pauses: dict[str, Version] = {}
        self.holds: list[Hold] = []
        self.now = AS_OF

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    # what members do

    def laptop(self, name: str, n: int) -> Laptop:
        laptops = self.homes[name].laptops
        return laptops[n % len(laptops)]

    @rule(name=names, n=which, id=ids, text=texts, copied=st.none() | ids)
    def edit(self, name: str, n: int, id: str, text: str, copied: str | None) -> None:
        other = self.homes[NAMES[name == NAMES[0]]]
        more = {"copied_from": f"{other.id}/place/{copied}"} if copied else {}
        self.laptop(name, n).put(place(id, summary=text, **more))

    @rule(name=names, n=which, id=ids)
    def remove(self, name: str, n: int, id: str) -> None:
        self.laptop(name, n).records.pop(id, None)

    @rule(name=names, n=which, id=ids, kind=st.sampled_from([RECORD, EARLIER]))
    def withdraw(self, name: str, n: int, id: str, kind: str) -> None:
        self.laptop(name, n).withdraw(id, kind)

    def share(self, name: str, laptop: Laptop, to: Iterable[int]) -> None:
        """The next release; `to`: which federations it reaches at once."""
        self.shared.append(self.homes[name].share(laptop, self.folder))
        for n in to:
            self.readers[n].get(self.shared[-1])

    @rule(name=names, n=which, to=reached)
    def release(self, name: str, n: int, to: tuple[int, ...]) -> None:
        self.share(name, self.laptop(name, n), to)

    @rule(name=names)
    def copy(self, name: str) -> None:
        home = self.homes[name]
        if len(home.laptops) == 1:
            home.laptops.append(clone(home.laptops[0]))
            home.alone = False

    @rule(name=names)
    def join(self, name: str) -> None:
        home = self.homes[name]
        if len(home.laptops) == 2:
            home.laptops[0].join(home.laptops.pop())

    @rule(name=names, back=st.integers(0, 3))
    def steal(self, name: str, back: int) -> None:
        """The laptop of today, with its key; the thief may give its releases lower numbers, too."""
        home = self.homes[name]
        if home.thief is None:
            home.thief = clone(home.laptops[0])
            home.thief.stolen, home.alone = True, False
            home.thief.number = max(0, home.thief.number - back)
            home.thief.records |= {id: place(id, summary=FALSE) for id in home.thief.records}

    @precondition(lambda self: any(h.thief for h in self.homes.values()))
    @rule(name=names, id=ids, kind=st.sampled_from([RECORD, EARLIER]), said=st.none() | which, to=reached)
    def thief_shares(self, name: str, id: str, kind: str, said: int | None, to: tuple[int, ...]) -> None:
        """False words; `said`: a withdrawal that pretends to have been there long before."""
        home = self.homes[name]
        if home.thief is not None:
            past = None if said is None else (home.thief.log.epoch, min(said, home.thief.number))
            home.thief.put(place(id, summary=FALSE))
            home.thief.withdraw(id, kind, past)
            self.share(name, home.thief, to)

    @precondition(lambda self: any(h.thief for h in self.homes.values()))
    @rule(name=names)
    def recover(self, name: str) -> None:
        if self.homes[name].thief is not None:
            self.homes[name].recover()

    @precondition(lambda self: any(h.forgotten for h in self.homes.values()))
    @rule(name=names, to=reached)
    def a_forgotten_copy_shares(self, name: str, to: tuple[int, ...]) -> None:
        if self.homes[name].forgotten:
            self.share(name, self.homes[name].forgotten[0], to)

    # what maintainers do

    @rule(name=names, id=ids, days=st.integers(1, 3))
    def hold(self, name: str, id: str, days: int) -> None:
        address = f"{self.homes[name].id}/place/{id}"
        self.holds.append(Hold(address, None, "lo pidió", "Ana", self.now + timedelta(days=days)))

    @precondition(lambda self: self.holds)
    @rule()
    def lift_a_hold(self) -> None:
        self.holds.pop()

    @rule(days=st.integers(1, 2))
    def time_goes_by(self, days: int) -> None:
        self.now += timedelta(days=days)

    @precondition(lambda self: self.shared)
    @rule(data=st.data())
    def pause(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.shared))
        self.pauses[one.member] = one.version

    @rule(name=names)
    def resume(self, name: str) -> None:
        self.pauses.pop(self.homes[name].id, None)

    @precondition(lambda self: self.shared)
    @rule(n=which, data=st.data())
    def gossip(self, n: int, data: st.DataObject) -> None:
        """A release reaches a federation, old or new, first or last."""
        one = data.draw(st.sampled_from(self.shared))
        self.readers[n].get(one)

    @precondition(lambda self: any(r.held for r in self.readers))
    @rule(n=which, data=st.data())
    def lose(self, n: int, data: st.DataObject) -> None:
        """A disk loses a release, or the lock."""
        reader = self.readers[n]
        gone = data.draw(st.sampled_from(["", *sorted(reader.held)]))
        if gone:
            reader.lose(gone)
        else:
            reader.lock = None

    @rule(n=which)
    def merge(self, n: int) -> None:
        self.readers[n].merge(self.policy, self.now)
        self.check(self.readers[n])

    @rule(mix=st.randoms(use_true_random=False), between=st.booleans())
    def meet(self, mix: Any, between: bool) -> None:
        """Each gets what the other has, in any order; one merges on the way. Then both say the same."""
        everything = {**self.readers[0].held, **self.readers[1].held}
        for reader in self.readers:
            for digest in mix.sample(sorted(everything), len(everything)):
                reader.get(everything[digest])
                if between:
                    reader.merge(self.policy, self.now)
                    self.check(reader)
                    between = mix.random() < 0.5
        if not any(reader.lost for reader in self.readers):  # what only one remembers cannot be the same
            self.agree(mix)

    def agree(self, mix: Any) -> None:
        """One lock for one set of releases, whatever was seen first; somebody new gets it, too."""
        new = Reader(dict(self.readers[0].held))
        order = mix.sample(sorted(new.held), len(new.held))
        locks = [in_use(r.merge(self.policy, self.now, order)) for r in (*self.readers, new)]
        assert locks[0] == locks[1] == locks[2], "one lock for one set of releases"
        for reader in self.readers:
            self.check(reader)

    # what must hold

    @property
    def policy(self) -> Policy:
        accepted = tuple(
            Accepted(h.id, n, pause=Pause(self.pauses[h.id]) if h.id in self.pauses else None)
            for n, h in self.homes.items()
        )
        return Policy({"es": "Prueba"}, accepted, licences=("CC-BY-4.0",), holds=tuple(self.holds))

    def check(self, reader: Reader) -> None:
        """Against what everybody knows to be true, not against how the program decides."""
        assert reader.lock is not None
        shown = reader.shown()
        its = {h.id: alive(reader.held, h.id, self.pauses.get(h.id)) for h in self.homes.values()}
        held = {h.address for h in self.holds if h.until > self.now}
        stones = {
            (m, s.hash): max(t for one in its[m] for t in one.stones if t.hash == s.hash)
            for m in its
            for one in its[m]
            for s in one.stones
        }
        finals = {(m, t.hash) for m in its for one in its[m] for t in one.stones if t.kind == RECORD}
        assert not held & shown.keys(), "a hold hides, until its moment"
        assert not {(a[:26], tombstone(a)) for a in shown} & finals, "what was withdrawn is not shown"
        for member, locked in reader.lock.members.items():
            used = reader.held.get(locked.release or "")
            assert used is None or used in its[member], "neither void nor beyond a pause"
            if its[member] and not reader.lost:
                assert used is not None, "the last good release stays"
                newest = max(its[member], key=lambda s: s.version)
                split = not next(h for h in self.homes.values() if h.id == member).alone
                assert used is newest or split, "the newest is used where no copy says otherwise"
            self.check_member(reader, member, used, shown, held, stones)

    def check_member(
        self,
        reader: Reader,
        member: str,
        used: Shared | None,
        shown: dict[str, str],
        held: set[str],
        stones: dict[Any, Any],
    ) -> None:
        """What is shown of a member is what its release says, less what is held, withdrawn or a copy."""
        mine = {a: text for a, text in shown.items() if a.startswith(member)}
        if used is None:
            assert not mine
            return
        expected = {}
        for row in used.intake.rows():
            address = f"{member}/{row.type}/{row.id}"
            if row.type != "place" or address in held:
                continue
            stone = stones.get((member, tombstone(address)))
            if stone is not None and (stone.kind == RECORD or used.version < (stone.epoch, stone.number)):
                continue
            origin = str(canonical.parse(row.data)[2].get("copied_from", ""))
            if (origin[:26], tombstone(origin)) not in stones and origin not in held:
                expected[address] = row.data.decode()
        assert mine == expected, "no claim lost or altered"


def in_use(lock: Lock) -> bytes:
    """The lock, but for the number that is remembered of who has nothing to merge: no pool depends on it."""
    members = {
        id: replace(m, epoch=0, number=0) if m.release is None else m for id, m in lock.members.items()
    }
    return replace(lock, members=members).to_bytes()


def clone(laptop: Laptop) -> Laptop:
    return Laptop(
        laptop.name, laptop.log, dict(laptop.records), dict(laptop.stones), laptop.heads, laptop.number
    )


LIFE = settings(
    max_examples=LIVES,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
Lives.TestCase.settings = LIFE
TestLives = Lives.TestCase
