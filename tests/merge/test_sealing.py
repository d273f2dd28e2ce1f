"""What the store still says after withdrawals: nothing that was withdrawn, but for what is sealed a while."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from commons.addresses import tombstone
from commons.format.container import write_file
from commons.merge import placing, run
from commons.merge.run import Merged, Options, merge
from commons.model import Record
from tests.hostile.making import place, withdrawal
from tests.merge.world import AS_OF, Federation

OPTIONS = Options(as_of=AS_OF, children=0)
IDS = ("uno", "dos", "tres")


@dataclass
class Home:
    """Member `a` of a federation on the disk: every release says new words of each record."""

    federation: Federation
    number: int = 0
    words: dict[str, int] = field(default_factory=lambda: dict.fromkeys(IDS, 0))
    stones: list[Record] = field(default_factory=list)
    down: set[str] = field(default_factory=set)  # what was said once and may be said no more

    @classmethod
    def at(cls, folder: Path) -> Home:
        home = cls(Federation(folder))
        folder.mkdir(exist_ok=True)
        id = home.federation.id("a")
        rules = {
            "name": "Prueba",
            "licences": ["CC-BY-4.0"],
            "members": [{"id": id, "name": "a", "sources": ["inbox"]}],
        }
        (folder / "federation.yaml").write_text(yaml.safe_dump(rules), "utf-8")
        return home

    def text(self, id: str, at: int | None = None) -> str:
        return f"ZQ-{id}-{self.words[id] if at is None else at}-QZ"

    def take_down(self, id: str, kind: str) -> None:
        """Withdraw a record, or what was said of it before the next release."""
        self.down |= {self.text(id, n) for n in range(self.words[id] + 1)}
        hash = tombstone(f"{self.federation.id('a')}/place/{id}")
        self.stones = [s for s in self.stones if s.id != hash]
        self.stones.append(withdrawal(hash, kind, number=self.number + 1))
        if kind == "earlier":
            self.words[id] += 1
        else:
            del self.words[id]

    def share(self) -> None:
        self.number += 1
        records = [
            replace(place(id), fields={**place(id).fields, "title": self.text(id)}) for id in self.words
        ]
        self.federation.share("a", [*records, *self.stones], number=self.number)

    def says(self, text: str) -> list[str]:
        """Where in the federation's folder a text stands."""
        folder = self.federation.folder
        files = (p for p in folder.rglob("*") if p.is_file())
        return [p.relative_to(folder).as_posix() for p in files if text.encode() in p.read_bytes()]

    def merge(self, **more: object) -> Merged:
        return merge(self.federation.folder, replace(OPTIONS, **more))  # type: ignore[arg-type]

    def pause(self, number: int) -> None:
        path = self.federation.folder / "federation.yaml"
        rules = yaml.safe_load(path.read_text("utf-8"))
        rules["members"][0]["pause"] = {"at": [0, number], "reason": "robo"}
        path.write_text(yaml.safe_dump(rules), "utf-8")

    def resume(self) -> None:
        path = self.federation.folder / "federation.yaml"
        rules = yaml.safe_load(path.read_text("utf-8"))
        del rules["members"][0]["pause"]
        path.write_text(yaml.safe_dump(rules), "utf-8")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """One release of three records, merged."""
    made = Home.at(tmp_path / "federation")
    made.share()
    made.merge()
    return made


def test_a_release_that_was_pruned_once_is_pruned_of_the_next_withdrawal_too(home: Home) -> None:
    """Who is forgotten later stands in no release that an earlier withdrawal has touched."""
    for id in ("uno", "dos"):
        home.take_down(id, "earlier")
        home.share()
        home.merge(purge=id == "dos")
    assert {text: home.says(text) for text in home.down} == {text: [] for text in home.down}
    assert home.says(home.text("tres"))


def test_each_withdrawal_keeps_what_it_took_down_sealed_for_its_own_days(home: Home) -> None:
    """A second one neither keeps the data of the first longer, nor has less time to be taken back."""
    home.take_down("uno", "earlier")
    home.share()
    home.merge()
    sealed = next((home.federation.store.root / "sealed").iterdir())
    old = (datetime.now(UTC) - timedelta(days=15)).timestamp()
    home.take_down("dos", "earlier")
    home.share()
    home.merge()
    os.utime(sealed, (old, old))
    home.merge(as_of=datetime.now(UTC))
    assert home.says("ZQ-uno-0-QZ") == []
    where = home.says("ZQ-dos-0-QZ")
    assert where and all(name.startswith("store/sealed/") for name in where)


