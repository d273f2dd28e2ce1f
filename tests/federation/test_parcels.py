"""Releases are found in whatever came, by content; what is none is named, and nothing runs or blocks."""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections import Counter
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commons.federation.sources import inbox
from commons.federation.sources.parcels import Parcel, parcels
from commons.federation.store.folder import Store
from commons.findings import KINDS
from commons.format import container
from tests.hostile.making import Member, place, release

ANA, LUZ = Member("ana"), Member("luz")
ONE = release(ANA, [place("a")])


def found(folder: Path) -> list[tuple[str, str | None, str | None]]:
    return [(p.where, p.files.digest if p.files else None, p.code) for p in parcels(folder)]


def attached(data: bytes) -> bytes:
    letter = EmailMessage()
    letter["From"], letter["Message-ID"] = "ana@example.org", "<1@example.org>"
    letter.set_content("Aquí va.")
    letter.add_attachment(data, maintype="application", subtype="octet-stream", filename="paz.bin")
    return letter.as_bytes()


def zipped(**entries: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            packed.writestr(name.replace("__", "/"), content)
    return data.getvalue()


@pytest.mark.parametrize(
    "name", ["x (1).entrega", "paz.entrega.txt", "IMG-2041", "documento.pdf", "ñandú.zip"]
)
def test_one_file_is_found_under_any_name(tmp_path: Path, name: str) -> None:
    """Chat programs rename what they carry; the content says what it is."""
    container.write_file(tmp_path / name, ONE)
    assert found(tmp_path) == [(name, ONE.digest, None)]
    assert [p.digest for p in parcels(tmp_path / name)] == [ONE.digest]


def test_four_files_are_put_together_by_the_digests_they_are_signed_with(tmp_path: Path) -> None:
    """Two releases loose in one folder, every name changed: each part finds its own."""
    two = release(LUZ, [place("b")])
    for n, files in enumerate((ONE, two)):
        for m, content in enumerate(files.contents()):
            (tmp_path / f"archivo {9 - 2 * m - n}.bin").write_bytes(content)
    assert sorted(digest or "" for _w, digest, _c in found(tmp_path)) == sorted([ONE.digest, two.digest])
    assert all(len(parcel.paths) == 4 for parcel in parcels(tmp_path))


def test_zips_folders_and_saved_emails_are_looked_into(tmp_path: Path) -> None:
    """Both forms, packed as phones and mail programs pack them; what is beside them is named."""
    one, folder = container.to_bytes(ONE), dict(zip(ONE.names, ONE.contents(), strict=True))
    (tmp_path / "a.zip").write_bytes(zipped(**{"x (1).entrega": one, "__MACOSX____.foto": b"x"}))
    (tmp_path / "b").write_bytes(zipped(**{f"paz__{name}": data for name, data in folder.items()}))
    (tmp_path / "carta.eml").write_bytes(attached(one))
    container.write_folder(tmp_path / "memoria", ONE)
    assert [(where, code) for where, digest, code in found(tmp_path) if digest != ONE.digest] == []
    assert next(p.where for p in parcels(tmp_path)) == "a.zip › x (1).entrega"
    assert len(found(tmp_path)) == 4


JUNK = {
    "foto.jpg": (b"\xff\xd8" * 600, "E_CONTAINER"),
    "empty": (b"", "E_CONTAINER"),
    "cut": (container.to_bytes(ONE)[:9_000], "parcel-damaged"),
    "page": (b"<!DOCTYPE html><p>Sign in", "parcel-web-page"),
    "catalogo.db": (ONE.catalogue, "parcel-database"),
    "alone.json": (ONE.manifest, "parcel-part"),
    "alone.sig": (ONE.signature, "parcel-part"),
    "zip in zip": (zipped(x=zipped(y=b"z")), "parcel-packed"),
    "cut.zip": (zipped(x=b"y" * 9_000)[:-30], "parcel-damaged"),
    "broken.zip": (b"PK\x03\x04" + b"\0" * 90, "parcel-damaged"),
    "text.zip": (zipped(x=b"y"), "E_CONTAINER"),
}


@pytest.mark.parametrize("name", JUNK)
def test_what_is_no_release_is_named(tmp_path: Path, name: str) -> None:
    """Each kind of junk has its word, so that whoever sent it can be told what to do."""
    data, code = JUNK[name]
    (tmp_path / name).write_bytes(data)
    assert [parcel.code for parcel in parcels(tmp_path)] == [code]
    assert (tmp_path / name).read_bytes() == data


def test_a_zip_that_swells_is_read_through_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its entry claims to be a release and unpacks to more than a release may have."""
    start = container.to_bytes(ONE)[:2048]
    (tmp_path / "bomb.zip").write_bytes(zipped(x=start + b"\0" * 5_000_000))
    monkeypatch.setattr(
        "commons.federation.sources.parcels.LIMITS", type("Small", (), {"pruned_container_bytes": 10_000})
    )
    assert [parcel.code for parcel in parcels(tmp_path)] == ["E_TOOBIG"]


def test_all_that_is_in_one_zip_together_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many entries, each of allowed size, would keep the program busy for hours."""
    most = 2 * len(container.to_bytes(ONE)) + 9
    monkeypatch.setattr("commons.federation.sources.parcels._MOST_UNPACKED", most)
    (tmp_path / "x.zip").write_bytes(
        zipped(a=container.to_bytes(ONE), b=container.to_bytes(ONE), c=container.to_bytes(ONE))
    )
    assert [parcel.code for parcel in parcels(tmp_path)] == [None, None, "E_TOOBIG"]


def test_a_name_commands_no_terminal(tmp_path: Path) -> None:
    """Escape sequences and reversed letters in the names of what strangers send are not shown."""
    (tmp_path / "x.zip").write_bytes(zipped(**{"a\x1b[2J\u202egpj.exe": b"x"}))
    (parcel,) = parcels(tmp_path)
    assert parcel.where.isprintable() and "[2J" in parcel.where


@pytest.mark.skipif(os.name == "nt", reason="no links and pipes to speak of")
def test_packings_that_swell_at_the_first_byte_are_not_opened(tmp_path: Path) -> None:
    """A few hundred bytes would cost a second and hundreds of megabytes, for each of ten thousand entries."""
    with zipfile.ZipFile(tmp_path / "todo.zip", "w") as packed:
        for name, kind in (("a", zipfile.ZIP_BZIP2), ("b", zipfile.ZIP_LZMA)):
            packed.writestr(name, container.to_bytes(ONE), compress_type=kind)
    assert found(tmp_path) == [(f"todo.zip › {n}", None, "parcel-damaged") for n in ("a", "b")]


_MAIL = b"From: ana@example.org\nMessage-ID: <1@example.org>\n"
_FILE = _MAIL + b"Content-Disposition: attachment; "


@pytest.mark.parametrize(
    "mail",
    [
        _MAIL
        + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(2000)),
        _MAIL + b"Content-Type: message/rfc822\n\n" * 5000,
        _FILE + b"filename*=a\0b''x\n\nhola",
        _FILE + b"filename*=idna''%ff.x\n\nhola",
        _FILE + b";" * 300_000 + b'filename="' + b'a;"' * 20_000 + b"\n\nhola",
    ],
    ids=["parts in parts", "letters in letters", "no alphabet", "no name", "a long header"],
)
def test_a_letter_that_no_program_writes_is_named_and_stops_nothing(tmp_path: Path, mail: bytes) -> None:
    """Else a stranger's letter in the inbox would be the end of every merge."""
    (tmp_path / "carta.eml").write_bytes(mail)
    container.write_file(tmp_path / "paz.entrega", ONE)
    assert found(tmp_path) == [("carta.eml", None, "parcel-damaged"), ("paz.entrega", ONE.digest, None)]


