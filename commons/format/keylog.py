"""The history of a catalogue's keys, one JSON object a line. Pure: knows no file, clock or policy.

The first line, {key, hash of the next key}, makes the member id. Each further line reveals the key that the
line before announced, announces the next and is signed by the revealed key: whoever steals the key in use
cannot rotate (the next one lies on paper), and whoever sees a rotation cannot write another in its place.

    {"key":"ssh-ed25519 AAAA…","next":"<sha256 of the next public key's 32 bytes>"}
    {"key":…,"next":…,"previous":"<sha256 of the line before>","signature":"<128 hex>","void_from":[0,7]}

`void_from` (only in a recovery): releases and withdrawals of this member from that (epoch, number) on, up to
this line, were not its own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

from commons.addresses import member_id_of
from commons.format import strict_json
from commons.format.errors import KeyLogRefused, KeyRefused, PreRotationBroken
from commons.format.keys import PrivateKey, PublicKey
from commons.format.limits import LIMITS
from commons.messages import N_

_HEX_64 = re.compile(r"[0-9a-f]{64}\Z")
_HEX_128 = re.compile(r"[0-9a-f]{128}\Z")
_PURPOSE = b"commons-keylog@v1\n"  # so that a signature here can never serve as one over something else
_FIRST = {"key", "next"}
_LATER = {"key", "next", "previous", "signature"}


@dataclass(frozen=True, slots=True)
class Void:
    """Releases at or after `start` and before epoch `end` were not this member's."""

    start: tuple[int, int]
    end: int

    def covers(self, epoch: int, number: int) -> bool:
        return self.start <= (epoch, number) and epoch < self.end


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: its bytes (without line end), the key in use from here on, the next one's digest."""

    line: bytes
    key: PublicKey
    next_digest: str
    void_from: tuple[int, int] | None = None

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.line).hexdigest()


@dataclass(frozen=True, slots=True)
class KeyLog:
    """A checked key log. `parse` and the functions that extend it are the only ways to one."""

    entries: tuple[Entry, ...]

    @property
    def member_id(self) -> str:
        return member_id_of(self.entries[0].line)

    @property
    def head(self) -> str:
        """SHA-256 of the last line, in hexadecimal: names the whole log."""
        return self.entries[-1].digest

    @property
    def current(self) -> PublicKey:
        return self.entries[-1].key

    @property
    def next_digest(self) -> str:
        return self.entries[-1].next_digest

    @property
    def epoch(self) -> int:
        """How often the key was changed."""
        return len(self.entries) - 1

    @property
    def voids(self) -> tuple[Void, ...]:
        return tuple(Void(e.void_from, n) for n, e in enumerate(self.entries) if e.void_from is not None)

    def is_void(self, epoch: int, number: int) -> bool:
        """Whether the member says that this release was not its own."""
        return any(void.covers(epoch, number) for void in self.voids)

    def at_head(self, head: str) -> KeyLog | None:
        """The log as it was when `head` was its head; None if it never was."""
        for n, entry in enumerate(self.entries, start=1):
            if entry.digest == head:
                return KeyLog(self.entries[:n])
        return None

    def extends(self, older: KeyLog) -> bool:
        """Whether `older` is this log or its beginning."""
        return self.entries[: len(older.entries)] == older.entries

    def to_bytes(self) -> bytes:
        return b"".join(entry.line + b"\n" for entry in self.entries)

    @classmethod
    def begin(cls, current: PublicKey, next_key: PublicKey) -> KeyLog:
        """The log of a new catalogue."""
        if current == next_key:
            raise KeyLogRefused(1, N_("the next key is the same as the current one"))
        line = strict_json.compact({"key": current.line, "next": next_key.digest}).encode()
        return cls((Entry(line, current, next_key.digest),))

    def rotated(
        self, revealed: PrivateKey, next_key: PublicKey, *, void_from: tuple[int, int] | None = None
    ) -> KeyLog:
        """This log with one line more: `revealed` (from the recovery sheet) comes into use.

        Raises:
            PreRotationBroken: `revealed` is not the announced key.
            KeyLogRefused: the line would not be accepted by `parse`.
        """
        content: dict[str, Any] = {
            "key": revealed.public.line,
            "next": next_key.digest,
            "previous": self.head,
            **({} if void_from is None else {"void_from": list(void_from)}),
        }
        content["signature"] = revealed.sign(_PURPOSE + strict_json.compact(content).encode()).hex()
        return KeyLog.parse(self.to_bytes() + strict_json.compact(content).encode() + b"\n")

    @staticmethod
    def parse(data: bytes) -> KeyLog:
        """Check a whole key log.

        Raises:
            KeyLogRefused: not exactly in the form above, a broken chain, or a wrong signature.
            PreRotationBroken: a line reveals another key than the one announced before it.
        """
        return _parsed(data)

    @classmethod
    def _read(cls, data: bytes) -> KeyLog:
        if len(data) > LIMITS.keylog_bytes:
            raise KeyLogRefused(1, N_("it is too long"))
        if not data.endswith(b"\n"):
            raise KeyLogRefused(data.count(b"\n") + 1, N_("its last line has no end"))
        lines = data[:-1].split(b"\n")
        if len(lines) > LIMITS.keylog_entries:
            raise KeyLogRefused(len(lines), N_("it is too long"))
        entries: list[Entry] = []
        for n, line in enumerate(lines, start=1):
            content = _content(n, line)
            entries.append(_later(n, line, content, entries) if entries else _first(n, line, content))
        return cls(tuple(entries))


