"""A catalogue's keys: made once, the current one kept beside the catalogue, the next one only on paper.

Does not print, and does not write the next key anywhere: who steals the laptop must not be able to rotate.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from commons.errors import InputError
from commons.format.container import read_regular
from commons.format.errors import ContainerRefused, FormatError, KeyRefused
from commons.format.keylog import KeyLog
from commons.format.keys import PrivateKey, PublicKey
from commons.messages import N_

Random = Callable[[int], bytes]  # as secrets.token_bytes
_KEY_FILE_BYTES = 16 * 1024


@dataclass(eq=False)
class KeyMissing(InputError):
    """There is no usable key beside the catalogue."""

    path: str
    template: ClassVar[str] = N_("The key of this catalogue is not at {path}, or cannot be read.")
    hint_template: ClassVar[str] = N_("Copy the .key file from the computer where the catalogue was made.")


@dataclass(eq=False)
class KeyNotOurs(InputError):
    """The key file belongs to another catalogue, or to an earlier time of this one."""

    path: str
    template: ClassVar[str] = N_("The key at {path} is not the current key of this catalogue.")
    hint_template: ClassVar[str] = N_("Look for the right .key file; it has the catalogue's name.")


@dataclass(eq=False)
class KeyExists(InputError):
    """A key file stands where a new one would be written."""

    path: str
    template: ClassVar[str] = N_("There is already a key at {path}; it is not overwritten.")
    hint_template: ClassVar[str] = N_("Give the new catalogue another name, or move that key away first.")


@dataclass(eq=False)
class OtherSheet(InputError):
    """The words make a key, but not the one that the key log announced."""

    template: ClassVar[str] = N_("These are not the words of this catalogue's newest recovery sheet.")
    hint_template: ClassVar[str] = N_(
        "Look for the sheet with the latest date: each change of the key makes a new one. Where the key was "
        "changed after this copy was made, name the newest release, too."
    )


@dataclass(eq=False)
class SheetInUse(InputError):
    """The sheet was used before: the key that it says is the one in use, so it can change nothing."""

    template: ClassVar[str] = N_(
        "This recovery sheet was used before: its key is the one in use now. With it nothing would be safer, "
        "so nothing was changed."
    )
    hint_template: ClassVar[str] = N_("Use the newest sheet: the one that was made when this one was used.")


@dataclass(eq=False)
class OldSheet(InputError):
    """The sheet is older still: its key was in use once and counts for nothing any more."""

    template: ClassVar[str] = N_(
        "This recovery sheet is of an earlier key, which counts for nothing any more; nothing was changed."
    )
    hint_template: ClassVar[str] = N_(
        "Use the newest sheet: each change of the key makes a new one. Look for the one with the latest date."
    )


@dataclass(frozen=True, slots=True)
class NewIdentity:
    """What `init` makes: the id, the first line of the key log, the key in use and the one for paper."""

    member_id: str
    keylog_bytes: bytes
    current: PrivateKey
    next: PrivateKey


def new_identity(random: Random = secrets.token_bytes) -> NewIdentity:
    """Two new keys and the member id that follows from them."""
    current, following = PrivateKey(random(32)), PrivateKey(random(32))
    log = KeyLog.begin(current.public, following.public)
    return NewIdentity(log.member_id, log.to_bytes(), current, following)


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a change of keys makes: the longer key log, the key from paper, and the next one for new paper."""

    keylog: KeyLog
    current: PrivateKey
    next: PrivateKey


def rotation(
    log: KeyLog,
    revealed: PrivateKey,
    *,
    void_from: tuple[int, int] | None = None,
    random: Random = secrets.token_bytes,
) -> Rotation:
    """Bring the key of the recovery sheet into use; whoever has only the key beside the catalogue cannot.

    Args:
        void_from: (epoch, number) from which releases were not this catalogue's own.
    Raises:
        OtherSheet: the log did not announce this key.
        KeyLogRefused: `void_from` does not lie before this change.
    """
    if revealed.public.digest != log.next_digest:
        raise OtherSheet
    following = PrivateKey(random(32))
    return Rotation(log.rotated(revealed, following.public, void_from=void_from), revealed, following)


def ever_announced(log: KeyLog) -> list[str]:
    """Digests of all keys that a sheet of this catalogue may say: the next one, and those of used sheets."""
    return [log.next_digest, *(entry.key.digest for entry in reversed(log.entries))]


def refuse_used(key: PublicKey, log: KeyLog) -> None:
    """Raises SheetInUse, OldSheet, OtherSheet: the key is not the next one."""
    if key == log.current:
        raise SheetInUse
    if any(entry.key == key for entry in log.entries):
        raise OldSheet
    if key.digest != log.next_digest:
        raise OtherSheet


def key_path(catalogue: Path) -> Path:
    """Where the current key of a catalogue lies: `<stem>.key` beside it."""
    return catalogue.with_suffix(".key")


def save(path: Path, key: PrivateKey) -> None:
    """Write the OpenSSH private key file; readable by its owner only where the system knows owners.

    Raises:
        KeyExists: nothing is ever overwritten here: a lost key is lost for good.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError as error:
        raise KeyExists(str(path)) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.to_openssh())
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)  # of a full disk: half a key would stand in the way of the next one
        raise


def replace(path: Path, key: PrivateKey) -> None:
    """Put `key` in the place of the one that it follows, whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    save(fresh, key)
    try:
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def load(path: Path) -> PrivateKey:
    """Read a key file.

    Raises:
        KeyMissing: not there, or not an OpenSSH Ed25519 key without passphrase.
    """
    try:
        return PrivateKey.from_openssh(read_regular(path, _KEY_FILE_BYTES))
    except (ContainerRefused, KeyRefused, FormatError) as error:
        raise KeyMissing(str(path)) from error


def load_for(path: Path, log: KeyLog) -> PrivateKey:
    """The key at `path`, which must be the one in use according to the key log.

    Raises:
        KeyMissing, KeyNotOurs.
    """
    key = load(path)
    if key.public != log.current:
        raise KeyNotOurs(str(path))
    return key
