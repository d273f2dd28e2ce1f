"""What a release proves, and which of a member's releases is used, whatever arrived first."""

from __future__ import annotations

import itertools
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commons.federation import descent, trust
from commons.federation.lock import CURRENT, LATE, PAUSED, Evidence, LockedMember
from commons.federation.policy.file import MaxAge, Pause
from commons.federation.trust import Seen, choose
from commons.format.container import ReleaseFiles
from commons.format.errors import FormatError
from commons.format.manifest import release_digest
from tests.hostile.making import Member, key, place, release


def seen(files: ReleaseFiles) -> Seen:
    return trust.prove(files.manifest, files.signature, files.keylog, files.catalogue)


def line(member: Member, *steps: tuple[int, str, tuple[Seen, ...]]) -> Seen:
    """One release: number, what makes it different, whom it follows."""
    number, mark, previous = steps[0]
    return seen(release(member, [place(mark)], number=number, previous=[s.digest for s in previous]))


def used(releases: list[Seen], member: Member, **known: object) -> str | None:
    choice = choose(releases, member=member.id, **known)  # type: ignore[arg-type]
    return choice.candidates[0].digest if choice.candidates else None


def test_a_release_proves_itself_or_names_what_does_not_fit() -> None:
    """Signature, key log, files and member belong together."""
    member, good = Member("a"), release(Member("a"), [place("x")])
    assert seen(good).manifest.member == member.id
    other = release(Member("b"), [place("x")])
    cases = {
        "E_SIGNATURE": replace(good, signature=other.signature),
        "E_PROOF": replace(good, catalogue=good.catalogue[:-1] + b"\1"),
        "E_KEYLOG": replace(good, keylog=good.keylog[:-1]),
        "E_MANIFEST": replace(good, manifest=good.manifest.replace(b'"number": 1', b'"number": 0')),
    }
    for code, files in cases.items():
        with pytest.raises(FormatError) as caught:
            seen(files)
        assert caught.value.code == code
    with pytest.raises(trust.OtherMember):
        trust.prove(good.manifest, good.signature, good.keylog, None, expected=Member("b").id)
    with pytest.raises(trust.NotProven):
        seen(replace(good, keylog=other.keylog))


def test_a_stolen_key_cannot_sign_for_a_later_epoch() -> None:
    """After a rotation the old key's signature no longer fits."""
    member = Member("a")
    thief = member.current
    member.recover()
    with pytest.raises(FormatError) as caught:
        seen(release(member, signer=thief))
    assert caught.value.code == "E_SIGNATURE"


def test_the_newest_number_is_used_and_an_older_one_changes_nothing() -> None:
    member = Member("a")
    one = line(member, (1, "x", ()))
    two = line(member, (2, "y", (one,)))
    far = line(member, (2**53 - 1, "z", ()))
    assert used([two, one], member) == used([one, two], member) == two.digest
    member.recover()
    healed = seen(release(member, [place("w")], number=3, previous=[two.digest]))
    assert used([one, far, healed, two], member) != far.digest


def test_two_copies_fall_back_and_are_healed_by_a_release_that_follows_both() -> None:
    """The last undisputed release, until somebody joins the copies."""
    member = Member("a")
    one = line(member, (1, "x", ()))
    left, right = line(member, (2, "l", (one,))), line(member, (2, "r", (one,)))
    onward = line(member, (3, "l2", (left,)))
    joined = line(member, (4, "both", (onward, right)))
    choice = choose([left, right, one], member=member.id)
    assert [c.digest for c in choice.candidates] == [one.digest]
    assert choice.evidence[0].digests == tuple(sorted((left.digest, right.digest)))
    assert [f.code for f in choice.findings] == ["E_TWOCOPIES"]
    assert used([one, left, right, onward], member) == one.digest
    healed = choose([one, left, right, onward, joined], member=member.id)
    assert healed.candidates[0].digest == joined.digest and not healed.findings


def test_a_copy_that_went_on_from_an_older_release_is_noticed_without_equal_numbers() -> None:
    """Release 3 that follows 1 and not the known 2 is another copy's."""
    member = Member("a")
    one = line(member, (1, "x", ()))
    two, three = line(member, (2, "y", (one,))), line(member, (3, "z", (one,)))
    assert used([one, two, three], member) == two.digest
    unseen = line(member, (4, "w", (line(member, (3, "never-sent", (two,))),)))
    assert used([one, two, unseen], member) == unseen.digest


