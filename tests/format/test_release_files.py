"""release.json, the folder, the one file, and the pruned form."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.addresses import tombstone
from commons.format import container, pruned
from commons.format.canonical import leaf
from commons.format.container import PrunedFiles, ReleaseFiles
from commons.format.errors import (
    ContainerRefused,
    FormatError,
    ManifestRefused,
    NotAFile,
    PrunedRefused,
    TooBig,
)
from commons.format.manifest import Manifest, release_digest


def test_a_manifest_survives_its_bytes(manifest: Manifest) -> None:
    """And its digest is that of its bytes."""
    data = manifest.to_bytes()
    assert Manifest.parse(data) == manifest
    assert manifest.digest == release_digest(data) == hashlib.sha256(data).hexdigest()
    assert data.endswith(b"}\n") and b"\r" not in data


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("member", "../../x"),
        ("epoch", -1),
        ("epoch", True),
        ("number", 0),
        ("number", 2**63),
        ("schema", "one"),
        ("licence", "<script>"),
        ("language", "español"),
        ("issued_at", "2026-02-30T00:00:00Z"),
        ("valid_until", "2020-01-01T00:00:00Z"),
        ("content_root", "A" * 64),
        ("previous", ("b" * 64, "a" * 64)),
        ("previous", ("a" * 64, "a" * 64)),
        ("files", {}),
        ("counts", {"place": 0}),
        ("counts", {"../x": 1}),
        ("format", 2),
    ],
)
def test_an_impossible_value_is_refused_by_name(manifest: Manifest, key: str, value: Any) -> None:
    """When it is written as when it is read; the sentence names the key."""
    with pytest.raises(ManifestRefused) as caught:
        dataclasses.replace(manifest, **{key: value}).to_bytes()
    assert caught.value.key == key and key in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"epoch": 0', b'"epoch": 0.0'),
        (b'"epoch": 0', b'"epoch": 0,\n  "epoch": 0'),
        (b'"epoch": 0', b'"epoch":0'),
        (b'"epoch": 0', b'"epoch": 0,\n  "extra": 1'),
        (b'  "epoch": 0,\n', b""),
        (b"}\n", b"}"),
        (b'"es"', b'"\\u0065s"'),
    ],
)
def test_another_form_of_the_same_is_refused(manifest: Manifest, old: bytes, new: bytes) -> None:
    """One content, one text, one digest."""
    data = manifest.to_bytes()
    assert old in data
    with pytest.raises(ManifestRefused):
        Manifest.parse(data.replace(old, new))


@given(st.binary(max_size=200))
def test_any_bytes_as_manifest_or_container_end_in_a_sentence(data: bytes) -> None:
    """Never in another error."""
    for read in (Manifest.parse, container.parse):
        with pytest.raises(FormatError):
            read(data)


def test_one_file_and_folder_give_the_release_back(files: ReleaseFiles, tmp_path: Path) -> None:
    """Whatever the file is called."""
    container.write_file(tmp_path / "holiday.jpg", files)
    container.write_folder(tmp_path / "folder", files)
    assert container.read(tmp_path / "holiday.jpg") == files == container.read(tmp_path / "folder")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "holiday.jpg"]


def test_any_tar_reads_the_one_file(files: ReleaseFiles) -> None:
    """Four names in their order, mode 0644, no owner, no time."""
    with tarfile.open(fileobj=io.BytesIO(container.to_bytes(files))) as tar:
        members = tar.getmembers()
        assert tuple(m.name for m in members) == ReleaseFiles.names
        assert {(m.mode, m.uid, m.gid, m.uname, m.gname, m.mtime) for m in members} == {
            (0o644, 0, 0, "", "", 0)
        }
        extracted = [tar.extractfile(m) for m in members]
        assert tuple(f.read() for f in extracted if f) == files.contents()


@given(data=st.data())
def test_a_changed_container_is_refused_or_has_changed_contents(files: ReleaseFiles, data: Any) -> None:
    """There is no second container for the same four files."""
    good = container.to_bytes(files)
    at = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != good[at]))
    with contextlib.suppress(FormatError):
        assert container.parse(good[:at] + bytes([byte]) + good[at + 1 :]) != files


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d[:-1],
        lambda d: d + b"\0" * 512,
        lambda d: d[:-1024],
        lambda d: b"",
        lambda d: b"<html>" + b" " * 1000,
        lambda d: d.replace(b"catalogue.db", b"catalogue.dB"),
        lambda d: d[:-1024] + container._header("catalogue.db", 1) + b"x" + b"\0" * 1535,
    ],
)
def test_damaged_containers_are_refused(files: ReleaseFiles, spoil: Any) -> None:
    """Cut short, with something behind, an error page, another name."""
    with pytest.raises(ContainerRefused):
        container.parse(spoil(container.to_bytes(files)))


@given(data=st.data())
def test_a_container_says_at_its_beginning_how_long_it_is(files: ReleaseFiles, data: Any) -> None:
    """As soon as the last of its headers is there; never another length."""
    good = container.to_bytes(files)
    at = data.draw(st.integers(0, len(good)))
    last = good.index(b"catalogue.db\0") + 512
    assert container.announced_bytes(good[:at]) == (len(good) if at >= last else None)


def test_a_huge_member_is_refused_before_it_is_read() -> None:
    """Its header says so."""
    with pytest.raises(TooBig):
        container.parse(container._header("release.json", 2**30) + b"\0" * 1024)


def test_links_pipes_and_missing_files_are_refused(files: ReleaseFiles, tmp_path: Path) -> None:
    """Nothing outside of what was named is opened, and no pipe is waited for."""
    container.write_folder(tmp_path / "r", files)
    (tmp_path / "r" / "catalogue.db").unlink()
    with pytest.raises(ContainerRefused):
        container.read(tmp_path / "r")
    (tmp_path / "secret").write_text("x")
    (tmp_path / "r" / "catalogue.db").symlink_to(tmp_path / "secret")
    with pytest.raises(NotAFile):
        container.read(tmp_path / "r")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotAFile):
        container.read(tmp_path / "pipe")


def test_a_folder_with_other_files_is_not_overwritten(files: ReleaseFiles, tmp_path: Path) -> None:
    """An older release in its place is."""
    container.write_folder(tmp_path / "r", files)
    newer = dataclasses.replace(files, catalogue=b"newer")
    container.write_folder(tmp_path / "r", newer)
    assert container.read(tmp_path / "r") == newer
    (tmp_path / "r" / "thesis.doc").touch()
    with pytest.raises(ContainerRefused):
        container.write_folder(tmp_path / "r", files)
    assert container.read(tmp_path / "r") == newer


def test_a_pruned_release_proves_itself(files: ReleaseFiles, records: list[bytes], tmp_path: Path) -> None:
    """Same digest, all leaves, only what may be shown; and it can be pruned further."""
    part = pruned.prune(files, records, may_show=lambda data: b'"p2"' not in data)
    container.write_file(tmp_path / "x", part)
    assert container.read_any(tmp_path / "x") == part and part.digest == files.digest
    assert [record.data for record in pruned.shown(part)] == [r for r in records if b'"p2"' not in r]
    assert b"Lugar 2" not in container.to_bytes(part) and b'"p2"' not in part.records
    place_2 = tombstone(f"{files.parsed_manifest.member}/place/p2")
    assert [(h.place, h.hash, h.leaf) for h in pruned.hidden(part)] == [(2, place_2, leaf(records[2]))]
    less = pruned.prune(part, pruned.lines(part), may_show=lambda data: b'"p4"' not in data)
    assert [record.id for record in pruned.shown(less)] == ["p0", "p1", "p3"]
    with pytest.raises(ContainerRefused):
        container.read(tmp_path / "x")


def test_a_record_can_lack_held_fields_and_the_release_still_proves_itself(
    files: ReleaseFiles, records: list[bytes]
) -> None:
    """The field and the salt are gone, the leaf is that of the whole record; it can be pruned further."""

    def held(data: bytes) -> tuple[str, ...]:
        return ("title", "phones") if b'"p2"' in data else ()

    part = pruned.prune(files, records, may_show=lambda data: True, held=held)
    (found,) = [record for record in pruned.shown(part) if record.held]
    assert (found.id, found.held, found.leaf) == ("p2", ("title",), leaf(records[2]))
    assert b"Lugar 2" not in part.records and found.data == b'["place","p2",{}]'
    assert pruned.prune(part, pruned.lines(part), may_show=lambda data: True, held=held) == part
    less = pruned.prune(part, pruned.lines(part), may_show=lambda data: b'"p2"' not in data)
    assert [h.leaf for h in pruned.hidden(less)] == [leaf(records[2])]


@pytest.mark.parametrize(
    "line",
    [
        '[["place","p2",{"title":"x"}],"%s",["title"]]',
        '[["place","p2",{"salt":"x"}],"%s",["title"]]',
        '[["place","p2",{}],"%s",["title","phones"]]',
        '[["place","p2",{}],"%s",[]]',
        '[["place","p2",{}], "%s",["title"]]',
        '[["place","p2",{}],"0%.63s",["title"]]',
        '[["place","p2"],"%s",["title"]]',
        '[["place","p9",{}],"%s",["title"]]',
    ],
)
def test_a_record_that_lacks_fields_has_one_form(
    files: ReleaseFiles, records: list[bytes], line: str
) -> None:
    """Nothing that is named is there, names are sorted, the digest is in its place."""
    lines = [*records[:2], (line % leaf(records[2]).hex()).encode(), *records[3:]]
    data = b"".join(x + b"\n" for x in lines)
    with pytest.raises(PrunedRefused):
        list(pruned.shown(PrunedFiles(files.manifest, files.signature, files.keylog, data)))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: lines[1:],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [lines[0].replace(b"Lugar", b"LUGAR"), *lines[1:]],
        lambda lines: [b'["' + b"a" * 52 + b'","' + b"0" * 64 + b'"]', *lines[1:]],
        lambda lines: [b'"' + leaf(lines[0]).hex().encode() + b'"', *lines[1:]],
        lambda lines: [b"x", *lines[1:]],
        lambda lines: [*lines[:-1], lines[-1] + b"\n"],
        lambda lines: [],
        lambda lines: [*lines[:-1], b'["place","p4",{"title":"%s"}]' % (b"x" * 300_000)],
        lambda lines: [b"\n".join([*lines, b"x" * 2_000_000])],
    ],
)
def test_a_pruned_release_that_was_changed_is_refused(
    files: ReleaseFiles, records: list[bytes], spoil: Any
) -> None:
    """Left out, added, moved, altered, an invented digest, no record at all."""
    lines = spoil(list(records))
    changed = PrunedFiles(files.manifest, files.signature, files.keylog, b"".join(x + b"\n" for x in lines))
    with pytest.raises((PrunedRefused, TooBig)):
        list(pruned.shown(changed))


@pytest.mark.parametrize(
    "lengths", [[0] * 9, [7] * 300_000, [2_000_000, 0, 5, 1_048_575, 3], [1_048_576] * 2]
)
def test_the_lines_of_a_long_pruned_release_are_those_of_its_text(lengths: list[int]) -> None:
    """Though they are cut out some at a time."""
    lines = [b"x" * length for length in lengths]
    data = b"".join(line + b"\n" for line in lines)
    assert pruned.lines(PrunedFiles(b"", b"", b"", data)) == lines


def test_the_vectors_hold(vectors: dict[str, Any]) -> None:
    """Digest, container and pruned form of the example release."""
    vector = vectors["release"]
    files = ReleaseFiles(*(vector[name].encode() for name in ReleaseFiles.names))
    assert files.digest == vector["digest"] == Manifest.parse(files.manifest).digest
    whole = container.to_bytes(files)
    assert {"size": len(whole), "sha256": hashlib.sha256(whole).hexdigest()} == vector["one_file"]
    lines = [text.encode() for text in vector["records"]]
    part = pruned.prune(files, lines, may_show=lambda data: b'"p1"' not in data)
    assert part.records.decode() == vector["pruned"]["records.jsonl"]
    digest = hashlib.sha256(container.to_bytes(part)).hexdigest()
    assert digest == vector["pruned"]["one_file_sha256"]
