"""Each law has teeth: where one decision of the merge is turned round, a law fails.

A mutant is a piece of the program's text and what stands there instead. Where that text is gone, the test
says so: choose another that turns the same decision round.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from commons.addresses import tombstone
from commons.federation import descent, trust
from commons.federation.policy.file import Hold, Pause
from commons.format.identity import identity_digest
from commons.format.instants import instant
from commons.format.keylog import Void
from commons.link import cluster, exact, judgements
from commons.merge import act, claims, fuse, plan
from commons.merge.planning import since
from commons.merge.pooling import beside
from commons.model import Fields, Record
from tests.federation import test_trust
from tests.hostile import test_withdrawals
from tests.hostile.making import Member, place, release, salt, withdrawal
from tests.link import test_exact, test_judgements
from tests.merge import test_fuse, test_merge
from tests.merge.unsigned import IDS, Pool
from tests.merge.world import AS_OF, Federation

Law = Callable[[Path], object]


@dataclass(frozen=True)
class Mutant:
    """`owner.name` with `new` where `old` stands; `law`: what must notice."""

    says: str
    owner: Any
    name: str
    old: str
    new: str
    law: Law


def federated(test: Callable[..., object], *more: object) -> Law:
    return lambda folder: test(Federation(folder), *more)


def pure(test: Callable[[], object]) -> Law:
    return lambda _folder: test()


def a_pause_uses_what_it_names(folder: Path) -> None:
    """Paused at the first release, a member says what that one says: no more, and no less."""
    federation = Federation(folder)
    federation.share("a", [place("uno", summary="primera")])
    federation.share("a", [place("uno", summary="segunda")], number=2)
    federation.pauses["a"] = Pause((0, 1))
    federation.merge()
    assert federation.rows("SELECT summary FROM place") == [("primera",)]


def what_was_said_earlier_is_older_than_the_word(folder: Path) -> None:
    """The release that takes down what was said earlier says the record anew."""
    federation = Federation(folder)
    stone = withdrawal(tombstone(f"{federation.id('a')}/place/uno"), "earlier", number=2)
    federation.share("a", [place("uno")])
    federation.share("a", [place("uno"), stone], number=2)
    federation.merge()
    assert federation.titles() == ["Comedor uno"]


def a_hold_hides(folder: Path) -> None:
    """The record is not there, though its member says it."""
    federation = Federation(folder)
    federation.share("a", [place("uno"), place("dos")])
    address = f"{federation.id('a')}/place/dos"
    federation.holds = (Hold(address, None, "motivo", "Eva", AS_OF + timedelta(days=1)),)
    federation.merge()
    assert federation.titles() == ["Comedor uno"]


def a_hold_is_part_of_the_root(folder: Path) -> None:
    """Also of what nobody says yet: who merges without it has another result."""
    federation = Federation(folder)
    federation.share("a", [place("uno")])
    roots = {federation.merge().root}
    address = f"{federation.id('a')}/place/later"
    federation.holds = (Hold(address, None, "x", "Ana", AS_OF + timedelta(days=1)),)
    roots.add(federation.merge().root)
    federation.holds = (Hold(address, "phones", "x", "Ana", AS_OF + timedelta(days=1)),)
    roots.add(federation.merge().root)
    assert len(roots) == 3


def the_moment_is_the_locks(folder: Path) -> None:
    """A merge made again next year says the same."""
    federation = Federation(folder)
    federation.share("a", [place("uno")])
    federation.merge()
    ((moment,),) = federation.rows("SELECT value FROM meta WHERE key = 'as_of'")
    assert moment.strip('"') == instant(AS_OF)


def half_a_healing_is_none(_folder: Path) -> None:
    """Who follows one copy, and something that was never seen, has not joined the two."""
    member = Member("a")
    first = test_trust.line(member, (1, "x", ()))
    copies = [test_trust.line(member, (2, mark, (first,))) for mark in ("y", "z")]
    files = release(member, [place("y")], number=4, previous=[copies[0].digest, "f" * 64])
    assert test_trust.used([first, *copies, test_trust.seen(files)], member) == first.digest


def a_third_does_not_join_what_is_different(folder: Path) -> None:
    """Three say the same name and number; two of them are different by one member's word."""
    said = {name: [place("uno", title="Casa Norte", identifiers=["X-ID:10020"])] for name in IDS}
    left, right = sorted(f"{IDS[name]}/place/uno" for name in ("a", "b"))
    fields: Fields = {"left": left, "right": right, "verdict": "different", "salt": salt("j")}
    said["a"].append(Record("judgement", "j", fields))
    entity = dict(Pool(str(folder), said).rows("SELECT address, entity FROM alias"))
    assert entity[left] != entity[right]


