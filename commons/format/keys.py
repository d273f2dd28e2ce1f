"""Ed25519 keys and their OpenSSH forms. Keeps no key anywhere; that is `release.keys`.

`cryptography` accepts public keys of low order, under which anybody can forge signatures; they are refused
here, where a key is first read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_ssh_private_key,
)

from commons.format.errors import KeyRefused
from commons.messages import N_

ALGORITHM = "ssh-ed25519"
_P = 2**255 - 19
_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_LOW_ORDER_Y = {0, 1, _P - 1, _ORDER_8, _P - _ORDER_8}


def ssh_string(data: bytes) -> bytes:
    """A length of four bytes and the data: what OpenSSH calls a string."""
    return struct.pack(">I", len(data)) + data


@dataclass(frozen=True, slots=True)
class PublicKey:
    """32 bytes that name a point of large order.

    Raises:
        KeyRefused: wrong length, not the one encoding of its point, or of low order.
    """

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != 32:
            raise KeyRefused(N_("a public key has 32 bytes"))
        y = int.from_bytes(self.raw, "little") & (2**255 - 1)
        if y >= _P or y in _LOW_ORDER_Y:
            raise KeyRefused(N_("anybody could sign for it (low order)"))

    @property
    def blob(self) -> bytes:
        """As OpenSSH encodes it."""
        return ssh_string(ALGORITHM.encode()) + ssh_string(self.raw)

    @property
    def line(self) -> str:
        """`ssh-ed25519 AAAA…`, as in an allowed_signers file."""
        return f"{ALGORITHM} {base64.b64encode(self.blob).decode()}"

    @property
    def digest(self) -> str:
        """SHA-256 of the 32 bytes, in hexadecimal: how a key is announced before it is shown."""
        return hashlib.sha256(self.raw).hexdigest()

    @classmethod
    def from_line(cls, line: str) -> PublicKey:
        """Raises KeyRefused unless `line` is exactly what `.line` gives."""
        algorithm, _, encoded = line.partition(" ")
        try:
            blob = base64.b64decode(encoded.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError) as error:
            raise KeyRefused(N_("it is not an ssh-ed25519 line")) from error
        key = cls(blob[-32:])
        if algorithm != ALGORITHM or key.line != line:
            raise KeyRefused(N_("it is not an ssh-ed25519 line"))
        return key

    def accepts(self, signature: bytes, data: bytes) -> bool:
        """Whether `signature` (64 bytes) is this key's over `data`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, repr=False)
class PrivateKey:
    """32 secret bytes. Never shown by `repr`, so that no log or traceback tells them."""

    seed: bytes

    def __post_init__(self) -> None:
        if len(self.seed) != 32:
            raise KeyRefused(N_("a private key has 32 bytes"))

    def __repr__(self) -> str:
        return "PrivateKey(…)"

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def public(self) -> PublicKey:
        return PublicKey(self._key().public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """64 bytes; the same for the same data."""
        return self._key().sign(data)

    def to_openssh(self) -> bytes:
        """The file that `ssh-keygen` reads; not encrypted."""
        return self._key().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())

    @classmethod
    def from_openssh(cls, data: bytes) -> PrivateKey:
        """Raises KeyRefused: damaged, encrypted, or not Ed25519."""
        try:
            key = load_ssh_private_key(data, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyRefused(N_("it is not a plain OpenSSH private key")) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyRefused(N_("it is not Ed25519"))
        return cls(key.private_bytes_raw())