def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    """A pipe does not block; a link to a folder or file is left alone."""
    container.write_folder(tmp_path.parent / f"{tmp_path.name}-else", ONE)
    (tmp_path / "folder").symlink_to(tmp_path.parent / f"{tmp_path.name}-else")
    os.mkfifo(tmp_path / "pipe")
    assert [parcel.code for parcel in parcels(tmp_path)] == ["E_NOTFILE", "E_NOTFILE"]


def test_a_changed_part_is_never_put_together(tmp_path: Path) -> None:
    """One byte of the catalogue, the key log or the signature: no release."""
    for n, name in enumerate(ONE.names[1:], 1):
        folder = tmp_path / name
        container.write_folder(folder, ONE)
        data = bytearray(ONE.contents()[n])
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(data)
    assert not [parcel for parcel in parcels(tmp_path) if isinstance(parcel, Parcel) and parcel.files]


WHOLE = container.to_bytes(ONE)
CARRIERS = [WHOLE, zipped(x=WHOLE), zipped(**dict(zip("abcd", ONE.contents(), strict=True))), attached(WHOLE)]


@settings(max_examples=150, deadline=None)
@given(data=st.data(), carrier=st.sampled_from(CARRIERS))
def test_damage_on_the_way_never_falls_over_and_never_passes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, carrier: bytes
) -> None:
    """Bytes changed, cut out or put in anywhere: what is found is the release itself, or junk with a word."""
    damaged = bytearray(carrier)
    for _n in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        length = data.draw(st.sampled_from([0, 1, 2, 40, 600]))
        damaged[at : at + length] = data.draw(st.binary(max_size=40))
    folder = tmp_path_factory.mktemp("came")
    (folder / "x").write_bytes(damaged)
    store = Store(folder / "store")
    for arrival in inbox.sort(folder / "x", store, {ANA.id}):
        assert arrival.kind == "new" or arrival.code in KINDS
    assert [s.digest for s in store.seen()] in ([], [ONE.digest])
    if list(store.seen()):
        assert store.read(ONE.digest) == ONE


