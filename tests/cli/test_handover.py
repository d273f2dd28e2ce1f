"""Played through: a federation is handed over, and goes on elsewhere with the same root."""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commons.addresses import tombstone
from commons.federation import lock as locks
from commons.format import container
from tests.hostile.making import Member, database, place, profile, release, withdrawal

ANA, LUZ, OTRA = (Member(n) for n in ("Comedor La Paz", "Casa Luz", "Red Mar"))
WHO = ("--by", "Ana", "--how", "in person")
AT = ("--as-of", "2026-11-22")
HOLD = ("--reason", "lo pidieron", "--until", "2999-01-01", "--by", "Ana", "--later", "-f", "city")


@pytest.fixture
def city(commons: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Two members, one record withdrawn, one held, one field held, a stranger's request; merged."""
    first = release(ANA, [place("a", description="VISIBLE"), place("gone", description="RETIRADO")])
    shared = [
        place("a", description="VISIBLE"), place("held", description="EN PAUSA"),
        place("part", description="CAMPO EN PAUSA"), withdrawal(tombstone(f"{ANA.id}/place/gone")),
    ]  # fmt: skip
    second = release(ANA, shared, number=2, previous=[first.digest])
    commons("federation", "new", "city", "--name", "Ciudad", "--territory", "cdmx")
    for name, files in (("ana", first), ("luz", release(LUZ, [place("b")]))):
        container.write_file(tmp_path / name, files)
        commons("federation", "add", name, "--name", name, *WHO, "-f", "city")
    commons("merge", "-f", "city", *AT)
    (tmp_path / "city" / "inbox").mkdir(exist_ok=True)
    container.write_file(tmp_path / "city" / "inbox" / "ana (2)", second)
    container.write_file(tmp_path / "city" / "inbox" / "otra", release(OTRA, [place("c")]))
    commons("federation", "hold", f"{ANA.id}/place/held", *HOLD)
    commons("federation", "hold", f"{ANA.id}/place/part", "--field", "description", *HOLD)
    (tmp_path / "city" / "mappings").mkdir()
    (tmp_path / "city" / "mappings" / "ana.yaml").write_text("type: place\n", "utf-8")
    (tmp_path / "city" / "publish.yaml").write_text("password: SECRETO\n", "utf-8")
    commons("merge", "-f", "city", *AT)
    return commons


def test_whoever_goes_on_gets_the_same_root(city: Callable[..., Any], tmp_path: Path) -> None:
    """Packed, unpacked elsewhere, merged from the lock alone; the request and the mapping came along."""
    root = city("merge", "--locked", "-f", "city", "--json").json["root"]
    packed = city("federation", "handover", "ciudad.zip", "-f", "city", "--json").json
    assert packed["root"] == root and (packed["members"], packed["requests"], packed["mappings"]) == (2, 1, 1)
    taken = city("federation", "takeover", "ciudad.zip", "elsewhere")
    assert taken.code == 0 and root in taken.out
    assert city("merge", "--locked", "-f", "elsewhere", "--json").json["root"] == root
    assert "Red Mar" in city("federation", "requests", "-f", "elsewhere").out
    assert (tmp_path / "elsewhere" / "mappings" / "ana.yaml").read_text("utf-8") == "type: place\n"
    assert city("merge", "-f", "elsewhere", *AT).code in (0, 1)


def test_nothing_secret_withdrawn_or_held_is_in_it(city: Callable[..., Any], tmp_path: Path) -> None:
    """It is looked for in every byte; sealed forms and publish.yaml stay. Packed twice: the same bytes."""
    assert list((tmp_path / "city" / "store" / "sealed").iterdir())
    for name in ("one.zip", "two.zip"):
        assert city("federation", "handover", name, "-f", "city").code == 0
    data = (tmp_path / "one.zip").read_bytes()
    assert b"VISIBLE" in data and data == (tmp_path / "two.zip").read_bytes()
    for word in (b"RETIRADO", b"EN PAUSA", b"SECRETO", b"PRIVATE KEY"):
        assert word not in data
    with zipfile.ZipFile(tmp_path / "one.zip") as packed:
        folders = {name.partition("/")[0] for name in packed.namelist()}
    alone = {"commons.lock", "decisions.json", "federation.yaml", "handover.json"}
    assert folders == {*alone, "mappings", "releases", "requests"}


def test_what_was_held_is_shown_there_when_its_hold_is_over_and_its_release_came(
    city: Callable[..., Any], tmp_path: Path
) -> None:
    """The pruned form is known as such: merging goes on without what it lacks, until the full one arrives."""
    city("federation", "handover", "ciudad.zip", "-f", "city")
    city("federation", "takeover", "ciudad.zip", "elsewhere")
    rules = tmp_path / "elsewhere" / "federation.yaml"
    rules.write_text(rules.read_text("utf-8").replace("2999-01-01", "2026-11-20"), "utf-8")
    assert city("merge", "-f", "elsewhere", *AT, "--json").json["counts"] == {"place": 2}
    city("inbox", "city/inbox", "-f", "elsewhere")
    again = city("merge", "-f", "elsewhere", *AT, "--json").json
    assert again["counts"] == {"place": 4}
    assert b"RETIRADO" not in (tmp_path / "elsewhere" / "pool.db").read_bytes()


def test_what_was_held_since_the_last_merge_does_not_travel(city: Callable[..., Any], tmp_path: Path) -> None:
    """The lock would still show it: merge first."""
    city("federation", "hold", f"{LUZ.id}/place/b", *HOLD)
    refused = city("federation", "handover", "ciudad.zip", "-f", "city")
    assert refused.code == 2 and "commons merge" in refused.err and not (tmp_path / "ciudad.zip").exists()


def test_what_is_held_stays_here_also_where_intake_refuses_it(
    city: Callable[..., Any], tmp_path: Path
) -> None:
    """A newer release that is no catalogue, and a refused record of the one in use."""
    before = locks.read(tmp_path / "city").members[ANA.id].release
    strange = sqlite3.connect(":memory:")
    strange.deserialize(database([profile("x"), place("held", description="EN PAUSA")]))
    strange.execute("CREATE TABLE extra (a)")
    spoiled = place("held", description="EN PAUSA", url="javascript:x")
    used = release(ANA, [place("a", description="VISIBLE"), spoiled], number=3, previous=[str(before)])
    container.write_file(tmp_path / "city" / "inbox" / "three", used)
    refused = release(ANA, catalogue=strange.serialize(), number=4, previous=[used.digest])
    container.write_file(tmp_path / "city" / "inbox" / "four", refused)
    root = city("merge", "-f", "city", *AT, "--json").json["root"]
    assert city("federation", "handover", "ciudad.zip", "-f", "city").code == 0
    assert b"EN PAUSA" not in (tmp_path / "ciudad.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "ciudad.zip") as packed:
        names = packed.namelist()
        assert f"releases/{used.digest}.entrega" in names and not any(refused.digest in n for n in names)
    city("federation", "takeover", "ciudad.zip", "elsewhere")
    assert city("merge", "--locked", "-f", "elsewhere", "--json").json["root"] == root


def _rewritten(path: Path, changed: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(path) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    changed(files)
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)


def _release_changed(files: dict[str, bytes]) -> None:
    name = next(n for n in files if n.startswith("releases/"))
    files[name] = files[name][:-1] + b"x"


@pytest.mark.parametrize(
    "change",
    [
        _release_changed,
        lambda files: files.pop("commons.lock"),
        lambda files: files.update({"../../evil": b"x"}),
        lambda files: files.update({"handover.json": b"{}"}),
    ],
    ids=["changed", "lock missing", "path", "contents"],
)
def test_a_changed_handover_makes_no_folder(
    city: Callable[..., Any], tmp_path: Path, change: Callable[[dict[str, bytes]], None]
) -> None:
    """One sentence; nothing half unpacked is left behind. A folder in use is not touched."""
    city("federation", "handover", "ciudad.zip", "-f", "city")
    assert city("federation", "takeover", "ciudad.zip", "city").code == 2
    _rewritten(tmp_path / "ciudad.zip", change)
    before = sorted(path.name for path in tmp_path.iterdir())
    refused = city("federation", "takeover", "ciudad.zip", "elsewhere")
    assert refused.code == 2 and "→" in refused.err
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert city("federation", "takeover", "ana", "elsewhere").code == 2


def test_a_handover_that_somebody_packed_anew_and_a_stick_damaged_is_told_so(
    city: Callable[..., Any], tmp_path: Path
) -> None:
    """Packed tighter, its damage is another error of Python's: the same sentence, no folder."""
    city("federation", "handover", "ciudad.zip", "-f", "city")
    with zipfile.ZipFile("ciudad.zip") as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile("ciudad.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
        lock = packed.getinfo("commons.lock")
    data = bytearray(Path("ciudad.zip").read_bytes())
    at = lock.header_offset + 30 + len(lock.filename)
    data[at : at + 40] = b"\xff" * 40
    Path("ciudad.zip").write_bytes(data)
    refused = city("federation", "takeover", "ciudad.zip", "elsewhere")
    assert refused.code == 2 and "cut short or was changed" in refused.err, refused.err
    assert not (tmp_path / "elsewhere").exists()
