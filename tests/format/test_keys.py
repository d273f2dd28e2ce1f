"""Keys as OpenSSH writes them, signatures as `ssh-keygen` makes and checks them, keys as words."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.folding import folded
from commons.format import sshsig, words
from commons.format.errors import KeyRefused, SignatureRefused, WordsRefused
from commons.format.keys import PrivateKey, PublicKey

NAMESPACE = sshsig.RELEASE_NAMESPACE
needs_ssh_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
seeds = st.binary(min_size=32, max_size=32)


def ssh_keygen(folder: Path, *arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["ssh-keygen", *arguments], cwd=folder, input=data, capture_output=True, check=False
    )


@needs_ssh_keygen
def test_our_signature_is_byte_for_byte_that_of_ssh_keygen(tmp_path: Path, keys: list[PrivateKey]) -> None:
    """And a key file of ours is one for `ssh-keygen`."""
    (tmp_path / "key").touch(mode=0o600)
    (tmp_path / "key").write_bytes(keys[0].to_openssh())
    (tmp_path / "data").write_bytes(b"Hola\n")
    done = ssh_keygen(tmp_path, "-Y", "sign", "-f", "key", "-n", NAMESPACE, "data")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data.sig").read_bytes() == sshsig.sign(keys[0], b"Hola\n")


@needs_ssh_keygen
def test_ssh_keygen_accepts_our_signature_and_refuses_other_data(
    tmp_path: Path, keys: list[PrivateKey]
) -> None:
    """Anybody can check a release without this program."""
    (tmp_path / "signers").write_text(f"k3v7 {keys[0].public.line}\n")
    (tmp_path / "sig").write_bytes(sshsig.sign(keys[0], b"Hola\n"))
    verify = ("-Y", "verify", "-f", "signers", "-I", "k3v7", "-n", NAMESPACE, "-s", "sig")
    assert ssh_keygen(tmp_path, *verify, data=b"Hola\n").returncode == 0
    assert ssh_keygen(tmp_path, *verify, data=b"Hole\n").returncode != 0


@needs_ssh_keygen
def test_a_key_that_ssh_keygen_made_is_read(tmp_path: Path) -> None:
    """And its public line is the same."""
    ssh_keygen(tmp_path, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "key")
    key = PrivateKey.from_openssh((tmp_path / "key").read_bytes())
    assert key.public.line == (tmp_path / "key.pub").read_text().strip()


@needs_ssh_keygen
@pytest.mark.parametrize("kind", [("rsa", ""), ("ecdsa", ""), ("ed25519", "a passphrase")])
def test_other_keys_are_refused_in_a_sentence(tmp_path: Path, kind: tuple[str, str]) -> None:
    """Other algorithms, and keys that are locked with a passphrase."""
    ssh_keygen(tmp_path, "-q", "-t", kind[0], "-N", kind[1], "-f", "key")
    with pytest.raises(KeyRefused):
        PrivateKey.from_openssh((tmp_path / "key").read_bytes())


@pytest.mark.parametrize("y", ["00", "01", "ecff", "26e8", "c717", "edff", "eeff"])
@pytest.mark.parametrize("sign", [0, 0x80])
def test_keys_for_which_anybody_could_sign_are_refused(y: str, sign: int) -> None:
    """The points of low order, with both signs, and encodings beyond the field."""
    encodings = {
        "00": bytes(32),
        "01": b"\x01" + bytes(31),
        "ecff": b"\xec" + b"\xff" * 30 + b"\x7f",
        "26e8": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        "c717": bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        "edff": b"\xed" + b"\xff" * 30 + b"\x7f",
        "eeff": b"\xee" + b"\xff" * 30 + b"\x7f",
    }
    raw = encodings[y]
    with pytest.raises(KeyRefused):
        PublicKey(raw[:31] + bytes([raw[31] | sign]))


@given(seeds)
def test_keys_survive_their_files_lines_and_words(seed: bytes) -> None:
    """OpenSSH file, public line and 24 words each give the key back."""
    key = PrivateKey(seed)
    assert PrivateKey.from_openssh(key.to_openssh()) == key
    assert PublicKey.from_line(key.public.line) == key.public
    assert words.from_words(words.to_words(key)) == key
    assert seed.hex() not in repr(key) and repr(seed) not in repr(key)


@given(seeds, st.binary(max_size=40), st.data())
def test_a_changed_signature_is_refused(seed: bytes, data: bytes, draw: Any) -> None:
    """Whichever byte of the file is another."""
    key = PrivateKey(seed)
    good = sshsig.sign(key, data)
    sshsig.verify(good, data, NAMESPACE, key.public)
    at = draw.draw(st.integers(0, len(good) - 1))
    changed = (
        good[:at] + bytes([draw.draw(st.integers(0, 255).filter(lambda b: b != good[at]))]) + good[at + 1 :]
    )
    with pytest.raises(SignatureRefused):
        sshsig.verify(changed, data, NAMESPACE, key.public)


@given(st.binary(max_size=400))
def test_any_bytes_as_a_signature_end_in_a_sentence(signature: bytes) -> None:
    """Never in another error."""
    key = PrivateKey(bytes(32))
    with pytest.raises(SignatureRefused):
        sshsig.verify(signature, b"", NAMESPACE, key.public)


def test_a_signature_holds_for_its_purpose_and_key_only(keys: list[PrivateKey]) -> None:
    """Another namespace or key is refused."""
    signature = sshsig.sign(keys[0], b"x", "something-else")
    for namespace, key in ((NAMESPACE, keys[0]), ("something-else", keys[1])):
        with pytest.raises(SignatureRefused):
            sshsig.verify(signature, b"x", namespace, key.public)


def test_words_are_forgiving_about_accents_case_and_endings(keys: list[PrivateKey]) -> None:
    """What matters is the first four letters, as BIP-39 promises; numbers and commas are skipped."""
    good = words.to_words(keys[0])
    sloppy = [folded(word)[:4].upper() for word in good]
    assert words.from_words(sloppy) == keys[0]
    typed = "\n".join(f"{n}. {word}," for n, word in enumerate(good, start=1))
    assert words.from_words(words.split(typed)) == keys[0]
    assert words.same_word(" ÁBACO ", "ábaco") and not words.same_word("abaco", "abdomen")


@pytest.mark.parametrize(
    "spoil",
    [lambda w: w[:-1], lambda w: [*w, w[0]], lambda w: ["qwerty", *w[1:]], lambda w: [w[1], w[0], *w[2:]]],
)
def test_wrong_words_are_refused(keys: list[PrivateKey], spoil: Any) -> None:
    """One missing, one too many, one unknown, two that changed places."""
    with pytest.raises(WordsRefused):
        words.from_words(spoil(list(words.to_words(keys[0]))))


def test_the_vectors_hold(vectors: dict[str, Any]) -> None:
    """Lines, words and signatures of the keys that anybody can recompute."""
    for vector in vectors["keys"]:
        key = PrivateKey(hashlib.sha256(vector["from"].encode()).digest())
        assert key.public.line == vector["public"] and key.public.digest == vector["public_digest"]
        assert " ".join(words.to_words(key)) == vector["words"]
        assert " ".join(words.fingerprint_words(key.public)) == vector["fingerprint"]
        signature = sshsig.sign(key, vector["signed"].encode(), vector["namespace"])
        assert signature.decode() == vector["signature"]
