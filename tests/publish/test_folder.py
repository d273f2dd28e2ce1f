"""Publishing into a folder: whole versions, one shown, some kept, one step back."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from commons.messages import speaking
from commons.portal.serving import pool_of
from commons.publish.edition import Remake
from commons.publish.errors import (
    AnotherPublisher,
    NoFolderHere,
    NotAPublishFolder,
    NothingEarlier,
    PublishFailed,
)
from commons.publish.folder import publish, roll_back
from commons.publish.versions import one_publisher
from tests.portal.running import open_portal

Make = Callable[..., Remake]
EXPECTED = {
    "data.db", "inspect-data.json", "metadata.json", "settings.json", "commons.lock", "root.txt", "receipts",
    "releases",
}  # fmt: skip


def version_of(folder: Path) -> str:
    """The name that a version's content gives it, computed afresh."""
    files = [p for p in folder.rglob("*") if p.is_file()]
    digests = {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def whole(out: Path) -> bool:
    """Whether what is shown is a whole version."""
    shown = (out / "current").resolve()
    return {p.name for p in shown.iterdir()} == EXPECTED and version_of(shown) == shown.name


def locks(out: Path) -> str:
    return (out / "current" / "commons.lock").read_text()


def test_what_is_shown_is_whole_and_named_by_its_content(tmp_path: Path, remake: Make) -> None:
    """A version holds pool, settings, lock, receipts and releases; its name is their digest."""
    done = publish(tmp_path / "out", b"lock 1", remake())
    assert whole(tmp_path / "out")
    assert done.is_new and done.shown.version == (tmp_path / "out" / "current").resolve().name
    inspected = json.loads((tmp_path / "out" / "current" / "inspect-data.json").read_text())
    assert inspected["data"]["tables"]["entity"]["count"] == 7


def test_the_same_again_changes_nothing(tmp_path: Path, remake: Make) -> None:
    """Publishing twice leaves one version, and says that nothing is new."""
    publish(tmp_path / "out", b"lock 1", remake())
    again = publish(tmp_path / "out", b"lock 1", remake())
    assert not again.is_new and again.kept == 1
    assert len(list((tmp_path / "out" / "versions").iterdir())) == 1


def test_the_last_ones_are_kept_and_older_ones_go(tmp_path: Path, remake: Make) -> None:
    """`keep` versions with their locks, no more; nothing half-built is left."""
    for n in range(5):
        publish(tmp_path / "out", f"lock {n}".encode(), remake(), keep=3)
    assert len(list((tmp_path / "out" / "versions").iterdir())) == 3
    assert len(list((tmp_path / "out" / "locks").iterdir())) == 3
    assert whole(tmp_path / "out") and locks(tmp_path / "out") == "lock 4"


def test_one_command_goes_back_a_version_at_a_time(tmp_path: Path, remake: Make) -> None:
    """Back, and back again, until there is none before."""
    for n in range(3):
        publish(tmp_path / "out", f"lock {n}".encode(), remake())
    roll_back(tmp_path / "out", remake())
    assert locks(tmp_path / "out") == "lock 1"
    roll_back(tmp_path / "out", remake())
    assert locks(tmp_path / "out") == "lock 0" and whole(tmp_path / "out")
    with pytest.raises(NothingEarlier):
        roll_back(tmp_path / "out", remake())


def test_going_back_never_brings_back_what_was_withdrawn_since(tmp_path: Path, remake: Make) -> None:
    """The version before is merged anew under today's tombstones; the old content is gone from the disk."""
    out = tmp_path / "out"
    first = publish(out, b"lock 0", remake())
    publish(out, b"lock 1", remake(frozenset({"tombstone"})))
    assert not (out / "versions" / first.shown.version).exists()
    back = roll_back(out, remake(frozenset({"tombstone"})))
    assert locks(out) == "lock 0tombstone"
    assert back.shown.version != first.shown.version and whole(out)


def test_a_second_publisher_is_told_to_wait(tmp_path: Path, remake: Make) -> None:
    """Two at once would race; the second gets a sentence."""
    with one_publisher(tmp_path / "out"), pytest.raises(AnotherPublisher):
        publish(tmp_path / "out", b"lock", remake())


def test_something_else_in_the_way_is_left_alone(tmp_path: Path, remake: Make) -> None:
    """A file, or a `current` that is no link of ours; nor is the folder of a federation or a catalogue made a
    portal, since whoever serves that would serve what is sealed there, or a key."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "site" / "current").mkdir(parents=True)
    (tmp_path / "ciudad").mkdir()
    (tmp_path / "ciudad" / "federation.yaml").touch()
    (tmp_path / "comedor").mkdir()
    (tmp_path / "comedor" / "comedor.key").touch()
    for out in (tmp_path / "file", tmp_path / "site", tmp_path / "ciudad", tmp_path / "comedor"):
        with pytest.raises(NotAPublishFolder):
            publish(out, b"lock", remake())
    assert (tmp_path / "file").read_text() == "mine"


def test_a_failure_leaves_what_was_shown(
    tmp_path: Path, remake: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that refuses to flush: an error with the reason, the old version, nothing left over."""
    publish(tmp_path / "out", b"lock 0", remake())

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with speaking("es"), pytest.raises(PublishFailed, match="disco está lleno"):
        publish(tmp_path / "out", b"lock 1", remake())
    assert whole(tmp_path / "out") and locks(tmp_path / "out") == "lock 0"
    assert not [p for p in (tmp_path / "out" / "versions").iterdir() if p.name.startswith(".")]


KILLED = """
import os, shutil, sys
from pathlib import Path
from commons.publish.edition import Edition
from commons.publish.folder import publish

pool, out, lock, last = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].encode(), int(sys.argv[4])
release = out.parent / "release.entrega"
release.write_bytes(b"a release")
seen = 0

def count(event, arguments):
    global seen
    touches = any(str(out) in str(a) for a in arguments)
    if touches and event.startswith(("open", "os.", "shutil.")):
        seen += 1
        if seen == last:
            os._exit(9)

def remake(lock, scratch):
    shutil.copyfile(pool, scratch / "pool.db")
    return Edition(scratch / "pool.db", "5f" * 32, lock, {}, {"ab" * 32: release}, frozenset())

sys.addaudithook(count)
publish(out, lock, remake, keep=2)
print(seen)
"""


def test_killed_anywhere_it_never_shows_a_torn_version(tmp_path: Path, pool: Path) -> None:
    """Stopped at any of its steps on the disk, `current` is whole, and the next run repairs everything."""
    out = tmp_path / "out"

    def run(lock: str, last: int) -> int:
        command = [sys.executable, "-c", KILLED, str(pool), str(out), lock, str(last)]
        return subprocess.run(command, capture_output=True, timeout=60).returncode

    for n in range(3):
        assert run(f"lock {n}", 0) == 0
    for last in range(2, 200, 9):
        code = run(f"lock at {last}", last)
        shown = (out / "current").resolve()
        assert version_of(shown) == shown.name, last
        if code == 0:
            break
    assert run("lock end", 0) == 0
    names = [p.name for p in out.rglob(".*") if p.name != ".publish.lock"]
    assert names == [] and locks(out) == "lock end"


async def test_a_published_folder_can_be_served(tmp_path: Path, remake: Make) -> None:
    """`serve` finds the pool behind `current`, under the name of its version."""
    publish(tmp_path / "out", b"lock 1", remake())
    pool = pool_of(tmp_path / "out")
    assert pool.parent.parent.name == "versions"
    with open_portal(pool) as datasette:
        assert (await datasette.client.get("/es/buscar?q=comida")).status_code == 200


def test_a_system_without_locks_is_told_so_and_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, which has neither these locks nor links that are swapped in one step."""
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(NoFolderHere) as refused, one_publisher(tmp_path / "out"):
        pass
    assert "commons serve" in refused.value.hint and not (tmp_path / "out").exists()
