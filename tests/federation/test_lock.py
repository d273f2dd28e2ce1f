"""A lock has one text; what is not exactly that text is refused in a sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commons.errors import InputError
from commons.federation import lock as locks
from commons.federation.lock import Evidence, Lock, LockedHold, LockedMember, PassedOver, Tombstone
from commons.federation.policy import file as policy
from commons.format.keylog import Void

ID, OTHER = "k3v7wq2mzt5xh4cabn6dpyjr2e", "a" * 26
D1, D2 = "1" * 64, "2" * 64
NOW = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)


def a_lock() -> Lock:
    member = LockedMember(
        state=locks.CURRENT, release=D1, epoch=1, number=12, keylog_head=D2, content_root=D1,
        tombstones=(Tombstone("b" * 52, "record", 0, 3), Tombstone("a" * 52, "earlier", 0, 2)),
        voids=(Void((0, 7), 1),), evidence=(Evidence(0, 3, (D2, D1)),),
        passed_over=(PassedOver(1, 13, D2, "E_ROOT"),),
    )  # fmt: skip
    return Lock(
        schema="1-draft.1",
        linker="1",
        as_of=NOW,
        policy=policy.parse(f"name: x\nmembers: [{{id: {ID}, name: a}}]"),
        members={OTHER: LockedMember(locks.LEFT), ID: member},
        vocabularies=D1,
        territory=locks.LockedTerritory("cdmx", D2),
        holds=(LockedHold("c" * 52, "phones", NOW), LockedHold("b" * 52, None, NOW)),
    )


def test_a_lock_reads_back_as_the_same_bytes() -> None:
    """Sorted keys, one newline at the end; the order of lists in memory changes nothing."""
    lock = a_lock()
    data = lock.to_bytes()
    assert locks.parse(data).to_bytes() == data
    assert data.endswith(b"}\n") and list(json.loads(data)) == sorted(json.loads(data))
    assert (
        replace(lock, holds=lock.holds[::-1], members=dict(reversed(lock.members.items()))).to_bytes() == data
    )


def test_no_reason_stands_in_a_lock(tmp_path: Path) -> None:
    """A hold is its address's hash, its field and its end."""
    a_lock().write(tmp_path / "commons.lock")
    said = json.loads((tmp_path / "commons.lock").read_bytes())
    assert said["holds"][0] == {"hash": "b" * 52, "field": None, "until": "2026-11-21T18:30:00Z"}


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.update(protocol=2),
        lambda said: said.update(extra=1),
        lambda said: said.update(as_of="2026-11-21T18:30:07Z"),
        lambda said: said.update(as_of="2026-13-41T18:30:00Z"),
        lambda said: said["policy"].update(languages=["es"]),
        lambda said: said["policy"].update(judges={"from": [], "quorum": 1}),
        lambda said: said["members"][ID].update(state="dormido"),
        lambda said: said["members"][ID].update(release="../x"),
        lambda said: said["members"][ID].pop("voids"),
        lambda said: said["members"].update({"../x": said["members"][ID]}),
        lambda said: said["members"][ID]["tombstones"].reverse(),
        lambda said: said.update(members=None),
        lambda said: said.update(policy=None),
    ],
)
def test_a_changed_lock_is_refused_in_a_sentence(change: object) -> None:
    """Nothing is guessed about a lock that somebody edited."""
    said = json.loads(a_lock().to_bytes())
    change(said)  # type: ignore[operator]
    data = (json.dumps(said, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()
    with pytest.raises(InputError) as caught:
        locks.parse(data)
    assert "{" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"a":1,"a":1}', b"[" * 5000])
def test_what_is_no_lock_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(InputError):
        locks.parse(data)


def test_a_lock_that_is_not_there_names_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(locks.NoLock) as caught:
        locks.read(tmp_path)
    assert "commons merge" in caught.value.hint
