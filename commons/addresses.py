"""Names of records: addresses, tombstones, short public codes. Knows no database.

`<member id>/<type>/<record id>` is a record's global name; only its own catalogue can issue it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from commons.errors import InputError
from commons.messages import N_

MEMBER_ID = re.compile(r"[a-z2-7]{26}\Z")
TYPE_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}\Z")
RECORD_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
SHORT_LENGTH = 8
_ACCENTS = re.compile("[\u0300-\u036f]+")
_RESERVED = re.compile(r"con|prn|aux|nul|(?:com|lpt)[0-9]")
_NOT_SLUG = re.compile("[^a-z0-9]+")
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [a + b for a in _LETTERS for b in _LETTERS]  # ten bits at a time: a merge makes a million codes
SHORTEST_PREFIX = 4


@dataclass(eq=False)
class NotAnAddress(InputError):
    """The text is not `<member id>/<type>/<record id>`."""

    text: str
    template: ClassVar[str] = N_("«{text}» is not the address of a record.")
    hint_template: ClassVar[str] = N_(
        "An address has three parts, as in k3v7…/service/dental-clinic; copy it from the record's page."
    )


class Address(NamedTuple):
    """A record's global name. `str(address)` is its text; order is that of the texts' parts."""

    member: str
    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.member}/{self.type}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Raises NotAnAddress."""
        parts = text.split("/")
        if (
            len(parts) != 3
            or not MEMBER_ID.match(parts[0])
            or not TYPE_NAME.match(parts[1])
            or not RECORD_ID.match(parts[2])
        ):
            raise NotAnAddress(text)
        return cls(*parts)


def base32(data: bytes) -> str:
    """Lower case, without padding."""
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()


def member_id_of(first_entry: bytes) -> str:
    """The 26 characters that name a catalogue: from the hash of its first key-log entry's bytes."""
    return base32(hashlib.sha256(first_entry).digest())[:26]


def tombstone(address: str) -> str:
    """52 characters that stand for a withdrawn address without telling it."""
    return base32(tombstone_digest(address))


def tombstone_digest(address: str) -> bytes:
    """The 32 bytes whose text is the tombstone: quicker, for who compares many."""
    return hashlib.sha256(b"\x02" + address.encode()).digest()


def short_code(address: str) -> str:
    """The 8 characters that stand in a public link.

    They begin the tombstone, so that the link of a withdrawn record can answer "withdrawn" (410) though
    nothing but its tombstone is kept.
    """
    return short_of(tombstone_digest(address))


def short_of(digest: bytes) -> str:
    """The short code of the address whose tombstone's 32 bytes are given."""
    n = int.from_bytes(digest[:5], "big")
    return _PAIRS[n >> 30] + _PAIRS[n >> 20 & 1023] + _PAIRS[n >> 10 & 1023] + _PAIRS[n & 1023]


def file_stem(title: str, *, longest: int = 60) -> str:
    """A file's name without ending, out of what something is called; none that Windows keeps for itself."""
    stem = slug(title, longest=longest) or "catalogo"
    return f"catalogo-{stem}" if _RESERVED.fullmatch(stem) else stem


def _slugged(text: str) -> str:
    """The letters and figures of `text` in lower case without accents, "-" between words; of any script."""
    plain = text.casefold()
    if not plain.isascii():
        plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", plain))
    return _NOT_SLUG.sub("-", plain).strip("-")


def _slug_table() -> bytes:
    """For each byte of Latin-1: its letter or figure in a slug, a space, or 0 where it becomes several."""
    found = [_slugged(chr(code)) or " " for code in range(256)]
    return bytes(ord(one) if len(one) == 1 else 0 for one in found)


_SLUG = _slug_table()


def slug(text: str, *, longest: int = 60) -> str:
    """`text` as a record id or the readable end of a link; empty where nothing is left of it."""
    try:  # by far the most titles are Latin-1: a merge makes a million of them
        plain = text.encode("latin-1").translate(_SLUG)
    except UnicodeEncodeError:
        plain = b"\0"
    words = _slugged(text) if 0 in plain else b"-".join(plain.split()).decode("ascii")
    if len(words) > longest:
        words = words[:longest].rsplit("-", 1)[0] if "-" in words[:longest] else words[:longest]
    return words.strip("-")
