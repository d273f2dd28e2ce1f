"""OpenSSH signatures, byte for byte what `ssh-keygen -Y sign` writes. Ed25519 and SHA-512 only.

So that anybody can check a release with a program that nearly every computer has. Source: PROTOCOL.sshsig of
OpenSSH.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct

from commons.format.errors import SignatureRefused
from commons.format.keys import ALGORITHM, PrivateKey, PublicKey, ssh_string
from commons.messages import N_

RELEASE_NAMESPACE = "commons-release@v1"
_MAGIC = b"SSHSIG"
_HASH = b"sha512"
_BEGIN = "-----BEGIN SSH SIGNATURE-----"
_END = "-----END SSH SIGNATURE-----"
_WIDTH = 70


def _signed(data: bytes, namespace: str) -> bytes:
    digest = hashlib.sha512(data).digest()
    return _MAGIC + b"".join(map(ssh_string, (namespace.encode(), b"", _HASH, digest)))


def _armoured(public: PublicKey, namespace: str, signature: bytes) -> bytes:
    parts = (
        public.blob,
        namespace.encode(),
        b"",
        _HASH,
        ssh_string(ALGORITHM.encode()) + ssh_string(signature),
    )
    blob = _MAGIC + struct.pack(">I", 1) + b"".join(map(ssh_string, parts))
    text = base64.b64encode(blob).decode()
    lines = [text[i : i + _WIDTH] for i in range(0, len(text), _WIDTH)]
    return ("\n".join([_BEGIN, *lines, _END]) + "\n").encode()


def sign(key: PrivateKey, data: bytes, namespace: str = RELEASE_NAMESPACE) -> bytes:
    """The signature file's bytes; the same for the same key, data and namespace."""
    return _armoured(key.public, namespace, key.sign(_signed(data, namespace)))


def signer(signature: bytes) -> PublicKey:
    """The key that a signature names; `verify` says whether it is that key's.

    Raises:
        SignatureRefused: not a signature by an Ed25519 key. KeyRefused: a key that nobody should accept.
    """
    try:
        blob = base64.b64decode(b"".join(signature.split(b"\n")[1:-2]), validate=True)
    except binascii.Error as error:
        raise SignatureRefused(N_("it is not an SSH signature")) from error
    start = len(_MAGIC) + 8 + 4 + len(ALGORITHM) + 4  # magic, version, length of the key; its two strings
    return PublicKey(blob[start : start + 32])


def verify(signature: bytes, data: bytes, namespace: str, public: PublicKey) -> None:
    """Accept `signature` over `data`, or say why not.

    Strict: the bytes must be the one form of a signature by this key in this namespace.

    Raises:
        SignatureRefused.
    """
    lines = signature.split(b"\n")
    if lines[0] != _BEGIN.encode() or lines[-2:] != [_END.encode(), b""]:
        raise SignatureRefused(N_("it is not an SSH signature"))
    try:
        blob = base64.b64decode(b"".join(lines[1:-2]), validate=True)
    except binascii.Error as error:
        raise SignatureRefused(N_("it is not an SSH signature")) from error
    if len(blob) < 64 or _armoured(public, namespace, blob[-64:]) != signature:
        raise SignatureRefused(N_("it was made with another key or for another purpose"))
    if not public.accepts(blob[-64:], _signed(data, namespace)):
        raise SignatureRefused(N_("what was signed has been changed"))