@lru_cache(maxsize=2_048)
def _parsed(data: bytes) -> KeyLog:
    """Remembered: a merge asks for each of its members' several times."""
    return KeyLog._read(data)


def _refuse(n: int, reason: str) -> NoReturn:
    raise KeyLogRefused(n, reason)


def _content(n: int, line: bytes) -> Mapping[str, Any]:
    try:
        content = strict_json.read(line)
    except strict_json.NotStrict as error:
        raise KeyLogRefused(n, str(error)) from error
    if not isinstance(content, dict):
        _refuse(n, N_("it is not an object"))
    try:
        if strict_json.compact(content).encode() != line:
            _refuse(n, N_("the same content is written otherwise"))
    except UnicodeEncodeError as error:  # a lone surrogate, written as an escape
        raise KeyLogRefused(n, N_("it is not UTF-8")) from error
    return content


def _key(n: int, content: Mapping[str, Any]) -> PublicKey:
    line = content["key"]
    if not isinstance(line, str):
        _refuse(n, N_("its key is not text"))
    try:
        return PublicKey.from_line(line)
    except KeyRefused as error:
        raise KeyLogRefused(n, error.reason) from error


def _hex(n: int, content: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = content[name]
    if not isinstance(value, str) or pattern.match(value) is None:
        _refuse(n, N_("a digest or signature in it is not hexadecimal"))
    return value


def _first(n: int, line: bytes, content: Mapping[str, Any]) -> Entry:
    if content.keys() != _FIRST:
        _refuse(n, N_("it has other keys than it may have"))
    key, next_digest = _key(n, content), _hex(n, content, "next", _HEX_64)
    if key.digest == next_digest:
        _refuse(n, N_("the next key is the same as the current one"))
    return Entry(line, key, next_digest)


def _later(n: int, line: bytes, content: Mapping[str, Any], before: list[Entry]) -> Entry:
    if content.keys() - {"void_from"} != _LATER:
        _refuse(n, N_("it has other keys than it may have"))
    key, next_digest = _key(n, content), _hex(n, content, "next", _HEX_64)
    if _hex(n, content, "previous", _HEX_64) != before[-1].digest:
        _refuse(n, N_("it does not follow the line before it"))
    if key.digest != before[-1].next_digest:
        raise PreRotationBroken(n, N_("it was not announced by the line before it"))
    if next_digest in {key.digest, *(entry.key.digest for entry in before)}:
        _refuse(n, N_("it announces a key that was used before"))
    unsigned = {name: value for name, value in content.items() if name != "signature"}
    signature = bytes.fromhex(_hex(n, content, "signature", _HEX_128))
    if not key.accepts(signature, _PURPOSE + strict_json.compact(unsigned).encode()):
        _refuse(n, N_("its signature does not fit"))
    return Entry(line, key, next_digest, _void_from(n, content, epoch=len(before)))


def _void_from(n: int, content: Mapping[str, Any], *, epoch: int) -> tuple[int, int] | None:
    if "void_from" not in content:
        return None
    value = content["void_from"]
    if not (isinstance(value, list) and len(value) == 2 and all(type(part) is int for part in value)):
        _refuse(n, N_("void_from is not [epoch, number]"))
    if not (0 <= value[0] < epoch and 0 <= value[1] <= LIMITS.number):
        _refuse(n, N_("void_from does not lie before this line"))
    return value[0], value[1]
