"""The scorecard counts as it says, and reads every labelled set that is on this computer."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.linking import aims, measure, report
from bench.linking.imported import Told
from bench.linking.labelled import Labelled, half_of, pair
from bench.linking.linkers import link
from bench.linking.sets import SETS, read_set
from commons.link.model import Candidate, Decision
from scripts.real import data_folder

DATA = data_folder()


def labelled(truth: dict[str, str]) -> Labelled:
    """A set of records without contents."""
    return Labelled("invented", tuple(Told(a, {"title": a}, ()) for a in truth), truth)


A1, A2, B1, B2, C1 = ("a/place/1", "a/place/2", "b/place/1", "b/place/2", "c/place/1")
TRUTH = {A1: "x", B1: "x", C1: "x", A2: "y", B2: "y"}


def test_pairs_of_clusters_are_counted_not_links() -> None:
    """Three records of one thing are three pairs, though two links hold them."""
    found = measure.measure(labelled(TRUTH), Decision(((A1, B1, C1),)), half="all", seconds=0)
    assert (found.automatic.joined, found.automatic.right, found.automatic.true) == (3, 3, 4)


def test_an_aim_that_is_missed_is_said_with_both_figures() -> None:
    """Beside what others reach; what nothing is asked of misses nothing."""
    right, half = measure.Score(10, 10, 10), measure.Score(10, 9, 10)
    fodors = measure.Outcome("fodors", "report", 20, half, right, right, 21, 0, 0, 0.9, 1.0, 5)
    assert aims.misses(fodors) == [
        "automatic P 0.900 < 0.990",
        "automatic R 0.900 < 0.960",
        "asked 2.10 × true > 2",
        "compared 0.9000 < 0.985",
    ]
    assert "Splink 5" in aims.lines([fodors])[1]
    assert set(aims.AIMS) <= set(SETS)


def test_every_candidate_accepted_joins_whatever_it_joins() -> None:
    """A wrong candidate costs all the pairs that it brings together."""
    candidates = (Candidate(A1, B1, "score", 90), Candidate(A1, B2, "score", 80))
    found = measure.measure(labelled(TRUTH), Decision((), (), candidates), half="all", seconds=0)
    assert (found.accepted.joined, found.accepted.right) == (3, 1)
    assert found.queue == 2


def test_what_counts_neither_way_is_left_out_of_both() -> None:
    """Neither a gain nor a loss comes of a disputed pair."""
    disputed = Labelled("invented", labelled(TRUTH).records, TRUTH, {pair(A2, B2): "nobody can say"})
    found = measure.measure(disputed, Decision(((A1, B1), (A2, B2))), half="all", seconds=0)
    assert (found.automatic.joined, found.automatic.true) == (1, 3)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), st.sampled_from("wxyz"), max_size=12))
def test_joining_by_truth_is_perfect(things: dict[str, str]) -> None:
    """Clusters that are the truth have precision and recall 1, and no errors."""
    truth = {f"{name}/place/{name}": thing for name, thing in things.items()}
    clusters = [tuple(sorted(a for a, t in truth.items() if t == thing)) for thing in set(truth.values())]
    decision = Decision(tuple(c for c in clusters if len(c) > 1))
    found = measure.measure(labelled(truth), decision, half="all", seconds=0)
    assert (found.automatic.precision, found.automatic.recall, found.automatic.f1) == (1, 1, 1)
    errors = measure.errors(labelled(truth), decision)
    assert not errors.joined and not errors.missed and not errors.proposed


@given(st.sets(st.integers(0, 400), max_size=40))
def test_the_halves_share_nothing_and_lose_nothing(things: set[int]) -> None:
    """What is tuned on is never reported."""
    whole = labelled({f"m/place/{n}": str(n) for n in things})
    tune, told = (set(whole.half(which).truth) for which in ("tune", "report"))
    assert tune | told == set(whole.truth) and not tune & told
    assert all(half_of("invented", whole.truth[a]) == "tune" for a in tune)


def test_an_interval_holds_its_share_and_narrows() -> None:
    """Nothing wrong among few says less than nothing wrong among many."""
    low, high = measure.wilson(0, 20)
    assert low == 0 and 0.1 < high < 0.2
    assert measure.wilson(0, 200)[1] < high


@pytest.mark.real
@pytest.mark.parametrize("name", ["fodors", "colonias"])
def test_a_set_is_read_and_measured(name: str, tmp_path: Path) -> None:
    """Every record of a set has its truth; the table has a row and the errors a page."""
    if DATA is None or not (DATA / SETS[name].folder).is_dir():
        pytest.skip("the labelled sets are not on this computer (COMMONS_REAL_DATA)")
    whole = read_set(name, DATA, tmp_path)
    assert {told.address for told in whole.records} == whole.truth.keys()
    half = whole.half("tune")
    linked = link(half.records)
    found = measure.measure(half, linked.decision, half="tune", seconds=linked.seconds, strict=True)
    assert found.automatic.true == len(measure.true_pairs(half.truth)) > 50
    assert report.line(found).count("|") == report.HEADINGS.splitlines()[0].count("|")
    page = report.write_errors(tmp_path, "tune", half, linked.decision, measure.errors(half, linked.decision))
    assert "One thing, and neither joined nor proposed" in page.read_text(encoding="utf-8")


@pytest.mark.real
def test_what_two_readings_disagree_on_is_unsure() -> None:
    """The verdict on two shelters is what both readings say; every pair is named once."""
    path = Path(__file__).resolve().parents[1] / "real" / "cdmx-19s" / "same-shelters.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({(row["left"], row["right"]) for row in rows}) == len(rows) > 60
    for row in rows:
        agreed = row["first"] if row["first"] == row["second"] else "unsure"
        assert row["left"] < row["right"] and row["verdict"] == agreed and row["reason"]
