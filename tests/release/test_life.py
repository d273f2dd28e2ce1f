"""A catalogue's life in random order: whatever people do, what it has shared keeps its promises."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from commons.addresses import Address, tombstone
from commons.catalogue.errors import NoSuchRecord, NothingToUndo, WithdrawnForGood
from commons.catalogue.store import Catalogue
from commons.errors import CommonsError
from commons.format import container
from commons.format.container import ReleaseFiles
from commons.release import build, keys

from .conftest import NOON, PROFILE

ids = st.sampled_from(["a", "b", "c"])
CANARY = "CANARIO"


class Life(RuleBasedStateMachine):
    """Edits, removals, withdrawals, undo and releases, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        identity = keys.new_identity()
        self.key = identity.current
        self.catalogue = Catalogue.create(
            self.folder / "c.db", keylog=identity.keylog_bytes, profile=PROFILE, at=NOON
        )
        self.releases: list[ReleaseFiles] = []
        self.withdrawn: set[str] = set()

    def teardown(self) -> None:
        self.catalogue.close()
        shutil.rmtree(self.folder)

    @rule(id=ids, summary=st.sampled_from(["uno", "dos"]), private=st.booleans())
    def put(self, id: str, summary: str, private: bool) -> None:
        text = CANARY if private else summary
        audience = {"audience": "private"} if private else {}
        try:
            with self.catalogue.act("edit", at=NOON) as act:
                act.put("place", id, {"title": f"Lugar {id}", "description": text, **audience})
        except WithdrawnForGood:
            pass

    @rule(id=ids, for_good=st.booleans())
    def take_out(self, id: str, for_good: bool) -> None:
        try:
            with self.catalogue.act("out", at=NOON) as act:
                act.withdraw("place", id) if for_good else act.remove("place", id)
        except NoSuchRecord:
            pass

    @rule()
    def undo(self) -> None:
        with contextlib.suppress(NothingToUndo, CommonsError):
            self.catalogue.undo(at=NOON)

    @rule()
    def share(self) -> None:
        shown = build.preview(self.catalogue, at=NOON)
        path = self.folder / shown.file_name
        build.share(self.catalogue, self.key, shown, at=NOON, stage=lambda f: container.staged_file(path, f))
        self.releases.append(container.read(path))
        stones = {id for (type_name, id) in shown.records if type_name == "withdrawal"}
        assert self.withdrawn <= stones, "a withdrawal is said again by every later release"
        self.withdrawn = stones
        public = {id for (type_name, id) in shown.records if type_name == "place"}
        member = self.catalogue.member_id
        assert not {tombstone(str(Address(member, "place", id))) for id in public} & stones

    @invariant()
    def the_chain_holds(self) -> None:
        manifests = [files.parsed_manifest for files in self.releases]
        assert [m.number for m in manifests] == list(range(1, len(manifests) + 1))
        digests = [files.digest for files in self.releases]
        assert [m.previous for m in manifests[1:]] == [(d,) for d in digests[:-1]]

    @invariant()
    def nothing_private_ever_left(self) -> None:
        assert all(CANARY.encode() not in files.catalogue for files in self.releases)


Life.TestCase.settings = settings(max_examples=12, stateful_step_count=14, deadline=None)
TestLife = Life.TestCase
