"""Releases are found, proven, kept by digest and given back; junk costs only itself."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from commons.federation.policy import file as policy
from commons.federation.sources.look import fetch
from commons.federation.store.folder import NotInStore, Store, StoreInUse, form_at
from commons.format import canonical, container, pruned
from commons.format.container import PrunedFiles
from commons.format.errors import FormatError
from commons.intake.gate import Gate
from tests.hostile.making import Member, place, profile, release

ANA, LUZ = Member("ana"), Member("luz")


def rules(*members: tuple[Member, str]) -> policy.Policy:
    listed = ", ".join(f"{{id: {m.id}, name: {m.name}, sources: [{where}]}}" for m, where in members)
    return policy.parse(f"name: x\nmembers: [{listed}]\n")


def test_a_release_is_given_back_whole_and_seen_without_its_catalogue(tmp_path: Path) -> None:
    """Put twice, kept once; `seen` reads only the beginning."""
    store, files = Store(tmp_path / "store"), release(ANA, [place("a")])
    assert store.put(files).digest == store.put(files).digest == files.digest
    assert store.read(files.digest) == files
    assert [s.digest for s in store.seen(ANA.id)] == [files.digest] and not list(store.seen(LUZ.id))


def test_a_release_that_does_not_prove_itself_never_enters(tmp_path: Path) -> None:
    store, files = Store(tmp_path / "store"), release(ANA)
    false = container.ReleaseFiles(files.manifest, files.signature, files.keylog, files.catalogue + b"x")
    with pytest.raises(FormatError):
        store.put(false)
    assert not store.has(files.digest)


def test_a_damaged_file_in_the_store_counts_as_not_there(tmp_path: Path) -> None:
    """Cut short, or under another name: never used, never a traceback."""
    store, files = Store(tmp_path), release(ANA)
    store.put(files)
    path = store.release_path(files.digest)
    data = path.read_bytes()
    for broken in (b"", data[:3000], data[:-512], data[:700] + b"\1" + data[701:]):
        path.write_bytes(broken)
        with pytest.raises(NotInStore):
            store.read(files.digest)
        list(store.seen())
    path.rename(store.release_path("0" * 64))
    assert not list(store.seen())


def test_a_pruned_release_takes_the_place_of_the_full_one(tmp_path: Path) -> None:
    """Same digest; the full form is sealed or gone, and so is what intake kept of it."""
    store, files = Store(tmp_path), release(ANA, [place("a"), place("b")])
    store.put(files)
    with Gate(store.intake) as gate:
        rows = [row.data for row in gate.take_in(files).rows()]
    short = pruned.prune(files, rows, may_show=lambda data: b'"a"' not in data)
    store.prune(short, sealed=True)
    assert store.read(files.digest) == short and not list(store.intake.iterdir())
    assert (
        canonical.canonical_bytes("place", "a", place("a").fields)
        not in store.release_path(files.digest).read_bytes()
    )
    assert store.sealed.purge() == [files.digest] and not store.sealed.purge()


def test_two_pruned_forms_show_together_what_either_shows(tmp_path: Path) -> None:
    """And still prove themselves: of what comes back by one, nothing is lost by the other."""
    store, files = Store(tmp_path), release(ANA, [place("a"), place("b"), place("c")])
    with Gate(store.intake) as gate:
        rows = [row.data for row in gate.take_in(files).rows()]

    def without(*ids: str) -> PrunedFiles:
        return pruned.prune(files, rows, may_show=lambda data: json.loads(data)[1] not in ids)

    a, c = without("a", "b"), without("b", "c")
    assert pruned.joined(a, c).records == pruned.joined(c, a).records == without("b").records
    partly = pruned.prune(
        files, rows, may_show=lambda data: True, held=lambda data: ["title"] * (b"place" in data[:8])
    )
    assert pruned.joined(without("a", "b", "c"), partly) == partly
    assert pruned.count_whole(pruned.joined(partly, without("a"))) == 3 > pruned.count_whole(partly)


def test_a_form_that_is_damaged_anywhere_is_none(tmp_path: Path) -> None:
    """One byte of any part; and the form of another release, or none at all."""
    store, files = Store(tmp_path), release(ANA, [place("a"), place("b")])
    with Gate(store.intake) as gate:
        rows = [row.data for row in gate.take_in(files).rows()]
    short = pruned.prune(files, rows, may_show=lambda data: json.loads(data)[1] != "a")
    path = tmp_path / "form"
    for form in (files, short):
        data = container.to_bytes(form)
        path.write_bytes(data)
        assert form_at(path, files.digest) == form and form_at(path, "0" * 64) is None
        for at in range(0, len(data), 997):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            assert form_at(path, files.digest) is None
    assert form_at(tmp_path / "none", files.digest) is None


def test_power_lost_while_pruning_leaves_nothing_of_what_is_taken_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The full form may still be there, and is pruned again; never the pruned one beside what intake kept."""
    store, files = Store(tmp_path), release(ANA, [place("a"), place("b")])
    store.put(files)
    with Gate(store.intake) as gate:
        rows = [row.data for row in gate.take_in(files).rows()]
    short = pruned.prune(files, rows, may_show=lambda data: b'"a"' not in data)

    def lost(*_files: object) -> None:
        raise OSError

    with monkeypatch.context() as patch, pytest.raises(OSError):
        patch.setattr(container, "write_file", lost)
        store.prune(short, sealed=False)
    assert store.read(files.digest) == files and not list(store.intake.iterdir())
    store.prune(short, sealed=False)
    assert store.read(files.digest) == short