def test_if_everything_is_disputed_the_choice_still_does_not_depend_on_order() -> None:
    """The member does not vanish."""
    member = Member("a")
    left, right = line(member, (1, "l", ())), line(member, (1, "r", ()))
    assert used([left, right], member) == used([right, left], member) == min(left.digest, right.digest)


def test_a_recovery_voids_what_a_thief_released() -> None:
    """From [0, 2] on it was not ours; the last good one before stays until there is a new one."""
    member = Member("a")
    one = line(member, (1, "x", ()))
    false = line(member, (2, "false", (one,)))
    assert used([one, false], member) == false.digest
    member.recover(void_from=(0, 2))
    after = seen(release(member, [place("x")], number=3, previous=[one.digest]))
    choice = choose([one, false, after], member=member.id)
    assert [c.digest for c in choice.candidates] == [after.digest, one.digest]
    assert [f.code for f in choice.findings] == ["E_VOID"]


def test_the_sheet_outranks_whoever_has_the_old_key() -> None:
    """What a finder, a thief or a forgotten copy signs after the change does not hold up the member."""
    member, old = Member("a"), Member("a")
    one = line(member, (1, "x", ()))
    two = line(member, (2, "y", (one,)))
    member.recover()
    back = seen(release(member, [place("x")], number=2, previous=[one.digest]))
    late = line(old, (3, "late", (two,)))
    other = line(old, (2, "other", (one,)))
    choice = choose([one, two, late, other, back], member=member.id)
    assert choice.candidates[0].digest == back.digest
    assert [f.code for f in choice.findings] == ["E_TWOCOPIES"]  # a person hears of it all the same


def test_a_paused_member_with_a_new_key_is_named() -> None:
    """The pause is the maintainer's word; the telephone ends it, not the program."""
    member = Member("a")
    one = line(member, (1, "x", ()))
    member.recover()
    back = seen(release(member, [place("x")], number=2, previous=[one.digest]))
    choice = choose([one, back], member=member.id, pause=Pause((0, 1)))
    assert choice.candidates[0].digest == one.digest and [f.code for f in choice.findings] == ["renewed"]


def test_keys_changed_in_two_ways_count_only_as_far_as_they_agree() -> None:
    """Two recovery entries: only what was signed before both is used."""
    member = Member("a")
    one = line(member, (1, "x", ()))
    ours = member.log.rotated(member.next, key("ours").public)
    theirs = member.log.rotated(member.next, key("theirs").public)
    two = seen(release(member, number=2, log=ours, signer=member.next))
    three = seen(release(member, number=3, log=theirs, signer=member.next))
    for order in itertools.permutations([one, two, three]):
        choice = choose(order, member=member.id)
        assert [c.digest for c in choice.candidates] == [one.digest]
        assert [f.code for f in choice.findings] == ["E_KEYFORK"]


def test_a_pause_uses_the_release_it_names_and_sees_nothing_later() -> None:
    member = Member("a")
    one, two = line(member, (1, "x", ())), line(member, (2, "y", ()))
    choice = choose([one, two], member=member.id, pause=Pause((0, 1)))
    assert [c.digest for c in choice.candidates] == [one.digest] and not choice.findings


def test_a_lost_store_does_not_bring_back_an_older_release() -> None:
    """The last lock used number 5; an old mirror offers number 1."""
    member = Member("a")
    one = line(member, (1, "x", ()))
    known = LockedMember(CURRENT, release="5" * 64, epoch=0, number=5)
    choice = choose([one], member=member.id, known=known)
    assert not choice.candidates and [f.code for f in choice.findings] == ["E_ROLLBACK"]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_choice_depends_on_the_set_and_not_on_its_order(data: st.DataObject) -> None:
    """Any history with forks and joins, any order, repeated arrivals: one choice, and more never un-heals."""
    member, made = Member("a"), list[Seen]()
    for n in range(data.draw(st.integers(1, 6))):
        previous = (
            data.draw(st.lists(st.sampled_from(made), max_size=2, unique_by=lambda s: s.digest))
            if made
            else []
        )
        number = 1 + max((p.manifest.number for p in previous), default=0)
        made.append(line(member, (number, f"r{n}", tuple(previous))))
    expected = choose(made, member=member.id)
    shuffled = data.draw(st.permutations(made))
    again = choose([*shuffled, *made[:2]], member=member.id)
    assert [c.digest for c in again.candidates] == [c.digest for c in expected.candidates]
    assert again.evidence == expected.evidence
    assert all(release_digest(s.manifest.to_bytes()) == s.digest for s in made)