def test_a_letter_that_would_take_minutes_is_named_at_once(tmp_path: Path) -> None:
    """Short lines within parts within parts; and a letter larger than any server carries."""
    parts = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(150))
    head = b"From: ana@example.org\nMIME-Version: 1.0\nMessage-ID: <1>\n"
    (tmp_path / "lineas.eml").write_bytes(head + parts + b"\na\n" * 500_000)
    (tmp_path / "otras.eml").write_bytes(head + parts + b"\n" + b"a\r" * 500_000)
    (tmp_path / "grande.eml").write_bytes(head + b"\n" + b"a" * (48 * 1024 * 1024))
    began = time.process_time()
    assert [(w, c) for w, _d, c in found(tmp_path)] == [
        ("grande.eml", "E_TOOBIG"), ("lineas.eml", "parcel-damaged"), ("otras.eml", "parcel-damaged"),
    ]  # fmt: skip
    assert time.process_time() - began < 10


def test_each_loose_part_is_read_once_however_many_ask_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that are as long as what is wanted are no way to keep a merge busy."""
    releases = [release(ANA, [place(f"a{n}")], number=n + 1) for n in range(4)]
    for n, files in enumerate(releases):
        for m, content in enumerate(files.contents()):
            (tmp_path / f"{n}{m}").write_bytes(content)
        (tmp_path / f"!{n}").write_bytes(bytes(len(files.catalogue)))
    read: Counter[str] = Counter()
    whole = container.read_regular

    def noted(path: Path, most: int) -> bytes:
        read[path.name] += 1
        return whole(path, most)

    monkeypatch.setattr(container, "read_regular", noted)
    assert {p.digest for p in parcels(tmp_path) if p.files} == {r.digest for r in releases}
    assert [read[f"!{n}"] for n in range(4)] == [1, 1, 1, 1]