def test_two_programs_do_not_write_to_one_store_at_a_time(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with store.writing(), pytest.raises(StoreInUse), Store(tmp_path / "store").writing():
        pass
    with store.writing():
        pass


def test_sources_are_tried_in_turn_until_one_has_a_release(tmp_path: Path) -> None:
    """A missing folder is said; a folder of releases, a release as a folder and a file all serve."""
    one, two = release(ANA, number=1), release(ANA, number=2)
    (tmp_path / "many").mkdir()
    container.write_file(tmp_path / "many" / "x (1).entrega", one)
    container.write_folder(tmp_path / "many" / "folder", two)
    store = Store(tmp_path / "store")
    found = fetch(rules((ANA, "gone, many, never")), tmp_path, store)
    assert sorted(found.arrived[ANA.id]) == sorted([one.digest, two.digest])
    assert [(f.code, f.value) for f in found.findings] == [("E_SOURCE", "gone")]
    assert not fetch(rules((ANA, "many")), tmp_path, store).arrived


def test_a_new_release_is_told_as_soon_as_it_is_proven(tmp_path: Path) -> None:
    """So that it is examined while it lands: once, and only where nobody has to choose among several."""
    one, two, three = release(ANA, number=1), release(LUZ, number=1), release(LUZ, number=2)
    for name, files in (("ana", [one]), ("luz", [two, three])):
        (tmp_path / name).mkdir()
        for each in files:
            container.write_file(tmp_path / name / f"{each.digest}.entrega", each)
    store, told = Store(tmp_path / "store"), list[tuple[str, container.AnyFiles | None]]()
    for _again in range(2):
        policy = rules((ANA, "ana"), (LUZ, "luz"))
        fetch(policy, tmp_path, store, arrived=lambda digest, files: told.append((digest, files)))
    assert told == [(one.digest, one)] and store.read(one.digest) == one


def test_the_inbox_is_sorted_by_content(tmp_path: Path) -> None:
    """Names say nothing; strangers become a note, junk is named and left."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    container.write_file(inbox / "de-luz.txt", release(ANA))
    container.write_file(inbox / "stranger.entrega", release(Member("otra")))
    (inbox / "foto.jpg").write_bytes(b"\xff\xd8" * 600)
    found = fetch(rules((ANA, "inbox"), (LUZ, "inbox")), tmp_path, Store(tmp_path / "store"))
    assert list(found.arrived) == [ANA.id] and list(found.strangers) == [Member("otra").id]
    assert sorted(f.code for f in found.findings) == ["E_CONTAINER", "stranger"]


@pytest.mark.skipif(os.name == "nt", reason="no links and pipes to speak of")
def test_links_pipes_and_sidecars_are_refused(tmp_path: Path) -> None:
    """A pipe does not block, a link is not followed, a journal beside the database is not ignored."""
    container.write_file(tmp_path / "real.entrega", release(ANA))
    container.write_folder(tmp_path / "beside", release(ANA))
    (tmp_path / "beside" / "catalogue.db-wal").write_bytes(b"x")
    (tmp_path / "link.entrega").symlink_to("real.entrega")
    os.mkfifo(tmp_path / "pipe.entrega")
    for name, code in (("link.entrega", "E_NOTFILE"), ("pipe.entrega", "E_NOTFILE"), ("beside", "E_SIDECAR")):
        found = fetch(rules((ANA, name)), tmp_path, Store(tmp_path / "store"))
        assert [f.code for f in found.findings] == [code] and not found.arrived


def test_members_share_a_folder_without_a_word_and_a_stranger_in_it_is_told_once(tmp_path: Path) -> None:
    """Whoever gets releases by chat keeps them in one folder; each member finds its own there."""
    shared = tmp_path / "releases"
    shared.mkdir()
    for member in (ANA, LUZ, Member("otra")):
        container.write_file(shared / f"{member.id}.entrega", release(member))
    policy = rules((ANA, "releases"), (LUZ, "releases"))
    found = fetch(policy, tmp_path, Store(tmp_path / "store"))
    assert sorted(found.arrived) == sorted([ANA.id, LUZ.id])
    assert [(f.code, f.member) for f in found.findings] == [("stranger", Member("otra").id)]


def test_another_members_release_named_as_a_members_source_is_refused(tmp_path: Path) -> None:
    container.write_file(tmp_path / "x", release(LUZ))
    found = fetch(rules((ANA, "x"), (LUZ, "inbox")), tmp_path, Store(tmp_path / "store"))
    assert [f.code for f in found.findings] == ["E_MEMBER"]
    assert profile("ana").type == "catalogue"


@pytest.mark.skipif(os.name == "nt", reason="no links to speak of")
def test_a_release_that_the_disk_does_not_give_stops_whoever_asks(tmp_path: Path) -> None:
    """It is not the same as one that is not there: merged without it, its member would vanish."""
    store, files = Store(tmp_path), release(ANA)
    store.put(files)
    path = store.release_path(files.digest)
    path.unlink()
    path.symlink_to(path)
    with pytest.raises(OSError, match=files.digest):
        list(store.seen())


def test_releases_land_beside_other_work_and_are_there_at_the_end(tmp_path: Path) -> None:
    """Meanwhile the store knows of them, and takes none twice."""
    store, releases = Store(tmp_path / "store"), [release(ANA, number=n) for n in range(1, 9)]
    with store.beside_other_work() as arriving:
        assert [arriving.take(files) for files in releases] == [True] * 8
        assert all(arriving.has(files.digest) for files in releases) and not arriving.take(releases[0])
    assert [store.read(files.digest) for files in releases] == releases
    assert {path.name for path in (store.root / "releases").iterdir()} == {
        f"{files.digest}.entrega" for files in releases
    }


def test_a_disk_that_refuses_one_release_says_so_and_has_the_others(tmp_path: Path) -> None:
    """Nobody is told that all went well; nothing half-written is left."""
    store, (one, two, three) = Store(tmp_path / "store"), (release(ANA, number=n) for n in (1, 2, 3))
    store.release_path(two.digest).mkdir(parents=True)
    with pytest.raises(OSError), store.beside_other_work() as arriving:
        for files in (one, two, three):
            arriving.put(files)
    assert store.read(one.digest) == one and store.read(three.digest) == three
    assert not list((store.root / "releases").glob(".*"))