def its_own_word_counts_for_nobody(_folder: Path) -> None:
    """A claim does not speak for itself because its member says so, with the right digest."""
    casa: Fields = {"title": "Casa"}
    vouch = fuse.Vouch("a", "a/organization/casa", "claim", identity_digest(casa))
    found = fuse.subject_claims([vouch], {vouch.about: casa}, (), needed=1, as_of=instant(AS_OF))
    assert found == frozenset()


HERE: list[Law] = [
    a_pause_uses_what_it_names,
    what_was_said_earlier_is_older_than_the_word,
    a_hold_hides,
    a_hold_is_part_of_the_root,
    the_moment_is_the_locks,
    half_a_healing_is_none,
    a_third_does_not_join_what_is_different,
    its_own_word_counts_for_nobody,
]
MUTANTS = [
    Mutant("the oldest release is used", trust, "_candidates", "reverse=True", "reverse=False",
           pure(test_trust.test_the_newest_number_is_used_and_an_older_one_changes_nothing)),
    Mutant("a dispute is won by whoever is newest", trust, "_candidates",
           "if s.digest in clear", "if True",
           pure(test_trust.test_two_copies_fall_back_and_are_healed_by_a_release_that_follows_both)),
    Mutant("what is all disputed is won by who came first", trust, "_candidates",
           "return [min(alive.values(), key=lambda s: (s.version, s.digest))]",
           "return [next(iter(alive.values()))]",
           pure(test_trust.test_if_everything_is_disputed_the_choice_still_does_not_depend_on_order)),
    Mutant("one of two copies is enough to heal", descent, "undisputed",
           "if line & needed != needed:", "if needed and not line & needed:",
           half_a_healing_is_none),
    Mutant("a void is ignored", trust, "choose",
           "if logs.settled(release.keylog.head).is_void(*release.version):", "if False:",
           pure(test_trust.test_a_recovery_voids_what_a_thief_released)),
    Mutant("a void begins one release late", Void, "covers", "self.start <=", "self.start <",
           pure(test_trust.test_a_recovery_voids_what_a_thief_released)),
    Mutant("a pause is ignored", trust, "choose", "if s.version <= pause.at}", "if True}",
           a_pause_uses_what_it_names),
    Mutant("a pause excludes its own release", trust, "choose",
           "if s.version <= pause.at}", "if s.version < pause.at}", a_pause_uses_what_it_names),
    Mutant("a lock remembers what a thief withdrew", plan._Deciding, "decide",
           "stones -= self._words(self._unlearned(choice, seen))", "stones -= set()",
           federated(test_withdrawals.test_a_recovery_voids_a_withdrawal_that_pretends_to_be_old)),
    Mutant("an old version remembers what a thief withdrew", since, "with_todays_word",
           "if counts.limited", "if False",
           federated(test_withdrawals.test_a_recovery_voids_a_withdrawal_that_pretends_to_be_old)),
    Mutant("another copy's withdrawals are forgotten", plan._Deciding, "decide",
           "stones |= self._words(choice.own)", "stones |= set()",
           federated(test_withdrawals.test_what_a_copy_withdrew_counts_whenever_its_release_arrives, False)),
    Mutant("a lock forgets what was withdrawn", plan._Deciding, "decide",
           "set(self.known.tombstones) if self.known else set()", "set()",
           federated(test_withdrawals.test_what_the_last_lock_knew_outlives_a_thief_who_repeats_it, False)),
    Mutant("who left is forgotten", plan, "_members", "and (old.tombstones or old.voids)", "and False",
           federated(test_merge.test_who_left_stays_withdrawn)),
    Mutant("no loss is too great", plan.Loss, "too_many",
           "self._is_too_many(self.lost)", "False",
           federated(test_merge.test_a_big_unexplained_loss_waits_for_a_person)),
    Mutant("withdrawn is not for good", claims, "_withdrawn", 'stone.kind == "record" or', "",
           federated(test_merge.test_a_withdrawn_record_never_comes_back)),
    Mutant("«earlier» reaches the word itself", claims, "_withdrawn", "version <", "version <=",
           what_was_said_earlier_is_older_than_the_word),
    Mutant("a declared copy outlives its origin", claims.Admission, "refusal",
           "any(self._stones_of(origin) for origin in about)", "False",
           federated(test_merge.test_a_withdrawal_takes_declared_copies_along_and_nothing_else)),
    Mutant("anybody's tombstone counts", claims.Admission, "rows", "self._tombstones.get(member) or {}",
           "{h: s for of in self._tombstones.values() for h, s in of.items()}",
           federated(test_merge.test_nobody_withdraws_what_is_anothers)),
    Mutant("a hold is ignored", claims.Admission, "rows", "hashed in self._held", "False", a_hold_hides),
    Mutant("a held field leaves the salt", claims, "_without", ' and k != "salt"', "",
           federated(test_merge.test_a_held_record_or_field_is_hidden_until_its_day)),
    Mutant("a hold is not in the root", act._Merge, "_rest", 'yield "hold"', '"hold"',
           a_hold_is_part_of_the_root),
    Mutant("a hold of a field is as one of a record", act._Merge, "_rest", 'hold.field or ""', '""',
           a_hold_is_part_of_the_root),
    Mutant("the moment is the clock's", beside.Beside, "_meta", '"as_of": self.as_of',
           '"as_of": __import__("time").strftime("%Y-%m-%dT%H:%M:%SZ")', the_moment_is_the_locks),
    Mutant("own words count", fuse, "subject_claims",
           'vouch.speaker == vouch.about.partition("/")[0]', "False",
           its_own_word_counts_for_nobody),
    Mutant("the future is the freshest", fuse, "month_of", " or confirmed_at > as_of", "",
           pure(test_fuse.test_the_later_month_wins_and_the_future_does_not_count)),
    Mutant("«different» is merged across", cluster.Clusters, "objection", "return APART", "pass",
           a_third_does_not_join_what_is_different),
    Mutant("a thing holds two claims of one member", cluster.Clusters, "objection",
           "return ONE_PER_MEMBER", "pass",
           pure(test_exact.test_an_entity_holds_one_claim_per_member_unless_that_member_joins_more)),
    Mutant("«same as» links through", exact, "decide", "known.keys() - following", "set(known)",
           pure(test_exact.test_same_as_attaches_one_claim_and_joins_no_strangers)),
    Mutant("a stranger alone joins two others", judgements, "_enough",
           "len(speakers) >= rules.quorum", "len(speakers) >= 1",
           pure(test_judgements.test_a_stranger_alone_settles_nothing_and_two_do)),
    Mutant("in a dispute «same» wins", judgements, "settle",
           "return Settled(DIFFERENT, disputed=True)", "return Settled(SAME)",
           pure(test_judgements.test_enough_voices_both_ways_keep_apart_and_are_listed)),
]  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.says)
def test_a_law_notices(mutant: Mutant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With one decision turned round, what should hold does not."""
    put(mutant, monkeypatch)
    with pytest.raises((AssertionError, LookupError, BaseExceptionGroup)):
        mutant.law(tmp_path)


@pytest.mark.parametrize("law", HERE)
def test_the_laws_that_stand_here_hold(law: Law, tmp_path: Path) -> None:
    """The others are tests of their own."""
    law(tmp_path)


def put(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the original, wherever a module knows it."""
    original = inspect.getattr_static(mutant.owner, mutant.name)
    function: Any = original.fget if isinstance(original, property) else original
    text = textwrap.dedent(inspect.getsource(function))
    assert text.count(mutant.old) == 1, f"{mutant.name} does not say «{mutant.old}» any more"
    made: dict[str, Any] = {}
    text = f"from __future__ import annotations\n{text.replace(mutant.old, mutant.new)}"
    exec(compile(text, inspect.getfile(function), "exec"), function.__globals__, made)
    monkeypatch.setattr(mutant.owner, mutant.name, made[mutant.name])
    for module in [m for n, m in list(sys.modules.items()) if n.startswith(("commons.", "tests."))]:
        if isinstance(original, FunctionType) and getattr(module, mutant.name, None) is original:
            monkeypatch.setattr(module, mutant.name, made[mutant.name])
