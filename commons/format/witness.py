"""A witness's word: "I merged this lock again, and this is its root", signed. Does no I/O, merges nothing.

One small file (`.testimonio`): an OpenSSH signature, and after it what was signed, JSON in its one form. The
signature comes first since `ssh-keygen -Y verify -s` reads to its end and no further: the file is the
signature file, and what follows is what it is checked against.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from commons.format import sshsig, strict_json
from commons.format.errors import FormatError
from commons.format.instants import instant, moment
from commons.format.keys import PrivateKey, PublicKey
from commons.messages import N_

NAMESPACE = "commons-witness@v1"
SUFFIX = ".testimonio"
FORMAT = 1
MAX_BYTES = 16 * 1024
_BEGIN = b"-----BEGIN SSH SIGNATURE-----\n"
_END = b"-----END SSH SIGNATURE-----\n"
_KEYS = {"as_of", "format", "lock", "root", "witnessed_at"}
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(eq=False)
class WitnessRefused(FormatError):
    """A file is no witness's word, or its signature does not hold."""

    reason: str
    code: ClassVar[str] = "E_WITNESS"
    template: ClassVar[str] = N_("This is not a witness's word: {reason}.")


@dataclass(frozen=True, slots=True)
class Statement:
    """What a witness signs. `lock`: SHA-256 of commons.lock; `root`: of the pool that came of it; both hex.

    `as_of` is the lock's moment, `witnessed_at` when the witness merged; `YYYY-MM-DDTHH:MM:SSZ`.
    """

    lock: str
    root: str
    as_of: str
    witnessed_at: str

    def to_bytes(self) -> bytes:
        """The one form: JSON, sorted keys, two spaces, one newline at the end."""
        return strict_json.pretty({**asdict(self), "format": FORMAT})


@dataclass(frozen=True, slots=True)
class Witness:
    """A statement whose signature holds, and by which key."""

    said: Statement
    key: PublicKey

    def is_about(self, lock: str) -> bool:
        return self.said.lock == lock


def lock_digest(lock: bytes) -> str:
    """The name of a lock: SHA-256 of its one text, in hexadecimal."""
    return hashlib.sha256(lock).hexdigest()


def sign(statement: Statement, key: PrivateKey) -> bytes:
    """The file's bytes; the same for the same key and statement."""
    said = statement.to_bytes()
    _statement(said)
    return sshsig.sign(key, said, NAMESPACE) + said


def parse(data: bytes) -> Witness:
    """Check a witness's file.

    Raises:
        WitnessRefused: not exactly what `sign` writes, or changed since.
    """
    if len(data) > MAX_BYTES:
        raise WitnessRefused(N_("it is too long"))
    end = data.find(_END) + len(_END)
    if end < len(_END):
        raise WitnessRefused(N_("there is no signature in it"))
    signature, said = data[:end], data[end:]
    try:
        key = sshsig.signer(signature)
        sshsig.verify(signature, said, NAMESPACE, key)
    except FormatError as error:
        raise WitnessRefused(N_("its signature does not hold")) from error
    return Witness(_statement(said), key)


def split(data: bytes) -> list[bytes]:
    """Each of several files that stand one after the other, as a portal publishes them.

    Raises WitnessRefused.
    """
    parts = data.split(_BEGIN)
    if parts[0] or len(parts) < 2:
        raise WitnessRefused(N_("there is no signature in it"))
    return [_BEGIN + part for part in parts[1:]]


def parse_all(data: bytes) -> list[Witness]:
    """Several files, one after the other. Raises WitnessRefused."""
    return [parse(one) for one in split(data)]


def _statement(data: bytes) -> Statement:
    try:
        content = strict_json.read(data)
    except strict_json.NotStrict as error:
        raise WitnessRefused(str(error)) from error
    if not isinstance(content, dict) or content.keys() != _KEYS or not _is_sound(content):
        raise WitnessRefused(N_("it is not written as it should be"))
    if strict_json.pretty(content) != data:
        raise WitnessRefused(N_("the same content is written otherwise"))
    del content["format"]
    return Statement(**content)


def _is_sound(content: Mapping[str, Any]) -> bool:
    if type(content["format"]) is not int or content["format"] != FORMAT:
        return False
    texts = [content[name] for name in sorted(_KEYS - {"format"})]
    if not all(isinstance(text, str) for text in texts):
        return False
    if not all(_DIGEST.match(content[name]) for name in ("lock", "root")):
        return False
    try:
        for name in ("as_of", "witnessed_at"):
            if instant(moment(content[name])) != content[name]:
                return False
    except ValueError:
        return False
    return True