def _clear(release: Seen, alive: dict[str, Seen], disputes: list[tuple[tuple[int, int], set[str]]]) -> bool:
    """By the words of the law: it follows every older one, unless one in between was never seen."""
    line, gap, ways = set[str](), (0, 0), [release]
    while ways:
        node = ways.pop()
        for digest in node.manifest.previous:
            line.add(digest)
            ways += [alive[digest]] if digest in alive else []
            gap = gap if digest in alive else max(gap, node.version)
    older = [s for s in alive.values() if s.version < release.version]
    healed = all(digests <= line for version, digests in disputes if version < release.version)
    doubted = [s for s in older if s.digest not in line and s.version >= gap]
    return healed and not doubted and release.version not in [version for version, _digests in disputes]


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_the_candidates_are_those_that_the_law_names(data: st.DataObject) -> None:
    """Forks, joins, releases never seen, disputes that only the last lock remembers."""
    member = Member("a")
    base, made = seen(release(member)), list[Seen]()
    for n in range(data.draw(st.integers(1, 9))):
        named = data.draw(
            st.lists(st.sampled_from([s.digest for s in made] + ["e" * 64, "f" * 64]), max_size=3)
        )
        number = data.draw(st.integers(1, 8))
        if all(s.manifest.number < number for s in made if s.digest in named):
            manifest = replace(base.manifest, number=number, previous=tuple(sorted(set(named))))
            made.append(Seen(f"{n:064x}", manifest, base.keylog))
    unseen = data.draw(st.booleans())
    known = LockedMember(CURRENT, evidence=(Evidence(0, 3, ("e" * 64, "f" * 64)),)) if unseen else None
    choice = choose(made, member=member.id, known=known)
    disputes = [((e.epoch, e.number), set(e.digests)) for e in choice.evidence]
    here = {s.digest: s for s in made}
    clear = {s.digest for s in made if _clear(s, here, disputes)}
    if clear:
        assert {s.digest for s in choice.candidates} == clear
    for bits in (1, len(made) * data.draw(st.integers(1, 12))):  # in stretches as in one go
        assert descent.undisputed(here, choice.evidence, bits=bits) == clear


def test_thousands_of_releases_of_one_member_cost_no_minutes() -> None:
    """Each in two copies, each copy long: what a hostile member can send without end."""
    member = Member("a")
    base, made = seen(release(member)), list[Seen]()
    for n in range(6000):
        previous = (made[-2].digest,) if n > 1 else ()
        manifest = replace(base.manifest, number=n // 2 + 1, previous=previous)
        made.append(Seen(f"{n:064x}", manifest, base.keylog))
    started = time.monotonic()
    choice = choose(made, member=member.id)
    assert len(choice.candidates) == 1
    assert time.monotonic() - started < 10
    tracemalloc.start()
    descent.undisputed({s.digest: s for s in made}, choice.evidence, bits=8 * 1024 * 1024)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (
        most < 6 * 1024 * 1024
    )  # what they need at one go is twice as much, and four times with twice as many


def test_a_release_is_late_after_its_date_and_too_old_after_the_members_limit() -> None:
    """A date in the future buys no time."""
    manifest = seen(release(Member("a"))).manifest
    year = MaxAge(12, "months")
    assert trust.state(manifest, as_of=datetime(2026, 12, 1, tzinfo=UTC)) == (CURRENT, False)
    assert trust.state(manifest, as_of=datetime(2028, 1, 1, tzinfo=UTC), max_age=year) == (LATE, True)
    paused = trust.state(manifest, as_of=datetime(2026, 12, 1, tzinfo=UTC), pause=Pause((0, 1)), max_age=year)
    assert paused == (PAUSED, False)
