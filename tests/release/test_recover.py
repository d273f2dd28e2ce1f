"""Whatever a catalogue holds: made again from what it shared, it says the same under the same addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commons.catalogue import copies
from commons.catalogue.store import Catalogue
from commons.format import canonical, container
from commons.format.container import ReleaseFiles
from commons.format.keylog import KeyLog
from commons.intake.gate import Gate
from commons.release import build, keys, recover
from commons.release.recover import Offered, Shared, Sources

from .conftest import NOON, PROFILE
from .test_taken_in import TYPES, record_of

Records = list[tuple[str, str, dict[str, Any]]]
many = st.lists(st.sampled_from(TYPES).flatmap(record_of), max_size=8)
PRIVATE = {"audience": "private", "title": "Secreto"}


def write(catalogue: Catalogue, records: Records) -> None:
    with catalogue.act("import", at=NOON) as act:
        for type_name, record_id, fields in records:
            act.put(type_name, record_id, fields)


def share(catalogue: Catalogue, key: keys.PrivateKey) -> Shared:
    """The next release, read back through the gate."""
    shown = build.preview(catalogue, at=NOON)
    path = catalogue.path.with_name(shown.file_name)
    build.share(catalogue, key, shown, at=NOON, stage=lambda f: container.staged_file(path, f))
    return read(path)


def read(path: Path) -> Shared:
    files = container.read(path)
    assert isinstance(files, ReleaseFiles)
    said = files.parsed_manifest
    with Gate(at_once=1) as gate:
        rows = list(gate.take_in(files).rows())
    records = {(r.type, r.id): canonical.parse(r.data)[2] for r in rows}
    leaves = {(r.type, r.id): r.leaf.hex() for r in rows}
    log = KeyLog.parse(files.keylog)
    return Shared(path.name, files.digest, said.version, said.issued_at, log, records, leaves)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=many, later=many)
def test_what_was_public_is_the_same_again(first: Records, later: Records, tmp_path_factory: Any) -> None:
    """From the release alone no leaf differs; from an older copy and the release neither, and nothing private
    is lost or let out."""
    folder: Path = tmp_path_factory.mktemp("lost")
    identity = keys.new_identity()
    with Catalogue.create(folder / "c.db", keylog=identity.keylog_bytes, profile=PROFILE, at=NOON) as lost:
        write(lost, [*first, ("place", "solo", PRIVATE)])
        share(lost, identity.current)
        lost.copy_to(folder / "copy.db")
        write(lost, later)
        shared = share(lost, identity.current)
    log = KeyLog.parse(identity.keylog_bytes)
    rotation = keys.rotation(log, identity.next)
    for copy in (None, copies.look(folder / "copy.db")):
        path = folder / f"{copy is None}.db"
        recover.recover(path, Sources(log, copy, shared), rotation, key=identity.next, at=NOON)
        with Catalogue.open(path) as back:
            shown = build.preview(back, at=NOON)
            kept = back.get("place", "solo")
        wanted = {k: v for k, v in shared.leaves.items() if k not in _without_consent(shown)}
        assert {k: v for k, v in shown.leaves.items() if k in wanted} == wanted
        assert shown.member == identity.member_id and (shown.epoch, shown.number) == (1, 3)
        assert copy is None or (kept is not None and kept.private)
        assert ("place", "solo") not in shown.records


def _without_consent(shown: build.Preview) -> set[tuple[str, str]]:
    """Records with something personal: a consent does not travel, so it is asked for again."""
    return {(f.type or "", f.record or "") for f in shown.held}


def test_the_best_source_is_chosen_and_nothing_void(tmp_path: Path) -> None:
    """The copy that goes furthest before the theft, releases newest first, others' files left alone."""
    identity, other = keys.new_identity(), keys.new_identity()
    log, strange = KeyLog.parse(identity.keylog_bytes), KeyLog.parse(other.keylog_bytes)
    made = [copies.Copy(tmp_path / n, "x", log, n, v) for n, v in (("a", ((0, 1),)), ("b", ((0, 1), (0, 2))))]
    offered = [Offered(tmp_path / f"{n}", (0, n), log) for n in (1, 3, 2)]
    offered.append(Offered(tmp_path / "s", (0, 9), strange))
    best, newest = recover.choose(log, made, offered)
    assert best == made[1] and [o.version for o in newest] == [(0, 3), (0, 2), (0, 1)]
    best, newest = recover.choose(log, made, offered, void_from=(0, 2))
    assert best == made[0] and [o.version for o in newest] == [(0, 1)]
    with pytest.raises(recover.NothingGood):
        recover.choose(log, made, offered, void_from=(0, 1))
    assert recover.log_for(identity.next.public, [strange, log]) == log
    assert recover.log_for(keys.new_identity().next.public, [strange, log]) is None


def test_keys_that_were_changed_in_two_ways_are_not_guessed_between(tmp_path: Path) -> None:
    """Somebody else may have the sheet: a person decides."""
    identity = keys.new_identity()
    log = KeyLog.parse(identity.keylog_bytes)
    one, two = (keys.rotation(log, identity.next).keylog for _ in range(2))
    with pytest.raises(recover.KeysDisagree):
        recover.log_for(identity.next.public, [log, one, two])


def test_an_interrupted_recovery_goes_on_and_a_strangers_key_is_not_overwritten(tmp_path: Path) -> None:
    """The key came into its place before the catalogue did."""
    identity, path = keys.new_identity(), tmp_path / "c.db"
    keys.save(keys.key_path(path), identity.next)
    recover.refuse_occupied(path, identity.next)
    with pytest.raises(keys.KeyExists):
        recover.refuse_occupied(path, identity.current)
