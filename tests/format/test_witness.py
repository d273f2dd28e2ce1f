"""A witness's word: one file, one form, one signature that anybody can check."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.format import sshsig, witness
from commons.format.keys import PrivateKey
from commons.format.witness import Statement, WitnessRefused

KEY = PrivateKey(bytes(range(32)))
SAID = Statement("ab" * 32, "cd" * 32, "2026-11-21T18:30:00Z", "2026-11-22T09:00:00Z")


def test_a_word_comes_back_with_its_key() -> None:
    """Reading gives what was signed, and by whom."""
    found = witness.parse(witness.sign(SAID, KEY))
    assert (found.said, found.key) == (SAID, KEY.public)
    assert found.is_about("ab" * 32) and not found.is_about("cd" * 32)


@given(st.integers(0, len(witness.sign(SAID, KEY)) - 1), st.integers(1, 255))
def test_no_changed_byte_is_accepted(at: int, by: int) -> None:
    """Whatever is changed, the word is gone."""
    data = bytearray(witness.sign(SAID, KEY))
    data[at] ^= by
    with pytest.raises(WitnessRefused):
        witness.parse(bytes(data))


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{}\n",
        SAID.to_bytes() + b"\n",
        SAID.to_bytes().replace(b'"format": 1', b'"format": 2'),
        SAID.to_bytes().replace(b'"format": 1', b'"format": true'),
        SAID.to_bytes().replace(b"2026-11-22", b"2026-13-22"),
        SAID.to_bytes().replace(b"ab", b"AB", 1),
        b"[" * 2_000,
    ],
)
def test_a_signed_text_in_another_form_is_refused(said: bytes) -> None:
    """A good signature does not make a statement of a text."""
    with pytest.raises(WitnessRefused):
        witness.parse(sshsig.sign(KEY, said, witness.NAMESPACE) + said)


def test_a_release_s_signature_is_no_witness_s_word() -> None:
    """Each namespace has its own purpose."""
    with pytest.raises(WitnessRefused):
        witness.parse(sshsig.sign(KEY, SAID.to_bytes(), sshsig.RELEASE_NAMESPACE) + SAID.to_bytes())


@pytest.mark.parametrize("data", [b"", b"x" * 20_000, b"-----END SSH SIGNATURE-----\n", b"\n" * 5])
def test_junk_is_refused_in_a_sentence(data: bytes) -> None:
    """No traceback for any bytes."""
    with pytest.raises(WitnessRefused):
        witness.parse(data)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_ssh_keygen_accepts_the_file_as_its_signature(tmp_path: Path) -> None:
    """As docs/formats.md says: the file is the signature file, its end is what was signed."""
    path = tmp_path / "a.testimonio"
    path.write_bytes(witness.sign(SAID, KEY))
    (tmp_path / "signers").write_text(f"neighbour {KEY.public.line}\n")
    command = (
        "sed '1,/END SSH/d' a.testimonio | "
        "ssh-keygen -Y verify -f signers -I neighbour -n commons-witness@v1 -s a.testimonio"
    )
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
