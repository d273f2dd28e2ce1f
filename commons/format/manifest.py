"""release.json: what is signed. Does no I/O and trusts nothing else of the release.

Its one form: JSON with sorted keys, two spaces, UTF-8, one newline at the end. The **release digest** is the
SHA-256 of these bytes, whatever container they travel in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NoReturn

from commons.addresses import MEMBER_ID, TYPE_NAME
from commons.format import strict_json
from commons.format.errors import ManifestRefused
from commons.format.limits import LIMITS
from commons.messages import N_

FORMAT = 1
SIGNED_FILES = ("catalogue.db", "keylog.jsonl")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_SCHEMA = re.compile(r"[0-9]{1,4}(-draft\.[0-9]{1,4})?\Z")
_LICENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,63}\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\Z")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")
_NOT_DIGITS = re.compile("[-T:Z]")
_KEYS = {
    "content_root", "counts", "epoch", "files", "format", "issued_at", "keylog_head", "language", "licence",
    "member", "number", "previous", "schema", "valid_until",
}  # fmt: skip


def release_digest(data: bytes) -> str:
    """The name of a release: SHA-256 of release.json's bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class FileEntry:
    """Size in bytes and SHA-256 (hexadecimal) of one file beside release.json."""

    size: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> FileEntry:
        return cls(len(data), hashlib.sha256(data).hexdigest())


@dataclass(frozen=True, slots=True)
class Manifest:
    """One release. Digests are hexadecimal; instants are texts `YYYY-MM-DDTHH:MM:SSZ`."""

    member: str
    keylog_head: str
    epoch: int
    number: int
    previous: tuple[str, ...]  # releases that this one follows: one, none, or several to heal a fork
    schema: str
    licence: str
    language: str
    issued_at: str
    valid_until: str
    content_root: str
    files: Mapping[str, FileEntry]
    counts: Mapping[str, int]  # record type → records of it
    format: int = FORMAT

    @property
    def version(self) -> tuple[int, int]:
        """What orders the releases of one member; never a clock."""
        return self.epoch, self.number

    @property
    def digest(self) -> str:
        return release_digest(self.to_bytes())

    def to_bytes(self) -> bytes:
        """The one form. Raises ManifestRefused where a value would not be accepted on reading."""
        content: dict[str, Any] = {name: getattr(self, name) for name in _KEYS}
        content["previous"] = list(self.previous)
        content["files"] = {n: {"sha256": f.sha256, "size": f.size} for n, f in self.files.items()}
        content["counts"] = dict(self.counts)
        data = strict_json.pretty(content)
        _check(content)
        return data

    @staticmethod
    def parse(data: bytes) -> Manifest:
        """Check release.json's bytes.

        Raises:
            ManifestRefused: not exactly in its one form, or a value is impossible.
        """
        return _parsed(data)

    @classmethod
    def _read(cls, data: bytes) -> Manifest:
        if len(data) > LIMITS.manifest_bytes:
            raise ManifestRefused("release.json", N_("it is too long"))
        try:
            content = strict_json.read(data)
        except strict_json.NotStrict as error:
            raise ManifestRefused("release.json", str(error)) from error
        if not isinstance(content, dict):
            _refuse("release.json", N_("it is not an object"))
        _check(content)
        if strict_json.pretty(content) != data:
            _refuse("release.json", N_("the same content is written otherwise"))
        files = {name: FileEntry(f["size"], f["sha256"]) for name, f in content["files"].items()}
        return cls(**{**content, "previous": tuple(content["previous"]), "files": files})


@lru_cache(maxsize=2_048)
def _parsed(data: bytes) -> Manifest:
    """Remembered: a merge asks for each of its releases' several times."""
    return Manifest._read(data)


def _refuse(key: str, reason: str) -> NoReturn:
    raise ManifestRefused(key, reason)


def _check(content: Mapping[str, Any]) -> None:
    format_version = content.get("format")
    if type(format_version) is not int or format_version != FORMAT:
        _refuse("format", N_("it is of a version that this program does not know; install a newer one"))
    for key in sorted(content.keys() ^ _KEYS):
        _refuse(key if key.isidentifier() else "…", N_("it lacks, or should not be there"))
    _text(content, "member", MEMBER_ID)
    for key in ("keylog_head", "content_root"):
        _text(content, key, _DIGEST)
    _text(content, "schema", _SCHEMA)
    _text(content, "licence", _LICENCE)
    _text(content, "language", _LANGUAGE)
    _whole(content, "epoch", least=0, most=LIMITS.keylog_entries)
    _whole(content, "number", least=1, most=LIMITS.number)
    issued, valid = _instant(content, "issued_at"), _instant(content, "valid_until")
    if valid <= issued:
        _refuse("valid_until", N_("it is not after issued_at"))
    _previous(content["previous"])
    _files(content["files"])
    _counts(content["counts"])


def _text(content: Mapping[str, Any], key: str, pattern: re.Pattern[str]) -> None:
    if not isinstance(content[key], str) or pattern.match(content[key]) is None:
        _refuse(key, N_("it is not written as it should be"))


def _whole(content: Mapping[str, Any], key: str, *, least: int, most: int) -> None:
    if type(content[key]) is not int or not least <= content[key] <= most:
        _refuse(key, N_("it is not a whole number within its limits"))


def _instant(content: Mapping[str, Any], key: str) -> datetime:
    _text(content, key, _INSTANT)
    try:
        year, month, day, hour, minute, second = map(int, _NOT_DIGITS.split(content[key])[:6])
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise ManifestRefused(key, N_("it is not a date that exists")) from error


def _previous(value: Any) -> None:
    if not isinstance(value, list) or len(value) > LIMITS.previous_digests:
        _refuse("previous", N_("it is not a short list"))
    if not all(isinstance(d, str) and _DIGEST.match(d) for d in value) or value != sorted(set(value)):
        _refuse("previous", N_("it is not a sorted list of different digests"))


def _files(value: Any) -> None:
    if not isinstance(value, dict) or value.keys() != set(SIGNED_FILES):
        _refuse("files", N_("it names other files than catalogue.db and keylog.jsonl"))
    for name, most in zip(SIGNED_FILES, (LIMITS.catalogue_bytes, LIMITS.keylog_bytes), strict=True):
        entry = value[name]
        if not isinstance(entry, dict) or entry.keys() != {"sha256", "size"}:
            _refuse("files", N_("a file has a size and a sha256, nothing else"))
        _text(entry, "sha256", _DIGEST)
        _whole(entry, "size", least=1, most=most)


def _counts(value: Any) -> None:
    if not isinstance(value, dict) or len(value) > LIMITS.record_types:
        _refuse("counts", N_("it is not a short object"))
    for name, count in value.items():
        if TYPE_NAME.match(name) is None or type(count) is not int or not 1 <= count <= LIMITS.records:
            _refuse("counts", N_("it counts something impossible"))
