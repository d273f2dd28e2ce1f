"""Releases: rebuilt, signed, numbered once, and the same bytes for the same rows."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from commons.catalogue.store import Catalogue
from commons.format import canonical, container, merkle, sshsig
from commons.format.container import ReleaseFiles
from commons.format.keylog import KeyLog
from commons.release import build, keys
from commons.release.keys import NewIdentity
from commons.schema import columns, ddl
from commons.schema.spec import load_schema

Put = Callable[..., None]
Share = Callable[[], ReleaseFiles]


def open_bytes(data: bytes) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(data)
    return connection


def test_a_release_proves_itself(catalogue: Catalogue, put: Put, share: Share) -> None:
    """Signature, files, and the content root over the rows as they stand in catalogue.db."""
    put("place/casa", district="09007", phones=[{"number": "+525512345678"}], latitude_e6=1, longitude_e6=-2)
    put("service/comida", description="Línea\nuno 🩷", is_free=True)
    files = share()
    manifest, log = files.parsed_manifest, KeyLog.parse(files.keylog)
    sshsig.verify(files.signature, files.manifest, sshsig.RELEASE_NAMESPACE, log.current)
    assert (manifest.member, manifest.keylog_head, manifest.version) == (log.member_id, log.head, (0, 1))
    assert manifest.files["catalogue.db"].sha256 == hashlib.sha256(files.catalogue).hexdigest()
    leaves, counts = [], {}
    with closing(open_bytes(files.catalogue)) as connection:
        for name, rtype in sorted(load_schema().types.items()):
            for row in connection.execute(f'SELECT * FROM "{name}" ORDER BY id'):
                fields = columns.from_columns(rtype, row[1:], published=True)
                leaves.append(canonical.leaf(canonical.canonical_bytes(name, row[0], fields)))
                counts[name] = counts.get(name, 0) + 1
    assert manifest.content_root == merkle.root_of(leaves).hex() and manifest.counts == counts


def test_the_file_holds_the_published_tables_and_nothing_else(put: Put, share: Share) -> None:
    """Its schema is the published one, to the letter; no page of it was ever used for something else."""
    put("place/casa")
    data = share().catalogue
    with closing(open_bytes(data)) as connection:
        found = [row[0] for row in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)
    assert all(sql in ddl.published_sql(load_schema()) for sql in found)
    assert data[18:20] == b"\x01\x01" and len(data) == 4096 * int.from_bytes(data[28:32])


def test_nothing_that_was_deleted_or_private_is_in_the_bytes(
    catalogue: Catalogue, put: Put, share: Share, at: datetime
) -> None:
    """Not in a row, not in a free page, not in the manifest."""
    put("place/casa", summary="CANARIO-UNO", extra={"x": "CANARIO-DOS"}, contact_name="CANARIO-TRES")
    put("place/privada", audience="private", title="CANARIO-CUATRO")
    put("place/casa", summary="otra cosa", extra={"x": "CANARIO-DOS"}, contact_name="CANARIO-TRES")
    put("place/fuera", title="CANARIO-CINCO")
    with catalogue.act("remove", at=at) as act:
        act.remove("place", "fuera")
    assert b"CANARIO" not in container.to_bytes(share())


def test_the_same_rows_give_the_same_bytes(
    catalogue: Catalogue, put: Put, identity: NewIdentity, at: datetime
) -> None:
    """Whatever happened in the catalogue meanwhile."""
    put("place/a")
    put("place/b")
    first = build.make(catalogue, identity.current, at)
    put("place/c")
    with catalogue.act("remove", at=at) as act:
        act.remove("place", "c")
    assert build.make(catalogue, identity.current, at) == first


def test_releases_are_numbered_and_follow_each_other(catalogue: Catalogue, put: Put, share: Share) -> None:
    """Each names the one before; the catalogue remembers them all."""
    put("place/a")
    first = share()
    put("place/b")
    second = share()
    assert second.parsed_manifest.number == 2 and second.parsed_manifest.previous == (first.digest,)
    assert [r.digest for r in catalogue.releases] == [first.digest, second.digest]


def test_what_changed_since_the_last_release_is_told_apart(
    catalogue: Catalogue, put: Put, share: Share, at: datetime
) -> None:
    """New, changed, as before, no longer there, withdrawn."""
    for name in ("same", "edited", "removed", "withdrawn"):
        put(f"place/{name}")
    share()
    put("place/edited", summary="Nuevo")
    put("place/added")
    with catalogue.act("clean", at=at) as act:
        act.remove("place", "removed")
        act.withdraw("place", "withdrawn")
    sorts = {c.id: c.sort for c in build.preview(catalogue, at=at).changes if c.type == "place"}
    assert sorts == {"same": "unchanged", "edited": "changed", "added": "new", "removed": "removed",
                     "withdrawn": "withdrawn"}  # fmt: skip


def test_a_withdrawal_says_which_release_said_it_first(
    catalogue: Catalogue, put: Put, share: Share, at: datetime
) -> None:
    """It stays in every later release, with that number."""
    put("place/casa")
    share()
    with catalogue.act("withdraw", at=at) as act:
        act.withdraw("place", "casa")
        stone = act.tombstone("place", "casa")
    share()
    share()
    shown = build.preview(catalogue, at=at).records["withdrawal", stone]
    assert shown == {"kind": "record", "epoch": 0, "number": 2}


def test_without_news_the_next_release_waits_until_it_is_due(
    catalogue: Catalogue, put: Put, share: Share, at: datetime
) -> None:
    """A release is renewed before its time is over."""
    share()
    shown = build.preview(catalogue, at=at)
    assert not shown.is_news and not shown.is_due(at) and shown.is_due(at + timedelta(days=350))
    put("place/casa")
    assert build.preview(catalogue, at=at).is_news


def test_a_catalogue_that_changed_while_one_looked_is_not_shared(
    catalogue: Catalogue, put: Put, identity: NewIdentity, at: datetime, tmp_path: Path
) -> None:
    """Nothing leaves that was not shown; no number is used, no file is left."""
    shown = build.preview(catalogue, at=at)
    put("place/nueva")
    path = tmp_path / "x.entrega"
    with pytest.raises(build.ChangedMeanwhile):
        build.share(catalogue, identity.current, shown, at=at, stage=lambda f: container.staged_file(path, f))
    assert catalogue.releases.latest is None and not list(tmp_path.glob("*x.entrega*"))


def test_a_full_disk_uses_no_number(catalogue: Catalogue, identity: NewIdentity, at: datetime) -> None:
    """The files are safe before the number is noted."""

    @contextmanager
    def full_disk(files: ReleaseFiles) -> Any:
        raise OSError(28, "No space left on device")
        yield

    with pytest.raises(OSError, match="space"):
        build.share(catalogue, identity.current, build.preview(catalogue, at=at), at=at, stage=full_disk)
    assert catalogue.releases.latest is None


def test_a_number_is_noted_before_the_file_has_its_name(
    catalogue: Catalogue, identity: NewIdentity, at: datetime
) -> None:
    """Whoever is killed in between has skipped a number; two releases never share one."""
    seen = []

    @contextmanager
    def watching(files: ReleaseFiles) -> Any:
        yield lambda: seen.append(catalogue.releases.latest)

    build.share(catalogue, identity.current, build.preview(catalogue, at=at), at=at, stage=watching)
    assert seen[0] is not None and seen[0].number == 1


def test_another_key_signs_nothing(catalogue: Catalogue, identity: NewIdentity, tmp_path: Path) -> None:
    """Neither another catalogue's nor the one that lies on paper."""
    log = KeyLog.parse(catalogue.keylog)
    keys.save(tmp_path / "other.key", identity.next)
    assert keys.load_for(tmp_path / "paz.key", log) == identity.current
    with pytest.raises(keys.KeyNotOurs):
        keys.load_for(tmp_path / "other.key", log)
    with pytest.raises(keys.KeyMissing):
        keys.load_for(tmp_path / "none.key", log)


def test_a_key_is_never_overwritten_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    """A key that is lost is lost for good."""
    identity = keys.new_identity()
    keys.save(tmp_path / "a.key", identity.current)
    assert (tmp_path / "a.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(keys.KeyExists):
        keys.save(tmp_path / "a.key", identity.next)
    (tmp_path / "b.key").write_text("not a key")
    with pytest.raises(keys.KeyMissing):
        keys.load(tmp_path / "b.key")
