"""Every hostile catalogue, signed by its member, ends in the code it should, quickly and in little memory."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator

import pytest

from commons.intake.gate import Gate
from commons.intake.limits import Lent
from tests.hostile import catalogues
from tests.hostile.making import SCHEMA, Member, release

MEMORY = 200 * 1024 * 1024
MUTATIONS = int(os.environ.get("COMMONS_MUTATIONS", "1000"))  # more, when there is time
UNKNOWN = "999-draft.1"


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with Gate(at_once=2) as one:
        one.take_in(release(Member("Comedor"), catalogues.GOOD[1:]))  # the start of the server is not counted
        yield one


@pytest.mark.parametrize("name", catalogues.CASES)
def test_a_hostile_catalogue_ends_in_its_code(name: str, gate: Gate) -> None:
    """The expected code of the release or of one record, at most two seconds."""
    case = catalogues.CASES[name]()
    schema = UNKNOWN if name == "unknown_schema" else SCHEMA
    files = release(
        Member("Comedor"), case.records, catalogue=case.catalogue, leaves=case.leaves, schema=schema
    )
    began = time.monotonic()
    intake = gate.take_in(files)
    assert time.monotonic() - began < 2.0
    assert (intake.code or "") in case.code.split("|"), intake.detail
    assert dict(intake.refused) == case.refused
    if not case.code:
        assert [row.code is None for row in intake.rows()] == [row.id != "a" for row in intake.rows()]


@pytest.mark.parametrize(
    "name", ["memory_view", "generated_column", "long_value", "schema_garbage", "deep_json"]
)
def test_a_hostile_catalogue_is_examined_within_200_megabytes(name: str) -> None:
    """With no more than that to take, the outcome is the same: nothing is "unreadable here"."""
    case = catalogues.CASES[name]()
    files = release(Member("Comedor"), case.records, catalogue=case.catalogue, leaves=case.leaves)
    with Gate(lent=Lent(memory_bytes=MEMORY + 64 * 1024 * 1024)) as small:  # beside what Python itself maps
        intake = small.take_in(files)
    assert (intake.code or "") in case.code.split("|"), intake.detail


def test_a_mutated_catalogue_is_never_taken_up_with_other_content() -> None:
    """Random mutations: no crash, no hang, and what is taken has the signed content root."""
    member, good = Member("Comedor"), catalogues.GOOD
    original = release(member, good[1:])
    with Gate() as gate:
        rows = list(gate.take_in(original).rows())
        mutants = catalogues.mutations(original.catalogue, MUTATIONS, seed=7)
        offered = (release(member, good[1:], catalogue=data, number=n + 2) for n, data in enumerate(mutants))
        for intake in gate.take_all(offered):
            assert not intake.unreadable_here, intake.detail
            if intake.taken:
                assert list(intake.rows()) == rows


def test_one_hostile_member_does_not_change_what_the_others_yield() -> None:
    """Others' rows are the same beside a release that kills its child."""
    good = [release(Member(f"m{n}"), catalogues.GOOD[1:]) for n in range(4)]
    with Gate(at_once=2) as alone:
        expected = [list(intake.rows()) for intake in alone.take_all(good)]
    bad = release(Member("Comedor"), catalogue=catalogues.memory_view().catalogue)
    with Gate(at_once=2, lent=Lent(memory_bytes=300 * 1024 * 1024)) as together:
        found = [list(i.rows()) for i in together.take_all([good[0], bad, *good[1:], bad])]
    assert [rows for rows in found if rows] == expected


def test_limits_are_lowered_in_the_child_alone() -> None:
    """This process keeps what it may."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Gate() as gate:
        gate.take_in(release(Member("m")))
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
