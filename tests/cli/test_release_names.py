"""Where a release is written: no file of somebody else's, and none that another copy made, is ever lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from commons.format import container

from .conftest import Answer

Run = Callable[..., Answer]


@pytest.fixture
def twins(kitchen: Run) -> Run:
    """Two catalogues of one name in one folder; the first has shared, to a name of its own choice as well."""
    kitchen("init", "dos", "--name", "Comedor La Paz", "--territory", "cdmx", "--sheet", "2.html", "--yes")
    assert kitchen("release", "--yes", "-c", "paz.db").code == 0
    assert kitchen("release", "--yes", "--again", "--out", "ours.entrega", "-c", "paz.db").code == 0
    return kitchen


def digest(name: str) -> str:
    return container.read(Path(name)).digest


def test_another_catalogues_release_of_the_same_name_stays(twins: Run) -> None:
    """The second one takes the next free name and says so."""
    before = digest("comedor-la-paz-1.entrega")
    done = twins("release", "--yes", "-c", "dos.db")
    assert done.code == 0 and "comedor-la-paz-1-2.entrega" in done.out and "it stays" in done.err
    assert digest("comedor-la-paz-1.entrega") == before != digest("comedor-la-paz-1-2.entrega")


def test_a_named_file_is_replaced_only_by_a_later_release_of_its_own(twins: Run) -> None:
    """One address may always have the newest; others' releases, copies' and other files are not touched."""
    before = digest("ours.entrega")
    assert twins("release", "--yes", "--again", "--out", "ours.entrega", "-c", "paz.db").code == 0
    assert digest("ours.entrega") != before
    Path("nota.txt").write_text("x", "utf-8")
    for name, word in (("ours.entrega", "another catalogue"), ("nota.txt", "not a release")):
        held = Path(name).read_bytes()
        refused = twins("release", "--yes", "--again", "--out", name, "-c", "dos.db")
        assert refused.code == 2 and word in refused.err and Path(name).read_bytes() == held
    assert twins("keys", "show", "-c", "dos.db").code == 0


def test_what_another_copy_released_stays_until_both_are_joined(twins: Run) -> None:
    """A copy on a stick made a release of the same number: both are needed to join them."""
    shutil.copy("paz.db", "stick.db")
    shutil.copy("paz.key", "stick.key")
    assert twins("release", "--yes", "--again", "-c", "stick.db").code == 0
    told = twins("release", "--yes", "--again", "-c", "paz.db")
    assert told.code == 0 and "it stays" in told.err and "commons join" in told.err
    for name in ("ours.entrega", "folder"):
        where = ("--folder", name) if name == "folder" else ("--out", name)
        assert twins("release", "--yes", "--again", *where, "-c", "stick.db").code == 0
        refused = twins("release", "--yes", "--again", *where, "-c", "paz.db")
        assert refused.code == 2 and "another copy" in refused.err


def test_a_folder_with_other_files_is_left_alone(twins: Run) -> None:
    """Also one that only looks like a release; an empty one is taken."""
    Path("empty").mkdir()
    assert twins("release", "--yes", "--again", "--folder", "empty", "-c", "paz.db").code == 0
    Path("mine").mkdir()
    Path("mine/release.json").write_text("{}", "utf-8")
    assert twins("release", "--yes", "--again", "--folder", "mine", "-c", "paz.db").code == 2
    assert Path("mine/release.json").read_text("utf-8") == "{}"