def test_a_merge_that_was_killed_before_the_store_was_pruned_is_made_good_by_the_next(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock knows the withdrawal by then, so that nothing in it is new to the next merge."""
    home.take_down("uno", "earlier")
    home.share()

    def killed(*_given: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(run, "seal", killed)
        home.merge()
    assert [n for n in home.says("ZQ-uno-0-QZ") if n.startswith("store/releases")]
    home.merge()
    assert all(name.startswith("store/sealed/") for name in home.says("ZQ-uno-0-QZ"))


def test_what_a_pause_puts_back_is_pruned_again_of_what_was_withdrawn_before_it(home: Home) -> None:
    """Only what was withdrawn after the pause is undone by it."""
    for id in ("uno", "dos"):
        home.take_down(id, "earlier")
        home.share()
        home.merge()
    home.pause(2)
    home.merge()
    assert any(name.startswith("store/releases/") for name in home.says("ZQ-dos-0-QZ"))
    assert all(name.startswith("store/sealed/") for name in home.says("ZQ-uno-0-QZ"))


def told(merged: Merged) -> list[tuple[str, object]]:
    return [(f.code, f.details["n"]) for f in merged.findings if f.code.startswith("pause-")]


@pytest.mark.parametrize("kind", ["record", "earlier"])
def test_a_pause_before_a_withdrawal_shows_it_again_and_says_so_each_time(home: Home, kind: str) -> None:
    """It may be a thief's. What a dry run says is what the merge says, and it puts nothing back itself."""
    home.take_down("uno", kind)
    home.share()
    assert told(home.merge()) == []
    home.pause(1)
    for dry_run in (True, False, True, False):
        before = home.says("ZQ-uno-0-QZ")
        assert told(home.merge(dry_run=dry_run)) == [("pause-back", 1)]
        assert not dry_run or home.says("ZQ-uno-0-QZ") == before
    assert "ZQ-uno-0-QZ" in home.federation.titles()


def test_a_pause_at_what_cannot_be_shown_any_more_stops_nobody(home: Home) -> None:
    """What is gone stays away and is told of, each time; all others, and what is left, are merged. The lock
    has one root. A file of that release that comes later makes it whole again."""
    first = home.federation.store.read(home.federation.last["a"])
    home.take_down("uno", "record")
    home.share()
    home.merge(purge=True)
    home.pause(1)
    for dry_run in (True, False, True, False):
        merged = home.merge(dry_run=dry_run)
        assert told(merged) == [("pause-gone", 1)]
    assert home.federation.titles() == ["ZQ-dos-0-QZ", "ZQ-tres-0-QZ"]
    again = home.merge(locked=True).result
    assert merged.result and again and merged.result.root == again.root
    (home.federation.folder / "inbox").mkdir(exist_ok=True)
    write_file(home.federation.folder / "inbox" / "again.entrega", first)
    assert told(home.merge()) == [("pause-back", 1)]
    assert "ZQ-uno-0-QZ" in home.federation.titles()


def forms(home: Home) -> dict[str, int]:
    """The sealed forms with their ages in days."""
    now = datetime.now(UTC).timestamp()
    folder = home.federation.store.root / "sealed"
    paths = sorted(folder.iterdir()) if folder.exists() else []
    return {path.name: round((now - path.stat().st_mtime) / 86_400) for path in paths}


def let_pass(home: Home, days: int) -> None:
    for name in forms(home):
        path = home.federation.store.root / "sealed" / name
        at = path.stat().st_mtime - days * 86_400
        os.utime(path, (at, at))


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_sealed_form_that_a_disk_damaged_takes_the_place_of_nothing(home: Home, part: float) -> None:
    """What was pruned stays, is merged without what is gone, and a dry run says so as well."""
    home.take_down("uno", "record")
    home.share()
    home.merge()
    sealed = next((home.federation.store.root / "sealed").iterdir())
    data = bytearray(sealed.read_bytes())
    data[int(len(data) * part)] ^= 255
    sealed.write_bytes(data)
    home.pause(1)
    for dry_run in (True, False, True, False):
        assert told(home.merge(dry_run=dry_run)) == [("pause-gone", 1)]
    assert home.federation.titles() == ["ZQ-dos-0-QZ", "ZQ-tres-0-QZ"]


def test_what_is_gone_for_good_keeps_nothing_else_beyond_its_days(home: Home) -> None:
    """A form that does not have it either is left sealed, as old as it is, however often is merged."""
    for id in ("uno", "dos"):
        home.take_down(id, "record")
        home.share()
        home.merge(purge=id == "uno")
    home.pause(1)
    for days in (0, 4, 8, 12):
        assert set(forms(home).values()) <= {days}
        assert told(home.merge(as_of=datetime.now(UTC))) == [("pause-back", 1), ("pause-gone", 1)]
        let_pass(home, 4)
    home.merge(as_of=datetime.now(UTC))
    assert forms(home) == {}


def test_a_pause_puts_back_no_more_than_it_must_and_makes_no_day_begin_anew(home: Home) -> None:
    """What was withdrawn before it stays sealed by itself, and a pause that ends gives no further days."""
    for id in ("uno", "dos"):
        home.take_down(id, "record")
        home.share()
        home.merge(as_of=datetime.now(UTC))
        let_pass(home, 5)
    before = forms(home)
    assert sorted(before.values()) == [5, 5, 10]  # of the first release both, of the second the later one
    home.pause(2)
    assert told(home.merge(as_of=datetime.now(UTC))) == [("pause-back", 1)]
    assert forms(home) == before
    home.resume()
    home.merge(as_of=datetime.now(UTC))
    assert forms(home) == before and "ZQ-dos-0-QZ" not in home.federation.titles()


def test_a_merge_that_fails_puts_nothing_back(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was withdrawn lies sealed with its day, and nowhere else; the next merge puts it back."""
    home.take_down("uno", "record")
    home.share()
    home.merge()
    home.pause(1)
    before = home.says("ZQ-uno-0-QZ")
    assert [name.rpartition("/")[0] for name in before] == ["store/sealed"]

    def full(*_given: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    for room, name in ((placing, "renew"), (run, "write_bytes")):
        with monkeypatch.context() as patch, pytest.raises(OSError):
            patch.setattr(room, name, full)
            home.merge()
        assert [n for n in home.says("ZQ-uno-0-QZ") if not n.startswith("pool.")] == before
    assert told(home.merge()) == [("pause-back", 1)]
    assert [n for n in home.says("ZQ-uno-0-QZ") if n.startswith("store/releases/")]


def test_a_receipt_says_every_night_what_is_held(home: Home) -> None:
    """Not only when the hold begins."""
    live(home, "uno", "hold")
    for _night in range(3):
        result = home.merge().result
        assert result is not None
        receipt = result.receipts[home.federation.id("a")]
        assert (receipt["held"], receipt["records"]) == (1, len(home.words) - 1)


STEPS = st.lists(
    st.tuples(st.sampled_from(IDS), st.sampled_from(("edit", "earlier", "record", "hold", "inbox", "full"))),
    min_size=2,
    max_size=5,
)


@settings(max_examples=6, deadline=None)
@given(STEPS)
def test_no_byte_of_what_was_withdrawn_is_left_after_any_life(steps: Sequence[tuple[str, str]]) -> None:
    """Released, held, corrected, taken down in part or for good, delivered twice: none of it is left."""
    with TemporaryDirectory() as folder:
        home = Home.at(Path(folder) / "federation")
        home.share()
        home.merge()
        for id, what in steps:
            live(home, id, what)
            home.merge(full=what == "full")
            for text in home.down:
                assert all(name.startswith(("store/sealed/", "inbox/")) for name in home.says(text)), text
        home.merge(purge=True)
        assert {text: where for text in home.down if (where := home.says(text))} == {}
        assert all(home.says(home.text(id)) for id in home.words)


def live(home: Home, id: str, what: str) -> None:
    """One thing that a member or the federation does."""
    folder = home.federation.folder
    if what in ("earlier", "record") and id in home.words:
        home.take_down(id, what)
    if what == "edit" and id in home.words:
        home.words[id] += 1
    if what == "hold":
        path = folder / "federation.yaml"
        rules = yaml.safe_load(path.read_text("utf-8"))
        address = f"{home.federation.id('a')}/place/{id}"
        hold = {"address": address, "reason": "r", "by": "b", "until": "2026-11-30"}
        path.write_text(yaml.safe_dump({**rules, "holds": [hold]}), "utf-8")
        return
    home.share()
    if what == "inbox":
        (folder / "inbox").mkdir(exist_ok=True)
        release = home.federation.store.read(home.federation.last["a"])
        write_file(folder / "inbox" / f"{home.number}.entrega", release)
