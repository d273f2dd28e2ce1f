"""The history of keys: only who holds the announced key can go on with it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.addresses import member_id_of
from commons.format import strict_json
from commons.format.errors import FormatError, KeyLogRefused, PreRotationBroken
from commons.format.keylog import _PURPOSE, KeyLog
from commons.format.keys import PrivateKey
from commons.format.limits import LIMITS


def test_a_log_gives_the_member_its_id(log: KeyLog, keys: list[PrivateKey]) -> None:
    """The id is the hash of the first line, and stays when the key changes."""
    line = f'{{"key":"{keys[0].public.line}","next":"{hashlib.sha256(keys[1].public.raw).hexdigest()}"}}'
    assert log.to_bytes() == line.encode() + b"\n"
    assert log.member_id == member_id_of(line.encode())
    rotated = log.rotated(keys[1], keys[2].public)
    assert rotated.member_id == log.member_id and rotated.epoch == 1 and rotated.current == keys[1].public
    assert rotated.extends(log) and not log.extends(rotated)
    assert rotated.at_head(log.head) == log and log.at_head(rotated.head) is None


def test_a_thief_with_the_current_key_cannot_rotate(log: KeyLog, keys: list[PrivateKey]) -> None:
    """The next key lies on paper; any other is not the announced one."""
    for thief in (keys[0], keys[3]):
        with pytest.raises(PreRotationBroken) as caught:
            log.rotated(thief, keys[2].public)
        assert caught.value.code == "E_PREROTATION" and caught.value.line == 2


def test_who_saw_a_rotation_cannot_write_another_in_its_place(log: KeyLog, keys: list[PrivateKey]) -> None:
    """The line that reveals a key is signed by it: its announcement cannot be exchanged."""
    seen = log.rotated(keys[1], keys[2].public).to_bytes()
    with pytest.raises(KeyLogRefused):
        KeyLog.parse(seen.replace(keys[2].public.digest.encode(), keys[3].public.digest.encode()))


def test_a_recovery_says_which_releases_were_not_ours(log: KeyLog, keys: list[PrivateKey]) -> None:
    """From (0, 7) on, up to the recovery; what came before and after is ours."""
    log = log.rotated(keys[1], keys[2].public, void_from=(0, 7))
    assert [log.is_void(*at) for at in ((0, 6), (0, 7), (0, 900), (1, 1))] == [False, True, True, False]
    assert KeyLog.parse(log.to_bytes()) == log


@pytest.mark.parametrize("void", [(1, 0), (0, -1), (-1, 0), (0, 2**53)])
def test_a_void_cannot_reach_beyond_its_line(
    log: KeyLog, keys: list[PrivateKey], void: tuple[int, int]
) -> None:
    """Nor hold impossible numbers."""
    with pytest.raises(KeyLogRefused):
        log.rotated(keys[1], keys[2].public, void_from=void)


@pytest.mark.parametrize("void", ["x", [0], [0, 1.5], [True, 1], [0, 1, 2], None])
def test_a_void_of_another_form_is_refused(log: KeyLog, keys: list[PrivateKey], void: Any) -> None:
    """Also when well signed."""
    content = {
        "key": keys[1].public.line,
        "next": keys[2].public.digest,
        "previous": log.head,
        "void_from": void,
    }
    signed = keys[1].sign(_PURPOSE + strict_json.compact(content).encode()).hex()
    line = strict_json.compact({**content, "signature": signed}).encode()
    with pytest.raises(KeyLogRefused):
        KeyLog.parse(log.to_bytes() + line + b"\n")


def test_a_key_is_never_announced_twice(log: KeyLog, keys: list[PrivateKey]) -> None:
    """A key that was in use may be in a thief's hands."""
    with pytest.raises(KeyLogRefused):
        log.rotated(keys[1], keys[0].public)
    with pytest.raises(KeyLogRefused):
        KeyLog.begin(keys[0].public, keys[0].public)


@given(data=st.data())
def test_any_changed_byte_is_noticed(log: KeyLog, keys: list[PrivateKey], data: Any) -> None:
    """A changed log is refused, or is the log of another member."""
    good = log.rotated(keys[1], keys[2].public, void_from=(0, 3)).to_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != good[at]))
    try:
        changed = KeyLog.parse(good[:at] + bytes([byte]) + good[at + 1 :])
    except FormatError:
        return
    assert changed.member_id != log.member_id


@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_sentence(data: bytes) -> None:
    """Never in another error."""
    with pytest.raises(KeyLogRefused):
        KeyLog.parse(data)


@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000 + b"\n", b"\xff\n", b'{"key":"\\ud800","next":"x"}\n', b"null\n", b"\n", b"{}\n" * 501],
)
def test_odd_logs_are_refused(data: bytes) -> None:
    """Deep, not UTF-8, half characters, not objects, too many lines."""
    with pytest.raises(KeyLogRefused):
        KeyLog.parse(data)


def test_a_log_that_is_too_long_is_refused() -> None:
    """Before anything of it is read."""
    with pytest.raises(KeyLogRefused):
        KeyLog.parse(b" " * LIMITS.keylog_bytes + b"\n")


def test_the_vectors_hold(vectors: dict[str, Any]) -> None:
    """Accepted with these values, refused with these codes."""
    for vector in vectors["keylog"]["accepted"]:
        log = KeyLog.parse(vector["text"].encode())
        assert (log.member_id, log.head) == (vector["member"], vector["head"])
        assert (log.epoch, log.current.line) == (vector["epoch"], vector["current"])
        voids = [{"from": list(v.start), "before_epoch": v.end} for v in log.voids]
        assert voids == vector["voids"]
    for vector in vectors["keylog"]["refused"]:
        with pytest.raises(KeyLogRefused) as caught:
            KeyLog.parse(vector["text"].encode())
        assert caught.value.code == vector["code"], vector["name"]
